//! The jobs that a worker holds: their claims are renewed while they run, and a job whose claim is gone is stopped.
//!
//! It must not know what a job does, nor how one is claimed.

use crate::app::App;
use domain::JobId;
use jiff::SignedDuration;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use store::JobDone;
use tokio::task::AbortHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// What can be told from the length of a lease.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    /// How long a claim holds without a sign of life: after that another node takes the job over.
    pub(super) lease: SignedDuration,
    /// Between two signs of life: two of them may be lost.
    beat: Duration,
    /// How long this node trusts a claim that it could not renew: shorter than the lease, because the answer was on its way for a while.
    trust: Duration,
}

impl Terms {
    pub(super) fn new(lease_seconds: u32) -> Self {
        let lease = Duration::from_secs(u64::from(lease_seconds.max(1)));
        Self {
            lease: SignedDuration::from_secs(i64::from(lease_seconds.max(1))),
            beat: lease / 3,
            trust: lease / 15 * 14,
        }
    }
}

/// What this worker runs.
#[derive(Debug, Default)]
pub(super) struct Claims(Mutex<HashMap<JobId, Held>>);

#[derive(Debug)]
struct Held {
    fence: i64,
    /// When the claim was last asked for with success.
    renewed: Instant,
    task: AbortHandle,
}

impl Claims {
    pub(super) fn insert(&self, claim: &JobDone, renewed: Instant, task: AbortHandle) {
        let held = Held { fence: claim.fence, renewed, task };
        self.lock().insert(claim.id.clone(), held);
    }

    /// The job ended, as far as this claim goes.
    pub(super) fn remove(&self, claim: &JobDone) {
        let mut held = self.lock();
        if held.get(&claim.id).is_some_and(|one| one.fence == claim.fence) {
            held.remove(&claim.id);
        }
    }

    pub(super) fn list(&self) -> Vec<JobDone> {
        let held = self.lock();
        held.iter().map(|(id, held)| JobDone { id: id.clone(), fence: held.fence }).collect()
    }

    /// Stop everything that runs, and say what it was.
    pub(super) fn stop_all(&self) -> Vec<JobDone> {
        let stopped = self.list();
        for (_, held) in self.lock().drain() {
            held.task.abort();
        }
        stopped
    }

    /// Of the claims that were asked about at `asked`, `kept` are still ours; who works on the others must stop.
    fn renew(&self, asked_for: &[JobDone], kept: &[JobId], asked: Instant) -> usize {
        let kept: std::collections::HashSet<&JobId> = kept.iter().collect();
        let mut held = self.lock();
        let mut lost = 0;
        for claim in asked_for {
            // It may have ended meanwhile, or even been claimed again.
            let Some(one) = held.get_mut(&claim.id).filter(|one| one.fence == claim.fence) else { continue };
            if kept.contains(&claim.id) {
                one.renewed = asked;
            } else {
                one.task.abort();
                held.remove(&claim.id);
                lost += 1;
            }
        }
        lost
    }

    /// Stop what could not be renewed for so long that somebody else may have it.
    fn distrust(&self, now: Instant, trust: Duration) -> usize {
        let mut held = self.lock();
        let before = held.len();
        held.retain(|_, one| {
            let is_trusted = now.duration_since(one.renewed) < trust;
            if !is_trusted {
                one.task.abort();
            }
            is_trusted
        });
        before - held.len()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<JobId, Held>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl App {
    /// Renew the claims until told to stop. A task of its own: neither a slow claim nor a slow job may keep it from beating.
    pub(super) async fn hold_claims(&self, claims: &Claims, terms: Terms, stop: &CancellationToken) {
        loop {
            let rest = self.clock.sleep(terms.beat);
            tokio::select! {
                () = rest => {}
                () = stop.cancelled() => return,
            }
            let held = claims.list();
            let asked = Instant::now();
            let mut lost = 0;
            if !held.is_empty() {
                match self.store.job_heartbeat(self.org(), &held, self.now() + terms.lease).await {
                    Ok(kept) => lost += claims.renew(&held, &kept, asked),
                    Err(error) => tracing::warn!(%error, jobs = held.len(), "claims on jobs could not be renewed"),
                }
            }
            lost += claims.distrust(Instant::now(), terms.trust);
            if lost > 0 {
                metrics::counter!("weft_jobs_lost_total").increment(lost as u64);
                tracing::warn!(jobs = lost, "claims on jobs were lost, another node has or will have them");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRUST: Duration = Duration::from_secs(14);

    fn claim(id: &str, fence: i64) -> JobDone {
        JobDone { id: id.into(), fence }
    }

    async fn was_stopped(task: tokio::task::JoinHandle<()>) -> bool {
        tokio::time::timeout(Duration::from_secs(1), task).await.is_ok_and(|ended| ended.is_err())
    }

    fn endless(claims: &Claims, claim: &JobDone, renewed: Instant) -> tokio::task::JoinHandle<()> {
        let task = tokio::spawn(std::future::pending());
        claims.insert(claim, renewed, task.abort_handle());
        task
    }

    #[tokio::test]
    async fn what_belongs_to_somebody_else_is_stopped_and_the_rest_runs_on() {
        let claims = Claims::default();
        let (mine, theirs) = (claim("mine", 1), claim("theirs", 1));
        let began = Instant::now();
        let (running, stopped) = (endless(&claims, &mine, began), endless(&claims, &theirs, began));
        let asked_for = claims.list();

        assert_eq!(claims.renew(&asked_for, std::slice::from_ref(&mine.id), began + TRUST / 2), 1);

        assert!(was_stopped(stopped).await);
        assert!(!running.is_finished());
        assert_eq!(claims.distrust(began + TRUST, TRUST), 0, "it was renewed");
        assert_eq!(claims.list(), [mine]);
    }

    #[tokio::test]
    async fn an_answer_about_an_old_claim_does_not_touch_a_new_one() {
        let claims = Claims::default();
        let old = claim("j", 1);
        drop(endless(&claims, &old, Instant::now()));
        let asked_for = claims.list();
        claims.remove(&old);
        let running = endless(&claims, &claim("j", 2), Instant::now());
        claims.remove(&old);

        assert_eq!(claims.renew(&asked_for, &[], Instant::now()), 0);

        tokio::task::yield_now().await;
        assert!(!running.is_finished());
        assert_eq!(claims.list(), [claim("j", 2)]);
    }

    #[tokio::test]
    async fn without_a_renewal_a_claim_is_not_trusted_to_its_end() {
        let claims = Claims::default();
        let began = Instant::now();
        let task = endless(&claims, &claim("j", 1), began);
        assert_eq!(claims.distrust(began + TRUST.mul_f32(0.99), TRUST), 0);

        assert_eq!(claims.distrust(began + TRUST, TRUST), 1);

        assert!(was_stopped(task).await);
        let terms = Terms::new(15);
        assert_eq!((terms.trust, terms.beat), (TRUST, Duration::from_secs(5)));
    }
}

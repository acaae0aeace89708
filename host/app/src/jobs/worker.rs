//! The worker of a node: claims a few jobs whenever slots are free, holds on to what runs, and gives back what it cannot finish.
//!
//! A slow job takes one slot and nothing else: nobody waits for a page of jobs to end. How many run at once is bounded by
//! [`AppConfig::concurrency`](crate::AppConfig); how much is claimed is bounded by the free slots, so that what this node cannot begin
//! at once is left for others.

use super::claims::{Claims, Terms};
use crate::app::App;
use crate::error::Result;
use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use store::{ClaimedJob, JobDone, Release};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Jobs claimed at once: small, so that two nodes share what there is.
const PAGE_MAX: usize = 16;
/// The longest rest when nothing is due and nobody wakes the worker.
const REST_MAX: Duration = Duration::from_secs(5);
const REST_MIN: Duration = Duration::from_millis(20);
/// After a claim that failed, or that found nothing although something was due: it is kept back by what runs elsewhere.
const REST_AFTER_NOTHING: Duration = Duration::from_millis(250);
const REST_AFTER_FAILURE: Duration = Duration::from_secs(1);
/// How long running jobs may go on when the node stops, before they are given back.
const FINISH_MAX: Duration = Duration::from_secs(5);

/// For [`App::drain`], which sends no signs of life.
const DRAIN_LEASE: SignedDuration = SignedDuration::from_secs(60);
const DRAIN_PAGE: u32 = 64;

struct Worker {
    app: Arc<App>,
    claims: Arc<Claims>,
    terms: Terms,
    running: JoinSet<()>,
    /// The last claim got all that it asked for: there is probably more.
    has_more: bool,
    /// What was held when this node started has been made to run.
    has_unheld: bool,
}

impl App {
    /// Run jobs until told to stop; then what runs gets a moment to finish, and the rest is given back.
    pub async fn work(self: Arc<Self>, stop: CancellationToken) {
        let claims = Arc::new(Claims::default());
        let terms = Terms::new(self.config.lease_seconds);
        let (heart, stopped) = (Arc::clone(&self), CancellationToken::new());
        let (held, until) = (Arc::clone(&claims), stopped.clone());
        let heart = tokio::spawn(async move { heart.hold_claims(&held, terms, &until).await });
        let mut worker = Worker {
            app: Arc::clone(&self),
            claims,
            terms,
            running: JoinSet::new(),
            has_more: true,
            has_unheld: false,
        };
        while !stop.is_cancelled() {
            // Whoever makes work from here on wakes the worker, even while it looks.
            let woken = self.wake.notified();
            let rest = worker.fill().await;
            let has_room = worker.free() > 0;
            // Slots that are held back for people come back by a wake.
            let has_slots = worker.running.len() < self.config.concurrency;
            let rest = self.clock.sleep(rest);
            tokio::select! {
                Some(_) = worker.running.join_next() => {}
                () = woken, if has_slots => {}
                () = rest, if has_room => {}
                () = stop.cancelled() => {}
            }
        }
        worker.give_back().await;
        stopped.cancel();
        if let Err(error) = heart.await {
            tracing::error!(%error, "the task that renews claims did not end well");
        }
    }

    /// Run every job that is due now, and what follows from them, until nothing is due: for tests, simulations and imports.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn drain(self: &Arc<Self>) -> Result<u64> {
        let mut total = 0;
        loop {
            let now = self.now();
            let jobs = self.store.job_claim(self.org(), now, now + DRAIN_LEASE, &self.node, DRAIN_PAGE).await?;
            if jobs.is_empty() {
                return Ok(total);
            }
            total += jobs.len() as u64;
            let permits = Arc::new(tokio::sync::Semaphore::new(self.config.concurrency));
            let mut running = JoinSet::new();
            for job in jobs {
                let permit = Arc::clone(&permits).acquire_owned().await.expect("the semaphore is never closed");
                let app = Arc::clone(self);
                running.spawn(async move {
                    app.run_guarded(job).await;
                    drop(permit);
                });
            }
            while running.join_next().await.is_some() {}
        }
    }

    /// Run a job; a panic in it is a failed attempt and ends nothing else.
    async fn run_guarded(self: &Arc<Self>, claimed: ClaimedJob) {
        let (id, fence, attempts) = (claimed.job.id.clone(), claimed.fence, claimed.job.attempts);
        if AssertUnwindSafe(self.run_job(claimed)).catch_unwind().await.is_err() {
            self.release_failed(&id, fence, attempts, super::Stop::Retry("the job panicked, see the log".to_owned()))
                .await;
        }
    }

    /// Twice as long with every attempt, and never the same for all who failed together.
    pub(super) fn retry_at(&self, attempts: u32) -> Timestamp {
        let mut random = [0_u8; 2];
        self.entropy.fill(&mut random);
        self.now() + back_off(attempts, u16::from_le_bytes(random))
    }
}

/// Longest wait between two attempts, before the random part.
const BACK_OFF_MAX_MS: i64 = 600_000;

/// One second, doubled with every attempt, and up to a quarter more or less.
fn back_off(attempts: u32, random: u16) -> SignedDuration {
    let whole = (1_000_i64 << attempts.min(16)).min(BACK_OFF_MAX_MS);
    let spread = whole / 2 * i64::from(random) / i64::from(u16::MAX);
    SignedDuration::from_millis(whole - whole / 4 + spread)
}

impl Worker {
    fn free(&self) -> usize {
        self.app.job_slots().saturating_sub(self.running.len())
    }

    /// Claim and begin jobs until the slots are full or nothing is due. Gives how long there is nothing to do.
    async fn fill(&mut self) -> Duration {
        while self.running.try_join_next().is_some() {}
        if !self.has_unheld {
            // Whoever held it may be gone, and the quarantine with him: nobody would know any more that somebody waits.
            match self.app.unhold_all().await {
                Ok(_) => self.has_unheld = true,
                Err(error) => return failed(&error),
            }
        }
        loop {
            let free = self.free();
            if free == 0 {
                return REST_MAX;
            }
            // A claim writes, a look reads: without a backlog it is worth to look first.
            if !self.has_more {
                match self.app.until_next().await {
                    Ok(rest) if rest.is_zero() => {}
                    Ok(rest) => return rest,
                    Err(error) => return failed(&error),
                }
            }
            let wanted = free.min(PAGE_MAX);
            match self.claim(wanted).await {
                Ok(0) => {
                    let looked = !std::mem::take(&mut self.has_more);
                    if looked {
                        return REST_AFTER_NOTHING;
                    }
                }
                Ok(claimed) => self.has_more = claimed == wanted,
                Err(error) => return failed(&error),
            }
        }
    }

    async fn claim(&mut self, limit: usize) -> Result<usize> {
        let (app, now, asked) = (&self.app, self.app.now(), Instant::now());
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let jobs = app.store.job_claim(app.org(), now, now + self.terms.lease, &app.node, limit).await?;
        let claimed = jobs.len();
        for job in jobs {
            self.begin(job, asked);
        }
        Ok(claimed)
    }

    fn begin(&mut self, job: ClaimedJob, asked: Instant) {
        let claim = JobDone { id: job.job.id.clone(), fence: job.fence };
        let (app, claims, ended) = (Arc::clone(&self.app), Arc::clone(&self.claims), claim.clone());
        // It begins when its claim is known to the heart, else it could end before that and be held for ever.
        let (known, begin) = tokio::sync::oneshot::channel::<()>();
        let task = self.running.spawn(async move {
            let _ = begin.await;
            app.run_guarded(job).await;
            claims.remove(&ended);
        });
        self.claims.insert(&claim, asked, task);
        let _ = known.send(());
    }

    /// Let running jobs finish for a moment; hand back the claims on the others at once, so that nobody waits for their leases.
    async fn give_back(&mut self) {
        let finish = async { while self.running.join_next().await.is_some() {} };
        if tokio::time::timeout(FINISH_MAX, finish).await.is_ok() {
            return;
        }
        let left = self.claims.stop_all();
        self.running.shutdown().await;
        tracing::info!(jobs = left.len(), "jobs that did not end in time are given back");
        for claim in left {
            let released = self.app.store.job_release(self.app.org(), &claim.id, claim.fence, Release::GiveBack).await;
            if let Err(error) = released {
                tracing::warn!(job = %claim.id, %error, "a job could not be given back; its lease will run out");
            }
        }
    }
}

fn failed(error: &crate::error::AppError) -> Duration {
    tracing::warn!(%error, "jobs could not be claimed");
    REST_AFTER_FAILURE
}

impl App {
    /// How long until something is due; zero when something is.
    async fn until_next(&self) -> Result<Duration> {
        let Some(due) = self.store.job_next_due(self.org()).await? else { return Ok(REST_MAX) };
        let left = due.duration_since(self.now());
        if left.is_positive() {
            Ok(Duration::try_from(left).unwrap_or(REST_MAX).clamp(REST_MIN, REST_MAX))
        } else {
            Ok(Duration::ZERO)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_with_every_attempt_up_to_ten_minutes_and_differ() {
        let range = |attempts| {
            let ms = |random| back_off(attempts, random).as_millis();
            (ms(0), ms(u16::MAX))
        };
        assert_eq!(range(0), (750, 1_250));
        assert_eq!(range(3), (6_000, 10_000));
        assert_eq!(range(9), (384_000, 640_000));
        assert_eq!(range(60), (450_000, 750_000));
    }
}

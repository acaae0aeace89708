//! Jobs: claims with a lease and a fence, one at a time for each order key.

use super::data::JobRow;
use super::{Data, MemoryStore, limit};
use async_trait::async_trait;
use domain::job::JobState;
use domain::{Job, JobId, OrgId, PluginId};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use store::{ClaimedJob, JobCounts, JobDone, Jobs, Release, Result};

/// The first of the jobs with each order key that are not dead: the others are behind it.
fn firsts(data: &Data) -> BTreeMap<&str, (Timestamp, i64)> {
    let mut firsts = BTreeMap::new();
    for job in data.jobs.rows().filter(|job| job.state != JobState::Dead) {
        let first = firsts.entry(job.order_key.as_str()).or_insert_with(|| job.place());
        *first = job.place().min(*first);
    }
    firsts
}

fn claimable(data: &Data, now: Timestamp, limit: usize) -> Vec<String> {
    let is_held = |job: &JobRow| job.lease.as_ref().is_some_and(|(_, until)| *until > now);
    // Somebody works on a job of this key: one that was put before it, or woke up, after the claim, has to wait.
    let busy: BTreeSet<&str> = data.jobs.rows().filter(|job| is_held(job)).map(|job| job.order_key.as_str()).collect();
    let firsts = firsts(data);
    let fits = |job: &&JobRow| {
        job.state == JobState::Ready
            && job.due_at <= now
            && !is_held(job)
            && !busy.contains(job.order_key.as_str())
            && firsts.get(job.order_key.as_str()).is_none_or(|first| *first >= job.place())
    };
    let mut found: Vec<&JobRow> = data.jobs.rows().filter(fits).collect();
    found.sort_by_key(|job| (job.due_at, job.ordinal));
    found.into_iter().take(limit).map(|job| job.id.0.clone()).collect()
}

fn release(data: &mut Data, id: &str, fence: i64, release: Release) {
    if data.jobs.get(id).is_none_or(|job| job.fence != fence || job.lease.is_none()) {
        return;
    }
    data.jobs.update(id, |job| {
        let error = match release {
            Release::Retry { due_at, error } => {
                (job.state, job.due_at) = (JobState::Ready, due_at);
                job.attempts += 1;
                Some(error)
            }
            Release::Later { due_at, error } => {
                (job.state, job.due_at) = (JobState::Ready, due_at);
                Some(error)
            }
            Release::Hold { error } => {
                job.state = JobState::Held;
                Some(error)
            }
            Release::Bury { error } => {
                job.state = JobState::Dead;
                job.attempts += 1;
                Some(error)
            }
            Release::GiveBack => {
                job.state = JobState::Ready;
                None
            }
        };
        job.last_error = error.or(job.last_error.take());
        job.lease = None;
        // So that the claim that ends here cannot complete the job later.
        job.fence += 1;
    });
}

#[async_trait]
impl Jobs for MemoryStore {
    async fn job_claim(
        &self,
        org: &OrgId,
        now: Timestamp,
        lease_until: Timestamp,
        owner: &str,
        asked: u32,
    ) -> Result<Vec<ClaimedJob>> {
        self.change(org, |data| {
            let mut claimed = Vec::new();
            for id in claimable(data, now, limit(asked)) {
                let row = data.jobs.update(&id, |job| {
                    // A lease that ran out is an attempt that nobody told the end of.
                    job.attempts += u32::from(job.lease.is_some());
                    job.fence += 1;
                    job.lease = Some((owner.to_owned(), lease_until));
                    job.clone()
                });
                let Some(row) = row else { continue };
                match row.decode() {
                    Some(job) => claimed.push(ClaimedJob { job, fence: row.fence }),
                    None => release(data, &id, row.fence, Release::Bury { error: "it cannot be read".to_owned() }),
                }
            }
            claimed
        })
    }

    async fn job_heartbeat(&self, org: &OrgId, claims: &[JobDone], lease_until: Timestamp) -> Result<Vec<JobId>> {
        self.change(org, |data| {
            let mut held = BTreeSet::new();
            for claim in claims {
                let is_ours = |job: &JobRow| job.fence == claim.fence && job.lease.is_some();
                if data.jobs.get(claim.id.as_str()).is_some_and(is_ours) {
                    data.jobs.update(claim.id.as_str(), |job| {
                        if let Some(lease) = &mut job.lease {
                            lease.1 = lease_until;
                        }
                    });
                    held.insert(claim.id.clone());
                }
            }
            held.into_iter().collect()
        })
    }

    async fn job_release(&self, org: &OrgId, id: &JobId, fence: i64, how: Release) -> Result<()> {
        self.change(org, |data| release(data, id.as_str(), fence, how))
    }

    async fn job_unhold(&self, org: &OrgId, plugin: &PluginId) -> Result<u64> {
        self.change(org, |data| {
            let is_of = |job: &&JobRow| {
                let of = job.work.as_ref().and_then(|work| work.plugin());
                job.state == JobState::Held && of.is_none_or(|of| of == plugin)
            };
            let held: Vec<String> = data.jobs.rows().filter(is_of).map(|job| job.id.0.clone()).collect();
            for id in &held {
                data.jobs.update(id, |job| job.state = JobState::Ready);
            }
            held.len() as u64
        })
    }

    async fn job_next_due(&self, org: &OrgId) -> Result<Option<Timestamp>> {
        self.look(org, |data| {
            let firsts = firsts(data);
            let is_first = |job: &JobRow| firsts.get(job.order_key.as_str()).is_none_or(|first| *first >= job.place());
            let wakes = data.jobs.rows().filter_map(|job| match &job.lease {
                Some((_, until)) => Some(*until),
                None => (job.state == JobState::Ready && is_first(job)).then_some(job.due_at),
            });
            wakes.min()
        })
    }

    async fn job_counts(&self, org: &OrgId) -> Result<JobCounts> {
        self.look(org, |data| {
            let mut counts = JobCounts::default();
            for job in data.jobs.rows() {
                match job.state {
                    JobState::Ready => counts.ready += 1,
                    JobState::Held => counts.held += 1,
                    JobState::Dead => counts.dead += 1,
                }
            }
            counts
        })
    }

    async fn schedule_jobs(&self, org: &OrgId) -> Result<Vec<Job>> {
        self.look(org, |data| {
            let is_start = |job: &&JobRow| job.unique_key.as_ref().is_some_and(|key| key.starts_with("start:"));
            let mut rows: Vec<&JobRow> = data.jobs.rows().filter(is_start).collect();
            rows.sort_by_key(|job| job.unique_key.clone());
            rows.into_iter().take(1_000).filter_map(JobRow::decode).collect()
        })
    }

    async fn job_list(&self, org: &OrgId, state: JobState, asked: u32) -> Result<Vec<Job>> {
        self.look(org, |data| {
            let mut rows: Vec<&JobRow> = data.jobs.rows().filter(|job| job.state == state).collect();
            rows.sort_by_key(|job| (job.due_at, job.ordinal));
            rows.into_iter().take(limit(asked)).filter_map(JobRow::decode).collect()
        })
    }

    async fn job_retry(&self, org: &OrgId, id: &JobId, now: Timestamp) -> Result<bool> {
        self.change(org, |data| {
            if data.jobs.get(id.as_str()).is_none_or(|job| job.state != JobState::Dead) {
                return false;
            }
            data.jobs.update(id.as_str(), |job| {
                (job.state, job.due_at, job.attempts) = (JobState::Ready, now, 0);
            });
            true
        })
    }
}

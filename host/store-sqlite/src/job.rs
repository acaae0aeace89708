//! Jobs: claims with a lease and a fence, one at a time for each order key.

use crate::value::{self, Cells};
use crate::{SqliteStore, page};
use async_trait::async_trait;
use domain::job::JobState;
use domain::{Job, JobId, OrgId, PluginId};
use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use store::{ClaimedJob, JobCounts, JobDone, Jobs, Release, Result, StoreError};

const COLUMNS: &str = "id, work, order_key, due_at, attempts, state, last_error, fence";
/// Claims that one heartbeat holds on to.
const HEARTBEAT_MAX: usize = 1_000;

/// Another job of the same key comes first: it waits, for its time or for its plugin, at an earlier place. Dead jobs do not count:
/// somebody has to look at them, and until then the others go on.
const IS_BEHIND: &str = "EXISTS (SELECT 1 FROM job o WHERE o.org_id = j.org_id AND o.order_key = j.order_key
        AND (o.order_at, o.ordinal) < (j.order_at, j.ordinal) AND o.state <> 'dead')";

/// A later job of the same key is being worked on: this one was put before it, or woke up, after the claim.
const IS_BUSY: &str = "EXISTS (SELECT 1 FROM job o WHERE o.org_id = j.org_id AND o.order_key = j.order_key
        AND o.lease_owner IS NOT NULL AND o.lease_until > $2 AND o.id <> j.id)";

fn decode(row: &SqliteRow) -> Result<Job> {
    let cells = Cells(row);
    Ok(Job {
        id: cells.text("id")?.into(),
        work: cells.json("work")?,
        order_key: cells.text("order_key")?,
        due_at: cells.time("due_at")?,
        attempts: cells.small("attempts")?,
        state: cells.word("state")?,
        last_error: cells.text_or_null("last_error")?,
    })
}

#[async_trait]
impl Jobs for SqliteStore {
    async fn job_claim(
        &self,
        org: &OrgId,
        now: Timestamp,
        lease_until: Timestamp,
        owner: &str,
        limit: u32,
    ) -> Result<Vec<ClaimedJob>> {
        // A lease that ran out is an attempt that nobody told the end of.
        let sql = format!(
            "UPDATE job SET fence = fence + 1, lease_owner = $4, lease_until = $3,
                attempts = attempts + CASE WHEN lease_owner IS NULL THEN 0 ELSE 1 END
             WHERE org_id = $1 AND id IN (SELECT j.id FROM job j
                WHERE j.org_id = $1 AND j.state = 'ready' AND j.due_at <= $2
                AND (j.lease_owner IS NULL OR j.lease_until <= $2) AND NOT {IS_BEHIND} AND NOT {IS_BUSY}
                ORDER BY j.due_at, j.ordinal LIMIT $5)
             RETURNING {COLUMNS}, ordinal"
        );
        let values = vec![org.as_str().into(), now.into(), lease_until.into(), owner.into(), page::limit(limit).into()];
        let rows = self.write(sql, values).await?;
        let mut claimed = Vec::with_capacity(rows.len());
        for row in &rows {
            let (fence, ordinal) = (Cells(row).int("fence")?, Cells(row).int("ordinal")?);
            match decode(row) {
                Ok(job) => claimed.push((job.due_at, ordinal, ClaimedJob { job, fence })),
                Err(unreadable) => self.bury_unreadable(org, row, fence, &unreadable).await?,
            }
        }
        claimed.sort_by_key(|(due_at, ordinal, _)| (*due_at, *ordinal));
        Ok(claimed.into_iter().map(|(_, _, job)| job).collect())
    }

    async fn job_heartbeat(&self, org: &OrgId, claims: &[JobDone], lease_until: Timestamp) -> Result<Vec<JobId>> {
        let mut held = Vec::with_capacity(claims.len());
        for claims in claims.chunks(HEARTBEAT_MAX) {
            let sql = "UPDATE job SET lease_until = $3 WHERE org_id = $1 AND lease_owner IS NOT NULL AND (id, fence) IN
                    (SELECT k.value ->> 0, k.value ->> 1 FROM json_each($2) k) RETURNING id";
            let pairs: Vec<(&str, i64)> = claims.iter().map(|claim| (claim.id.as_str(), claim.fence)).collect();
            let pairs = serde_json::to_string(&pairs).expect("texts and numbers are JSON");
            for row in self.write(sql, vec![org.as_str().into(), pairs.into(), lease_until.into()]).await? {
                held.push(JobId(Cells(&row).text("id")?));
            }
        }
        held.sort();
        Ok(held)
    }

    async fn job_release(&self, org: &OrgId, id: &JobId, fence: i64, release: Release) -> Result<()> {
        let (state, due_at, tried, error) = match release {
            Release::Retry { due_at, error } => (JobState::Ready, Some(due_at), 1_i64, Some(error)),
            Release::Later { due_at, error } => (JobState::Ready, Some(due_at), 0, Some(error)),
            Release::Hold { error } => (JobState::Held, None, 0, Some(error)),
            Release::Bury { error } => (JobState::Dead, None, 1, Some(error)),
            Release::GiveBack => (JobState::Ready, None, 0, None),
        };
        // The fence goes up, so that the claim that ends here cannot complete the job later.
        let sql = "UPDATE job SET state = $4, due_at = COALESCE($5, due_at), attempts = attempts + $6, last_error = COALESCE($7, last_error),
                lease_owner = NULL, lease_until = NULL, fence = fence + 1
            WHERE org_id = $1 AND id = $2 AND fence = $3 AND lease_owner IS NOT NULL";
        let values = vec![
            org.as_str().into(),
            id.as_str().into(),
            fence.into(),
            value::word(&state).into(),
            due_at.into(),
            tried.into(),
            error.into(),
        ];
        self.write(sql, values).await.map(drop)
    }

    async fn job_unhold(&self, org: &OrgId, plugin: &PluginId) -> Result<u64> {
        let sql = "UPDATE job SET state = 'ready' WHERE org_id = $1 AND state = 'held' AND (plugin = $2 OR plugin IS NULL) RETURNING id";
        Ok(self.write(sql, vec![org.as_str().into(), plugin.as_str().into()]).await?.len() as u64)
    }

    async fn job_next_due(&self, org: &OrgId) -> Result<Option<Timestamp>> {
        // What is being worked on comes back when its lease ends; what is behind another job is not worth waking up for.
        let sql = format!(
            "SELECT MIN(at) AS at FROM (
                SELECT * FROM (SELECT j.due_at AS at FROM job j WHERE j.org_id = $1 AND j.state = 'ready'
                    AND j.lease_owner IS NULL AND NOT {IS_BEHIND} ORDER BY j.due_at LIMIT 1)
                UNION ALL SELECT MIN(l.lease_until) AS at FROM job l WHERE l.org_id = $1 AND l.lease_owner IS NOT NULL)"
        );
        let row = self.readers.row(sql, vec![org.as_str().into()]).await?;
        row.map_or(Ok(None), |row| Cells(&row).time_or_null("at"))
    }

    async fn job_counts(&self, org: &OrgId) -> Result<JobCounts> {
        let sql = "SELECT state, count(*) AS number FROM job WHERE org_id = $1 GROUP BY state";
        let mut counts = JobCounts::default();
        for row in self.readers.rows(sql, vec![org.as_str().into()]).await? {
            let number = Cells(&row).count("number")?;
            match Cells(&row).word("state")? {
                JobState::Ready => counts.ready = number,
                JobState::Held => counts.held = number,
                JobState::Dead => counts.dead = number,
            }
        }
        Ok(counts)
    }

    async fn job_list(&self, org: &OrgId, state: JobState, limit: u32) -> Result<Vec<Job>> {
        let sql =
            format!("SELECT {COLUMNS} FROM job WHERE org_id = $1 AND state = $2 ORDER BY due_at, ordinal LIMIT $3");
        let values = vec![org.as_str().into(), value::word(&state).into(), page::limit(limit).into()];
        let rows = self.readers.rows(sql, values).await?;
        let readable = rows.iter().filter_map(|row| match decode(row) {
            Ok(job) => Some(job),
            Err(error) => {
                tracing::warn!(%error, "a job cannot be read");
                None
            }
        });
        Ok(readable.collect())
    }

    async fn schedule_jobs(&self, org: &OrgId) -> Result<Vec<Job>> {
        // The character behind `:` ends the range.
        let sql = format!(
            "SELECT {COLUMNS} FROM job WHERE org_id = $1 AND unique_key >= 'start:' AND unique_key < 'start;'
                ORDER BY unique_key LIMIT 1000"
        );
        self.readers.rows(sql, vec![org.as_str().into()]).await?.iter().map(decode).collect()
    }

    async fn job_retry(&self, org: &OrgId, id: &JobId, now: Timestamp) -> Result<bool> {
        let sql = "UPDATE job SET state = 'ready', due_at = $3, attempts = 0 WHERE org_id = $1 AND id = $2 AND state = 'dead' RETURNING id";
        Ok(!self.write(sql, vec![org.as_str().into(), id.as_str().into(), now.into()]).await?.is_empty())
    }
}

impl SqliteStore {
    /// A job that nobody can read would be claimed for ever: it is dead after one try, and the others of the claim go on.
    async fn bury_unreadable(&self, org: &OrgId, row: &SqliteRow, fence: i64, unreadable: &StoreError) -> Result<()> {
        let id = JobId(Cells(row).text("id")?);
        tracing::error!(job = %id, error = %unreadable, "a job cannot be read and is buried");
        self.job_release(org, &id, fence, Release::Bury { error: unreadable.to_string() }).await
    }
}

//! Jobs: claims with a lease and a fence, one at a time for each order key.

use crate::connection::Guarded;
use crate::value::{self, Cells, Value};
use crate::{PostgresStore, page};
use async_trait::async_trait;
use domain::job::JobState;
use domain::{Job, JobId, OrgId, PluginId};
use jiff::Timestamp;
use sqlx::postgres::PgRow;
use std::sync::PoisonError;
use store::{ClaimedJob, JobCounts, JobDone, Jobs, Release, Result, StoreError};

const COLUMNS: &str = "id, work, order_key, due_at, attempts, state, last_error, fence";
const RETURNED: &str =
    "job.id, job.work, job.order_key, job.due_at, job.attempts, job.state, job.last_error, job.fence";
/// Claims that one heartbeat holds on to.
const HEARTBEAT_MAX: usize = 1_000;

/// Another job of the same key comes first: it waits, for its time or for its plugin, at an earlier place. Dead jobs do not count:
/// somebody has to look at them, and until then the others go on.
const IS_BEHIND: &str = "EXISTS (SELECT 1 FROM job o WHERE o.org_id = j.org_id AND o.order_key = j.order_key
        AND (o.order_at, o.ordinal) < (j.order_at, j.ordinal) AND o.state <> 'dead')";

/// A later job of the same key is being worked on: this one was put before it, or woke up, after the claim.
const IS_BUSY: &str = "EXISTS (SELECT 1 FROM job o WHERE o.org_id = j.org_id AND o.order_key = j.order_key
        AND o.lease_owner IS NOT NULL AND o.lease_until > $2 AND o.id <> j.id)";

fn decode(row: &PgRow) -> Result<Job> {
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
impl Jobs for PostgresStore {
    async fn job_claim(
        &self,
        org: &OrgId,
        now: Timestamp,
        lease_until: Timestamp,
        owner: &str,
        limit: u32,
    ) -> Result<Vec<ClaimedJob>> {
        // Claims go through the gate one after the other, and each sees what those before it claimed. The rows themselves are not waited
        // for: what is being completed, released or held on to right now is not free. A lock that writes nothing leaves no dead row.
        self.make_gate(org).await?;
        let gate = Guarded {
            lock: "SELECT g.org_id FROM job_gate g WHERE g.org_id = $1 FOR UPDATE",
            lock_values: vec![org.as_str().into()],
        };
        // A lease that ran out is an attempt that nobody told the end of.
        let sql = format!(
            "WITH picked AS (SELECT j.org_id, j.id FROM job j
                WHERE j.org_id = $1 AND j.state = 'ready' AND j.due_at <= $2
                AND (j.lease_owner IS NULL OR j.lease_until <= $2) AND NOT {IS_BEHIND} AND NOT {IS_BUSY}
                ORDER BY j.due_at, j.ordinal LIMIT $5 FOR UPDATE OF j SKIP LOCKED)
             UPDATE job SET fence = job.fence + 1, lease_owner = $4, lease_until = $3,
                attempts = job.attempts + CASE WHEN job.lease_owner IS NULL THEN 0 ELSE 1 END
             FROM picked WHERE job.org_id = picked.org_id AND job.id = picked.id
             RETURNING {RETURNED}, job.ordinal"
        );
        let values = vec![org.as_str().into(), now.into(), lease_until.into(), owner.into(), page::limit(limit).into()];
        let rows = self.connections.rows_guarded(gate, sql, values).await?;
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
            // Rows are locked by id, as a commit does that completes several, so that the two never wait for each other.
            let sql = "WITH mine AS (SELECT j.org_id, j.id FROM UNNEST($2::TEXT[], $3::BIGINT[]) AS k (id, fence)
                    JOIN job j ON j.org_id = $1 AND j.id = k.id AND j.fence = k.fence AND j.lease_owner IS NOT NULL
                    ORDER BY j.id FOR UPDATE OF j)
                UPDATE job SET lease_until = $4 FROM mine WHERE job.org_id = mine.org_id AND job.id = mine.id RETURNING job.id";
            let values = vec![
                org.as_str().into(),
                Value::Texts(claims.iter().map(|claim| claim.id.0.clone()).collect()),
                Value::Ints(claims.iter().map(|claim| claim.fence).collect()),
                lease_until.into(),
            ];
            for row in self.connections.rows(sql, values).await? {
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
        self.connections.rows(sql, values).await.map(drop)
    }

    async fn job_unhold(&self, org: &OrgId, plugin: &PluginId) -> Result<u64> {
        let sql = "WITH held AS (SELECT j.org_id, j.id FROM job j WHERE j.org_id = $1 AND j.state = 'held'
                AND (j.plugin = $2 OR j.plugin IS NULL)
                ORDER BY j.id FOR UPDATE OF j)
            UPDATE job SET state = 'ready' FROM held WHERE job.org_id = held.org_id AND job.id = held.id RETURNING job.id";
        Ok(self.connections.rows(sql, vec![org.as_str().into(), plugin.as_str().into()]).await?.len() as u64)
    }

    async fn job_next_due(&self, org: &OrgId) -> Result<Option<Timestamp>> {
        // What is being worked on comes back when its lease ends; what is behind another job is not worth waking up for.
        let sql = format!(
            "SELECT MIN(at) AS at FROM (
                SELECT * FROM (SELECT j.due_at AS at FROM job j WHERE j.org_id = $1 AND j.state = 'ready'
                    AND j.lease_owner IS NULL AND NOT {IS_BEHIND} ORDER BY j.due_at LIMIT 1) r
                UNION ALL SELECT MIN(l.lease_until) AS at FROM job l WHERE l.org_id = $1 AND l.lease_owner IS NOT NULL) n"
        );
        let row = self.connections.row(sql, vec![org.as_str().into()]).await?;
        row.map_or(Ok(None), |row| Cells(&row).time_or_null("at"))
    }

    async fn job_counts(&self, org: &OrgId) -> Result<JobCounts> {
        let sql = "SELECT state, count(*) AS number FROM job WHERE org_id = $1 GROUP BY state";
        let mut counts = JobCounts::default();
        for row in self.connections.rows(sql, vec![org.as_str().into()]).await? {
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
        let rows = self.connections.rows(sql, values).await?;
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
        self.connections.rows(sql, vec![org.as_str().into()]).await?.iter().map(decode).collect()
    }

    async fn job_retry(&self, org: &OrgId, id: &JobId, now: Timestamp) -> Result<bool> {
        let sql = "UPDATE job SET state = 'ready', due_at = $3, attempts = 0 WHERE org_id = $1 AND id = $2 AND state = 'dead' RETURNING id";
        Ok(!self.connections.rows(sql, vec![org.as_str().into(), id.as_str().into(), now.into()]).await?.is_empty())
    }
}

impl PostgresStore {
    /// Make sure that there is a gate to lock: once for each process and organisation.
    async fn make_gate(&self, org: &OrgId) -> Result<()> {
        if self.gates.lock().unwrap_or_else(PoisonError::into_inner).contains(org.as_str()) {
            return Ok(());
        }
        let sql = "INSERT INTO job_gate (org_id) VALUES ($1) ON CONFLICT (org_id) DO NOTHING";
        self.connections.rows(sql, vec![org.as_str().into()]).await?;
        self.gates.lock().unwrap_or_else(PoisonError::into_inner).insert(org.0.clone());
        Ok(())
    }

    /// A job that nobody can read would be claimed for ever: it is dead after one try, and the others of the claim go on.
    async fn bury_unreadable(&self, org: &OrgId, row: &PgRow, fence: i64, unreadable: &StoreError) -> Result<()> {
        let id = JobId(Cells(row).text("id")?);
        tracing::error!(job = %id, error = %unreadable, "a job cannot be read and is buried");
        self.job_release(org, &id, fence, Release::Bury { error: unreadable.to_string() }).await
    }
}

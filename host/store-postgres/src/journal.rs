//! The journal, and the proof that nobody changed it.

use crate::PostgresStore;
use crate::value::Cells;
use async_trait::async_trait;
use domain::{Event, OrgId};
use sqlx::postgres::PgRow;
use std::collections::HashMap;
use std::time::Duration;
use store::{Journal, Result, StoreError, chain};
use tokio::time::Instant;

const COLUMNS: &str = "seq, subject_kind, subject, subject_seq, space, at, actor, kind, data, cause, hash";
/// Events of one answer.
const PAGE_MAX: u32 = 1_000;

pub(crate) fn decode(row: &PgRow) -> Result<Event> {
    let cells = Cells(row);
    Ok(Event {
        seq: cells.int("seq")?,
        subject_kind: cells.text("subject_kind")?,
        subject: cells.text("subject")?,
        subject_seq: cells.int("subject_seq")?,
        space: cells.text("space")?,
        at: cells.time("at")?,
        actor: cells.text("actor")?,
        kind: cells.text("kind")?,
        data: cells.json("data")?,
        cause: cells.json("cause")?,
        hash: cells.text("hash")?,
    })
}

#[async_trait]
impl Journal for PostgresStore {
    async fn event_list(&self, org: &OrgId, after_seq: i64, limit: u32) -> Result<Vec<Event>> {
        let rows = self.event_rows(org, after_seq, limit.clamp(1, PAGE_MAX)).await?;
        rows.iter().map(decode).collect()
    }

    async fn event_get(&self, org: &OrgId, seq: i64) -> Result<Option<Event>> {
        let sql = format!("SELECT {COLUMNS} FROM event WHERE org_id = $1 AND seq = $2");
        let row = self.connections.row(sql, vec![org.as_str().into(), seq.into()]).await?;
        row.as_ref().map(decode).transpose()
    }

    async fn event_history(
        &self,
        org: &OrgId,
        subject_kind: &str,
        subject: &str,
        after: i64,
        limit: u32,
    ) -> Result<Vec<Event>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM event WHERE org_id = $1 AND subject_kind = $2 AND subject = $3 AND subject_seq > $4
             ORDER BY subject_seq LIMIT $5"
        );
        let values = vec![
            org.as_str().into(),
            subject_kind.into(),
            subject.into(),
            after.into(),
            limit.clamp(1, PAGE_MAX).into(),
        ];
        let rows = self.connections.rows(sql, values).await?;
        rows.iter().map(decode).collect()
    }

    async fn event_head(&self, org: &OrgId) -> Result<i64> {
        let sql = "SELECT seq FROM journal_head WHERE org_id = $1";
        let row = self.connections.row(sql, vec![org.as_str().into()]).await?;
        row.map_or(Ok(0), |row| Cells(&row).int("seq"))
    }

    async fn event_wait(&self, org: &OrgId, after_seq: i64, limit: u32, wait: Duration) -> Result<Vec<Event>> {
        let until = Instant::now() + wait;
        let mut news = self.news.listen();
        loop {
            let events = self.event_list(org, after_seq, limit).await?;
            if !events.is_empty() || Instant::now() >= until {
                return Ok(events);
            }
            // Told or not, the journal is looked at again: an announcement may be lost.
            let _ = tokio::time::timeout_at(until.min(Instant::now() + self.poll), news.changed()).await;
        }
    }
}

impl PostgresStore {
    async fn event_rows(&self, org: &OrgId, after_seq: i64, limit: u32) -> Result<Vec<PgRow>> {
        let sql = format!("SELECT {COLUMNS} FROM event WHERE org_id = $1 AND seq > $2 ORDER BY seq LIMIT $3");
        self.connections.rows(sql, vec![org.as_str().into(), after_seq.into(), limit.into()]).await
    }

    /// Walk the journal up to where it ended when the walk began. Every place must be taken, every chain must continue.
    pub(crate) async fn walk_journal(&self, org: &OrgId) -> Result<u64> {
        let head = self.event_head(org).await?;
        let mut chains: HashMap<(String, String), (i64, String)> = HashMap::new();
        let mut last = 0;
        while last < head {
            let rows = self.event_rows(org, last, PAGE_MAX).await?;
            for row in rows.iter().take(usize::try_from(head - last).unwrap_or(usize::MAX)) {
                last = verify(row, last, &mut chains)?;
            }
            if rows.is_empty() {
                return Err(broken(last + 1, "the event is missing"));
            }
        }
        let beyond = self.event_list(org, head, 1).await?;
        if !beyond.is_empty() && self.event_head(org).await? == head {
            return Err(broken(head + 1, "the journal ended before this event"));
        }
        Ok(u64::try_from(last).unwrap_or(0))
    }
}

/// Check one row against its place and its chain; returns its place.
fn verify(row: &PgRow, last: i64, chains: &mut HashMap<(String, String), (i64, String)>) -> Result<i64> {
    let cells = Cells(row);
    let seq = cells.int("seq")?;
    if seq != last + 1 {
        return Err(broken(last + 1, "the event is missing"));
    }
    let (subject_kind, subject) = (cells.text("subject_kind")?, cells.text("subject")?);
    let (space, actor, kind) = (cells.text("space")?, cells.text("actor")?, cells.text("kind")?);
    let (data, cause) = (cells.text("data")?, cells.text("cause")?);
    let head = chains.entry((subject_kind.clone(), subject.clone())).or_default();
    if cells.int("subject_seq")? != head.0 + 1 {
        return Err(broken(seq, "the chain of its subject does not continue here"));
    }
    let parts = chain::Parts {
        subject_kind: &subject_kind,
        subject: &subject,
        space: &space,
        at: cells.int("at")?,
        actor: &actor,
        kind: &kind,
        data: &data,
        cause: &cause,
    };
    let hash = chain::hash_parts(&head.1, head.0 + 1, &parts);
    if hash != cells.text("hash")? {
        return Err(broken(seq, "its hash does not fit its content and the event before it"));
    }
    *head = (head.0 + 1, hash);
    Ok(seq)
}

fn broken(seq: i64, reason: &str) -> StoreError {
    StoreError::Corrupt { row: format!("event {seq}"), reason: reason.to_owned() }
}

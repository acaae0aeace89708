//! The callers' side of the writer: hand over, wait, give up in time. What stands for itself does not wait for commits.

use crate::PostgresStore;
use crate::connection::deadline_error;
use crate::value::Cells;
use crate::writer::Request;
use async_trait::async_trait;
use domain::OrgId;
use store::{Changeset, CommitError, Commits, Committed, Result, StoreError, StoredAnswer};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::oneshot;

#[async_trait]
impl Commits for PostgresStore {
    async fn commit(&self, changeset: Changeset) -> Result<Committed, CommitError> {
        let (reply, answer) = oneshot::channel();
        let sender = self.sender().ok_or(StoreError::Closed)?;
        sender.try_send(Request { changeset, reply }).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Busy,
            TrySendError::Closed(_) => StoreError::Closed,
        })?;
        drop(sender);
        // After a deadline nobody knows whether the writer gets to it: that is why commands carry an idempotency key.
        match tokio::time::timeout(self.deadline, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(StoreError::Closed.into()),
            Err(_) => Err(deadline_error(self.deadline).into()),
        }
    }

    async fn answer_get(&self, org: &OrgId, scope: &str, key: &str) -> Result<Option<StoredAnswer>> {
        let sql = "SELECT fingerprint, answer, at FROM answer WHERE org_id = $1 AND scope = $2 AND command_key = $3";
        let Some(row) = self.connections.row(sql, vec![org.as_str().into(), scope.into(), key.into()]).await? else {
            return Ok(None);
        };
        let cells = Cells(&row);
        let answer = StoredAnswer {
            fingerprint: cells.text("fingerprint")?,
            answer: cells.json("answer")?,
            at: cells.time("at")?,
        };
        Ok(Some(answer))
    }

    async fn number_lease(&self, org: &OrgId, sequence: &str, count: u32) -> Result<i64> {
        let sql = "INSERT INTO sequence (org_id, id, next_value) VALUES ($1, $2, 1 + $3)
            ON CONFLICT (org_id, id) DO UPDATE SET next_value = sequence.next_value + $3 RETURNING next_value - $3 AS first";
        let rows = self.connections.rows(sql, vec![org.as_str().into(), sequence.into(), count.max(1).into()]).await?;
        let row = rows.first().ok_or_else(|| StoreError::Corrupt {
            row: sequence.to_owned(),
            reason: "the sequence gave no number".to_owned(),
        })?;
        Cells(row).int("first")
    }

    async fn number_floor(&self, org: &OrgId, sequence: &str, floor: i64) -> Result<()> {
        let sql = "INSERT INTO sequence (org_id, id, next_value) VALUES ($1, $2, $3 + 1)
            ON CONFLICT (org_id, id) DO UPDATE SET next_value = excluded.next_value
            WHERE sequence.next_value < excluded.next_value";
        self.connections.rows(sql, vec![org.as_str().into(), sequence.into(), floor.max(0).into()]).await.map(drop)
    }
}

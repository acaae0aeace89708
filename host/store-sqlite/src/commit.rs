//! The callers' side of the writer: hand over, wait, give up in time.

use crate::SqliteStore;
use crate::value::{Cells, Value};
use crate::writer::{Answer, Request, Work};
use async_trait::async_trait;
use domain::OrgId;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, SqlSafeStr};
use std::borrow::Cow;
use store::{Changeset, CommitError, Commits, Committed, Result, StoreError, StoredAnswer};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::oneshot;

#[async_trait]
impl Commits for SqliteStore {
    async fn commit(&self, changeset: Changeset) -> Result<Committed, CommitError> {
        match self.ask(Work::Commit(Box::new(changeset))).await? {
            Answer::Commit(result) => result,
            Answer::Rows(_) => unreachable!("a commit is answered as a commit"),
        }
    }

    async fn answer_get(&self, org: &OrgId, scope: &str, key: &str) -> Result<Option<StoredAnswer>> {
        let sql = "SELECT fingerprint, answer, at FROM answer WHERE org_id = $1 AND scope = $2 AND command_key = $3";
        let Some(row) = self.readers.row(sql, vec![org.as_str().into(), scope.into(), key.into()]).await? else {
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
        let rows = self.write(sql, vec![org.as_str().into(), sequence.into(), count.max(1).into()]).await?;
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
        self.write(sql, vec![org.as_str().into(), sequence.into(), floor.max(0).into()]).await.map(drop)
    }
}

impl SqliteStore {
    /// One writing statement that stands for itself; its rows are what it returns.
    pub(crate) async fn write(&self, sql: impl Into<Cow<'static, str>>, values: Vec<Value>) -> Result<Vec<SqliteRow>> {
        let sql = AssertSqlSafe(sql.into()).into_sql_str();
        match self.ask(Work::Statement { sql, values }).await? {
            Answer::Rows(rows) => Ok(rows),
            Answer::Commit(_) => unreachable!("a statement is answered with rows"),
        }
    }

    /// After a deadline nobody knows whether the writer gets to it: that is why commands carry an idempotency key.
    async fn ask(&self, work: Work) -> Result<Answer> {
        let (reply, answer) = oneshot::channel();
        let sender = self.sender().ok_or(StoreError::Closed)?;
        sender.try_send(Request { work, reply }).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Busy,
            TrySendError::Closed(_) => StoreError::Closed,
        })?;
        drop(sender);
        match tokio::time::timeout(self.deadline, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(StoreError::Closed),
            Err(_) => Err(StoreError::Deadline(u64::try_from(self.deadline.as_millis()).unwrap_or(u64::MAX))),
        }
    }
}

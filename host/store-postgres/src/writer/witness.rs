//! Whether a batch was written whose `COMMIT` had no answer: the connection ended after it was asked for.
//!
//! A transaction is written as a whole or not at all, so one row of it says what became of all. Whoever asks first locks the head of the
//! journal, which the transaction held: until it has ended, nobody gets the lock.

use crate::error;
use crate::value::{self, Value};
use sqlx::SqlSafeStr;
use sqlx::postgres::PgConnection;
use store::{Changeset, CommitError, Committed, StoreError};

/// Something of a batch that only that batch can have left behind.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Witness {
    /// Every changeset was refused: there was nothing to write.
    Nothing,
    /// An event at a place, with a hash that no other one has.
    Event { org: String, seq: i64, hash: String },
    /// A job that is gone, or that nobody else has claimed since.
    JobDone { org: String, id: String, fence: i64 },
    /// The kept answer to a command that had none.
    Answer { org: String, scope: String, key: String },
}

impl Witness {
    /// None when the batch left nothing that could be told apart.
    pub(super) fn of(changesets: &[&Changeset], answers: &[Result<Committed, CommitError>]) -> Option<Self> {
        let written: Vec<_> =
            changesets.iter().zip(answers).filter_map(|(set, one)| Some((set, one.as_ref().ok()?))).collect();
        if written.is_empty() {
            return Some(Self::Nothing);
        }
        let event = written.iter().find_map(|(set, committed)| {
            let event = committed.events.first()?;
            Some(Self::Event { org: set.org.0.clone(), seq: event.seq, hash: event.hash.clone() })
        });
        let job = || {
            written.iter().find_map(|(set, _)| {
                let done = set.job_done.as_ref()?;
                Some(Self::JobDone { org: set.org.0.clone(), id: done.id.0.clone(), fence: done.fence })
            })
        };
        let answer = || {
            written.iter().find_map(|(set, _)| {
                let (key, _) = set.answer.as_ref()?;
                Some(Self::Answer { org: set.org.0.clone(), scope: key.scope.clone(), key: key.key.clone() })
            })
        };
        event.or_else(job).or_else(answer)
    }

    /// Whether the batch was written.
    pub(super) async fn was_written(&self, connection: &mut PgConnection) -> Result<bool, StoreError> {
        let (org, sql, values): (&str, &'static str, Vec<Value>) = match self {
            Self::Nothing => return Ok(true),
            Self::Event { org, seq, hash } => (
                org,
                "SELECT e.seq FROM event e WHERE e.org_id = $1 AND e.seq = $2 AND e.hash = $3",
                vec![org.as_str().into(), (*seq).into(), hash.as_str().into()],
            ),
            Self::JobDone { org, id, fence } => (
                org,
                "SELECT j.id FROM job j WHERE j.org_id = $1 AND j.id = $2 AND j.fence = $3",
                vec![org.as_str().into(), id.as_str().into(), (*fence).into()],
            ),
            Self::Answer { org, scope, key } => (
                org,
                "SELECT a.at FROM answer a WHERE a.org_id = $1 AND a.scope = $2 AND a.command_key = $3",
                vec![org.as_str().into(), scope.as_str().into(), key.as_str().into()],
            ),
        };
        let lock = "SELECT seq FROM journal_head WHERE org_id = $1 FOR UPDATE";
        value::run(connection, lock.into_sql_str(), vec![org.into()]).await.map_err(error::of)?;
        let found = !value::run(connection, sql.into_sql_str(), values).await.map_err(error::of)?.is_empty();
        Ok(found != matches!(self, Self::JobDone { .. }))
    }
}

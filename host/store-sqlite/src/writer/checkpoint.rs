//! Moving the write-ahead log into the database, between batches and never inside a commit.

use crate::config::SqliteConfig;
use crate::value;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Row, SqlSafeStr};
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::Instant;

/// A reader that holds a snapshot makes a checkpoint futile: not tried again before this.
const RETRY: Duration = Duration::from_millis(250);
/// A log of so many times the limit is worth waiting for readers, as long as the writer's busy time-out.
const URGENT: u64 = 3;

pub(crate) struct Checkpoints {
    log: PathBuf,
    bytes_max: u64,
    not_before: Option<Instant>,
}

impl Checkpoints {
    pub(crate) fn new(config: &SqliteConfig) -> Self {
        let mut log = config.path.as_os_str().to_owned();
        log.push("-wal");
        Self { log: log.into(), bytes_max: config.wal_bytes_max, not_before: None }
    }

    pub(crate) async fn after_batch(&mut self, connection: &mut SqliteConnection) {
        let bytes = self.bytes();
        if bytes <= self.bytes_max || self.not_before.is_some_and(|at| Instant::now() < at) {
            return;
        }
        let urgent = bytes > self.bytes_max * URGENT;
        let sql = if urgent { "PRAGMA wal_checkpoint(TRUNCATE)" } else { "PRAGMA wal_checkpoint(PASSIVE)" };
        let complete = checkpoint(connection, sql).await;
        self.not_before = (!complete).then(|| Instant::now() + RETRY);
    }

    /// Empty the log, if there is anything in it.
    pub(crate) async fn empty_when_used(&mut self, connection: &mut SqliteConnection) {
        if self.bytes() > 0 {
            self.empty(connection).await;
        }
    }

    pub(crate) async fn empty(&mut self, connection: &mut SqliteConnection) {
        // Without waiting for readers first; only what they leave is worth the second, waiting one.
        if checkpoint(connection, "PRAGMA wal_checkpoint(PASSIVE)").await {
            checkpoint(connection, "PRAGMA wal_checkpoint(TRUNCATE)").await;
        }
    }

    fn bytes(&self) -> u64 {
        std::fs::metadata(&self.log).map_or(0, |file| file.len())
    }
}

/// Whether all of the log is in the database now.
async fn checkpoint(connection: &mut SqliteConnection, sql: &'static str) -> bool {
    match value::run(connection, sql.into_sql_str(), vec![]).await {
        Ok(rows) => rows.first().is_some_and(|row| {
            let cell = |place: usize| row.try_get::<i64, _>(place).unwrap_or(-1);
            cell(0) == 0 && cell(1) == cell(2)
        }),
        Err(error) => {
            tracing::warn!(%error, "the write-ahead log could not be moved into the database");
            false
        }
    }
}

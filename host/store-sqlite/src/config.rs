//! How a database file is opened.

use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use std::path::PathBuf;
use std::time::Duration;

const CHECKPOINT_WAIT: Duration = Duration::from_millis(250);

#[derive(Debug, Clone)]
pub struct SqliteConfig {
    pub path: PathBuf,
    /// Connections that read.
    pub readers: u32,
    /// Writes that may wait; one more is refused as busy.
    pub queue_capacity: usize,
    /// Changesets that share one transaction.
    pub batch_max: usize,
    /// How long a batch waits for callers that were there a moment ago. Never waited for when one caller is alone.
    pub batch_linger: Duration,
    /// A caller does not wait longer than this.
    pub deadline_ms: u64,
    pub synchronous: Synchronous,
    /// Size of the write-ahead log from which a checkpoint is made between two batches.
    pub wal_bytes_max: u64,
    /// Copies from before a migration that are kept beside the file; none is made when this is 0.
    pub copies_kept: usize,
    /// Size that the database may not outgrow, in pages of 4 KiB. The disk is the limit when there is none.
    pub pages_max: Option<u32>,
}

/// What survives a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Synchronous {
    /// Everything that was acknowledged. The default.
    Full,
    /// What the last checkpoint moved. Never offered to a server: it is there to show what `Full` is worth.
    Normal,
    /// Nothing is promised: for tests that are not about durability.
    Off,
}

impl SqliteConfig {
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            readers: 4,
            queue_capacity: 4096,
            batch_max: 256,
            batch_linger: Duration::from_millis(2),
            deadline_ms: 5_000,
            synchronous: Synchronous::Full,
            wal_bytes_max: 16 << 20,
            copies_kept: 2,
            pages_max: None,
        }
    }

    pub(crate) fn deadline(&self) -> Duration {
        Duration::from_millis(self.deadline_ms)
    }

    /// Checkpoints are the writer's business, so that no commit pays for one by surprise.
    pub(crate) fn writer_options(&self) -> SqliteConnectOptions {
        let synchronous = match self.synchronous {
            Synchronous::Full => SqliteSynchronous::Full,
            Synchronous::Normal => SqliteSynchronous::Normal,
            Synchronous::Off => SqliteSynchronous::Off,
        };
        let options = SqliteConnectOptions::new()
            .filename(&self.path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(synchronous)
            // Nobody else writes; this is how long an urgent checkpoint may keep commits waiting for readers.
            .busy_timeout(CHECKPOINT_WAIT)
            .statement_cache_capacity(512)
            .row_buffer_size(512)
            .pragma("wal_autocheckpoint", "0")
            .pragma("journal_size_limit", "4194304")
            .pragma("cache_size", "-65536")
            .pragma("temp_store", "MEMORY")
            .disable_statement_logging();
        match self.pages_max {
            Some(pages) => options.pragma("max_page_count", pages.to_string()),
            None => options,
        }
    }

    pub(crate) fn reader_options(&self) -> SqliteConnectOptions {
        SqliteConnectOptions::new()
            .filename(&self.path)
            .create_if_missing(false)
            .busy_timeout(self.deadline())
            .statement_cache_capacity(256)
            .row_buffer_size(256)
            .pragma("wal_autocheckpoint", "0")
            .pragma("cache_size", "-16384")
            .pragma("mmap_size", "268435456")
            .pragma("temp_store", "MEMORY")
            .pragma("query_only", "1")
            .disable_statement_logging()
    }
}

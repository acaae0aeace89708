//! The embedded store: one SQLite file, one writer task with group commit, readers beside it.
//!
//! *Architecture Invariant:* the only crate besides its PostgreSQL twin that names a database driver. Everything that is acknowledged
//! is on the disk (`synchronous=FULL`); nothing else is offered to a server.

mod blob;
mod ci;
mod commit;
mod config;
mod credential;
mod error;
mod filter;
mod flow;
mod insight;
mod job;
mod journal;
mod lock;
mod migrate;
mod node;
mod notification;
mod outbox;
mod page;
mod person;
mod platform;
mod read_set;
mod reader;
mod record;
mod restore;
mod retention;
mod snapshot;
mod table;
#[cfg(feature = "testing")]
pub mod testing;
mod ticket;
mod value;
mod writer;

pub use config::{SqliteConfig, Synchronous};
pub use restore::{Existing, SqliteRestore};
pub use snapshot::SqliteSnapshot;

use async_trait::async_trait;
use domain::OrgId;
use domain::filter::Filter;
use jiff::Timestamp;
use lock::ProcessLock;
use reader::Readers;
use sqlx::{ConnectOptions, Connection};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use store::{Expired, Result, Store};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use writer::{Request, Writer};

/// What this program knows of the schema, in order.
#[must_use]
pub fn migrations() -> &'static [store::migration::Migration] {
    &migrate::MIGRATIONS
}

#[derive(Debug)]
pub struct SqliteStore {
    readers: Readers,
    deadline: Duration,
    /// Counts the batches that wrote events.
    news: watch::Sender<u64>,
    /// Gone once the store is closed.
    writer: Mutex<Option<WriterHandle>>,
}

#[derive(Debug)]
struct WriterHandle {
    sender: mpsc::Sender<Request>,
    task: JoinHandle<()>,
}

impl SqliteStore {
    /// Open or create a database file, bring its schema up to date and start its writer. Must be called inside a Tokio runtime.
    ///
    /// # Errors
    /// When the file cannot be opened, is open in another process, or was written by a newer Weft.
    pub async fn open(config: SqliteConfig) -> Result<Self> {
        let lock = ProcessLock::acquire(&config.path)?;
        let mut connection = config.writer_options().connect().await.map_err(error::of)?;
        if let Err(error) = migrate::apply(&mut connection, &config).await {
            // The connection ends here, and cleanly, so that nothing of the refused file is left open.
            let _ = connection.close().await;
            return Err(error);
        }
        let (sender, requests) = mpsc::channel(config.queue_capacity.max(1));
        let news = watch::Sender::new(0);
        let writer = Writer::new(connection, requests, news.clone(), &config);
        let task = tokio::spawn(async move {
            writer.serve().await;
            drop(lock);
        });
        Ok(Self {
            readers: Readers::new(&config),
            deadline: config.deadline(),
            news,
            writer: Mutex::new(Some(WriterHandle { sender, task })),
        })
    }

    fn sender(&self) -> Option<mpsc::Sender<Request>> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.as_ref().map(|writer| writer.sender.clone())
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn ping(&self) -> Result<()> {
        self.readers.row("SELECT 1 AS one", vec![]).await.map(drop)
    }

    async fn close(&self) {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.readers.close().await;
        // Whoever waits for events looks once more, and finds the store closed.
        self.news.send_modify(|count| *count = count.wrapping_add(1));
        if let Some(WriterHandle { sender, task }) = writer {
            // The writer ends when it has answered everything that was queued before this.
            drop(sender);
            if let Err(error) = task.await {
                tracing::error!(%error, "the writer did not end well");
            }
        }
    }

    async fn verify_journal(&self, org: &OrgId) -> Result<u64> {
        self.walk_journal(org).await
    }

    async fn expired_count(&self, org: &OrgId, what: Expired, before: Timestamp, held: &Filter) -> Result<u64> {
        self.count_expired(org, what, before, held).await
    }

    async fn expired_forget(
        &self,
        org: &OrgId,
        what: Expired,
        before: Timestamp,
        now: Timestamp,
        limit: u32,
        held: &Filter,
    ) -> Result<u64> {
        self.forget_expired(org, what, before, now, limit, held).await
    }
}

//! The scale-out store: PostgreSQL 15 or what speaks like it, several nodes on one database, group commit on each.
//!
//! *Architecture Invariant:* the only crate besides its SQLite twin that names a database driver. Same files, same order of functions.
//! Nothing here relies on being alone: versions, unique values, the journal and what was read by query are checked under a lock in the
//! database. Every wait has a deadline.

mod blob;
mod ci;
mod commit;
mod config;
mod connection;
mod credential;
mod error;
mod filter;
mod flow;
mod insight;
mod job;
mod journal;
mod migrate;
mod news;
mod node;
mod notification;
mod outbox;
mod page;
mod person;
mod platform;
#[cfg(feature = "testing")]
pub mod portable;
mod read_set;
mod record;
mod renew;
mod restore;
mod retention;
mod snapshot;
mod table;
#[cfg(feature = "testing")]
pub mod testing;
mod ticket;
mod value;
mod writer;

pub use config::{Hints, Migrate, PostgresConfig};
pub use restore::{Existing, PostgresRestore};
pub use snapshot::PostgresSnapshot;

use async_trait::async_trait;
use connection::Connections;
use domain::OrgId;
use domain::filter::Filter;
use jiff::Timestamp;
use news::News;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::{Expired, Result, Store};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use writer::{Request, Writer};

/// What this program knows of the schema, in order.
#[must_use]
pub fn migrations() -> &'static [store::migration::Migration] {
    &migrate::MIGRATIONS
}

#[derive(Debug)]
pub struct PostgresStore {
    connections: Connections,
    deadline: Duration,
    poll: Duration,
    news: Arc<News>,
    /// Organisations whose jobs this process has claimed before.
    gates: Mutex<BTreeSet<String>>,
    /// Gone once the store is closed.
    writer: Mutex<Option<WriterHandle>>,
}

#[derive(Debug)]
struct WriterHandle {
    sender: mpsc::Sender<Request>,
    task: JoinHandle<()>,
    /// Of the announcements, and of the hot tables: they are stopped, not waited for.
    helpers: Vec<JoinHandle<()>>,
}

impl PostgresStore {
    /// Connect, bring the schema up to date and start the writer. Must be called inside a Tokio runtime.
    ///
    /// # Errors
    /// When the database cannot be reached, or was written by a Weft that is more than one step newer.
    pub async fn open(config: PostgresConfig) -> Result<Self> {
        let options = config.options()?;
        migrate::apply(&options, &config).await?;
        let news = Arc::new(News::new());
        let (sender, requests) = mpsc::channel(config.queue_capacity.max(1));
        let writer = Writer::new(&config, options.clone(), requests, Arc::clone(&news));
        let task = tokio::spawn(writer.serve());
        let mut helpers = match config.hints {
            Hints::Notify => news::spawn(&news, &options, config.deadline()).into(),
            Hints::None => Vec::new(),
        };
        helpers.push(renew::spawn(options.clone(), config.deadline()));
        Ok(Self {
            connections: Connections::new(&config, options),
            deadline: config.deadline(),
            poll: config.poll(),
            news,
            gates: Mutex::default(),
            writer: Mutex::new(Some(WriterHandle { sender, task, helpers })),
        })
    }

    fn sender(&self) -> Option<mpsc::Sender<Request>> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.as_ref().map(|writer| writer.sender.clone())
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn ping(&self) -> Result<()> {
        self.connections.row("SELECT 1 AS one", vec![]).await.map(drop)
    }

    async fn close(&self) {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.connections.close().await;
        // Whoever waits for events looks once more, and finds the store closed.
        self.news.heard();
        if let Some(WriterHandle { sender, task, helpers }) = writer {
            for task in helpers {
                task.abort();
            }
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

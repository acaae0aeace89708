//! A store in memory with exactly the meaning of the real ones: it passes their conformance suite and answers random operations as SQLite
//! does. Nothing here fails, waits or forgets by chance; faults come from what stands in front of it.
//!
//! *Architecture Invariant:* time is asked of the clock that is passed in, also for waiting.

pub(crate) mod commit;
pub(crate) mod data;
mod flow;
mod insight;
mod job;
pub(crate) mod journal;
mod noun;
mod outbox;
mod people;
mod read_set;
mod table;
mod tamper;
mod ticket;

pub(crate) use data::Data;
pub use tamper::Tampering;

use app::port::clock::Clock;
use async_trait::async_trait;
use domain::{JobId, OrgId};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use store::{Cursor, Page, Result, Store, StoreError};
use tokio::sync::Notify;

/// Rows of one page.
const PAGE_MAX: u32 = 200;

/// What is on the disk.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rows {
    orgs: BTreeMap<OrgId, Data>,
    ordinal: i64,
    /// Titles that the database refuses although the store finds nothing wrong with them: for the conformance suite.
    poisoned: Vec<String>,
}

/// A database: outlives the stores that are opened on it.
#[derive(Debug, Clone, Default)]
pub struct Database {
    rows: Arc<Mutex<Rows>>,
    /// Somebody wrote events. It wakes those who wait in the order in which they came: a channel that spreads them by chance would make two
    /// runs of a seed differ.
    news: Arc<Notify>,
}

/// Everything in a database at one moment. Cheap to take and to keep.
#[derive(Debug, Clone)]
pub struct Snapshot(Rows);

impl Database {
    /// What the disk holds now.
    ///
    /// # Panics
    /// Never.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(self.rows().clone())
    }

    /// What the disk held then: the state after a crash that tore what was written since.
    ///
    /// # Panics
    /// Never.
    pub fn restore(&self, snapshot: &Snapshot) {
        *self.rows() = snapshot.0.clone();
    }

    /// A database of its own with the same content.
    #[must_use]
    pub fn fork(snapshot: &Snapshot) -> Self {
        let database = Self::default();
        database.restore(snapshot);
        database
    }

    /// From now on every ticket with this title is refused.
    ///
    /// # Panics
    /// Never.
    pub fn poison(&self, title: &str) {
        self.rows().poisoned.push(title.to_owned());
    }

    pub(crate) fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().expect("nothing panics while it holds this lock")
    }

    /// Look at an organisation's rows.
    pub(crate) fn look<T>(&self, org: &OrgId, look: impl FnOnce(&Data) -> T) -> T {
        let rows = self.rows();
        match rows.orgs.get(org) {
            Some(data) => look(data),
            None => look(&Data::default()),
        }
    }

    /// A job's row, claimed or not.
    pub(crate) fn job(&self, org: &OrgId, id: &JobId) -> Option<data::JobRow> {
        self.look(org, |data| data.jobs.get(id.as_str()).cloned())
    }

    /// Change an organisation's rows behind the store's back.
    pub(crate) fn change<T>(&self, org: &OrgId, change: impl FnOnce(&mut Data) -> T) -> T {
        change(self.rows().orgs.entry(org.clone()).or_default())
    }
}

/// One process's store on a database.
#[derive(Debug)]
pub struct MemoryStore {
    database: Database,
    clock: Arc<dyn Clock>,
    closed: AtomicBool,
}

impl MemoryStore {
    #[must_use]
    pub fn open(database: Database, clock: Arc<dyn Clock>) -> Self {
        Self { database, clock, closed: AtomicBool::new(false) }
    }

    fn check_open(&self) -> Result<()> {
        if self.closed.load(Ordering::SeqCst) { Err(StoreError::Closed) } else { Ok(()) }
    }

    fn look<T>(&self, org: &OrgId, look: impl FnOnce(&Data) -> T) -> Result<T> {
        self.check_open()?;
        Ok(self.database.look(org, look))
    }

    fn change<T>(&self, org: &OrgId, change: impl FnOnce(&mut Data) -> T) -> Result<T> {
        self.check_open()?;
        Ok(self.database.change(org, change))
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn ping(&self) -> Result<()> {
        self.check_open()
    }

    async fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        // Whoever waits for events looks once more, and finds the store closed.
        self.database.news.notify_waiters();
    }

    async fn verify_journal(&self, org: &OrgId) -> Result<u64> {
        self.look(org, journal::verify)?
    }
}

/// A word of an enum as it is written in JSON and in the database.
pub(crate) fn word<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        other => unreachable!("not a word: {other:?}"),
    }
}

fn limit(asked: u32) -> usize {
    asked.clamp(1, PAGE_MAX) as usize
}

/// The first of the rows that fit, and where the next page begins.
fn page<T>(mut rows: Vec<T>, asked: u32, place: impl Fn(&T) -> (String, String)) -> Page<T> {
    let size = limit(asked);
    let more = rows.len() > size;
    rows.truncate(size);
    let next = rows.last().filter(|_| more).map(place).map(|(value, id)| Cursor { value: Some(value), id });
    Page { items: rows, next }
}

/// Whether every word occurs in a text that is in lower case.
fn has_words(text: &str, words: &str) -> bool {
    words.to_lowercase().split_whitespace().all(|word| text.contains(word))
}

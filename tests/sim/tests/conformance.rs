//! The conformance suite on the store in memory.
#![expect(clippy::unwrap_used, reason = "a panic is a failed case")]

use app::port::clock::Clock;
use async_trait::async_trait;
use jiff::Timestamp;
use std::sync::Arc;
use store::Store;
use store::conformance::Harness;
use store::conformance::data::at;
use weft_sim::memory::{Database, MemoryStore, Tampering};

/// Waits in real time: the suite does.
#[derive(Debug)]
struct RealWaits;

impl Clock for RealWaits {
    fn now(&self) -> Timestamp {
        at(0)
    }
}

struct MemoryHarness {
    database: Database,
    store: Arc<dyn Store>,
}

fn open(database: &Database) -> Arc<dyn Store> {
    Arc::new(MemoryStore::open(database.clone(), Arc::new(RealWaits)))
}

async fn make() -> Box<dyn Harness> {
    let database = Database::default();
    let store = open(&database);
    Box::new(MemoryHarness { database, store })
}

#[async_trait]
impl Harness for MemoryHarness {
    fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store)
    }

    async fn reopen(&mut self) {
        self.store.close().await;
        self.store = open(&self.database);
    }

    async fn tamper(&self, sql: &'static str) {
        self.database.tamper(&tampering(sql));
    }

    async fn poison(&self, title: &str) {
        self.database.poison(title);
    }
}

/// What the suite does to a database, by the statement that it says it with.
fn tampering(sql: &str) -> Tampering {
    let words: Vec<&str> = sql.split_whitespace().collect();
    let number = |place: usize| words[place].parse::<i64>().unwrap();
    let quoted = |place: usize| words[place].trim_matches('\'').to_owned();
    match words.as_slice() {
        ["UPDATE", "event", "SET", "actor", "=", _, "WHERE", "seq", "=", _] => {
            Tampering::Actor { seq: number(9), actor: quoted(5) }
        }
        ["UPDATE", "event", "SET", "at", "=", "at", "+", "1", "WHERE", "seq", "=", _] => {
            Tampering::Later { seq: number(11) }
        }
        ["DELETE", "FROM", "event", "WHERE", "seq", "=", _] => Tampering::Delete { from: number(6), to: number(6) },
        ["DELETE", "FROM", "event", "WHERE", "seq", ">", _] => Tampering::Delete { from: number(6) + 1, to: i64::MAX },
        ["UPDATE", "event", "SET", "seq", "=", "seq", "-", "1", "WHERE", "seq", ">", _] => {
            Tampering::CloseGap { after: number(11) }
        }
        ["UPDATE", "journal_head", "SET", "seq", "=", "seq", "-", "1"] => Tampering::HeadBack,
        ["UPDATE", "event", "SET", "subject_seq", "=", _, "WHERE", "subject", "=", _, "AND", "subject_seq", "=", _] => {
            Tampering::Place { subject: quoted(9), from: number(13), to: number(5) }
        }
        ["UPDATE", "job", "SET", "work", "=", _, "WHERE", "id", "=", _] => Tampering::UnreadableJob { id: quoted(9) },
        _ => panic!("the suite says something new: {sql}"),
    }
}

store::conformance_tests!(make);

//! The same random operations on SQLite and in memory, answer by answer: what the simulation finds on the one holds for the other.

#[path = "../../../host/store-postgres/tests/workload/mod.rs"]
mod workload;

use app::port::clock::Clock;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;
use store::conformance::data::{Dice, at};
use store_sqlite::{SqliteConfig, SqliteStore, Synchronous};
use weft_sim::memory::{Database, MemoryStore};
use workload::World;

const SEEDS: [u64; 4] = [1, 20_26, 0xfeed_beef, 77];
const STEPS: usize = 1_000;

#[derive(Debug)]
struct Standing;

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        at(0)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_answer_alike() {
    let mut kinds = BTreeSet::new();
    for seed in SEEDS {
        let folder = tempfile::tempdir().unwrap();
        let sqlite = SqliteConfig {
            synchronous: Synchronous::Off,
            deadline_ms: 60_000,
            ..SqliteConfig::new(folder.path().join("weft.db"))
        };
        let mut left = World::new(Arc::new(SqliteStore::open(sqlite).await.unwrap()));
        let mut right = World::new(Arc::new(MemoryStore::open(Database::default(), Arc::new(Standing))));
        let (mut dice, mut same_dice) = (Dice(seed), Dice(seed));
        for step in 0..STEPS {
            let expected = left.step(&mut dice).await;
            let found = right.step(&mut same_dice).await;
            assert_eq!(found, expected, "seed {seed}, step {step}");
            kinds.insert(expected.split(|c: char| !c.is_alphanumeric()).take(2).collect::<Vec<_>>().join(" "));
        }
        left.store.close().await;
    }
    for kind in ["Ok Committed", "Err Conflict", "Err Answered", "Err Fenced", "Err Taken"] {
        assert!(kinds.contains(kind), "the operations never led to `{kind}`: {kinds:?}");
    }
}

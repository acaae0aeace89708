//! The same random operations on SQLite and PostgreSQL give the same answers, one by one.

mod workload;

use std::collections::BTreeSet;
use std::sync::Arc;
use store::conformance::data::Dice;
use store_sqlite::{SqliteConfig, SqliteStore, Synchronous};
use weft_store_postgres::{PostgresConfig, PostgresStore, testing};
use workload::World;

const SEEDS: [u64; 3] = [1, 20_26, 0xfeed_beef];
const STEPS: usize = 700;

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
        let postgres = PostgresConfig { deadline_ms: 60_000, ..PostgresConfig::new(testing::ready_database().await) };
        let mut left = World::new(Arc::new(SqliteStore::open(sqlite).await.unwrap()));
        let mut right = World::new(Arc::new(PostgresStore::open(postgres).await.unwrap()));
        let (mut dice, mut same_dice) = (Dice(seed), Dice(seed));
        for step in 0..STEPS {
            let expected = left.step(&mut dice).await;
            let found = right.step(&mut same_dice).await;
            assert_eq!(found, expected, "seed {seed}, step {step}");
            kinds.insert(expected.split(|c: char| !c.is_alphanumeric()).take(2).collect::<Vec<_>>().join(" "));
        }
        left.store.close().await;
        right.store.close().await;
    }
    for kind in ["Ok Committed", "Err Conflict", "Err Answered", "Err Fenced", "Err Taken"] {
        assert!(kinds.contains(kind), "the operations never led to `{kind}`: {kinds:?}");
    }
}

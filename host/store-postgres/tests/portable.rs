//! Every statement that Weft sends, parsed and checked: nothing that a distributed engine with PostgreSQL's language lacks, and every
//! key begins with the organisation.
//!
//! The statements are the real ones: those that a long run of random operations sent, those of the migrations, and all that a commit
//! can put together.
mod workload;

use std::collections::BTreeSet;
use std::sync::Arc;
use store::conformance::data::Dice;
use weft_store_postgres::portable::violations;
use weft_store_postgres::{PostgresConfig, PostgresStore, testing};
use workload::World;

/// Random operations, enough to send every statement.
const STEPS: usize = 250;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_statement_is_portable() {
    // From an empty database: the migrations are statements too.
    let config = PostgresConfig { deadline_ms: 60_000, ..PostgresConfig::new(testing::empty_database()) };
    let mut world = World::new(Arc::new(PostgresStore::open(config).await.unwrap()));
    let mut dice = Dice(7);
    for _ in 0..STEPS {
        world.step(&mut dice).await;
    }
    world.store.close().await;

    let statements = testing::statements();
    let mut found: BTreeSet<String> = BTreeSet::new();
    for sql in &statements {
        found.extend(violations(sql).into_iter().map(|violation| format!("{violation}\n    in {sql}")));
    }
    assert!(found.is_empty(), "{}", found.into_iter().collect::<Vec<_>>().join("\n"));
    let is_there = |part: &str| assert!(statements.iter().any(|sql| sql.contains(part)), "`{part}` was never sent");
    for part in [
        "CREATE TABLE ticket (",
        "FOR UPDATE OF j SKIP LOCKED",
        "INSERT INTO event ",
        "FROM journal_head",
        "INSERT INTO sequence",
        "FROM node",
        "strpos(t.field_digests",
        "schema_lock WHERE id = 1 FOR UPDATE",
    ] {
        is_there(part);
    }
}

#[test]
fn each_violation_is_found() {
    for guilty in [
        "LOCK TABLE ticket",
        "CREATE INDEX x ON ticket USING gist (org_id)",
        "CREATE INDEX x ON ticket USING gin (org_id, a)",
        "CREATE INDEX x ON ticket (number)",
        "CREATE UNIQUE INDEX x ON ticket (number, org_id)",
        "CREATE TABLE x (org_id TEXT, id TEXT, PRIMARY KEY (id, org_id))",
        "CREATE TABLE x (id BIGSERIAL, org_id TEXT, PRIMARY KEY (org_id, id))",
        "CREATE TABLE x (org_id TEXT PRIMARY KEY DEFERRABLE)",
        "SELECT pg_advisory_lock(1) FROM ticket WHERE org_id = $1",
        "SELECT pg_advisory_xact_lock(1)",
        "SELECT id FROM ticket WHERE id = $1",
        "UPDATE ticket SET updated_at = now() WHERE org_id = $1",
        "DELETE FROM ticket",
        "SELECT nextval('x')",
        "LISTEN weft_journal",
        "NOTIFY other; LISTEN x",
        "SELECT xmlparse(document a) FROM ticket WHERE org_id = $1",
        "SELECT 1; DELETE FROM ticket",
        "SELEKT 1",
    ] {
        assert!(!violations(guilty).is_empty(), "{guilty}");
    }
    for innocent in [
        "BEGIN",
        "SELECT 1 AS one",
        "SELECT t.id FROM ticket t WHERE t.org_id = $1 AND t.title = 'LOCK TABLE; now()'",
        "CREATE TABLE x (org_id TEXT NOT NULL, id TEXT, PRIMARY KEY (org_id, id)); -- trigger\nCREATE INDEX y ON x (org_id, id);",
        "SELECT number FROM schema_migration ORDER BY number",
        "ALTER TABLE x ADD COLUMN a BIGINT",
    ] {
        assert_eq!(violations(innocent), Vec::<String>::new(), "{innocent}");
    }
}

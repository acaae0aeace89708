//! What only an embedded file has: one process, a log that must stay small, readers that must not be waited for.
#![expect(clippy::unwrap_used, reason = "a panic is a failed case")]

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Row};
use std::error::Error;
use std::path::Path;
use store::conformance::data::{changes, commit, event, org, put_ticket, ticket};
use store::{Changeset, CommitError, Commits, Journal, Store, StoreError, Tickets, Write};
use weft_store_sqlite::{SqliteConfig, SqliteStore, Synchronous};

fn config(folder: &Path) -> SqliteConfig {
    SqliteConfig { synchronous: Synchronous::Off, ..SqliteConfig::new(folder.join("weft.db")) }
}

async fn other_connection(folder: &Path) -> sqlx::SqliteConnection {
    SqliteConnectOptions::new().filename(folder.join("weft.db")).connect().await.unwrap()
}

fn reason(error: &StoreError) -> String {
    error.source().map(ToString::to_string).unwrap_or_default()
}

#[tokio::test]
async fn refuses_a_second_store_on_the_same_file() {
    let folder = tempfile::tempdir().unwrap();
    let first = SqliteStore::open(config(folder.path())).await.unwrap();

    let refused = SqliteStore::open(config(folder.path())).await.unwrap_err();
    assert!(reason(&refused).contains("another Weft"), "{refused:?}");

    first.close().await;
    SqliteStore::open(config(folder.path())).await.unwrap().close().await;
}

#[tokio::test]
async fn works_with_a_schema_that_one_expansion_was_added_to() {
    let folder = tempfile::tempdir().unwrap();
    SqliteStore::open(config(folder.path())).await.unwrap().close().await;
    let mut connection = other_connection(folder.path()).await;
    let ahead = "INSERT INTO schema_migration (number, slug, checksum) VALUES (98, 'future', 'x');
        ALTER TABLE ticket ADD COLUMN future TEXT";
    sqlx::raw_sql(ahead).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();

    SqliteStore::open(config(folder.path())).await.unwrap().close().await;
}

#[tokio::test]
async fn copies_a_database_with_data_before_it_is_migrated() {
    let folder = tempfile::tempdir().unwrap();
    SqliteStore::open(config(folder.path())).await.unwrap().close().await;
    let mut connection = other_connection(folder.path()).await;
    // As it was before the migration about retention.
    sqlx::raw_sql(
        "DELETE FROM schema_migration WHERE number >= 9; DROP TABLE saved_query; DROP INDEX ticket_closed; DROP INDEX session_expires;
         DROP INDEX notification_at; ALTER TABLE ticket DROP COLUMN archived_at",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    connection.close().await.unwrap();
    for old in ["0001", "0002", "0003"] {
        std::fs::write(folder.path().join(format!("weft.db.before-{old}")), "old").unwrap();
    }

    SqliteStore::open(config(folder.path())).await.unwrap().close().await;

    let there = |name: &str| folder.path().join(format!("weft.db.before-{name}")).exists();
    assert_eq!(["0001", "0002", "0003", "0009", "0009.partial"].map(there), [false, false, true, true, false]);
}

#[tokio::test]
async fn refuses_a_newer_and_a_changed_schema() {
    for (tamper, expected) in [
        (
            "INSERT INTO schema_migration (number, slug, checksum) VALUES (98, 'future', 'x'), (99, 'future', 'x')",
            "use a newer Weft",
        ),
        ("INSERT INTO schema_migration (number, slug, checksum) VALUES (98, 'contract_past', 'x')", "took away"),
        ("UPDATE schema_migration SET checksum = 'x' WHERE number = 2", "migration 2"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        SqliteStore::open(config(folder.path())).await.unwrap().close().await;
        let mut connection = other_connection(folder.path()).await;
        sqlx::raw_sql(tamper).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();

        let refused = SqliteStore::open(config(folder.path())).await.unwrap_err();
        assert!(reason(&refused).contains(expected), "{refused:?}");
    }
}

#[tokio::test]
async fn is_durable_by_default() {
    assert_eq!(SqliteConfig::new("x").synchronous, Synchronous::Full);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_the_log_small_and_commits_while_a_reader_stays() {
    let folder = tempfile::tempdir().unwrap();
    let limit = 1 << 20;
    let store = SqliteStore::open(SqliteConfig { wal_bytes_max: limit, ..config(folder.path()) }).await.unwrap();
    let write = async |from: usize| {
        for number in from..from + 300 {
            let mut one = ticket(&format!("t{number}"));
            one.fields.insert("text".to_owned(), serde_json::Value::String("x".repeat(20_000)));
            put_ticket(&store, one).await;
        }
    };
    let log_bytes = || std::fs::metadata(folder.path().join("weft.db-wal")).map_or(0, |file| file.len());

    write(0).await;
    // The log is cut back to journal_size_limit when it starts anew, and is never let grow much past the limit.
    assert!(log_bytes() < 6 << 20, "{}", log_bytes());

    // A reader outside of the store holds a snapshot: the log has to grow, commits go on.
    let mut reader = other_connection(folder.path()).await;
    sqlx::raw_sql("BEGIN; SELECT count(*) FROM ticket").execute(&mut reader).await.unwrap();
    write(300).await;
    let row = sqlx::query("SELECT count(*) FROM ticket").fetch_one(&mut reader).await.unwrap();
    assert_eq!(row.get::<i64, _>(0), 300);
    reader.close().await.unwrap();

    store.close().await;
    assert_eq!(log_bytes(), 0);
    let store = SqliteStore::open(config(folder.path())).await.unwrap();
    assert_eq!(store.ticket_count(&org(), &domain::filter::Filter::True).await.unwrap(), 600);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_in_time_when_the_file_is_locked_and_goes_on_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(SqliteConfig { deadline_ms: 300, ..config(folder.path()) }).await.unwrap();
    put_ticket(&store, ticket("t1")).await;
    let mut other = other_connection(folder.path()).await;
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();

    let refused = store.commit(Changeset { writes: vec![Write::Ticket(Box::new(ticket("t2")))], ..changes() }).await;

    assert!(matches!(refused, Err(CommitError::Store(_))), "{refused:?}");
    assert!(store.ticket_load(&org(), "t1").await.unwrap().is_some(), "reads go on");
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    commit(&store, Changeset { events: vec![event("t1", "ticket.changed")], ..changes() }).await;
    assert_eq!(store.event_head(&org()).await.unwrap(), 1);
    store.close().await;
}

/// The disk is as good as full when the database may not grow: SQLITE_FULL comes from the same place.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn says_read_only_and_answers_reads_when_a_blob_does_not_fit() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(SqliteConfig { pages_max: Some(200), ..config(folder.path()) }).await.unwrap();
    put_ticket(&store, ticket("t1")).await;
    let mut huge = ticket("t2");
    huge.fields.insert("text".to_owned(), serde_json::Value::String("x".repeat(2_000_000)));

    let refused = store
        .commit(Changeset { writes: vec![Write::Ticket(Box::new(huge))], events: vec![event("t2", "x")], ..changes() })
        .await;

    assert!(matches!(refused, Err(CommitError::Store(StoreError::ReadOnly(_)))), "{refused:?}");
    assert_eq!(store.ticket_load(&org(), "t2").await.unwrap(), None);
    assert!(store.ticket_load(&org(), "t1").await.unwrap().is_some());
    commit(&store, Changeset { events: vec![event("t1", "ticket.changed")], ..changes() }).await;
    assert_eq!(store.verify_journal(&org()).await.unwrap(), 1);
    store.close().await;
}

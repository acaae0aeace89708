//! A backup of one kind of database comes back in the other, and what is old is forgotten alike.
#![expect(clippy::unwrap_used, reason = "a panic is a failed case")]

use domain::filter::Filter;
use domain::kind::StateCategory;
use jiff::Timestamp;
use std::path::Path;
use store::backup::{self, Counted, Reader, Restore};
use store::conformance::data::{at, changes, commit, event, job, org, put_ticket, ticket};
use store::{Commits, Expired, Jobs, Snapshot, Store, StoreError, Tickets};
use store_sqlite::{SqliteConfig, SqliteRestore, SqliteSnapshot, Synchronous};
use weft_store_postgres::{Existing, PostgresConfig, PostgresRestore, PostgresSnapshot, PostgresStore, testing};

fn config(url: &str) -> PostgresConfig {
    PostgresConfig { deadline_ms: 60_000, ..PostgresConfig::new(url) }
}

fn file(folder: &Path) -> SqliteConfig {
    SqliteConfig { synchronous: Synchronous::Off, ..SqliteConfig::new(folder.join("weft.db")) }
}

async fn back_up(mut snapshot: Box<dyn Snapshot>) -> (Vec<u8>, Vec<Counted>) {
    let mut bytes = Vec::new();
    let (_, counts) = backup::write(&mut *snapshot, &mut bytes, "test", Timestamp::UNIX_EPOCH, |_| {}).await.unwrap();
    snapshot.end().await;
    (bytes, counts)
}

async fn restore(bytes: &[u8], mut target: Box<dyn Restore>) {
    backup::fill(&mut Reader::open(bytes).unwrap(), &mut *target, |_| {}).await.unwrap();
    let (there, made) = target.complete().await.unwrap().indexes().await.unwrap();
    assert!(made.is_subset(&there), "{:?}", made.difference(&there).collect::<Vec<_>>());
    target.keep().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_goes_to_the_other_database_and_back() {
    let url = testing::ready_database().await;
    let store = PostgresStore::open(config(&url)).await.unwrap();
    for number in 0..40 {
        put_ticket(&store, ticket(&format!("t{number}"))).await;
    }
    let mut set = changes();
    set.events = vec![event("t1", "ticket.created"), event("t1", "ticket.changed")];
    set.jobs = vec![job("j1", "o1", 0), job("j2", "o2", 0)];
    commit(&store, set).await;
    let (bytes, first) = back_up(Box::new(PostgresSnapshot::open(&config(&url)).await.unwrap())).await;

    let folder = tempfile::tempdir().unwrap();
    let target = SqliteRestore::open(file(folder.path()), store_sqlite::Existing::Keep).await.unwrap();
    restore(&bytes, Box::new(target)).await;
    let (bytes, second) = back_up(Box::new(SqliteSnapshot::open(&file(folder.path())).await.unwrap())).await;
    assert_eq!(first, second);
    let empty = testing::empty_database();
    let target = PostgresRestore::open(&config(&empty), Existing::Keep).await.unwrap();
    restore(&bytes, Box::new(target)).await;
    let (_, third) = back_up(Box::new(PostgresSnapshot::open(&config(&empty)).await.unwrap())).await;
    assert_eq!(second, third);

    // What PostgreSQL keeps beside the portable columns is there again: fields are found, and ordinals go on.
    let back = PostgresStore::open(config(&empty)).await.unwrap();
    let expected = store.ticket_load(&org(), "t7").await.unwrap();
    assert_eq!(back.ticket_load(&org(), "t7").await.unwrap(), expected);
    let mut set = changes();
    set.jobs = vec![job("j3", "o1", 0)];
    back.commit(set).await.unwrap();
    let claimed = back.job_claim(&org(), at(1), at(60_000_000), "worker", 10).await.unwrap();
    let ids: Vec<&str> = claimed.iter().map(|one| one.job.id.as_str()).collect();
    assert_eq!(ids, ["j1", "j2"], "the new job waits behind the one that was restored");
    back.close().await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn data_is_replaced_only_when_that_is_said_and_everything_fits() {
    let url = testing::ready_database().await;
    let store = PostgresStore::open(config(&url)).await.unwrap();
    put_ticket(&store, ticket("t1")).await;
    let (bytes, _) = back_up(Box::new(PostgresSnapshot::open(&config(&url)).await.unwrap())).await;
    put_ticket(&store, ticket("t2")).await;
    store.close().await;
    let count = async || {
        let store = PostgresStore::open(config(&url)).await.unwrap();
        let count = store.ticket_count(&org(), &Filter::True).await.unwrap();
        store.close().await;
        count
    };

    let refused = PostgresRestore::open(&config(&url), Existing::Keep).await.unwrap_err();
    let StoreError::Database(why) = refused else { panic!("{refused:?}") };
    assert!(why.to_string().contains("--replace"), "{why}");
    let mut target = PostgresRestore::open(&config(&url), Existing::Replace).await.unwrap();
    let cut = &bytes[..bytes.len() - 40];
    backup::fill(&mut Reader::open(cut).unwrap(), &mut target, |_| {}).await.unwrap_err();
    drop(target);
    assert_eq!(count().await, 2, "nothing happened");

    let target = PostgresRestore::open(&config(&url), Existing::Replace).await.unwrap();
    restore(&bytes, Box::new(target)).await;
    assert_eq!(count().await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_closed_tickets_are_archived_a_page_at_a_time() {
    let store = PostgresStore::open(config(&testing::ready_database().await)).await.unwrap();
    for number in 0..5 {
        let mut closed = ticket(&format!("t{number}"));
        (closed.category, closed.closed_at) = (StateCategory::Closed, Some(at(number)));
        put_ticket(&store, closed).await;
    }
    let (org, what) = (org(), Expired::ClosedTickets);

    assert_eq!(store.expired_count(&org, what, at(3), &Filter::False).await.unwrap(), 3);
    let held = Filter::eq(domain::filter::Field::Id, "t1");
    assert_eq!(store.expired_count(&org, what, at(3), &held).await.unwrap(), 2);
    assert_eq!(store.expired_forget(&org, what, at(3), at(9), 2, &Filter::False).await.unwrap(), 2);
    assert_eq!(store.expired_forget(&org, what, at(3), at(9), 2, &Filter::False).await.unwrap(), 1);
    assert_eq!(store.ticket_count(&org, &Filter::True).await.unwrap(), 2);
    assert!(store.ticket_load(&org, "t0").await.unwrap().is_some());
    for what in
        [Expired::Answers, Expired::Sessions, Expired::ReadNotifications, Expired::Notifications, Expired::DeadJobs]
    {
        assert_eq!(store.expired_forget(&org, what, at(3), at(9), 2, &Filter::False).await.unwrap(), 0, "{what:?}");
    }
    store.close().await;
}

//! One moment of a file: read, backed up, brought back; and what is old, forgotten.
#![expect(clippy::unwrap_used, reason = "a panic is a failed case")]

use domain::filter::{Field, Filter};
use domain::kind::StateCategory;
use jiff::Timestamp;
use std::path::Path;
use store::backup::{self, Counted, Reader, Restore};
use store::conformance::data::{at, changes, commit, event, job, org, put_ticket, ticket};
use store::snapshot::{Cell, Pages};
use store::{Expired, Jobs, Snapshot, Store, Tickets};
use weft_store_sqlite::{Existing, SqliteConfig, SqliteRestore, SqliteSnapshot, SqliteStore, Synchronous};

fn config(folder: &Path, name: &str) -> SqliteConfig {
    SqliteConfig { synchronous: Synchronous::Off, ..SqliteConfig::new(folder.join(name)) }
}

async fn filled(folder: &Path) -> SqliteStore {
    let store = SqliteStore::open(config(folder, "weft.db")).await.unwrap();
    for number in 0..700 {
        put_ticket(&store, ticket(&format!("t{number}"))).await;
    }
    let mut set = changes();
    set.events = vec![event("t1", "ticket.created"), event("t1", "ticket.changed"), event("t2", "ticket.created")];
    set.jobs = vec![job("j1", "o1", 0), job("j2", "o2", 0)];
    commit(&store, set).await;
    store
}

async fn back_up(folder: &Path, name: &str) -> (Vec<u8>, Vec<Counted>) {
    let mut snapshot = SqliteSnapshot::open(&config(folder, name)).await.unwrap();
    let mut bytes = Vec::new();
    let (header, counts) =
        backup::write(&mut snapshot, &mut bytes, "test", Timestamp::UNIX_EPOCH, |_| {}).await.unwrap();
    assert_eq!(header.heads.get(org().as_str()), Some(&3));
    Box::new(snapshot).end().await;
    (bytes, counts)
}

#[tokio::test]
async fn a_moment_is_read_beside_a_server_and_does_not_move() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(folder.path()).await;
    let mut snapshot = SqliteSnapshot::open(&config(folder.path(), "weft.db")).await.unwrap();
    let tables = snapshot.tables().await.unwrap();
    let tickets = tables.iter().find(|table| table.name == "ticket").unwrap();
    assert_eq!((tickets.key.as_slice(), tickets.columns.len()), (&["org_id".to_owned(), "id".to_owned()][..], 23));

    put_ticket(&store, ticket("later")).await;
    let mut pages = Pages::of(tickets, &["number"]);
    let mut seen = Vec::new();
    while let Some(rows) = pages.next(&mut snapshot).await.unwrap() {
        seen.extend(rows.iter().map(|row| row.text("id").unwrap().to_owned()));
    }

    assert_eq!(seen.len(), 700);
    assert!(seen.is_sorted() && !seen.contains(&"later".to_owned()));
    let org: Cell = org().as_str().into();
    let asked = vec![vec![org.clone(), "t7".into()], vec![org, "nobody".into()]];
    let found = snapshot.lookup(tickets, &["id", "version"], &["org_id", "id"], &asked).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].text("id"), found[0].int("version")), (Some("t7"), Some(1)));
    let (there, made) = snapshot.indexes().await.unwrap();
    assert!(made.is_subset(&there) && made.contains("ticket_number"), "{made:?}");
    assert_eq!(snapshot.damage().await.unwrap(), Vec::<String>::new());
    Box::new(snapshot).end().await;
    store.close().await;
}

#[tokio::test]
async fn a_backup_under_way_comes_back_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(folder.path()).await;
    let claimed = store.job_claim(&org(), at(1), at(60_000_000), "worker", 1).await.unwrap();
    let (bytes, counts) = back_up(folder.path(), "weft.db").await;

    let refused = SqliteRestore::open(config(folder.path(), "weft.db"), Existing::Keep).await.unwrap_err();
    assert!(std::error::Error::source(&refused).unwrap().to_string().contains("--replace"), "{refused:?}");
    let mut target = SqliteRestore::open(config(folder.path(), "back.db"), Existing::Keep).await.unwrap();
    let mut reader = Reader::open(bytes.as_slice()).unwrap();
    assert_eq!(backup::fill(&mut reader, &mut target, |_| {}).await.unwrap(), counts);
    target.complete().await.unwrap();
    assert!(!folder.path().join("back.db").exists(), "nothing is there before it is kept");
    Box::new(target).keep().await.unwrap();
    assert!(!folder.path().join("back.db.restoring").exists());

    let (_, again) = back_up(folder.path(), "back.db").await;
    for (before, after) in counts.iter().zip(&again) {
        // A claim does not come along.
        assert!(before == after || before.name == "job" && before.rows == after.rows, "{before:?} {after:?}");
    }
    let back = SqliteStore::open(config(folder.path(), "back.db")).await.unwrap();
    let jobs = back.job_claim(&org(), at(1), at(60_000_000), "another", 10).await.unwrap();
    assert_eq!(jobs.len(), 2, "what was claimed can be claimed at once");
    let fence = |jobs: &[store::ClaimedJob], id: &str| jobs.iter().find(|one| one.job.id.0 == id).unwrap().fence;
    let id = &claimed[0].job.id.0;
    assert!(fence(&jobs, id) > claimed[0].fence, "and who had it before is fenced");
    assert_eq!(back.ticket_count(&org(), &Filter::True).await.unwrap(), 700);
    back.close().await;
    store.close().await;
}

#[tokio::test]
async fn what_is_dropped_before_it_is_kept_was_never_there() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path()).await.close().await;
    let (bytes, _) = back_up(folder.path(), "weft.db").await;
    let cut = &bytes[..bytes.len() / 2];

    let mut target = SqliteRestore::open(config(folder.path(), "weft.db"), Existing::Replace).await.unwrap();
    let failed = backup::fill(&mut Reader::open(cut).unwrap(), &mut target, |_| {}).await.unwrap_err();
    assert!(failed.to_string().contains("damaged"), "{failed}");
    drop(target);

    assert!(!folder.path().join("weft.db.restoring").exists());
    let store = SqliteStore::open(config(folder.path(), "weft.db")).await.unwrap();
    assert_eq!(store.ticket_count(&org(), &Filter::True).await.unwrap(), 700);
    store.close().await;
}

#[tokio::test]
async fn old_closed_tickets_are_archived_a_page_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(config(folder.path(), "weft.db")).await.unwrap();
    for number in 0..5 {
        let mut closed = ticket(&format!("t{number}"));
        (closed.category, closed.closed_at) = (StateCategory::Closed, Some(at(number)));
        put_ticket(&store, closed).await;
    }
    put_ticket(&store, ticket("open")).await;
    let (org, what) = (org(), Expired::ClosedTickets);

    assert_eq!(store.expired_count(&org, what, at(3), &Filter::False).await.unwrap(), 3);
    let held = Filter::In(Field::Id, vec!["t1".to_owned()]);
    assert_eq!(store.expired_count(&org, what, at(3), &held).await.unwrap(), 2);
    assert_eq!(store.expired_forget(&org, what, at(3), at(9), 2, &Filter::False).await.unwrap(), 2);
    assert_eq!(store.expired_forget(&org, what, at(3), at(9), 2, &Filter::False).await.unwrap(), 1);
    assert_eq!(store.expired_forget(&org, what, at(3), at(9), 2, &Filter::False).await.unwrap(), 0);

    let count = async |filter: Filter| store.ticket_count(&org, &filter).await.unwrap();
    assert_eq!(count(Filter::True).await, 3);
    assert_eq!(count(Filter::eq(Field::Category, "closed")).await, 2);
    assert_eq!(count(Filter::eq(Field::Number, "INC-t0")).await, 1);
    assert!(store.ticket_load(&org, "t0").await.unwrap().is_some());
    let mut changed = ticket("t0");
    (changed.version, changed.category, changed.closed_at) = (2, StateCategory::Closed, Some(at(0)));
    put_ticket(&store, changed).await;
    assert_eq!(count(Filter::True).await, 4, "a change brings it back");
    store.close().await;
}

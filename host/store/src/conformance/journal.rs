//! The journal: complete, in order, and telling when somebody changed it.

use super::Harness;
use super::data::{changes, commit, event, org};
use crate::{Changeset, Store, StoreError};
use futures_util::future::{join, join_all};
use std::time::Duration;

type Made = Box<dyn Harness>;

/// Twelve events on three subjects.
async fn fill(store: &dyn Store) {
    for number in 0..12 {
        let subject = ["t1", "t2", "t3"][number % 3];
        let draft = event(subject, &format!("ticket.changed-{number}"));
        commit(store, Changeset { events: vec![draft], ..changes() }).await;
    }
    assert_eq!(store.verify_journal(&org()).await.unwrap(), 12);
}

async fn is_broken(store: &dyn Store) -> bool {
    matches!(store.verify_journal(&org()).await, Err(StoreError::Corrupt { .. }))
}

pub async fn chains_every_subject(made: Made) {
    let store = made.store();
    let commits = (0..60).map(|number| {
        let events = vec![event(&format!("t{}", number % 7), "a.b"), event("shared", "c.d"), event("shared", "e.f")];
        store.commit(Changeset { events, ..changes() })
    });
    for result in join_all(commits).await {
        let events = result.unwrap().events;
        assert_eq!((events[1].seq, events[2].seq), (events[0].seq + 1, events[0].seq + 2));
        assert_eq!(events[2].subject_seq, events[1].subject_seq + 1);
    }

    assert_eq!(store.verify_journal(&org()).await.unwrap(), 180);
    let shared = store.event_history(&org(), "ticket", "shared", 0, 1000).await.unwrap();
    assert!(shared.iter().map(|one| one.subject_seq).eq(1..=120));
    assert_eq!(shared[0].data, event("x", "y").data);
}

pub async fn gives_history_and_positions(made: Made) {
    let store = made.store();
    assert_eq!(store.event_head(&org()).await.unwrap(), 0);
    fill(&*store).await;

    assert_eq!(store.event_head(&org()).await.unwrap(), 12);
    let page = store.event_list(&org(), 3, 4).await.unwrap();
    assert!(page.iter().map(|one| one.seq).eq(4..=7));
    assert_eq!(store.event_get(&org(), 5).await.unwrap().as_ref(), page.get(1));
    assert_eq!(store.event_get(&org(), 13).await.unwrap(), None);
    let history = store.event_history(&org(), "ticket", "t2", 1, 2).await.unwrap();
    assert!(
        history
            .iter()
            .map(|one| (one.subject_seq, one.kind.as_str()))
            .eq([(2, "ticket.changed-4"), (3, "ticket.changed-7")])
    );
    assert!(store.event_history(&org(), "record", "t2", 0, 9).await.unwrap().is_empty());
}

pub async fn tells_who_waits(made: Made) {
    let store = made.store();
    let long = Duration::from_secs(30);
    let wait = async |after| store.event_wait(&org(), after, 10, long).await.unwrap();
    assert!(store.event_wait(&org(), 0, 10, Duration::ZERO).await.unwrap().is_empty());

    // Whoever waits is told of what comes, and of what is there already.
    let write = async |kind: &str| commit(&*store, Changeset { events: vec![event("t1", kind)], ..changes() }).await;
    let (heard, _) = join(wait(0), write("first")).await;
    assert_eq!(heard.iter().map(|one| (one.seq, one.kind.as_str())).collect::<Vec<_>>(), [(1, "first")]);
    write("second").await;
    write("third").await;
    assert!(wait(1).await.iter().map(|one| one.seq).eq([2, 3]));
    assert!(store.event_wait(&org(), 3, 10, Duration::from_millis(50)).await.unwrap().is_empty());

    // Nobody waits for a store that is closed.
    let org = org();
    let (closed, ()) = join(store.event_wait(&org, 3, 10, long), store.close()).await;
    assert!(matches!(closed, Err(StoreError::Closed)), "{closed:?}");
}

pub async fn detects_an_edit(made: Made) {
    let store = made.store();
    fill(&*store).await;
    made.tamper("UPDATE event SET actor = 'ben' WHERE seq = 5").await;
    assert!(is_broken(&*store).await);
    made.tamper("UPDATE event SET actor = 'ana' WHERE seq = 5").await;
    assert!(!is_broken(&*store).await);
    made.tamper("UPDATE event SET at = at + 1 WHERE seq = 12").await;
    assert!(is_broken(&*store).await);
}

pub async fn detects_a_deletion(made: Made) {
    let store = made.store();
    fill(&*store).await;
    made.tamper("DELETE FROM event WHERE seq = 4").await;
    assert!(is_broken(&*store).await);
    // Closing the gap in the journal leaves the one in the chain.
    made.tamper("UPDATE event SET seq = seq - 1 WHERE seq > 4").await;
    made.tamper("UPDATE journal_head SET seq = seq - 1").await;
    assert!(is_broken(&*store).await);
}

pub async fn detects_a_missing_tail(made: Made) {
    let store = made.store();
    fill(&*store).await;
    made.tamper("DELETE FROM event WHERE seq > 10").await;
    assert!(is_broken(&*store).await);
}

pub async fn detects_a_swap(made: Made) {
    let store = made.store();
    fill(&*store).await;
    made.tamper("UPDATE event SET subject_seq = 100 WHERE subject = 't1' AND subject_seq = 2").await;
    made.tamper("UPDATE event SET subject_seq = 2 WHERE subject = 't1' AND subject_seq = 3").await;
    made.tamper("UPDATE event SET subject_seq = 3 WHERE subject = 't1' AND subject_seq = 100").await;
    assert!(is_broken(&*store).await);
}

//! Jobs: one at a time for each key, in order, completed only by who holds the claim.

use super::Harness;
use super::data::{at, changes, commit, delivery, event, job, org};
use crate::{Changeset, ClaimedJob, CommitError, JobDone, NewJob, Release, Store, Write};

use domain::job::{JobState, Work};
use futures_util::future::join_all;
use std::collections::BTreeMap;

type Made = Box<dyn Harness>;

async fn put(store: &dyn Store, jobs: Vec<NewJob>) {
    commit(store, Changeset { jobs, ..changes() }).await;
}

/// Claim at a time, for 100 microseconds.
async fn claim(store: &dyn Store, now: i64) -> Vec<ClaimedJob> {
    store.job_claim(&org(), at(now), at(now + 100), "worker", 50).await.unwrap()
}

fn ids(claimed: &[ClaimedJob]) -> Vec<&str> {
    claimed.iter().map(|one| one.job.id.as_str()).collect()
}

fn done(claimed: &ClaimedJob) -> Option<JobDone> {
    Some(JobDone { id: claimed.job.id.clone(), fence: claimed.fence })
}

async fn complete(store: &dyn Store, claimed: &ClaimedJob) -> Result<crate::Committed, CommitError> {
    store.commit(Changeset { job_done: done(claimed), ..changes() }).await
}

fn unique(id: &str, key: &str, due: i64) -> NewJob {
    NewJob { unique_key: Some(key.to_owned()), ..job(id, id, due) }
}

pub async fn run_in_order_of_their_key(made: Made) {
    let store = made.store();
    // Ids say nothing about order: those of one decision come in the order in which it named them.
    put(
        &*store,
        vec![job("z", "a", 5), job("m", "a", 5), job("b", "a", 5), job("k", "other", 3), job("late", "late", 900)],
    )
    .await;
    assert!(claim(&*store, 2).await.is_empty());

    let mut order = Vec::new();
    for _ in 0..3 {
        let claimed = claim(&*store, 10).await;
        let keys: std::collections::BTreeSet<_> = claimed.iter().map(|one| one.job.order_key.clone()).collect();
        assert_eq!(keys.len(), claimed.len(), "one at a time for each key");
        assert!(claim(&*store, 10).await.is_empty());
        for one in &claimed {
            order.push(one.job.id.0.clone());
            complete(&*store, one).await.unwrap();
        }
    }
    assert_eq!(order, ["k", "z", "m", "b"]);
    assert_eq!(store.job_counts(&org()).await.unwrap().ready, 1);
}

pub async fn deliver_events_as_written(made: Made) {
    let store = made.store();
    let write = async |id: &str, due: i64| {
        let (events, jobs) = (vec![event("t1", "ticket.changed")], vec![delivery(id, "desk/t1", due, 0)]);
        commit(&*store, Changeset { events, jobs, ..changes() }).await;
    };
    // The clock of whoever wrote the first was ahead of the clock of whoever wrote the second.
    write("first", 90).await;
    write("second", 5).await;

    assert!(claim(&*store, 10).await.is_empty());
    let claimed = claim(&*store, 90).await;

    assert_eq!(ids(&claimed), ["first"]);
    complete(&*store, &claimed[0]).await.unwrap();
    assert_eq!(ids(&claim(&*store, 91).await), ["second"]);
}

pub async fn are_not_overtaken_by_a_retry(made: Made) {
    let store = made.store();
    put(&*store, vec![job("first", "a", 0), job("second", "a", 0)]).await;
    let claimed = claim(&*store, 1).await;
    let release = Release::Retry { due_at: at(50), error: "timeout".to_owned() };
    store.job_release(&org(), &claimed[0].job.id, claimed[0].fence, release).await.unwrap();

    assert!(claim(&*store, 10).await.is_empty(), "the second waits for the first's next attempt");
    let again = claim(&*store, 50).await;
    assert_eq!(ids(&again), ["first"]);
    assert_eq!((again[0].job.attempts, again[0].job.last_error.as_deref()), (1, Some("timeout")));
    assert!(again[0].fence > claimed[0].fence);
}

pub async fn complete_only_with_the_current_fence(made: Made) {
    let store = made.store();
    put(&*store, vec![job("j", "a", 0)]).await;
    let unclaimed = JobDone { id: "j".into(), fence: 0 };
    let result = store.commit(Changeset { job_done: Some(unclaimed), ..changes() }).await;
    assert!(matches!(result, Err(CommitError::Fenced(_))));

    let old = claim(&*store, 1).await.remove(0);
    let new = claim(&*store, 500).await.remove(0);
    let write = Changeset { job_done: done(&old), jobs: vec![job("other", "b", 0)], ..changes() };
    assert!(matches!(store.commit(write).await, Err(CommitError::Fenced(id)) if id == "j"));
    store.job_release(&org(), &old.job.id, old.fence, Release::Bury { error: "late".to_owned() }).await.unwrap();
    assert_eq!(store.job_counts(&org()).await.unwrap(), crate::JobCounts { ready: 1, held: 0, dead: 0 });

    let results = join_all((0..8).map(|_| complete(&*store, &new))).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert_eq!(store.job_counts(&org()).await.unwrap().ready, 0);

    // A release ends a claim: it cannot complete anything afterwards.
    put(&*store, vec![job("k", "a", 0)]).await;
    let held = claim(&*store, 1).await.remove(0);
    store
        .job_release(&org(), &held.job.id, held.fence, Release::Retry { due_at: at(9), error: String::new() })
        .await
        .unwrap();
    assert!(matches!(complete(&*store, &held).await, Err(CommitError::Fenced(_))));
}

pub async fn come_back_when_a_lease_ends(mut made: Made) {
    put(&*made.store(), vec![job("j", "a", 0), job("k", "a", 0)]).await;
    let first = claim(&*made.store(), 1).await;
    made.reopen().await;
    let store = made.store();
    assert!(claim(&*store, 100).await.is_empty());
    let second = claim(&*store, 101).await;
    assert_eq!(ids(&second), ["j"]);
    assert_eq!((second[0].job.attempts, second[0].fence), (1, first[0].fence + 1));
}

pub async fn are_held_by_heartbeats(made: Made) {
    let store = made.store();
    put(&*store, vec![job("j", "a", 0), job("k", "b", 0), job("l", "c", 0), job("free", "d", 900)]).await;
    let claimed = claim(&*store, 1).await;
    let mine: Vec<JobDone> = claimed.iter().filter_map(done).collect();
    let beat = async |claims: &[JobDone], until| store.job_heartbeat(&org(), claims, at(until)).await.unwrap();
    assert_eq!(beat(&mine, 300).await, ["j".into(), "k".into(), "l".into()]);
    assert!(claim(&*store, 299).await.is_empty(), "the leases hold until 300");

    // One ends, one is taken over, one is given back: whoever had them is told.
    complete(&*store, &claimed[0]).await.unwrap();
    let release = Release::Retry { due_at: at(500), error: String::new() };
    store.job_release(&org(), &claimed[2].job.id, claimed[2].fence, release).await.unwrap();
    assert_eq!(ids(&claim(&*store, 300).await), ["k"]);
    assert!(beat(&mine, 999).await.is_empty());
    assert_eq!(ids(&claim(&*store, 400).await), ["k"], "an old fence holds nothing");
    let nobody = JobDone { id: "free".into(), fence: 0 };
    assert!(beat(&[nobody], 999).await.is_empty());
    assert!(beat(&[], 999).await.is_empty());
}

pub async fn are_given_back_as_they_were(made: Made) {
    let store = made.store();
    put(&*store, vec![job("j", "a", 0), job("k", "a", 0)]).await;
    let release = async |one: &ClaimedJob, release| {
        store.job_release(&org(), &one.job.id, one.fence, release).await.unwrap();
    };
    let first = claim(&*store, 1).await.remove(0);
    release(&first, Release::Retry { due_at: at(2), error: "timeout".to_owned() }).await;
    let second = claim(&*store, 2).await.remove(0);
    release(&second, Release::GiveBack).await;

    let third = claim(&*store, 2).await;

    assert_eq!(ids(&third), ["j"], "at once, and in its place");
    assert_eq!((third[0].job.attempts, third[0].job.last_error.as_deref()), (1, Some("timeout")));
    release(&third[0], Release::Later { due_at: at(3), error: "busy".to_owned() }).await;
    assert!(claim(&*store, 2).await.is_empty(), "not before its time");
    let third = claim(&*store, 3).await;
    assert_eq!((third[0].job.attempts, third[0].job.last_error.as_deref()), (1, Some("busy")), "and it does not count");
    assert!(matches!(complete(&*store, &second).await, Err(CommitError::Fenced(_))));
    release(&second, Release::GiveBack).await;
    assert!(claim(&*store, 3).await.is_empty(), "an old fence gives nothing back");
}

pub async fn hold_back_what_comes_after(made: Made) {
    let store = made.store();
    put(&*store, vec![job("j", "a", 0), job("k", "a", 0), job("free", "b", 0)]).await;
    let claimed = claim(&*store, 1).await;
    assert_eq!(ids(&claimed), ["j", "free"]);
    store
        .job_release(&org(), &"j".into(), claimed[0].fence, Release::Hold { error: "quarantine".to_owned() })
        .await
        .unwrap();

    assert!(claim(&*store, 20).await.is_empty());
    assert_eq!(store.job_list(&org(), JobState::Held, 10).await.unwrap()[0].id.as_str(), "j");
    assert_eq!(store.job_unhold(&org(), &"other".into()).await.unwrap(), 0);
    assert_eq!(store.job_unhold(&org(), &"incident".into()).await.unwrap(), 1);
    let again = claim(&*store, 30).await;
    assert_eq!((ids(&again), again[0].job.attempts), (vec!["j"], 0));

    // One of no plugin's may wait for any.
    let clock = Work::ClockDue { ticket: "t1".into(), clock: "c".to_owned(), due_at: at(40) };
    put(&*store, vec![NewJob { work: clock, ..job("nobodys", "c", 40) }]).await;
    let nobodys = claim(&*store, 40).await.remove(0);
    let hold = Release::Hold { error: "quarantine".to_owned() };
    store.job_release(&org(), &"nobodys".into(), nobodys.fence, hold).await.unwrap();
    assert_eq!(store.job_unhold(&org(), &"other".into()).await.unwrap(), 1);
    assert_eq!(ids(&claim(&*store, 50).await), ["nobodys"]);
}

pub async fn die_and_are_retried(made: Made) {
    let store = made.store();
    put(&*store, vec![job("j", "a", 0), job("k", "a", 0)]).await;
    let claimed = claim(&*store, 1).await;
    store.job_release(&org(), &"j".into(), claimed[0].fence, Release::Bury { error: "no".to_owned() }).await.unwrap();

    let dead = store.job_list(&org(), JobState::Dead, 10).await.unwrap();
    assert_eq!((dead[0].id.as_str(), dead[0].state, dead[0].last_error.as_deref()), ("j", JobState::Dead, Some("no")));
    // The dead hold nobody back.
    let next = claim(&*store, 2).await;
    assert_eq!(ids(&next), ["k"]);
    assert!(!store.job_retry(&org(), &"k".into(), at(3)).await.unwrap());
    assert!(store.job_retry(&org(), &"j".into(), at(3)).await.unwrap());
    assert!(claim(&*store, 3).await.is_empty(), "one at a time for each key, also for those that come back");
    complete(&*store, &next[0]).await.unwrap();
    assert_eq!(ids(&claim(&*store, 3).await), ["j"]);
}

pub async fn replace_and_cancel_by_unique_key(made: Made) {
    let store = made.store();
    put(&*store, vec![unique("old", "clock", 0), unique("other", "x", 0)]).await;
    let claimed = claim(&*store, 1).await;
    put(&*store, vec![unique("new", "clock", 1)]).await;
    assert!(matches!(complete(&*store, &claimed[0]).await, Err(CommitError::Fenced(_))));
    assert_eq!(ids(&claim(&*store, 2).await), ["new"]);

    // The same id again is another job: the claim on the first one does not hold for it.
    put(&*store, vec![unique("other", "x", 0)]).await;
    let again = claim(&*store, 3).await;
    assert_eq!(ids(&again), ["other"]);
    assert!(matches!(complete(&*store, &claimed[1]).await, Err(CommitError::Fenced(_))));

    let cancel = Write::CancelJob { unique_key: "x".to_owned() };
    commit(&*store, Changeset { writes: vec![cancel], ..changes() }).await;
    assert!(matches!(complete(&*store, &again[0]).await, Err(CommitError::Fenced(_))));

    // Many at once: one is left.
    let puts = (0..20)
        .map(|number| store.commit(Changeset { jobs: vec![unique(&format!("n{number}"), "many", 0)], ..changes() }));
    for result in join_all(puts).await {
        result.unwrap();
    }
    assert_eq!(store.job_counts(&org()).await.unwrap().ready, 2);
    // A job that plans itself again.
    let me = claim(&*store, 4).await.into_iter().find(|one| one.job.id.as_str().starts_with('n')).unwrap();
    let next = Changeset { job_done: done(&me), jobs: vec![unique("next", "many", 7)], ..changes() };
    commit(&*store, next).await;
    assert_eq!(ids(&claim(&*store, 7).await), ["next"]);
}

/// A stored job without a key gets one, and gives it up to another, all in one changeset: neither form of it is left.
pub async fn give_up_a_key_within_a_changeset(made: Made) {
    let store = made.store();
    put(&*store, vec![job("first", "first", 0)]).await;
    put(&*store, vec![unique("first", "key", 0), unique("second", "key", 0)]).await;
    assert_eq!(ids(&claim(&*store, 1).await), ["second"]);
}

pub async fn are_claimed_once_by_eight_workers(made: Made) {
    let store = made.store();
    let jobs = (0..200).map(|number| job(&format!("j{number}"), &format!("k{}", number % 13), number)).collect();
    put(&*store, jobs).await;

    let worker = |name: usize| {
        let store = made.store();
        async move {
            let mut ran = Vec::new();
            for _ in 0..400 {
                let claimed = store.job_claim(&org(), at(900), at(90_000), &format!("w{name}"), 3).await.unwrap();
                for one in &claimed {
                    complete(&*store, one).await.unwrap();
                    ran.push((one.job.order_key.clone(), one.job.due_at, one.job.id.0.clone()));
                }
                if store.job_counts(&org()).await.unwrap().ready == 0 {
                    break;
                }
            }
            ran
        }
    };
    let ran: Vec<_> = join_all((0..8).map(worker)).await.into_iter().flatten().collect();

    let mut runs: BTreeMap<&str, u32> = BTreeMap::new();
    for (_, _, id) in &ran {
        *runs.entry(id).or_default() += 1;
    }
    assert_eq!(runs.len(), 200);
    assert!(runs.values().all(|runs| *runs == 1));
}

pub async fn say_when_the_next_is_due(made: Made) {
    let store = made.store();
    assert_eq!(store.job_next_due(&org()).await.unwrap(), None);
    let timer = Work::ClockDue { ticket: "t1".into(), clock: "c".to_owned(), due_at: at(70) };
    put(&*store, vec![NewJob { work: timer.clone(), ..job("b", "b", 70) }, job("a", "a", 30)]).await;
    assert_eq!(store.job_next_due(&org()).await.unwrap(), Some(at(30)));

    let claimed = claim(&*store, 30).await;
    assert_eq!(store.job_next_due(&org()).await.unwrap(), Some(at(70)));
    store.job_release(&org(), &"a".into(), claimed[0].fence, Release::Hold { error: String::new() }).await.unwrap();
    put(&*store, vec![job("behind", "a", 30)]).await;
    assert_eq!(store.job_next_due(&org()).await.unwrap(), Some(at(70)));
    let claimed = claim(&*store, 80).await;
    assert_eq!(claimed[0].job.work, timer);
    assert_eq!(store.job_next_due(&org()).await.unwrap(), Some(at(180)), "the end of the lease");
}

pub async fn survive_an_unreadable_neighbour(made: Made) {
    let store = made.store();
    put(&*store, vec![job("bad", "a", 0), job("good", "b", 0)]).await;
    made.tamper("UPDATE job SET work = '{\"type\":\"unheard-of\"}' WHERE id = 'bad'").await;

    assert_eq!(ids(&claim(&*store, 1).await), ["good"]);
    assert_eq!(store.job_counts(&org()).await.unwrap(), crate::JobCounts { ready: 1, held: 0, dead: 1 });
    assert!(store.job_list(&org(), JobState::Dead, 9).await.unwrap().is_empty());
}

pub async fn carry_the_place_of_their_event(made: Made) {
    let store = made.store();
    let changeset = || Changeset {
        events: vec![event("t1", "first"), event("t1", "second")],
        jobs: vec![delivery("a", "a", 1, 1)],
        ..changes()
    };
    let committed = commit(&*store, changeset()).await;

    let claimed = claim(&*store, 10).await;

    let Work::React { seq, .. } = claimed[0].job.work else { panic!("the job reacts to an event") };
    assert_eq!(seq, committed.events[1].seq);
}

//! Tables that are written anew while they are used: nothing is lost, nothing happens twice, and a snapshot that somebody holds does not fill
//! them with dead rows.
#![expect(clippy::unwrap_used, reason = "a panic is a failed case")]

use futures_util::future::join_all;
use sqlx::{Connection, PgConnection, Row};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use store::conformance::data::{at, changes, commit, event, job, org};
use store::snapshot::Snapshot;
use store::{Changeset, ClaimedJob, CommitError, Commits, JobDone, Jobs, Journal, Store};
use weft_store_postgres::{PostgresConfig, PostgresSnapshot, PostgresStore, testing};

async fn open(url: &str) -> PostgresStore {
    PostgresStore::open(PostgresConfig { deadline_ms: 30_000, ..PostgresConfig::new(url) }).await.unwrap()
}

fn done(claimed: &ClaimedJob) -> Option<JobDone> {
    Some(JobDone { id: claimed.job.id.clone(), fence: claimed.fence })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn claims_fences_and_places_stay_as_they_are() {
    let url = testing::ready_database().await;
    let store = open(&url).await;
    let jobs = vec![job("claimed", "a", 0), job("behind", "a", 0), job("later", "b", 900)];
    commit(&store, Changeset { jobs, events: vec![event("t1", "first")], ..changes() }).await;
    let claimed = store.job_claim(&org(), at(1), at(100), "worker", 9).await.unwrap();

    assert!(testing::renew(&url).await, "nobody is in the way");

    assert!(store.job_claim(&org(), at(1), at(100), "worker", 9).await.unwrap().is_empty(), "the claim holds");
    let mine: Vec<JobDone> = claimed.iter().filter_map(done).collect();
    assert_eq!(store.job_heartbeat(&org(), &mine, at(500)).await.unwrap(), ["claimed".into()]);
    let set = Changeset { job_done: done(&claimed[0]), events: vec![event("t1", "second")], ..changes() };
    commit(&store, set.clone()).await;
    assert!(matches!(store.commit(set).await, Err(CommitError::Fenced(_))));
    let next = store.job_claim(&org(), at(1_000), at(2_000), "worker", 9).await.unwrap();
    let ids: Vec<&str> = next.iter().map(|one| one.job.id.as_str()).collect();
    assert_eq!(ids, ["behind", "later"]);
    assert_eq!(store.event_head(&org()).await.unwrap(), 2);
    assert_eq!(store.verify_journal(&org()).await.unwrap(), 2);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_work_on_meanwhile_and_each_job_ends_once() {
    const JOBS: usize = 400;
    let url = testing::ready_database().await;
    let nodes = [Arc::new(open(&url).await), Arc::new(open(&url).await)];
    let (ended, renewals) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let is_over = AtomicBool::new(false);

    let puts = async {
        for number in 0..JOBS {
            let jobs = vec![job(&format!("j{number}"), &format!("k{}", number % 17), 0)];
            let events = vec![event("put", "x")];
            commit(&*nodes[number % 2], Changeset { jobs, events, ..changes() }).await;
        }
    };
    let work = async |node: usize| {
        let mut ran = Vec::new();
        while ended.load(Ordering::SeqCst) < JOBS {
            let owner = format!("w{node}");
            for one in nodes[node % 2].job_claim(&org(), at(900), at(90_000), &owner, 4).await.unwrap() {
                let set = Changeset { job_done: done(&one), events: vec![event(&owner, "x")], ..changes() };
                nodes[node % 2].commit(set).await.unwrap();
                ended.fetch_add(1, Ordering::SeqCst);
                ran.push(one.job.id.0);
            }
        }
        is_over.store(true, Ordering::SeqCst);
        ran
    };
    let renew = async {
        while !is_over.load(Ordering::SeqCst) {
            renewals.fetch_add(usize::from(testing::renew(&url).await), Ordering::SeqCst);
        }
    };
    let (ran, (), ()) = tokio::join!(join_all((0..4).map(work)), puts, renew);

    let mut runs: BTreeMap<String, u32> = BTreeMap::new();
    for id in ran.into_iter().flatten() {
        *runs.entry(id).or_default() += 1;
    }
    assert_eq!(runs.len(), JOBS);
    assert!(runs.values().all(|runs| *runs == 1), "{runs:?}");
    assert!(renewals.load(Ordering::SeqCst) > 5, "the tables were written anew {renewals:?} times");
    assert_eq!(nodes[0].verify_journal(&org()).await.unwrap(), 2 * JOBS as u64);
    for node in nodes {
        node.close().await;
    }
}

/// Somebody who is not Weft.
async fn stranger(url: &str) -> PgConnection {
    PgConnection::connect(url).await.unwrap()
}

async fn hold_a_snapshot(stranger: &mut PgConnection) {
    // A transaction that runs one statement after another, as a dump does, is told from a statement by the time of the second.
    for sql in ["BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT count(*) FROM person", "SELECT 1"] {
        sqlx::raw_sql(sql).execute(&mut *stranger).await.unwrap();
    }
}

async fn ask(stranger: &mut PgConnection, sql: &'static str) -> i64 {
    // In one message: a statement that is prepared first looks like a transaction of several, which is waited for.
    sqlx::raw_sql(sql).fetch_one(stranger).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_begins_to_dump_the_database_is_not_shown_an_empty_queue() {
    let url = testing::ready_database().await;
    let store = open(&url).await;
    commit(&store, Changeset { jobs: vec![job("j", "a", 0)], events: vec![event("t1", "x")], ..changes() }).await;
    let mut dump = stranger(&url).await;
    hold_a_snapshot(&mut dump).await;

    assert!(!testing::renew(&url).await, "the moment of the dump has just begun");

    assert_eq!(ask(&mut dump, "SELECT count(*) FROM job").await, 1);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_moment_that_weft_looks_at_is_whole() {
    let url = testing::ready_database().await;
    let store = open(&url).await;
    commit(&store, Changeset { jobs: vec![job("j", "a", 0)], events: vec![event("t1", "x")], ..changes() }).await;
    let is_over = AtomicBool::new(false);

    let look = async {
        for _ in 0..20 {
            let mut moment = PostgresSnapshot::open(&PostgresConfig::new(&*url)).await.unwrap();
            for table in moment.tables().await.unwrap() {
                if ["job", "journal_head"].contains(&table.name.as_str()) {
                    let rows = moment.page(&table, &["org_id"], &["org_id"], None, 9).await.unwrap();
                    assert_eq!(rows.len(), 1, "{}", table.name);
                }
            }
            Box::new(moment).end().await;
        }
        is_over.store(true, Ordering::SeqCst);
    };
    let renew = async {
        while !is_over.load(Ordering::SeqCst) {
            testing::renew(&url).await;
        }
    };
    tokio::join!(look, renew);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_held_snapshot_does_not_keep_the_dead() {
    const JOBS: usize = 4_000;
    let url = testing::ready_database().await;
    let store = open(&url).await;
    let (mut holder, mut watcher) = (stranger(&url).await, stranger(&url).await);
    hold_a_snapshot(&mut holder).await;

    let jobs = (0..JOBS).map(|number| job(&format!("j{number}"), &format!("k{number}"), 0)).collect();
    commit(&store, Changeset { jobs, ..changes() }).await;
    let mut left = JOBS;
    while left > 0 {
        let claimed = store.job_claim(&org(), at(900), at(90_000), "w", 200).await.unwrap();
        left -= claimed.len();
        let commits = claimed.iter().map(|one| store.commit(Changeset { job_done: done(one), ..changes() }));
        for result in join_all(commits).await {
            result.unwrap();
        }
    }

    // Without being written anew the table would have two dead rows for each job, as long as the snapshot is held.
    let few = i64::try_from(JOBS).unwrap();
    let dead = "SELECT s.n_dead_tup FROM pg_stat_user_tables s, pg_sleep(0.2) WHERE s.relname = 'job'";
    let is_new = "SELECT count(*) FROM pg_class WHERE relname = 'job' AND relfilenode <> oid";
    let mut seen = Vec::new();
    while seen.len() < 100 {
        seen.push((ask(&mut watcher, is_new).await, ask(&mut watcher, dead).await));
        if seen.last().is_some_and(|(is_new, dead)| *is_new == 1 && *dead < few) {
            break;
        }
    }
    assert!(seen.len() < 100, "written anew, and dead rows, while the snapshot was held: {seen:?}");
    assert_eq!(ask(&mut holder, "SELECT count(*) FROM person").await, 0, "it is still held");
    store.close().await;
}

//! Several nodes on one database: what holds on one must hold between them.
#![expect(clippy::unwrap_used, reason = "a panic is a failed case")]

use domain::change::IdempotencyKey;
use domain::filter::Filter;
use futures_util::future::join_all;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::conformance::data::{at, changes, event, job, org, person, ticket};
use store::{
    Changeset, CommitError, Commits, Expect, JobDone, Jobs, Journal, NewJob, Noun, QueryRead, QueryScope, Release,
    Store, Tickets, Write,
};
use weft_store_postgres::{Hints, PostgresConfig, PostgresStore, testing};

const NODES: usize = 3;

async fn nodes_with(change: impl Fn(&mut PostgresConfig)) -> Vec<Arc<PostgresStore>> {
    let url = testing::ready_database().await;
    let mut config = PostgresConfig { deadline_ms: 60_000, connections: 4, ..PostgresConfig::new(url) };
    change(&mut config);
    let open = (0..NODES).map(|_| PostgresStore::open(config.clone()));
    join_all(open).await.into_iter().map(|store| Arc::new(store.unwrap())).collect()
}

async fn nodes() -> Vec<Arc<PostgresStore>> {
    nodes_with(|_| {}).await
}

/// The same commits from every node at once.
async fn race<F: Future<Output = Result<store::Committed, CommitError>>>(
    nodes: &[Arc<PostgresStore>],
    each: usize,
    commit: impl Fn(Arc<PostgresStore>, usize, usize) -> F,
) -> Vec<Result<store::Committed, CommitError>> {
    let pairs = (0..nodes.len() * each).map(|place| (place % nodes.len(), place / nodes.len()));
    join_all(pairs.map(|(node, number)| commit(Arc::clone(&nodes[node]), node, number))).await
}

fn won(results: &[Result<store::Committed, CommitError>]) -> usize {
    results.iter().filter(|result| result.is_ok()).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keep_one_gapless_journal_with_right_chains() {
    let nodes = nodes().await;
    for _ in 0..4 {
        let results = race(&nodes, 20, async |store, node, number| {
            let own = format!("node-{node}");
            let events = vec![event("shared", "a.b"), event(&own, "c.d"), event(&format!("t{}", number % 3), "e.f")];
            store.commit(Changeset { events, ..changes() }).await
        })
        .await;
        for result in results {
            let events = result.unwrap().events;
            assert_eq!((events[1].seq, events[2].seq), (events[0].seq + 1, events[0].seq + 2));
        }
    }

    let total = 4 * 20 * NODES as u64 * 3;
    for node in &nodes {
        assert_eq!(node.verify_journal(&org()).await.unwrap(), total);
    }
    let shared = nodes[1].event_history(&org(), "ticket", "shared", 0, 1000).await.unwrap();
    assert!(shared.iter().map(|one| one.subject_seq).eq(1..=i64::try_from(total / 3).unwrap()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn let_one_of_many_write_skews_win() {
    let nodes = nodes().await;
    for round in 0..8 {
        let scope = QueryScope::TicketCount(Filter::True);
        let asked = join_all(nodes.iter().map(|node| async {
            let read = QueryRead { scope: scope.clone(), digest: String::new() };
            QueryRead { digest: node.ticket_digest(&org(), &read).await.unwrap(), ..read }
        }))
        .await;
        let results = race(&nodes, 4, async |store, node, number| {
            let one = ticket(&format!("r{round}-{node}-{number}"));
            let (reads, writes) = (vec![asked[node].clone()], vec![Write::Ticket(Box::new(one))]);
            store.commit(Changeset { reads, writes, ..changes() }).await
        })
        .await;
        assert_eq!(won(&results), 1);
        assert!(
            results
                .iter()
                .flat_map(|one| one.as_ref().err())
                .all(|error| matches!(error, CommitError::Conflict { .. }))
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn let_one_of_many_win_a_version_a_value_and_a_command() {
    let nodes = nodes().await;
    for version in 0..6 {
        let results = race(&nodes, 4, async |store, node, number| {
            let expects = vec![Expect { noun: Noun::Ticket, id: "t1".to_owned(), version }];
            let one = domain::Ticket { version: version + 1, title: format!("{node} {number}"), ..ticket("t1") };
            store.commit(Changeset { expects, writes: vec![Write::Ticket(Box::new(one))], ..changes() }).await
        })
        .await;
        assert_eq!(won(&results), 1, "version {version}");

        let results = race(&nodes, 4, async |store, node, number| {
            let one =
                domain::Person { login: format!("login-{version}"), ..person(&format!("{version}-{node}-{number}")) };
            store.commit(Changeset { writes: vec![Write::Person(Box::new(one))], ..changes() }).await
        })
        .await;
        assert_eq!(won(&results), 1);
        assert!(
            results.iter().flat_map(|one| one.as_ref().err()).all(|error| matches!(error, CommitError::Taken { .. }))
        );

        let results = race(&nodes, 4, async |store, _, _| {
            let key = IdempotencyKey { scope: "ana".into(), key: format!("k{version}"), fingerprint: "f".into() };
            let answer = Some((key, serde_json::json!(version)));
            store.commit(Changeset { events: vec![event("t1", "x")], answer, ..changes() }).await
        })
        .await;
        assert_eq!(won(&results), 1);
        assert!(
            results.iter().flat_map(|one| one.as_ref().err()).all(|error| matches!(error, CommitError::Answered(_)))
        );
    }
    assert_eq!(nodes[0].event_head(&org()).await.unwrap(), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lease_every_number_once() {
    let nodes = nodes().await;
    let leases = join_all((0..60).map(|number| {
        let store = Arc::clone(&nodes[number % NODES]);
        async move { store.number_lease(&org(), "incident", 3).await.unwrap() }
    }))
    .await;
    let given: BTreeSet<i64> = leases.iter().flat_map(|first| *first..first + 3).collect();
    assert_eq!((given.len(), given.first(), given.last()), (180, Some(&1), Some(&180)));
}

/// What a worker of any node runs: asserts that nobody else runs a job of the same key, and remembers the order.
#[derive(Default)]
struct Runs {
    running: BTreeSet<String>,
    done: BTreeMap<String, Vec<(i64, String)>>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn run_jobs_once_one_at_a_time_and_in_order_of_their_key() {
    let nodes = nodes().await;
    let put = |number: i64| {
        let jobs: Vec<NewJob> =
            (0..5).map(|key| job(&format!("j{number}-{key}"), &format!("k{key}"), number)).collect();
        Changeset { jobs, ..changes() }
    };
    for number in 0..20 {
        nodes[0].commit(put(number)).await.unwrap();
    }
    let runs = Arc::new(Mutex::new(Runs::default()));

    let worker = |place: usize| {
        let (store, runs) = (Arc::clone(&nodes[place % NODES]), Arc::clone(&runs));
        async move {
            for round in 0..1_000 {
                let now = at(1_000 + round);
                let claimed = store.job_claim(&org(), now, at(1_000_000), &format!("w{place}"), 2).await.unwrap();
                for one in claimed {
                    let key = one.job.order_key.clone();
                    assert!(runs.lock().unwrap().running.insert(key.clone()), "{key} runs twice at the same time");
                    tokio::task::yield_now().await;
                    runs.lock().unwrap().running.remove(&key);
                    if (round + one.fence) % 7 == 0 && one.job.attempts == 0 {
                        let again = Release::Retry { due_at: one.job.due_at, error: "again".to_owned() };
                        store.job_release(&org(), &one.job.id, one.fence, again).await.unwrap();
                        continue;
                    }
                    let place = (one.job.due_at.as_microsecond(), one.job.id.0.clone());
                    runs.lock().unwrap().done.entry(key).or_default().push(place);
                    let done = Some(JobDone { id: one.job.id, fence: one.fence });
                    store.commit(Changeset { job_done: done, ..changes() }).await.unwrap();
                }
                if store.job_counts(&org()).await.unwrap().ready == 0 {
                    break;
                }
            }
        }
    };
    let late = async {
        for number in 20..40 {
            nodes[1].commit(put(number)).await.unwrap();
        }
    };
    futures_util::future::join(join_all((0..NODES * 2).map(worker)), late).await;

    let runs = runs.lock().unwrap();
    for (key, done) in &runs.done {
        assert_eq!(done.len(), 40, "{key}");
        assert!(done.is_sorted_by_key(|(due_at, _)| *due_at), "{key}: {done:?}");
        assert_eq!(done.iter().collect::<BTreeSet<_>>().len(), 40, "{key}: a job was completed twice");
    }
    assert_eq!(runs.done.len(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hear_of_each_others_events() {
    // Told: nobody would look for a minute. Not told: everybody looks.
    for (hints, poll_ms) in [(Hints::Notify, 60_000), (Hints::None, 20)] {
        let nodes = nodes_with(|config| (config.hints, config.poll_ms) = (hints, poll_ms)).await;
        let long = Duration::from_secs(30);
        for round in 0..5 {
            let (heard, ()) = futures_util::future::join(nodes[1].event_wait(&org(), round, 10, long), async {
                nodes[0].commit(Changeset { events: vec![event("t1", "x")], ..changes() }).await.unwrap();
            })
            .await;
            assert_eq!(heard.unwrap().iter().map(|one| one.seq).collect::<Vec<_>>(), [round + 1], "{hints:?}");
        }
        for node in nodes {
            node.close().await;
        }
    }
}

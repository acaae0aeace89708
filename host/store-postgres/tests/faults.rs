//! A peer that is gone without a word: every caller is answered in time, and everything works again when it is back.
#![expect(clippy::unwrap_used, reason = "a panic is a failed case")]

use std::sync::Arc;
use std::time::Duration;
use store::conformance::data::{at, changes, commit, event, org, put_ticket, ticket};
use store::{CommitError, Commits, Jobs, Journal, Store, StoreError, Tickets};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UnixStream};
use tokio::sync::watch;
use tokio::time::Instant;
use weft_store_postgres::{PostgresConfig, PostgresStore, testing};

const DEADLINE: Duration = Duration::from_millis(1_000);
/// How much later than the deadline an answer may come on a busy machine.
const SLACK: Duration = Duration::from_millis(1_500);

/// Between the store and the server; when it is frozen, nothing gets through and nobody is told.
struct Proxy {
    port: u16,
    frozen: watch::Sender<bool>,
}

impl Proxy {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let frozen = watch::Sender::new(false);
        let state = frozen.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let state = state.subscribe();
                tokio::spawn(async move {
                    let server = UnixStream::connect(testing::server().socket()).await.unwrap();
                    let (mut from_client, mut to_client) = client.into_split();
                    let (mut from_server, mut to_server) = server.into_split();
                    let there = carry(&mut from_client, &mut to_server, state.clone());
                    let back = carry(&mut from_server, &mut to_client, state);
                    tokio::join!(there, back);
                });
            }
        });
        Self { port, frozen }
    }

    /// The way to a database that leads through here.
    fn url(&self, direct: &str) -> String {
        let (url, _) = direct.split_once('?').unwrap();
        url.replace("localhost:5432", &format!("127.0.0.1:{}", self.port))
    }
}

async fn carry(
    from: &mut (impl AsyncReadExt + Unpin),
    to: &mut (impl AsyncWriteExt + Unpin),
    mut frozen: watch::Receiver<bool>,
) {
    let mut buffer = [0; 16 * 1024];
    loop {
        let size = from.read(&mut buffer).await.unwrap_or(0);
        // What was on its way is lost with the connection.
        if size == 0 || frozen.wait_for(|frozen| !frozen).await.is_err() {
            return;
        }
        if to.write_all(&buffer[..size]).await.is_err() {
            return;
        }
    }
}

async fn in_time<T>(work: impl Future<Output = T>) -> T {
    let started = Instant::now();
    let result = work.await;
    assert!(started.elapsed() < DEADLINE + SLACK, "answered after {:?}", started.elapsed());
    result
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn is_noticed_and_survived() {
    let proxy = Proxy::start().await;
    let direct = testing::ready_database().await;
    let url = direct
        .split_once('?')
        .unwrap()
        .0
        .replace(":5432", &format!(":{}", proxy.port))
        .replace("localhost", "127.0.0.1");
    let deadline_ms = u64::try_from(DEADLINE.as_millis()).unwrap();
    let store =
        Arc::new(PostgresStore::open(PostgresConfig { deadline_ms, ..PostgresConfig::new(url) }).await.unwrap());
    put_ticket(&*store, ticket("t1")).await;
    store.ping().await.unwrap();

    for _ in 0..3 {
        proxy.frozen.send_replace(true);
        let deadline = |error: &StoreError| matches!(error, StoreError::Deadline(_));
        let org = org();
        let (read, written, claimed) = tokio::join!(
            in_time(store.ticket_load(&org, "t1")),
            in_time(store.commit(store::Changeset { events: vec![event("t1", "unknown")], ..changes() })),
            in_time(store.job_claim(&org, at(0), at(1), "w", 1)),
        );
        assert!(read.as_ref().is_err_and(deadline), "{read:?}");
        assert!(matches!(&written, Err(CommitError::Store(error)) if deadline(error)), "{written:?}");
        assert!(claimed.as_ref().is_err_and(deadline), "{claimed:?}");
        proxy.frozen.send_replace(false);

        // Nothing waits for the connections that were lost.
        in_time(store.ticket_load(&org, "t1")).await.unwrap().unwrap();
        in_time(commit(&*store, store::Changeset { events: vec![event("t1", "again")], ..changes() })).await;
    }
    let head = store.event_head(&org()).await.unwrap();
    assert!((3..=6).contains(&head), "{head}: a commit that was given up may or may not have happened");
    assert_eq!(store.verify_journal(&org()).await.unwrap(), u64::try_from(head).unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn may_be_another_node_that_stands_still_in_the_middle_of_a_commit() {
    let proxy = Proxy::start().await;
    let direct = testing::ready_database().await;
    let config = |url: String| PostgresConfig { deadline_ms: 2_000, ..PostgresConfig::new(url) };
    let still = Arc::new(PostgresStore::open(config(proxy.url(&direct))).await.unwrap());
    let moving =
        PostgresStore::open(PostgresConfig { deadline_ms: 10_000, ..PostgresConfig::new(direct) }).await.unwrap();
    let change = || store::Changeset { events: vec![event("t1", "x")], ..changes() };

    for _ in 0..6 {
        // One that commits without a pause is most likely somewhere between its lock and its commit.
        let busy = Arc::clone(&still);
        let busy = tokio::spawn(async move { while busy.commit(change()).await.is_ok() {} });
        let head = moving.event_head(&org()).await.unwrap();
        moving.event_wait(&org(), head + 5, 1, Duration::from_secs(10)).await.unwrap();
        proxy.frozen.send_replace(true);

        commit(&moving, change()).await;

        busy.await.unwrap();
        proxy.frozen.send_replace(false);
        in_time(still.ping()).await.unwrap();
    }
    let head = moving.event_head(&org()).await.unwrap();
    assert_eq!(moving.verify_journal(&org()).await.unwrap(), u64::try_from(head).unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn may_be_a_transaction_that_the_server_takes_back() {
    let url = testing::ready_database().await;
    let store = PostgresStore::open(PostgresConfig::new(&*url)).await.unwrap();
    let database = url.split(['/', '?']).find(|part| part.starts_with("weft_")).unwrap();
    // Every third time that rows of these tables are written, as on an engine where that is part of every day.
    let refuse = "CREATE SEQUENCE times; CREATE FUNCTION refuse() RETURNS TRIGGER LANGUAGE plpgsql AS
        'BEGIN IF nextval(''times'') % 3 = 0 THEN RAISE EXCEPTION USING ERRCODE = ''40001''; END IF; RETURN NULL; END';
        CREATE TRIGGER refuse AFTER INSERT ON event FOR EACH STATEMENT EXECUTE FUNCTION refuse();
        CREATE TRIGGER refuse AFTER INSERT OR UPDATE ON sequence FOR EACH STATEMENT EXECUTE FUNCTION refuse()";
    testing::server().psql(database, refuse);
    for number in 0..30 {
        put_ticket(&store, ticket(&format!("t{number}"))).await;
        commit(&store, store::Changeset { events: vec![event("t1", "x")], ..changes() }).await;
        assert_eq!(store.number_lease(&org(), "s", 1).await.unwrap(), number + 1);
    }
    assert_eq!(store.verify_journal(&org()).await.unwrap(), 30);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn may_be_the_server_that_ends_every_connection() {
    let url = testing::ready_database().await;
    let store = PostgresStore::open(PostgresConfig::new(&*url)).await.unwrap();
    for round in 0..5 {
        put_ticket(&store, ticket(&format!("t{round}"))).await;
        store.ping().await.unwrap();
        let database = url.split(['/', '?']).find(|part| part.starts_with("weft_")).unwrap();
        let end = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'");
        testing::server().psql("postgres", &end);

        // Nobody notices: reads and commits run again on a new connection.
        assert!(store.ticket_load(&org(), &format!("t{round}")).await.unwrap().is_some());
        assert_eq!(store.number_lease(&org(), "s", 1).await.unwrap(), round + 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn does_not_keep_what_postgresql_cannot_store_from_being_named() {
    let store = PostgresStore::open(PostgresConfig::new(testing::ready_database().await)).await.unwrap();
    let odd = domain::Ticket { title: "a\0b".to_owned(), ..ticket("t1") };

    let refused =
        store.commit(store::Changeset { writes: vec![store::Write::Ticket(Box::new(odd))], ..changes() }).await;

    assert!(matches!(refused, Err(CommitError::Store(StoreError::Database(_)))), "{refused:?}");
    put_ticket(&store, ticket("t1")).await;
}

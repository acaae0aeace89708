//! The server crashes and starts again under load: nothing that was acknowledged is lost, nothing is done twice.

use domain::change::IdempotencyKey;
use futures_util::future::join_all;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use store::conformance::data::{changes, event, org, ticket};
use store::{Changeset, CommitError, Commits, Journal, Store, Tickets, Write};
use weft_store_postgres::{PostgresConfig, PostgresStore, testing};

const CLIENTS: usize = 8;
const CRASHES: i64 = 3;
const WAIT: Duration = Duration::from_secs(1);
const TRIES_MAX: usize = 20;

/// Create a ticket as an app does: with a key, again after any failure.
async fn create(store: &PostgresStore, id: &str) {
    for _ in 0..TRIES_MAX {
        let key = IdempotencyKey { scope: "client".into(), key: id.to_owned(), fingerprint: "f".into() };
        let changeset = Changeset {
            writes: vec![Write::Ticket(Box::new(ticket(id)))],
            events: vec![event(id, "ticket.created"), event("shared", "x")],
            answer: Some((key, serde_json::json!(id))),
            ..changes()
        };
        match store.commit(changeset).await {
            Ok(_) | Err(CommitError::Answered(_)) => return,
            Err(CommitError::Store(_)) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    panic!("{id} could not be created in {TRIES_MAX} attempts");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn loses_nothing_and_does_nothing_twice() {
    let config = PostgresConfig { deadline_ms: 10_000, ..PostgresConfig::new(testing::ready_database().await) };
    let nodes = [PostgresStore::open(config.clone()).await.unwrap(), PostgresStore::open(config).await.unwrap()];
    let nodes = nodes.map(Arc::new);
    let is_over = Arc::new(AtomicBool::new(false));

    let clients = (0..CLIENTS).map(|client| {
        let (store, is_over) = (Arc::clone(&nodes[client % 2]), Arc::clone(&is_over));
        tokio::spawn(async move {
            let mut made = 0;
            while !is_over.load(Ordering::Relaxed) {
                create(&store, &format!("c{client}-{made}")).await;
                made += 1;
            }
            made
        })
    });
    let clients: Vec<_> = clients.collect();
    for crash in 0..CRASHES {
        // Wait for some work to be done, two events for each, then pull the plug.
        let enough = 80 * (crash + 1);
        while nodes[0].event_wait(&org(), enough, 1, WAIT).await.map_or(true, |events| events.is_empty()) {}
        tokio::task::spawn_blocking(|| testing::server().crash_and_restart()).await.unwrap();
    }
    is_over.store(true, Ordering::Relaxed);
    let made: usize = join_all(clients).await.into_iter().map(Result::unwrap).sum();

    let count = nodes[0].ticket_count(&org(), &domain::filter::Filter::True).await.unwrap();
    assert_eq!(count, made as u64);
    assert_eq!(nodes[1].verify_journal(&org()).await.unwrap(), 2 * made as u64, "each created once");
}

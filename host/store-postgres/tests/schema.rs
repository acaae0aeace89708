//! Opening: several nodes at once, older and newer databases, addresses that lead nowhere.
#![expect(clippy::unwrap_used, reason = "a panic is a failed case")]

use futures_util::future::join_all;
use std::error::Error;
use store::conformance::data::{org, put_ticket, ticket};
use store::{Store, StoreError, Tickets};
use weft_store_postgres::{PostgresConfig, PostgresStore, testing};

fn reason(error: &StoreError) -> String {
    format!("{error}: {}", error.source().map(ToString::to_string).unwrap_or_default())
}

fn database(url: &str) -> &str {
    url.split(['/', '?']).find(|part| part.starts_with("weft_")).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn is_made_once_by_nodes_that_start_together() {
    let url = testing::empty_database();
    let nodes = join_all((0..6).map(|_| PostgresStore::open(PostgresConfig::new(&*url)))).await;
    let nodes: Vec<_> = nodes.into_iter().map(Result::unwrap).collect();
    put_ticket(&nodes[0], ticket("t1")).await;
    for node in nodes {
        assert!(node.ticket_load(&org(), "t1").await.unwrap().is_some());
        node.close().await;
    }
}

#[tokio::test]
async fn may_be_one_step_ahead_and_not_more() {
    let url = testing::ready_database().await;
    let step =
        |number: i64| format!("INSERT INTO schema_migration (number, slug, checksum) VALUES ({number}, 'x', 'x')");
    testing::server().psql(database(&url), &step(98));
    PostgresStore::open(PostgresConfig::new(&*url)).await.unwrap().close().await;

    testing::server().psql(database(&url), &step(99));
    let refused = PostgresStore::open(PostgresConfig::new(&*url)).await.unwrap_err();
    assert!(reason(&refused).contains("use a newer Weft"), "{refused:?}");
}

#[tokio::test]
async fn must_be_the_one_that_is_known() {
    let url = testing::ready_database().await;
    testing::server().psql(database(&url), "UPDATE schema_migration SET checksum = 'x' WHERE number = 2");
    let refused = PostgresStore::open(PostgresConfig::new(url)).await.unwrap_err();
    assert!(reason(&refused).contains("migration 2"), "{refused:?}");
}

#[tokio::test]
async fn says_what_is_wrong_with_an_address() {
    let url = testing::ready_database().await;
    let config = |url: String| PostgresConfig { deadline_ms: 500, ..PostgresConfig::new(url) };
    let secret = "postgres://weft:secret@localhost:1/x?host=/nowhere";
    for (url, expected) in [
        (secret.to_owned(), "cannot be reached"),
        (url.replace(database(&url), "absent"), "absent"),
        ("mysql://weft:secret@localhost/x".to_owned(), "postgres://"),
        ("postgres://weft:secret@localhost:notaport/x".to_owned(), "port"),
    ] {
        let refused = reason(&PostgresStore::open(config(url)).await.unwrap_err());
        assert!(refused.contains(expected) && !refused.contains("secret"), "{refused}");
    }
}

//! How many commits a second one node makes on a PostgreSQL that it starts for this, at 1, 16 and 64 clients, and from two nodes.
//!
//! `cargo run --release -p weft-store-postgres --example commit_speed`. The figures are of this machine and its disk; what matters is
//! their ratio. The last two lines compare the two ways to put many changesets into one transaction.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a program that measures and prints")]

use domain::change::IdempotencyKey;
use futures_util::future::join_all;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection, Executor};
use std::sync::Arc;
use std::time::Duration;
use store::conformance::data::{changes, event, job, ticket};
use store::{Changeset, Commits, Store, Write};
use tokio::time::Instant;
use weft_store_postgres::{PostgresConfig, PostgresStore, testing};

const TIME: Duration = Duration::from_secs(4);
const CHANGESETS: usize = 64;
const ROUNDS: usize = 50;

/// What a new ticket writes: the ticket, its event, a reaction and the answer to the command.
fn changeset(id: &str) -> Changeset {
    let key = IdempotencyKey { scope: "speed".to_owned(), key: id.to_owned(), fingerprint: "f".to_owned() };
    Changeset {
        writes: vec![Write::Ticket(Box::new(ticket(id)))],
        events: vec![event(id, "ticket.created")],
        jobs: vec![job(id, id, 0)],
        answer: Some((key, serde_json::json!({ "id": id }))),
        ..changes()
    }
}

async fn measure(nodes: &[Arc<PostgresStore>], clients: usize, round: &str) {
    let until = Instant::now() + TIME;
    let work = (0..clients).map(|client| {
        let (store, round) = (Arc::clone(&nodes[client % nodes.len()]), round.to_owned());
        tokio::spawn(async move {
            let mut waits = Vec::new();
            while Instant::now() < until {
                let started = Instant::now();
                store.commit(changeset(&format!("{round}-{client}-{}", waits.len()))).await.unwrap();
                waits.push(started.elapsed());
            }
            waits
        })
    });
    let mut waits: Vec<Duration> = join_all(work).await.into_iter().flat_map(Result::unwrap).collect();
    waits.sort();
    let each_second = waits.len() as f64 / TIME.as_secs_f64();
    let (half, most) = (waits[waits.len() / 2], waits[waits.len() * 99 / 100]);
    println!("{} nodes, {clients:2} clients: {each_second:6.0} commits/s, p50 {half:.1?}, p99 {most:.1?}", nodes.len());
}

async fn transactions(connection: &mut PgConnection, name: &str, statements: &[String]) {
    let started = Instant::now();
    for _ in 0..ROUNDS {
        connection.execute("BEGIN").await.unwrap();
        for sql in statements {
            connection.execute(sqlx::AssertSqlSafe(sql.clone())).await.unwrap();
        }
        connection.execute("COMMIT").await.unwrap();
    }
    println!("{CHANGESETS} changesets in one transaction, {name}: {:.1?}", started.elapsed() / ROUNDS as u32);
}

#[tokio::main]
async fn main() {
    let url = testing::ready_database().await;
    let open = async || Arc::new(PostgresStore::open(PostgresConfig::new(&*url)).await.unwrap());
    let nodes = [open().await, open().await];
    for clients in [1, 16, 64] {
        measure(&nodes[..1], clients, &format!("one{clients}")).await;
    }
    measure(&nodes, 64, "two").await;
    for node in nodes {
        node.close().await;
    }

    let options: PgConnectOptions = url.parse().unwrap();
    let mut connection = options.connect().await.unwrap();
    connection.execute("CREATE TABLE speed (number BIGINT NOT NULL, body TEXT NOT NULL)").await.unwrap();
    let values: Vec<String> = (0..CHANGESETS).map(|number| format!("({number}, 'x')")).collect();
    let together = format!("INSERT INTO speed VALUES {}", values.join(", "));
    let alone = values.iter().flat_map(|value| {
        ["SAVEPOINT one".to_owned(), format!("INSERT INTO speed VALUES {value}"), "RELEASE SAVEPOINT one".to_owned()]
    });
    transactions(&mut connection, "checked and then written together", &[together]).await;
    transactions(&mut connection, "each in a savepoint", &alone.collect::<Vec<_>>()).await;
    connection.close().await.unwrap();
}

//! Creating incidents over HTTP with every component on: the whole way, from the socket to the disk and back.

#![expect(clippy::print_stdout, reason = "a benchmark's table is for a terminal")]

use crate::binary::{Client, Server};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

const SECONDS: u64 = 8;
const CLIENTS: [usize; 3] = [1, 16, 64];

/// Start the demo, create incidents for some seconds with each number of clients, print and return the figures.
///
/// # Panics
/// The server refuses what it should accept.
pub async fn run() -> Value {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = Server::demo(folder.path()).await;
    let mut rows = Vec::new();
    println!("{:>8} {:>12} {:>10} {:>10}", "clients", "per second", "p50 ms", "p99 ms");
    for clients in CLIENTS {
        let row = round(&server.address, clients).await;
        println!(
            "{clients:>8} {:>12.0} {:>10.2} {:>10.2}",
            row["per_second"].as_f64().unwrap_or_default(),
            row["p50_ms"].as_f64().unwrap_or_default(),
            row["p99_ms"].as_f64().unwrap_or_default()
        );
        rows.push(row);
    }
    let one = rows[0]["per_second"].as_f64().unwrap_or(1.0);
    let many = rows[rows.len() - 1]["per_second"].as_f64().unwrap_or_default();
    println!("64 clients against one: {:.1}x", many / one);
    server.stop().await;
    json!({ "id": "ticket", "rows": rows, "ratio_64_to_1": many / one })
}

async fn round(address: &str, clients: usize) -> Value {
    let until = Instant::now() + Duration::from_secs(SECONDS);
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..clients {
        let address = address.to_owned();
        tasks.spawn(async move { client(&address, number, until).await });
    }
    let started = Instant::now();
    let mut times: Vec<Duration> = tasks.join_all().await.into_iter().flatten().collect();
    let seconds = started.elapsed().as_secs_f64();
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e3;
    json!({ "clients": clients, "created": times.len(), "per_second": times.len() as f64 / seconds, "p50_ms": at(50), "p99_ms": at(99) })
}

async fn client(address: &str, number: usize, until: Instant) -> Vec<Duration> {
    let mut client = Client::connect(address).await.expect("the server listens");
    client.sign_in("ada").await;
    let mut times = Vec::new();
    while Instant::now() < until {
        let body = json!({
            "kind": "incident",
            "space": "it",
            "title": format!("Printer {number} is out of paper again"),
            "group": "service-desk",
            "fields": { "impact": 2, "urgency": 2, "category": "hardware", "description": "It says so since this morning." },
        });
        let started = Instant::now();
        let reply = client.request("POST", "/api/v1/tickets", &[], Some(body.to_string().as_bytes())).await;
        let (status, _, body) = reply.expect("the server answers");
        assert_eq!(status, 201, "{}", String::from_utf8_lossy(&body));
        times.push(started.elapsed());
    }
    times
}

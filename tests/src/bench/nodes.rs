//! Two nodes against one on the same PostgreSQL, under the same load: incidents created over HTTP with the practice switched on, and a
//! queue of jobs to work off. Rounds with one node and with two interleave, because a shared machine changes by the second.
//!
//! On one machine two nodes share its cores: what is seen is that they share the work and what sharing costs, not what a second machine
//! would add.

#![expect(clippy::print_stdout, reason = "a benchmark's table is for a terminal")]

use crate::binary::Server;
use crate::cluster::{Admin, Cluster, eventually, incident, put_jobs};
use crate::postgres::Postgres;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

const ROUNDS: usize = 3;
const CLIENTS: usize = 16;
const SLICE: Duration = Duration::from_secs(5);
const JOBS: usize = 1_500;

/// What one round found.
struct Round {
    created_per_second: f64,
    jobs_per_second: f64,
    /// Of the creates and of the jobs, for each node.
    shares: Vec<(f64, f64)>,
}

/// Measure, print a table, and give the same figures back as JSON.
///
/// # Errors
/// PostgreSQL is not installed, or a node does not do as it is told.
pub async fn run() -> Result<Value, String> {
    let postgres = Postgres::start()?;
    let cluster = Cluster::new(postgres.url(), &[]).await?;
    cluster.command(&["plugin", "enable", "incident", "--yes"]).await?;
    let first = cluster.node().await;
    let (mut one, mut two) = (Vec::new(), Vec::new());
    for number in 0..ROUNDS {
        one.push(round(&postgres, &cluster, &[&first], number * 2).await?);
        let second = cluster.node().await;
        two.push(round(&postgres, &cluster, &[&first, &second], number * 2 + 1).await?);
        second.stop().await;
    }
    first.stop().await;
    println!("{:<12}{:>14}{:>14}  share of each node: creates, jobs", "", "creates/s", "jobs/s");
    let mut rows = Vec::new();
    for (name, rounds) in [("one node", &one), ("two nodes", &two)] {
        let middle = |figure: fn(&Round) -> f64| {
            let mut figures: Vec<f64> = rounds.iter().map(figure).collect();
            figures.sort_by(f64::total_cmp);
            figures[figures.len() / 2]
        };
        let (creates, jobs) = (middle(|one| one.created_per_second), middle(|one| one.jobs_per_second));
        let shares = &rounds[rounds.len() - 1].shares;
        let text: Vec<String> =
            shares.iter().map(|(creates, jobs)| format!("{:.0} %, {:.0} %", creates * 100.0, jobs * 100.0)).collect();
        println!("{name:<12}{creates:>14.0}{jobs:>14.0}  {}", text.join("; "));
        rows.push(
            json!({ "nodes": shares.len(), "creates_per_second": creates, "jobs_per_second": jobs, "shares": shares }),
        );
    }
    let ratio = |name: &str| rows[1][name].as_f64().unwrap_or_default() / rows[0][name].as_f64().unwrap_or(1.0);
    Ok(
        json!({ "id": "nodes", "creates_ratio": ratio("creates_per_second"), "jobs_ratio": ratio("jobs_per_second"), "rows": rows }),
    )
}

async fn round(postgres: &Postgres, cluster: &Cluster, nodes: &[&Server], number: usize) -> Result<Round, String> {
    let until = Instant::now() + SLICE;
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..CLIENTS {
        let admin = cluster.client(nodes[client % nodes.len()]).await?;
        clients.spawn(async move { (client, create(admin, until).await) });
    }
    let mut created = vec![0_u32; nodes.len()];
    while let Some(ended) = clients.join_next().await {
        let (client, count) = ended.map_err(|error| error.to_string())?;
        created[client % nodes.len()] += count?;
    }
    let left = || postgres.count("SELECT count(*) FROM job WHERE state = 'ready'");
    eventually("the queue is empty", Duration::from_secs(120), async || Ok(left()? == 0)).await?;
    let before = done(cluster, nodes).await?;
    put_jobs(postgres, &format!("round-{number}"), JOBS, 0)?;
    let took = eventually("the queue is empty", Duration::from_secs(120), async || Ok(left()? == 0)).await?;
    let after = done(cluster, nodes).await?;
    let (all, jobs) = (f64::from(created.iter().sum::<u32>()), after.iter().sum::<f64>() - before.iter().sum::<f64>());
    let shares = created.iter().zip(before.iter().zip(&after));
    Ok(Round {
        created_per_second: all / SLICE.as_secs_f64(),
        jobs_per_second: jobs / took.as_secs_f64(),
        shares: shares.map(|(created, (before, after))| (f64::from(*created) / all, (after - before) / jobs)).collect(),
    })
}

async fn create(mut admin: Admin, until: Instant) -> Result<u32, String> {
    let mut count = 0;
    while Instant::now() < until {
        admin.post("/tickets", &incident("Printer is out of paper again")).await?;
        count += 1;
    }
    Ok(count)
}

async fn done(cluster: &Cluster, nodes: &[&Server]) -> Result<Vec<f64>, String> {
    let mut done = Vec::new();
    for node in nodes {
        done.push(cluster.client(node).await?.metric("weft_jobs_done_total").await?);
    }
    Ok(done)
}

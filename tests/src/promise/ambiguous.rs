//! 05: the connection to the database breaks after a commit was carried out and before anybody was told. Whoever repeats a command with
//! its idempotency key gets what was done, and nothing is done twice.
//!
//! Most cuts are not even seen by a caller: the node asks the database what became of the commit. Sometimes the database stays away
//! longer than the node waits; then the caller is told to repeat, and does. The control repeats with a new key each time.

use super::proxy::Proxy;
use super::{Size, Verdict, block_on};
use crate::cluster::{Admin, Cluster, incident, pause};
use crate::fsck;
use crate::postgres::Postgres;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

const CLIENTS: usize = 8;
/// A node waits so long, and the database stays away longer.
const DEADLINE_MS: &str = "1500";
const AWAY_MS: u64 = 2_500;
const TRIES_MAX: usize = 100;

/// What a caller does when it is not told whether its command was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Repeat {
    WithItsKey,
    WithANewKey,
}

struct Counted {
    tickets: i64,
    commands: i64,
    cuts: u64,
    repeated: u64,
}

pub(super) fn check(size: Size) -> Result<Verdict, String> {
    block_on(async {
        let kept = run(size.pick(160, 1_000), size.pick(12, 25), Repeat::WithItsKey).await?;
        let control = run(size.pick(120, 200), 6, Repeat::WithANewKey).await?;
        if kept.cuts == 0 || kept.repeated == 0 {
            return Err(format!("nothing was put to the test: {} cuts, {} repeated", kept.cuts, kept.repeated));
        }
        Ok(Verdict {
            figure: format!(
                "{} tickets of {} creates; {} commits were cut off from their answer, {} creates had to be repeated",
                kept.tickets, kept.commands, kept.cuts, kept.repeated
            ),
            limit: format!("exactly {} tickets", kept.commands),
            kept: kept.tickets == kept.commands,
            control: format!(
                "with a new key for each repetition {} tickets of {} creates",
                control.tickets, control.commands
            ),
            control_failed: control.tickets != control.commands,
        })
    })
}

async fn run(creates: usize, away_each: u64, repeat: Repeat) -> Result<Counted, String> {
    let postgres = Postgres::start()?;
    let cluster = Cluster::new(postgres.url(), &[("store-deadline-ms", DEADLINE_MS)]).await?;
    cluster.command(&["plugin", "enable", "incident", "--yes"]).await?;
    let proxy = Proxy::start(format!("127.0.0.1:{}", postgres.port)).await?;
    let node = cluster.node_at(&postgres.url_at(&proxy.address)).await;
    proxy.faults.away_ms.store(AWAY_MS, Ordering::SeqCst);
    proxy.faults.away_each.store(away_each, Ordering::SeqCst);
    proxy.faults.cut_each.store(3, Ordering::SeqCst);

    let cluster = Arc::new(cluster);
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..CLIENTS {
        let mut admin = cluster.client(&node).await?;
        clients.spawn(async move {
            let mut repeated = 0;
            for number in (client..creates).step_by(CLIENTS) {
                repeated += create(&mut admin, number, repeat).await?;
            }
            Ok::<u64, String>(repeated)
        });
    }
    let mut repeated = 0;
    for client in clients.join_all().await {
        repeated += client?;
    }
    proxy.faults.stop();
    let tickets = postgres.count("SELECT count(*) FROM ticket")?;
    let cuts = proxy.faults.cuts.load(Ordering::SeqCst);
    node.kill().await;
    fsck::fits_together(&postgres.url()).await?;
    Ok(Counted { tickets, commands: i64::try_from(creates).unwrap_or(i64::MAX), cuts, repeated })
}

/// Create a ticket, however often it takes; gives how often it had to be repeated.
async fn create(admin: &mut Admin, number: usize, repeat: Repeat) -> Result<u64, String> {
    let body = incident(&format!("Ambiguous {number}"));
    for attempt in 0..TRIES_MAX {
        let key = match repeat {
            Repeat::WithItsKey => format!("create-{number}"),
            Repeat::WithANewKey => format!("create-{number}-{attempt}"),
        };
        match admin.try_send("POST", "/tickets", &[("Idempotency-Key", &key)], Some(&body)).await {
            Ok((201, _, _)) => return Ok(attempt as u64),
            Ok((503 | 409 | 429, _, _)) | Err(_) => pause(Duration::from_millis(200)).await,
            Ok((status, _, answer)) => {
                return Err(format!("a create was answered with {status}: {}", String::from_utf8_lossy(&answer)));
            }
        }
    }
    Err(json!({ "ticket": number, "problem": "it was not created after many tries" }).to_string())
}

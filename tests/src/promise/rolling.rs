//! The second half of 15: nodes are upgraded one by one while people work. The schema goes one expansion ahead under two nodes that do not
//! know it, then each is ended in order and started again on the newer schema: also how yesterday's binary is put back. Whoever repeats a
//! command at the other node gets it done. The control takes something away from the schema: then no node may start.
//!
//! There is one binary: it is the older one throughout, and what a newer one would add to the schema is added by hand.

use crate::binary::Server;
use crate::cluster::{Admin, Cluster, incident, pause};
use crate::fsck;
use crate::postgres::Postgres;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

const CLIENTS: usize = 6;
/// A command that was not done by then, however often it was repeated, failed.
const DONE_MAX: Duration = Duration::from_secs(10);

pub(super) struct Found {
    pub(super) commands: u64,
    pub(super) repeated: u64,
    pub(super) failed: u64,
    /// Whether a node refused the schema that something was taken away from.
    pub(super) refused: bool,
}

type Addresses = Arc<Mutex<[String; 2]>>;

pub(super) async fn run(lasts: Duration) -> Result<Found, String> {
    let postgres = Postgres::start()?;
    let cluster = Cluster::new(postgres.url(), &[]).await?;
    cluster.command(&["plugin", "enable", "incident", "--yes"]).await?;
    let mut nodes = [cluster.node().await, cluster.node().await];
    let addresses: Addresses = Arc::new(Mutex::new(nodes.each_ref().map(|node| node.address.clone())));
    let until = Instant::now() + lasts;
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..CLIENTS {
        let (addresses, token) = (Arc::clone(&addresses), cluster.token.clone());
        clients.spawn(async move { work(client, &addresses, &token, until).await });
    }
    pause(lasts / 5).await;
    postgres.ask(
        "ALTER TABLE ticket ADD COLUMN of_the_next_version TEXT;
         INSERT INTO schema_migration (number, slug, checksum) SELECT max(number) + 1, 'next', 'next' FROM schema_migration",
    )?;
    for (place, node) in nodes.iter_mut().enumerate() {
        pause(lasts / 5).await;
        let next = cluster.node().await;
        addresses.lock().unwrap_or_else(PoisonError::into_inner)[place].clone_from(&next.address);
        std::mem::replace(node, next).stop().await;
    }
    let (mut commands, mut repeated, mut failed) = (0, 0, 0);
    for client in clients.join_all().await {
        let [done, again, lost] = client;
        commands += done + lost;
        repeated += again;
        failed += lost;
    }
    nodes.into_iter().map(Server::stop).collect::<tokio::task::JoinSet<()>>().join_all().await;
    let tickets = postgres.count("SELECT count(*) FROM ticket")?;
    if u64::try_from(tickets).unwrap_or_default() != commands - failed {
        return Err(format!("{tickets} tickets of {commands} creates, {failed} of them failed"));
    }
    postgres.ask("UPDATE schema_migration SET slug = 'contract_next' WHERE slug = 'next'")?;
    let refused = cluster.command(&["user", "list"]).await.is_err_and(|why| why.contains("took away"));
    postgres.ask(
        "DELETE FROM schema_migration WHERE slug = 'contract_next';
         ALTER TABLE ticket DROP COLUMN of_the_next_version",
    )?;
    fsck::fits_together(&postgres.url()).await?;
    Ok(Found { commands, repeated, failed, refused })
}

/// Create tickets, each at one node and, when that does not answer, at the other one: done, repeated, failed.
async fn work(client: usize, addresses: &Addresses, token: &str, until: Instant) -> [u64; 3] {
    let [mut done, mut repeated, mut failed] = [0; 3];
    let mut place = client % 2;
    let mut admin: Option<Admin> = None;
    for number in 0.. {
        let began = Instant::now();
        if began >= until {
            break;
        }
        let key = format!("rolling-{client}-{number}");
        let body = incident(&key);
        loop {
            if admin.is_none() {
                let address = addresses.lock().unwrap_or_else(PoisonError::into_inner)[place].clone();
                admin = Admin::connect(&address, token).await.ok();
            }
            if let Some(node) = &mut admin
                && let Ok((201, _, _)) =
                    node.try_send("POST", "/tickets", &[("Idempotency-Key", &key)], Some(&body)).await
            {
                done += 1;
                break;
            }
            if began.elapsed() > DONE_MAX {
                failed += 1;
                break;
            }
            repeated += 1;
            (admin, place) = (None, 1 - place);
            pause(Duration::from_millis(50)).await;
        }
        pause(Duration::from_millis(10)).await;
    }
    [done, repeated, failed]
}

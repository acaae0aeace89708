//! 08: packets between a node and PostgreSQL vanish in both directions, without a word to either. Every request is answered in time, work
//! goes on as soon as the packets arrive again, and the server does not keep the sessions of a node that is gone.
//!
//! PostgreSQL runs in a network namespace of its own. The partition is a neighbour entry with an address that nobody has: what is sent
//! leaves and never arrives. The control is a node that waits a minute for its database.

use super::{Size, Verdict, block_on};
use crate::cluster::{Admin, Cluster, eventually, incident, pause};
use crate::fsck;
use crate::postgres::{Place, Postgres, output};
use std::time::Duration;
use tokio::time::Instant;

const ANSWER_MAX: Duration = Duration::from_secs(5);
const HEALED_MAX: Duration = Duration::from_secs(5);
const ORPHANS_MAX: Duration = Duration::from_secs(15);
const CLIENTS: usize = 4;

struct Found {
    requests: usize,
    slowest: Duration,
    success_after: Duration,
    orphans_gone_after: Duration,
}

pub(super) fn check(size: Size) -> Result<Verdict, String> {
    block_on(async {
        let found = run(size.pick(Duration::from_secs(16), Duration::from_secs(30)), None).await?;
        let control = run(size.pick(Duration::from_secs(7), Duration::from_secs(20)), Some("60000")).await?;
        let seconds = |time: Duration| time.as_secs_f64();
        Ok(Verdict {
            figure: format!(
                "{} requests, the slowest answered after {:.1} s; first success {:.1} s after healing; sessions of the lost node gone after {:.1} s",
                found.requests,
                seconds(found.slowest),
                seconds(found.success_after),
                seconds(found.orphans_gone_after)
            ),
            limit: "5 s; 5 s; 15 s".to_owned(),
            kept: found.slowest <= ANSWER_MAX
                && found.success_after <= HEALED_MAX
                && found.orphans_gone_after <= ORPHANS_MAX,
            control: format!(
                "a node that waits a minute for its database answered after {:.1} s",
                seconds(control.slowest)
            ),
            control_failed: control.slowest > ANSWER_MAX,
        })
    })
}

async fn run(lasts: Duration, deadline_ms: Option<&str>) -> Result<Found, String> {
    let link = Link::new()?;
    let place = Place { address: link.far.clone(), namespace: Some(link.namespace.clone()) };
    let postgres = Postgres::start_at(place, &[])?;
    let settings: Vec<(&str, &str)> = deadline_ms.map(|ms| ("store-deadline-ms", ms)).into_iter().collect();
    let cluster = Cluster::new(postgres.url(), &settings).await?;
    cluster.command(&["plugin", "enable", "incident", "--yes"]).await?;
    let node = cluster.node().await;
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let mut admin = cluster.client(&node).await?;
        admin.post("/tickets", &incident("Before the partition")).await?;
        clients.push(admin);
    }

    link.cut()?;
    let began = Instant::now();
    let asking = clients.into_iter().enumerate().map(|(number, admin)| tokio::spawn(ask(admin, number, began + lasts)));
    let asking: Vec<_> = asking.collect();
    // What was connected when the packets began to vanish; those of the check itself come by the socket.
    let sessions = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'weft'";
    let orphans_gone_after =
        eventually("the sessions of the lost node are gone", Duration::from_secs(60), async || {
            Ok(postgres.count(sessions)? == 0)
        });
    let orphans = tokio::select! {
        gone = orphans_gone_after => gone,
        () = pause(lasts) => Ok(Duration::MAX),
    }?;
    pause((began + lasts).saturating_duration_since(Instant::now())).await;
    link.heal()?;
    let healed = Instant::now();
    let mut admin = cluster.client(&node).await?;
    let mut slowest = Duration::ZERO;
    loop {
        let asked = Instant::now();
        let answered = admin.try_send("POST", "/tickets", &[], Some(&incident("After the partition"))).await;
        slowest = slowest.max(asked.elapsed());
        if matches!(answered, Ok((201, _, _))) {
            break;
        }
        if healed.elapsed() > Duration::from_secs(90) {
            return Err("nothing succeeds after the partition".to_owned());
        }
        pause(Duration::from_millis(100)).await;
    }
    let success_after = healed.elapsed();
    let mut requests = 1;
    for asked in asking {
        let (count, slowest_of_one) = asked.await.map_err(|error| error.to_string())??;
        requests += count;
        slowest = slowest.max(slowest_of_one);
    }
    node.kill().await;
    fsck::fits_together(&postgres.url()).await?;
    Ok(Found { requests, slowest, success_after, orphans_gone_after: orphans })
}

/// Read and write in turn until then; gives how often, and the longest wait for an answer of any kind.
async fn ask(mut admin: Admin, number: usize, until: Instant) -> Result<(usize, Duration), String> {
    let (mut count, mut slowest) = (0, Duration::ZERO);
    while Instant::now() < until {
        let asked = Instant::now();
        let answer = if (count + number).is_multiple_of(2) {
            admin.try_send("POST", "/tickets", &[], Some(&incident("During the partition"))).await
        } else {
            admin.try_send("GET", "/tickets?limit=5", &[], None).await
        };
        slowest = slowest.max(asked.elapsed());
        let (status, _, body) = answer?;
        if status == 500 {
            return Err(format!("a request was answered with 500: {}", String::from_utf8_lossy(&body)));
        }
        count += 1;
        pause(Duration::from_millis(50)).await;
    }
    Ok((count, slowest))
}

/// A pair of network interfaces, the far one in a namespace of its own. Both are gone when this is dropped.
struct Link {
    namespace: String,
    near_name: String,
    far_name: String,
    near: String,
    far: String,
}

impl Link {
    fn new() -> Result<Self, String> {
        let id = std::process::id();
        // 198.18.0.0/15 is for measurements, RFC 2544.
        let net = format!("198.19.{}", id % 250);
        let link = Self {
            namespace: format!("weft{id}"),
            near_name: format!("wf{id}a"),
            far_name: format!("wf{id}b"),
            near: format!("{net}.1"),
            far: format!("{net}.2"),
        };
        ip(&["netns", "add", &link.namespace])
            .map_err(|error| format!("network namespaces are needed, with iproute2 and as root: {error}"))?;
        ip(&[
            "link",
            "add",
            &link.near_name,
            "type",
            "veth",
            "peer",
            "name",
            &link.far_name,
            "netns",
            &link.namespace,
        ])?;
        ip(&["addr", "add", &format!("{}/24", link.near), "dev", &link.near_name])?;
        ip(&["link", "set", &link.near_name, "up"])?;
        link.far_ip(&["addr", "add", &format!("{}/24", link.far), "dev", &link.far_name])?;
        link.far_ip(&["link", "set", &link.far_name, "up"])?;
        link.far_ip(&["link", "set", "lo", "up"])?;
        Ok(link)
    }

    fn cut(&self) -> Result<(), String> {
        const NOBODY: &str = "02:00:00:00:00:99";
        ip(&["neigh", "replace", &self.far, "lladdr", NOBODY, "dev", &self.near_name, "nud", "permanent"])?;
        self.far_ip(&["neigh", "replace", &self.near, "lladdr", NOBODY, "dev", &self.far_name, "nud", "permanent"])
    }

    fn heal(&self) -> Result<(), String> {
        ip(&["neigh", "del", &self.far, "dev", &self.near_name])?;
        self.far_ip(&["neigh", "del", &self.near, "dev", &self.far_name])
    }

    fn far_ip(&self, arguments: &[&str]) -> Result<(), String> {
        ip(&[&["-n", &self.namespace], arguments].concat())
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // The pair goes with either end.
        let _ = ip(&["link", "del", &self.near_name]);
        let _ = ip(&["netns", "del", &self.namespace]);
    }
}

fn ip(arguments: &[&str]) -> Result<(), String> {
    output("ip", arguments).map(drop)
}

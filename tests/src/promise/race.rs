//! 07: two nodes race for many jobs while they are killed, stood still and cut off again and again. Every job is completed exactly once, and
//! none is left behind.
//!
//! What a job did is an event in the journal, written in the commit that ends the job. The control lets one completion in a hundred lose
//! its end, by a trigger in the database: as where the effect and the end of a job are not one commit.

use super::{Size, Verdict, block_on};
use crate::binary::Server;
use crate::cluster::{Cluster, eventually, pause, put_jobs};
use crate::fsck;
use crate::postgres::Postgres;
use std::time::Duration;

const LEASE_SECONDS: &str = "3";
const TWO_LEASES: Duration = Duration::from_secs(6);

struct Found {
    jobs: i64,
    done: i64,
    done_twice: i64,
    left: i64,
    disruptions: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    WithItsEffect,
    SometimesLost,
}

pub(super) fn check(size: Size) -> Result<Verdict, String> {
    block_on(async {
        let postgres = Postgres::start()?;
        let cluster = Cluster::new(postgres.url(), &[("jobs-lease-seconds", LEASE_SECONDS)]).await?;
        let found = run(&postgres, &cluster, size.pick(600, 50_000), size.pick(2, 30), End::WithItsEffect).await?;
        let control = run(&postgres, &cluster, size.pick(300, 1_000), 0, End::SometimesLost).await?;
        Ok(Verdict {
            figure: format!(
                "{} of {} jobs done, {} of them twice, {} left after two leases; {} kills, standstills and cuts",
                found.done, found.jobs, found.done_twice, found.left, found.disruptions
            ),
            limit: format!("{} done once, 0 twice, 0 left", found.jobs),
            kept: found.done == found.jobs && found.done_twice == 0 && found.left == 0,
            control: format!(
                "where the end of a job is not in the commit of its effect, {} were done twice",
                control.done_twice
            ),
            control_failed: control.done_twice > 0,
        })
    })
}

async fn run(
    postgres: &Postgres,
    cluster: &Cluster,
    jobs: usize,
    disruptions: usize,
    end: End,
) -> Result<Found, String> {
    if end == End::SometimesLost {
        postgres.ask(
            "CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN IF OLD.ordinal % 100 = 7 AND OLD.attempts < 1 THEN RETURN NULL; END IF; RETURN OLD; END';
             CREATE TRIGGER lose BEFORE DELETE ON job FOR EACH ROW EXECUTE FUNCTION lose()",
        )?;
    }
    let name = if end == End::SometimesLost { "control" } else { "race" };
    let mut nodes = vec![cluster.node().await, cluster.node().await];
    // The jobs come in portions, so that there is work until the last disruption.
    let portions = disruptions.max(1);
    for portion in 0..portions {
        put_jobs(postgres, &format!("{name}-{portion}"), jobs / portions, 0)?;
        if disruptions > 0 {
            disrupt(&mut nodes, cluster, postgres, portion).await?;
        }
    }
    let put = i64::try_from(jobs / portions * portions).unwrap_or(i64::MAX);
    let left = || postgres.count("SELECT count(*) FROM job");
    // As long as work gets done the queue may be long; when all of it was due two leases ago, nothing may be left.
    let ours = format!("FROM event WHERE kind = 'message.published' AND subject LIKE '{name}-%'");
    let done = &format!("SELECT count(DISTINCT subject) {ours}");
    eventually("every job is done", Duration::from_secs(540), async || Ok(postgres.count(done)? == put)).await?;
    let _ = eventually("the queue is empty", TWO_LEASES, async || Ok(left()? == 0)).await;
    let twice = &format!("SELECT count(*) FROM (SELECT subject {ours} GROUP BY subject HAVING count(*) > 1) t");
    let found = Found {
        jobs: put,
        done: postgres.count(done)?,
        done_twice: postgres.count(twice)?,
        left: left()?,
        disruptions,
    };
    for node in nodes {
        node.kill().await;
    }
    if end == End::WithItsEffect {
        fsck::fits_together(&postgres.url()).await?;
    }
    Ok(found)
}

/// In turn: kill a node and start another one, let one stand still for longer than its lease, cut every connection of all.
async fn disrupt(nodes: &mut Vec<Server>, cluster: &Cluster, postgres: &Postgres, turn: usize) -> Result<(), String> {
    pause(Duration::from_millis(100 + 137 * (turn as u64 % 5))).await;
    match turn % 3 {
        0 => {
            nodes.remove(0).kill().await;
            nodes.push(cluster.node().await);
        }
        1 => {
            nodes[0].signal("STOP");
            pause(Duration::from_secs(4)).await;
            nodes[0].signal("CONT");
        }
        _ => {
            postgres
                .ask("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'weft'")?;
        }
    }
    Ok(())
}

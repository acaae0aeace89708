//! 06: a job belongs to one node at a time. A long one is held by signs of life; that of a dead node is taken over in time; and a node that
//! stood still writes nothing under a claim that is not its own any more.
//!
//! Jobs that run for as long as the check wants them to: each reads a table that the check has locked. The control keeps the number of
//! the claim from going up, by a trigger in the database: then the node that stood still does write.

use super::{Size, Verdict, block_on};
use crate::binary::Server;
use crate::cluster::{Cluster, eventually, pause, put_jobs};
use crate::fsck;
use crate::postgres::Postgres;
use std::time::Duration;

const LOCK: &str = "BEGIN; LOCK TABLE subscription IN ACCESS EXCLUSIVE MODE";
const SOON: Duration = Duration::from_secs(60);
/// What a takeover may take on top of the lease.
const TAKEOVER_SLACK: Duration = Duration::from_secs(5);

/// How long things take at one size.
#[derive(Debug, Clone, Copy)]
struct Times {
    lease: Duration,
    long_job: Duration,
    stands_still: Duration,
}

struct Found {
    claims_of_long_job: i64,
    took_over_in: Duration,
    written_by_old_fence: i64,
}

pub(super) fn check(size: Size) -> Result<Verdict, String> {
    let times = size.pick(
        Times { lease: Duration::from_secs(2), long_job: Duration::from_secs(7), stands_still: Duration::from_secs(3) },
        Times {
            lease: Duration::from_secs(15),
            long_job: Duration::from_secs(180),
            stands_still: Duration::from_secs(60),
        },
    );
    block_on(async {
        let setup = Setup::new(times).await?;
        let found = run(&setup, times).await?;
        let control = old_fence_writes(&setup, "pinned", Fence::Pinned, times).await?;
        let limit = times.lease + TAKEOVER_SLACK;
        Ok(Verdict {
            figure: format!(
                "a job of {:?} was claimed {} time(s); one of a killed node began elsewhere after {:.1} s; {} row(s) written by the claim of a node that stood still for {:?}",
                times.long_job,
                found.claims_of_long_job,
                found.took_over_in.as_secs_f64(),
                found.written_by_old_fence,
                times.stands_still
            ),
            limit: format!("1; {} s with a lease of {:?}; 0", limit.as_secs(), times.lease),
            kept: found.claims_of_long_job == 1 && found.took_over_in <= limit && found.written_by_old_fence == 0,
            control: format!("with a fence that never goes up {control} row(s) were written by the old claim"),
            control_failed: control > 0,
        })
    })
}

/// Two nodes that hold a job each at most.
struct Setup {
    postgres: Postgres,
    cluster: Cluster,
}

impl Setup {
    async fn new(times: Times) -> Result<Self, String> {
        let postgres = Postgres::start()?;
        let lease = times.lease.as_secs().to_string();
        // The statement of a job may wait as long as the check has the table locked.
        let settings =
            [("jobs-lease-seconds", lease.as_str()), ("store-deadline-ms", "400000"), ("jobs-concurrency", "1")];
        let cluster = Cluster::new(postgres.url(), &settings).await?;
        Ok(Self { postgres, cluster })
    }

    /// The name of the node that has the job, and the number of its claim.
    fn holder(&self, job: &str) -> Result<Option<(String, i64)>, String> {
        let sql = format!(
            "SELECT n.name || ' ' || j.fence FROM job j JOIN node n ON n.id = j.lease_owner WHERE j.id = '{job}-1'"
        );
        let answer = self.postgres.ask(&sql)?;
        Ok(answer.split_once(' ').and_then(|(name, fence)| Some((name.to_owned(), fence.parse().ok()?))))
    }

    async fn held_by(&self, job: &str, who: impl Fn(&str) -> bool) -> Result<(String, Duration), String> {
        let mut name = String::new();
        let took = eventually(&format!("the job {job} is claimed"), SOON, async || match self.holder(job)? {
            Some((holder, _)) if who(&holder) => {
                name = holder;
                Ok(true)
            }
            _ => Ok(false),
        })
        .await?;
        Ok((name, took))
    }

    fn done(&self, job: &str) -> Result<i64, String> {
        self.postgres
            .count(&format!("SELECT count(*) FROM event WHERE kind = 'message.published' AND subject = '{job}-1'"))
    }
}

async fn run(setup: &Setup, times: Times) -> Result<Found, String> {
    let mut nodes = vec![setup.cluster.node().await, setup.cluster.node().await];

    // Held by signs of life.
    let lock = setup.postgres.session(LOCK)?;
    put_jobs(&setup.postgres, "long", 1, 0)?;
    setup.held_by("long", |_| true).await?;
    let first = setup.holder("long")?.ok_or("the long job lost its holder")?.1;
    pause(times.long_job).await;
    let last = setup.holder("long")?.ok_or("the long job lost its holder")?.1;
    drop(lock);
    eventually("the long job is done", SOON, async || Ok(setup.done("long")? == 1)).await?;

    // Taken over from the dead.
    let lock = setup.postgres.session(LOCK)?;
    put_jobs(&setup.postgres, "orphan", 1, 0)?;
    let (owner, _) = setup.held_by("orphan", |_| true).await?;
    take(&mut nodes, &owner)?.kill().await;
    let (_, took_over_in) = setup.held_by("orphan", |name| name != owner).await?;
    drop(lock);
    eventually("the orphan is done", SOON, async || Ok(setup.done("orphan")? == 1)).await?;
    for node in nodes {
        node.kill().await;
    }

    let written_by_old_fence = old_fence_writes(setup, "stopped", Fence::Rising, times).await?;
    fsck::fits_together(&setup.postgres.url()).await?;
    Ok(Found { claims_of_long_job: last - first + 1, took_over_in, written_by_old_fence })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fence {
    Rising,
    Pinned,
}

/// A node stands still with a job in its hands, another one takes the job over, and the first goes on while the other one works: how many
/// rows does the first write?
async fn old_fence_writes(setup: &Setup, job: &str, fence: Fence, times: Times) -> Result<i64, String> {
    if fence == Fence::Pinned {
        setup.postgres.ask(
            "CREATE FUNCTION pin() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.fence := OLD.fence; RETURN NEW; END';
             CREATE TRIGGER pin BEFORE UPDATE ON job FOR EACH ROW EXECUTE FUNCTION pin()",
        )?;
    }
    let mut nodes = vec![setup.cluster.node().await, setup.cluster.node().await];
    let lock = setup.postgres.session(LOCK)?;
    put_jobs(&setup.postgres, job, 1, 0)?;
    let (old, _) = setup.held_by(job, |_| true).await?;
    let old_node = take(&mut nodes, &old)?;
    old_node.signal("STOP");
    pause(times.stands_still.saturating_sub(times.lease)).await;
    let (new, _) = setup.held_by(job, |name| name != old).await?;
    let new_node = take(&mut nodes, &new)?;
    new_node.signal("STOP");
    drop(lock);

    // Both have what they asked for; only the old one is awake, and its claim is not its own.
    old_node.signal("CONT");
    pause(Duration::from_millis(1_000)).await;
    let still_there = setup.postgres.count(&format!("SELECT count(*) FROM job WHERE id = '{job}-1'"))?;
    let written = setup.done(job)? + (1 - still_there);
    new_node.signal("CONT");
    eventually("the job is done", SOON, async || Ok(setup.done(job)? >= 1)).await?;
    old_node.kill().await;
    new_node.kill().await;
    Ok(written)
}

fn take(nodes: &mut Vec<Server>, name: &str) -> Result<Server, String> {
    let place = nodes.iter().position(|node| node.address == name).ok_or(format!("there is no node {name}"))?;
    Ok(nodes.swap_remove(place))
}

//! 23: five times as much is asked for as the node can do, for a minute. It goes on doing nearly as much as it can, what it takes on is done
//! soon, everybody else is told when to come back, agents who read and comment are not turned away, and soon after it is as before.
//!
//! Capacity is found out in the same run, before and after, because a shared machine changes by the minute. The control is the same rush
//! with admission switched off.

use super::load::{Sample, Site, Work, attempt, good_per_second, percentile};
use super::{Size, Verdict, block_on};
use crate::binary::Server;
use crate::cluster::{incident, pause};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Clients that find out what the node can do.
const CLIENTS: usize = 48;
const TIMES: f64 = 5.0;
/// What agents do besides, as a part of what the node can do.
const AGENTS: f64 = 0.1;
const SERVED_MAX: Duration = Duration::from_secs(2);
/// How much longer than with admission answers take without, at least.
const TIMES_SLOWER: f64 = 1.5;
const NORMAL_MAX: Duration = Duration::from_secs(5);
/// Answers in a row that are as quick as before.
const IN_A_ROW: usize = 5;

struct Found {
    peak: f64,
    good: f64,
    p99: Duration,
    shed: usize,
    agents_shed: usize,
    wrong: usize,
    normal: Option<Duration>,
}

pub(super) fn check(size: Size) -> Result<Verdict, String> {
    let share_min = size.pick(0.6, 0.8);
    block_on(async {
        let mut site = Site::prepare().await?;
        let server = site.serve(&[]).await;
        site.greet(&server).await?;
        let site = Arc::new(site);
        let lasts = size.pick(Duration::from_secs(4), Duration::from_secs(60));
        let calibrating = size.pick(Duration::from_millis(1_500), Duration::from_secs(8));
        let found = rush(&site, &server, calibrating, lasts).await;
        server.stop().await;
        let server = site.serve(&[("overload-admission", "false")]).await;
        let without =
            rush(&site, &server, calibrating, size.pick(Duration::from_secs(5), Duration::from_secs(15))).await;
        server.kill().await;
        if found.shed == 0 {
            return Err("nothing was put to the test: nobody was turned away".to_owned());
        }
        Ok(Verdict {
            figure: told(&found),
            limit: format!(
                "{:.0} % of the peak, p99 {} ms, no agent turned away, nothing answered otherwise, normal after {} s",
                share_min * 100.0,
                SERVED_MAX.as_millis(),
                NORMAL_MAX.as_secs()
            ),
            kept: is_kept(&found, share_min),
            control: format!(
                "without admission: {}; it fails, or answers take {TIMES_SLOWER} times as long",
                told(&without)
            ),
            // In seconds not as much piles up as in a minute.
            control_failed: !is_kept(&without, share_min) || without.p99 >= found.p99.mul_f64(TIMES_SLOWER),
        })
    })
}

fn is_kept(found: &Found, share_min: f64) -> bool {
    found.good >= found.peak * share_min
        && found.p99 <= SERVED_MAX
        && found.agents_shed == 0
        && found.wrong == 0
        && found.normal.is_some_and(|after| after <= NORMAL_MAX)
}

fn told(found: &Found) -> String {
    let normal = found
        .normal
        .map_or_else(|| "not normal in time".to_owned(), |after| format!("normal after {} ms", after.as_millis()));
    format!(
        "{:.0} of {:.0} a second done under {TIMES:.0} times the load ({:.0} %), p99 {} ms, {} turned away, {} agents turned away, {} answered otherwise, {normal}",
        found.good,
        found.peak,
        found.good / found.peak * 100.0,
        found.p99.as_millis(),
        found.shed,
        found.agents_shed,
        found.wrong
    )
}

async fn rush(site: &Arc<Site>, server: &Server, calibrating: Duration, lasts: Duration) -> Found {
    // What is done first is slow: connections, prepared statements, the first instances.
    site.closed(server, Work::Create, CLIENTS, calibrating / 2).await;
    let usual = usual(site, server).await;
    let before = capacity(site, server, calibrating).await;
    let agents = before * AGENTS;
    let (creates, agents) = tokio::join!(
        site.open(server, Work::Create, connections(before), before * TIMES, lasts),
        site.open(server, Work::ReadAndComment, 16, agents, lasts)
    );
    let ended = Instant::now();
    let normal = again_normal(site, server, usual, ended).await;
    let after = capacity(site, server, calibrating).await;
    let all: Vec<Sample> = creates.into_iter().chain(agents).collect();
    let refused = |sample: &&Sample| matches!(sample.status, 429 | 503) && sample.says_when;
    let shed = all.iter().filter(refused).count();
    let agents_shed = all.iter().filter(|sample| sample.is_person && matches!(sample.status, 429 | 503)).count();
    let wrong = all.iter().filter(|sample| !sample.is_good() && !refused(sample)).count();
    let in_time: Vec<Sample> =
        all.iter().copied().filter(|sample| sample.is_good() && sample.took <= SERVED_MAX).collect();
    Found {
        peak: f64::midpoint(before, after),
        good: good_per_second(&in_time, lasts),
        p99: percentile(all.iter().filter(|sample| sample.is_good()).map(|sample| sample.took), 99),
        shed,
        agents_shed,
        wrong,
        normal,
    }
}

/// Enough of them that nobody who wants to ask has to wait for one.
fn connections(capacity: f64) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
    let wanted = (capacity * 4.0).clamp(500.0, 2_500.0) as usize;
    wanted
}

async fn capacity(site: &Arc<Site>, server: &Server, lasts: Duration) -> f64 {
    good_per_second(&site.closed(server, Work::Create, CLIENTS, lasts).await, lasts)
}

/// How long one request takes when there is nothing else.
async fn usual(site: &Arc<Site>, server: &Server) -> Duration {
    let alone = site.closed(server, Work::Create, 1, Duration::from_millis(600)).await;
    percentile(alone.iter().map(|sample| sample.took), 90)
}

/// How long after its end a rush is over for somebody who comes now.
async fn again_normal(site: &Arc<Site>, server: &Server, usual: Duration, ended: Instant) -> Option<Duration> {
    let quick = (usual * 3).max(Duration::from_millis(150));
    let mut row = 0;
    while ended.elapsed() < NORMAL_MAX * 4 {
        let began = Instant::now();
        let body = incident("After the rush");
        let answer = attempt(&server.address, &site.integrations[0], "POST", "/tickets", Some(&body)).await;
        let is_good = answer.is_some_and(|(status, _)| status == 201) && began.elapsed() <= quick;
        row = if is_good { row + 1 } else { 0 };
        if row == IN_A_ROW {
            return Some(ended.elapsed());
        }
        pause(Duration::from_millis(20)).await;
    }
    None
}

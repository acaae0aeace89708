//! 24: eight minutes at half of what the node can do. Its memory does not grow, it holds no more files than before, and no table grows that
//! is not meant to keep what happened.
//!
//! On PostgreSQL, which can be asked from outside for what is in its tables. The control has a client that opens streams and never closes
//! them, as a leak would look.

use super::load::{Sample, Site, Work, good_per_second};
use super::{Size, Verdict, block_on};
use crate::binary::{Client, Server};
use crate::cluster::{eventually, pause};
use crate::postgres::Postgres;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

const PERCENT_A_MINUTE_MAX: f64 = 1.0;
/// Connections of the pool and of the load come and go by a few.
const FILES_MAX: usize = 6;
/// Rows by which a table may differ at two moments of the same load.
const ROWS_MAX: i64 = 64;
const CLIENTS: usize = 16;
/// Tables that grow with what happened: that is what they are for. Each has its time in `[retention]`, or is kept for ever.
const KEPT: [&str; 14] = [
    "ticket",
    "comment",
    "attachment",
    "blob",
    "clock",
    "event",
    "answer",
    "notification",
    "record",
    "ci",
    "flow_instance",
    "task",
    "outbox",
    "ticket_watcher",
];

struct Found {
    per_second: f64,
    percent_a_minute: f64,
    resident_kib: u64,
    files: (usize, usize),
    /// Tables that grew although nothing is kept in them.
    grown: Vec<String>,
    failed: usize,
}

pub(super) fn check(size: Size) -> Result<Verdict, String> {
    let slope_max = size.pick(f64::INFINITY, PERCENT_A_MINUTE_MAX);
    block_on(async {
        let postgres = Postgres::start()?;
        let mut site = Site::prepare_on(&postgres.url()).await?;
        let server = site.serve(&[]).await;
        site.greet(&server).await?;
        let site = Arc::new(site);
        let warm = size.pick(Duration::from_secs(2), Duration::from_secs(120));
        let lasts = size.pick(Duration::from_secs(4), Duration::from_secs(360));
        let found = soak(&site, &server, &postgres, (warm, lasts), 0).await?;
        let short = size.pick(Duration::from_secs(2), Duration::from_secs(20));
        let leaking = soak(&site, &server, &postgres, (short / 2, short), 40).await?;
        server.stop().await;
        Ok(Verdict {
            figure: told(&found),
            limit: if size == Size::Full {
                format!("{PERCENT_A_MINUTE_MAX} % a minute, {FILES_MAX} files, no table, no failure")
            } else {
                format!("{FILES_MAX} files, no table, no failure; memory is looked at in the full size")
            },
            kept: is_kept(&found, slope_max),
            control: format!("with a client that leaks streams: {}", told(&leaking)),
            control_failed: !is_kept(&leaking, f64::INFINITY),
        })
    })
}

fn is_kept(found: &Found, slope_max: f64) -> bool {
    found.percent_a_minute <= slope_max
        && found.files.1 <= found.files.0 + FILES_MAX
        && found.grown.is_empty()
        && found.failed == 0
}

fn told(found: &Found) -> String {
    format!(
        "{:.0} requests a second, memory {:.1} MiB and {:+.2} % a minute, files {} before and {} after, {} tables grew{}{}, {} requests failed",
        found.per_second,
        found.resident_kib as f64 / 1024.0,
        found.percent_a_minute,
        found.files.0,
        found.files.1,
        found.grown.len(),
        if found.grown.is_empty() { "" } else { ": " },
        found.grown.join(", "),
        found.failed
    )
}

async fn soak(
    site: &Arc<Site>,
    server: &Server,
    postgres: &Postgres,
    (warm, lasts): (Duration, Duration),
    leaks: usize,
) -> Result<Found, String> {
    let calibrating = (warm / 4).clamp(Duration::from_secs(1), Duration::from_secs(10));
    let capacity = good_per_second(&site.closed(server, Work::Create, CLIENTS, calibrating).await, calibrating);
    let half = capacity / 2.0;
    work(site, server, half, warm).await;
    quiet(postgres).await?;
    let (files, before) = (open_files(server)?, rows(postgres)?);
    let mut leaked = Vec::new();
    let watch = async {
        let (mut seen, began) = (Vec::new(), Instant::now());
        while began.elapsed() < lasts {
            seen.push((began.elapsed().as_secs_f64() / 60.0, resident_kib(server).unwrap_or(0)));
            if leaked.len() < leaks {
                leaked.push(stream(server, &site.people[0]).await);
            }
            pause((lasts / 400).clamp(Duration::from_millis(20), Duration::from_secs(1))).await;
        }
        seen
    };
    let (samples, seen) = tokio::join!(work(site, server, half, lasts), watch);
    quiet(postgres).await?;
    let (files_after, after) = (open_files(server)?, rows(postgres)?);
    let grew = |(table, count): (&String, &i64)| {
        let was = before.get(table).copied().unwrap_or(0);
        (!KEPT.contains(&table.as_str()) && *count > was + ROWS_MAX).then(|| format!("{table} {was} to {count}"))
    };
    drop(leaked);
    Ok(Found {
        per_second: good_per_second(&samples, lasts),
        percent_a_minute: percent_a_minute(&seen),
        resident_kib: seen.last().map_or(0, |(_, kib)| *kib),
        files: (files, files_after),
        grown: after.iter().filter_map(grew).collect(),
        failed: samples.iter().filter(|sample| !sample.is_good()).count(),
    })
}

/// Integrations and agents at so many requests a second.
async fn work(site: &Arc<Site>, server: &Server, per_second: f64, lasts: Duration) -> Vec<Sample> {
    let (creates, agents) = tokio::join!(
        site.open(server, Work::Create, CLIENTS, per_second * 0.6, lasts),
        site.open(server, Work::ReadAndComment, CLIENTS, per_second * 0.4, lasts)
    );
    creates.into_iter().chain(agents).collect()
}

/// Until the jobs of what was done are done.
async fn quiet(postgres: &Postgres) -> Result<(), String> {
    let due = "SELECT count(*) FROM job WHERE state = 'ready' AND due_at <= (extract(epoch FROM clock_timestamp()) * 1000000)::BIGINT";
    eventually("the queue is empty", Duration::from_secs(120), async || Ok(postgres.count(due)? == 0)).await.map(drop)
}

/// The rows of every table.
fn rows(postgres: &Postgres) -> Result<BTreeMap<String, i64>, String> {
    let names = postgres.ask("SELECT relname FROM pg_stat_user_tables ORDER BY relname")?;
    names
        .lines()
        .map(|name| {
            // Timers that will come due belong to what is kept: each closes with its ticket.
            let only = if name == "job" {
                " WHERE state = 'ready' AND due_at <= (extract(epoch FROM clock_timestamp()) * 1000000)::BIGINT"
            } else {
                ""
            };
            Ok((name.to_owned(), postgres.count(&format!("SELECT count(*) FROM {name}{only}"))?))
        })
        .collect()
}

fn open_files(server: &Server) -> Result<usize, String> {
    let folder = format!("/proc/{}/fd", server.id());
    std::fs::read_dir(&folder).map(Iterator::count).map_err(|error| format!("`{folder}` cannot be read: {error}"))
}

/// Memory that a server holds.
pub(super) fn resident_kib(server: &Server) -> Result<u64, String> {
    let path = format!("/proc/{}/status", server.id());
    let text = std::fs::read_to_string(&path).map_err(|error| format!("`{path}` cannot be read: {error}"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("there is no VmRSS")?;
    line.trim().trim_end_matches(" kB").parse().map_err(|_| format!("`{line}` is no size"))
}

/// A stream of live events that stays open.
async fn stream(server: &Server, headers: &[(String, String)]) -> Option<Client> {
    let mut client = Client::connect(&server.address).await.ok()?;
    client.headers = headers.to_vec();
    // The stream has no end, so its answer is not waited for.
    let _ = tokio::time::timeout(Duration::from_millis(20), client.request("GET", "/api/v1/events", &[], None)).await;
    Some(client)
}

/// The slope of a line through all that was seen, as a part of their mean.
fn percent_a_minute(seen: &[(f64, u64)]) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "kibibytes of memory")]
    let seen: Vec<(f64, f64)> = seen.iter().map(|(at, kib)| (*at, *kib as f64)).collect();
    #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
    let count = seen.len().max(1) as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| seen.iter().map(of).sum::<f64>() / count;
    let (at, kib) = (mean(|one| one.0), mean(|one| one.1));
    let rise: f64 = seen.iter().map(|one| (one.0 - at) * (one.1 - kib)).sum();
    let run: f64 = seen.iter().map(|one| (one.0 - at).powi(2)).sum();
    if run == 0.0 || kib == 0.0 { 0.0 } else { rise / run / kib * 100.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slope_is_told_as_a_part_of_the_whole() {
        let rising: Vec<(f64, u64)> = (0..60_u32).map(|n| (f64::from(n) / 60.0, 100_000 + 50 * u64::from(n))).collect();
        assert!((percent_a_minute(&rising) - 2.95).abs() < 0.1, "3,000 of about 101,500 in a minute");
        assert!(percent_a_minute(&[(0.0, 7), (1.0, 7)]).abs() < 1e-9);
    }
}

//! 17: commits that wait for the disk share its flushes. 64 clients together get at least fifteen times what one gets, where flushes are
//! what limits one; sixteen are never slower than one; and whatever is acknowledged is on the disk.
//!
//! The measurement is that of `cargo dev bench commit`. The control writes one commit at a time.

use super::{Size, Verdict, block_on};
use crate::bench::commit::{Figures, figures, times_least};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use store_sqlite::{SqliteConfig, SqliteStore};

const P99_MS_MAX: f64 = 100.0;
/// Of 1, 16, 64 and 256 clients.
const LEVELS: usize = 3;

pub(super) fn check(size: Size) -> Result<Verdict, String> {
    block_on(async {
        let folder = tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
        let shared = measure(folder.path(), "shared.db", size.pick(1, 5), 256).await?;
        let alone = measure(folder.path(), "alone.db", size.pick(1, 2), 1).await?;
        // The small size has one round, beside other tests.
        let (part, p99_max) = (size.pick(0.4, 1.0), size.pick(10.0, 1.0) * P99_MS_MAX);
        let least = times_least(shared.flushes_per_second, part);
        Ok(Verdict {
            figure: told(&shared),
            limit: format!("{least:.1} times, p99 {p99_max:.0} ms, 16 clients not slower than 1"),
            kept: is_kept(&shared, least, p99_max),
            control: format!("one commit at a time: {}", told(&alone)),
            control_failed: !is_kept(&alone, least, p99_max),
        })
    })
}

async fn measure(folder: &Path, name: &str, rounds: usize, batch_max: usize) -> Result<Figures, String> {
    // What is acknowledged is flushed: that is the default, and a server has no other.
    let mut config = SqliteConfig::new(folder.join(name));
    config.batch_max = batch_max;
    config.deadline_ms = u64::try_from(Duration::from_secs(60).as_millis()).unwrap_or(u64::MAX);
    let store = SqliteStore::open(config).await.map_err(|error| error.to_string())?;
    Ok(figures(folder, Arc::new(store), rounds, LEVELS).await)
}

fn times(figures: &Figures, level: usize) -> f64 {
    figures.rows[level].1 / figures.rows[0].1
}

fn is_kept(figures: &Figures, least: f64, p99_max: f64) -> bool {
    times(figures, 2) >= least && figures.rows[2].2 <= p99_max && times(figures, 1) >= 1.0
}

fn told(figures: &Figures) -> String {
    let [one, sixteen, many] = [0, 1, 2].map(|level| figures.rows[level].1);
    format!(
        "64 clients {many:.0} commits a second, {:.1} times one client's {one:.0}, p99 {:.0} ms; 16 clients {sixteen:.0}; the bare disk flushes {:.0} times",
        times(figures, 2),
        figures.rows[2].2,
        figures.flushes_per_second
    )
}

//! `weft fsck`: whether what is stored fits together. Reads beside a running server; exit code 0 for yes, 1 for no, 2 when it cannot tell.

use crate::config::Settings;
use crate::failure::Failure;
use crate::open::open_snapshot;
use crate::out;
use crate::platform::WallClock;
use app::fsck::{Depth, fsck};
use app::port::clock::Clock;

/// The answer is not known.
const UNKNOWN: u8 = 2;

pub(super) async fn run(settings: Settings, rows_only: bool, as_json: bool) -> Result<(), Failure> {
    let mut snapshot = open_snapshot(&settings).await.map_err(|failure| failure.with_code(UNKNOWN))?;
    let depth = if rows_only { Depth::Rows } else { Depth::Full };
    let report = fsck(&mut *snapshot, depth, WallClock.now()).await;
    snapshot.end().await;
    let report = report.map_err(|error| Failure::of("the database cannot be checked", &error).with_code(UNKNOWN))?;
    if as_json {
        out::json(&report.json());
    } else {
        out::line(report.text().trim_end());
    }
    if report.is_clean() {
        return Ok(());
    }
    let total: u64 = report.counts.values().sum();
    Err(Failure::new(format!("{total} findings of {} kinds", report.counts.len())))
}

//! Kept answers: what makes a repeated command harmless.

use super::{Fsck, Result};
use store::snapshot::Pages;

/// Clocks of nodes may differ by as much, in microseconds.
const SKEW: i64 = 24 * 60 * 60 * 1_000_000;

pub(super) async fn check(fsck: &mut Fsck<'_>) -> Result {
    let Some(table) = fsck.table("answer") else { return Ok(()) };
    let latest = fsck.now.as_microsecond() + SKEW;
    let mut pages = Pages::all(&table);
    while let Some(rows) = pages.next(fsck.snapshot).await? {
        for row in &rows {
            let text = row.text("answer").unwrap_or_default();
            if serde_json::from_str::<serde_json::Value>(text).is_err() {
                fsck.find("answer-unreadable", &table, row, "the answer is no JSON");
            } else if row.text("fingerprint").is_none_or(str::is_empty) {
                fsck.find("answer-unreadable", &table, row, "it does not say which request it answers");
            } else if row.int("at").is_none_or(|at| at > latest) {
                fsck.find("answer-unreadable", &table, row, "it was given in the future, and would never be forgotten");
            }
        }
    }
    Ok(())
}

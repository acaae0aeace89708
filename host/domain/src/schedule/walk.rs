//! From wall-clock times to instants. A zone is walked in stretches of one offset: inside a stretch every wall-clock time exists exactly
//! once, so skipped and repeated times are only a matter of where two stretches meet.

use super::{Duplicate, Missing, Schedule};
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ToSpan};

/// More than the changes of any zone until the last year of an expression.
const STRETCHES_MAX: usize = 1_000;

/// The first due time later than `after`.
pub(super) fn next(schedule: &Schedule, after: Timestamp) -> Option<Timestamp> {
    let mut at = Timestamp::from_second(after.as_second()).ok()?;
    while at <= after {
        at = at.checked_add(1.second()).ok()?;
    }
    for _ in 0..STRETCHES_MAX {
        let stretch = Stretch::at(&schedule.zone, at);
        let (due, has_more) = stretch.first(schedule, at);
        let inside = due.filter(|due| stretch.until.is_none_or(|until| *due < until));
        if inside.is_some() {
            return inside;
        }
        if !has_more {
            return None;
        }
        at = stretch.until?;
    }
    None
}

/// A stretch of time in which a zone keeps one offset.
struct Stretch {
    offset: Offset,
    /// When it began, and the offset before; absent for the first one of a zone.
    began: Option<(Timestamp, Offset)>,
    until: Option<Timestamp>,
}

impl Stretch {
    fn at(zone: &TimeZone, instant: Timestamp) -> Self {
        // A change exactly at the instant is its own beginning, so the search backwards starts a second later.
        let later = instant.checked_add(1.second()).unwrap_or(instant);
        let began = zone.preceding(later).next().map(|change| {
            let before = change.timestamp().checked_sub(1.second()).unwrap_or(Timestamp::MIN);
            (change.timestamp(), zone.to_offset(before))
        });
        let until = zone.following(instant).next().map(|change| change.timestamp());
        Self { offset: zone.to_offset(instant), began, until }
    }

    /// The first due time not earlier than `at`, as if the stretch had no end; and whether any may come after the stretch.
    fn first(&self, schedule: &Schedule, at: Timestamp) -> (Option<Timestamp>, bool) {
        let expression = &schedule.expression;
        let mut earliest = self.offset.to_datetime(at);
        let by_wall = !expression.runs_by_elapsed_time();
        if let Some((began, before)) = self.began
            && by_wall
            && schedule.duplicate == Duplicate::First
        {
            // Up to here the clocks were set back: what they show now they showed before.
            earliest = earliest.max(before.to_datetime(began));
        }
        let wall = expression.first_at(earliest);
        let regular = wall.and_then(|wall| self.offset.to_timestamp(wall).ok());
        let shifted =
            if by_wall && schedule.missing == Missing::Shift { self.first_shifted(schedule, at) } else { None };
        let due = match (regular, shifted) {
            (Some(regular), Some(shifted)) => Some(regular.min(shifted)),
            (regular, shifted) => regular.or(shifted),
        };
        (due, wall.is_some())
    }

    /// The first due time among those that the clocks skipped at the beginning of the stretch, each later by the length of the gap.
    fn first_shifted(&self, schedule: &Schedule, at: Timestamp) -> Option<Timestamp> {
        let (began, before) = self.began?;
        let (gap_start, gap_end): (DateTime, DateTime) = (before.to_datetime(began), self.offset.to_datetime(began));
        let earliest = before.to_datetime(at).max(gap_start);
        if earliest >= gap_end {
            return None;
        }
        let wall = schedule.expression.first_at(earliest).filter(|wall| *wall < gap_end)?;
        before.to_timestamp(wall).ok()
    }
}

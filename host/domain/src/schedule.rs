//! When things happen again: cron schedules, BPMN timers, and when to try a delivery once more.
//!
//! A schedule is kept with the name of its zone, and is decided on the wall clock of that zone: what is due at 02:30 is due at 02:30
//! in summer and in winter. *Architecture Invariant:* no clock and no randomness; the present and a seed come in as arguments.

mod expression;
mod retry;
mod timer;
mod walk;

#[cfg(test)]
mod tests;

pub use expression::CronExpr;
pub use retry::{Backoff, OnUnknown, Outcome, Plan, RetryPolicy, next_attempt};
pub use timer::{Cycle, Due, Period, TimerExpr};

use crate::Problem;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// Most instants that one question is answered with.
pub const INSTANTS_MAX: usize = 1_000;

/// What happens at a wall-clock time that the zone skips in spring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Missing {
    /// It is due later by the length of the gap: 02:30 becomes 03:30.
    #[default]
    Shift,
    /// It is not due on that day.
    Skip,
}

/// What happens at a wall-clock time that comes twice in autumn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Duplicate {
    #[default]
    First,
    Both,
}

/// What happens to due times that passed while nothing ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Misfire {
    /// They become one, at the latest of them.
    #[default]
    Coalesce,
    /// Each is made up for, oldest first.
    All,
    /// They are given up.
    Skip,
}

/// A cron expression in a zone, with what to do where the clocks change and where nobody was there.
///
/// A schedule whose hour field is `*` or a step runs by the time that passes, not by the clock on the wall: every half hour is a real
/// half hour also in the night in which the clocks change, so `missing` and `duplicate` do not concern it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Definition", into = "Definition")]
pub struct Schedule {
    pub expression: CronExpr,
    pub zone: TimeZone,
    pub missing: Missing,
    pub duplicate: Duplicate,
    pub misfire: Misfire,
}

impl Schedule {
    /// A schedule with the usual answers: shift what is missing, run once what comes twice, make up once for what was missed.
    ///
    /// # Errors
    /// When the expression or the name of the zone is wrong.
    pub fn new(expression: &str, zone: &str) -> Result<Self, Problem> {
        Ok(Self {
            expression: CronExpr::parse(expression)?,
            zone: read_zone(zone)?,
            missing: Missing::default(),
            duplicate: Duplicate::default(),
            misfire: Misfire::default(),
        })
    }

    /// The same for an expression and a zone that were read before.
    #[must_use]
    pub fn in_zone(expression: CronExpr, zone: TimeZone) -> Self {
        Self {
            expression,
            zone,
            missing: Missing::default(),
            duplicate: Duplicate::default(),
            misfire: Misfire::default(),
        }
    }

    /// The first due time later than `instant`; none when the expression names years that are over.
    #[must_use]
    pub fn after(&self, instant: Timestamp) -> Option<Timestamp> {
        walk::next(self, instant)
    }

    /// Due times later than `from` and not later than `to`, at most `limit` and never more than [`INSTANTS_MAX`].
    #[must_use]
    pub fn between(&self, from: Timestamp, to: Timestamp, limit: usize) -> Vec<Timestamp> {
        std::iter::successors(self.after(from), |&last| self.after(last))
            .take_while(|&due| due <= to)
            .take(limit.min(INSTANTS_MAX))
            .collect()
    }

    /// What to run now for the due times later than `last` and not later than `now`, by the misfire policy.
    ///
    /// `last` is the due time that was decided last, not the instant at which that happened. With [`Misfire::All`] at most
    /// [`INSTANTS_MAX`] come at once; ask again from the last of them.
    #[must_use]
    pub fn misfires(&self, last: Timestamp, now: Timestamp) -> Vec<Timestamp> {
        match self.misfire {
            Misfire::All => self.between(last, now, INSTANTS_MAX),
            Misfire::Coalesce => self.latest(last, now).into_iter().collect(),
            Misfire::Skip => Vec::new(),
        }
    }

    /// The latest due time in the same range.
    fn latest(&self, last: Timestamp, now: Timestamp) -> Option<Timestamp> {
        // From the end in ever longer stretches: only the shortest that has a due time at all is counted through.
        let hours = [1, 24, 24 * 31, 24 * 366, 24 * 366 * 9, i64::from(u16::MAX) * 24];
        for hours in hours {
            let from = now.checked_sub(Span::new().hours(hours)).unwrap_or(Timestamp::MIN).max(last);
            let due =
                std::iter::successors(self.after(from), |&due| self.after(due)).take_while(|&due| due <= now).last();
            if due.is_some() || from == last {
                return due;
            }
        }
        None
    }
}

/// Reads the name of a zone of the IANA database.
///
/// # Errors
/// When no such zone is known. A fixed offset is refused: it is right for half of the year.
pub fn read_zone(name: &str) -> Result<TimeZone, Problem> {
    if name == "UTC" {
        return Ok(TimeZone::UTC);
    }
    TimeZone::get(name).map_err(|_| {
        let message = format!(
            "there is no time zone `{}`; name one of the IANA database such as `Europe/Berlin`, or `UTC`",
            excerpt(name)
        );
        Problem::new("/zone", "zone-unknown", message)
    })
}

/// A piece of somebody's text that fits into a sentence.
fn excerpt(text: &str) -> String {
    const CHARS_MAX: usize = 60;
    let shown: String = text.chars().filter(|c| !c.is_control()).take(CHARS_MAX).collect();
    if shown.len() < text.len() { format!("{shown}…") } else { shown }
}

/// How a schedule is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Definition {
    expression: String,
    zone: String,
    #[serde(default)]
    missing: Missing,
    #[serde(default)]
    duplicate: Duplicate,
    #[serde(default)]
    misfire: Misfire,
}

impl TryFrom<Definition> for Schedule {
    type Error = Problem;

    fn try_from(definition: Definition) -> Result<Self, Problem> {
        let Definition { expression, zone, missing, duplicate, misfire } = definition;
        Ok(Self { missing, duplicate, misfire, ..Self::new(&expression, &zone)? })
    }
}

impl From<Schedule> for Definition {
    fn from(schedule: Schedule) -> Self {
        let Schedule { expression, zone, missing, duplicate, misfire } = schedule;
        let zone = zone.iana_name().unwrap_or("UTC").to_owned();
        Self { expression: expression.as_str().to_owned(), zone, missing, duplicate, misfire }
    }
}

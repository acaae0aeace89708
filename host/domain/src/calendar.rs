//! Business time: which instants a calendar counts as working, and the arithmetic on them.
//!
//! *Architecture Invariant*: nothing here knows the current time or does I/O after a calendar is read, and no decision
//! is taken on a floating point number. Instants are whole microseconds (finer parts are dropped), windows whole
//! seconds; every sum is an integer.
//!
//! Where products disagree the difference is a named option with a preset for each of them: see [`Options`].
//!
//! ```
//! use weft_domain::calendar::Calendar;
//! let office = Calendar::from_json(&serde_json::json!({
//!     "key": "office", "zone": "Europe/Berlin", "hours": {"mon": [["09:00", "17:00"]], "tue": [["09:00", "17:00"]]}
//! }))
//! .expect("a valid calendar");
//! let start = "2013-03-25T15:30:00Z".parse().expect("an instant"); // Monday 16:30 in Berlin.
//! let due = office.add(start, 3600).expect("the office opens again");
//! assert_eq!(due.to_string(), "2013-03-26T08:30:00Z");
//! assert_eq!(office.between(start, due), 3600);
//! ```

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

mod arithmetic;
mod date;
mod definition;
mod holiday;
mod hours;
mod ical;
mod intersection;
mod local;
mod options;
mod problem;
mod spans;
#[cfg(test)]
mod tests;
mod working_days;

pub use crate::Problem;
pub use ical::{FeedHoliday, FeedReading, read_feed};
pub use local::{DayPart, local_to_instant, read_zone};
pub use options::{Closing, DaysMeaning, Dst, Fold, Gap, Intersection, Landing, LastMinute, Options, Preset};
pub use problem::CalendarError;
pub use spans::{Window, Windows};
pub use working_days::Clock;

use definition::Rules;

/// A checked calendar: opening hours in a zone, with breaks, shifts, holidays and the options that name its semantics.
///
/// Cheap to clone: the rules are shared, only the zone is its own.
#[derive(Clone, Debug)]
pub struct Calendar {
    rules: Arc<Rules>,
    zone: TimeZone,
    /// Calendars that must be open too: the result of [`Calendar::intersect`] by instants.
    also: Vec<Calendar>,
}

impl Calendar {
    /// Reads a calendar definition, `{key, title, zone, hours, breaks, shifts, holidays, preset, options}`.
    ///
    /// # Errors
    /// Every problem of the definition at once, each with the JSON pointer of its place.
    pub fn from_json(definition: &Value) -> Result<Calendar, Vec<Problem>> {
        let (rules, zone) = definition::read(definition)?;
        let calendar = Calendar { rules: Arc::new(rules), zone, also: Vec::new() };
        if calendar.opens_some_day() { Ok(calendar) } else { Err(vec![problem::never_open()]) }
    }

    /// The key other records name this calendar by.
    pub fn key(&self) -> &str {
        &self.rules.key
    }

    /// What people read.
    pub fn title(&self) -> &str {
        &self.rules.title
    }

    /// The zone whose wall clock the hours are written in.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The semantics in force.
    pub fn options(&self) -> &Options {
        &self.rules.options
    }

    /// The same hours read on the wall clock of another zone (SLM-02: the caller's, the location's, …).
    pub fn in_zone(&self, zone: TimeZone) -> Calendar {
        Calendar { rules: Arc::clone(&self.rules), zone, also: self.also.clone() }
    }

    /// Whether the calendar is open at an instant; the `closing` option says so of the closing instant.
    pub fn is_open(&self, at: Timestamp) -> bool {
        let micros = at.as_microsecond();
        let closes_now = || self.previous_close(at).is_ok_and(|close| close == at);
        self.window_at(micros).is_some() || (self.rules.options.closing == Closing::Open && closes_now())
    }
}

//! What can be wrong with a calendar, and what can go wrong when counting on one.

use crate::Problem;

pub(crate) fn never_open() -> Problem {
    Problem::new(
        "/hours",
        "calendar-never-open",
        "The calendar is never open: holidays and breaks cover all of its business hours, so no due time could ever \
         be found. Remove a holiday or a break, or add hours on another day.",
    )
}

/// Why business time could not be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// No opening within [`crate::calendar::Options::SEARCH_DAYS_MAX`] days of the start.
    #[error("never open: the calendar has no opening within the {days} days searched")]
    NeverOpen {
        /// How many days were searched.
        days: u32,
    },
    /// The calendar opens, but not long enough within the days searched.
    #[error("too far: the working time asked for does not fit in the {days} days searched")]
    TooFar {
        /// How many days were searched.
        days: u32,
    },
    /// The amount cannot be represented in microseconds, or the result is past the year 9999.
    #[error("out of range: the amount or the resulting instant cannot be represented")]
    OutOfRange,
    /// The two calendars are never open at the same time.
    #[error("never open: the two calendars have no common opening within the days searched")]
    NeverOpenTogether,
}

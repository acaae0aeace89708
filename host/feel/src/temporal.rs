//! Dates, times and durations as FEEL has them: years up to a thousand million, times with or without an offset or a zone.
//!
//! Calendar arithmetic is here because its years are more than those of `jiff`; `jiff` knows the zones.

mod date;
mod date_time;
mod duration;
mod parse;
mod time;
mod zone;

pub use date::Date;
pub use date_time::DateTime;
pub use duration::{DaysTime, YearsMonths};
pub use time::Time;
pub use zone::Offset;

pub(crate) const NANOSECONDS_PER_SECOND: i128 = 1_000_000_000;
pub(crate) const SECONDS_PER_DAY: i64 = 86_400;
pub(crate) const NANOSECONDS_PER_DAY: i128 = NANOSECONDS_PER_SECOND * SECONDS_PER_DAY as i128;

//! Dates, times and durations.

use jiff::tz::TimeZone;

/// A day of the proleptic Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: i32,
    month: u8,
    day: u8,
}

/// What ties a time to the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offset {
    Local,
    Fixed(i32),
    Zone(TimeZone),
}

/// A time of day.
#[derive(Debug, Clone)]
pub struct Time {
    nanosecond_of_day: u64,
    offset: Offset,
}

/// A day and a time.
#[derive(Debug, Clone)]
pub struct DateTime {
    date: Date,
    time: Time,
}

/// A length of time in days, hours, minutes and seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DaysTime {
    seconds: i64,
    nanoseconds: u32,
}

/// A length of time in years and months.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct YearsMonths {
    months: i64,
}

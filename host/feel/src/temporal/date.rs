//! A day of the proleptic Gregorian calendar.

use std::fmt;

use super::{YearsMonths, parse};

const YEAR_MAX: i64 = 999_999_999;
const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: i32,
    month: u8,
    day: u8,
}

impl Date {
    /// A day that exists.
    #[must_use]
    pub fn new(year: i64, month: i64, day: i64) -> Option<Self> {
        let is_valid = (-YEAR_MAX..=YEAR_MAX).contains(&year)
            && (1..=12).contains(&month)
            && (1..=days_in_month(year, month)).contains(&day);
        let (year, month, day) = (i32::try_from(year).ok()?, u8::try_from(month).ok()?, u8::try_from(day).ok()?);
        is_valid.then_some(Self { year, month, day })
    }

    /// Reads `2026-11-22`; none if it is not written so or does not exist.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut reader = parse::Reader::new(text);
        let date = reader.date()?;
        reader.is_at_end().then_some(date)
    }

    #[must_use]
    pub fn year(self) -> i64 {
        i64::from(self.year)
    }

    #[must_use]
    pub fn month(self) -> i64 {
        i64::from(self.month)
    }

    #[must_use]
    pub fn day(self) -> i64 {
        i64::from(self.day)
    }

    /// Days since 1970-01-01. Years run from March, so that the leap day is the last.
    #[must_use]
    pub fn days_since_epoch(self) -> i64 {
        let year = self.year() - i64::from(self.month <= 2);
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let month = (self.month() + 9) % 12;
        let day_of_year = (153 * month + 2) / 5 + self.day() - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * 146_097 + day_of_era - 719_468
    }

    /// The day that many days after 1970-01-01.
    #[must_use]
    pub fn from_days_since_epoch(days: i64) -> Option<Self> {
        let days = days.checked_add(719_468)?;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        Self::new(year_of_era + era * 400 + i64::from(month <= 2), month, day)
    }

    #[must_use]
    pub fn plus_days(self, days: i64) -> Option<Self> {
        Self::from_days_since_epoch(self.days_since_epoch().checked_add(days)?)
    }

    /// A day that the month does not have becomes its last.
    #[must_use]
    pub fn plus_months(self, months: YearsMonths) -> Option<Self> {
        let total = (self.year() * 12 + self.month() - 1).checked_add(months.months())?;
        let (year, month) = (total.div_euclid(12), total.rem_euclid(12) + 1);
        Self::new(year, month, self.day().min(days_in_month(year, month)))
    }

    /// 1 for Monday to 7 for Sunday.
    #[must_use]
    pub fn weekday(self) -> i64 {
        (self.days_since_epoch() + 3).rem_euclid(7) + 1
    }

    #[must_use]
    pub fn weekday_name(self) -> &'static str {
        WEEKDAYS[usize::try_from(self.weekday() - 1).unwrap_or(0)]
    }

    #[must_use]
    pub fn month_name(self) -> &'static str {
        MONTHS[usize::from(self.month - 1)]
    }

    #[must_use]
    pub fn day_of_year(self) -> i64 {
        let first = Self { month: 1, day: 1, ..self };
        self.days_since_epoch() - first.days_since_epoch() + 1
    }

    /// The week of ISO 8601: that of its Thursday.
    #[must_use]
    pub fn week_of_year(self) -> i64 {
        let thursday = self.plus_days(4 - self.weekday()).unwrap_or(self);
        (thursday.day_of_year() - 1) / 7 + 1
    }
}

pub(super) fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl fmt::Display for Date {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.year < 0 { "-" } else { "" };
        write!(formatter, "{sign}{:04}-{:02}-{:02}", self.year.unsigned_abs(), self.month, self.day)
    }
}

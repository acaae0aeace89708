//! A time of day.

use std::{cmp::Ordering, fmt};

use super::{Date, DaysTime, NANOSECONDS_PER_DAY, NANOSECONDS_PER_SECOND, Offset, parse};

/// A time of day, with or without an offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Time {
    /// Below a day.
    nanosecond_of_day: u64,
    offset: Offset,
}

impl Time {
    /// A time that a clock can show.
    #[must_use]
    pub fn new(hour: i64, minute: i64, second: i64, nanosecond: i64, offset: Offset) -> Option<Self> {
        let is_valid = (0..24).contains(&hour)
            && (0..60).contains(&minute)
            && (0..60).contains(&second)
            && (0..1_000_000_000).contains(&nanosecond);
        let total = (hour * 3600 + minute * 60 + second) * 1_000_000_000 + nanosecond;
        is_valid.then_some(Self { nanosecond_of_day: u64::try_from(total).ok()?, offset })
    }

    /// Reads `10:30:00`, with a fraction, an offset or a zone.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut reader = parse::Reader::new(text);
        let time = reader.time()?;
        (reader.is_at_end() && !time.is_end_of_day).then_some(time.time)
    }

    #[must_use]
    pub fn midnight(offset: Offset) -> Self {
        Self { nanosecond_of_day: 0, offset }
    }

    pub(super) fn from_nanosecond_of_day(nanosecond: i128, offset: Offset) -> Self {
        let nanosecond = nanosecond.rem_euclid(NANOSECONDS_PER_DAY);
        Self { nanosecond_of_day: u64::try_from(nanosecond).expect("less than a day"), offset }
    }

    pub(super) fn nanosecond_of_day(&self) -> i128 {
        i128::from(self.nanosecond_of_day)
    }

    pub(super) fn second_of_day(&self) -> i64 {
        i64::try_from(self.nanosecond_of_day / 1_000_000_000).expect("less than a day")
    }

    #[must_use]
    pub fn hour(&self) -> i64 {
        self.second_of_day() / 3600
    }

    #[must_use]
    pub fn minute(&self) -> i64 {
        self.second_of_day() / 60 % 60
    }

    #[must_use]
    pub fn second(&self) -> i64 {
        self.second_of_day() % 60
    }

    #[must_use]
    pub fn nanosecond(&self) -> i64 {
        i64::try_from(self.nanosecond_of_day % 1_000_000_000).unwrap_or(0)
    }

    #[must_use]
    pub fn offset(&self) -> &Offset {
        &self.offset
    }

    #[must_use]
    pub fn with_offset(self, offset: Offset) -> Self {
        Self { offset, ..self }
    }

    /// Seconds east of UTC. A zone without a day has its offset of the first of January 1970.
    #[must_use]
    pub fn offset_seconds(&self) -> Option<i32> {
        self.offset.seconds_at(Date::new(1970, 1, 1)?, self.second_of_day())
    }

    /// The clock goes round.
    #[must_use]
    pub fn plus(&self, duration: DaysTime) -> Self {
        let nanosecond = self.nanosecond_of_day() + duration.nanoseconds().rem_euclid(NANOSECONDS_PER_DAY);
        Self::from_nanosecond_of_day(nanosecond, self.offset.clone())
    }

    /// From the other to this; none if only one has an offset.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Option<DaysTime> {
        let (left, right) = self.comparable(other)?;
        DaysTime::from_nanoseconds(left - right)
    }

    /// By the second, as FEEL values are; none if only one has an offset.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        let (left, right) = self.comparable(other)?;
        Some(left.div_euclid(NANOSECONDS_PER_SECOND).cmp(&right.div_euclid(NANOSECONDS_PER_SECOND)))
    }

    fn comparable(&self, other: &Self) -> Option<(i128, i128)> {
        let (left, right) = (self.nanosecond_of_day(), other.nanosecond_of_day());
        if self.offset == other.offset {
            return Some((left, right));
        }
        let utc = |time: &Self, nanosecond: i128| {
            Some(nanosecond - i128::from(time.offset_seconds()?) * NANOSECONDS_PER_SECOND)
        };
        Some((utc(self, left)?, utc(other, right)?))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:02}:{:02}:{:02}", self.hour(), self.minute(), self.second())?;
        let fraction = format!("{:09}", self.nanosecond());
        let fraction = fraction.trim_end_matches('0');
        if !fraction.is_empty() {
            write!(formatter, ".{fraction}")?;
        }
        self.offset.fmt(formatter)
    }
}

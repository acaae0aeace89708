//! A day and a time.

use std::{cmp::Ordering, fmt};

use jiff::{Timestamp, tz::TimeZone};

use super::{
    Date, DaysTime, NANOSECONDS_PER_DAY, NANOSECONDS_PER_SECOND, Offset, SECONDS_PER_DAY, Time, YearsMonths, parse,
};

/// A day and a time, with or without an offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateTime {
    date: Date,
    time: Time,
}

impl DateTime {
    #[must_use]
    pub fn new(date: Date, time: Time) -> Self {
        Self { date, time }
    }

    /// Reads `2026-11-22T10:30:00`, with a fraction, an offset or a zone; a day alone is its midnight.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut reader = parse::Reader::new(text);
        let date = reader.date()?;
        if reader.is_at_end() {
            return Some(Self { date, time: Time::midnight(Offset::Local) });
        }
        reader.literal('T')?;
        let time = reader.time()?;
        let date = if time.is_end_of_day { date.plus_days(1)? } else { date };
        reader.is_at_end().then_some(Self { date, time: time.time })
    }

    /// An instant as the clocks of a zone show it.
    ///
    /// # Panics
    /// Never: the years of timestamps are among those of FEEL.
    #[must_use]
    pub fn from_timestamp(timestamp: Timestamp, zone: &TimeZone) -> Self {
        let offset = match zone.iana_name() {
            Some("UTC" | "Etc/UTC") | None => Offset::Fixed(zone.to_offset(timestamp).seconds()),
            Some(_) => Offset::Zone(zone.clone()),
        };
        Self::from_instant(timestamp.as_nanosecond(), offset).expect("a timestamp is within the years of FEEL")
    }

    /// The instant, if it has an offset and lies within the years that timestamps have.
    #[must_use]
    pub fn to_timestamp(&self) -> Option<Timestamp> {
        Timestamp::from_nanosecond(self.instant()?).ok()
    }

    #[must_use]
    pub fn date(&self) -> Date {
        self.date
    }

    #[must_use]
    pub fn time(&self) -> &Time {
        &self.time
    }

    /// Seconds east of UTC.
    #[must_use]
    pub fn offset_seconds(&self) -> Option<i32> {
        self.time.offset().seconds_at(self.date, self.time.second_of_day())
    }

    fn wall(&self) -> i128 {
        i128::from(self.date.days_since_epoch()) * NANOSECONDS_PER_DAY + self.time.nanosecond_of_day()
    }

    /// Nanoseconds since 1970 in UTC; none without an offset.
    fn instant(&self) -> Option<i128> {
        Some(self.wall() - i128::from(self.offset_seconds()?) * NANOSECONDS_PER_SECOND)
    }

    fn from_wall(wall: i128, offset: Offset) -> Option<Self> {
        let days = i64::try_from(wall.div_euclid(NANOSECONDS_PER_DAY)).ok()?;
        Some(Self { date: Date::from_days_since_epoch(days)?, time: Time::from_nanosecond_of_day(wall, offset) })
    }

    fn from_instant(instant: i128, offset: Offset) -> Option<Self> {
        let seconds = i64::try_from(instant.div_euclid(NANOSECONDS_PER_SECOND)).ok()?;
        let east = offset.seconds_at_instant(seconds).unwrap_or(0);
        Self::from_wall(instant + i128::from(east) * NANOSECONDS_PER_SECOND, offset)
    }

    /// Exact time: over a change of the clocks the wall shows another hour.
    #[must_use]
    pub fn plus(&self, duration: DaysTime) -> Option<Self> {
        let offset = self.time.offset().clone();
        match self.instant() {
            Some(instant) => Self::from_instant(instant.checked_add(duration.nanoseconds())?, offset),
            None => Self::from_wall(self.wall().checked_add(duration.nanoseconds())?, offset),
        }
    }

    #[must_use]
    pub fn plus_months(&self, months: YearsMonths) -> Option<Self> {
        Some(Self { date: self.date.plus_months(months)?, time: self.time.clone() })
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
        match (self.time.offset(), other.time.offset()) {
            (Offset::Local, Offset::Local) => Some((self.wall(), other.wall())),
            _ => Some((self.instant()?, other.instant()?)),
        }
    }

    /// Whole months from this to the other.
    #[must_use]
    pub fn months_until(&self, other: &Self) -> YearsMonths {
        let key = |value: &Self| {
            (value.date.year() * 12 + value.date.month(), (value.date.day(), value.time.nanosecond_of_day()))
        };
        let ((from, from_rest), (to, to_rest)) = (key(self), key(other));
        let mut months = to - from;
        if months > 0 && to_rest < from_rest {
            months -= 1;
        } else if months < 0 && to_rest > from_rest {
            months += 1;
        }
        YearsMonths::new(months)
    }

    /// Seconds since 1970 on the wall.
    #[must_use]
    pub fn wall_seconds(&self) -> i64 {
        self.date.days_since_epoch() * SECONDS_PER_DAY + self.time.second_of_day()
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}T{}", self.date, self.time)
    }
}

//! Instants: exact points of time in UTC, without a time zone library. Zones and calendars are the host's business.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A point of time, to the nanosecond; as text RFC 3339 in UTC.
///
/// ```
/// use weft_sdk::Instant;
///
/// let opened: Instant = "2026-02-27T23:59:30+01:00".parse().unwrap();
/// assert_eq!(opened.to_string(), "2026-02-27T22:59:30Z");
/// assert_eq!(opened.plus_days(2).to_string(), "2026-03-01T22:59:30Z");
/// assert_eq!(opened.plus_hours(1).seconds_since(opened), 3600);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant {
    seconds: i64,
    nanoseconds: u32,
}

/// Text that is not an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAnInstant(pub String);

impl fmt::Display for NotAnInstant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not an RFC 3339 instant", self.0)
    }
}

impl std::error::Error for NotAnInstant {}

const DAY: i64 = 86_400;

impl Instant {
    /// Seconds since 1970-01-01T00:00:00Z, without leap seconds.
    #[must_use]
    pub const fn from_unix(seconds: i64) -> Self {
        Self { seconds, nanoseconds: 0 }
    }

    /// Whole seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn unix(self) -> i64 {
        self.seconds
    }

    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self { seconds: self.seconds + seconds, nanoseconds: self.nanoseconds }
    }

    #[must_use]
    pub const fn plus_minutes(self, minutes: i64) -> Self {
        self.plus_seconds(minutes * 60)
    }

    #[must_use]
    pub const fn plus_hours(self, hours: i64) -> Self {
        self.plus_seconds(hours * 3600)
    }

    /// Days of 24 hours. Working days and local days depend on a calendar: ask the host.
    #[must_use]
    pub const fn plus_days(self, days: i64) -> Self {
        self.plus_seconds(days * DAY)
    }

    /// Whole seconds from `earlier` to this, negative when this is the earlier one; fractions are cut off.
    #[must_use]
    pub const fn seconds_since(self, earlier: Self) -> i64 {
        let (seconds, nanoseconds) =
            (self.seconds - earlier.seconds, self.nanoseconds as i64 - earlier.nanoseconds as i64);
        if seconds > 0 && nanoseconds < 0 {
            seconds - 1
        } else if seconds < 0 && nanoseconds > 0 {
            seconds + 1
        } else {
            seconds
        }
    }

    /// Year, month and day in UTC.
    ///
    /// ```
    /// let day: weft_sdk::Instant = "2024-02-29T12:00:00Z".parse().unwrap();
    /// assert_eq!(day.date(), (2024, 2, 29));
    /// ```
    #[must_use]
    pub const fn date(self) -> (i64, u32, u32) {
        civil_from_days(self.seconds.div_euclid(DAY))
    }

    /// Monday is 0, in UTC.
    #[must_use]
    pub const fn weekday(self) -> u32 {
        (self.seconds.div_euclid(DAY) + 3).rem_euclid(7) as u32
    }

    /// Second of the day in UTC, from 0 to 86399.
    #[must_use]
    pub const fn second_of_day(self) -> u32 {
        self.seconds.rem_euclid(DAY) as u32
    }

    fn parse_text(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let number = |from: usize, to: usize| -> Option<i64> {
            let digits = bytes.get(from..to)?;
            digits.iter().try_fold(0, |sum, b| b.is_ascii_digit().then(|| sum * 10 + i64::from(b - b'0')))
        };
        let mark = |at: usize, wanted: &[u8]| bytes.get(at).filter(|b| wanted.contains(b)).map(|_| ());
        let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
        let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
        mark(4, b"-")?;
        mark(7, b"-")?;
        mark(10, b"Tt ")?;
        mark(13, b":")?;
        mark(16, b":")?;
        let mut at = 19;
        let mut nanoseconds = 0;
        if bytes.get(at) == Some(&b'.') {
            let digits = bytes[at + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
            if digits == 0 || digits > 9 {
                return None;
            }
            nanoseconds = u32::try_from(number(at + 1, at + 1 + digits)?).ok()? * 10_u32.pow(9 - digits as u32);
            at += 1 + digits;
        }
        let offset = match (bytes.get(at)?, bytes.len() - at) {
            (b'Z' | b'z', 1) => 0,
            (sign @ (b'+' | b'-'), 6) if bytes[at + 3] == b':' => {
                let (hours, minutes) = (number(at + 1, at + 3)?, number(at + 4, at + 6)?);
                if hours > 23 || minutes > 59 {
                    return None;
                }
                (hours * 3600 + minutes * 60) * if *sign == b'-' { -1 } else { 1 }
            }
            _ => return None,
        };
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let length = *days.get(usize::try_from(month - 1).ok()?)?;
        if day < 1 || day > length || hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        // A leap second is the last second of its day, as nearly every clock has it.
        let seconds = days_from_civil(year, month, day) * DAY + hour * 3600 + minute * 60 + second.min(59) - offset;
        Some(Self { seconds, nanoseconds })
    }
}

/// Days since 1970-01-01 of a date in the Gregorian calendar (Howard Hinnant, "chrono-compatible low-level date algorithms").
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

const fn civil_from_days(days: i64) -> (i64, u32, u32) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days - era * 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + (month <= 2) as i64;
    (year, month as u32, (day_of_year - (153 * shifted + 2) / 5 + 1) as u32)
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((year, month, day), second) = (self.date(), self.second_of_day());
        write!(f, "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)?;
        if self.nanoseconds != 0 {
            let fraction = format!("{:09}", self.nanoseconds);
            write!(f, ".{}", fraction.trim_end_matches('0'))?;
        }
        f.write_str("Z")
    }
}

impl std::str::FromStr for Instant {
    type Err = NotAnInstant;

    fn from_str(text: &str) -> Result<Self, NotAnInstant> {
        Self::parse_text(text).ok_or_else(|| NotAnInstant(text.to_owned()))
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_eight_centuries_survives_the_round_trip() {
        let mut day: Instant = "1600-01-01T00:00:00Z".parse().unwrap();
        let (mut previous, end) = (day.plus_days(-1).date(), "2400-01-01T00:00:00Z".parse().unwrap());
        while day < end {
            let date = day.date();
            assert!(date > previous, "{day}");
            assert_eq!(day.to_string().parse(), Ok(day));
            (previous, day) = (date, day.plus_days(1));
        }
    }

    #[test]
    fn fractions_and_offsets_are_kept_exactly() {
        let check = |text: &str, expected: &str| assert_eq!(text.parse::<Instant>().unwrap().to_string(), expected);
        check("2026-11-22T10:00:00.120Z", "2026-11-22T10:00:00.12Z");
        check("2026-11-22T10:00:00.000000001Z", "2026-11-22T10:00:00.000000001Z");
        check("2026-01-01T00:30:00+05:30", "2025-12-31T19:00:00Z");
        check("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.5Z");
        check("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z");
    }

    #[test]
    fn what_is_not_an_instant_is_refused() {
        for text in [
            "",
            "2026-02-30T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01",
            "2026-01-01T00:00:00",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00+0100",
            "2026-01-01T00:00:00Zé",
            "２026-01-01T00:00:00Z",
        ] {
            assert!(text.parse::<Instant>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_weekday_counts_from_monday() {
        assert_eq!("2026-11-23T00:00:00Z".parse::<Instant>().unwrap().weekday(), 0);
        assert_eq!("1969-12-28T10:00:00Z".parse::<Instant>().unwrap().weekday(), 6);
    }
}

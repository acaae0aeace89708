//! Lengths of time: in days and smaller, or in months and larger. The two kinds do not mix.

use std::fmt;

use super::{NANOSECONDS_PER_DAY, NANOSECONDS_PER_SECOND, parse};
use crate::{Number, number::Rounding};

/// As many seconds as 63 bits hold.
const NANOSECONDS_MAX: i128 = i64::MAX as i128 * NANOSECONDS_PER_SECOND;

/// A length of time in days, hours, minutes and seconds.
///
/// Kept in two halves so that a value of FEEL stays small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DaysTime {
    /// Rounded down.
    seconds: i64,
    nanosecond: u32,
}

/// A length of time in years and months.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct YearsMonths {
    months: i64,
}

impl DaysTime {
    pub const ZERO: Self = Self { seconds: 0, nanosecond: 0 };

    #[must_use]
    pub fn from_nanoseconds(nanoseconds: i128) -> Option<Self> {
        if nanoseconds.abs() > NANOSECONDS_MAX {
            return None;
        }
        Some(Self {
            seconds: i64::try_from(nanoseconds.div_euclid(NANOSECONDS_PER_SECOND)).ok()?,
            nanosecond: u32::try_from(nanoseconds.rem_euclid(NANOSECONDS_PER_SECOND)).ok()?,
        })
    }

    #[must_use]
    pub fn from_seconds(seconds: i64) -> Self {
        Self { seconds, nanosecond: 0 }
    }

    /// Reads `P1DT2H3M4.5S`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        parse::days_time(text)
    }

    #[must_use]
    pub fn nanoseconds(self) -> i128 {
        i128::from(self.seconds) * NANOSECONDS_PER_SECOND + i128::from(self.nanosecond)
    }

    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        Self::from_nanoseconds(self.nanoseconds() + other.nanoseconds())
    }

    #[must_use]
    pub fn negate(self) -> Self {
        Self::from_nanoseconds(-self.nanoseconds()).unwrap_or(Self::ZERO)
    }

    #[must_use]
    pub fn abs(self) -> Self {
        if self.seconds < 0 { self.negate() } else { self }
    }

    /// The length in seconds.
    #[must_use]
    pub fn to_number(self) -> Option<Number> {
        let seconds = Number::from(self.seconds);
        let fraction = Number::from(i64::from(self.nanosecond)).divide(Number::from(1_000_000_000_i64))?;
        seconds.add(fraction)
    }

    /// A length of that many seconds; digits below the nanosecond are cut off.
    #[must_use]
    pub fn from_number(seconds: Number) -> Option<Self> {
        let whole = seconds.round(0, Rounding::Floor)?;
        let fraction = seconds.subtract(whole)?.multiply(Number::from(1_000_000_000_i64))?;
        let nanoseconds = i128::from(fraction.truncated_i64()?);
        Self::from_nanoseconds(i128::from(whole.to_i64()?) * NANOSECONDS_PER_SECOND + nanoseconds)
    }

    /// Days, hours, minutes and seconds, each with the sign of the whole.
    #[must_use]
    pub fn parts(self) -> (i64, i64, i64, i64) {
        let sign = if self.nanoseconds() < 0 { -1 } else { 1 };
        let total = self.nanoseconds().unsigned_abs() / NANOSECONDS_PER_SECOND.unsigned_abs();
        let part = |value: u128| i64::try_from(value).map_or(0, |value| sign * value);
        (part(total / 86_400), part(total / 3600 % 24), part(total / 60 % 60), part(total % 60))
    }
}

impl YearsMonths {
    #[must_use]
    pub fn new(months: i64) -> Self {
        Self { months }
    }

    /// Reads `P1Y2M`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        parse::years_months(text)
    }

    #[must_use]
    pub fn months(self) -> i64 {
        self.months
    }

    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        self.months.checked_add(other.months).map(Self::new)
    }

    #[must_use]
    pub fn negate(self) -> Self {
        Self::new(self.months.saturating_neg())
    }

    #[must_use]
    pub fn abs(self) -> Self {
        Self::new(self.months.saturating_abs())
    }
}

impl fmt::Display for DaysTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanoseconds = self.nanoseconds();
        if nanoseconds == 0 {
            return formatter.write_str("PT0S");
        }
        let magnitude = nanoseconds.unsigned_abs();
        let second = NANOSECONDS_PER_SECOND.unsigned_abs();
        let in_day = magnitude % NANOSECONDS_PER_DAY.unsigned_abs();
        let (days, hours) = (magnitude / NANOSECONDS_PER_DAY.unsigned_abs(), in_day / (3600 * second));
        let (minutes, seconds, fraction) = (in_day / (60 * second) % 60, in_day / second % 60, in_day % second);
        formatter.write_str(if nanoseconds < 0 { "-P" } else { "P" })?;
        if days > 0 {
            write!(formatter, "{days}D")?;
        }
        if in_day > 0 {
            formatter.write_str("T")?;
        }
        if hours > 0 {
            write!(formatter, "{hours}H")?;
        }
        if minutes > 0 {
            write!(formatter, "{minutes}M")?;
        }
        if fraction > 0 {
            let fraction = format!("{fraction:09}");
            write!(formatter, "{seconds}.{}S", fraction.trim_end_matches('0'))
        } else if seconds > 0 {
            write!(formatter, "{seconds}S")
        } else {
            Ok(())
        }
    }
}

impl fmt::Display for YearsMonths {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.months.unsigned_abs();
        formatter.write_str(if self.months < 0 { "-P" } else { "P" })?;
        match (magnitude / 12, magnitude % 12) {
            (0, months) => write!(formatter, "{months}M"),
            (years, 0) => write!(formatter, "{years}Y"),
            (years, months) => write!(formatter, "{years}Y{months}M"),
        }
    }
}

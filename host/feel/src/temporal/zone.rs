//! What ties a time to the world: nothing, an offset, or a zone by name.

use std::{fmt, sync::OnceLock};

use jiff::{
    Timestamp, civil,
    tz::{TimeZone, TimeZoneDatabase},
};

use super::Date;

/// Offsets reach 18 hours, as `java.time` and the other engines have it.
const OFFSET_SECONDS_MAX: i32 = 18 * 3600;
const ZONE_NAME_BYTES_MAX: usize = 64;

/// What ties a time to the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offset {
    /// Nothing: the time of the wall.
    Local,
    /// Seconds east of UTC.
    Fixed(i32),
    /// A zone by name, with its rules for summer time.
    Zone(TimeZone),
}

/// The zones that are compiled in.
fn zones() -> &'static TimeZoneDatabase {
    static ZONES: OnceLock<TimeZoneDatabase> = OnceLock::new();
    ZONES.get_or_init(TimeZoneDatabase::bundled)
}

impl Offset {
    /// A fixed offset within the limits.
    #[must_use]
    pub fn fixed(seconds: i64) -> Option<Self> {
        let seconds = i32::try_from(seconds).ok()?;
        (seconds.abs() <= OFFSET_SECONDS_MAX).then_some(Self::Fixed(seconds))
    }

    /// A zone that exists.
    #[must_use]
    pub fn zone(name: &str) -> Option<Self> {
        if name.len() > ZONE_NAME_BYTES_MAX {
            return None;
        }
        zones().get(name).ok().map(Self::Zone)
    }

    /// The name of the zone, if it is one.
    #[must_use]
    pub fn zone_name(&self) -> Option<&str> {
        match self {
            Self::Zone(zone) => zone.iana_name(),
            Self::Local | Self::Fixed(_) => None,
        }
    }

    /// Seconds east of UTC at a time of the wall; none without an offset. A time that a clock skips or shows twice has the
    /// offset before the change.
    pub(super) fn seconds_at(&self, date: Date, second_of_day: i64) -> Option<i32> {
        match self {
            Self::Local => None,
            Self::Fixed(seconds) => Some(*seconds),
            Self::Zone(zone) => {
                let local =
                    civil_date(date)?.at(0, 0, 0, 0).checked_add(jiff::Span::new().seconds(second_of_day)).ok()?;
                let instant = zone.to_ambiguous_timestamp(local).compatible().ok()?;
                // In a gap the clock moves on: the wall shows the offset that gives this instant.
                let utc = instant.as_second();
                let wall = local.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second();
                i32::try_from(wall - utc).ok()
            }
        }
    }

    /// Seconds east of UTC at an instant.
    pub(super) fn seconds_at_instant(&self, epoch_seconds: i64) -> Option<i32> {
        match self {
            Self::Local => None,
            Self::Fixed(seconds) => Some(*seconds),
            Self::Zone(zone) => {
                let clamped = epoch_seconds.clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
                Some(zone.to_offset(Timestamp::from_second(clamped).ok()?).seconds())
            }
        }
    }
}

/// The day for `jiff`; far years stand for one with the same leap days, since rules do not change there.
fn civil_date(date: Date) -> Option<civil::Date> {
    let year = if (-9990..=9990).contains(&date.year()) { date.year() } else { 2000 + date.year().rem_euclid(400) };
    civil::Date::new(i16::try_from(year).ok()?, i8::try_from(date.month()).ok()?, i8::try_from(date.day()).ok()?).ok()
}

/// As it stands behind a time: `Z`, `+02:00`, `@Europe/Paris` or nothing.
impl fmt::Display for Offset {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => Ok(()),
            Self::Fixed(0) => formatter.write_str("Z"),
            Self::Fixed(seconds) => {
                let sign = if *seconds < 0 { '-' } else { '+' };
                let seconds = seconds.unsigned_abs();
                write!(formatter, "{sign}{:02}:{:02}", seconds / 3600, seconds / 60 % 60)?;
                if seconds % 60 == 0 { Ok(()) } else { write!(formatter, ":{:02}", seconds % 60) }
            }
            Self::Zone(zone) => write!(formatter, "@{}", zone.iana_name().unwrap_or("UTC")),
        }
    }
}

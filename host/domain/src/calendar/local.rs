//! Wall clocks and instants: zones, skipped and repeated times, and an interval seen as parts of local days.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan};

use super::date::{self, DAY_SECONDS};
use super::{Calendar, Fold, Gap, Problem};

/// A stretch of time in which a zone keeps one offset, in seconds since the epoch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment {
    /// The first second with this offset.
    pub(crate) from: i64,
    /// The first second with another one.
    pub(crate) until: i64,
    /// Seconds east of UTC.
    pub(crate) offset: i64,
}

impl Segment {
    /// The segment of an instant. Instants past the years that can be written keep the offset of the last one.
    pub(crate) fn at(zone: &TimeZone, second: i64) -> Segment {
        let clamp = |second: i64| {
            let limit = |stamp: Timestamp| stamp.as_second();
            let second = second.clamp(limit(Timestamp::MIN) + 1, limit(Timestamp::MAX) - 1);
            Timestamp::from_second(second).expect("clamped to the range of instants")
        };
        let at = clamp(second);
        let next = zone.following(at).next();
        // One second later, so that a change exactly at the instant is its own beginning.
        let previous = zone.preceding(clamp(second.saturating_add(1))).next();
        Segment {
            from: previous.map_or(i64::MIN / 4, |change| change.timestamp().as_second()),
            until: next.map_or(i64::MAX / 4, |change| change.timestamp().as_second()),
            offset: i64::from(zone.to_offset(at).seconds()),
        }
    }
}

/// The instant of a wall-clock second (days since the epoch times 86400 plus the second of the day), by the calendar's
/// gap and fold options. `segment` is a cache of the offset in force.
pub(crate) fn boundary_instant(calendar: &Calendar, segment: &mut Segment, wall: i64) -> i64 {
    // Farther than a day from any change no wall-clock time is skipped or repeated.
    let plain = wall - segment.offset;
    if plain >= segment.from.saturating_add(DAY_SECONDS) && plain < segment.until.saturating_sub(DAY_SECONDS) {
        return plain;
    }
    let options = &calendar.rules.options;
    let instant = wall_instant(&calendar.zone, wall, options.gap, options.fold);
    *segment = Segment::at(&calendar.zone, instant);
    instant
}

fn wall_instant(zone: &TimeZone, wall: i64, gap: Gap, fold: Fold) -> i64 {
    let day = wall.div_euclid(DAY_SECONDS);
    let second = wall.rem_euclid(DAY_SECONDS);
    let Some(date) = date::date(day) else {
        // Past the last year that can be written: no zone changes there.
        return wall - Segment::at(zone, wall).offset;
    };
    let time = Time::midnight().saturating_add(second.seconds());
    let civil = date.to_datetime(time);
    match zone.to_ambiguous_timestamp(civil).offset() {
        AmbiguousOffset::Unambiguous { offset } => wall - i64::from(offset.seconds()),
        AmbiguousOffset::Fold { before, after } => {
            let offset = if fold == Fold::First { before } else { after };
            wall - i64::from(offset.seconds())
        }
        AmbiguousOffset::Gap { before, .. } => {
            let later = wall - i64::from(before.seconds());
            match gap {
                Gap::Later => later,
                Gap::Edge => Segment::at(zone, later).from,
            }
        }
    }
}

/// The instant a wall-clock time in a zone means.
///
/// The end of a day may be written as midnight of the next. A skipped time (spring) goes by `gap`, a repeated one
/// (autumn) by `fold`.
pub fn local_to_instant(zone: &TimeZone, local: DateTime, gap: Gap, fold: Fold) -> Timestamp {
    let time = local.time();
    let second = i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second());
    let wall = date::day_number(local.date()) * DAY_SECONDS + second;
    let instant = wall_instant(zone, wall, gap, fold);
    Timestamp::new(instant, time.subsec_nanosecond()).unwrap_or(if instant < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

/// Reads the name of a zone of the IANA database, or a fixed offset such as `+02:00`.
///
/// # Errors
/// When no such zone is known; the pointer is that of `zone` in a definition.
pub fn read_zone(name: &str) -> Result<TimeZone, Problem> {
    if name == "UTC" {
        return Ok(TimeZone::UTC);
    }
    TimeZone::get(name).ok().or_else(|| fixed_zone(name)).ok_or_else(|| {
        Problem::new(
            "/zone",
            "calendar-zone-unknown",
            format!(
                "There is no time zone \"{name}\", so the opening hours cannot be placed in time. Use a name of the \
                 IANA database such as \"Europe/Berlin\" or \"UTC\"."
            ),
        )
    })
}

/// A zone written as its distance from UTC, `+02:00`.
fn fixed_zone(name: &str) -> Option<TimeZone> {
    let (sign, time) = match name.split_at_checked(1)? {
        ("+", time) => (1, time),
        ("-", time) => (-1, time),
        _ => return None,
    };
    let seconds = i32::try_from(super::hours::read_time(time)?).ok()?;
    jiff::tz::Offset::from_seconds(sign * seconds).ok().map(TimeZone::fixed)
}

/// The part of an interval that falls on one local day, as wall-clock seconds of that day; `end` may be 24:00.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayPart {
    /// The local day.
    pub date: Date,
    /// Second of the day the part begins at.
    pub start: i64,
    /// Second of the day the part ends at, 86400 for its end.
    pub end: i64,
}

impl Calendar {
    /// Splits an interval into one part for each local day, such as a pause into breaks. (Zammad "pause to break")
    ///
    /// At most [`super::Options::SEARCH_DAYS_MAX`] days are given.
    pub fn day_parts(&self, from: Timestamp, to: Timestamp) -> Vec<DayPart> {
        let local = |at: Timestamp| {
            let civil = self.zone.to_datetime(at);
            let time = civil.time();
            let second = i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second());
            (date::day_number(civil.date()), second)
        };
        if from >= to {
            return Vec::new();
        }
        let ((first, start), (last, end)) = (local(from), local(to));
        (first..=last)
            .take(super::Options::SEARCH_DAYS_MAX as usize)
            .filter_map(|day| {
                let start = if day == first { start } else { 0 };
                let end = if day == last { end } else { DAY_SECONDS };
                let date = date::date(day)?;
                (start < end).then_some(DayPart { date, start, end })
            })
            .collect()
    }
}

//! An oracle that shares no code with the calendar: it looks at every minute's wall clock.
//!
//! It gets the offset of a zone from the zone itself, converts by hand, and compares with hours as written.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::*;

/// A small, seeded generator (SplitMix64): a failing seed can be named in a test.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, limit: i64) -> i64 {
        (self.next() % limit.unsigned_abs()) as i64
    }
}

pub(super) const ZONES: [&str; 14] = [
    "Europe/Berlin",
    "America/New_York",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Africa/Casablanca",
    "Pacific/Apia",
    "Asia/Tehran",
    "Pacific/Chatham",
    "Europe/Dublin",
    "UTC",
];

/// Year, month, day.
type Day = (i16, i8, i8);

/// Hours as plain minutes, kept apart from the calendar's own representation.
pub(super) struct Plain {
    pub(super) week: [Vec<(i64, i64)>; 7],
    pub(super) free: Vec<Day>,
    pub(super) breaks: Vec<(Day, (i64, i64))>,
    pub(super) zone: TimeZone,
    /// The boundaries are what counts, not the clock on the wall.
    pub(super) boundaries: bool,
}

impl Plain {
    pub(super) fn random(random: &mut Random, zone: &str, year: i64, preset: &str) -> (Plain, Calendar) {
        let mut week: [Vec<(i64, i64)>; 7] = Default::default();
        for day in &mut week {
            let mut from = 0;
            for _ in 0..random.below(4) {
                let open = from + random.below(1440 - from);
                let close = open + 1 + random.below(1440 - open);
                day.push((open, close));
                from = close + 1;
                if from >= 1440 {
                    break;
                }
            }
        }
        if week.iter().all(Vec::is_empty) {
            week[0].push((540, 1020));
        }
        let mut date = || (year as i16, 1 + random.below(12) as i8, 1 + random.below(28) as i8);
        let free: Vec<_> = (0..4).map(|_| date()).collect();
        let days: Vec<_> = (0..3).map(|_| date()).collect();
        let breaks = days.into_iter().map(|day| (day, (600 + random.below(60), 700 + random.below(90))));
        let breaks: Vec<_> = breaks.collect();
        let time = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
        let name = |(y, m, d): Day| format!("{y:04}-{m:02}-{d:02}");
        let mut hours = serde_json::Map::new();
        for (day, windows) in ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].iter().zip(&week) {
            let windows: Vec<_> = windows.iter().map(|w| json!([time(w.0), time(w.1)])).collect();
            hours.insert((*day).to_owned(), json!(windows));
        }
        let mut cut = serde_json::Map::new();
        for (day, (from, to)) in &breaks {
            cut.insert(name(*day), json!([[time(*from), time(*to)]]));
        }
        let holidays: Vec<_> = free.iter().map(|day| json!({"date": name(*day)})).collect();
        let calendar = calendar(json!({
            "key": "random", "zone": zone, "preset": preset, "hours": hours, "breaks": cut, "holidays": holidays,
            "options": {"last_minute": "as-written"}
        }));
        // The same date twice in `breaks`: the last one counts in JSON, so only it may count here.
        let last = |index: usize| !breaks[index + 1..].iter().any(|later| later.0 == breaks[index].0);
        let kept = (0..breaks.len()).filter(|index| last(*index)).map(|index| breaks[index]).collect();
        let zone = read_zone(zone).expect("a known zone");
        let boundaries = calendar.options().dst == Dst::Boundaries;
        (Plain { week, free, breaks: kept, zone, boundaries }, calendar)
    }

    /// Whether an instant is open.
    pub(super) fn open(&self, second: i64) -> bool {
        if self.boundaries { self.open_by_boundaries(second) } else { self.open_by_wall_clock(second) }
    }

    /// Whether the wall clock shows an open time.
    fn open_by_wall_clock(&self, second: i64) -> bool {
        let instant = Timestamp::from_second(second).expect("an instant");
        let local = self.zone.to_datetime(instant);
        let minute = i64::from(local.hour()) * 60 + i64::from(local.minute());
        self.hours(local.date()).iter().any(|(from, to)| *from <= minute && minute < *to)
    }

    /// Whether an opening is not later and its closing is.
    fn open_by_boundaries(&self, second: i64) -> bool {
        let instant = Timestamp::from_second(second).expect("an instant");
        let today = self.zone.to_datetime(instant).date();
        let days = [today.yesterday(), Ok(today), today.tomorrow()].map(|day| day.expect("in range"));
        days.into_iter().any(|day| {
            let midnight = day.to_zoned(TimeZone::UTC).expect("a day").timestamp().as_second();
            let at = |minute: i64| self.first_instant(midnight + minute * 60);
            self.hours(day).iter().any(|(from, to)| at(*from) <= second && second < at(*to))
        })
    }

    /// The first instant at which the wall clock shows a time; one that it skips moves later by the gap.
    fn first_instant(&self, wall: i64) -> i64 {
        let offset = |second: i64| {
            let instant = Timestamp::from_second(second).expect("an instant");
            i64::from(self.zone.to_offset(instant).seconds())
        };
        let near = (-14..=14).map(|hours| offset(wall + hours * 3600));
        let shown = near.clone().map(|o| wall - o).filter(|second| second + offset(*second) == wall);
        shown.min().unwrap_or_else(|| wall - near.min().expect("some offsets"))
    }

    /// The hours of a date in minutes, breaks cut minute by minute, holidays closed.
    fn hours(&self, date: jiff::civil::Date) -> Vec<(i64, i64)> {
        let day = (date.year(), date.month(), date.day());
        if self.free.contains(&day) {
            return Vec::new();
        }
        let mut left = self.week[date.weekday().to_monday_zero_offset() as usize].clone();
        for (_, (from, to)) in self.breaks.iter().filter(|(on, _)| *on == day) {
            let halves = |(open, close): (i64, i64)| [(open, close.min(*from)), (open.max(*to), close)];
            left = left.into_iter().flat_map(halves).filter(|(open, close)| open < close).collect();
        }
        left
    }
}

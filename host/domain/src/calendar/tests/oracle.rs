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
    "Europe/Berlin", "America/New_York", "America/Los_Angeles", "America/Sao_Paulo", "America/St_Johns",
    "Australia/Lord_Howe", "Asia/Kolkata", "Asia/Kathmandu", "Africa/Casablanca", "Pacific/Apia",
    "Asia/Tehran", "Pacific/Chatham", "Europe/Dublin", "UTC",
];

/// Hours as plain minutes, kept apart from the calendar's own representation.
pub(super) struct Plain {
    pub(super) week: [Vec<(i64, i64)>; 7],
    pub(super) free: Vec<(i16, i8, i8)>,
    pub(super) breaks: Vec<((i16, i8, i8), (i64, i64))>,
    pub(super) zone: TimeZone,
}

impl Plain {
    pub(super) fn random(random: &mut Random, zone: &str, year: i64) -> (Plain, Calendar) {
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
        let name = |(y, m, d): (i16, i8, i8)| format!("{y:04}-{m:02}-{d:02}");
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
            "key": "random", "zone": zone, "hours": hours, "breaks": cut, "holidays": holidays,
            "options": {"last_minute": "as-written"}
        }));
        // The same date twice in `breaks`: the last one counts in JSON, so only it may count here.
        let last = |index: usize| !breaks[index + 1..].iter().any(|later| later.0 == breaks[index].0);
        let kept = (0..breaks.len()).filter(|index| last(*index)).map(|index| breaks[index]).collect();
        let zone = read_zone(zone).expect("a known zone");
        (Plain { week, free, breaks: kept, zone }, calendar)
    }

    /// Whether the wall clock shows an open time.
    pub(super) fn open(&self, second: i64) -> bool {
        let instant = Timestamp::from_second(second).expect("an instant");
        let local = self.zone.to_datetime(instant);
        let (minute, day) = (
            i64::from(local.hour()) * 60 + i64::from(local.minute()),
            (local.year(), local.month(), local.day()),
        );
        let within = |(from, to): (i64, i64)| from <= minute && minute < to;
        let weekday = local.weekday().to_monday_zero_offset() as usize;
        self.week[weekday].iter().any(|window| within(*window))
            && !self.free.contains(&day)
            && !self.breaks.iter().any(|(date, window)| *date == day && within(*window))
    }
}

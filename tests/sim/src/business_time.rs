//! Due times against an oracle that shares nothing with the calendar but the zone's offsets: it converts by hand and looks at every minute.

use domain::calendar::{Calendar, read_zone};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};
use store::conformance::data::Dice;

/// Zones that changed their clocks in many ways, and some that never do.
pub const ZONES: [&str; 60] = [
    "UTC",
    "Europe/Berlin",
    "Europe/London",
    "Europe/Dublin",
    "Europe/Lisbon",
    "Europe/Moscow",
    "Europe/Istanbul",
    "Europe/Athens",
    "Europe/Helsinki",
    "Europe/Kyiv",
    "Europe/Chisinau",
    "Europe/Samara",
    "Atlantic/Azores",
    "Atlantic/Reykjavik",
    "Africa/Casablanca",
    "Africa/El_Aaiun",
    "Africa/Cairo",
    "Africa/Johannesburg",
    "Africa/Lagos",
    "Africa/Nairobi",
    "Africa/Windhoek",
    "America/St_Johns",
    "America/Halifax",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "America/Adak",
    "America/Havana",
    "America/Port-au-Prince",
    "America/Mexico_City",
    "America/Bogota",
    "America/Caracas",
    "America/Santiago",
    "America/Asuncion",
    "America/Sao_Paulo",
    "America/Argentina/Buenos_Aires",
    "America/Nuuk",
    "America/Scoresbysund",
    "Asia/Jerusalem",
    "Asia/Gaza",
    "Asia/Beirut",
    "Asia/Tehran",
    "Asia/Dubai",
    "Asia/Karachi",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Dhaka",
    "Asia/Yangon",
    "Asia/Singapore",
    "Asia/Tokyo",
    "Asia/Pyongyang",
    "Australia/Sydney",
    "Australia/Adelaide",
    "Australia/Lord_Howe",
    "Australia/Eucla",
    "Pacific/Auckland",
    "Pacific/Chatham",
];

const DAYS: i64 = 3;
const DAY_SECONDS: i64 = 86_400;

/// What was found out.
#[derive(Debug, Clone, Default)]
pub struct Checked {
    pub cases: u64,
    /// Of them, those around a change of the clocks.
    pub edges: u64,
    pub wrong: u64,
    pub first_wrong: Option<String>,
}

/// Which zone the calendar is asked in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Its own.
    InItsZone,
    /// The offset of the start, as if the clocks never changed: the negative control.
    AtTheFirstOffset,
}

/// Hours as plain minutes of the day.
struct Hours {
    /// From Monday.
    week: [Vec<(i64, i64)>; 7],
    /// Days since 1970.
    free: Vec<i64>,
    breaks: Vec<(i64, (i64, i64))>,
}

/// Check so many random calendars.
///
/// # Panics
/// A definition that is made here is refused.
#[must_use]
pub fn check(seed: u64, cases: u64, asked: Asked) -> Checked {
    let mut dice = Dice(seed);
    let mut checked = Checked::default();
    while checked.cases < cases {
        let name = ZONES[dice.below(ZONES.len())];
        let zone = read_zone(name).expect("the zones of this list are known");
        let (begin, is_edge) = begin(&mut dice, &zone);
        let (hours, definition) = hours(&mut dice, name, begin);
        let open: Vec<bool> =
            (0..DAYS * 1_440).map(|minute| hours.is_open(&zone, begin - begin.rem_euclid(60) + minute * 60)).collect();
        let Some((amount, due)) = due(&mut dice, &open, begin) else { continue };
        let calendar = Calendar::from_json(&definition).unwrap_or_else(|problems| panic!("{problems:?}: {definition}"));
        let calendar = match asked {
            Asked::InItsZone => calendar,
            Asked::AtTheFirstOffset => calendar.in_zone(TimeZone::fixed(zone.to_offset(stamp(begin)))),
        };
        checked.cases += 1;
        checked.edges += u64::from(is_edge);
        let found = calendar.add(stamp(begin), amount);
        let between = calendar.between(stamp(begin), stamp(due));
        if found != Ok(stamp(due)) || between != amount {
            checked.wrong += 1;
            checked.first_wrong.get_or_insert_with(|| {
                format!(
                    "{name}: {} + {amount} s is {} and not {found:?}; {between} s between; {definition}",
                    stamp(begin),
                    stamp(due)
                )
            });
        }
    }
    checked
}

fn stamp(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("within range")
}

/// Three of four cases begin up to three days before a change of the clocks, where there is one.
fn begin(dice: &mut Dice, zone: &TimeZone) -> (i64, bool) {
    let year = 2_005 + i64::try_from(dice.below(31)).unwrap_or(0);
    // Seconds at the beginning of a year, near enough.
    let anywhere = (year - 1_970) * 31_556_952 + below(dice, 365 * DAY_SECONDS);
    if dice.one_in(4) {
        return (anywhere, false);
    }
    match zone.following(stamp(anywhere)).next().map(|change| change.timestamp().as_second()) {
        Some(change) if change < 2_200_000_000 => (change - below(dice, DAYS * DAY_SECONDS), true),
        _ => (anywhere, false),
    }
}

fn below(dice: &mut Dice, bound: i64) -> i64 {
    i64::try_from(dice.roll() % bound.unsigned_abs()).unwrap_or(0)
}

fn hours(dice: &mut Dice, zone: &str, begin: i64) -> (Hours, Value) {
    let mut week: [Vec<(i64, i64)>; 7] = Default::default();
    for day in &mut week {
        let mut from = 0;
        for _ in 0..dice.below(4) {
            let open = from + below(dice, 1_440 - from);
            let close = open + 1 + below(dice, 1_440 - open);
            day.push((open, close));
            from = close + 1;
            if from >= 1_440 {
                break;
            }
        }
    }
    if week.iter().all(Vec::is_empty) {
        week[0].push((540, 1_020));
    }
    let today = begin.div_euclid(DAY_SECONDS);
    let mut days = |count: usize| -> Vec<i64> { (0..count).map(|_| today - 1 + below(dice, 6)).collect() };
    let (free, mut with_break) = (days(2), days(2));
    with_break.sort_unstable();
    with_break.dedup();
    let breaks: Vec<_> = with_break.into_iter().map(|day| (day, (below(dice, 700), 700 + below(dice, 740)))).collect();
    let time = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
    let windows =
        |list: &[(i64, i64)]| json!(list.iter().map(|one| json!([time(one.0), time(one.1)])).collect::<Vec<_>>());
    let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let by_day: Map<String, Value> =
        names.iter().zip(&week).map(|(name, list)| ((*name).to_owned(), windows(list))).collect();
    let cut: Map<String, Value> = breaks.iter().map(|(day, one)| (name_of(*day), windows(&[*one]))).collect();
    let holidays: Vec<Value> = free.iter().map(|day| json!({ "date": name_of(*day) })).collect();
    let definition = json!({
        "key": "random", "zone": zone, "preset": "weft", "hours": by_day, "breaks": cut, "holidays": holidays,
        "options": { "last_minute": "as-written" }
    });
    (Hours { week, free, breaks }, definition)
}

impl Hours {
    /// Whether the wall clock of a zone shows an open minute.
    fn is_open(&self, zone: &TimeZone, second: i64) -> bool {
        let wall = second + i64::from(zone.to_offset(stamp(second)).seconds());
        let (day, minute) = (wall.div_euclid(DAY_SECONDS), wall.rem_euclid(DAY_SECONDS) / 60);
        if self.free.contains(&day) {
            return false;
        }
        // The first of January 1970 was a Thursday.
        let weekday = usize::try_from((day + 3).rem_euclid(7)).unwrap_or(0);
        let covers = |window: &(i64, i64)| window.0 <= minute && minute < window.1;
        self.week[weekday].iter().any(covers) && !self.breaks.iter().any(|(on, window)| *on == day && covers(window))
    }
}

/// A random amount of open time, and when it is used up.
fn due(dice: &mut Dice, open: &[bool], begin: i64) -> Option<(i64, i64)> {
    let minute = begin - begin.rem_euclid(60);
    let length = |place: usize| if place == 0 { 60 - begin.rem_euclid(60) } else { 60 };
    let total: i64 = open.iter().enumerate().filter(|(_, open)| **open).map(|(place, _)| length(place)).sum();
    if total == 0 {
        return None;
    }
    let amount = 1 + below(dice, total);
    let mut left = amount;
    for (place, _) in open.iter().enumerate().filter(|(_, open)| **open) {
        if left <= length(place) {
            let from = if place == 0 { begin } else { minute + i64::try_from(place).unwrap_or(0) * 60 };
            return Some((amount, from + left));
        }
        left -= length(place);
    }
    None
}

/// Year, month and day of a day since 1970, counted in eras of 400 years from the first of March.
fn name_of(day: i64) -> String {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let date = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{date:02}")
}

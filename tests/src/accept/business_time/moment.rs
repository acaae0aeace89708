//! Moments and amounts as people write them in a case: exact instants, wall-clock times, and words.

use domain::calendar::{Calendar, Fold, Gap, local_to_instant, read_zone};
use jiff::civil::{Date, DateTime, Weekday, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::Value;

use super::Case;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];
/// Words that say nothing about when.
const FILLERS: [&str; 14] =
    ["a", "an", "any", "the", "on", "at", "of", "day", "example", "implies", "exactly", "local", "following", "next"];

/// What a moment in words is relative to.
pub(super) struct Context<'a> {
    /// The zone of wall-clock times.
    pub(super) zone: TimeZone,
    /// Which days are working days.
    pub(super) calendar: Option<&'a Calendar>,
    /// The moment others follow.
    pub(super) after: Option<Timestamp>,
}

impl<'a> Context<'a> {
    /// Wall-clock times are in the case's zone, else in the calendar's, else UTC.
    pub(super) fn new(case: &Case<'_>, calendar: Option<&'a Calendar>) -> Result<Context<'a>, String> {
        let zone = match (case.text(&["timezone", "zone"]), calendar) {
            (Some(name), _) => read_zone(name).map_err(|problem| problem.message)?,
            (None, Some(calendar)) => calendar.zone().clone(),
            (None, None) => TimeZone::UTC,
        };
        Ok(Context { zone, calendar, after: None })
    }

    /// The same, for moments after one.
    pub(super) fn following(mut self, after: Timestamp) -> Context<'a> {
        self.after = Some(after);
        self
    }

    pub(super) fn instant(&self, local: DateTime) -> Timestamp {
        let (gap, fold) = self
            .calendar
            .map_or((Gap::Later, Fold::First), |calendar| (calendar.options().gap, calendar.options().fold));
        local_to_instant(&self.zone, local, gap, fold)
    }

    /// A moment: `2006-01-04T16:00:00Z`, `2015-01-01 10:30`, `2015-10-17 24:00`, `16:00`, `a weekday 14:00`,
    /// `Friday 12 December 21:00`, `following Monday 09:30`, `10:00 next day`, `noon, any day`.
    pub(super) fn moment(&self, text: &str) -> Result<Timestamp, String> {
        if let Ok(instant) = text.parse::<Timestamp>() {
            return Ok(instant);
        }
        if let Some((local, rest)) = written(text) {
            self.check_weekday(local.date(), rest)?;
            return Ok(self.instant(local));
        }
        self.words(text).map(|local| self.instant(local))
    }

    /// A working Monday far from any change of the clocks.
    pub(super) fn reference() -> Date {
        date(2024, 1, 8)
    }

    fn words(&self, text: &str) -> Result<DateTime, String> {
        let lower = text.to_lowercase();
        let unread = || format!("the moment \"{text}\" is not known");
        let words: Vec<&str> =
            lower.split(|c: char| !(c.is_alphanumeric() || c == ':')).filter(|word| !word.is_empty()).collect();
        let mut time = None;
        let (mut month, mut weekday, mut number, mut year) = (None, None, None, None);
        let mut unknown = Vec::new();
        for word in &words {
            if word.contains(':') {
                time = Some(clock_time(word).ok_or_else(unread)?);
            } else if let Some(index) = MONTHS.iter().position(|name| name == word) {
                month = Some(index as i8 + 1);
            } else if let Some((_, day)) = WEEKDAYS.iter().find(|(name, _)| name == word) {
                weekday = Some(*day);
            } else if let Ok(value) = word.parse::<i16>() {
                let place = if value > 31 { &mut year } else { &mut number };
                *place = Some(value);
            } else {
                match *word {
                    "noon" => time = Some((0, 12, 0, 0)),
                    "midnight" => time = Some((0, 0, 0, 0)),
                    "weekday" | "working" | "business" | "days" | "later" | "after" | "same" | "tomorrow" => {}
                    word if FILLERS.contains(&word) => {}
                    word => unknown.push(word.to_owned()),
                }
            }
        }
        if !unknown.is_empty() {
            return Err(format!("{}: \"{}\"", unread(), unknown.join(" ")));
        }
        let (more_days, hour, minute, second) = time.ok_or_else(unread)?;
        let has = |word: &str| words.contains(&word);
        let day = if let Some(month) = month {
            dated(year, month, number.ok_or_else(unread)?, weekday).ok_or_else(unread)?
        } else if let Some(weekday) = weekday {
            self.weekday_after(weekday)
        } else if has("working") || has("business") || (has("weekday") && self.after.is_some()) {
            self.working_days_after(number.unwrap_or(1)).ok_or_else(unread)?
        } else if has("next") || has("following") || has("tomorrow") || has("later") {
            let days = i32::from(number.unwrap_or(1));
            self.base().checked_add(days.days()).map_err(|_| unread())?
        } else {
            self.base()
        };
        let day = day.checked_add(more_days.days()).map_err(|_| unread())?;
        Ok(day.at(hour, minute, second, 0))
    }

    fn base(&self) -> Date {
        self.after.map_or(Self::reference(), |after| self.zone.to_datetime(after).date())
    }

    fn weekday_after(&self, weekday: Weekday) -> Date {
        let base = self.base();
        // Without a moment to follow, the reference week itself is meant.
        let first = i32::from(self.after.is_some());
        (first..first + 7)
            .filter_map(|days| base.checked_add(days.days()).ok())
            .find(|day| day.weekday() == weekday)
            .unwrap_or(base)
    }

    fn working_days_after(&self, count: i16) -> Option<Date> {
        let works = |day: &Date| match self.calendar {
            Some(calendar) => calendar.is_working_day(*day),
            None => !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday),
        };
        let base = self.base();
        let days = (1..1000).filter_map(|days| base.checked_add(days.days()).ok());
        days.filter(works).nth(usize::try_from(count - 1).ok()?)
    }

    /// A weekday in brackets after a written date must be right: it is a part of the fact.
    fn check_weekday(&self, day: Date, rest: &str) -> Result<(), String> {
        let rest = rest.to_lowercase();
        match WEEKDAYS.iter().find(|(name, _)| rest.contains(name)) {
            Some((name, weekday)) if day.weekday() != *weekday => Err(format!("{day} is not a {name}")),
            _ => Ok(()),
        }
    }
}

/// A date and time at the beginning of a text, `24:00` included, and the rest.
pub(super) fn written(text: &str) -> Option<(DateTime, &str)> {
    let day: Date = text.get(..10)?.parse().ok()?;
    let rest = text[10..].trim_start_matches(['T', ' ']);
    let length = rest.find(|c: char| !(c.is_ascii_digit() || c == ':')).unwrap_or(rest.len());
    if length == 0 {
        return Some((day.at(0, 0, 0, 0), rest));
    }
    let (days, hour, minute, second) = clock_time(&rest[..length])?;
    Some((day.checked_add(days.days()).ok()?.at(hour, minute, second, 0), &rest[length..]))
}

/// Days, hours, minutes and seconds of a clock time; 24:00 is a day.
fn clock_time(text: &str) -> Option<(i32, i8, i8, i8)> {
    let parts: Vec<i8> = text.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    match parts[..] {
        [24, 0] | [24, 0, 0] => Some((1, 0, 0, 0)),
        [hour @ 0..24, minute @ 0..60] => Some((0, hour, minute, 0)),
        [hour @ 0..24, minute @ 0..60, second @ 0..60] => Some((0, hour, minute, second)),
        _ => None,
    }
}

/// Seconds of the day of a clock time.
pub(super) fn second_of_day(text: &str) -> Option<i64> {
    let (days, hour, minute, second) = clock_time(text)?;
    Some(i64::from(days) * 86_400 + i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second))
}

/// A day and month; without a year the latest before 2030 on which the weekday is right.
fn dated(year: Option<i16>, month: i8, day: i16, weekday: Option<Weekday>) -> Option<Date> {
    let day = i8::try_from(day).ok()?;
    let on = |year: i16| Date::new(year, month, day).ok();
    match year {
        Some(year) => on(year),
        None => (2000..2030).rev().filter_map(on).find(|date| weekday.is_none_or(|weekday| date.weekday() == weekday)),
    }
}

/// Microseconds of a unit.
pub(super) fn unit(word: &str) -> Option<i64> {
    let seconds = match word.trim_end_matches('s') {
        "second" | "sec" | "" => 1,
        "minute" | "min" => 60,
        "hour" | "h" | "hr" => 3600,
        "day" | "d" => 86_400,
        "week" | "w" => 7 * 86_400,
        _ => return None,
    };
    Some(seconds * 1_000_000)
}

/// A number of units in microseconds, exact for decimals.
pub(super) fn scaled(number: &Value, unit: i64) -> Option<i64> {
    let text = match number {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return None,
    };
    let (sign, digits) = text.strip_prefix('-').map_or((1, text.as_str()), |digits| (-1, digits));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let mut amount = whole.parse::<i64>().ok()?.checked_mul(unit)?;
    let mut scale = unit;
    for digit in part.chars() {
        scale /= 10;
        amount += i64::from(digit.to_digit(10)?) * scale;
    }
    Some(sign * amount)
}

/// An amount in words: `1 h 30 min`, `60 h 30 min`, `1 week`, `exactly 1 day after start`.
pub(super) fn amount(text: &str) -> Option<i64> {
    let mut total = None;
    let mut number = None;
    for word in text.to_lowercase().split_whitespace() {
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            number = Some(Value::String(word.to_owned()));
        } else if let Some(value) = number.take() {
            total = Some(total.unwrap_or(0) + scaled(&value, unit(word)?)?);
        }
    }
    total
}

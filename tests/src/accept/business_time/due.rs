//! Cases that ask for a due time: a start and an amount, in hours, in days, in words.

use domain::calendar::{Calendar, Clock};
use jiff::Timestamp;
use serde_json::Value;

use super::counting::{entries, words};
use super::moment::{Context, amount, scaled, unit};
use super::{Case, Checks, calendars};

const DAY_MICROS: i64 = 86_400_000_000;

/// Which way an amount is counted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Forward,
    Backward,
}

/// Start + working amount -> due instant.
pub(super) fn due(case: &Case<'_>, way: Way) -> Result<Checks, String> {
    let calendar = calendars::of_case(case)?;
    let calendar = calendar.as_ref();
    let context = Context::new(case, calendar)?;
    if let Some(field) = case.text(&["due_date_field", "due_date"]) {
        let named = context.moment(field)?;
        let open = calendar.map_or(Ok(named), |calendar| calendar.next_open(named)).map_err(words)?;
        let moments = Moments { start: named, due: open, starts: open, escalated: None };
        return expect_due(case, context.following(named), &moments);
    }
    let start = match case.text(&["start", "from", "created", "at"]) {
        Some(text) => context.moment(text)?,
        // A case without a start is about any start: the first opening of a working week.
        None => {
            let monday = context.instant(Context::reference().at(0, 0, 0, 0));
            calendar.map_or(Ok(monday), |calendar| calendar.next_open(monday)).map_err(words)?
        }
    };
    let amount = read_amount(case.input());
    let due = match &amount {
        Ok(amount) => step(calendar, start, amount, way)?,
        // A case may ask only when counting starts.
        Err(_) if !case.expected()["starts"].is_null() => start,
        Err(reason) => return Err(reason.clone()),
    };
    let due = match extra(case)? {
        0 => due,
        micros => count(calendar, due, micros, way)?,
    };
    let mut moments = Moments { start, due, starts: start, escalated: None };
    let at_once = case.input()["start_immediately"].as_bool().unwrap_or(false);
    let only_starts = case.expected()["due"].is_null() && amount.is_ok();
    if only_starts {
        moments.starts = due;
    } else if let (false, Some(calendar)) = (at_once, calendar) {
        moments.starts = calendar.next_open(start).map_err(words)?;
    }
    for name in ["escalation", "escalation_offset", "escalation_level", "level", "level_offset", "offset"] {
        if let level @ Value::Object(_) = &case.input()[name] {
            moments.escalated = Some(step(calendar, due, &read_amount(level)?, Way::Forward)?);
        }
    }
    expect_due(case, context.following(start), &moments)
}

/// The instants a case may ask for.
struct Moments {
    start: Timestamp,
    due: Timestamp,
    /// When counting starts: the first open instant.
    starts: Timestamp,
    escalated: Option<Timestamp>,
}

fn step(calendar: Option<&Calendar>, start: Timestamp, amount: &Amount, way: Way) -> Result<Timestamp, String> {
    match amount {
        Amount::Micros(micros) => count(calendar, start, *micros, way),
        Amount::Elapsed(micros) => count(None, start, *micros, way),
        Amount::Both(micros, elapsed) => count(None, count(calendar, start, *micros, way)?, *elapsed, way),
        Amount::Days(days, clock) => {
            let calendar = calendar.ok_or("working days need a calendar")?;
            let count = u32::try_from(days.abs()).map_err(|_| "too many days")?;
            let backward = (*days < 0) != (way == Way::Backward);
            let moved = if backward {
                calendar.subtract_days(start, count, *clock)
            } else {
                calendar.add_days(start, count, *clock)
            };
            moved.map_err(words)
        }
    }
}

fn count(calendar: Option<&Calendar>, start: Timestamp, micros: i64, way: Way) -> Result<Timestamp, String> {
    let forward = (way == Way::Forward) == (micros >= 0);
    let micros = micros.abs();
    match calendar {
        None => {
            let signed = if forward { micros } else { -micros };
            Timestamp::from_microsecond(start.as_microsecond() + signed).map_err(|error| error.to_string())
        }
        Some(calendar) if forward => calendar.add_micros(start, micros).map_err(words),
        Some(calendar) => calendar.subtract_micros(start, micros).map_err(words),
    }
}

enum Amount {
    /// Working time.
    Micros(i64),
    /// Time of the clock on the wall.
    Elapsed(i64),
    /// Working time, then time of the clock on the wall. (RT business and real minutes)
    Both(i64, i64),
    /// Days, by the calendar's meaning of them.
    Days(i64, Clock),
}

/// `amount` and `unit`, or amounts named by their unit. Days are by the calendar's meaning, unless the case says whether
/// to work in days.
fn read_amount(input: &Value) -> Result<Amount, String> {
    let flag = |names: &[&str]| names.iter().find_map(|name| input[*name].as_bool());
    let words = input["unit"].as_str().unwrap_or_default().to_lowercase();
    let says = |word: &str| words.contains(word) || input["mode"].as_str().unwrap_or_default().contains(word);
    let end_of_day = flag(&["end_of_working_day", "end_of_day"]).unwrap_or_else(|| says("end of") || says("end_of"));
    let clock = if end_of_day { Clock::EndOfDay } else { Clock::SameTime };
    let amount = &input["amount"];
    if amount.is_object() {
        return read_amount(amount);
    }
    if amount.is_null() {
        return named_amounts(input);
    }
    let name = words.split_whitespace().find(|word| unit(word).is_some() || word.starts_with("date"));
    let name = name.ok_or_else(|| format!("the unit \"{words}\" is not known"))?;
    let in_days = name.starts_with("day") || name.starts_with("date");
    let working = flag(&["work_in_days", "working_days"]).unwrap_or(in_days);
    if in_days && (working || end_of_day) {
        let days = scaled(amount, 1).ok_or("the amount is not a whole number of days")?;
        return Ok(Amount::Days(days, clock));
    }
    let unit = unit(name).ok_or_else(|| format!("the unit \"{words}\" is not known"))?;
    let micros = scaled(amount, unit).ok_or("the amount is not a number")?;
    if says("real") || says("elapsed") {
        return Ok(Amount::Elapsed(micros));
    }
    if (working || end_of_day) && micros % DAY_MICROS == 0 {
        return Ok(Amount::Days(micros / DAY_MICROS, clock));
    }
    Ok(Amount::Micros(micros))
}

/// Amounts named by their unit: `{hours: 2, minutes: 5}`, `{business_minutes: 60, real_minutes: 30}`, or in words.
fn named_amounts(input: &Value) -> Result<Amount, String> {
    for name in ["duration", "delay", "add"] {
        if let Some(text) = input[name].as_str() {
            let micros = amount(text).ok_or_else(|| format!("the amount \"{text}\" is not known"))?;
            return Ok(Amount::Micros(micros));
        }
    }
    let sum = |prefixes: &[&str]| {
        let mut total: Option<i64> = None;
        for name in ["weeks", "days", "hours", "minutes", "seconds"] {
            for prefix in prefixes {
                let number = &input[format!("{prefix}{name}")];
                if let (Value::Number(_), Some(part)) = (number, unit(name).and_then(|unit| scaled(number, unit))) {
                    total = Some(total.unwrap_or(0) + part);
                }
            }
        }
        total
    };
    match (sum(&["", "business_", "working_"]), sum(&["real_", "elapsed_"])) {
        (Some(micros), None) => Ok(Amount::Micros(micros)),
        (None, Some(elapsed)) => Ok(Amount::Elapsed(elapsed)),
        (Some(micros), Some(elapsed)) => Ok(Amount::Both(micros, elapsed)),
        (None, None) => Err("there is no amount to add".to_owned()),
    }
}

/// A delay added after the amount, in working hours. (GLPI "additional delay")
fn extra(case: &Case<'_>) -> Result<i64, String> {
    for (name, word) in [
        ("additional_delay", "seconds"),
        ("additional_delay_seconds", "seconds"),
        ("additional_seconds", "seconds"),
        ("additional_minutes", "minutes"),
        ("additional_delay_minutes", "minutes"),
        ("additional_hours", "hours"),
        ("waiting_seconds", "seconds"),
        ("waiting_minutes", "minutes"),
        ("pause_seconds", "seconds"),
        ("pause_minutes", "minutes"),
    ] {
        let value = &case.input()[name];
        if !value.is_null() {
            let unit = unit(word).ok_or("no unit")?;
            return scaled(value, unit).ok_or_else(|| format!("\"{name}\" is not a number"));
        }
    }
    Ok(0)
}

fn expect_due(case: &Case<'_>, context: Context<'_>, moments: &Moments) -> Result<Checks, String> {
    let (start, due) = (moments.start, moments.due);
    let mut checks = Checks::default();
    for (name, expected) in entries(case.expected())? {
        let unread = || format!("the expected \"{name}\" is not known");
        let after_start = due.as_microsecond() - start.as_microsecond();
        match (name.as_str(), expected) {
            ("due_relative", Value::String(text)) => {
                let after = amount(text).ok_or_else(|| format!("\"{text}\" is not an amount"))?;
                checks.same(&name, after, after_start);
            }
            ("breach_after_working_days", expected) => {
                let calendar = context.calendar.ok_or("working days need a calendar")?;
                let days = scaled(expected, 1).ok_or("the working days are not a number")?;
                checks.same(&name, days, days_worked(calendar, start, due));
            }
            ("starts" | "start" | "starts_at", Value::String(text)) => {
                checks.same_text(&name, context.moment(text)?.to_string(), moments.starts.to_string());
            }
            (name, Value::String(text)) if name.contains("escalat") || name.contains("level") => {
                let escalated = moments.escalated.ok_or_else(unread)?;
                checks.same_text(name, context.moment(text)?.to_string(), escalated.to_string());
            }
            (name, Value::String(text)) if is_due(name) => {
                checks.same_text(name, context.moment(text)?.to_string(), due.to_string());
            }
            (name, Value::Number(_)) if name.starts_with("due_") && name.contains("_after_") => {
                let unit = name.split('_').find_map(|word| unit(word).filter(|_| !word.is_empty()));
                let after = unit.and_then(|unit| scaled(expected, unit)).ok_or_else(unread)?;
                checks.same(name, after, after_start);
            }
            _ => return Err(unread()),
        }
    }
    Ok(checks)
}

fn is_due(name: &str) -> bool {
    ["due", "due_local", "due_utc", "due_at", "end", "end_date", "result", "at"].contains(&name)
}

/// The local dates with working time in an interval.
fn days_worked(calendar: &Calendar, start: Timestamp, due: Timestamp) -> i64 {
    let windows = calendar.windows(start).take_while(|window| window.open < due);
    let mut dates: Vec<_> = windows.map(|window| calendar.local_date(window.open)).collect();
    dates.dedup();
    dates.len() as i64
}

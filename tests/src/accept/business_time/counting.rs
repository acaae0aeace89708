//! Cases that ask a calendar directly: elapsed, windows, membership, wall clocks, validation.

use domain::calendar::{self, Calendar, read_zone};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::moment::{Context, amount, scaled, unit, written};
use super::{Case, Checks, calendars};

/// Working time between two instants.
pub(super) fn elapsed(case: &Case<'_>) -> Result<Checks, String> {
    let calendar = calendars::of_case(case)?;
    let context = Context::new(case, calendar.as_ref())?;
    let from = context.moment(case.text(&["from", "start"]).ok_or("there is no start")?)?;
    let context = context.following(from);
    let to = context.moment(case.text(&["to", "now", "end", "stop"]).ok_or("there is no end")?)?;
    let actual = to.as_microsecond() - from.as_microsecond();
    let worked = calendar.map_or(actual.max(0), |calendar| calendar.between_micros(from, to));
    let mut checks = Checks::default();
    let expected = entries(case.expected())?;
    let parts: Vec<_> = expected.iter().filter(|(name, _)| plain_unit(name)).collect();
    if parts.len() > 1 {
        // Hours, minutes and seconds together are one amount.
        let scaled = |(name, value): &&(String, &Value)| scaled(value, unit(name)?);
        let sum: Option<i64> = parts.iter().map(scaled).sum();
        checks.same("elapsed", sum.ok_or("an amount is not a number")?, worked);
    }
    for (name, expected) in &expected {
        if parts.len() > 1 && plain_unit(name) {
            continue;
        }
        let got = if name.contains("actual") { actual } else { worked };
        if name.contains("percentage") || name.contains("percent") {
            percentage(&mut checks, name, expected, got, case)?;
            continue;
        }
        let amount = match expected {
            Value::String(text) => amount(text),
            number => name.split('_').rev().find_map(unit).and_then(|unit| scaled(number, unit)),
        };
        let amount = amount.ok_or_else(|| format!("the expected \"{name}\" is not known"))?;
        checks.same(name, amount, got);
    }
    Ok(checks)
}

fn plain_unit(name: &str) -> bool {
    ["days", "hours", "minutes", "seconds"].contains(&name)
}

/// A percentage of the promise: a number is rounded half up, "over 750" is a bound.
fn percentage(checks: &mut Checks, name: &str, expected: &Value, got: i64, case: &Case<'_>) -> Result<(), String> {
    let hours = scaled(&case.input()["sla_hours"], 1).or_else(|| hours_in(case.test_title()));
    let promised = hours.filter(|hours| *hours > 0).ok_or("no promise to take a percentage of")? * 3_600_000_000;
    match expected {
        Value::String(text) => {
            let bound = text.strip_prefix("over ").and_then(|text| text.trim().parse::<i64>().ok());
            let bound = bound.ok_or_else(|| format!("\"{text}\" is not a bound"))?;
            checks.same(name, true, i128::from(got) * 100 > i128::from(bound) * i128::from(promised));
        }
        number => {
            let expected = scaled(number, 1).ok_or_else(|| format!("\"{name}\" is not a whole number"))?;
            checks.same(name, expected, (got * 200 + promised) / (promised * 2));
        }
    }
    Ok(())
}

/// `… 8 h SLA` in a title.
fn hours_in(title: &str) -> Option<i64> {
    let words: Vec<&str> = title.split_whitespace().collect();
    let at = words.iter().position(|word| *word == "SLA")?;
    let number = words.get(at.checked_sub(2)?)?;
    (words.get(at - 1) == Some(&"h")).then(|| number.parse().ok())?
}

/// Open windows after an instant.
pub(super) fn windows(case: &Case<'_>) -> Result<Checks, String> {
    let mut calendar = calendars::of_case(case)?.ok_or("there is no calendar")?;
    if let Some(other) = case.text(&["intersect_with"]) {
        calendar = calendar.intersect(&calendars::named(case, other)?).map_err(words)?;
    }
    let context = Context::new(case, Some(&calendar))?;
    let from = context.moment(case.text(&["from", "from_local", "after"]).ok_or("there is no start")?)?;
    let mut checks = Checks::default();
    for (name, expected) in entries(case.expected())? {
        let list = expected.as_array().ok_or_else(|| format!("the expected \"{name}\" is not known"))?;
        let mut expected = Vec::new();
        for window in list {
            let end = |index: usize| context.moment(window[index].as_str().unwrap_or_default());
            expected.push(format!("{}/{}", end(0)?, end(1)?));
        }
        let take = scaled(&case.input()["take"], 1).and_then(|take| usize::try_from(take).ok());
        let found = calendar.windows(from).take(take.unwrap_or(expected.len()));
        let found: Vec<String> = found.map(|window| format!("{}/{}", window.open, window.close)).collect();
        checks.same_text(&name, expected.join(" "), found.join(" "));
    }
    Ok(checks)
}

/// Whether an instant is open, in a break, on a holiday, on a working day.
pub(super) fn membership(case: &Case<'_>) -> Result<Checks, String> {
    let calendar = calendars::of_case(case)?.ok_or("there is no calendar")?;
    let context = Context::new(case, Some(&calendar))?;
    let at = context.moment(case.text(&["at", "date", "time", "day"]).ok_or("there is no instant")?)?;
    let got = match case.value["kind"].as_str().unwrap_or_default() {
        "is-open" | "is-working-hour" | "is-working-time" => calendar.is_open(at),
        "is-break" => calendar.is_break(at),
        "is-holiday" => calendar.is_holiday(at),
        "is-working-day" => calendar.is_working_day(calendar.local_date(at)),
        kind => return Err(format!("the kind \"{kind}\" is not known")),
    };
    let mut checks = Checks::default();
    for (name, expected) in entries(case.expected())? {
        let expected = expected.as_bool().ok_or_else(|| format!("the expected \"{name}\" is not known"))?;
        checks.same(&name, expected, got);
    }
    Ok(checks)
}

/// What instant a wall-clock time means.
pub(super) fn local_to_instant(case: &Case<'_>) -> Result<Checks, String> {
    let zone = read_zone(case.text(&["timezone", "zone"]).ok_or("there is no zone")?);
    let zone = zone.map_err(|problem| problem.message)?;
    let text = case.text(&["local", "at"]).ok_or("there is no local time")?;
    let (local, _) = written(text).ok_or_else(|| format!("the local time \"{text}\" is not known"))?;
    let preset = json!({"key": "k", "zone": "UTC", "hours": "always", "preset": calendars::preset(case)});
    let options = Calendar::from_json(&preset).map_err(|_| "no such preset")?.options().clone();
    let instant = calendar::local_to_instant(&zone, local, options.gap, options.fold);
    let mut checks = Checks::default();
    for (name, expected) in entries(case.expected())? {
        let unread = || format!("the expected \"{name}\" is not known");
        let text = expected.as_str().ok_or_else(unread)?;
        if let Ok(utc) = text.parse::<Timestamp>() {
            checks.same_text(&name, utc.to_string(), instant.to_string());
            continue;
        }
        let (wall, rest) = written(text).ok_or_else(unread)?;
        checks.same_text(&name, wall.to_string(), zone.to_datetime(instant).to_string());
        let rest = rest.to_lowercase();
        let meant = zone.to_ambiguous_timestamp(wall);
        let meant = if rest.contains("second") || rest.contains("standard") {
            meant.later()
        } else if rest.contains("first") || rest.contains("daylight") {
            meant.earlier()
        } else {
            continue;
        };
        let meant = meant.map_err(|error| error.to_string())?;
        checks.same_text("occurrence", meant.to_string(), instant.to_string());
    }
    Ok(checks)
}

/// Whether a definition is accepted, and what its problems say.
pub(super) fn validation(case: &Case<'_>) -> Result<Checks, String> {
    let mut input = case.input().clone();
    if input["hours"].is_null() {
        // What is checked here is what was written, and nothing was.
        input["hours"] = json!({});
    }
    let definition = calendars::definition(case, "checked", &input)?;
    let problems = Calendar::from_json(&definition).err().unwrap_or_default();
    let mut checks = Checks::default();
    for (name, expected) in entries(case.expected())? {
        match (name.as_str(), expected) {
            ("accepted" | "valid", Value::Bool(accepted)) => {
                checks.same(&name, *accepted, problems.is_empty());
            }
            ("message_contains" | "message", Value::String(text)) => {
                let said: Vec<_> = problems.iter().map(|problem| problem.message.as_str()).collect();
                let said = said.join(" ");
                let got = if said.contains(text.as_str()) { text.clone() } else { said };
                checks.same_text(&name, text, got);
            }
            _ => return Err(format!("the expected \"{name}\" is not known")),
        }
    }
    Ok(checks)
}

/// The fields of an expectation; a note is not one.
pub(super) fn entries(expected: &Value) -> Result<Vec<(String, &Value)>, String> {
    let fields = expected.as_object().ok_or("the expectation is not an object")?;
    let told = fields.iter().filter(|(name, _)| !matches!(name.as_str(), "note" | "notes"));
    Ok(told.map(|(name, value)| (name.clone(), value)).collect())
}

pub(super) fn words(error: calendar::CalendarError) -> String {
    error.to_string()
}

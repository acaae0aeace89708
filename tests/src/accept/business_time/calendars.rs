//! Calendars as the case file writes them, turned into definitions under the preset of a case's source.

use domain::calendar::Calendar;
use serde_json::{Map, Value, json};

use super::Case;

const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The calendars of a file.
pub(super) struct Calendars<'a> {
    list: &'a Value,
}

impl<'a> Calendars<'a> {
    pub(super) fn new(list: &'a Value) -> Calendars<'a> {
        Calendars { list }
    }
}

/// The preset a source stands for.
pub(super) fn preset(case: &Case<'_>) -> &'static str {
    let reference = case.value["source"]["ref"].as_str().unwrap_or_default().to_lowercase();
    let known = [
        ("zendesk/biz", "biz"),
        ("zammad", "zammad"),
        ("servicenow", "servicenow"),
        ("glpi", "glpi"),
        ("znuny", "znuny"),
        ("otrs", "znuny"),
        ("bestpractical/rt", "rt"),
    ];
    known.iter().find(|(word, _)| reference.contains(word)).map_or("weft", |(_, preset)| preset)
}

/// The calendar of a case: the one it names, the hours it writes out, or none at all.
///
/// `None` means that every minute counts.
pub(super) fn of_case(case: &Case<'_>) -> Result<Option<Calendar>, String> {
    if let Some(name) = case.value["calendar"].as_str().or_else(|| case.text(&["calendar"])) {
        return named(case, name).map(Some);
    }
    let input = case.input();
    let hours = match (&input["hours"], &input["hours_per_day"]) {
        (Value::String(text), _) => read_hours(text)?,
        (hours @ Value::Object(_), _) => hours.clone(),
        (_, Value::Number(hours)) => {
            let hours = hours.as_i64().filter(|hours| (1..=15).contains(hours));
            let hours = hours.ok_or("hours_per_day is not a whole number of hours up to 15")?;
            read_hours(&format!("09:00-{:02}:00", 9 + hours))?
        }
        _ => return Ok(None),
    };
    build(case, "written out", &json!({"timezone": input["timezone"], "hours": hours})).map(Some)
}

/// A calendar of the file by name.
pub(super) fn named(case: &Case<'_>, name: &str) -> Result<Calendar, String> {
    match case.calendars.list.get(name) {
        Some(calendar) => build(case, name, calendar),
        None => Err(format!("the file has no calendar \"{name}\"")),
    }
}

/// A calendar named or written out in an input.
pub(super) fn given(case: &Case<'_>, value: &Value) -> Result<Calendar, String> {
    match value {
        Value::String(name) => named(case, name),
        calendar => build(case, "given", calendar),
    }
}

fn build(case: &Case<'_>, name: &str, calendar: &Value) -> Result<Calendar, String> {
    let definition = definition(case, name, calendar)?;
    Calendar::from_json(&definition).map_err(|problems| {
        let words: Vec<String> = problems.iter().map(ToString::to_string).collect();
        format!("calendar {name}: {}", words.join("; "))
    })
}

/// The definition of a calendar of the file. A zone that is naive or said by the case is the case's, else UTC.
pub(super) fn definition(case: &Case<'_>, name: &str, calendar: &Value) -> Result<Value, String> {
    let own = calendar["timezone"].as_str().filter(|zone| !matches!(*zone, "per-case" | "naive"));
    let zone = own.or_else(|| case.text(&["timezone", "zone"])).unwrap_or("UTC");
    let library_default = calendar["source"].as_str().unwrap_or_default().contains("bestpractical/rt");
    let hours = match &calendar["hours"] {
        // Business::Hours, which RT counts with, documents its default week: Monday to Friday, 9am to 6pm.
        Value::Null if library_default => read_hours("mon-fri 09:00-18:00")?,
        Value::Null => json!("always"),
        Value::Object(days) => days.iter().map(|(day, hours)| (day.clone(), of_day(hours))).collect(),
        hours => hours.clone(),
    };
    let holidays = calendar["holidays"].as_array().map(Vec::as_slice).unwrap_or_default();
    let holidays = holidays.iter().map(holiday).collect::<Result<Vec<Value>, String>>()?;
    let mut definition = json!({
        "key": name, "zone": zone, "preset": preset(case), "hours": hours, "holidays": holidays,
    });
    for optional in ["breaks", "shifts"] {
        if !calendar[optional].is_null() {
            definition[optional] = calendar[optional].clone();
        }
    }
    Ok(definition)
}

/// The hours of a weekday; some sources write `{active, timeframes}`, and nothing for a closed day.
fn of_day(hours: &Value) -> Value {
    match hours {
        Value::Null => json!([]),
        Value::Object(day) if day.get("active").and_then(Value::as_bool).unwrap_or(false) => {
            day.get("timeframes").cloned().unwrap_or(json!([]))
        }
        Value::Object(_) => json!([]),
        hours => hours.clone(),
    }
}

fn holiday(entry: &Value) -> Result<Value, String> {
    let yearly = entry["recurs_yearly"].as_bool().unwrap_or(false);
    let day = |text: &str| match (yearly, text.len()) {
        (true, 10) => format!("--{}", &text[5..]),
        (_, 5) => format!("--{text}"),
        _ => text.to_owned(),
    };
    let of = |name: &str| entry[name].as_str().map(day);
    let mut holiday = match (of("date").or_else(|| of("month_day")), of("from"), of("to")) {
        (Some(date), _, _) => json!({"date": date}),
        (None, Some(from), Some(to)) => json!({"from": from, "to": to}),
        _ => return Err(format!("the holiday {entry} is not known")),
    };
    if let Some(active) = entry["active"].as_bool() {
        holiday["active"] = json!(active);
    }
    Ok(holiday)
}

/// Hours in words: `mon-fri 09:00-17:00`, `08:00-12:00 13:00-18:00`, `sat,sun 10:00-12:00`, `24x7`. Without weekdays they
/// are those of the working week.
pub(super) fn read_hours(text: &str) -> Result<Value, String> {
    let unread = || format!("the hours \"{text}\" are not known");
    let (mut days, mut intervals): (Vec<usize>, Vec<Value>) = (Vec::new(), Vec::new());
    for word in text.to_lowercase().split_whitespace() {
        let word = word.trim_matches(',');
        if matches!(word, "24x7" | "24/7") {
            days = (0..7).collect();
            intervals.push(json!(["00:00", "24:00"]));
        } else if word.contains(':') {
            let (open, close) = word.split_once('-').ok_or_else(unread)?;
            intervals.push(json!([open, close]));
        } else {
            for part in word.split(',') {
                days.extend(read_days(part).ok_or_else(unread)?);
            }
        }
    }
    if intervals.is_empty() {
        return Err(unread());
    }
    if days.is_empty() {
        days = (0..5).collect();
    }
    let named = days.iter().map(|day| (WEEKDAYS[*day].to_owned(), Value::from(intervals.clone())));
    Ok(Value::Object(named.collect::<Map<String, Value>>()))
}

fn read_days(text: &str) -> Option<Vec<usize>> {
    let day = |name: &str| WEEKDAYS.iter().position(|day| name.get(..3) == Some(day));
    match text.split_once('-') {
        Some((first, last)) => Some((day(first)?..=day(last)?).collect()),
        None => Some(vec![day(text)?]),
    }
}

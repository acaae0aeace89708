//! Cases told relative to a ticket's life: pauses as breaks, working minutes of a period, due minutes from now.

use std::collections::BTreeMap;

use domain::calendar::Calendar;
use jiff::Timestamp;
use serde_json::{Value, json};
use service_level_timeline::{
    CalendarUse, DueAtPause, MINUTE, Metric, Micros, due_after, merge_pauses, working_between,
};

use super::clocks::Host;
use super::counting::entries;
use super::moment::{Context, amount, scaled, second_of_day, unit};
use super::{Case, Checks, calendars, ticket};

/// A pause split into breaks of local days.
pub(super) fn pause_to_break(case: &Case<'_>) -> Result<Checks, String> {
    let zone = case.text(&["timezone", "zone"]).ok_or("there is no zone")?;
    let always = json!({"key": "k", "zone": zone, "hours": "always", "preset": calendars::preset(case)});
    let calendar = Calendar::from_json(&always).map_err(|problems| format!("{problems:?}"))?;
    let mut parts = Vec::new();
    for (from, to) in pauses(case, &calendar)? {
        parts.extend(calendar.day_parts(from, to));
    }
    let mut days: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for part in &parts {
        let time = |second: i64| format!("{:02}:{:02}", second / 3600, second / 60 % 60);
        days.entry(part.date).or_default().push(format!("{}-{}", time(part.start), time(part.end)));
    }
    let days: Vec<(String, String)> =
        days.into_iter().map(|(date, parts)| (date.to_string(), parts.join(" "))).collect();
    let mut checks = Checks::default();
    for (name, expected) in entries(case.expected())? {
        compare_breaks(&mut checks, &name, expected, &days)?;
    }
    Ok(checks)
}

fn compare_breaks(checks: &mut Checks, name: &str, expected: &Value, days: &[(String, String)]) -> Result<(), String> {
    let unread = || format!("the expected \"{name}\" is not known");
    let on = |day: &str| days.iter().find(|(date, _)| date == day).map_or("", |(_, breaks)| breaks).to_owned();
    let nth = |index: usize| days.get(index).map_or("", |(_, breaks)| breaks).to_owned();
    if let Some(by_day) = expected.as_object() {
        for (day, breaks) in by_day {
            let found = match place(day) {
                Some(index) => nth(index),
                None if day.parse::<jiff::civil::Date>().is_ok() => on(day),
                None => return Err(unread()),
            };
            checks.same_text(day, write_breaks(breaks).ok_or_else(unread)?, found);
        }
        return Ok(());
    }
    if let Some(breaks) = write_breaks(expected) {
        if name.contains("same") {
            checks.same("days with breaks", usize::from(!breaks.is_empty()), days.len());
        }
        let all = || days.iter().map(|(_, breaks)| breaks.as_str()).collect::<Vec<_>>().join(" ");
        checks.same_text(name, breaks, place(name).map_or_else(all, nth));
        return Ok(());
    }
    // A list of days, each a list of breaks.
    for (index, breaks) in expected.as_array().ok_or_else(unread)?.iter().enumerate() {
        checks.same_text(name, write_breaks(breaks).ok_or_else(unread)?, nth(index));
    }
    Ok(())
}

/// Which of the days a name means.
fn place(name: &str) -> Option<usize> {
    let words: [&[&str]; 3] = [
        &["first", "day_1", "day1", "day 1"],
        &["second", "next", "following", "day_2", "day2", "day 2"],
        &["third", "day_3", "day3", "day 3"],
    ];
    words.iter().position(|words| words.iter().any(|word| name.contains(word)))
}

fn write_breaks(list: &Value) -> Option<String> {
    let write = |pair: &Value| Some(format!("{}-{}", pair[0].as_str()?, pair[1].as_str()?));
    let breaks: Option<Vec<String>> = list.as_array()?.iter().map(write).collect();
    Some(breaks?.join(" "))
}

/// The pauses of a case: states by local time, or pauses in local time or UTC.
fn pauses(case: &Case<'_>, calendar: &Calendar) -> Result<Vec<(Timestamp, Timestamp)>, String> {
    let input = case.input();
    let local = Context::new(case, Some(calendar))?;
    let utc = Context { zone: jiff::tz::TimeZone::UTC, calendar: None, after: None };
    if let Some(states) = input["states"].as_array() {
        let mut entered: Vec<(Timestamp, &str)> = Vec::new();
        for state in states {
            let (Some(time), Some(name)) = (state[0].as_str(), state[1].as_str()) else {
                return Err(format!("the state {state} is not known"));
            };
            let previous = entered.last().map(|(at, _)| *at);
            entered.push((in_order(&local, time, previous)?, name));
        }
        let spans = entered.windows(2).filter(|pair| ticket::pauses(case, Metric::Resolution, pair[0].1));
        return Ok(spans.map(|pair| (pair[0].0, pair[1].0)).collect());
    }
    for (name, context) in [("pause_utc", &utc), ("pauses_utc", &utc), ("pause", &local), ("pauses", &local)] {
        let Some(list) = input[name].as_array() else {
            continue;
        };
        let pairs = if list.iter().all(Value::is_string) { vec![input[name].clone()] } else { list.clone() };
        let mut read = Vec::new();
        for pair in pairs {
            let end = |index: usize| pair[index].as_str().ok_or("a pause is not a pair of times");
            let from = in_order(context, end(0)?, None)?;
            read.push((from, in_order(context, end(1)?, Some(from))?));
        }
        return Ok(read);
    }
    Err("there are no pauses".to_owned())
}

/// A moment that is not before another: a bare clock time that would be is one of the next day.
fn in_order(context: &Context<'_>, text: &str, previous: Option<Timestamp>) -> Result<Timestamp, String> {
    let at = context.moment(text)?;
    match (previous, second_of_day(text)) {
        (Some(previous), Some(_)) if at < previous => {
            let next = Context { zone: context.zone.clone(), calendar: context.calendar, after: Some(previous) };
            next.moment(&format!("{text} next day"))
        }
        _ => Ok(at),
    }
}

/// The life of a ticket, in microseconds from its creation.
struct Life {
    pauses: Vec<(Micros, Micros)>,
    closed: Option<Micros>,
    now: Option<Micros>,
}

impl Life {
    fn read(case: &Case<'_>) -> Result<Life, String> {
        let input = case.input();
        let minutes = |value: &Value| scaled(value, MINUTE);
        let mut states: Vec<(Micros, String)> = Vec::new();
        if let Some(timeline) = input["timeline_min_after_created"].as_object() {
            for (label, minute) in timeline {
                let at = minutes(minute).ok_or_else(|| format!("\"{label}\" has no minute"))?;
                states.push((at, label.to_lowercase()));
            }
        }
        states.sort();
        let paused = |label: &str| {
            let name = label.trim_start_matches("state ");
            label.contains("(paused)") || ticket::pauses(case, Metric::Resolution, name)
        };
        // A state that lasts until now has no end yet and is no pause. (Zammad)
        let pauses: Vec<_> =
            states.windows(2).filter(|pair| paused(&pair[0].1)).map(|pair| (pair[0].0, pair[1].0)).collect();
        let closed = states.iter().find(|(_, label)| label.contains("closed")).map(|(at, _)| *at);
        Ok(Life { pauses: merge_pauses(&pauses), closed, now: minutes(&input["now_min_after_created"]) })
    }

    /// `created - 1 week`, `closed + 1 week`, `now - 45 min`, `created`.
    fn moment(&self, text: &str) -> Result<Micros, String> {
        let unread = || format!("the moment \"{text}\" is not known");
        let lower = text.trim().to_lowercase();
        let (base, rest) = lower.split_once(' ').unwrap_or((&lower, ""));
        let base = match base {
            "created" | "creation" | "start" => 0,
            "closed" | "close" => self.closed.ok_or_else(unread)?,
            "now" => self.now.ok_or_else(unread)?,
            _ => return Err(unread()),
        };
        let rest = rest.trim();
        match rest.split_at_checked(1) {
            None => Ok(base),
            Some(("+", more)) => Ok(base + amount(more).ok_or_else(unread)?),
            Some(("-", less)) => Ok(base - amount(less).ok_or_else(unread)?),
            Some(_) => Err(unread()),
        }
    }
}

/// Working minutes of a period of a ticket's life, or a due time from now.
pub(super) fn relative(case: &Case<'_>) -> Result<Checks, String> {
    let calendar = calendars::of_case(case)?.ok_or("there is no calendar")?;
    let origin = calendar.next_open(Context::new(case, Some(&calendar))?.instant(Context::reference().at(0, 0, 0, 0)));
    let origin = origin.map_err(|error| error.to_string())?.as_microsecond();
    let life = Life::read(case)?;
    let host = Host([("c".to_owned(), calendar)].into());
    let of = CalendarUse { key: Some("c".to_owned()), zone: None };
    let shifted: Vec<_> = life.pauses.iter().map(|(a, b)| (a + origin, b + origin)).collect();
    // Nothing counts before a ticket exists or after it is closed. (Zammad "starts before and ends after ticket life")
    let worked = |from: Micros, to: Micros| {
        let (from, to) = (from.max(0), life.closed.map_or(to, |closed| to.min(closed)));
        working_between(&host, &of, from + origin, to + origin, &shifted)
            .map(|worked| worked / MINUTE)
            .map_err(|fault| fault.0)
    };
    let mut checks = Checks::default();
    for (name, expected) in entries(case.expected())? {
        let got = match name.as_str() {
            "working_minutes" | "minutes" => {
                let from = life.moment(case.text(&["from", "start"]).ok_or("there is no start")?)?;
                let to = life.moment(case.text(&["to", "end"]).ok_or("there is no end")?)?;
                Some(worked(from, to)?)
            }
            name if name.starts_with("due_minutes_relative_to") => {
                let from = life.moment(case.text(&["start", "from"]).ok_or("there is no start")?)?;
                let word = case.text(&["unit"]).unwrap_or("minutes");
                let unit = unit(word).ok_or_else(|| format!("the unit \"{word}\" is not known"))?;
                let wanted = scaled(&case.input()["amount"], unit).ok_or("there is no amount")?;
                let due = due_after(&host, &of, from + origin, wanted, &shifted, DueAtPause::End);
                let base = if name.ends_with("now") { life.moment("now")? } else { life.moment("created")? };
                Some((due.map_err(|fault| fault.0)? - origin - base) / MINUTE)
            }
            name => statistic(case, &life, name, &worked)?,
        };
        let write = |minutes: Option<i64>| minutes.map_or("null".to_owned(), |minutes| minutes.to_string());
        checks.same_text(&name, expected.to_string(), write(got));
    }
    Ok(checks)
}

/// `first_response_in_min`, `update_diff_min`, …: how long it took, and how much of the promise was left.
fn statistic(
    case: &Case<'_>,
    life: &Life,
    name: &str,
    worked: &dyn Fn(Micros, Micros) -> Result<i64, String>,
) -> Result<Option<i64>, String> {
    let unread = || format!("the expected \"{name}\" is not known");
    let (metric, diff) = match (name.strip_suffix("_in_min"), name.strip_suffix("_diff_min")) {
        (Some(metric), _) => (metric, false),
        (_, Some(metric)) => (metric, true),
        _ => return Err(unread()),
    };
    let took = if let Some(exchanges) = case.input()["exchanges"].as_array() {
        let mut longest = None;
        for exchange in exchanges {
            // The longest wait of a customer is kept. (Zammad)
            let waited = scaled(&exchange["customer_to_agent_min"], MINUTE);
            longest = longest.max(waited.map(|waited| worked(0, waited)).transpose()?);
        }
        longest
    } else {
        match case.text(&[metric, &format!("{metric}_at")]) {
            Some(text) => Some(worked(0, life.moment(text)?)?),
            None if metric == "solution" || metric == "close" => {
                life.closed.map(|closed| worked(0, closed)).transpose()?
            }
            None => return Err(unread()),
        }
    };
    if !diff {
        return Ok(took);
    }
    let promised = scaled(&case.input()["target_min"], 1).ok_or("there is no promise")?;
    Ok(took.map(|took| promised - took))
}

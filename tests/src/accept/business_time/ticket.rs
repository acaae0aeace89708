//! Cases that play a ticket's history into the service level logic.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value};
use service_level_timeline::presets::{Recontact, TargetPreset, keep_in_loop, pausing_statuses, target};
use service_level_timeline::{
    Change, Condition, Duration, MINUTE, Metric, Micros, Running, Target, TargetState, Zones, advance, apply, next_due,
    replay,
};

use super::clocks::Host;
use super::counting::entries;
use super::moment::{Context, scaled, unit};
use super::{Case, Checks, calendars};

/// Whose clocks a case follows.
pub(super) fn target_preset(case: &Case<'_>) -> TargetPreset {
    match calendars::preset(case) {
        "zammad" => TargetPreset::Zammad,
        "glpi" => TargetPreset::Glpi,
        "servicenow" => TargetPreset::ServiceNow,
        "rt" => TargetPreset::Rt,
        _ => TargetPreset::Weft,
    }
}

/// Whether a status pauses a metric under the preset of a case.
pub(super) fn pauses(case: &Case<'_>, metric: Metric, status: &str) -> bool {
    pausing_statuses(target_preset(case), metric).contains(&status)
}

/// The metric a source's word names.
fn metric(word: &str) -> Option<Metric> {
    match word {
        "first_response" | "first_response_time" | "tto" | "time_to_own" | "own" => Some(Metric::Response),
        "update" | "update_time" | "response" | "response_time" => Some(Metric::Update),
        "solution" | "solution_time" | "resolution" | "resolve" | "close" | "ttr" | "time_to_resolve" => {
            Some(Metric::Resolution)
        }
        "keep_in_loop" => Some(Metric::Update),
        _ => None,
    }
}

/// A promise: minutes, or `{amount, unit}` with days as working dates where the preset's days are dates.
fn promise(word: &str, value: &Value, unit_word: &str) -> Result<Option<Duration>, String> {
    let unread = || format!("the promise \"{word}\" is not known");
    let (amount, unit_word) = match value {
        Value::Null => return Ok(None),
        Value::Object(fields) => {
            let unit = fields.get("unit").and_then(Value::as_str).ok_or_else(unread)?;
            (fields.get("amount").ok_or_else(unread)?, unit)
        }
        number => (number, unit_word),
    };
    let name = unit_word.split_whitespace().last().unwrap_or_default();
    if name.starts_with("day") {
        let days = scaled(amount, 1).and_then(|days| u32::try_from(days).ok()).ok_or_else(unread)?;
        let end = value["end_of_working_day"].as_bool().unwrap_or(false);
        return Ok(Some(if end { Duration::EndOfDay(days) } else { Duration::WorkingDates(days) }));
    }
    let micros = unit(name).and_then(|unit| scaled(amount, unit)).ok_or_else(unread)?;
    if micros % MINUTE != 0 {
        return Err(unread());
    }
    Ok((micros > 0).then_some(Duration::WorkingMinutes(micros / MINUTE)))
}

/// The targets an input promises; a name may end in `_before` or `_after`.
fn targets(case: &Case<'_>, suffix: &str, calendar: Option<&str>) -> Result<Vec<Target>, String> {
    let input = case.input();
    let found = ["sla_minutes", "sla_hours", "sla_seconds", "sla", "targets"].iter().find_map(|name| {
        let with_suffix = input.get(format!("{name}{suffix}"));
        Some((*name, with_suffix.or_else(|| input.get(*name))?))
    });
    let (name, promises) = found.ok_or("there are no promises")?;
    let unit_word = name.strip_prefix("sla_").unwrap_or("minutes");
    let mut list = Vec::new();
    let empty = Map::new();
    let promises = match promises {
        Value::Null => &empty,
        // One number is one promise: to be done.
        Value::Number(_) => {
            let duration = promise("resolution", promises, unit_word)?;
            let made =
                |duration| target(target_preset(case), Metric::Resolution, duration, calendar, Recontact::FirstCounts);
            return Ok(duration.map(made).into_iter().collect());
        }
        promises => promises.as_object().ok_or("the promises are not known")?,
    };
    for (word, value) in promises {
        let metric = metric(word).ok_or_else(|| format!("the promise \"{word}\" is not known"))?;
        if let Some(duration) = promise(word, value, unit_word)? {
            let preset = target_preset(case);
            let mut made = match word.as_str() {
                "keep_in_loop" => keep_in_loop(preset, duration, calendar),
                _ => target(preset, metric, duration, calendar, Recontact::FirstCounts),
            };
            made.key.clone_from(word);
            list.push(made);
        }
    }
    Ok(list)
}

/// The history of a ticket as changes, in the order of the case. Its times need not be in order: sources set attributes.
fn changes(case: &Case<'_>, context: &Context<'_>) -> Result<Vec<Change>, String> {
    let created = match case.text(&["created", "start", "opened"]) {
        Some(text) => context.moment(text)?,
        // A case without a time is about any time: a working Monday at noon.
        None => context.moment("noon")?,
    };
    let created = created.as_microsecond();
    let events = case.input()["events"].as_array().map(Vec::as_slice).unwrap_or_default();
    let text = |event: &Value, name: &str| event[name].as_str().map(str::to_owned);
    let states = |kind: &str| events.iter().filter(move |event| event["type"] == *kind).collect::<Vec<_>>();
    let first = states("created_in_state").first().and_then(|event| text(event, "state"));
    let from = || states("state").first().and_then(|event| text(event, "from"));
    let mut state = first.or_else(from).unwrap_or_else(|| "open".to_owned());
    let step = |at: Micros, event: &str, state: &str| Change {
        at,
        event: event.to_owned(),
        fields: [("state".to_owned(), Value::from(state))].into_iter().collect(),
        instants: [("created".to_owned(), created)].into(),
        ..Change::default()
    };
    let mut list = vec![step(created, "created", &state)];
    for event in events {
        let at = context.moment(event["at"].as_str().ok_or("an event has no time")?)?.as_microsecond();
        let kind = event["type"].as_str().unwrap_or_default();
        let name = match kind {
            "customer_contact" | "customer_reply" | "requestor_reply" | "requester_reply" => "customer-contact",
            "agent_contact" | "agent_reply" | "staff_reply" | "owner_reply" => "agent-contact",
            "first_response" | "assigned" | "taken_into_account" => "first-response",
            "close" | "closed" | "solved" | "resolved" | "resolve" => "closed",
            "created_in_state" => continue,
            "state" => {
                state = text(event, "to").ok_or("a state event has no state")?;
                "updated"
            }
            other => return Err(format!("the event \"{other}\" is not known")),
        };
        list.push(step(at, name, &state));
    }
    if states("state").is_empty() {
        list.extend(told_pauses(case, context, &step)?);
    }
    Ok(list)
}

/// Pauses that a case tells only as intervals, as states of its preset.
fn told_pauses(
    case: &Case<'_>,
    context: &Context<'_>,
    step: &dyn Fn(Micros, &str, &str) -> Change,
) -> Result<Vec<Change>, String> {
    let told = case.value.get("pauses").or_else(|| case.input().get("pauses"));
    let paused = pausing_statuses(target_preset(case), Metric::Resolution).first().copied().unwrap_or("pending");
    let mut list = Vec::new();
    for pause in told.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default() {
        for (index, state) in [(0, paused), (1, "open")] {
            if let Some(text) = pause[index].as_str() {
                list.push(step(context.moment(text)?.as_microsecond(), "updated", state));
            }
        }
    }
    Ok(list)
}

/// A first response that a case tells by itself is the only one; otherwise the first answer of an agent is it.
fn tell_first_response(targets: &mut [Target], changes: &[Change]) {
    if changes.iter().any(|change| change.event == "first-response") {
        for target in targets.iter_mut().filter(|target| target.metric == Metric::Response) {
            target.stop = Condition::event(&["first-response"]);
        }
    }
}

/// A ticket's history with several targets.
pub(super) fn ticket(case: &Case<'_>) -> Result<Checks, String> {
    let calendar = calendars::of_case(case)?;
    let context = Context::new(case, calendar.as_ref())?;
    let key = calendar.as_ref().map(|calendar| calendar.key().to_owned());
    let changes = changes(case, &context)?;
    let mut targets = targets(case, "", key.as_deref())?;
    tell_first_response(&mut targets, &changes);
    let host = Host(calendar.iter().map(|calendar| (calendar.key().to_owned(), calendar.clone())).collect());
    let states = replay(&targets, &changes, &Zones::default(), &host).map_err(|fault| fault.0)?;
    let mut checks = Checks::default();
    compare(&mut checks, case.expected(), &states, &context, changes[0].at)?;
    Ok(checks)
}

/// A promise or a calendar that changes while a ticket is open.
pub(super) fn replaced(case: &Case<'_>) -> Result<Checks, String> {
    let input = case.input();
    let names: [&[&str]; 2] = [
        &["calendar_before", "old_calendar", "from_calendar", "calendar_from"],
        &["calendar_after", "new_calendar", "to_calendar", "calendar_to"],
    ];
    let mut host = BTreeMap::new();
    let mut keys = Vec::new();
    for (phase, names) in ["before", "after"].into_iter().zip(names) {
        let named = names.iter().map(|name| &input[*name]).find(|value| !value.is_null());
        let calendar = match named {
            Some(value) => Some(calendars::given(case, value)?),
            None => calendars::of_case(case)?,
        };
        // A calendar that was edited keeps its name; here the two are kept apart by phase.
        keys.push(calendar.as_ref().map(|_| phase.to_owned()));
        host.extend(calendar.map(|calendar| (phase.to_owned(), calendar)));
    }
    let first = keys[0].as_ref().and_then(|name| host.get(name)).cloned();
    let context = Context::new(case, first.as_ref())?;
    let host = Host(host);
    let changes = changes(case, &context)?;
    let mut before = targets(case, "_before", keys[0].as_deref())?;
    let mut after = targets(case, "_after", keys[1].as_deref())?;
    tell_first_response(&mut before, &changes);
    tell_first_response(&mut after, &changes);
    let mut states = replay(&before, &changes, &Zones::default(), &host).map_err(|fault| fault.0)?;
    let mut checks = Checks::default();
    let created = changes[0].at;
    if let Some(expected) = case.expected().get("before") {
        compare(&mut checks, expected, &states, &context, created)?;
    }
    let last = changes.last().ok_or("there is no history")?;
    let at = match case.text(&["replaced_at", "changed_at", "edited_at"]) {
        Some(text) => context.moment(text)?.as_microsecond(),
        None => last.at,
    };
    let edit = Change { at, event: "policy-changed".to_owned(), ..last.clone() };
    let moved = advance(&after, &states, &edit, &changes, &Zones::default(), &host);
    apply(&mut states, moved.map_err(|fault| fault.0)?);
    let expected = case.expected().get("after").unwrap_or(case.expected());
    compare(&mut checks, expected, &states, &context, created)?;
    if checks.compared > 0 { Ok(checks) } else { Err("nothing of what it expects could be read".to_owned()) }
}

/// Compares what a case expects of a ticket with its clocks.
fn compare(
    checks: &mut Checks,
    expected: &Value,
    states: &[TargetState],
    context: &Context<'_>,
    created: Micros,
) -> Result<(), String> {
    for (name, expected) in entries(expected)? {
        if name == "before" {
            continue;
        }
        let unread = || format!("the expected \"{name}\" is not known");
        let write = |at: Option<Micros>| match at.map(Timestamp::from_microsecond) {
            Some(Ok(at)) => at.to_string(),
            _ => "null".to_owned(),
        };
        let instant = |value: &Value| match value {
            Value::Null => Ok("null".to_owned()),
            value => context.moment(value.as_str().ok_or_else(unread)?).map(|at| at.to_string()),
        };
        if ["next_escalation", "escalation_at", "due", "due_at"].contains(&name.as_str()) {
            checks.same_text(&name, instant(expected)?, write(next_due(states)));
            continue;
        }
        if let ("due_minutes_after_created", Value::Number(_)) = (name.as_str(), expected) {
            let minutes = next_due(states).map(|due| (due - created) / MINUTE);
            checks.same_text(&name, expected.to_string(), number(minutes));
            continue;
        }
        let endings = ["_due_minutes_after_created", "_due_at", "_due", "_in_min", "_diff_min", "_at", ""];
        let split = endings.iter().find_map(|ending| {
            let word = name.strip_suffix(ending)?;
            Some((metric(word)?, *ending))
        });
        let (metric, ending) = split.ok_or_else(unread)?;
        let clocks = Clocks { states, metric };
        match ending {
            "_in_min" => checks.same_text(&name, expected.to_string(), number(clocks.took())),
            "_diff_min" => checks.same_text(&name, expected.to_string(), number(clocks.left())),
            "_at" => checks.same_text(&name, instant(expected)?, write(clocks.reached())),
            "_due_minutes_after_created" => {
                let minutes = clocks.due().map(|due| (due - created) / MINUTE);
                checks.same_text(&name, expected.to_string(), number(minutes));
            }
            _ => checks.same_text(&name, instant(expected)?, write(clocks.due())),
        }
    }
    Ok(())
}

fn number(value: Option<i64>) -> String {
    value.map_or("null".to_owned(), |value| value.to_string())
}

/// The clocks of one metric.
struct Clocks<'a> {
    states: &'a [TargetState],
    metric: Metric,
}

impl Clocks<'_> {
    fn mine(&self) -> impl DoubleEndedIterator<Item = &TargetState> {
        self.states.iter().filter(|state| state.metric == self.metric)
    }

    fn due(&self) -> Option<Micros> {
        self.mine().filter(|state| state.is_active()).filter_map(|state| state.due_at).min()
    }

    /// The longest round, in whole minutes: the one that says whether the promise was kept. (Zammad keeps the longest)
    fn longest(&self) -> Option<&TargetState> {
        let done = self.mine().filter(|state| state.running == Running::Completed);
        done.max_by_key(|state| state.elapsed)
    }

    fn took(&self) -> Option<i64> {
        self.longest()?.elapsed.map(|elapsed| elapsed / MINUTE)
    }

    fn left(&self) -> Option<i64> {
        let longest = self.longest()?;
        Some(longest.promised()? / MINUTE - longest.elapsed? / MINUTE)
    }

    fn reached(&self) -> Option<Micros> {
        self.mine().filter_map(|state| state.stopped_at).next_back()
    }
}

/// Whether a promise is missed: by exact time, and what a rounded percentage would say.
pub(super) fn breach(case: &Case<'_>) -> Result<Checks, String> {
    const PROMISED: i64 = 100_000_000;
    let input = &case.input()["business_percentage_exact"];
    let used = scaled(input, PROMISED / 100).ok_or("there is no percentage")?;
    let say = |breach: bool| if breach { "breach" } else { "no breach" };
    let mut checks = Checks::default();
    for (name, expected) in entries(case.expected())? {
        let got = match name.as_str() {
            "time_left_path" | "exact_path" => say(PROMISED - used <= 0).to_owned(),
            "rounded_percentage_path" => {
                let rounded = (used * 200 + PROMISED) / (PROMISED * 2);
                format!("{rounded} -> {}", say(rounded >= 100))
            }
            _ => return Err(format!("the expected \"{name}\" is not known")),
        };
        checks.same_text(&name, expected.as_str().unwrap_or_default(), got);
    }
    Ok(checks)
}

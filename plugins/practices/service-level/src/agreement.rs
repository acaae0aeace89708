//! The targets in force for a ticket: records read as targets, and in each group the first that matches (SLM-01, SLM-07).

use serde::Deserialize;
use std::collections::BTreeSet;
use timeline::{
    AgreementKind, Condition, DueAtPause, DueWhilePaused, Duration, Metric, PauseCounting, PauseRounding, Policy,
    PolicyOrder, Repeat, RetroactivePause, Scope, StartFrom, Target, ZoneSource, choose_policy,
};
use weft_sdk::Record;
use weft_sdk::prelude::*;

/// A target, and the tickets it is for.
#[derive(Clone)]
pub(crate) struct Agreement {
    pub(crate) target: Target,
    pub(crate) matches: Condition,
    /// What people read: title, number, type.
    pub(crate) label: String,
}

#[derive(Default)]
pub(crate) struct Agreements {
    pub(crate) chosen: Vec<Agreement>,
    /// Keys of targets that could not be read: their clocks are left alone.
    broken: BTreeSet<String>,
}

impl Agreements {
    pub(crate) fn knows(&self, key: &str) -> bool {
        self.broken.contains(key) || self.chosen.iter().any(|agreement| agreement.target.key == key)
    }
}

/// The fields of the kind `sla-target`.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Fields {
    #[serde(default)]
    r#type: AgreementKind,
    metric: Metric,
    applies_to: Option<Vec<String>>,
    r#match: Option<Condition>,
    scope: Option<String>,
    group: Option<String>,
    #[serde(default)]
    order: i64,
    minutes: Option<i64>,
    #[serde(default)]
    counting: Counting,
    due_field: Option<String>,
    calendar: Option<String>,
    #[serde(default)]
    support_hours: bool,
    #[serde(default)]
    zone_source: ZoneSource,
    start: Option<Condition>,
    pause: Option<Condition>,
    resume: Option<Condition>,
    stop: Option<Condition>,
    reset: Option<Condition>,
    cancel: Option<Condition>,
    start_from: Option<String>,
    retroactive_pause: Option<bool>,
    repeat: Option<Repeat>,
    #[serde(default)]
    pause_counting: PauseCounting,
}

#[derive(Deserialize, Default, PartialEq)]
#[serde(rename_all = "kebab-case")]
enum Counting {
    #[default]
    Working,
    Elapsed,
}

/// What holds where a target does not say it.
struct Defaults {
    paused: Condition,
    cancelled: Condition,
    each_restarts: bool,
}

/// Candidates for one place: only one of them counts.
struct Group {
    name: String,
    policies: Vec<Policy>,
}

/// What is in force now.
///
/// # Errors
/// A setting cannot be read. A record that cannot be read is logged and left out.
pub(crate) fn in_force(
    host: &impl Host,
    change: &Change,
    records: Vec<Record>,
    facts: &timeline::Change,
) -> Result<Agreements, Fault> {
    let defaults = Defaults {
        paused: Condition::Is { field: "state".to_owned(), r#in: host.setting("paused-states")? },
        cancelled: Condition::Is { field: "state".to_owned(), r#in: host.setting("cancelled-states")? },
        each_restarts: host.setting::<String>("update-restart")? == "each-restarts",
    };
    let order: PolicyOrder = host.setting("policy-order")?;
    let mut agreements = Agreements::default();
    let mut candidates = Vec::new();
    for mut record in records {
        let fields = Value::Object(std::mem::take(&mut record.fields));
        match Fields::deserialize(fields).map_err(|error| error.to_string()).and_then(check) {
            Ok(fields) => candidates.push((record, fields)),
            Err(error) => {
                host.log(LogLevel::Error, &format!("{} {} cannot be read: {error}", record.number, record.title));
                agreements.broken.insert(record.number);
            }
        }
    }
    candidates.retain(|(record, fields)| is_for(record, fields, change, facts));
    if candidates.iter().any(|(_, fields)| fields.support_hours)
        && let Some(hours) = support_hours(host, &change.after)?
    {
        for (_, fields) in candidates.iter_mut().filter(|(_, fields)| fields.support_hours) {
            fields.calendar = Some(hours.clone());
        }
    }
    candidates.sort_by_key(|(_, fields)| fields.order);
    let mut groups: Vec<Group> = Vec::new();
    for (record, fields) in candidates {
        let name = fields.group.clone().unwrap_or_else(|| match fields.metric {
            Metric::Custom => record.number.clone(),
            metric => format!("{:?} {metric:?}", fields.r#type),
        });
        let policy = policy(&record, fields, &defaults);
        match groups.iter_mut().find(|group| group.name == name) {
            Some(group) => group.policies.push(policy),
            None => groups.push(Group { name, policies: vec![policy] }),
        }
    }
    for group in &groups {
        let chosen = choose_policy(&group.policies, facts, order).into_iter();
        agreements.chosen.extend(chosen.flat_map(|policy| {
            policy.targets.iter().map(|target| Agreement {
                label: label(&target.title, &target.key, target.kind),
                matches: policy.applies.clone(),
                target: target.clone(),
            })
        }));
    }
    Ok(agreements)
}

pub(crate) fn label(title: &str, number: &str, kind: AgreementKind) -> String {
    let kind = match kind {
        AgreementKind::Sla => "SLA",
        AgreementKind::Ola => "OLA",
        AgreementKind::Uc => "UC",
    };
    format!("{title} ({number}, {kind})")
}

/// The calendar of the active contract that covers the configuration item of a ticket; of several, the first by number.
fn support_hours(host: &impl Host, ticket: &Ticket) -> Result<Option<String>, Fault> {
    let Some(ci) = ticket.text("ci") else { return Ok(None) };
    let covers = |contract: &&Record| {
        contract.field("items").as_array().into_iter().flatten().any(|item| item.as_str() == Some(ci))
    };
    let contracts = host.records("contract", Some("active"))?;
    let hours = contracts.iter().filter(covers).find_map(|contract| contract.text("calendar"));
    Ok(hours.map(str::to_owned))
}

fn check(fields: Fields) -> Result<Fields, String> {
    match (&fields.minutes, &fields.due_field) {
        (Some(_), None) | (None, Some(_)) => Ok(fields),
        (Some(_), Some(_)) => Err("it has both `minutes` and `due-field`; remove one".to_owned()),
        (None, None) => Err("it says neither how many `minutes` it may take nor a `due-field`".to_owned()),
    }
}

/// Whether a ticket can fall under a target, apart from the target's own condition.
fn is_for(record: &Record, fields: &Fields, change: &Change, facts: &timeline::Change) -> bool {
    let ticket = &change.after;
    let kind =
        fields.applies_to.as_ref().is_none_or(|kinds| kinds.iter().any(|kind| kind == "*" || *kind == ticket.kind));
    let space = fields.scope.as_deref() != Some("space") || record.space == ticket.space;
    // A ticket without the date it is due at is not late for it.
    let due = fields.due_field.as_ref().is_none_or(|field| facts.instants.contains_key(field));
    kind && space && due
}

fn policy(record: &Record, fields: Fields, defaults: &Defaults) -> Policy {
    let scope = match fields.scope.as_deref() {
        Some("space" | "client") => Scope::Workspace,
        Some("default") => Scope::Default,
        _ => Scope::Global,
    };
    Policy {
        key: record.number.clone(),
        title: record.title.clone(),
        scope,
        applies: fields.r#match.clone().unwrap_or(Condition::Always),
        targets: vec![target(record, fields, defaults)],
    }
}

/// A target with the conditions that its metric has by itself: resolution runs until the ticket is done and rests while it
/// is paused, a response runs until an agent answers, an update runs from a customer's word to an agent's.
fn target(record: &Record, fields: Fields, defaults: &Defaults) -> Target {
    let done = Condition::Is { field: "done".to_owned(), r#in: vec![true.into()] };
    let answered = Condition::event(&["agent-contact", "first-response"]);
    let update = fields.metric == Metric::Update;
    let contact = || Condition::event(&["customer-contact"]);
    let (start, pause, stop) = match fields.metric {
        Metric::Response => (Condition::Always, Condition::Never, Condition::Any(vec![answered, done])),
        Metric::Update => (contact(), defaults.paused.clone(), Condition::Any(vec![answered, done])),
        Metric::Resolution => (Condition::Always, defaults.paused.clone(), done),
        Metric::Custom => (Condition::Never, Condition::Never, Condition::Never),
    };
    let duration = match (fields.minutes, fields.due_field, fields.counting) {
        (_, Some(field), _) => Duration::DueAt(field),
        (minutes, None, Counting::Working) => Duration::WorkingMinutes(minutes.unwrap_or_default()),
        (minutes, None, Counting::Elapsed) => Duration::ElapsedMinutes(minutes.unwrap_or_default()),
    };
    let retroactive = matches!(fields.metric, Metric::Response | Metric::Resolution);
    let start_from = match fields.start_from.as_deref() {
        None if !retroactive => StartFrom::Change,
        Some("change") => StartFrom::Change,
        // A ticket says when it was opened and not when it was typed in: `created` is the same instant.
        None | Some("created") => StartFrom::Instant("opened".to_owned()),
        Some(instant) => StartFrom::Instant(instant.to_owned()),
    };
    let reset = if update && defaults.each_restarts { contact() } else { Condition::Never };
    // A ticket that is opened again is to be solved again; it was answered already.
    let repeat = if fields.metric == Metric::Response { Repeat::Once } else { Repeat::EachStart };
    let pauses_before = fields.retroactive_pause.unwrap_or(retroactive);
    Target {
        key: record.number.clone(),
        title: record.title.clone(),
        kind: fields.r#type,
        metric: fields.metric,
        duration,
        calendar: fields.calendar,
        calendar_title: None,
        zone_source: fields.zone_source,
        start_from,
        retroactive_pause: if pauses_before { RetroactivePause::Counted } else { RetroactivePause::Ignored },
        repeat: fields.repeat.unwrap_or(repeat),
        pause_rounding: PauseRounding::Exact,
        pause_counting: fields.pause_counting,
        due_at_pause: DueAtPause::Begin,
        due_while_paused: DueWhilePaused::None,
        start: fields.start.unwrap_or(start),
        pause: fields.pause.unwrap_or(pause),
        resume: fields.resume.unwrap_or(Condition::Never),
        stop: fields.stop.unwrap_or(stop),
        reset: fields.reset.unwrap_or(reset),
        cancel: fields.cancel.unwrap_or_else(|| defaults.cancelled.clone()),
    }
}

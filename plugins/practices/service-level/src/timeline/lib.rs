//! The clocks of a ticket: which targets start, pause, resume, stop, reset or cancel at a change, and when they are due.
//!
//! Pure functions on [`TargetState`], so that one change as it happens ([`advance`]) and a whole history ([`replay`])
//! go through the same code. *Architecture Invariant*: no clock, no I/O, no floating point; working time is asked of
//! [`BusinessTime`] and nothing else.
//!
//! Requirements: SLM-01 (six conditions), 02 (zone source), 04 (pauses), 05 (replacement, retroactive start and pause),
//! 07 (policy choice), 08 (exact breach), 09 (recomputing), 11 (contacts).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

mod condition;
mod policy;
pub mod presets;
mod reason;
mod state;
mod target;
#[cfg(test)]
mod tests;
mod working;

pub use condition::Condition;
pub use policy::{Policy, PolicyOrder, Scope, choose_policy};
pub use reason::{write_amount, write_instant};
pub use state::{Pause, Running, TargetState};
pub use target::{
    AgreementKind, DueAtPause, DueWhilePaused, Duration, Metric, PauseCounting, PauseRounding, Repeat,
    RetroactivePause, StartFrom, Target, ZoneSource,
};
pub use working::{due_after, merge_pauses, working_between};

/// Instants since 1970-01-01T00:00:00Z, and amounts of time, in whole microseconds.
pub type Micros = i64;

/// What happened when nothing did to the ticket: a target or a calendar changed (SLM-12).
pub const REVISITED: &str = "revisited";
/// Microseconds of a second.
pub const SECOND: Micros = 1_000_000;
/// Microseconds of a minute.
pub const MINUTE: Micros = 60 * SECOND;

/// The calendar a target counts in; without a key every minute counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CalendarUse {
    /// Key of the calendar.
    pub key: Option<String>,
    /// The zone that replaces the calendar's own (SLM-02).
    pub zone: Option<String>,
}

/// The end of the day or the same time of day, for targets in working dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayClock {
    /// The time of day of the start.
    SameTime,
    /// The last closing of the day.
    EndOfDay,
}

/// Why working time could not be counted, in words for the incident that a person will see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault(pub String);

impl std::fmt::Display for Fault {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Fault {}

/// Working time, as the host counts it. `calendar` always has a key here: time without a calendar is counted inside.
pub trait BusinessTime {
    /// The instant at which `amount` of working time has passed since `start`.
    ///
    /// # Errors
    /// When the calendar is unknown or never opens.
    fn add(&self, calendar: &CalendarUse, start: Micros, amount: Micros) -> Result<Micros, Fault>;

    /// Working time between two instants; 0 when `to` is not later.
    ///
    /// # Errors
    /// When the calendar is unknown.
    fn between(&self, calendar: &CalendarUse, from: Micros, to: Micros) -> Result<Micros, Fault>;

    /// So many working dates after `start`.
    ///
    /// # Errors
    /// When the host cannot count dates, the calendar is unknown or never opens.
    fn add_days(&self, calendar: &CalendarUse, _start: Micros, _days: u32, _clock: DayClock) -> Result<Micros, Fault> {
        let key = calendar.key.as_deref().unwrap_or("none");
        Err(Fault(format!("working dates of calendar {key} cannot be counted here; use working minutes")))
    }

    /// The instant itself when open, else the next opening.
    ///
    /// # Errors
    /// When the calendar is unknown or never opens.
    fn next_open(&self, calendar: &CalendarUse, at: Micros) -> Result<Micros, Fault> {
        // One microsecond of work ends just after the opening that allows it, whatever the landing rule is.
        Ok(self.add(calendar, at, 1)? - 1)
    }
}

/// Something that happened to a ticket, with the ticket as it is afterwards.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Change {
    /// When it happened.
    pub at: Micros,
    /// What happened: `created`, `updated`, `customer-contact`, `agent-contact`, `first-response`, `closed`, ….
    pub event: String,
    /// What else happened at once: a ticket may be answered and closed in one change.
    pub also: Vec<String>,
    /// Names of the fields that changed.
    pub changed: Vec<String>,
    /// The fields afterwards.
    pub fields: Map<String, Value>,
    /// Instants of the ticket that targets count from or to: `created`, `opened`, `assigned`, `due`, ….
    pub instants: BTreeMap<String, Micros>,
}

/// The zones a target may count in (SLM-02); the first that is known of source, then system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Zones {
    /// Of the person who called.
    pub caller: Option<String>,
    /// Of the place of the configuration item.
    pub ci_location: Option<String>,
    /// Of the place of the ticket.
    pub task_location: Option<String>,
    /// Of the place of the caller.
    pub caller_location: Option<String>,
    /// Of the installation.
    pub system: Option<String>,
}

/// What a change did to a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    /// A new clock; it may begin paused.
    Start,
    /// It no longer counts.
    Pause,
    /// It counts again, with a new due time.
    Resume,
    /// The target was reached, in time or not.
    Stop,
    /// The measurement does not count.
    Cancel,
    /// The definition changed: same start, same pauses, new due time.
    Recompute,
}

/// One clock to start or change, with its state afterwards.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transition {
    /// What happened.
    pub verb: Verb,
    /// The clock afterwards.
    pub state: TargetState,
}

/// What a change does to the clocks of a ticket, in the order to apply it.
///
/// `targets` are those of the policy in force now: a running clock whose target is not among them is cancelled, one
/// whose definition changed is recomputed (SLM-05, SLM-12). `history` are the changes before this one, needed only by
/// targets with a retroactive pause.
///
/// # Errors
/// When working time cannot be counted; nothing has changed then.
pub fn advance(
    targets: &[Target],
    states: &[TargetState],
    change: &Change,
    history: &[Change],
    zones: &Zones,
    time: &dyn BusinessTime,
) -> Result<Vec<Transition>, Fault> {
    let mut transitions = Vec::new();
    for state in states.iter().filter(|state| state.is_active()) {
        if !targets.iter().any(|target| target.key == state.target) {
            let state = state.finish(change.at, Running::Cancelled, time)?;
            transitions.push(Transition { verb: Verb::Cancel, state });
        }
    }
    for target in targets {
        let mine = states.iter().filter(|state| state.target == target.key);
        let rounds = Rounds {
            next: mine.clone().map(|state| state.round + 1).max().unwrap_or(0),
            ended: mine
                .clone()
                .filter(|state| state.running != Running::Cancelled)
                .filter_map(|state| state.stopped_at)
                .max(),
        };
        let active = mine.clone().find(|state| state.is_active());
        let step = Step { target, change, history, zones, time };
        transitions.extend(step.take(active, rounds)?);
    }
    Ok(transitions)
}

/// The clocks of a ticket after a whole history, every finished round included. (SLM-09)
///
/// # Errors
/// As [`advance`].
pub fn replay(
    targets: &[Target],
    changes: &[Change],
    zones: &Zones,
    time: &dyn BusinessTime,
) -> Result<Vec<TargetState>, Fault> {
    let mut states = Vec::new();
    for (index, change) in changes.iter().enumerate() {
        let transitions = advance(targets, &states, change, &changes[..index], zones, time)?;
        apply(&mut states, transitions);
    }
    Ok(states)
}

/// Puts transitions into the list of clocks.
pub fn apply(states: &mut Vec<TargetState>, transitions: Vec<Transition>) {
    for Transition { state, .. } in transitions {
        let same = |other: &&mut TargetState| other.target == state.target && other.round == state.round;
        match states.iter_mut().find(same) {
            Some(place) => *place = state,
            None => states.push(state),
        }
    }
}

/// The earliest due time of the clocks that count.
pub fn next_due(states: &[TargetState]) -> Option<Micros> {
    states.iter().filter(|state| state.is_active()).filter_map(|state| state.due_at).min()
}

/// The rounds of a target so far. One that was cancelled, as by a priority that came and went, never counted: the next
/// is as good as the first.
#[derive(Clone, Copy)]
struct Rounds {
    next: u32,
    /// When the last one that counted ended.
    ended: Option<Micros>,
}

/// One target meeting one change.
struct Step<'a> {
    target: &'a Target,
    change: &'a Change,
    history: &'a [Change],
    zones: &'a Zones,
    time: &'a dyn BusinessTime,
}

impl Step<'_> {
    /// SLM-01: cancel → cancel; stop → complete; start ∧ reset → complete and reattach; pause → pause; not-pause or
    /// resume → resume; start ∧ ¬stop ∧ ¬cancel → attach.
    fn take(&self, active: Option<&TargetState>, rounds: Rounds) -> Result<Vec<Transition>, Fault> {
        let (target, change) = (self.target, self.change);
        let holds = |condition: &Condition| condition.holds(change);
        let (start, stop, cancel) = (holds(&target.start), holds(&target.stop), holds(&target.cancel));
        let reset = start && holds(&target.reset);
        let attach = start && !stop && !cancel;
        let Some(state) = active else {
            let again = rounds.ended.is_none() || reset || target.repeat == Repeat::EachStart;
            let started = if attach && again { Some(self.attach(rounds)?) } else { None };
            return Ok(started.into_iter().collect());
        };
        let finish = |running| state.finish(change.at, running, self.time);
        if cancel {
            return Ok(vec![Transition { verb: Verb::Cancel, state: finish(Running::Cancelled)? }]);
        }
        if stop {
            return Ok(vec![Transition { verb: Verb::Stop, state: finish(Running::Completed)? }]);
        }
        if reset {
            let done = Transition { verb: Verb::Stop, state: finish(Running::Completed)? };
            return Ok(vec![done, self.attach(rounds)?]);
        }
        let mut state = state.clone();
        let mut verb = None;
        if state.redefine(target, self.calendar(), change) {
            verb = Some(Verb::Recompute);
        }
        let paused = holds(&target.pause) && !holds(&target.resume);
        match (state.running, paused) {
            (Running::Counting, true) => {
                state.pause(change.at, target);
                verb = Some(Verb::Pause);
            }
            (Running::Paused, false) => {
                state.resume(change.at, target, self.time)?;
                verb = Some(Verb::Resume);
            }
            _ => {}
        }
        let revisited = verb.is_none() && change.event == REVISITED;
        let Some(verb) = verb.or(revisited.then_some(Verb::Recompute)) else {
            return Ok(Vec::new());
        };
        let due_before = state.due_at;
        state.settle(target, self.time)?;
        if revisited {
            if state.due_at == due_before {
                return Ok(Vec::new());
            }
            // Late by the hours of before is not late by these.
            state.breached_at = None;
        }
        Ok(vec![Transition { verb, state }])
    }

    fn attach(&self, rounds: Rounds) -> Result<Transition, Fault> {
        let (target, change) = (self.target, self.change);
        let started_at = match &target.start_from {
            StartFrom::Change => change.at,
            StartFrom::Instant(name) => {
                // A second round counts from what began it, or it would be due before it starts.
                let instant = change.instants.get(name).copied();
                let fresh = |instant: &Micros| rounds.ended.is_none_or(|ended| ended <= *instant);
                instant.filter(fresh).unwrap_or(change.at)
            }
        };
        let mut state = TargetState::new(target, self.calendar(), rounds.next, started_at, change);
        if target.retroactive_pause == RetroactivePause::Counted {
            for earlier in self.history {
                let paused = target.pause.holds(earlier) && !target.resume.holds(earlier);
                match (state.running, paused) {
                    (Running::Counting, true) => state.pause(earlier.at.max(started_at), target),
                    (Running::Paused, false) => {
                        state.resume(earlier.at.max(started_at), target, self.time)?;
                    }
                    _ => {}
                }
            }
        }
        let paused = target.pause.holds(change) && !target.resume.holds(change);
        match (state.running, paused) {
            (Running::Counting, true) => {
                let retroactive = target.retroactive_pause == RetroactivePause::Counted;
                let from = if retroactive && self.history.is_empty() { started_at } else { change.at };
                state.pause(from, target);
            }
            (Running::Paused, false) => state.resume(change.at, target, self.time)?,
            _ => {}
        }
        state.settle(target, self.time)?;
        Ok(Transition { verb: Verb::Start, state })
    }

    fn calendar(&self) -> CalendarUse {
        let zones = self.zones;
        let from_source = match self.target.zone_source {
            // The calendar's own zone: nothing replaces it.
            ZoneSource::Sla => None,
            ZoneSource::System => zones.system.clone(),
            ZoneSource::Caller => zones.caller.clone().or_else(|| zones.system.clone()),
            ZoneSource::CiLocation => zones.ci_location.clone().or_else(|| zones.system.clone()),
            ZoneSource::TaskLocation => zones.task_location.clone().or_else(|| zones.system.clone()),
            ZoneSource::CallerLocation => zones.caller_location.clone().or_else(|| zones.system.clone()),
        };
        CalendarUse { key: self.target.calendar.clone(), zone: from_source }
    }
}

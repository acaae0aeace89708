//! Service level management: targets agreed with customers, internal teams and suppliers, their clocks on tickets of any
//! kind, and why each is due when it is.
//!
//! What a target is, is data: records of the kind `sla-target`. The clocks are computed in [`timeline`]; what it must know
//! of one later lies with the clock itself, so that a guard sees no history and needs none.

mod agreement;
mod facts;
#[cfg(test)]
mod tests;
mod time;

use agreement::{Agreement, Agreements};
use serde::Deserialize;
use time::{HostTime, instant, micros};
use timeline::{
    Condition, Metric, Micros, Repeat, RetroactivePause, Running, StartFrom, Target, TargetState, Transition, Verb,
    Zones,
};
use weft_sdk::prelude::*;
use weft_sdk::{Clock, ClockState, StartClock, StopClock};

weft_sdk::practice! { guard: guard }

/// Rounds of one target that stay on a ticket: a later one takes the place of the oldest, which the journal keeps.
const ROUNDS_KEPT: u32 = 3;
/// Clocks that the host allows on one ticket, those of other plugins included.
const CLOCKS_MAX: usize = 50;
/// The instant from which a clock counts that takes over from another.
const HANDED_OVER: &str = "handed-over";

/// Before a ticket changes: which clocks start, pause, go on, stop or are cancelled. It never refuses a ticket because of a
/// target that cannot be counted: that is logged, and the ticket goes on.
fn guard(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    let records = host.records("sla-target", Some("active"))?;
    let states = states(change);
    if records.is_empty() && states.is_empty() {
        return Ok(Effects::new());
    }
    let facts = facts::of(host, change)?;
    let agreements = agreement::in_force(host, change, records, &facts)?;
    let zones = facts::zones(host, &change.after, &agreements.chosen)?;
    let mut desk = Desk {
        change,
        facts,
        agreements: &agreements,
        zones,
        names: change.clocks.iter().map(|clock| clock.name.clone()).collect(),
        effects: Effects::new(),
    };
    let time = HostTime::new(host);
    for state in states.iter().filter(|state| state.is_active()) {
        if !agreements.knows(&state.target) {
            let cancelled = timeline::advance(&[], std::slice::from_ref(state), &desk.facts, &[], &desk.zones, &time);
            desk.carry_out(host, cancelled, None, &states, &time)?;
        }
    }
    for agreement in &agreements.chosen {
        let Some(agreement) = desk.successor(agreement, &states) else {
            continue;
        };
        let mine: Vec<_> = states.iter().filter(|state| state.target == agreement.target.key).cloned().collect();
        let targets = std::slice::from_ref(&agreement.target);
        let transitions = timeline::advance(targets, &mine, &desk.facts, &[], &desk.zones, &time);
        desk.carry_out(host, transitions, Some(&agreement), &states, &time)?;
    }
    Ok(desk.effects)
}

/// What this plugin kept with its clocks. Whether a clock is late is the host's word: it fires on the exact due time.
fn states(change: &Change) -> Vec<TargetState> {
    let now = change.context.now;
    let read = |clock: &Clock| {
        let mut state = TargetState::deserialize(&clock.data).ok()?;
        let due = clock.due_at.filter(|due| clock.state == ClockState::Running && *due < now);
        state.breached_at = clock.breached_at.or(due).map(micros);
        Some(state)
    };
    change.clocks.iter().filter_map(read).collect()
}

/// One decision being made.
struct Desk<'a> {
    change: &'a Change,
    facts: timeline::Change,
    agreements: &'a Agreements,
    zones: Zones,
    /// Of the clocks on the ticket.
    names: std::collections::BTreeSet<String>,
    effects: Effects,
}

impl Desk<'_> {
    /// The agreement as it takes over from a target of the same type and metric that is in force no more (SLM-05): what was
    /// reached under that one is reached, and who waits goes on waiting. `None` when nothing is left to measure.
    fn successor(&mut self, agreement: &Agreement, states: &[TargetState]) -> Option<Agreement> {
        let mut agreement = agreement.clone();
        let target = &mut agreement.target;
        if states.iter().any(|state| state.target == target.key && state.is_active()) {
            return Some(agreement);
        }
        let alike = |state: &&TargetState| is_alike(target, state) && !self.agreements.knows(&state.target);
        let is_reached = |state: &TargetState| state.running == Running::Completed;
        let running = states.iter().filter(alike).find(|state| state.is_active());
        let reached = states.iter().filter(alike).any(is_reached);
        let own = states.iter().filter(|state| state.target == target.key);
        let again = reached || own.into_iter().any(is_reached);
        let waits = target.metric == Metric::Update;
        match running {
            Some(earlier) if waits || (again && target.start_from != StartFrom::Change) => {
                self.facts.instants.insert(HANDED_OVER.to_owned(), earlier.started_at);
                target.start_from = StartFrom::Instant(HANDED_OVER.to_owned());
                if waits {
                    target.start = Condition::Always;
                    target.retroactive_pause = RetroactivePause::Counted;
                }
            }
            None if reached && target.repeat == Repeat::Once && !target.reset.holds(&self.facts) => {
                return None;
            }
            None if reached => target.start_from = StartFrom::Change,
            _ => {}
        }
        Some(agreement)
    }

    /// Turns what happened to clocks into effects; an agreement is absent for a clock that lost its own.
    fn carry_out<H: Host>(
        &mut self,
        host: &H,
        transitions: Result<Vec<Transition>, timeline::Fault>,
        agreement: Option<&Agreement>,
        states: &[TargetState],
        time: &HostTime<'_, H>,
    ) -> Result<(), Rejection> {
        let effects = transitions.and_then(|transitions| {
            transitions.into_iter().try_fold(Effects::new(), |effects, transition| {
                Ok(effects.and(self.effects_of(transition, agreement, states, time)?))
            })
        });
        match (effects, time.refusal()) {
            // What is only busy or withheld would be another decision a moment later: no clock must depend on that.
            (Err(_), Some(refusal)) => return Err(refusal.into()),
            (Err(fault), None) => {
                let which = agreement.map_or("a clock", |agreement| &agreement.label);
                host.log(
                    LogLevel::Error,
                    &format!("{which} cannot be counted on {}: {fault}", self.change.after.label()),
                );
            }
            (Ok(effects), _) => self.effects = std::mem::take(&mut self.effects).and(effects),
        }
        Ok(())
    }

    fn effects_of(
        &mut self,
        Transition { verb, mut state }: Transition,
        agreement: Option<&Agreement>,
        states: &[TargetState],
        time: &dyn timeline::BusinessTime,
    ) -> Result<Effects, timeline::Fault> {
        let name = clock_name(&state);
        let at = self.facts.at;
        if let (Verb::Start, Some(agreement)) = (verb, agreement) {
            if self.names.len() >= CLOCKS_MAX && !self.names.contains(&name) {
                return Err(timeline::Fault(format!("the ticket has {CLOCKS_MAX} clocks already")));
            }
            self.names.insert(name.clone());
            let retroactive = state.started_at < at && agreement.target.retroactive_pause == RetroactivePause::Counted;
            if let Some(earlier) = self.predecessor(states, &agreement.target).filter(|_| retroactive) {
                state.inherit_pauses(earlier, at, &agreement.target, time)?;
            }
        }
        let reason = self.reason(verb, &state, agreement);
        let data = serde_json::to_value(&state).map_err(|error| timeline::Fault(error.to_string()))?;
        let paused = state.running == Running::Paused;
        let start = |due: Micros| {
            Effects::new().start_clock(StartClock {
                name: &name,
                title: &state.title,
                started_at: instant(state.started_at),
                due_at: instant(due),
                reason: &reason,
                data: data.clone(),
            })
        };
        Ok(match (verb, agreement) {
            (Verb::Stop | Verb::Cancel, _) => Effects::new().stop_clock(StopClock {
                name: &name,
                at: self.change.context.now,
                cancelled: verb == Verb::Cancel,
                reason: &reason,
                data,
            }),
            // The host starts clocks running; this one is due as if it went on at once, and rests.
            (Verb::Start, Some(agreement)) if paused => {
                start(state.due_if_resumed(at, &agreement.target, time)?).pause_clock(&name, &reason, data.clone())
            }
            _ if paused => Effects::new().pause_clock(&name, &reason, data),
            _ => state.due_at.map(start).unwrap_or_default(),
        })
    }

    /// The clock that measured the same until now or lately, and so knows when it was paused.
    fn predecessor<'s>(&self, states: &'s [TargetState], target: &Target) -> Option<&'s TargetState> {
        let alike = |state: &&TargetState| is_alike(target, state) && !self.agreements.knows(&state.target);
        states.iter().filter(alike).max_by_key(|state| (state.is_active(), state.stopped_at))
    }

    /// Which target, which condition, and how the due time comes about.
    fn reason(&self, verb: Verb, state: &TargetState, agreement: Option<&Agreement>) -> String {
        let why = |condition: &timeline::Condition| condition.explain(&self.facts);
        let Some(agreement) = agreement else {
            let successor = self.agreements.chosen.iter().find(|other| is_alike(&other.target, state));
            let because = match successor {
                Some(successor) => format!("{} takes its place", successor.label),
                None => "its target no longer applies".to_owned(),
            };
            return format!(
                "{} was cancelled as {because}. {}.",
                agreement::label(&state.title, &state.target, state.kind),
                state.reason
            );
        };
        let target = &agreement.target;
        let (what, because) = match verb {
            Verb::Start => ("applies", [why(&agreement.matches), why(&target.start)].join(" and ")),
            Verb::Pause => ("is paused", why(&target.pause)),
            Verb::Resume if target.resume.holds(&self.facts) => ("counts again", why(&target.resume)),
            Verb::Resume => ("counts again", why(&target.pause)),
            Verb::Stop if target.stop.holds(&self.facts) => ("ended", why(&target.stop)),
            Verb::Stop => ("ended and starts again", why(&target.reset)),
            Verb::Cancel => ("was cancelled", why(&target.cancel)),
            Verb::Recompute => ("was changed", String::new()),
        };
        let because = because.trim_start_matches(" and ").trim_end_matches(" and ");
        let as_because = if because.is_empty() { String::new() } else { format!(" as {because}") };
        let zone = facts::zone_words(target, &self.zones);
        format!("{} {what}{as_because}. {}.{zone}", agreement.label, state.reason)
    }
}

/// A clock is named by its target and round.
fn clock_name(state: &TargetState) -> String {
    match state.round % ROUNDS_KEPT {
        0 => state.target.clone(),
        round => format!("{}/{}", state.target, round + 1),
    }
}

fn is_alike(target: &Target, state: &TargetState) -> bool {
    target.metric == state.metric && target.kind == state.kind && target.key != state.target
}

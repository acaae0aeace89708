//! Timers of an instance: armed, fired, computed anew, taken away. What dates mean is in [`super::moment`].

use super::evaluate::to_json;
use super::instance::{Activity, CycleState, Purpose, Timer};
use super::machine::{Fault, Machine};
use super::moment::{self, Cycle};
use super::port::{Action, Event, IncidentCode, Key};
use bpmn::graph::{self, NodeIndex, NodeKind, TextOrExpression, Trigger};
use domain::Object;
use jiff::Timestamp;
use serde_json::Value;

impl Machine<'_> {
    /// Arm the timer of an event. `element` is the one that waits, `node` the event that is triggered.
    pub(super) fn arm_timer(&mut self, element: Key, node: NodeIndex, timer: &graph::Timer) -> Result<(), Fault> {
        let now = self.world.now();
        let (due, cycle) = self.first_due(element, timer, now)?;
        if let Some(due) = due {
            let purpose = Purpose::Event;
            self.insert_timer(Timer { element, node, purpose, due, armed_at: now, cycle });
        }
        Ok(())
    }

    pub(super) fn insert_timer(&mut self, timer: Timer) {
        let key = self.next_key();
        let place = self.place_at(timer.element, timer.node);
        let (element, due, node) = (timer.element, timer.due, place.node.clone());
        self.event(Event::TimerArmed { place, timer: key, due });
        self.action(Action::Arm { timer: key, element, node, due });
        self.state.timers.insert(key, timer);
    }

    /// Arm a timer of an element itself: back-off, time-out, reminder, expiry.
    pub(super) fn arm_own(&mut self, element: Key, purpose: Purpose, due: Timestamp) {
        let node = self.element(element).node.expect("the root of a process has no timer of its own");
        self.insert_timer(Timer { element, node, purpose, due, armed_at: self.world.now(), cycle: None });
    }

    pub(super) fn disarm(&mut self, key: Key) {
        if self.state.timers.remove(&key).is_some() {
            self.event(Event::TimerDisarmed { timer: key });
            self.action(Action::Disarm { timer: key });
        }
    }

    /// Take away an element's own timers of one purpose.
    pub(super) fn disarm_own(&mut self, element: Key, purpose: Purpose) {
        let own = |timer: &&Timer| timer.element == element && timer.purpose == purpose;
        let keys: Vec<Key> = self.state.timers.iter().filter(|(_, timer)| own(timer)).map(|(key, _)| *key).collect();
        keys.into_iter().for_each(|key| self.disarm(key));
    }

    fn first_due(
        &mut self,
        at: Key,
        timer: &graph::Timer,
        armed_at: Timestamp,
    ) -> Result<(Option<Timestamp>, Option<CycleState>), Fault> {
        let world = self.world;
        let zone = world.zone();
        let text = self.timer_text(at, timer, armed_at)?;
        let fault = |reason| Fault::new(IncidentCode::Expression, reason);
        match timer {
            graph::Timer::Date { .. } => Ok((Some(moment::date(&text, zone).map_err(fault)?), None)),
            graph::Timer::Duration { .. } => {
                let span = moment::duration(&text).map_err(fault)?;
                Ok((Some(moment::later(armed_at, span, 1, zone).map_err(fault)?), None))
            }
            graph::Timer::Cycle { .. } => {
                let cycle = Cycle::parse(&text, zone).map_err(fault)?;
                let base = cycle.base(armed_at);
                let due = cycle.due(base, 1, armed_at, zone).map_err(fault)?;
                Ok((due, Some(CycleState { text, base, number: 1 })))
            }
        }
    }

    fn timer_text(&mut self, at: Key, timer: &graph::Timer, moment: Timestamp) -> Result<String, Fault> {
        match source(timer) {
            TextOrExpression::Text(text) => Ok(text.clone()),
            TextOrExpression::Expression { expression } => {
                let evaluation = self.evaluate_noted(at, expression, Some(moment))?;
                match to_json(&evaluation.value) {
                    Value::String(text) => Ok(text),
                    _ => Err(super::evaluate::unusable(
                        expression,
                        "the timer",
                        &evaluation.value,
                        &evaluation.notes,
                        "a date, a duration or a cycle",
                    )),
                }
            }
        }
    }

    /// A timer is due. The caller has checked that it is armed.
    pub(super) fn fire_timer(&mut self, key: Key) {
        let timer = self.state.timers[&key].clone();
        self.event(Event::TimerFired { place: self.place_at(timer.element, timer.node), timer: key });
        match timer.purpose {
            Purpose::Event => {
                let again = timer.cycle.as_ref().filter(|_| self.may_repeat(&timer));
                let next = again.map(|cycle| self.next_due(&timer, cycle)).transpose();
                self.state.timers.remove(&key);
                match next {
                    Ok(Some(Some((due, cycle)))) => self.rearm(key, Timer { due, cycle: Some(cycle), ..timer.clone() }),
                    Ok(_) => {}
                    Err(reason) => {
                        let place = self.place_at(timer.element, timer.node);
                        self.event(Event::TimerKept { place, timer: key, reason });
                    }
                }
                self.trigger(timer.element, timer.node, Object::new());
            }
            Purpose::Retry => {
                self.state.timers.remove(&key);
                self.step_again(timer.element);
            }
            Purpose::Timeout => {
                self.state.timers.remove(&key);
                self.step_timed_out(timer.element);
            }
            Purpose::Reminder => {
                self.state.timers.remove(&key);
                self.remind(timer.element, timer.due);
            }
            Purpose::Expiry => {
                self.state.timers.remove(&key);
                self.expire(timer.element);
            }
        }
    }

    /// The same timer with its next date.
    fn rearm(&mut self, key: Key, timer: Timer) {
        let place = self.place_at(timer.element, timer.node);
        let (element, node, due) = (timer.element, place.node.clone(), timer.due);
        self.event(Event::TimerArmed { place, timer: key, due });
        self.action(Action::Arm { timer: key, element, node, due });
        self.state.timers.insert(key, timer);
    }

    /// Only what does not interrupt can happen again.
    fn may_repeat(&self, timer: &Timer) -> bool {
        let node = &self.processes[self.element(timer.element).process].nodes[timer.node];
        matches!(
            node.kind,
            NodeKind::BoundaryEvent { interrupting: false, .. } | NodeKind::StartEvent { interrupting: false, .. }
        )
    }

    /// The next date of a cycle. Missed dates of a cycle with an end are made up for one by one; those of one without end are skipped,
    /// unless the header `missed` of the event says otherwise.
    fn next_due(&self, timer: &Timer, state: &CycleState) -> Result<Option<(Timestamp, CycleState)>, String> {
        let (zone, now) = (self.world.zone(), self.world.now());
        let cycle = Cycle::parse(&state.text, zone)?;
        let node = &self.processes[self.element(timer.element).process].nodes[timer.node];
        let catch_up = match node.headers.get("missed").map(String::as_str) {
            Some("skip") => false,
            Some("catch-up") => true,
            _ => cycle.times.is_some(),
        };
        let last_missed = cycle.last_missed(state.base, state.number, now, zone)?;
        let number = if catch_up {
            (state.number + 1).max(last_missed.saturating_sub(self.limits.catch_up_max))
        } else {
            last_missed + 1
        };
        let previous = if catch_up { timer.due } else { timer.due.max(now) };
        let due = cycle.due(state.base, number, previous, zone)?;
        Ok(due.map(|due| (due, CycleState { number, ..state.clone() })))
    }

    /// Compute timers anew whose expressions may give another date now. An expression is asked as of the moment when its timer was
    /// armed, so that only what it depends on can move it.
    pub(super) fn move_timers(&mut self) {
        let keys: Vec<Key> = self
            .state
            .timers
            .iter()
            .filter(|(_, timer)| timer.purpose == Purpose::Event)
            .map(|(key, _)| *key)
            .collect();
        for key in keys {
            let timer = self.state.timers[&key].clone();
            let process = self.process_of(timer.element);
            let Some(definition) = timer_of(&process.nodes[timer.node].kind) else { continue };
            if matches!(source(definition), TextOrExpression::Text(_)) {
                continue;
            }
            let moved = match (self.first_due(timer.element, definition, timer.armed_at), &timer.cycle) {
                (Ok((Some(due), None)), None) => Ok(Some((due, None))),
                (Ok((Some(due), Some(new))), Some(old)) if new.text != old.text => Ok(Some((due, Some(new)))),
                (Ok(_), _) => Ok(None),
                (Err(fault), _) => Err(fault.message),
            };
            let place = self.place_at(timer.element, timer.node);
            match moved {
                Ok(Some((due, cycle))) if due != timer.due => {
                    self.event(Event::TimerMoved { place: place.clone(), timer: key, from: timer.due, to: due });
                    self.action(Action::Disarm { timer: key });
                    self.action(Action::Arm { timer: key, element: timer.element, node: place.node, due });
                    self.state.timers.insert(key, Timer { due, cycle, ..timer });
                }
                Ok(_) => {}
                Err(reason) => self.event(Event::TimerKept { place, timer: key, reason }),
            }
        }
        self.move_task_dates();
    }

    /// Dates of open tasks follow their expressions too.
    fn move_task_dates(&mut self) {
        for key in self.state.tasks().collect::<Vec<_>>() {
            let (process, index) = self.node_of(key);
            let (NodeKind::UserTask(task), Activity::Task(state)) =
                (&process.nodes[index].kind, &self.element(key).activity)
            else {
                continue;
            };
            let (opened_at, before) = (state.opened_at, (state.due, state.follow_up));
            let Ok(after) = self.task_dates(key, task, opened_at) else { continue };
            if after != before {
                if let Activity::Task(state) = &mut self.element_mut(key).activity {
                    (state.due, state.follow_up) = after;
                }
                let (due, follow_up) = after;
                self.event(Event::TaskChanged { place: self.place(key), due, follow_up });
                self.action(Action::ChangeTask { element: key, due, follow_up });
            }
        }
    }
}

fn source(timer: &graph::Timer) -> &TextOrExpression {
    match timer {
        graph::Timer::Date { at } => at,
        graph::Timer::Duration { after } => after,
        graph::Timer::Cycle { every } => every,
    }
}

/// The timer of an event.
fn timer_of(kind: &NodeKind) -> Option<&graph::Timer> {
    match kind {
        NodeKind::StartEvent { trigger: Trigger::Timer(timer), .. }
        | NodeKind::IntermediateCatchEvent { trigger: Trigger::Timer(timer) }
        | NodeKind::BoundaryEvent { trigger: Trigger::Timer(timer), .. } => Some(timer),
        _ => None,
    }
}

//! Steps that a component takes: service and send tasks, and message events with a component. The host runs it in the same wave; an
//! outbound call or a wait brings the answer later. A failed attempt is made again after a back-off, then it is an incident.

use crate::flow::instance::{Activity, Purpose, Resume, StepPhase, StepState};
use crate::flow::machine::{Fault, Machine};
use crate::flow::port::{Action, Event, Finality, IncidentCode, Key, TaskOutcome, Wanted};
use bpmn::graph::{EventResult, Node, NodeKind, Process, Step};
use domain::Object;
use jiff::Timestamp;
use serde_json::Value;

/// Between attempts when the model says nothing; the last one repeats.
const BACK_OFF_DEFAULT: [&str; 3] = ["PT10S", "PT1M", "PT10M"];
const RETRIES_MAX: u32 = 1_000;

impl Machine<'_> {
    pub(in crate::flow) fn activate_step(&mut self, key: Key, node: &Node, step: &Step) -> Result<(), Fault> {
        let task_type = self.text(key, &step.task_type, "the type of the step")?;
        let retries = self.retries(key, step)?;
        let state = StepState { attempt: 1, retries, task_type, phase: StepPhase::Running };
        self.element_mut(key).activity = Activity::Step(state);
        self.run_step(key, node);
        Ok(())
    }

    fn retries(&mut self, key: Key, step: &Step) -> Result<u32, Fault> {
        let value = self.value(key, &step.retries)?;
        let number = match &value {
            Value::String(text) => text.trim().parse().ok(),
            other => other.as_u64().and_then(|number| u32::try_from(number).ok()),
        };
        number.filter(|number| (1..=RETRIES_MAX).contains(number)).ok_or_else(|| {
            let message = format!("the attempts of a step are a number from 1 to {RETRIES_MAX}, and are {value}");
            Fault::new(IncidentCode::Expression, message)
        })
    }

    fn run_step(&mut self, key: Key, node: &Node) {
        let inputs = self.inputs(key, node);
        let Activity::Step(state) = &mut self.element_mut(key).activity else { return };
        state.phase = StepPhase::Running;
        let (task_type, attempt, retries) = (state.task_type.clone(), state.attempt, state.retries);
        self.event(Event::StepRequested { place: self.place(key), task_type: task_type.clone(), attempt });
        let mut headers = node.headers.clone();
        let (process, index) = self.node_of(key);
        if let Some(step) = step_of(&process, index) {
            // Whoever makes requests for the step keeps to its attempts, back-offs and time.
            headers.insert("retries".to_owned(), retries.to_string());
            let backoff = (!step.backoff.is_empty()).then(|| step.backoff.join(","));
            headers.extend(backoff.map(|text| ("backoff".to_owned(), text)));
            headers.extend(step.timeout.clone().map(|text| ("timeout".to_owned(), text)));
        }
        let node = node.id.clone();
        self.action(Action::Run { element: key, node, task_type, inputs, headers, attempt });
    }

    /// The state of a step and its phase, when the element is one.
    pub(in crate::flow) fn step_phase(&self, key: Key) -> Option<StepPhase> {
        match &self.element(key).activity {
            Activity::Step(state) => Some(state.phase),
            _ => None,
        }
    }

    /// Nobody waits for the answer of this attempt any more.
    fn settle_step(&mut self, key: Key) {
        self.disarm_own(key, Purpose::Timeout);
        let open = self.state.subscriptions.iter().filter(|(_, open)| open.element == key);
        let node = self.element(key).node;
        let own: Vec<Key> = open.filter(|(_, open)| Some(open.node) == node).map(|(key, _)| *key).collect();
        own.into_iter().for_each(|key| self.unsubscribe(key));
    }

    pub(in crate::flow) fn step_done(&mut self, key: Key, outputs: Object) {
        self.settle_step(key);
        let (process, index) = self.node_of(key);
        let step = step_of(&process, index).expect("the caller has checked that it is a step");
        let outputs = match &step.result_variable {
            Some(name) => Object::from_iter([(name.clone(), Value::Object(outputs))]),
            None => outputs,
        };
        // From here on a failure is one of the model, not of the step.
        self.element_mut(key).activity = Activity::Waiting;
        self.finish(key, outputs);
    }

    pub(in crate::flow) fn step_error(&mut self, key: Key, code: &str, message: &str, variables: Object) {
        self.settle_step(key);
        // It has answered: whoever ends it now has no call to abandon.
        self.set_phase(key, StepPhase::Failed);
        if !self.throw_error(key, code, message, variables) {
            let text = format!("nothing catches the error `{code}` of the step ({message}); add a boundary event");
            self.raise(key, Resume::Execute, Fault::new(IncidentCode::ErrorNotCaught, text));
        }
    }

    pub(in crate::flow) fn step_failed(
        &mut self,
        key: Key,
        message: &str,
        retry_at: Option<Timestamp>,
        finality: Finality,
    ) {
        self.settle_step(key);
        let (process, index) = self.node_of(key);
        let Activity::Step(state) = self.element(key).activity.clone() else { return };
        let may_retry = finality == Finality::MayRetry && state.attempt < state.retries;
        let next = if may_retry { retry_at.or_else(|| self.back_off(&process, index, state.attempt)) } else { None };
        let (place, attempt, message) = (self.place(key), state.attempt, message.to_owned());
        self.event(Event::StepFailed { place, attempt, message: message.clone(), retry_at: next });
        if let Some(next) = next {
            self.set_phase(key, StepPhase::BackingOff);
            self.arm_own(key, Purpose::Retry, next);
        } else {
            self.set_phase(key, StepPhase::Failed);
            let text = format!("the step failed in attempt {attempt}: {message}");
            self.raise(key, Resume::Execute, Fault::new(IncidentCode::StepFailed, text));
        }
    }

    fn back_off(&self, process: &Process, node: usize, attempt: u32) -> Option<Timestamp> {
        let step = step_of(process, node)?;
        let place = usize::try_from(attempt - 1).ok()?;
        let text = match step.backoff.last() {
            Some(last) => step.backoff.get(place).unwrap_or(last),
            None => BACK_OFF_DEFAULT.get(place).copied().unwrap_or(BACK_OFF_DEFAULT[2]),
        };
        self.after(self.world.now(), text).ok()
    }

    fn set_phase(&mut self, key: Key, phase: StepPhase) {
        if let Activity::Step(state) = &mut self.element_mut(key).activity {
            state.phase = phase;
        }
    }

    /// Its request went to the outbox.
    pub(in crate::flow) fn step_calls(&mut self, key: Key) {
        self.set_phase(key, StepPhase::Calling);
        self.event(Event::StepCalled { place: self.place(key) });
        let (process, index) = self.node_of(key);
        let timeout = step_of(&process, index).and_then(|step| step.timeout.as_ref());
        if let Some(due) = timeout.and_then(|timeout| self.after(self.world.now(), timeout).ok()) {
            self.arm_own(key, Purpose::Timeout, due);
        }
    }

    /// It waits for a message, whose variables are its outputs.
    pub(in crate::flow) fn step_waits(&mut self, key: Key, to: Wanted, timeout: Option<Timestamp>) {
        self.set_phase(key, StepPhase::Waiting);
        let (_, index) = self.node_of(key);
        self.subscribe(key, index, to);
        if let Some(timeout) = timeout {
            self.arm_own(key, Purpose::Timeout, timeout);
        }
    }

    /// No answer came in time: a call has failed, a wait ends with the error `timeout`.
    pub(in crate::flow) fn step_timed_out(&mut self, key: Key) {
        match self.step_phase(key) {
            Some(StepPhase::Calling) => {
                self.close_outside(key, TaskOutcome::Cancelled, None);
                self.step_failed(key, "the call had no answer in time", None, Finality::MayRetry);
            }
            Some(StepPhase::Waiting) => {
                self.step_error(key, "timeout", "the message did not come in time", Object::new())
            }
            _ => {}
        }
    }

    /// The back-off is over.
    pub(in crate::flow) fn step_again(&mut self, key: Key) {
        if let Activity::Step(state) = &mut self.element_mut(key).activity {
            state.attempt += 1;
        }
        let (process, index) = self.node_of(key);
        self.run_step(key, &process.nodes[index]);
    }

    /// A person asked for another try: attempts are counted anew, the model is asked anew.
    pub(in crate::flow) fn step_from_start(&mut self, key: Key) {
        if let Activity::Step(state) = &mut self.element_mut(key).activity {
            state.attempt = 1;
        }
        let (process, index) = self.node_of(key);
        self.run_step(key, &process.nodes[index]);
    }
}

pub(in crate::flow) fn step_of(process: &Process, node: usize) -> Option<&Step> {
    match &process.nodes[node].kind {
        NodeKind::ServiceTask(step)
        | NodeKind::IntermediateThrowEvent { result: EventResult::Message { step: Some(step), .. } }
        | NodeKind::EndEvent { result: EventResult::Message { step: Some(step), .. } } => Some(step),
        _ => None,
    }
}

/// A back-off that cannot be read is refused when the model is deployed; here it only has to be harmless.
#[cfg(test)]
#[test]
fn default_back_offs_can_be_read() {
    assert!(BACK_OFF_DEFAULT.iter().all(|text| crate::flow::moment::duration(text).is_ok()));
}

//! The two functions of the engine: start an instance, and take one command. A command is checked completely before anything changes.

use super::element;
use super::instance::{Activity, Element, Instance, Resume, Scope, StepPhase};
use super::machine::Machine;
use super::migrate;
use super::port::{Command, Event, Key, Limits, Refusal, Status, Step, Wanted, World};
use super::variables::object_bytes;
use bpmn::graph::{NodeKind, Process, Trigger};
use domain::{Object, Problem};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a new instance begins with.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Start {
    pub id: String,
    /// Digest of the definition.
    pub definition: String,
    /// Id of the start event; absent for the one without a trigger.
    pub node: Option<String>,
    pub variables: Object,
}

/// Start an instance.
///
/// # Errors
/// [`Refusal::NoStart`] when there is no such start event, [`Refusal::TooLarge`] for the variables.
pub fn start(
    process: &Arc<Process>,
    from: Start,
    world: &dyn World,
    limits: &Limits,
) -> Result<(Instance, Step), Refusal> {
    let no_start = |what: String| Refusal::NoStart { process: process.id.clone(), what };
    let node = match &from.node {
        None => element::none_start(process)
            .ok_or_else(|| no_start("start event without a trigger; name the one that is meant".to_owned()))?,
        Some(id) => process
            .starts
            .iter()
            .copied()
            .find(|start| process.nodes[*start].id == *id)
            .ok_or_else(|| no_start(format!("start event `{id}`")))?,
    };
    check_size(0, &from.variables, limits)?;
    let root = Key(1);
    let mut instance = Instance {
        id: from.id,
        definition: from.definition,
        process: process.id.clone(),
        zone: world.zone().iana_name().unwrap_or("UTC").to_owned(),
        status: Status::Running,
        next_key: 1,
        root,
        elements: BTreeMap::new(),
        timers: BTreeMap::new(),
        subscriptions: BTreeMap::new(),
        conditions: BTreeMap::new(),
        incidents: BTreeMap::new(),
        called: Vec::new(),
        variables_bytes: object_bytes(&from.variables),
        result: Object::new(),
        spent: 0,
    };
    let mut machine = Machine::new(process, &mut instance, world, limits)?;
    machine.event(Event::Started {
        process: process.id.clone(),
        definition: machine.state.definition.clone(),
        start: process.nodes[node].id.clone(),
        variables: from.variables.clone(),
    });
    machine.insert(
        Element {
            node: None,
            scope: None,
            process: 0,
            repetition: None,
            compensates: None,
            variables: from.variables,
            activity: Activity::Scope(Scope { tokens: 1, ..Scope::default() }),
        },
        None,
    );
    if let Err(fault) = machine.arm_event_sub_processes(root, &process.event_sub_processes) {
        machine.raise(root, Resume::Activate, fault);
    }
    machine.create(root, node, None);
    machine.run();
    let out = machine.out;
    Ok((instance, out))
}

/// Take one command.
///
/// # Errors
/// Why the command does not apply. The instance is unchanged then.
pub fn step(
    process: &Arc<Process>,
    instance: &mut Instance,
    command: Command,
    world: &dyn World,
    limits: &Limits,
) -> Result<Step, Refusal> {
    check(process, instance, &command, world, limits)?;
    match command {
        // These can be refused halfway, so they work on a copy.
        Command::Modify { activate, terminate } => {
            let mut draft = instance.clone();
            draft.spent = 0;
            let mut machine = Machine::new(process, &mut draft, world, limits)?;
            machine.modify(&activate, &terminate)?;
            machine.run();
            let out = machine.out;
            *instance = draft;
            Ok(out)
        }
        Command::Migrate { to, called, definition, mapping } => {
            let mut draft = instance.clone();
            draft.spent = 0;
            let target = migrate::Target { process: &to, definition, mapping: &mapping, called_before: &called };
            let out = migrate::migrate(process, target, &mut draft, world, limits)?;
            *instance = draft;
            Ok(out)
        }
        command => {
            let mut machine = Machine::new(process, instance, world, limits)?;
            if !machine.same_wave(&command) {
                machine.state.spent = 0;
            }
            machine.take(command);
            machine.run();
            Ok(machine.out)
        }
    }
}

fn check_size(before: usize, variables: &Object, limits: &Limits) -> Result<(), Refusal> {
    let (bytes, max) = (before + object_bytes(variables), limits.variables_bytes_max);
    if bytes > max { Err(Refusal::TooLarge { bytes, max }) } else { Ok(()) }
}

/// Whether a command applies to the instance as it is.
fn check(
    process: &Arc<Process>,
    instance: &mut Instance,
    command: &Command,
    world: &dyn World,
    limits: &Limits,
) -> Result<(), Refusal> {
    if instance.status != Status::Running {
        return Err(Refusal::Ended);
    }
    if let Command::Migrate { .. } = command {
        // What it calls is looked at there: the world is that of the new version already.
        return Ok(());
    }
    let bytes = instance.variables_bytes;
    let machine = Machine::new(process, instance, world, limits)?;
    match command {
        Command::StepDone { element, outputs: variables } => {
            check_size(bytes, variables, limits)?;
            machine.check_step(*element, &[StepPhase::Running, StepPhase::Calling])
        }
        Command::StepError { element, variables, .. } => {
            check_size(bytes, variables, limits)?;
            machine.check_step(*element, &[StepPhase::Running, StepPhase::Calling])
        }
        Command::StepFailed { element, .. } => machine.check_step(*element, &[StepPhase::Running, StepPhase::Calling]),
        Command::StepCalls { element } | Command::StepWaits { element, .. } => {
            machine.check_step(*element, &[StepPhase::Running])
        }
        Command::CompleteTask { element, variables, .. } => {
            check_size(bytes, variables, limits)?;
            machine.check_task(*element, TaskKind::Work)
        }
        Command::TaskError { element, code, variables, .. } => {
            check_size(bytes, variables, limits)?;
            machine.check_task(*element, TaskKind::Any)?;
            machine.check_caught(*element, super::error::Thrown::Error, code)
        }
        Command::TaskEscalation { element, code, variables, .. } => {
            check_size(bytes, variables, limits)?;
            machine.check_task(*element, TaskKind::Any)?;
            machine.check_caught(*element, super::error::Thrown::Escalation, code)
        }
        Command::Vote { element, vote } => {
            machine.check_task(*element, TaskKind::Approval)?;
            let asked = match &machine.element(*element).activity {
                Activity::Task(task) => {
                    task.approval.as_ref().is_some_and(|approval| approval.approvers.contains(&vote.person))
                }
                _ => false,
            };
            if asked { Ok(()) } else { Err(Refusal::NotAsked { person: vote.person.clone() }) }
        }
        Command::Verdict { element, .. } => machine.check_task(*element, TaskKind::Approval),
        Command::TimerDue { timer } => match machine.state.timers.get(timer) {
            None => Err(not_found("timer", timer)),
            Some(armed) if armed.due > world.now() => Err(Refusal::TooEarly { timer: *timer, due: armed.due }),
            Some(_) => Ok(()),
        },
        Command::Message { subscription, name, variables } => {
            check_size(bytes, variables, limits)?;
            machine.check_subscription(
                *subscription,
                |to| matches!(to, Wanted::Message { name: wanted, .. } if wanted == name),
            )
        }
        Command::Signal { subscription, name, variables } => {
            check_size(bytes, variables, limits)?;
            machine
                .check_subscription(*subscription, |to| matches!(to, Wanted::Signal { name: wanted } if wanted == name))
        }
        Command::SetVariables { scope, variables } => {
            check_size(bytes, variables, limits)?;
            match scope {
                Some(scope) if !machine.is_alive(*scope) => Err(not_found("element", scope)),
                _ => Ok(()),
            }
        }
        Command::ActivateAdHoc { element, activities } => machine.check_ad_hoc(*element, activities),
        Command::Retry { incident, variables } => {
            check_size(bytes, variables, limits)?;
            if machine.state.incidents.contains_key(incident) { Ok(()) } else { Err(not_found("incident", incident)) }
        }
        Command::Reevaluate | Command::Cancel { .. } | Command::Modify { .. } | Command::Migrate { .. } => Ok(()),
    }
}

pub(super) fn not_found(what: &'static str, key: &Key) -> Refusal {
    Refusal::NotFound { what, id: key.to_string() }
}

#[derive(Clone, Copy, PartialEq)]
enum TaskKind {
    Work,
    Approval,
    Any,
}

impl Machine<'_> {
    fn check_alive(&self, key: Key) -> Result<(), Refusal> {
        if self.is_alive(key) { Ok(()) } else { Err(not_found("element", &key)) }
    }

    fn wrong_state(&self, key: Key, state: &str) -> Refusal {
        Refusal::WrongState { element: key, node: self.place(key).node, state: state.to_owned() }
    }

    fn check_step(&self, key: Key, phases: &[StepPhase]) -> Result<(), Refusal> {
        self.check_alive(key)?;
        match self.step_phase(key) {
            Some(phase) if phases.contains(&phase) => Ok(()),
            Some(StepPhase::Failed) => Err(self.wrong_state(key, "is held by an incident")),
            Some(StepPhase::BackingOff) => Err(self.wrong_state(key, "waits for its next attempt")),
            Some(_) => Err(self.wrong_state(key, "has asked already")),
            None => Err(self.wrong_state(key, "is no running step")),
        }
    }

    fn check_task(&self, key: Key, wanted: TaskKind) -> Result<(), Refusal> {
        self.check_alive(key)?;
        match &self.element(key).activity {
            Activity::Task(task) if task.approval.is_some() => match wanted {
                TaskKind::Work => Err(self.wrong_state(key, "is an approval, which ends by votes")),
                TaskKind::Approval | TaskKind::Any => Ok(()),
            },
            Activity::Task(_) => match wanted {
                TaskKind::Approval => Err(self.wrong_state(key, "is a task without an approval rule")),
                TaskKind::Work | TaskKind::Any => Ok(()),
            },
            _ => Err(self.wrong_state(key, "is no open task")),
        }
    }

    fn check_caught(&self, key: Key, thrown: super::error::Thrown, code: &str) -> Result<(), Refusal> {
        if self.catcher(key, thrown, code).is_some() {
            return Ok(());
        }
        let what = if thrown == super::error::Thrown::Error { "the error" } else { "the escalation" };
        Err(Refusal::NotCaught { what, code: code.to_owned(), node: self.place(key).node })
    }

    fn check_subscription(&self, key: Key, wanted: impl Fn(&Wanted) -> bool) -> Result<(), Refusal> {
        match self.state.subscriptions.get(&key) {
            Some(open) if wanted(&open.to) => Ok(()),
            _ => Err(not_found("subscription", &key)),
        }
    }

    fn check_ad_hoc(&self, key: Key, activities: &[String]) -> Result<(), Refusal> {
        self.check_alive(key)?;
        let element = self.element(key);
        let process = &self.processes[element.process];
        let kind = element.node.map(|node| &process.nodes[node].kind);
        let (Some(NodeKind::AdHocSubProcess(ad_hoc)), Some(scope)) = (kind, element.tokens()) else {
            return Err(self.wrong_state(key, "is no open ad-hoc sub-process"));
        };
        if scope.closing || scope.interrupted {
            return Err(self.wrong_state(key, "is about to end"));
        }
        let unknown = activities.iter().filter(|id| element::activity(process, ad_hoc, id).is_none());
        let problems: Vec<Problem> = unknown
            .map(|id| {
                let message = format!("there is no activity `{id}` that could be started here; choose another");
                Problem::new("/activities", "unknown-activity", message)
            })
            .collect();
        if problems.is_empty() { Ok(()) } else { Err(Refusal::Problems(problems)) }
    }

    /// Whether a command is the answer of something that runs in the wave that is being decided.
    fn same_wave(&self, command: &Command) -> bool {
        match command {
            Command::StepDone { element, .. }
            | Command::StepError { element, .. }
            | Command::StepFailed { element, .. } => self.step_phase(*element) == Some(StepPhase::Running),
            Command::StepCalls { .. } | Command::StepWaits { .. } | Command::Verdict { .. } => true,
            _ => false,
        }
    }

    /// Do what a checked command says.
    fn take(&mut self, command: Command) {
        match command {
            Command::StepDone { element, outputs } => self.step_done(element, outputs),
            Command::StepError { element, code, message, variables } => {
                self.step_error(element, &code, &message, variables);
            }
            Command::StepFailed { element, message, retry_at, finality } => {
                self.step_failed(element, &message, retry_at, finality);
            }
            Command::StepCalls { element } => self.step_calls(element),
            Command::StepWaits { element, name, correlation_key, timeout } => {
                self.step_waits(element, Wanted::Message { name, key: correlation_key }, timeout);
            }
            Command::CompleteTask { element, variables, by } => self.complete_task(element, variables, &by),
            Command::TaskError { element, code, message, variables, by } => {
                self.close_outside(element, super::port::TaskOutcome::Error, Some(&by));
                self.throw_error(element, &code, &message, variables);
            }
            Command::TaskEscalation { element, code, variables, .. } => {
                self.throw_escalation(element, &code, variables);
            }
            Command::Vote { element, vote } => self.vote(element, vote),
            Command::Verdict { element, verdict } => self.verdict(element, verdict),
            Command::TimerDue { timer } => self.fire_timer(timer),
            Command::Message { subscription, name, variables } => self.message(subscription, name, variables),
            Command::Signal { subscription, name, variables } => {
                self.signal_subscription(subscription, &name, variables);
            }
            Command::Reevaluate => {
                self.move_timers();
                self.dirty = true;
            }
            Command::SetVariables { scope, variables } => {
                let scope = scope.unwrap_or(self.state.root);
                self.set_local(scope, variables).expect("the size was checked with the command");
                self.move_timers();
                self.dirty = true;
            }
            Command::ActivateAdHoc { element, activities } => self.activate_by_id(element, &activities),
            Command::Retry { incident, variables } => self.retry(incident, variables),
            Command::Cancel { reason } => {
                self.event(Event::CancelRequested { reason });
                self.end(Status::Cancelled);
            }
            Command::Modify { .. } | Command::Migrate { .. } => unreachable!("they are taken on a copy"),
        }
    }

    fn message(&mut self, subscription: Key, name: String, variables: Object) {
        let open = self.state.subscriptions[&subscription].clone();
        let place = self.place_at(open.element, open.node);
        self.event(Event::MessageCorrelated { place, subscription, name, variables: variables.clone() });
        if self.step_phase(open.element) == Some(StepPhase::Waiting)
            && self.element(open.element).node == Some(open.node)
        {
            self.step_done(open.element, variables);
        } else {
            self.trigger(open.element, open.node, variables);
        }
    }

    fn activate_by_id(&mut self, key: Key, ids: &[String]) {
        let (process, node) = self.node_of(key);
        let NodeKind::AdHocSubProcess(ad_hoc) = &process.nodes[node].kind else { return };
        let chosen: Vec<usize> = ids.iter().filter_map(|id| element::activity(&process, ad_hoc, id)).collect();
        self.start_ad_hoc(key, &chosen);
    }

    /// Go on with an element where it failed.
    fn retry(&mut self, incident: Key, variables: Object) {
        let held = self.state.incidents.remove(&incident).expect("the command was checked");
        self.event(Event::IncidentResolved { incident });
        self.merge(held.element, variables).expect("the size was checked with the command");
        let key = held.element;
        match held.resume {
            Resume::Activate if self.element(key).node.is_none() => {
                let events = self.process_of(key).event_sub_processes.clone();
                if let Err(fault) = self.arm_event_sub_processes(key, &events) {
                    self.raise(key, Resume::Activate, fault);
                }
            }
            Resume::Activate => self.activate(key),
            Resume::Execute => self.step_from_start(key),
            Resume::Judge => self.judge(key),
            Resume::Complete if matches!(self.element(key).activity, Activity::Repeating(_)) => self.body_done(key),
            Resume::Complete => self.finish_again(key),
            Resume::Leave => self.leave(key),
            Resume::Repeat => self.repeat_more(key),
            Resume::Settle => self.settle_ad_hoc(key),
            Resume::Ask => self.dirty = true,
        }
    }
}

/// The trigger of a start event, for hosts that start instances by timers, messages and signals.
#[must_use]
pub fn start_triggers(process: &Process) -> Vec<(&str, &Trigger)> {
    let trigger = |start: &usize| match &process.nodes[*start].kind {
        NodeKind::StartEvent { trigger, .. } => Some((process.nodes[*start].id.as_str(), trigger)),
        _ => None,
    };
    process.starts.iter().filter_map(trigger).collect()
}

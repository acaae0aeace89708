//! Runs models of the public BPMN conformance suite (PEBL): start variables in, lines that its script tasks log out. A small host for
//! several instances with a virtual clock; for tests and tools only, and without files: the caller reads them.

use super::{Action, Command, Event, Instance, Key, Limits, Refusal, Start, Status, Wanted, World, start, step};
use bpmn::graph::{Binding, Graph, NodeKind, Process, TextOrExpression, Timer, Trigger};
use domain::Object;
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// Commands that one case may take.
const COMMANDS_MAX: usize = 10_000;
const INSTANCES_MAX: usize = 100;

/// `cases.json` of a folder of the suite.
#[derive(Debug, Clone, Deserialize)]
pub struct Cases {
    pub run: Vec<Model>,
    #[serde(default)]
    pub refuse: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Model {
    pub file: String,
    pub cases: Vec<Case>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Case {
    #[serde(default)]
    pub inputs: Object,
    pub expect: Vec<String>,
    /// How much time passes.
    #[serde(default)]
    pub delay_ms: i64,
}

/// What came out of one case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Lines of the log, sorted; a marker once.
    pub log: Vec<String>,
    /// Incidents that were raised.
    pub incidents: Vec<String>,
    /// Codes of error end events that nothing caught.
    pub failures: Vec<String>,
}

impl Outcome {
    /// Whether this is what the case expects. `RuntimeException` stands for an incident or a failure.
    #[must_use]
    pub fn is(&self, case: &Case) -> bool {
        let (exceptions, mut lines): (Vec<String>, Vec<String>) =
            case.expect.iter().cloned().partition(|line| line == "RuntimeException");
        lines.sort();
        let broken = !self.incidents.is_empty() || !self.failures.is_empty();
        let as_expected = if exceptions.is_empty() { self.incidents.is_empty() } else { broken };
        as_expected && self.log == lines
    }
}

/// Run one case of a compiled model. The first process is the one that is started; the others wait for calls, signals and messages.
///
/// # Errors
/// Why it could not be run at all.
pub fn run(graph: &Graph, case: &Case) -> Result<Outcome, String> {
    let processes: Vec<Arc<Process>> = graph.processes.iter().cloned().map(Arc::new).collect();
    let main = Arc::clone(processes.first().ok_or("the model has no process")?);
    let now: Timestamp = Timestamp::UNIX_EPOCH;
    let mut host = Host {
        environment: feel::FixedEnvironment { now, zone: TimeZone::UTC },
        names: BTreeMap::new(),
        processes,
        limits: Limits::default(),
        runs: Vec::new(),
        starts: Vec::new(),
        buffered: VecDeque::new(),
        outcome: Outcome::default(),
        commands: 0,
    };
    let plain = super::element::none_start(&main).is_some();
    let until = now + case.delay_ms.milliseconds();
    host.schedule_starts(&case.inputs)?;
    if plain {
        host.begin(&main, None, case.inputs.clone())?;
    } else if host.starts.is_empty() {
        return Err(format!("process `{}` starts by itself neither now nor later", main.id));
    }
    host.work()?;
    while let Some(due) = host.next_due().filter(|due| *due <= until) {
        host.environment.now = host.environment.now.max(due);
        host.fire_due()?;
        host.work()?;
    }
    Ok(host.finish())
}

struct Host {
    environment: feel::FixedEnvironment,
    names: BTreeMap<String, feel::Value>,
    processes: Vec<Arc<Process>>,
    limits: Limits,
    runs: Vec<Run>,
    /// Timer start events: when, process, start event, variables.
    starts: Vec<(Timestamp, Arc<Process>, String, Object)>,
    /// Messages that nothing waits for yet.
    buffered: VecDeque<(String, Object)>,
    outcome: Outcome,
    commands: usize,
}

struct Run {
    process: Arc<Process>,
    instance: Instance,
    actions: VecDeque<Action>,
    /// Live elements and those that hold runs of their own node.
    nodes: BTreeMap<Key, String>,
    bodies: BTreeSet<Key>,
    /// Ad-hoc activities that were offered already.
    offered: BTreeSet<Key>,
}

impl World for Host {
    fn now(&self) -> Timestamp {
        self.environment.now
    }
    fn zone(&self) -> &TimeZone {
        &self.environment.zone
    }
    fn environment(&self) -> &dyn feel::Environment {
        &self.environment
    }
    fn names(&self) -> &BTreeMap<String, feel::Value> {
        &self.names
    }
    fn process(&self, id: &str, _: &Binding) -> Option<Arc<Process>> {
        self.processes.iter().find(|process| process.id == id).cloned()
    }
    fn decide(&self, _: &str, _: &Binding, _: &feel::Context, _: &mut feel::Budget) -> Result<super::Decided, String> {
        Ok(super::Decided { value: serde_json::Value::Null, explanation: serde_json::Value::Null })
    }
}

impl Host {
    /// Timer start events of all processes.
    fn schedule_starts(&mut self, inputs: &Object) -> Result<(), String> {
        for process in self.processes.clone() {
            for (id, trigger) in super::start_triggers(&process) {
                let Trigger::Timer(timer) = trigger else { continue };
                let (Timer::Date { at: text } | Timer::Duration { after: text } | Timer::Cycle { every: text }) = timer;
                let TextOrExpression::Text(text) = text else { continue };
                let zone = &self.environment.zone;
                let due = if matches!(timer, Timer::Cycle { .. }) {
                    let cycle = super::moment::Cycle::parse(text, zone)?;
                    cycle.due(cycle.base(self.environment.now), 1, self.environment.now, zone)?
                } else {
                    Some(super::moment::date_or_duration(text, self.environment.now, zone)?)
                };
                if let Some(due) = due {
                    self.starts.push((due, Arc::clone(&process), id.to_owned(), inputs.clone()));
                }
            }
        }
        Ok(())
    }

    fn begin(&mut self, process: &Arc<Process>, node: Option<String>, variables: Object) -> Result<(), String> {
        if self.runs.len() >= INSTANCES_MAX {
            return Err(format!("more than {INSTANCES_MAX} instances were started"));
        }
        let id = format!("{}", self.runs.len() + 1);
        let from = Start { id, definition: String::new(), node, variables };
        let (instance, step) = start(process, from, self, &self.limits).map_err(|refusal| refusal.to_string())?;
        let mut run = Run {
            process: Arc::clone(process),
            instance,
            actions: step.actions.into(),
            nodes: BTreeMap::new(),
            bodies: BTreeSet::new(),
            offered: BTreeSet::new(),
        };
        note(&mut run, &step.events, &self.processes, &mut self.outcome);
        self.runs.push(run);
        Ok(())
    }

    fn command(&mut self, run: usize, command: Command) -> Result<(), String> {
        self.commands += 1;
        if self.commands > COMMANDS_MAX {
            return Err("the case does not end".to_owned());
        }
        let process = Arc::clone(&self.runs[run].process);
        let mut instance = self.runs[run].instance.clone();
        match step(&process, &mut instance, command, self, &self.limits) {
            Ok(done) => {
                let run = &mut self.runs[run];
                run.instance = instance;
                run.actions.extend(done.actions);
                note(run, &done.events, &self.processes, &mut self.outcome);
                Ok(())
            }
            // What it was for has ended meanwhile.
            Err(Refusal::NotFound { .. } | Refusal::Ended | Refusal::WrongState { .. }) => Ok(()),
            Err(refusal) => Err(refusal.to_string()),
        }
    }

    /// Do all actions, then what people would do, until nothing moves.
    fn work(&mut self) -> Result<(), String> {
        loop {
            let ready = (0..self.runs.len()).find_map(|run| Some((run, self.runs[run].actions.pop_front()?)));
            match ready {
                Some((run, action)) => self.act(run, action)?,
                None if self.offer()? => {}
                None => return Ok(()),
            }
        }
    }

    fn act(&mut self, run: usize, action: Action) -> Result<(), String> {
        match action {
            Action::Run { element, .. } => self.command(run, Command::StepDone { element, outputs: Object::new() }),
            Action::OpenTask(task) => {
                let (element, variables, by) = (task.element, Object::new(), "person".to_owned());
                self.command(run, Command::CompleteTask { element, variables, by })
            }
            Action::BroadcastSignal { name, variables } => self.broadcast(run, &name, &variables),
            Action::PublishMessage { name, variables, .. } => self.publish(name, variables),
            Action::Subscribe { subscription, to: Wanted::Message { name, .. }, .. } => {
                let Some(place) = self.buffered.iter().position(|(buffered, _)| *buffered == name) else {
                    return Ok(());
                };
                let (name, variables) = self.buffered.remove(place).ok_or("a message was lost")?;
                self.command(run, Command::Message { subscription, name, variables })
            }
            _ => Ok(()),
        }
    }

    fn broadcast(&mut self, thrower: usize, name: &str, variables: &Object) -> Result<(), String> {
        for run in (0..self.runs.len()).filter(|run| *run != thrower).collect::<Vec<_>>() {
            let waiting = |to: &Wanted| matches!(to, Wanted::Signal { name: wanted } if wanted == name);
            let open = self.runs[run].instance.subscriptions().filter(|(_, _, to)| waiting(to));
            for subscription in open.map(|(key, _, _)| key).collect::<Vec<_>>() {
                let (name, variables) = (name.to_owned(), variables.clone());
                self.command(run, Command::Signal { subscription, name, variables })?;
            }
        }
        let wanted = |trigger: &Trigger| matches!(trigger, Trigger::Signal { name: TextOrExpression::Text(text) } if text == name);
        self.begin_by(wanted, variables).map(|_| ())
    }

    fn publish(&mut self, name: String, variables: Object) -> Result<(), String> {
        let waiting = |to: &Wanted| matches!(to, Wanted::Message { name: wanted, .. } if *wanted == name);
        let found = (0..self.runs.len()).find_map(|run| {
            let mut open = self.runs[run].instance.subscriptions();
            Some((run, open.find(|(_, _, to)| waiting(to))?.0))
        });
        if let Some((run, subscription)) = found {
            return self.command(run, Command::Message { subscription, name, variables });
        }
        let wanted = |trigger: &Trigger| matches!(trigger, Trigger::Message(message) if matches!(&message.name, TextOrExpression::Text(text) if *text == name));
        if !self.begin_by(wanted, &variables)? {
            self.buffered.push_back((name, variables));
        }
        Ok(())
    }

    fn begin_by(&mut self, wanted: impl Fn(&Trigger) -> bool, variables: &Object) -> Result<bool, String> {
        let mut begun = false;
        for process in self.processes.clone() {
            let starts: Vec<String> = super::start_triggers(&process)
                .into_iter()
                .filter(|(_, trigger)| wanted(trigger))
                .map(|(id, _)| id.to_owned())
                .collect();
            for start in starts {
                self.begin(&process, Some(start), variables.clone())?;
                begun = true;
            }
        }
        Ok(begun)
    }

    /// Somebody starts each activity of an open ad-hoc sub-process once.
    fn offer(&mut self) -> Result<bool, String> {
        for place in 0..self.runs.len() {
            let run = &self.runs[place];
            let open = run.nodes.iter().filter(|(key, _)| !run.offered.contains(key));
            let found = open
                .map(|(key, node)| (*key, super::ad_hoc_activities(&run.process, node)))
                .find(|(_, activities)| !activities.is_empty());
            if let Some((element, activities)) = found {
                let activities = activities.into_iter().map(str::to_owned).collect();
                self.runs[place].offered.insert(element);
                self.command(place, Command::ActivateAdHoc { element, activities })?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn next_due(&self) -> Option<Timestamp> {
        let timers = self.runs.iter().flat_map(|run| run.instance.timers().map(|(_, _, due)| due));
        timers.chain(self.starts.iter().map(|(due, ..)| *due)).min()
    }

    fn fire_due(&mut self) -> Result<(), String> {
        let now = self.environment.now;
        if let Some(place) = self.starts.iter().position(|(due, ..)| *due <= now) {
            let (_, process, start, variables) = self.starts.remove(place);
            return self.begin(&process, Some(start), variables);
        }
        let due = self.runs.iter().enumerate().flat_map(|(place, run)| {
            run.instance.timers().filter(|(_, _, due)| *due <= now).map(move |(timer, _, due)| (due, place, timer))
        });
        match due.min() {
            Some((_, run, timer)) => self.command(run, Command::TimerDue { timer }),
            None => Ok(()),
        }
    }

    fn finish(mut self) -> Outcome {
        for run in &self.runs {
            if let Status::Failed { code } = run.instance.status() {
                self.outcome.failures.push(code.clone());
            }
        }
        self.outcome.log.sort();
        let mut marked = false;
        self.outcome.log.retain(|line| line != "MarkerExists" || !std::mem::replace(&mut marked, true));
        self.outcome
    }
}

/// Log what scripts write, and follow which elements live.
fn note(run: &mut Run, events: &[Event], processes: &[Arc<Process>], outcome: &mut Outcome) {
    for event in events {
        match event {
            Event::Activated { place, scope, .. } => {
                if let Some(scope) = scope.filter(|scope| run.nodes.get(scope) == Some(&place.node)) {
                    run.bodies.insert(scope);
                }
                run.nodes.insert(place.element, place.node.clone());
            }
            Event::Completed { place } => {
                run.nodes.remove(&place.element);
                if !run.bodies.contains(&place.element) {
                    outcome.log.extend(line(processes, &place.node));
                }
            }
            Event::Terminated { place } => {
                run.nodes.remove(&place.element);
            }
            Event::IncidentRaised { message, .. } => outcome.incidents.push(message.clone()),
            _ => {}
        }
    }
}

/// The line that a script task writes; ids are unique in a model.
fn line(processes: &[Arc<Process>], node: &str) -> Option<String> {
    let node = processes.iter().flat_map(|process| &process.nodes).find(|candidate| candidate.id == node)?;
    let NodeKind::ScriptTask { expression, .. } = &node.kind else { return None };
    Some(expression.text().strip_prefix('"')?.strip_suffix('"')?.to_owned())
}

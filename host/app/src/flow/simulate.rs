//! Trying a process without running it: mocked steps and people, and a clock that jumps to whatever is due next.
//!
//! The same engine decides as in earnest. Nothing is stored, sent or asked; a year of timers takes as long as its steps.

use super::aside;
use super::deploy::{Candidate, Resource, candidates};
use super::library::Deployed;
use super::world::{Facts, FlowWorld, HostFunctions};
use crate::app::App;
use crate::error::{AppError, Result};
use domain::Object;
use domain::flow::DefinitionType;
use engine::flow::{self, Action, Answer, Command, Finality, Instance, Key, Limits, Step, Verdict, Vote};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};

/// Commands that one simulation may take.
const COMMANDS_MAX: usize = 20_000;
/// How far the clock may go.
const DAYS_MAX: i64 = 3_660;

/// What to try, and how the world behaves meanwhile.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Simulation {
    /// The process; the first of the models when absent.
    pub process: Option<String>,
    pub variables: Object,
    /// What `ticket` and `requester` are.
    pub names: Object,
    /// IANA zone; UTC when absent.
    pub zone: Option<String>,
    /// When it begins; now when absent.
    pub at: Option<Timestamp>,
    /// What happens at a node, by its id. A step without a mock is done with empty outputs, a task with empty values, an approval is
    /// approved by everybody.
    pub mocks: BTreeMap<String, Mock>,
    /// Messages that come, in this order, as soon as something waits for their name.
    pub messages: Vec<MockMessage>,
    /// How long people and steps take, in seconds of the simulated clock; 0 when absent.
    pub seconds_per_task: u32,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mock {
    /// Outputs of a step, values of a task.
    pub outputs: Object,
    /// Ends with this error of the model instead.
    pub error: Option<String>,
    /// Fails technically with this message instead.
    pub failure: Option<String>,
    /// For an approval: approve, reject or abstain.
    pub answer: Option<Answer>,
    /// Never answers: the timers decide.
    pub silent: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MockMessage {
    pub name: String,
    #[serde(default)]
    pub variables: Object,
}

/// What came of it.
#[derive(Debug, Clone, Serialize)]
pub struct Simulated {
    pub process: String,
    /// `completed`, `failed`, `cancelled`, or `running` when it waits for what nothing brings.
    pub status: String,
    pub stuck: bool,
    pub variables: Object,
    pub lines: Vec<SimulatedLine>,
    /// What it still waits for.
    pub waits: Vec<String>,
    pub incidents: Vec<String>,
    pub ended_at: Timestamp,
}

#[derive(Debug, Clone, Serialize)]
pub struct SimulatedLine {
    pub at: Timestamp,
    pub event: Value,
}

struct Run<'a> {
    app: &'a App,
    simulation: &'a Simulation,
    deployed: &'a Deployed,
    zone: TimeZone,
    names: BTreeMap<String, feel::Value>,
    now: Timestamp,
    instance: Instance,
    lines: Vec<SimulatedLine>,
    timers: BTreeMap<Key, Timestamp>,
    /// What happens next without waiting: due time and command.
    queue: VecDeque<(Timestamp, Command)>,
    subscriptions: BTreeMap<Key, String>,
    messages: VecDeque<MockMessage>,
    tasks: BTreeMap<Key, (String, Vec<String>)>,
}

impl App {
    /// Try models that need not be deployed.
    ///
    /// # Errors
    /// Everything that is wrong with them; no such process; no such zone.
    pub async fn flow_simulate(&self, resources: &[Resource], simulation: &Simulation) -> Result<Simulated> {
        let (mut candidates, report) = aside(|| candidates(resources));
        if !report.errors.is_empty() {
            return Err(AppError::Invalid(report.errors));
        }
        self.add_deployed(&mut candidates).await?;
        aside(|| self.simulated(simulation, &candidates))
    }

    fn simulated(&self, simulation: &Simulation, candidates: &[Candidate]) -> Result<Simulated> {
        let wanted = simulation.process.as_deref();
        let process = candidates
            .iter()
            .filter(|one| one.definition_type == DefinitionType::Process)
            .find(|one| wanted.is_none_or(|wanted| one.key == wanted));
        let key = process.map(|one| one.key.clone());
        let key = key.ok_or_else(|| AppError::not_found("process", wanted.unwrap_or("in these files")))?;
        let zone = match &simulation.zone {
            None => TimeZone::UTC,
            Some(name) => TimeZone::get(name)
                .map_err(|_| AppError::invalid("/zone", "unknown-zone", format!("there is no time zone `{name}`")))?,
        };
        let deployed = Deployed::of_models(&key, candidates)?;
        let now = simulation.at.unwrap_or_else(|| self.now());
        let names =
            simulation.names.iter().map(|(name, value)| (name.clone(), feel::Value::from_json(value))).collect();
        let facts = Facts::default();
        let from = flow::Start {
            id: "simulation".to_owned(),
            definition: String::new(),
            node: None,
            variables: simulation.variables.clone(),
        };
        let (instance, step) = {
            let environment = HostFunctions { now, zone: zone.clone(), calendars: &self.calendars, facts: &facts };
            let world = FlowWorld { deployed: &deployed, names, environment };
            flow::start(&deployed.process, from, &world, &Limits::default())
                .map_err(|refusal| super::decide::refused(&refusal))?
        };
        let names =
            simulation.names.iter().map(|(name, value)| (name.clone(), feel::Value::from_json(value))).collect();
        let mut run = Run {
            app: self,
            simulation,
            deployed: &deployed,
            zone,
            names,
            now,
            instance,
            lines: Vec::new(),
            timers: BTreeMap::new(),
            queue: VecDeque::new(),
            subscriptions: BTreeMap::new(),
            messages: simulation.messages.iter().cloned().collect(),
            tasks: BTreeMap::new(),
        };
        run.take(step);
        run.finish(now)?;
        Ok(run.report(key))
    }

    /// What the files name and do not bring is taken as it is deployed.
    async fn add_deployed(&self, candidates: &mut Vec<Candidate>) -> Result<()> {
        let mut open: Vec<_> = candidates.iter().filter_map(|one| one.process.clone()).collect();
        while let Some(process) = open.pop() {
            for (definition_type, key) in super::deploy::named(&process) {
                if candidates.iter().any(|one| one.definition_type == definition_type && one.key == key) {
                    continue;
                }
                let Some(definition) = self.store.definition_get(self.org(), definition_type, &key, None).await? else {
                    continue;
                };
                let candidate = Candidate::of(&definition);
                open.extend(candidate.process.clone());
                candidates.push(candidate);
            }
        }
        Ok(())
    }
}

impl Run<'_> {
    fn finish(&mut self, begin: Timestamp) -> Result<()> {
        let last = begin + SignedDuration::from_hours(24 * DAYS_MAX);
        for _ in 0..COMMANDS_MAX {
            if !self.instance.is_running() {
                return Ok(());
            }
            let Some((due, command)) = self.next() else { return Ok(()) };
            if due > last {
                return Ok(());
            }
            self.now = self.now.max(due);
            match self.step(command) {
                Ok(step) => self.take(step),
                // What it was for has ended meanwhile.
                Err(flow::Refusal::NotFound { .. } | flow::Refusal::Ended | flow::Refusal::WrongState { .. }) => {}
                Err(refusal) => return Err(super::decide::refused(&refusal)),
            }
        }
        Err(AppError::invalid(
            "",
            "simulation-too-long",
            format!("it took more than {COMMANDS_MAX} steps; look for a loop"),
        ))
    }

    /// A message that somebody waits for, else whatever is due first: an answer or a timer.
    fn next(&mut self) -> Option<(Timestamp, Command)> {
        let waiting = |name: &str| self.subscriptions.iter().find(|(_, wanted)| *wanted == name).map(|(key, _)| *key);
        let message = self.messages.iter().position(|message| waiting(&message.name).is_some());
        if let Some((place, subscription)) =
            message.and_then(|place| Some((place, waiting(&self.messages[place].name)?)))
        {
            let MockMessage { name, variables } = self.messages.remove(place)?;
            return Some((self.now, Command::Message { subscription, name, variables }));
        }
        let answer =
            self.queue.iter().enumerate().min_by_key(|(place, (due, _))| (*due, *place)).map(|(place, _)| place);
        let timer = self.timers.iter().map(|(key, due)| (*due, *key)).min();
        match (answer, timer) {
            (Some(place), Some((due, key))) if due < self.queue[place].0 => {
                self.timers.remove(&key);
                Some((due, Command::TimerDue { timer: key }))
            }
            (Some(place), _) => self.queue.remove(place),
            (None, Some((due, key))) => {
                self.timers.remove(&key);
                Some((due, Command::TimerDue { timer: key }))
            }
            (None, None) => None,
        }
    }

    fn step(&mut self, command: Command) -> Result<Step, flow::Refusal> {
        let facts = Facts::default();
        let environment =
            HostFunctions { now: self.now, zone: self.zone.clone(), calendars: &self.app.calendars, facts: &facts };
        let world = FlowWorld { deployed: self.deployed, names: self.names.clone(), environment };
        flow::step(&self.deployed.process, &mut self.instance, command, &world, &Limits::default())
    }

    fn take(&mut self, step: Step) {
        let at = self.now;
        let shown = step.events.iter().filter_map(|event| serde_json::to_value(event).ok());
        self.lines.extend(shown.map(|event| SimulatedLine { at, event }));
        for action in step.actions {
            self.act(action);
        }
    }

    fn act(&mut self, action: Action) {
        let later = self.now + SignedDuration::from_secs(i64::from(self.simulation.seconds_per_task));
        match action {
            Action::Run { element, node, .. } => {
                if let Some(command) = self.done(element, &node, |outputs| Command::StepDone { element, outputs }) {
                    self.queue.push_back((self.now, command));
                }
            }
            Action::Judge { element, approvers, votes, .. } => {
                let verdict = judged(&approvers, &votes);
                self.queue.push_front((self.now, Command::Verdict { element, verdict }));
            }
            Action::OpenTask(task) => {
                let (element, node) = (task.element, task.node.clone());
                self.tasks.insert(element, (task.name.clone(), task.approvers.clone()));
                if task.rule.is_some() {
                    self.votes(element, &node, &task.approvers, later);
                } else {
                    let by = task.assignee.clone().unwrap_or_else(|| "somebody".to_owned());
                    let done = |variables| Command::CompleteTask { element, variables, by };
                    if let Some(command) = self.done(element, &node, done) {
                        self.queue.push_back((later, command));
                    }
                }
            }
            Action::CloseTask { element, .. } => drop(self.tasks.remove(&element)),
            Action::Arm { timer, due, .. } => drop(self.timers.insert(timer, due)),
            Action::Disarm { timer } => drop(self.timers.remove(&timer)),
            Action::Subscribe { subscription, to: flow::Wanted::Message { name, .. }, .. } => {
                self.subscriptions.insert(subscription, name);
            }
            Action::Subscribe { .. } => {}
            Action::Unsubscribe { subscription } => drop(self.subscriptions.remove(&subscription)),
            Action::PublishMessage { name, variables, .. } => {
                self.messages.push_back(MockMessage { name, variables });
            }
            Action::ChangeTask { .. }
            | Action::Remind { .. }
            | Action::BroadcastSignal { .. }
            | Action::AbandonCall { .. }
            | Action::Finished { .. } => {}
        }
    }

    /// What a mock makes of a step or a task.
    fn done(&self, element: Key, node: &str, done: impl FnOnce(Object) -> Command) -> Option<Command> {
        let mock = self.simulation.mocks.get(node).cloned().unwrap_or_default();
        if mock.silent {
            return None;
        }
        if let Some(message) = mock.failure {
            return Some(Command::StepFailed { element, message, retry_at: None, finality: Finality::MayRetry });
        }
        let is_task = self.tasks.contains_key(&element);
        Some(match mock.error {
            Some(code) if is_task => Command::TaskError {
                element,
                code,
                message: String::new(),
                variables: mock.outputs,
                by: "somebody".to_owned(),
            },
            Some(code) => Command::StepError { element, code, message: String::new(), variables: mock.outputs },
            None => done(mock.outputs),
        })
    }

    fn votes(&mut self, element: Key, node: &str, approvers: &[String], at: Timestamp) {
        let mock = self.simulation.mocks.get(node).cloned().unwrap_or_default();
        if mock.silent {
            return;
        }
        for person in approvers {
            let vote = Vote {
                person: person.clone(),
                delegate: None,
                answer: mock.answer.unwrap_or(Answer::Approve),
                at,
                comment: None,
            };
            self.queue.push_back((at, Command::Vote { element, vote }));
        }
    }

    fn report(self, process: String) -> Simulated {
        let status = serde_json::to_value(self.instance.status()).unwrap_or_default();
        let node = |key: Key| self.deployed.positions(&self.instance).active.get(&key).cloned().unwrap_or_default();
        let tasks = self.tasks.values().map(|(name, _)| format!("task `{name}`"));
        let messages = self.subscriptions.values().map(|name| format!("message `{name}`"));
        let timers = self.timers.values().map(|due| format!("timer {due}"));
        Simulated {
            process,
            status: status["status"].as_str().unwrap_or_default().to_owned(),
            stuck: self.instance.stuck(),
            variables: self.instance.variables().clone(),
            waits: tasks.chain(messages).chain(timers).collect(),
            incidents: self.instance.incidents().map(|one| format!("{}: {}", node(one.element), one.message)).collect(),
            ended_at: self.now,
            lines: self.lines,
        }
    }
}

/// The rule of simulations: one rejection rejects, everybody's approval approves.
fn judged(approvers: &[String], votes: &[Vote]) -> Verdict {
    if let Some(vote) = votes.iter().find(|vote| vote.answer == Answer::Reject) {
        return Verdict::Rejected { reason: format!("{} rejected (simulated)", vote.person) };
    }
    let answered = |person: &&String| !votes.iter().any(|vote| vote.person == **person);
    let needed: Vec<String> = approvers.iter().filter(answered).cloned().collect();
    if needed.is_empty() {
        return Verdict::Approved { reason: "everybody approved (simulated)".to_owned() };
    }
    Verdict::Pending { reason: format!("{} have not answered", needed.join(", ")), needed }
}

/// The simulation as lines for people.
impl std::fmt::Display for Simulated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for line in &self.lines {
            let name = line.event["event"].as_str().unwrap_or_default();
            if matches!(name, "flow-taken" | "inputs-mapped" | "subscribed" | "unsubscribed") {
                continue;
            }
            let node = line.event["node"].as_str().unwrap_or_default();
            let rest = ["due", "to", "code", "message", "explanation", "verdict", "outcome", "name"];
            let more: Vec<String> =
                rest.iter().filter_map(|key| line.event.get(key).map(|value| format!("{key}={value}"))).collect();
            writeln!(f, "{}  {name:<18} {node:<28} {}", line.at.strftime("%Y-%m-%d %H:%M:%S"), more.join(" "))?;
        }
        writeln!(f, "{}: {}{}", self.process, self.status, if self.stuck { ", stuck" } else { "" })?;
        for incident in &self.incidents {
            writeln!(f, "  incident {incident}")?;
        }
        for wait in &self.waits {
            writeln!(f, "  waits for {wait}")?;
        }
        write!(f, "  variables {}", json!(self.variables))
    }
}

//! One wave of a flow: everything between two waits, decided in memory and committed once.
//!
//! The engine says what is to be done now; components and approval rules that it asks for run inside the wave, and their answers go
//! straight back. What they want to happen to tickets is applied to the same working set that every other decision uses, is asked of the
//! same guards, and is committed together with the state of the instance.
//!
//! Longer than 600 lines because a wave is one story, from what it begins with to its commit.

mod component;
mod load;

use super::library::Deployed;
use super::world::{Facts, FlowWorld, HostFunctions, ticket_value};
use crate::app::App;
use crate::decide::Answer;
use crate::error::{AppError, Result};
use crate::plan::changeset;
use crate::registry::Registry;
use crate::snapshot::ReadSet;
use domain::change::Command;
use domain::flow::InstanceStatus;
use domain::job::{FlowStart, OutboundRequest};
use domain::{Actor, Effect, FlowInstance, InstanceId, Object, SpaceId, TicketId};
use engine::Wave;
use engine::flow::{self, Action, Event, Instance, Key, Limits, Refusal, Status, Step};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use store::changeset::{Noun, QueryScope};
use store::{CommitError, Expect, JobDone, QueryRead};

/// Components that one wave may run.
const RUNS_MAX: usize = 1_000;
/// Times that one step is decided again because an expression asked for something that was not loaded.
const ROUNDS_MAX: usize = 16;

/// What a flow shall do.
#[derive(Debug, Clone)]
pub(crate) enum FlowInput {
    Start {
        process: String,
        version: Option<u32>,
        start: FlowStart,
        id: InstanceId,
    },
    Step {
        instance: InstanceId,
        command: flow::Command,
    },
    /// The answer to a request of a step, which is called again with it.
    Resume {
        instance: InstanceId,
        element: Key,
        request: Box<OutboundRequest>,
        response: Value,
    },
    /// Go on in another version of the same process.
    Migrate {
        instance: InstanceId,
        version: u32,
        mapping: BTreeMap<String, String>,
    },
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FlowAnswer {
    pub instance: FlowInstance,
    /// What happened, in order.
    pub happened: Vec<Event>,
    /// What it did to tickets.
    pub answer: Answer,
    /// The instance existed already, and nothing was started.
    #[serde(default)]
    pub existed: bool,
}

/// A wave that was decided.
pub(super) struct Decided {
    pub deployed: Arc<Deployed>,
    pub instance: Instance,
    pub row: FlowInstance,
    pub events: Vec<Event>,
    /// What the host has to do, apart from what ran inside the wave.
    pub actions: Vec<Action>,
    /// Requests of components, by element.
    pub calls: Vec<(Key, OutboundRequest)>,
    /// Buffered messages that were taken.
    pub taken: Vec<String>,
    pub answer: Answer,
    pub decision: engine::Decision,
    pub reads: ReadSet,
}

enum Outcome {
    Decided(Box<Decided>),
    /// There is a running instance for the business key.
    Exists(Box<FlowInstance>),
}

/// A component that is to be run.
struct Run<'a> {
    element: Key,
    name: &'a str,
    inputs: Object,
    attempt: u32,
    /// The request whose answer it gets.
    before: Option<&'a OutboundRequest>,
}

/// The state of a wave while it is decided.
struct Running<'a> {
    app: &'a Arc<App>,
    command: &'a Command,
    registry: &'a Registry,
    wave: Wave<'a>,
    deployed: Arc<Deployed>,
    instance: Option<Instance>,
    /// The row that `instance` was read from: the commit expects its version and no later one.
    before: Option<FlowInstance>,
    id: InstanceId,
    ticket: Option<TicketId>,
    business_key: Option<String>,
    space: SpaceId,
    zone: TimeZone,
    facts: Facts,
    /// What components read.
    reads: Arc<Mutex<ReadSet>>,
    numbers: &'a mut BTreeMap<String, String>,
    events: Vec<Event>,
    actions: Vec<Action>,
    calls: Vec<(Key, OutboundRequest)>,
    taken: Vec<String>,
    effects: Vec<Effect>,
    runs: usize,
    /// The run whose effects a guard refused when the wave was decided before, and why.
    refused: Option<&'a (usize, String)>,
    /// Runs that had effects.
    effective: Vec<usize>,
}

impl App {
    /// Decide a wave and commit it.
    ///
    /// # Errors
    /// Everything in [`AppError`]; nothing was written then.
    pub(crate) async fn flow_submit(
        self: &Arc<Self>,
        command: &Command,
        input: &FlowInput,
        job: Option<&JobDone>,
    ) -> Result<FlowAnswer> {
        let mut numbers = BTreeMap::new();
        let mut refused = None;
        let mut what = String::new();
        let mut attempt = 0;
        while attempt <= self.config.retries_max {
            if attempt > 0 {
                metrics::counter!("weft_decision_conflicts_total").increment(1);
                self.back_off(attempt).await;
            }
            let registry = self.registry();
            let outcome = self.flow_decide(command, input, &registry, &mut numbers, &mut refused).await;
            let decided = match outcome? {
                Outcome::Exists(instance) => {
                    if let Some(done) = job {
                        let mut set = store::Changeset::new(self.org().clone(), command.now);
                        set.job_done = Some(done.clone());
                        self.commit(set).await?;
                    }
                    let answer = Answer::default();
                    return Ok(FlowAnswer { instance: *instance, happened: Vec::new(), answer, existed: true });
                }
                Outcome::Decided(decided) => *decided,
            };
            let answer = FlowAnswer {
                instance: decided.row.clone(),
                happened: decided.events.clone(),
                answer: decided.answer.clone(),
                existed: false,
            };
            if command.dry_run {
                return Ok(answer);
            }
            match self.commit_flow(&registry, command, decided, &answer, job).await {
                Ok(()) => return Ok(answer),
                Err(CommitError::Conflict { what: conflict }) => what = conflict,
                Err(CommitError::Answered(stored)) => return flow_replay(command, &stored),
                Err(other) => return Err(other.into()),
            }
            attempt += 1;
        }
        Err(AppError::Contended { what })
    }

    async fn commit_flow(
        self: &Arc<Self>,
        registry: &Registry,
        command: &Command,
        mut decided: Decided,
        answer: &FlowAnswer,
        job: Option<&JobDone>,
    ) -> Result<(), CommitError> {
        let decision = std::mem::take(&mut decided.decision);
        let reads = std::mem::take(&mut decided.reads);
        let kept = command.idempotency.is_some().then(|| serde_json::to_value(answer).unwrap_or_default());
        let set = changeset(self, registry, command, decision, reads, kept, job.cloned()).await;
        let tasks = self.changed_tasks(command, &decided).await?;
        let mut set = set.map_err(commit_error)?;
        for task in tasks {
            set.expects.push(Expect { noun: Noun::Task, id: task.id.0.clone(), version: task.version - 1 });
            set.writes.push(store::Write::Task(Box::new(task)));
        }
        super::plan::extend(self, command, &decided, &mut set);
        let abandoned: Vec<Key> = decided
            .actions
            .iter()
            .filter_map(|action| match action {
                Action::AbandonCall { element } => Some(*element),
                _ => None,
            })
            .collect();
        self.plan_calls(command, &decided.row, &decided.calls, &abandoned, &mut set).await?;
        let mut told = Vec::new();
        for write in &mut set.writes {
            if let store::Write::Task(task) = write
                && task.rule.is_some()
                && task.version == 1
            {
                told.extend(self.add_delegates(task, command.now).await.map_err(commit_error)?);
            }
        }
        set.writes.extend(told.into_iter().map(store::Write::Notification));
        self.commit(set).await.map(drop)
    }

    /// Tasks of earlier waves that this one closes or changes.
    async fn changed_tasks(&self, command: &Command, decided: &Decided) -> Result<Vec<domain::Task>, CommitError> {
        let mut tasks: BTreeMap<Key, domain::Task> = BTreeMap::new();
        for action in &decided.actions {
            let (Action::CloseTask { element, .. } | Action::ChangeTask { element, .. }) = action else { continue };
            if !tasks.contains_key(element) {
                let id = super::plan::task_id(&decided.row.id, element);
                let Some(mut task) = self.store.task_get(self.org(), &id).await.map_err(CommitError::Store)? else {
                    continue;
                };
                task.version += 1;
                tasks.insert(*element, task);
            }
            let task = tasks.get_mut(element).expect("it was loaded above");
            match action {
                Action::CloseTask { outcome, .. } => {
                    task.state = super::plan::state_of(*outcome);
                    task.ended_at = Some(command.now);
                    task.ended_by = Some(command.actor.id.clone());
                }
                Action::ChangeTask { due, follow_up, .. } => (task.due_at, task.follow_up_at) = (*due, *follow_up),
                _ => {}
            }
        }
        Ok(tasks.into_values().collect())
    }

    /// The answer that a command with the same idempotency key got.
    ///
    /// # Errors
    /// The key was used for another request.
    pub(crate) async fn earlier_flow_answer(&self, command: &Command) -> Result<Option<FlowAnswer>> {
        let Some(key) = command.idempotency.as_ref().filter(|_| !command.dry_run) else { return Ok(None) };
        match self.store.answer_get(self.org(), &key.scope, &key.key).await? {
            Some(stored) => flow_replay(command, &stored).map(Some),
            None => Ok(None),
        }
    }

    async fn flow_decide(
        self: &Arc<Self>,
        command: &Command,
        input: &FlowInput,
        registry: &Registry,
        numbers: &mut BTreeMap<String, String>,
        refused: &mut Option<(usize, String)>,
    ) -> Result<Outcome> {
        loop {
            let earlier = refused.clone();
            let mut running = match self.flow_load(command, input, registry, numbers, earlier.as_ref()).await? {
                Ok(running) => running,
                Err(instance) => return Ok(Outcome::Exists(Box::new(instance))),
            };
            running.run(input).await?;
            // What changes tickets in a flow is the flow, whoever made it go on.
            let by_flow = Command { actor: Actor::system(), ..command.clone() };
            let guards =
                self.ask_guards(&by_flow, registry, &mut running.wave, &running.reads, &mut running.effects).await;
            match guards {
                Ok(()) => {}
                // What a component wanted is refused: that is a failure of its step, which a person can see and mend. Which step it was
                // is not said; the last one is taken back first, then the one before it.
                Err(AppError::Rejected { plugin, problems }) => {
                    let last = running.effective.last().copied();
                    let earlier = |run: &usize| earlier.as_ref().is_none_or(|(blamed, _)| run < blamed);
                    let Some(run) = last.filter(earlier) else {
                        return Err(AppError::Rejected { plugin, problems });
                    };
                    let list: Vec<_> = problems.iter().map(ToString::to_string).collect();
                    *refused =
                        Some((run, format!("plugin `{plugin}` rejected what the step wants: {}", list.join("; "))));
                    continue;
                }
                Err(error) => return Err(error),
            }
            if !running.wave.problems().is_empty() {
                return Err(AppError::Invalid(running.wave.problems().to_vec()));
            }
            return running.finish().map(|decided| Outcome::Decided(Box::new(decided)));
        }
    }
}

impl Decided {
    /// What a task of this wave or an earlier one is called in the model.
    pub(super) fn task_name(&self, element: Key) -> String {
        let node = self.deployed.positions(&self.instance).active.remove(&element).unwrap_or_default();
        let known = self.deployed.process.nodes.iter().find(|one| one.id == node);
        known.map(|node| node.name.clone()).filter(|name| !name.is_empty()).unwrap_or(node)
    }
}

impl Running<'_> {
    /// Take the step, and every step that follows from what runs inside the wave.
    async fn run(&mut self, input: &FlowInput) -> Result<()> {
        match input {
            FlowInput::Start { start, .. } => {
                let (instance, step) = self.start(start).await?;
                self.instance = Some(instance);
                if let Some(ticket) = &self.ticket {
                    let process = &self.deployed.definition.key;
                    self.wave.note_flow(ticket, process, &self.id, &self.command.actor.id);
                }
                let mut queue = VecDeque::new();
                self.collect(step, &mut queue).await?;
                self.drain(queue).await?;
            }
            FlowInput::Step { command, .. } => {
                let mut queue = VecDeque::new();
                let step = self.step(command).await?;
                self.collect(step, &mut queue).await?;
                self.drain(queue).await?;
            }
            FlowInput::Migrate { version, mapping, .. } => {
                let process = self.deployed.definition.key.clone();
                let target = self.app.deployed(&process, Some(*version)).await?;
                let command = flow::Command::Migrate {
                    to: Arc::clone(&target.process),
                    called: self.deployed.processes().clone(),
                    definition: target.definition.digest.0.clone(),
                    mapping: mapping.clone(),
                };
                // From here on whatever is asked for is what the new version is bound to.
                let before = std::mem::replace(&mut self.deployed, target);
                let step = self.step_of(&before.process, &command).await?;
                let mut queue = VecDeque::new();
                self.collect(step, &mut queue).await?;
                self.drain(queue).await?;
            }
            FlowInput::Resume { element, request, response, .. } => {
                self.runs += 1;
                let headers = BTreeMap::new();
                let inputs = request.inputs.clone();
                let before = Some(&**request);
                let run = Run { element: *element, name: &request.step, inputs, attempt: request.attempt, before };
                let command = self.run_component(run, &headers, Some(response)).await?;
                let step = self.step(&command).await?;
                let mut queue = VecDeque::new();
                self.collect(step, &mut queue).await?;
                self.drain(queue).await?;
            }
        }
        Ok(())
    }

    async fn start(&mut self, start: &FlowStart) -> Result<(Instance, Step)> {
        for _ in 0..ROUNDS_MAX {
            let started = {
                let world = self.world();
                let from = flow::Start {
                    id: self.id.0.clone(),
                    definition: self.deployed.definition.digest.0.clone(),
                    node: start.node.clone(),
                    variables: start.variables.clone(),
                };
                flow::start(&self.deployed.process, from, &world, &Limits::default())
            };
            if !self.facts.answer(self.app).await? {
                return started.map_err(|refusal| refused(&refusal));
            }
        }
        Err(too_many_questions())
    }

    /// One step of the engine, decided again while it asks for what is not loaded yet. On a refusal the instance is unchanged.
    async fn step(&mut self, command: &flow::Command) -> Result<Step> {
        let process = Arc::clone(&self.deployed.process);
        self.step_of(&process, command).await
    }

    async fn step_of(&mut self, process: &Arc<bpmn::graph::Process>, command: &flow::Command) -> Result<Step> {
        for _ in 0..ROUNDS_MAX {
            let mut instance = self.instance.clone().expect("a step is of an instance that was loaded or started");
            let step = {
                let world = self.world();
                let mut step = || flow::step(process, &mut instance, command.clone(), &world, &Limits::default());
                if self.deployed.may_take_long { super::aside(step) } else { step() }
            };
            if !self.facts.answer(self.app).await? {
                let step = step.map_err(|refusal| refused(&refusal))?;
                self.instance = Some(instance);
                return Ok(step);
            }
        }
        Err(too_many_questions())
    }

    fn world(&self) -> FlowWorld<'_> {
        let mut names = BTreeMap::new();
        if let Some(working) = self.ticket.as_ref().and_then(|id| self.wave.ticket(id)) {
            names.insert("ticket".to_owned(), ticket_value(&working.after.ticket));
            if let Some(person) = &working.after.ticket.requester {
                names.insert("requester".to_owned(), self.facts.person_value(person));
            }
        }
        FlowWorld {
            deployed: &self.deployed,
            names,
            environment: HostFunctions {
                now: self.command.now,
                zone: self.zone.clone(),
                calendars: &self.app.calendars,
                facts: &self.facts,
            },
        }
    }

    /// Keep what a step brought about; what runs inside the wave goes into the queue.
    async fn collect(&mut self, step: Step, queue: &mut VecDeque<Action>) -> Result<()> {
        self.events.extend(step.events);
        for action in step.actions {
            match action {
                Action::Run { .. } | Action::Judge { .. } => queue.push_back(action),
                Action::Subscribe { subscription, to: flow::Wanted::Message { ref name, ref key }, .. } => {
                    let waiting = self.buffered(name, key).await?;
                    let name = name.clone();
                    self.actions.push(action);
                    if let Some((id, variables)) = waiting {
                        self.taken.push(id);
                        let command = flow::Command::Message { subscription, name, variables };
                        let step = self.step(&command).await?;
                        Box::pin(self.collect(step, queue)).await?;
                    }
                }
                other => self.actions.push(other),
            }
        }
        Ok(())
    }

    /// The oldest message that waits for this receiver. That there is none belongs to the read set, so that a message which is being
    /// published at the same moment cannot slip through between.
    async fn buffered(&mut self, name: &str, key: &str) -> Result<Option<(String, Object)>> {
        let scope = QueryScope::Messages { name: name.to_owned(), key: key.to_owned() };
        let mut read = QueryRead { scope, digest: String::new() };
        read.digest = self.app.store.ticket_digest(self.app.org(), &read).await?;
        if !self.facts.reads.queries.contains(&read) {
            self.facts.reads.queries.push(read);
        }
        let waiting = self.app.store.message_list(self.app.org(), name, key).await?;
        let now = self.command.now;
        let first = waiting.into_iter().find(|message| message.expires_at > now && !self.taken.contains(&message.id));
        Ok(first.map(|message| (message.id, message.variables)))
    }

    async fn drain(&mut self, mut queue: VecDeque<Action>) -> Result<()> {
        while let Some(action) = queue.pop_front() {
            self.runs += 1;
            if self.runs > RUNS_MAX {
                let message = format!("one wave runs at most {RUNS_MAX} steps; put a wait into the loop");
                return Err(AppError::invalid("", "too-many-steps", message));
            }
            let answer = match action {
                Action::Run { element, task_type, inputs, attempt, headers, .. } => {
                    self.run_component(Run { element, name: &task_type, inputs, attempt, before: None }, &headers, None)
                        .await?
                }
                Action::Judge { element, rule, parameters, approvers, votes, .. } => {
                    self.judge(element, &rule, parameters, approvers, votes).await?
                }
                _ => continue,
            };
            match self.step(&answer).await {
                Ok(step) => self.collect(step, &mut queue).await?,
                // The element ended before its component was asked.
                Err(AppError::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Close the wave: the ticket decision, the new row, and what both depended on.
    fn finish(self) -> Result<Decided> {
        let before = self.before;
        let instance = self.instance.expect("a wave has an instance when it ends");
        let decision = self.wave.finish(&self.command.actor.id).map_err(AppError::Invalid)?;
        let mut reads = std::mem::take(&mut *self.reads.lock().expect("nothing panics while it holds this lock"));
        let facts = self.facts.into_reads();
        reads.rows.extend(facts.rows);
        reads.queries.extend(facts.queries);
        let now = self.command.now;
        let status = match instance.status() {
            Status::Running => InstanceStatus::Running,
            Status::Completed => InstanceStatus::Completed,
            Status::Cancelled => InstanceStatus::Cancelled,
            Status::Failed { .. } => InstanceStatus::Failed,
        };
        let row = FlowInstance {
            id: self.id,
            process: self.deployed.definition.key.clone(),
            process_version: self.deployed.definition.version,
            ticket: self.ticket,
            business_key: self.business_key,
            space: self.space,
            status,
            started_at: before.as_ref().map_or(now, |row| row.started_at),
            started_by: before.as_ref().map_or_else(|| self.command.actor.id.clone(), |row| row.started_by.clone()),
            updated_at: now,
            ended_at: (status != InstanceStatus::Running).then_some(now),
            incidents: u32::try_from(instance.incidents().count()).unwrap_or(u32::MAX),
            stuck: instance.stuck(),
            state: serde_json::to_value(&instance).unwrap_or_default(),
            version: before.map_or(0, |row| row.version) + 1,
        };
        let answer = Answer {
            tickets: decision.tickets.iter().map(|(ticket, _)| ticket.clone()).collect(),
            records: decision.records.iter().map(|(record, _)| record.clone()).collect(),
            cis: decision.cis.iter().map(|(ci, _)| ci.clone()).collect(),
            comments: decision.comments.clone(),
            attachments: decision.attachments.clone(),
            effects: self.effects,
            replayed: false,
            events: Vec::new(),
        };
        Ok(Decided {
            deployed: self.deployed,
            instance,
            row,
            events: self.events,
            actions: self.actions,
            calls: self.calls,
            taken: self.taken,
            answer,
            decision,
            reads,
        })
    }
}

/// What could not be read for a commit.
fn commit_error(error: AppError) -> CommitError {
    match error {
        AppError::Store(error) => CommitError::Store(error),
        other => CommitError::Conflict { what: other.to_string() },
    }
}

fn too_many_questions() -> AppError {
    let message =
        format!("its expressions asked for people and groups {ROUNDS_MAX} times over; ask for fewer in one step");
    AppError::invalid("", "too-many-questions", message)
}

/// A refusal of the engine as the caller is told it.
pub(super) fn refused(refusal: &Refusal) -> AppError {
    match refusal {
        Refusal::NotFound { what, id } => AppError::not_found(what, id),
        Refusal::Problems(problems) => AppError::Invalid(problems.clone()),
        Refusal::Ended => AppError::invalid("", "flow-ended", refusal.to_string()),
        Refusal::WrongState { .. } => AppError::invalid("", "flow-not-waiting", refusal.to_string()),
        Refusal::NoStart { .. } => AppError::invalid("/start", "flow-no-start", refusal.to_string()),
        Refusal::NotCaught { .. } => AppError::invalid("/code", "flow-not-caught", refusal.to_string()),
        // A timer that was moved has a job of its own for its new time.
        Refusal::TooEarly { .. } => AppError::Contended { what: refusal.to_string() },
        Refusal::NotAsked { .. } => AppError::Forbidden(refusal.to_string()),
        Refusal::TooLarge { .. } => AppError::invalid("/variables", "flow-variables-too-large", refusal.to_string()),
    }
}

/// The answer that a repeated command got the first time.
fn flow_replay(command: &Command, stored: &store::StoredAnswer) -> Result<FlowAnswer> {
    let fingerprint = command.idempotency.as_ref().map(|key| key.fingerprint.as_str());
    if fingerprint != Some(stored.fingerprint.as_str()) {
        return Err(AppError::IdempotencyReused);
    }
    let mut answer: FlowAnswer = serde_json::from_value(stored.answer.clone()).map_err(|error| {
        let row = "answer to a flow command".to_owned();
        AppError::Store(store::StoreError::Corrupt { row, reason: error.to_string() })
    })?;
    answer.answer.replayed = true;
    Ok(answer)
}

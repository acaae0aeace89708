//! The words between the engine and its host: commands in, events and actions out, and what of the world an instance may ask.
//!
//! Commands are imperative, events past tense. An event says what happened and is kept for ever; an action says what the host has to do
//! now, in the same commit, and is forgotten.
//!
//! *Architecture Invariant:* nothing here knows how anything is stored or run.

use bpmn::graph::{Binding, Process};
use domain::{Object, Problem};
use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Names one thing of one instance: an element, a timer, a subscription, an incident. Counted up from 1 and never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Key(pub u64);

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// What an instance may know of the world while it decides. The host answers from one snapshot; the answers belong to the read set.
pub trait World {
    fn now(&self) -> Timestamp;
    /// Zone of the instance: where a day of a duration is a calendar day.
    fn zone(&self) -> &TimeZone;
    /// What expressions may know: the same `now` and zone, and functions of the host such as `due(..)`.
    fn environment(&self) -> &dyn feel::Environment;
    /// Read-only names from outside, for example `ticket` and `requester`. A variable of the same name hides them.
    fn names(&self) -> &BTreeMap<String, feel::Value>;
    /// A called process. The same question must get the same answer for as long as the instance lives: it is pinned.
    fn process(&self, id: &str, binding: &Binding) -> Option<Arc<Process>>;
    /// Decide a table or another DMN decision.
    ///
    /// # Errors
    /// A sentence that says why there is no answer. It becomes an incident of the element.
    fn decide(
        &self,
        decision: &str,
        binding: &Binding,
        inputs: &feel::Context,
        budget: &mut feel::Budget,
    ) -> Result<Decided, String>;
}

#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    pub value: Value,
    /// Which rules matched and why, as data for the audit.
    pub explanation: Value,
}

/// Written limits. What goes past one is an incident of the element that did it, never an abort.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Elements that one wave may start; a loop without a wait ends here.
    pub activations_max: u32,
    /// Elements that may be alive at once.
    pub elements_max: usize,
    /// Runs of one activity that repeats.
    pub repetitions_max: usize,
    /// Bytes of all variables of an instance, as JSON.
    pub variables_bytes_max: usize,
    /// Call activities inside one another.
    pub call_depth_max: usize,
    /// Missed dates of a cycle that are made up for, one after the other.
    pub catch_up_max: u32,
    /// What all expressions of one command may cost together.
    pub expressions: feel::Budget,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            activations_max: 10_000,
            elements_max: 20_000,
            repetitions_max: 5_000,
            variables_bytes_max: 4 << 20,
            call_depth_max: 16,
            catch_up_max: 100,
            expressions: feel::Budget::default(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum Status {
    Running,
    Completed,
    Cancelled,
    /// An error end event that nothing caught.
    Failed {
        code: String,
    },
}

/// What one command brought about.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Step {
    /// In the order in which it happened.
    pub events: Vec<Event>,
    /// In the order in which the host must do it.
    pub actions: Vec<Action>,
}

/// A command that does not apply. The instance is unchanged.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    #[error("the instance has ended; start a new one")]
    Ended,
    #[error("there is no {what} `{id}` in this instance (any more); what it waited for has ended, so drop the command")]
    NotFound { what: &'static str, id: String },
    #[error("element `{element}` ({node}) is not waiting for that: it {state}")]
    WrongState { element: Key, node: String, state: String },
    #[error("process `{process}` has no {what}")]
    NoStart { process: String, what: String },
    #[error("nothing catches {what} `{code}` thrown at `{node}`; add a boundary event or complete the task")]
    NotCaught { what: &'static str, code: String, node: String },
    #[error("the variables would need {bytes} bytes and {max} are allowed; send less")]
    TooLarge { bytes: usize, max: usize },
    /// Everything that is wrong with it, at once.
    #[error("{} problem(s); the first: {}", .0.len(), .0.first().map_or("none", |problem| problem.message.as_str()))]
    Problems(Vec<Problem>),
}

/// Whether a failed step may be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finality {
    /// As often as the model allows.
    MayRetry,
    /// Trying again cannot help: an incident now.
    Final,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case")]
pub enum Command {
    /// The component (or the answer to its call) is done.
    StepDone {
        element: Key,
        outputs: Object,
    },
    /// It ended with an error of the model: caught by a boundary event or an event sub-process.
    StepError {
        element: Key,
        code: String,
        #[serde(default)]
        message: String,
        #[serde(default)]
        variables: Object,
    },
    /// It failed technically. Tried again after the back-off of the model, or at `retry_at` when given.
    StepFailed {
        element: Key,
        message: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_at: Option<Timestamp>,
        finality: Finality,
    },
    /// Its outbound request went to the outbox; the answer comes later as `StepDone`, `StepError` or `StepFailed`.
    StepCalls {
        element: Key,
    },
    /// It waits for a message, whose variables are then its outputs.
    StepWaits {
        element: Key,
        name: String,
        correlation_key: String,
        /// When waiting ends with the error `timeout`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timeout: Option<Timestamp>,
    },
    CompleteTask {
        element: Key,
        variables: Object,
        by: String,
    },
    TaskError {
        element: Key,
        code: String,
        #[serde(default)]
        message: String,
        #[serde(default)]
        variables: Object,
        by: String,
    },
    TaskEscalation {
        element: Key,
        code: String,
        #[serde(default)]
        variables: Object,
        by: String,
    },
    /// A person answers an approval. A second answer of the same person replaces the first.
    Vote {
        element: Key,
        vote: Vote,
    },
    /// What the approval rule made of the votes.
    Verdict {
        element: Key,
        verdict: Verdict,
    },
    TimerDue {
        timer: Key,
    },
    Message {
        subscription: Key,
        name: String,
        variables: Object,
    },
    Signal {
        subscription: Key,
        name: String,
        variables: Object,
    },
    /// Something outside changed: timers are computed anew, conditional events asked.
    Reevaluate,
    SetVariables {
        /// Element whose scope is meant; the whole instance when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scope: Option<Key>,
        variables: Object,
    },
    /// Start activities of an ad-hoc sub-process, by node id.
    ActivateAdHoc {
        element: Key,
        activities: Vec<String>,
    },
    Retry {
        incident: Key,
        #[serde(default)]
        variables: Object,
    },
    Cancel {
        reason: String,
    },
    /// Move tokens: first everything is started, then everything terminated, so that a scope outlives the move.
    Modify {
        activate: Vec<Activation>,
        terminate: Vec<Key>,
    },
    /// Go on in another version. `mapping` renames node and flow ids; an id that it does not name stays.
    #[serde(skip)]
    Migrate {
        to: Arc<Process>,
        definition: String,
        mapping: BTreeMap<String, String>,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Activation {
    /// Node id.
    pub node: String,
    /// In which live scope; may be absent when there is only one, or none (then the scopes around it are started too).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Key>,
    /// Local variables of the element.
    #[serde(default, skip_serializing_if = "Object::is_empty")]
    pub variables: Object,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// Who was asked.
    pub person: String,
    /// Who answered in their place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegate: Option<String>,
    pub answer: Answer,
    pub at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    Approve,
    Reject,
    Abstain,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    Approved {
        reason: String,
    },
    Rejected {
        reason: String,
    },
    /// The task stays open.
    Pending {
        needed: Vec<String>,
        reason: String,
    },
    /// The rule faulted: fails closed, an incident.
    Faulted {
        message: String,
    },
}

/// What the host has to do, in the same commit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case")]
pub enum Action {
    /// Run the component in this wave and answer with `StepDone`, `StepError`, `StepFailed`, `StepCalls` or `StepWaits`, before anything
    /// is committed. An action for an element that is gone by then is answered with a [`Refusal::NotFound`]; ignore it.
    Run {
        element: Key,
        node: String,
        task_type: String,
        inputs: Object,
        headers: BTreeMap<String, String>,
        attempt: u32,
    },
    /// Run the approval rule in this wave and answer with `Verdict`.
    Judge {
        element: Key,
        node: String,
        rule: String,
        parameters: Object,
        approvers: Vec<String>,
        votes: Vec<Vote>,
    },
    OpenTask(Box<OpenTask>),
    /// The dates of an open task moved.
    ChangeTask {
        element: Key,
        due: Option<Timestamp>,
        follow_up: Option<Timestamp>,
    },
    CloseTask {
        element: Key,
        outcome: TaskOutcome,
    },
    /// Ask those again who have not answered.
    Remind {
        element: Key,
        people: Vec<String>,
    },
    /// Send `TimerDue` at (or soon after) `due`. A timer that is armed again keeps its key and gets another date.
    Arm {
        timer: Key,
        element: Key,
        node: String,
        due: Timestamp,
    },
    Disarm {
        timer: Key,
    },
    Subscribe {
        subscription: Key,
        element: Key,
        node: String,
        to: Wanted,
    },
    Unsubscribe {
        subscription: Key,
    },
    /// A message to other instances (or this one): goes to the oldest subscription of each definition with this name and key.
    PublishMessage {
        name: String,
        key: String,
        variables: Object,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ttl: Option<String>,
    },
    /// A signal for every *other* instance and every signal start event. This instance has already taken it.
    BroadcastSignal {
        name: String,
        variables: Object,
    },
    /// The element of an outbound call ended; nobody waits for the answer any more.
    AbandonCall {
        element: Key,
    },
    /// The instance ended; nothing of it is left.
    Finished {
        status: Status,
        variables: Object,
    },
}

/// What a subscription waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Wanted {
    Message { name: String, key: String },
    Signal { name: String },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpenTask {
    pub element: Key,
    pub node: String,
    pub name: String,
    pub assignee: Option<String>,
    pub candidate_groups: Vec<String>,
    pub candidate_people: Vec<String>,
    pub due: Option<Timestamp>,
    pub follow_up: Option<Timestamp>,
    /// 0 to 100.
    pub priority: u8,
    pub form: Option<String>,
    /// For an approval: the people who are asked to vote. Empty for other tasks.
    pub approvers: Vec<String>,
    /// The approval rule, for an approval.
    pub rule: Option<String>,
    /// What the form shows: the element's own variables when it has input mappings, else all that are visible.
    pub variables: Object,
    pub headers: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TaskOutcome {
    Completed,
    Approved,
    Rejected,
    Expired,
    /// Ended with an error of the model.
    Error,
    /// Its element was terminated.
    Cancelled,
}

/// Where in the model something happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub element: Key,
    /// Node id; the process id for the scope of a process.
    pub node: String,
}

/// What happened. Enough to redraw every past state of an instance (see [`crate::flow::replay`]).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    Started {
        process: String,
        definition: String,
        start: String,
        variables: Object,
    },
    /// An element began to live in `scope`. `flow` is the sequence flow by which it was reached.
    Activated {
        #[serde(flatten)]
        place: Place,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scope: Option<Key>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        flow: Option<String>,
    },
    /// Its own variables, as its input mappings gave them.
    InputsMapped {
        #[serde(flatten)]
        place: Place,
        inputs: Object,
    },
    Completed {
        #[serde(flatten)]
        place: Place,
        /// What it handed outwards.
        #[serde(default, skip_serializing_if = "Object::is_empty")]
        outputs: Object,
    },
    /// Ended from outside, with everything in it.
    Terminated {
        #[serde(flatten)]
        place: Place,
    },
    FlowTaken {
        scope: Key,
        flow: String,
    },
    /// A token arrived at a join and waits there for others.
    TokenWaited {
        scope: Key,
        node: String,
        flow: String,
    },
    /// A join fired; these flows gave a token each.
    Joined {
        scope: Key,
        node: String,
        flows: Vec<String>,
    },
    /// Waiting tokens were taken away when their scope was interrupted.
    TokensDropped {
        scope: Key,
    },
    /// What a gateway or a business rule decided, and why.
    Decided {
        #[serde(flatten)]
        place: Place,
        value: Value,
        explanation: Value,
    },
    StepRequested {
        #[serde(flatten)]
        place: Place,
        task_type: String,
        attempt: u32,
    },
    StepCalled {
        #[serde(flatten)]
        place: Place,
    },
    StepFailed {
        #[serde(flatten)]
        place: Place,
        attempt: u32,
        message: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_at: Option<Timestamp>,
    },
    TaskOpened {
        #[serde(flatten)]
        place: Place,
    },
    TaskChanged {
        #[serde(flatten)]
        place: Place,
        due: Option<Timestamp>,
        follow_up: Option<Timestamp>,
    },
    TaskClosed {
        #[serde(flatten)]
        place: Place,
        outcome: TaskOutcome,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    Voted {
        #[serde(flatten)]
        place: Place,
        vote: Vote,
    },
    Judged {
        #[serde(flatten)]
        place: Place,
        verdict: Verdict,
    },
    Reminded {
        #[serde(flatten)]
        place: Place,
        people: Vec<String>,
    },
    TimerArmed {
        #[serde(flatten)]
        place: Place,
        timer: Key,
        due: Timestamp,
    },
    TimerMoved {
        #[serde(flatten)]
        place: Place,
        timer: Key,
        from: Timestamp,
        to: Timestamp,
    },
    /// It could not be computed anew and keeps its date.
    TimerKept {
        #[serde(flatten)]
        place: Place,
        timer: Key,
        reason: String,
    },
    TimerFired {
        #[serde(flatten)]
        place: Place,
        timer: Key,
    },
    TimerDisarmed {
        timer: Key,
    },
    Subscribed {
        #[serde(flatten)]
        place: Place,
        subscription: Key,
        to: Wanted,
    },
    Unsubscribed {
        subscription: Key,
    },
    MessageCorrelated {
        #[serde(flatten)]
        place: Place,
        subscription: Key,
        name: String,
        variables: Object,
    },
    MessagePublished {
        #[serde(flatten)]
        place: Place,
        name: String,
        key: String,
    },
    SignalCaught {
        #[serde(flatten)]
        place: Place,
        name: String,
        variables: Object,
    },
    SignalThrown {
        #[serde(flatten)]
        place: Place,
        name: String,
    },
    ConditionHeld {
        #[serde(flatten)]
        place: Place,
    },
    /// `caught_by` is absent when nothing caught it.
    ErrorThrown {
        #[serde(flatten)]
        place: Place,
        code: String,
        message: String,
        caught_by: Option<String>,
    },
    EscalationThrown {
        #[serde(flatten)]
        place: Place,
        code: String,
        caught_by: Option<String>,
    },
    CompensationThrown {
        #[serde(flatten)]
        place: Place,
        activities: Vec<String>,
    },
    VariablesSet {
        scope: Key,
        variables: Object,
    },
    IncidentRaised {
        #[serde(flatten)]
        place: Place,
        incident: Key,
        code: IncidentCode,
        message: String,
    },
    IncidentResolved {
        incident: Key,
    },
    AdHocActivated {
        #[serde(flatten)]
        place: Place,
        activities: Vec<String>,
    },
    Modified {
        activated: Vec<String>,
        terminated: Vec<Key>,
    },
    Migrated {
        definition: String,
        renamed: BTreeMap<Key, String>,
        flows: BTreeMap<String, String>,
    },
    CancelRequested {
        reason: String,
    },
    Ended {
        #[serde(flatten)]
        status: Status,
    },
}

/// Why an element needs a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IncidentCode {
    /// An expression gave nothing usable.
    Expression,
    /// No condition of a gateway or activity held and it has no default flow.
    NoFlow,
    /// A step failed and may not be tried again.
    StepFailed,
    /// Nothing caught an error that a step reported.
    ErrorNotCaught,
    /// The decision could not be made.
    Decision,
    /// The approval rule faulted.
    Approval,
    /// The called process does not exist or cannot be started.
    CalledProcess,
    /// A written limit was reached: a loop without a wait, too many elements, variables too large, calls too deep.
    Limit,
}

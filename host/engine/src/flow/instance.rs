//! The state of one run of a process: one value, one row.
//!
//! Elements form a tree: the root is the process, scopes hold what lives in them. A scope counts its tokens; a token is on a flow on its
//! way (only inside a command), waits at a join, or is inside a live child. It must not know how a command changes it.

mod consistency;
mod view;

pub use view::{ElementView, IncidentView};

use super::port::{IncidentCode, Key, Status, Vote, Wanted};
use bpmn::graph::Binding;
use domain::Object;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// One run of a process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    pub(super) id: String,
    /// Digest of the definition that it is pinned to.
    pub(super) definition: String,
    pub(super) process: String,
    pub(super) zone: String,
    #[serde(flatten)]
    pub(super) status: Status,
    pub(super) next_key: u64,
    pub(super) root: Key,
    pub(super) elements: BTreeMap<Key, Element>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) timers: BTreeMap<Key, Timer>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) subscriptions: BTreeMap<Key, Subscription>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) conditions: BTreeMap<Key, Condition>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) incidents: BTreeMap<Key, Incident>,
    /// Called processes; an element of one has its place here, counted from 1. 0 is the process of the instance itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) called: Vec<Called>,
    pub(super) variables_bytes: usize,
    /// Variables that the instance had when it ended.
    #[serde(default, skip_serializing_if = "Object::is_empty")]
    pub(super) result: Object,
    /// Elements started in the wave that is being decided; a committed state starts a new wave.
    #[serde(skip)]
    pub(super) spent: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Called {
    pub id: String,
    pub binding: Binding,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Element {
    /// Absent for the root of a process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<usize>,
    /// What it lives in. Absent only for the root of the instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Key>,
    /// Place of its process: 0 is the instance's own.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub process: usize,
    /// One run of an activity that repeats, counted from 1. Its scope is then the body that repeats it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repetition: Option<usize>,
    /// The compensation throw event that waits for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compensates: Option<Key>,
    #[serde(default, skip_serializing_if = "Object::is_empty")]
    pub variables: Object,
    pub activity: Activity,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// What an element is doing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Activity {
    /// Reached and not started: between two moments of a command, or held by an incident.
    Starting,
    /// Waits for timers, subscriptions or conditions that name it.
    Waiting,
    Scope(Scope),
    Repeating(Repeating),
    Step(StepState),
    Task(Box<TaskState>),
    /// A call activity; the called process is its only child.
    Calling,
    /// A compensation throw event; the last of the queue is next.
    Compensating {
        queue: Vec<Compensable>,
    },
}

/// A process, a sub-process, an event sub-process or an ad-hoc sub-process.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Scope {
    pub tokens: u32,
    /// Tokens that wait at joins, by flow.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub waiting: BTreeMap<usize, u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub compensable: Vec<Compensable>,
    /// An interrupting event sub-process has taken over.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interrupted: bool,
    /// An ad-hoc sub-process whose completion condition held: ends when what runs has ended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closing: bool,
}

/// The body of an activity that repeats.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Repeating {
    /// What it runs over; nulls for a cardinality. Empty for a standard loop.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Value>,
    /// Runs that were started.
    pub started: usize,
    pub active: usize,
    pub completed: usize,
    /// Runs in all, as far as known.
    pub total: usize,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub results: Vec<Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub compensable: Vec<Compensable>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct StepState {
    pub attempt: u32,
    pub retries: u32,
    pub task_type: String,
    pub phase: StepPhase,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum StepPhase {
    /// The component runs in this wave.
    Running,
    /// Its request is in the outbox.
    Calling,
    /// It waits for a message.
    Waiting,
    /// Until the next attempt.
    BackingOff,
    /// Held by an incident.
    Failed,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct TaskState {
    pub opened_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follow_up: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<ApprovalState>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ApprovalState {
    pub rule: String,
    #[serde(default, skip_serializing_if = "Object::is_empty")]
    pub parameters: Object,
    pub approvers: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub votes: Vec<Vote>,
}

/// A completed activity that can be compensated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Compensable {
    pub node: usize,
    /// What compensates it; absent when `inner` does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handler: Option<usize>,
    /// Moment of its completion among the keys.
    pub order: u64,
    /// Variables of the completed scope.
    #[serde(default, skip_serializing_if = "Object::is_empty")]
    pub variables: Object,
    /// What completed inside it, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inner: Vec<Compensable>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Timer {
    pub element: Key,
    /// The event that it triggers, or the element's own node.
    pub node: usize,
    pub purpose: Purpose,
    pub due: Timestamp,
    /// What its expression calls now, so that it can be computed anew.
    pub armed_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cycle: Option<CycleState>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Purpose {
    Event,
    Retry,
    /// A call or a wait of a step has no answer.
    Timeout,
    Reminder,
    Expiry,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct CycleState {
    /// The text it was read from.
    pub text: String,
    /// Where counting starts: due number n is `base` plus n periods.
    pub base: Timestamp,
    /// Number of the armed due date.
    pub number: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Subscription {
    pub element: Key,
    pub node: usize,
    #[serde(flatten)]
    pub to: Wanted,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Condition {
    pub element: Key,
    pub node: usize,
    /// What it was when it was asked last: it triggers when it becomes true.
    pub held: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Incident {
    pub element: Key,
    pub code: IncidentCode,
    pub message: String,
    pub resume: Resume,
}

/// Where an element goes on when its incident is resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Resume {
    Activate,
    /// Run the step again, attempts counted anew.
    Execute,
    Judge,
    /// Output mappings.
    Complete,
    /// Outgoing flows.
    Leave,
    /// Next run of an activity that repeats.
    Repeat,
    /// Completion condition of an ad-hoc sub-process.
    Settle,
    /// Conditional events.
    Ask,
}

impl Element {
    pub fn tokens(&self) -> Option<&Scope> {
        match &self.activity {
            Activity::Scope(scope) => Some(scope),
            _ => None,
        }
    }

    pub fn tokens_mut(&mut self) -> Option<&mut Scope> {
        match &mut self.activity {
            Activity::Scope(scope) => Some(scope),
            _ => None,
        }
    }
}

//! What the host has to do in the same commit. It must not know how.

use super::{Key, Status, Vote};
use domain::Object;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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

//! What happened in an instance, for the journal and for [`crate::flow::replay`]. It must not know why the host asked.

use super::{Key, Status, TaskOutcome, Verdict, Vote, Wanted};
use domain::Object;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

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
    /// Live elements have these nodes now; waiting tokens are on these flows, by their old ids.
    Migrated {
        definition: String,
        renamed: Vec<Place>,
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

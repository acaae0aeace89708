//! What an instance can be told. It must not know who tells it.

use super::Key;
use bpmn::graph::Process;
use domain::Object;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

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
    /// Go on in another version. `mapping` renames node and flow ids, those of a called process behind its id and `#`; an id that it does
    /// not name stays. The world answers with the called processes of the new version; `called` has those that ran until now, by id, where
    /// they were others.
    #[serde(skip)]
    Migrate {
        to: Arc<Process>,
        called: BTreeMap<String, Arc<Process>>,
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

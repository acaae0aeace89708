//! Jobs: durable rows that make something happen later.

use crate::event::Cause;
use crate::flow::Topic;
use crate::outbox::StepAnswer;
use crate::schedule::RetryPolicy;
use crate::{InstanceId, JobId, Object, OutboxId, PersonId, PluginId, SpaceId, TicketId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    pub id: JobId,
    pub work: Work,
    /// Jobs with the same order key run one after the other, oldest first.
    pub order_key: String,
    pub due_at: Timestamp,
    pub attempts: u32,
    pub state: JobState,
    pub last_error: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JobState {
    Ready,
    /// Its plugin is quarantined, disabled or gone; runs when that ends.
    Held,
    /// Gave up after its last attempt; a person can see why and retry.
    Dead,
}

impl Work {
    /// The plugin without which it cannot be done.
    #[must_use]
    pub fn plugin(&self) -> Option<&PluginId> {
        match self {
            Self::React { plugin, .. }
            | Self::Timer { plugin, .. }
            | Self::Revisit { plugin, .. }
            | Self::RevisitTicket { plugin, .. } => Some(plugin),
            Self::Send { plugin, .. } => plugin.as_ref(),
            _ => None,
        }
    }
}

/// What a job does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Work {
    /// Deliver a committed event to a plugin.
    React { plugin: PluginId, seq: i64 },
    /// Fire a clock whose due time has come.
    ClockDue { ticket: TicketId, clock: String, due_at: Timestamp },
    /// Fire a timer that a plugin scheduled.
    Timer { plugin: PluginId, ticket: TicketId, key: String, data: serde_json::Value, cause: Cause },
    /// Find the tickets that a plugin looks at again, a page at a time; `after` is the last one of the page before, by opening and id.
    Revisit { plugin: PluginId, after: Option<(String, TicketId)>, cause: Cause },
    /// Have a plugin look at a ticket again that nobody changed.
    RevisitTicket { plugin: PluginId, ticket: TicketId, cause: Cause },
    /// Start a process; at most one running instance for its business key.
    StartFlow { process: String, start: FlowStart, cause: Cause },
    /// Fire a timer start event and arm it again. `at` is when it is due by its schedule: a retry moves the job, and what follows is reckoned from
    /// the schedule. Jobs of an older Weft do not say.
    StartTimer {
        process: String,
        version: u32,
        node: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<Timestamp>,
    },
    /// Fire a timer of an instance.
    FlowTimer { instance: InstanceId, timer: String },
    /// Hand a message or a signal to a subscription of an instance.
    Deliver { instance: InstanceId, subscription: String, topic: Topic, variables: Object },
    /// Find who waits for a message or a signal. `from` is the instance that sent it.
    Publish { topic: Topic, variables: Object, ttl_seconds: i64, from: Option<InstanceId>, cause: Cause },
    /// A person's delegation begins or ends: their open approvals are handed over or given back.
    HandOver { person: PersonId },
    /// Throw away a message that nobody wanted in its time.
    ExpireMessage { id: String },
    /// Something that an instance depends on has changed.
    Reevaluate { instance: InstanceId },
    /// Send an item of the outbox, once.
    Send { item: OutboxId, plugin: Option<PluginId> },
    /// Hand the answer to its request to a step, which is called again with it. The request has no headers and no body any more.
    AnswerStep { instance: InstanceId, element: String, request: Box<OutboundRequest>, answer: Box<StepAnswer> },
}

/// How a process is started.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FlowStart {
    /// A start event by node id; the one without a trigger when absent.
    pub node: Option<String>,
    pub ticket: Option<TicketId>,
    pub business_key: Option<String>,
    pub space: Option<SpaceId>,
    pub variables: Object,
    /// Person id, plugin id or `system`.
    pub by: String,
}

/// A request that a component asked the host to make.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutboundRequest {
    pub plugin: PluginId,
    /// The step that asked, and which attempt of it: it is called again with the answer.
    pub step: String,
    pub attempt: u32,
    /// Requests that the step made before this one in the same attempt.
    #[serde(default)]
    pub call: u32,
    pub method: String,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Option<String>,
    /// The same for every attempt.
    pub idempotency_key: String,
    pub timeout_seconds: u32,
    /// The inputs of the step, which gets them again with the answer.
    pub inputs: Object,
    /// Making it twice does no harm, says whoever asked for it.
    #[serde(default)]
    pub idempotent: bool,
    /// Its own back-offs; those of the installation when absent.
    #[serde(default)]
    pub policy: Option<RetryPolicy>,
}

impl OutboundRequest {
    /// A request with an empty body for which nobody waits.
    #[must_use]
    pub fn new(plugin: PluginId, method: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            plugin,
            step: String::new(),
            attempt: 0,
            call: 0,
            method: method.into(),
            url: url.into(),
            headers: Vec::new(),
            body: None,
            idempotency_key: String::new(),
            timeout_seconds: 30,
            inputs: Object::new(),
            idempotent: false,
            policy: None,
        }
    }
}

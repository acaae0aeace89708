//! Flows as the rest of the host sees them: what is deployed, what runs, who has something to do, and what is waited for.
//!
//! How a flow runs is the engine's; its state is opaque here.

use crate::{Digest, GroupId, InstanceId, Object, PersonId, PluginId, SpaceId, TaskId, TicketId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a definition defines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DefinitionType {
    /// A BPMN process; the key is the id of the process.
    Process,
    /// A DMN decision; the key is the id of the decision.
    Decision,
    /// The JSON Schema of a form; the key is its name.
    Form,
}

/// One deployed version of something that flows use. Never changed: a new deployment is a new version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    #[serde(rename = "type")]
    pub definition_type: DefinitionType,
    pub key: String,
    /// Counts deployments of the key, from 1.
    pub version: u32,
    pub name: String,
    pub version_tag: Option<String>,
    /// SHA-256 over what is executed: the compiled model and what it is bound to.
    pub digest: Digest,
    /// The plugin whose asset it is; absent for what people made themselves.
    pub plugin: Option<PluginId>,
    /// The source: XML or JSON text.
    pub source: String,
    /// The executable form, as JSON; null where the source is that.
    pub compiled: serde_json::Value,
    /// What names in the source stood for when it was deployed: component digests, called processes, decisions, forms.
    pub bindings: Bindings,
    pub deployed_at: Timestamp,
    pub deployed_by: String,
}

/// What a definition was resolved to when it was deployed. An instance keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bindings {
    /// By step (`plugin/step`) or approval rule (`plugin`).
    #[serde(default)]
    pub components: std::collections::BTreeMap<String, ComponentBinding>,
    /// Version of each called process by `id`; a process may call itself.
    #[serde(default)]
    pub processes: std::collections::BTreeMap<String, u32>,
    #[serde(default)]
    pub decisions: std::collections::BTreeMap<String, u32>,
    #[serde(default)]
    pub forms: std::collections::BTreeMap<String, u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComponentBinding {
    pub plugin: PluginId,
    pub digest: Digest,
    /// Version of the interface, for example `0.1`.
    pub wit: String,
    /// Version of the plugin's row, which counts changes of its settings.
    pub settings: u32,
}

/// One run of a process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlowInstance {
    pub id: InstanceId,
    pub process: String,
    /// The version of the process that it is pinned to.
    pub process_version: u32,
    pub ticket: Option<TicketId>,
    /// What a process has at most one running instance for: the ticket, or the key of the message that started it.
    pub business_key: Option<String>,
    pub space: SpaceId,
    pub status: InstanceStatus,
    pub started_at: Timestamp,
    pub started_by: String,
    pub updated_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// Failures that a person has to look at.
    pub incidents: u32,
    /// Nothing can ever move it.
    pub stuck: bool,
    /// The engine's state.
    pub state: serde_json::Value,
    /// Counts changes, from 1.
    pub version: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InstanceStatus {
    Running,
    Completed,
    /// Ended by a person.
    Cancelled,
    /// Ended by an error that nothing caught.
    Failed,
}

/// Work for a person in a flow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    pub id: TaskId,
    pub instance: InstanceId,
    /// Key of the element in the instance.
    pub element: String,
    pub process: String,
    pub node: String,
    pub name: String,
    pub ticket: Option<TicketId>,
    pub space: SpaceId,
    pub state: TaskState,
    pub assignee: Option<PersonId>,
    /// Whose task it is while somebody else does it for them.
    pub owner: Option<PersonId>,
    pub candidate_people: Vec<PersonId>,
    pub candidate_groups: Vec<GroupId>,
    /// 0 to 100, 50 when the model says nothing.
    pub priority: u8,
    pub due_at: Option<Timestamp>,
    pub follow_up_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub ended_by: Option<String>,
    /// Key of a form definition.
    pub form: Option<String>,
    /// The approval rule, when the people are asked to vote.
    pub rule: Option<String>,
    /// What the form shows: variables that the task was opened with.
    pub variables: Object,
    /// Counts changes, from 1.
    pub version: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TaskState {
    Open,
    Completed,
    /// The flow does not need it any more.
    Cancelled,
}

/// Something that an instance, or a start event of a definition, waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    pub id: String,
    /// Absent for a start event.
    pub instance: Option<InstanceId>,
    pub process: String,
    /// Key of the subscription in the instance, or id of the start event.
    pub element: String,
    pub topic: Topic,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Topic {
    /// For one receiver of each process. The key is empty for start events.
    Message { name: String, key: String },
    /// For everyone.
    Signal { name: String },
}

impl Topic {
    /// Type, name and correlation key, as they are stored.
    #[must_use]
    pub fn parts(&self) -> (&'static str, &str, &str) {
        match self {
            Self::Message { name, key } => ("message", name, key),
            Self::Signal { name } => ("signal", name, ""),
        }
    }
}

/// A message that came before its receiver, kept for a while.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BufferedMessage {
    pub id: String,
    pub name: String,
    pub key: String,
    pub variables: Object,
    pub at: Timestamp,
    pub expires_at: Timestamp,
}

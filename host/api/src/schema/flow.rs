//! The shapes of flows: definitions, instances, tasks, and what is sent to them.

use super::FieldProblem;
use domain::Object;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DefinitionType {
    Process,
    Decision,
    Form,
}

/// One deployed version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    #[serde(rename = "type")]
    pub definition_type: DefinitionType,
    /// Id of the process or decision, name of the form.
    pub key: String,
    pub version: u32,
    pub name: String,
    pub version_tag: Option<String>,
    /// SHA-256 over what is executed and what it is bound to.
    pub digest: String,
    /// The plugin whose asset it is.
    pub plugin: Option<String>,
    pub deployed_at: Timestamp,
    pub deployed_by: String,
}

/// One deployed version with its text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DefinitionSource {
    #[serde(flatten)]
    pub definition: Definition,
    /// BPMN or DMN XML, or JSON.
    pub source: String,
    /// What its names stood for when it was deployed.
    #[schema(value_type = Object)]
    pub bindings: Value,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowReport {
    /// These keep it from being deployed.
    pub errors: Vec<FieldProblem>,
    pub warnings: Vec<FieldProblem>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Deployment {
    pub definitions: Vec<DeployedDefinition>,
    pub warnings: Vec<FieldProblem>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeployedDefinition {
    #[serde(rename = "type")]
    pub definition_type: DefinitionType,
    pub key: String,
    pub version: u32,
    pub digest: String,
    /// False when the newest version was the same already.
    pub changed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum InstanceStatus {
    Running,
    Completed,
    Cancelled,
    Failed,
}

/// One run of a process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowInstance {
    pub id: String,
    pub process: String,
    pub process_version: u32,
    pub ticket: Option<String>,
    pub business_key: Option<String>,
    pub space: String,
    pub status: InstanceStatus,
    pub started_at: Timestamp,
    pub started_by: String,
    pub updated_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// Failures that a person has to look at.
    pub incidents: u32,
    /// Nothing can ever move it.
    pub stuck: bool,
    pub version: u32,
}

/// An instance with what is in it now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowInstanceDetail {
    #[serde(flatten)]
    pub instance: FlowInstance,
    #[schema(value_type = Object)]
    pub variables: Object,
    /// Elements that live now: `key`, `scope`, `node` and `variables`, and the process as `called` where it is a called one.
    #[schema(value_type = Vec<Object>)]
    pub elements: Vec<Value>,
    pub incident_list: Vec<FlowIncident>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowIncident {
    /// Its key, for `retry`.
    pub incident: u64,
    pub element: u64,
    pub node: String,
    pub code: String,
    pub message: String,
}

/// What one command brought about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowOutcome {
    pub instance: FlowInstance,
    /// What happened, in order.
    #[schema(value_type = Vec<Object>)]
    pub happened: Vec<Value>,
    /// There was a running instance for the business key; nothing was started.
    pub existed: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InstanceCount {
    pub process: String,
    pub running: u64,
    pub with_incidents: u64,
    pub stuck: u64,
}

/// What happened to an instance in one wave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowHistoryEntry {
    /// Place in the instance's own chain, from 1.
    pub place: i64,
    pub at: Timestamp,
    pub actor: String,
    pub kind: String,
    #[schema(value_type = Object)]
    pub data: Value,
    /// Hash of the chain up to here.
    pub hash: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowHistory {
    pub entries: Vec<FlowHistoryEntry>,
    /// Pass it as `after` to go on; absent at the end.
    pub next: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TaskState {
    Open,
    Completed,
    Cancelled,
}

/// Work for a person in a flow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Task {
    pub id: String,
    pub instance: String,
    pub element: String,
    pub process: String,
    pub node: String,
    pub name: String,
    pub ticket: Option<String>,
    pub space: String,
    pub state: TaskState,
    pub assignee: Option<String>,
    /// Whose it is while somebody else does it for them.
    pub owner: Option<String>,
    pub candidate_people: Vec<String>,
    pub candidate_groups: Vec<String>,
    /// 0 to 100.
    pub priority: u8,
    pub due_at: Option<Timestamp>,
    pub follow_up_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub ended_by: Option<String>,
    pub form: Option<String>,
    /// The approval rule, when people are asked to vote.
    pub rule: Option<String>,
    #[schema(value_type = Object)]
    pub variables: Object,
    pub version: u32,
}

/// A task with what its form needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskDetail {
    #[serde(flatten)]
    pub task: Task,
    /// JSON Schema of the form.
    #[schema(value_type = Option<Object>)]
    pub form_schema: Option<Value>,
    pub votes: Vec<Vote>,
    /// What the caller may do: claim, unclaim, assign, complete, vote.
    pub actions: Vec<String>,
    /// What an approval is about, for those who are asked and those who may see the ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<TaskSubject>,
}

/// What the requester said, without comments and without the fields of those who work on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskSubject {
    pub number: String,
    pub title: String,
    pub kind: String,
    pub requester: Option<String>,
    #[schema(value_type = Object)]
    pub fields: Object,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Vote {
    pub person: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegate: Option<String>,
    pub answer: VoteAnswer,
    pub at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VoteAnswer {
    Approve,
    Reject,
    Abstain,
}

/// What a simulation showed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Simulated {
    pub process: String,
    pub status: String,
    pub stuck: bool,
    #[schema(value_type = Object)]
    pub variables: Object,
    pub lines: Vec<SimulatedLine>,
    pub waits: Vec<String>,
    pub incidents: Vec<String>,
    pub ended_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SimulatedLine {
    pub at: Timestamp,
    #[schema(value_type = Object)]
    pub event: Value,
}

/// One difference between two models.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowChange {
    #[serde(rename = "type")]
    pub change: FlowChangeType,
    /// Id of the element.
    pub id: String,
    /// What is different about an element that both models have.
    pub attribute: Option<String>,
    pub from: Option<String>,
    pub to: Option<String>,
    /// All of it as a line.
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FlowChangeType {
    Added,
    Removed,
    Changed,
}

/// Who answers approvals in somebody's place, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Delegation {
    pub to: String,
    pub from: Timestamp,
    pub until: Timestamp,
}

/// The caller's delegation, if there is one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnDelegation {
    pub delegation: Option<Delegation>,
}

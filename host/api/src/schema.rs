//! The JSON of the API as types: what the OpenAPI document shows and what a client reads.
//!
//! Most answers are words of the domain, which know nothing of OpenAPI; these are their shapes. Every field must be here, unknown
//! ones are refused on reading, and the tests read every answer with these types: a shape that drifts fails there.
//!
//! Longer than 600 lines because it is one list of shapes, and a reader looks for one of them.
//! Longer than other files, because it is a list.

mod flow;
mod insight;
mod outbox;

pub use flow::*;
pub use insight::*;
pub use outbox::*;

use domain::Object;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What went wrong, as RFC 9457 says it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// Leads to the description of the code.
    #[serde(rename = "type")]
    pub problem_type: String,
    pub title: String,
    pub status: u16,
    /// What happened, why, and what to do.
    pub detail: String,
    /// Stable word for programs.
    pub code: String,
    /// For operators: finds the log lines of this request.
    pub trace_id: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
    /// Where the ticket can go from its state, when the transition was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal: Option<Vec<NextState>>,
    /// The version that it has now, when another one was expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<u32>,
    /// Seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldProblem {
    /// JSON Pointer into the body; empty for the whole.
    pub pointer: String,
    pub code: String,
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NextState {
    pub to: String,
    pub title: String,
    pub required: Vec<String>,
    pub comment: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    New,
    Active,
    Paused,
    Resolved,
    Closed,
    Cancelled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    Requester,
    Agent,
    Approver,
    Manager,
    Administrator,
    Auditor,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ticket {
    pub id: String,
    /// What people call it.
    pub number: String,
    pub kind: String,
    pub space: String,
    pub state: String,
    pub category: Category,
    pub title: String,
    pub requester: Option<String>,
    pub opened_by: Option<String>,
    pub group: Option<String>,
    pub assignee: Option<String>,
    pub parent: Option<String>,
    pub restricted: bool,
    /// Counts the commits that touched it; the `ETag`.
    pub version: u32,
    pub opened_at: Timestamp,
    pub updated_at: Timestamp,
    pub resolved_at: Option<Timestamp>,
    pub closed_at: Option<Timestamp>,
    /// The earliest due time of its running clocks.
    pub due_at: Option<Timestamp>,
    /// What the kind defines, as far as the caller may see it.
    #[schema(value_type = Object)]
    pub fields: Object,
}

/// A ticket with everything that its page shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TicketDetail {
    #[serde(flatten)]
    pub ticket: Ticket,
    pub clocks: Vec<Clock>,
    pub watchers: Vec<String>,
    pub access: Access,
    pub links: Vec<Link>,
    pub actions: Actions,
    /// Display names of the people, groups and tickets that are mentioned.
    pub names: BTreeMap<String, String>,
}

/// What the caller may do with the ticket now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Actions {
    pub transitions: Vec<NextState>,
    pub can_edit: bool,
    pub can_assign: bool,
    pub can_comment_public: bool,
    pub can_comment_internal: bool,
    /// Fields that the caller may set.
    pub fields: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Access {
    pub people: Vec<String>,
    pub groups: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Link {
    pub from: String,
    #[serde(rename = "type")]
    pub link_type: String,
    pub to: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClockState {
    Running,
    Paused,
    Stopped,
    Cancelled,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    pub ticket: String,
    pub name: String,
    pub plugin: String,
    pub title: String,
    pub state: ClockState,
    pub started_at: Timestamp,
    pub due_at: Option<Timestamp>,
    pub stopped_at: Option<Timestamp>,
    /// The due time that passed while the clock ran.
    pub breached_at: Option<Timestamp>,
    pub reason: String,
    pub data: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Visibility {
    /// The requester sees it too.
    Public,
    /// Only those who work on the ticket see it.
    Internal,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Comment {
    pub id: String,
    pub ticket: String,
    pub visibility: Visibility,
    /// Person or plugin id.
    pub author: String,
    pub at: Timestamp,
    /// Markdown.
    pub body: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Attachment {
    /// For `GET /api/v1/attachments/{id}`.
    pub id: String,
    pub ticket: String,
    pub name: String,
    pub media_type: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the content.
    pub digest: String,
    pub author: String,
    pub at: Timestamp,
}

/// One line of a ticket's timeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TimelineEntry {
    /// Its place among everything that happened to the ticket, from 1.
    pub seq: i64,
    pub at: Timestamp,
    pub actor: String,
    pub actor_name: String,
    /// For example `ticket.changed`.
    pub kind: String,
    pub data: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<Comment>,
}

/// Where the time of a ticket went. The segments follow each other without a gap and add up to the whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Breakdown {
    pub segments: Vec<Segment>,
    pub seconds: i64,
    /// Absent without a calendar.
    pub working_seconds: Option<i64>,
    pub calendar: Option<String>,
}

/// Some time in which nothing of this changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    pub from: Timestamp,
    pub until: Timestamp,
    pub state: String,
    pub group: Option<String>,
    pub assignee: Option<String>,
    /// Clocks that rested.
    pub paused: Vec<String>,
    pub seconds: i64,
    pub working_seconds: Option<i64>,
}

/// What a change would do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DryRun {
    /// What was asked for and what plugins add to it, in order.
    #[schema(value_type = Vec<Object>)]
    pub effects: Vec<Value>,
    /// How the ticket would be; absent when there are problems.
    pub ticket: Option<Ticket>,
    pub problems: Vec<FieldProblem>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// `null` for those without a value.
    pub value: Option<String>,
    pub count: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Bulk {
    pub results: Vec<BulkResult>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkResult {
    pub id: String,
    pub status: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<Ticket>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<ProblemBody>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Person {
    pub id: String,
    pub login: String,
    pub name: String,
    pub email: String,
    pub manager: Option<String>,
    pub locale: String,
    pub zone: String,
    pub active: bool,
    #[schema(value_type = Object)]
    pub attributes: Object,
    pub version: u32,
}

/// What erasing a person would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Erasure {
    /// Numbers of the holds that keep the person: with any, nothing is erased.
    pub held_by: Vec<String>,
    /// What would be taken, of `login`, `name`, `email`, `manager`, `locale`, `zone`, `attributes`, `password` and `roles`.
    pub goes: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    pub id: String,
    pub title: String,
    pub space: String,
    pub members: Vec<String>,
    pub active: bool,
    pub version: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Space {
    pub id: String,
    pub title: String,
    pub confidential: bool,
    pub calendar: Option<String>,
    pub version: u32,
}

/// A role held in a space; the space `*` stands for all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleIn {
    pub space: String,
    pub role: Role,
}

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Session {
    pub person: SignedIn,
    /// Roles by space; the space `*` stands for all of them.
    pub roles: BTreeMap<String, Vec<Role>>,
    pub groups: Vec<String>,
    /// This is the demo: anybody can sign in as anybody.
    pub demo: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignedIn {
    pub id: String,
    pub login: String,
    pub name: String,
    pub email: String,
    pub locale: String,
    pub zone: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Persona {
    pub login: String,
    pub name: String,
    pub role_title: String,
    pub summary: String,
}

/// An API token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Token {
    pub id: String,
    pub name: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

/// A new API token. The secret is shown this once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    pub token: String,
    pub id: String,
    pub name: String,
    pub expires_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    pub id: String,
    pub noun: Noun,
    pub plugin: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugin_title: Option<String>,
    pub title: String,
    pub plural: String,
    pub prefix: String,
    pub digits: u8,
    pub states: Vec<State>,
    pub transitions: Vec<Transition>,
    /// By name, in their order.
    #[schema(value_type = Vec<Vec<Object>>)]
    pub fields: Vec<(String, Field)>,
    pub create: Vec<Role>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portal: Option<Portal>,
    /// Who reads records of it besides those who look around in their space.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub readers: Vec<Readers>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub screen: Option<Screens>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// Days that closed tickets stay before they are archived, 0 for ever; as the installation says when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_days: Option<u32>,
}

/// Which records of a kind some roles in the space of the record read, and what of each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Readers {
    pub roles: Vec<Role>,
    pub states: Vec<String>,
    /// All of these must hold.
    pub when: Vec<When>,
    /// The fields that they see.
    pub fields: Vec<String>,
}

/// What a kind says to the screens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Screens {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<CalendarScreen>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agenda: Option<AgendaScreen>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomScreen>,
}

/// Each one is an entry from one field to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CalendarScreen {
    /// Fields that are instants.
    pub from: String,
    pub to: String,
    /// A field whose value says of what sort an entry is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// A field with a list of objects, each with a `reason` and a `source`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflicts: Option<String>,
    /// A field with the key of a business calendar in which the entry recurs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recurring: Option<String>,
    /// Kinds that lie behind the entries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bands: Vec<String>,
}

/// Fields that are read before something is decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgendaScreen {
    pub show: Vec<String>,
}

/// Which of them get a room, and which fields name the affected configuration items.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoomScreen {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cis: Vec<String>,
}

/// Records of the kind keep other things from being purged and erased while they are in one of these states.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    pub states: Vec<String>,
    /// Field with ids of people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people: Option<String>,
    /// Field with ids or numbers of tickets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tickets: Option<String>,
    /// Field with ids of spaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spaces: Option<String>,
}

/// How the portal offers a kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Portal {
    /// Departments that offer it; every space where one may create it when empty.
    pub spaces: Vec<String>,
    pub summary: String,
    /// A field from 1 to 5 that the requester sets when it is over.
    pub rating: Option<String>,
    pub hidden: bool,
    /// The field of a record that is read as a page, in Markdown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feedback: Option<Feedback>,
}

/// How readers say whether a record helped: a ticket of this kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Feedback {
    pub kind: String,
    /// Its field for the id of the record.
    pub about: String,
    /// Its whole number: the least of it is no, the most of it is yes.
    pub rating: String,
    /// Its field for words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
}

/// A condition on another field of the kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct When {
    pub field: String,
    /// Any of these values.
    pub is: Vec<Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Noun {
    Ticket,
    Record,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct State {
    pub id: String,
    pub title: String,
    pub category: Category,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Transition {
    pub from: Vec<String>,
    pub to: String,
    pub title: String,
    pub roles: Vec<Role>,
    pub required: Vec<String>,
    pub comment: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Field {
    pub title: String,
    pub description: String,
    /// JSON Schema (2020-12) of the value.
    pub schema: Value,
    pub required: bool,
    pub write: Vec<Role>,
    pub read: Vec<Role>,
    /// It is only asked for, and only needed, then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ci {
    pub id: String,
    pub name: String,
    pub class: String,
    pub space: String,
    #[schema(value_type = Object)]
    pub attributes: Object,
    pub version: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CiClass {
    pub id: String,
    pub title: String,
    pub parent: Option<String>,
    #[serde(rename = "abstract")]
    pub is_abstract: bool,
    #[schema(value_type = Object)]
    pub attributes: Object,
    pub required: Vec<String>,
    pub version: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CiRelation {
    pub from: String,
    #[serde(rename = "type")]
    pub relation_type: String,
    pub to: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Impact {
    /// The nearest of those that the caller may see.
    pub items: Vec<Impacted>,
    /// All of those that the caller may see.
    pub total: u64,
    /// CIs that are reached and that the caller may not see.
    pub hidden: u64,
    /// CIs that lose some of what they depend on, and live on what is left.
    pub at_risk: Vec<AtRisk>,
    /// Those of them that the caller may not see.
    pub at_risk_hidden: u64,
}

/// A CI that lives although some of what it depends on fails.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AtRisk {
    pub ci: Ci,
    /// Of those that it depends on: how many fail, how many there are, and how many it needs.
    pub failed: u32,
    pub of: u32,
    pub needs: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Impacted {
    pub ci: Ci,
    pub distance: u32,
    /// From the start to it, without CIs that the caller may not see.
    pub path: Vec<String>,
    /// How many the path leaves out.
    pub hidden_between: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Record {
    pub id: String,
    pub number: String,
    pub kind: String,
    pub space: String,
    pub state: String,
    pub category: Category,
    pub title: String,
    pub version: u32,
    pub updated_at: Timestamp,
    #[schema(value_type = Object)]
    pub fields: Object,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    pub key: String,
    pub title: String,
    pub zone: String,
    #[schema(value_type = Object)]
    pub definition: Value,
    pub version: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Due {
    pub due_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Elapsed {
    /// Seconds of business time.
    pub seconds: i64,
}

/// A stretch of business time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CalendarWindow {
    pub open: Timestamp,
    /// The first instant that no longer counts.
    pub close: Timestamp,
}

/// What is planned in a stretch of time, earliest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Planned {
    pub items: Vec<PlannedEntry>,
    /// False when there is more than one answer holds, or than is looked at.
    pub complete: bool,
}

/// A ticket or record as a calendar needs it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlannedEntry {
    pub id: String,
    pub number: String,
    pub kind: String,
    pub space: String,
    pub state: String,
    pub category: Category,
    pub title: String,
    /// Only those that the calendar of the kind names.
    #[schema(value_type = Object)]
    pub fields: Object,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PluginState {
    Active,
    Disabled,
    ConsentNeeded,
    Quarantined,
    Broken,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Plugin {
    pub id: String,
    pub version: String,
    pub title: String,
    pub summary: String,
    pub digest: String,
    /// Bytes.
    pub size: u64,
    pub enabled: bool,
    pub state: PluginState,
    pub reason: Option<String>,
    pub grants: Vec<Grant>,
    pub capabilities: Vec<String>,
    pub kinds: Vec<String>,
    pub imports: Vec<String>,
    pub settings_schema: Vec<Setting>,
    #[schema(value_type = Object)]
    pub settings: Object,
    pub steps: Vec<PluginStep>,
    pub approval: Option<PluginApproval>,
    pub health: Health,
}

/// A step that a plugin offers to flows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PluginStep {
    pub id: String,
    pub title: String,
    pub description: String,
    /// JSON Schema of an object.
    pub inputs: Value,
    /// JSON Schema of an object.
    pub outputs: Value,
}

/// The approval rule of a plugin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PluginApproval {
    /// JSON Schema of what it can be told, an object.
    pub parameters: Value,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    pub sentence: String,
    pub reason: String,
    pub granted: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    pub key: String,
    pub title: String,
    pub description: String,
    pub schema: Value,
    pub default: Value,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Health {
    pub calls: u64,
    pub faults: u64,
    pub last_fault: Option<LastFault>,
    pub p50_micros: Option<u32>,
    pub p99_micros: Option<u32>,
    /// All calls together, since the server was started.
    pub total_micros: u64,
    pub quarantined: bool,
    /// Deliveries that wait for it.
    pub held_jobs: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LastFault {
    pub at: Timestamp,
    pub function: String,
    pub cause: String,
}

/// What a component says about itself, without being installed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Inspection {
    pub id: String,
    pub version: String,
    pub title: String,
    pub summary: String,
    pub digest: String,
    pub size: u64,
    pub grants: Vec<Grant>,
    pub kinds: Vec<String>,
    pub imports: Vec<String>,
    pub exports: Vec<String>,
    pub settings_schema: Vec<Setting>,
    /// The version that is installed, where there is one. Grants that it has are `granted` above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<Replaced>,
}

/// An installed version, and what it has that the other one does not bring any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Replaced {
    pub version: String,
    pub digest: String,
    pub grants: Vec<Grant>,
    pub kinds: Vec<String>,
    /// Keys of settings.
    pub settings: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Job {
    pub id: String,
    #[schema(value_type = Object)]
    pub work: Value,
    pub order_key: String,
    pub due_at: Timestamp,
    pub attempts: u32,
    pub state: JobState,
    pub last_error: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum JobState {
    Ready,
    Held,
    Dead,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Notification {
    pub id: String,
    pub person: String,
    pub ticket: Option<String>,
    pub at: Timestamp,
    pub subject: String,
    pub body: String,
    pub read: bool,
}

/// The data of a live event `ticket`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LiveEvent {
    /// For example `ticket.changed`.
    pub kind: String,
    pub ticket: String,
    pub number: String,
    pub version: u32,
}

/// The data of a live event `flow`: an instance went on, and so may its tasks have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LiveFlow {
    /// For example `flow.advanced`.
    pub kind: String,
    pub instance: String,
    /// Id of its process.
    pub process: String,
    /// Id of the ticket that it is about.
    pub ticket: Option<String>,
}

/// A process that serves the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Random for each start.
    pub id: String,
    pub name: String,
    pub version: String,
    pub started_at: Timestamp,
    pub seen_at: Timestamp,
    /// It counts as alive until then.
    pub lease_until: Timestamp,
}

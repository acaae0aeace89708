//! What search, audit, reports, presence and settings answer.

use super::Ticket;
use domain::Object;
use domain::kind::StateCategory;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What a search found; of tickets the best first, of each other noun the newest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Found {
    pub tickets: Vec<Ticket>,
    /// How many tickets there are with these words that the caller may see.
    pub tickets_total: u64,
    pub records: Vec<FoundRecord>,
    pub cis: Vec<FoundCi>,
    pub people: Vec<FoundPerson>,
    /// The words that were looked for instead, when those that were given are nowhere.
    pub corrected: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FoundRecord {
    pub id: String,
    pub number: String,
    pub kind: String,
    pub space: String,
    pub state: String,
    pub title: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FoundCi {
    pub id: String,
    pub name: String,
    pub class: String,
    pub space: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FoundPerson {
    pub id: String,
    pub name: String,
    pub email: String,
}

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditEntry {
    /// Its place among everything that happened to the same subject, from 1.
    pub seq: i64,
    pub at: Timestamp,
    /// Id of a person or plugin, or `system`.
    pub actor: String,
    /// For example `ticket.changed`.
    pub kind: String,
    pub subject_kind: String,
    pub subject: String,
    pub space: String,
    /// person, reaction, timer or import.
    pub origin: String,
    pub data: Value,
    /// Ties it to what happened to the same subject before.
    pub hash: String,
}

/// A setting of the server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ServerSetting {
    pub key: String,
    pub help: String,
    pub value: Value,
    /// `default`, a file, an environment variable or a flag.
    pub origin: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportSummary {
    pub plugin: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugin_title: Option<String>,
    pub id: String,
    pub title: String,
    pub description: String,
    /// A kind of tickets or records, `*` for all tickets, `ci` for configuration items.
    pub kind: String,
    /// count, share, time-to-resolve, time-to-close, time-on-clock, average, sum, spread or targets-met.
    pub measure: String,
    /// A column, `field.<name>`, age, clock, day, week or month.
    pub group: Option<String>,
    pub days: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReportUnit {
    Count,
    /// From 0 to 1.
    Share,
    Seconds,
    Number,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportResult {
    pub report: ReportSummary,
    pub unit: ReportUnit,
    pub since: Option<Timestamp>,
    /// The time that is over of which this is told; as it is now when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Timestamp>,
    pub rows: Vec<ReportRow>,
    pub total: ReportRow,
    /// All tickets were looked at; otherwise the newest ones. Of records and configuration items the first ones.
    pub complete: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportRow {
    /// What `GET …/behind?key=` takes.
    pub key: String,
    pub title: Option<String>,
    pub count: u64,
    /// Count, share, median of times and spread numbers, mean, or sum.
    pub value: Option<f64>,
    /// The 90th percentile of times and spread numbers.
    pub p90: Option<f64>,
    /// The other percentiles that the question asks for, by their number.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub percentiles: BTreeMap<u8, f64>,
    /// Those that count for a share.
    pub met: Option<u64>,
}

/// What a number of a report counted, as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Behind {
    /// ticket, record or ci.
    pub noun: String,
    pub id: String,
    /// Configuration items have none.
    pub number: Option<String>,
    pub title: String,
    /// The kind, or the class of a configuration item.
    pub kind: String,
    pub space: String,
    pub state: Option<String>,
    #[schema(value_type = Option<String>)]
    pub category: Option<StateCategory>,
}

/// Who may ask a saved question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Audience {
    /// Its owner alone.
    Owner,
    /// Everybody who works in a space.
    Space {
        space: String,
    },
    Everyone,
}

/// A question to keep. Its answer is at `GET /reports/saved/{id}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedQueryChange {
    /// title, kind, measure, and as they are needed description, where, of, field, clock, group, days, by and percentiles; written as in
    /// the reports of a plugin.
    pub question: Object,
    /// Its owner alone when absent.
    pub audience: Option<Audience>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedQuery {
    pub id: String,
    pub owner: String,
    pub audience: Audience,
    pub question: Object,
    pub version: u32,
}

/// A question that is not kept, asked once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuestionTrial {
    pub question: Object,
    pub space: Option<String>,
    pub days: Option<u32>,
    pub as_of: Option<Timestamp>,
}

/// What somebody may do with a ticket or a record, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessCheck {
    pub person: String,
    /// ticket or record.
    pub noun: String,
    pub id: String,
    pub number: Option<String>,
    pub space: String,
    pub actions: Vec<ActionCheck>,
    /// The roles that count there.
    pub roles: Vec<String>,
    /// What is true of the person and this thing that a policy looks at: not-active, restricted, requester, opener, watcher, assignee,
    /// in-its-group, named, in-a-named-group, reader-of-the-kind.
    pub facts: Vec<String>,
    /// Fields that they do not see of it.
    pub hidden_fields: Vec<String>,
    /// What asked for the list of those who see a restricted ticket, where something did, for example a policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restricted_because: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActionCheck {
    pub action: String,
    pub allowed: bool,
    /// The policies that let them; none when it is refused, because what no policy permits is refused.
    pub policies: Vec<String>,
}

/// Clocks that are not what they should be by the history of their ticket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClockRepairs {
    pub repairs: Vec<ClockRepair>,
    /// Tickets whose history was gone through.
    pub looked_at: u32,
    /// They were put right; otherwise this is only what would be.
    pub applied: bool,
    /// What to give as `after` to go on.
    pub next: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClockRepair {
    pub ticket: String,
    pub number: String,
    pub clocks: Vec<RepairedClock>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RepairedClock {
    pub clock: String,
    pub title: String,
    pub changes: Vec<ClockDifference>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClockDifference {
    /// `state`, `started_at`, `due_at`, `stopped_at` or `breached_at`.
    pub field: String,
    pub from: Value,
    pub to: Value,
}

/// Steps of flows by value chain activity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ValueChain {
    pub since: Option<Timestamp>,
    pub rows: Vec<ValueChainRow>,
    /// Every instance was looked at; otherwise the newest ones.
    pub complete: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ValueChainRow {
    pub stream: Option<String>,
    pub activity: String,
    /// Steps that were done.
    pub count: u64,
    /// Steps that are not.
    pub open: u64,
    /// From beginning to end, of all that were done together.
    pub lead_seconds: i64,
    /// The part of it in which somebody had the task, or a component worked.
    pub touch_seconds: i64,
    pub wait_seconds: i64,
    pub median_lead_seconds: i64,
}

/// Somebody who looks at a ticket now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Watching {
    pub person: String,
    pub name: String,
    pub writes: bool,
}

/// The data of a live event `presence`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LivePresence {
    pub ticket: String,
    pub people: Vec<Watching>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TicketRelation {
    SameCi,
    SameWords,
    SameRequester,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RelatedTicket {
    pub ticket: Ticket,
    pub relation: TicketRelation,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JobCounts {
    pub ready: u64,
    pub held: u64,
    pub dead: u64,
}

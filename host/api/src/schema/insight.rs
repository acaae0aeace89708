//! What search, audit, reports, presence and settings answer.

use super::Ticket;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
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
    /// A kind of tickets, or `*`.
    pub kind: String,
    /// A column, `field.<name>`, age, clock, day or week.
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
    pub rows: Vec<ReportRow>,
    pub total: ReportRow,
    /// All tickets were looked at; otherwise the newest ones.
    pub complete: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportRow {
    /// What `GET …/tickets?key=` takes.
    pub key: String,
    pub title: Option<String>,
    pub count: u64,
    /// Count, share, median of times, or mean.
    pub value: Option<f64>,
    /// The 90th percentile of times.
    pub p90: Option<f64>,
    /// Those that count for a share.
    pub met: Option<u64>,
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

//! The outbox and the schedules in the API.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Something that shall leave the house or did: where it went and how it ended, never what it said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OutboxItem {
    pub id: String,
    pub item_type: OutboxItemType,
    /// Method and address without query, or the person or domain that a mail goes to.
    pub target: String,
    pub state: OutboxState,
    /// Attempts that were begun.
    pub attempts: u32,
    pub attempts_max: u32,
    /// Sent with each attempt, so that the other side can do it once.
    pub idempotency_key: String,
    pub plugin: Option<String>,
    pub ticket: Option<String>,
    /// The process of the flow that waits for the answer, or did, and its instance.
    pub process: Option<String>,
    pub instance: Option<String>,
    pub created_at: Timestamp,
    /// When it is tried next.
    pub next_at: Option<Timestamp>,
    pub sent_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    /// What the other side answered last.
    pub status: Option<u16>,
    pub last_error: Option<String>,
    /// Why it is unknown or dead, or who decided about it.
    pub reason: Option<String>,
    pub version: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OutboxItemType {
    Http,
    Mail,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OutboxState {
    Waiting,
    Sending,
    Delivered,
    /// It may have happened; an operator decides.
    Unknown,
    /// It surely did not happen and is not tried again.
    Dead,
    Cancelled,
}

/// How many there are in each state that somebody or something still has to do with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OutboxCounts {
    pub counts: BTreeMap<String, u64>,
}

/// A timer that starts a process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    pub process: String,
    pub version: u32,
    /// The start event.
    pub node: String,
    pub name: String,
    /// As the model has it, for example `0 8 * * MON-FRI` or `R/PT1H`.
    pub timer: String,
    /// The zone that the wall clock of a cron expression is in.
    pub zone: String,
    pub missed: Missed,
    pub next_at: Timestamp,
    /// The due times after that, as far as they can be told: at most five.
    pub upcoming: Vec<Timestamp>,
    /// Why it does not run, when it does not.
    pub problem: Option<String>,
}

/// What happens to due times that passed while nothing ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Missed {
    Skip,
    Once,
    /// Each, oldest first, at most the latest hundred.
    CatchUp,
}

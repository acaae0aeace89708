//! Jobs: durable rows that make something happen later.

use crate::event::Cause;
use crate::{JobId, PluginId, TicketId};
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
}

//! Time measurements on tickets. What a clock means is its plugin's business; the host keeps it exact and fires it once.

use crate::{PluginId, TicketId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClockState {
    Running,
    Paused,
    Stopped,
    Cancelled,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Clock {
    pub ticket: TicketId,
    /// Unique on the ticket, chosen by the plugin.
    pub name: String,
    pub plugin: PluginId,
    pub title: String,
    pub state: ClockState,
    pub started_at: Timestamp,
    /// Absent while paused, stopped or cancelled.
    pub due_at: Option<Timestamp>,
    pub stopped_at: Option<Timestamp>,
    /// The due time that passed while the clock ran: decided on the exact instant, never on when somebody looked.
    pub breached_at: Option<Timestamp>,
    /// Why the due time is what it is, for people.
    pub reason: String,
    /// What the plugin keeps with it.
    pub data: serde_json::Value,
}

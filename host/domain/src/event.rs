//! What happened: the rows of the journal.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One committed fact. `kind` is a past-tense word pair such as `ticket.created`; `data` has a fixed shape for each kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Position in the organisation's journal, from 1, without reuse.
    pub seq: i64,
    pub subject_kind: String,
    pub subject: String,
    /// Position in the subject's own chain, from 1, without gaps.
    pub subject_seq: i64,
    /// Space of the subject; decides who may see the event.
    pub space: String,
    pub at: Timestamp,
    /// Person id, plugin id or `system`.
    pub actor: String,
    pub kind: String,
    pub data: serde_json::Value,
    pub cause: Cause,
    /// SHA-256 over the previous hash of the subject's chain and this row, hexadecimal.
    pub hash: String,
}

/// Why a decision was made: ties the decisions of one cause together and bounds chains of reactions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// Id of the command that committed the event.
    pub command: String,
    /// The same for a person's command and everything that followed from it.
    pub correlation: String,
    /// Reactions between the person's command and this one.
    pub depth: u32,
    pub origin: Origin,
    /// The chain of plugins and events that led here, oldest first; what a tripped limit shows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    Person,
    Reaction,
    Timer,
    Import,
}

impl Origin {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Reaction => "reaction",
            Self::Timer => "timer",
            Self::Import => "import",
        }
    }
}

/// An event before it has a place in the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventDraft {
    pub subject_kind: String,
    pub subject: String,
    pub space: String,
    pub at: Timestamp,
    pub actor: String,
    pub kind: String,
    pub data: serde_json::Value,
    pub cause: Cause,
}

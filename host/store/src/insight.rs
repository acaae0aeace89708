//! Questions across nouns: the journal as auditors search it, the records that words are about, and the facts that reports count.
//!
//! Who may know what is part of each question, so that a store never gives out a row that somebody has to take away again.

use crate::Result;
use async_trait::async_trait;
use domain::filter::{Field, Filter};
use domain::{Event, KindId, OrgId, Record, RecordScope, TicketId};
use jiff::Timestamp;

/// Facts in one answer. Reports of more say that they are not complete.
pub const FACTS_MAX: u32 = 100_000;
/// Events in one answer.
pub const EVENTS_MAX: u32 = 500;
/// Words of one question to records; the rest is not looked at.
pub const WORDS_MAX: usize = 12;

#[async_trait]
pub trait Insight: Send + Sync {
    /// Events that the caller may know of, newest first.
    async fn event_search(&self, org: &OrgId, query: &EventQuery) -> Result<Vec<Event>>;
    /// Records of any kind with all these words in number or title, newest first, of those that may be seen.
    async fn record_search(&self, org: &OrgId, query: &RecordSearch) -> Result<Vec<Record>>;
    /// What reports count, for the tickets of a filter, newest first; one row more than `limit` says that there are more.
    async fn ticket_facts(&self, org: &OrgId, query: &FactQuery) -> Result<Vec<Fact>>;
    /// The clocks of the tickets of a filter that were opened since an instant, newest tickets first.
    async fn clock_facts(
        &self,
        org: &OrgId,
        filter: &Filter,
        since: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<ClockFact>>;
}

/// Which events, and which of them the caller may know of.
#[derive(Debug, Clone, PartialEq)]
pub struct EventQuery {
    pub scope: EventScope,
    pub actor: Option<String>,
    /// For example `ticket.changed`, or `ticket.` for everything about tickets.
    pub kind: Option<String>,
    pub subject_kind: Option<String>,
    pub subject: Option<String>,
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
    /// Position before which to go on.
    pub before: Option<i64>,
    pub limit: u32,
}

/// What somebody may know of the journal.
#[derive(Debug, Clone, PartialEq)]
pub struct EventScope {
    /// Tickets of which they may know everything, and the flows about these.
    pub tickets: Filter,
    /// Spaces whose records and CIs they see; all when absent.
    pub spaces: Option<Vec<String>>,
    /// People, groups, plugins and everything else that is neither ticket, flow, record nor CI.
    pub setup: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct RecordSearch {
    pub text: String,
    /// All kinds when empty.
    pub kinds: Vec<KindId>,
    /// What may be seen.
    pub scope: RecordScope,
    /// 1 to 200.
    pub limit: u32,
}

/// A column of time of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactTime {
    Opened,
    Resolved,
    Closed,
}

/// What facts are grouped by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactColumn {
    Column(Field),
    /// A field of the kind, by name.
    Custom(String),
}

#[derive(Debug, Clone, PartialEq)]
pub struct FactQuery {
    pub filter: Filter,
    pub since: Option<(FactTime, Timestamp)>,
    pub group: Option<FactColumn>,
    /// A field of the kind whose number is wanted.
    pub value: Option<String>,
    pub limit: u32,
}

/// A ticket as a report sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    pub ticket: TicketId,
    pub opened_at: Timestamp,
    pub resolved_at: Option<Timestamp>,
    pub closed_at: Option<Timestamp>,
    pub group: Option<String>,
    pub value: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockFact {
    pub ticket: TicketId,
    pub opened_at: Timestamp,
    pub name: String,
    pub title: String,
    pub state: domain::ClockState,
    pub started_at: Timestamp,
    pub stopped_at: Option<Timestamp>,
    pub due_at: Option<Timestamp>,
    pub breached_at: Option<Timestamp>,
}

/// The words of a question, each as it may be written in a title: databases disagree about what a lower-case letter is.
#[must_use]
pub fn spellings(text: &str) -> Vec<[String; 3]> {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    let words = text.split_whitespace().take(WORDS_MAX).map(str::to_lowercase);
    words.map(|word| [capital(&word), word.to_uppercase(), word]).collect()
}

/// What is counted as one group: a text as it is, other JSON as it is written, nothing for null.
#[must_use]
pub fn group_word(json: Option<&str>) -> Option<String> {
    match serde_json::from_str::<serde_json::Value>(json?).ok()? {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}

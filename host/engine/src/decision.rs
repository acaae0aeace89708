//! What a wave decided: complete, checked, not yet committed.

use domain::event::EventDraft;
use domain::ticket::AccessList;
use domain::{
    Attachment, Ci, CiRelation, Clock, Comment, GroupId, Link, PersonId, PluginId, Record, SpaceId, Ticket, TicketId,
    effect, job,
};
use jiff::Timestamp;

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Decision {
    /// New state of every ticket that changed, with the version it was read at (0 for a new one).
    pub tickets: Vec<(Ticket, u32)>,
    pub comments: Vec<Comment>,
    pub attachments: Vec<Attachment>,
    pub links_added: Vec<Link>,
    pub links_removed: Vec<Link>,
    pub watchers_added: Vec<(TicketId, PersonId)>,
    pub watchers_removed: Vec<(TicketId, PersonId)>,
    pub access: Vec<(TicketId, AccessList)>,
    pub clocks: Vec<Clock>,
    pub records: Vec<(Record, u32)>,
    pub cis: Vec<(Ci, u32)>,
    pub relations_added: Vec<CiRelation>,
    pub relations_removed: Vec<CiRelation>,
    pub notices: Vec<Notice>,
    /// What shall leave the house, in order.
    pub outgoing: Vec<Outgoing>,
    pub jobs: Vec<JobPlan>,
    pub jobs_cancelled: Vec<String>,
    /// In the order in which they happened.
    pub events: Vec<EventDraft>,
    /// Running flows about a ticket that changed: they look again at what they depend on.
    pub flows: Vec<domain::InstanceId>,
    /// Tickets and records whose version the decision depends on without changing them.
    pub read: Vec<(TicketId, u32)>,
}

/// A durable job that the commit creates; at most one per unique key.
#[derive(Debug, Clone, PartialEq)]
pub struct JobPlan {
    pub work: job::Work,
    pub order_key: String,
    pub due_at: Timestamp,
    pub unique_key: String,
}

/// Something to tell people in the product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub from: String,
    pub ticket: Option<TicketId>,
    pub people: Vec<PersonId>,
    pub groups: Vec<GroupId>,
    pub subject: String,
    pub body: String,
}

/// A request or a mail that the commit puts into the outbox.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    /// Plugin or person who wants it.
    pub from: String,
    pub plugin: Option<PluginId>,
    pub ticket: Option<TicketId>,
    pub space: SpaceId,
    pub wish: OutgoingWish,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutgoingWish {
    Call(Box<effect::Call>),
    Mail(Box<effect::Mail>),
}

impl Decision {
    /// Whether committing it would change anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
            && self.jobs.is_empty()
            && self.jobs_cancelled.is_empty()
            && self.notices.is_empty()
            && self.outgoing.is_empty()
    }
}

/// The key of the job that fires a clock.
#[must_use]
pub fn clock_key(ticket: &TicketId, clock: &str) -> String {
    format!("clock:{ticket}:{clock}")
}

/// The key of a timer that a plugin scheduled.
pub(crate) fn timer_key(plugin: &PluginId, ticket: &TicketId, key: &str) -> String {
    format!("timer:{plugin}:{ticket}:{key}")
}

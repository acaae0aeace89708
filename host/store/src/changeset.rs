//! One decision, ready to be committed.

use crate::{CiQuery, InstalledPlugin, Notification, TicketQuery};
use domain::change::IdempotencyKey;
use domain::event::{Event, EventDraft};
use domain::flow::{BufferedMessage, Definition, Subscription, Topic};
use domain::outbox::{Content, OutboxItem};
use domain::person::RoleAssignment;
use domain::ticket::AccessList;
use domain::{
    Attachment, Ci, CiClass, CiRelation, Clock, Comment, Digest, FlowInstance, Group, JobId, Link, OrgId, Person,
    PersonId, PluginId, Record, Space, Task, Ticket, TicketId, job,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone)]
pub struct Changeset {
    pub org: OrgId,
    pub at: Timestamp,
    /// Rows that must have these versions.
    pub expects: Vec<Expect>,
    /// Questions that must still have the same answer.
    pub reads: Vec<QueryRead>,
    pub writes: Vec<Write>,
    pub events: Vec<EventDraft>,
    pub jobs: Vec<NewJob>,
    /// The job that this commit completes: removed in the same transaction, if the fence still holds.
    pub job_done: Option<JobDone>,
    /// Key and answer to keep.
    pub answer: Option<(IdempotencyKey, serde_json::Value)>,
}

impl Changeset {
    #[must_use]
    pub fn new(org: OrgId, at: Timestamp) -> Self {
        Self {
            org,
            at,
            expects: Vec::new(),
            reads: Vec::new(),
            writes: Vec::new(),
            events: Vec::new(),
            jobs: Vec::new(),
            job_done: None,
            answer: None,
        }
    }
}

/// A row and the version it was read at; 0 means that it must not exist.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expect {
    pub noun: Noun,
    pub id: String,
    pub version: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Noun {
    Ticket,
    Record,
    Ci,
    Person,
    Group,
    Space,
    Calendar,
    SavedQuery,
    CiClass,
    Plugin,
    Definition,
    FlowInstance,
    Task,
    Outbox,
    /// Relations of a CI; bumped whenever one is added or removed, 0 before the first.
    CiRelations,
}

/// What a query ranged over and what it answered: run again in the commit, where a different digest is a conflict.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryRead {
    pub scope: QueryScope,
    pub digest: String,
}

#[derive(Debug, Clone, PartialEq)]
pub enum QueryScope {
    /// Ids and versions of the page, in order.
    Tickets(TicketQuery),
    /// The number alone.
    TicketCount(domain::filter::Filter),
    /// Records of a kind in a state: ids and versions.
    Records { kind: domain::KindId, state: Option<String> },
    /// Active members of a group: ids.
    Members(domain::GroupId),
    /// A page of configuration items: ids and versions.
    Cis(CiQuery),
    /// Who waits for a message or a signal: ids.
    Subscriptions(Topic),
    /// Messages that wait for a receiver: ids.
    Messages { name: String, key: String },
    /// Running instances of a process for a business key: ids.
    Instances { process: String, business_key: String },
}

#[derive(Debug, Clone)]
pub enum Write {
    /// Insert (version 1) or replace.
    Ticket(Box<Ticket>),
    Comment(Comment),
    Attachment(Attachment),
    Link(Link),
    Unlink(Link),
    Watch {
        ticket: TicketId,
        person: PersonId,
    },
    Unwatch {
        ticket: TicketId,
        person: PersonId,
    },
    Access {
        ticket: TicketId,
        access: AccessList,
    },
    /// Insert or replace, by ticket and name.
    Clock(Box<Clock>),
    Record(Box<Record>),
    Ci(Box<Ci>),
    CiClass(CiClass),
    RelateCis(CiRelation),
    UnrelateCis(CiRelation),
    Person(Box<Person>),
    /// `None` removes the password.
    Password {
        person: PersonId,
        phc: Option<String>,
    },
    /// Group with its whole member list.
    Group(Group),
    Space(Space),
    /// All roles of a person, replaced.
    Roles {
        person: PersonId,
        roles: Vec<RoleAssignment>,
    },
    Calendar {
        key: String,
        definition: serde_json::Value,
        version: u32,
    },
    SavedQuery {
        id: String,
        query: Box<domain::report::SavedQuery>,
        version: u32,
    },
    RemoveSavedQuery(String),
    Plugin(Box<InstalledPlugin>),
    RemovePlugin(PluginId),
    Component {
        digest: Digest,
        wasm: std::sync::Arc<[u8]>,
    },
    /// Never replaced: a version that exists is a conflict.
    Definition(Box<Definition>),
    FlowInstance(Box<FlowInstance>),
    /// With its candidates.
    Task(Box<Task>),
    Subscribe(Subscription),
    Unsubscribe {
        id: String,
    },
    BufferMessage(BufferedMessage),
    TakeMessage {
        id: String,
    },
    /// Insert (version 1) or replace. What it says goes when nobody has to do with it any more.
    Outbox {
        item: Box<OutboxItem>,
        /// Absent to leave it as it is.
        content: Option<Box<Content>>,
    },
    Notification(Notification),
    NotificationRead {
        id: String,
        person: PersonId,
    },
    /// Remove the job with this unique key, if there is one.
    CancelJob {
        unique_key: String,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub struct NewJob {
    pub id: JobId,
    pub work: job::Work,
    pub order_key: String,
    pub due_at: Timestamp,
    /// At most one job has this key; a new one replaces the old one.
    pub unique_key: Option<String>,
    /// For `Work::React`: index into `events` of the event to deliver. Its place in the journal is known only at the commit, which
    /// writes it into the work.
    pub event: Option<usize>,
}

impl NewJob {
    /// The first part of its place among the jobs with its order key, before the order of writing. Deliveries of events come in the order
    /// of the journal, whatever the clocks of those who wrote them said; everything else comes when it is due.
    #[must_use]
    pub fn order_at(&self) -> Timestamp {
        match self.work {
            job::Work::React { .. } => Timestamp::UNIX_EPOCH,
            _ => self.due_at,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobDone {
    pub id: JobId,
    pub fence: i64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Committed {
    /// The events with their places in the journal.
    pub events: Vec<Event>,
}

/// The answer that a command got.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredAnswer {
    pub fingerprint: String,
    pub answer: serde_json::Value,
    pub at: Timestamp,
}

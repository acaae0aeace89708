//! Storage as traits by noun. `commit` is the only write of the core nouns; everything else reads.
//!
//! *Architecture Invariant:* no SQL and no database driver here. Two implementations, one conformance suite
//! ([`conformance`]). Every read and write carries the organisation.

pub mod backup;
pub mod chain;
pub mod changeset;
pub mod conformance;
pub mod digest;
pub mod error;
pub mod flow;
pub mod insight;
pub mod migration;
pub mod outbox;
pub mod query;
pub mod snapshot;

pub use changeset::{Changeset, Committed, Expect, JobDone, NewJob, Noun, QueryRead, QueryScope, StoredAnswer, Write};
pub use error::{CommitError, StoreError};
pub use flow::{Flows, InstanceCounts, InstanceQuery, TaskPerson, TaskQuery};
pub use insight::{ClockFact, EventQuery, EventScope, Fact, FactColumn, FactQuery, FactTime, Insight, RecordSearch};
pub use outbox::{Outbox, OutboxQuery};
pub use query::{CiQuery, Cursor, IndexRow, IndexScope, Page, Sort, TicketQuery};
pub use snapshot::Snapshot;

use async_trait::async_trait;
use domain::filter::Filter;
use domain::person::RoleAssignment;
use domain::report::SavedQuery;
use domain::ticket::TicketBundle;
use domain::{
    Attachment, Ci, CiClass, CiId, CiPlace, CiRelation, Comment, Digest, Event, Group, GroupId, Job, JobId, KindId,
    OrgId, Person, PersonId, PluginId, Record, RecordScope, Space, TicketId,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

pub type Result<T, E = StoreError> = std::result::Result<T, E>;

#[async_trait]
pub trait Commits: Send + Sync {
    /// All or nothing: check what was read, write what was decided, chain the journal, keep the answer.
    ///
    /// # Errors
    /// [`CommitError::Conflict`] when something that was read has changed since: load and decide again.
    /// [`CommitError::Answered`] when the idempotency key already has an answer.
    async fn commit(&self, changeset: Changeset) -> Result<Committed, CommitError>;

    /// The kept answer to a command.
    async fn answer_get(&self, org: &OrgId, scope: &str, key: &str) -> Result<Option<StoredAnswer>>;

    /// Lease `count` numbers of a sequence; returns the first. Numbers are never given twice; gaps are allowed.
    async fn number_lease(&self, org: &OrgId, sequence: &str, count: u32) -> Result<i64>;

    /// Make sure that a sequence gives out only numbers above `floor`, as after an import with given numbers.
    async fn number_floor(&self, org: &OrgId, sequence: &str, floor: i64) -> Result<()>;
}

#[async_trait]
pub trait Tickets: Send + Sync {
    /// By id or by number, with everything that a decision needs, in one read.
    async fn ticket_load(&self, org: &OrgId, id_or_number: &str) -> Result<Option<TicketBundle>>;
    async fn ticket_list(&self, org: &OrgId, query: &TicketQuery) -> Result<Page<domain::Ticket>>;
    async fn ticket_count(&self, org: &OrgId, filter: &Filter) -> Result<u64>;
    /// Counts by value of one column, largest first, at most 200 rows.
    async fn ticket_count_by(
        &self,
        org: &OrgId,
        filter: &Filter,
        field: domain::filter::Field,
    ) -> Result<Vec<(Option<String>, u64)>>;
    /// Tickets for the search index, at most `limit`.
    async fn ticket_index_rows(&self, org: &OrgId, scope: &IndexScope, limit: u32) -> Result<Vec<IndexRow>>;
    /// Digest of what a query answers now, to be kept as the `digest` of a [`QueryRead`]; the one given is not looked at.
    async fn ticket_digest(&self, org: &OrgId, read: &QueryRead) -> Result<String>;
    /// Oldest first.
    async fn comment_list(&self, org: &OrgId, ticket: &TicketId) -> Result<Vec<Comment>>;
    async fn attachment_list(&self, org: &OrgId, ticket: &TicketId) -> Result<Vec<Attachment>>;
}

#[async_trait]
pub trait Blobs: Send + Sync {
    /// Keep content under its SHA-256; keeping it twice is one row. Content that no commit refers to is swept later.
    async fn blob_put(&self, org: &OrgId, digest: &str, content: &[u8]) -> Result<()>;
    async fn blob_get(&self, org: &OrgId, digest: &str) -> Result<Option<Vec<u8>>>;
}

#[async_trait]
pub trait People: Send + Sync {
    async fn person_get(&self, org: &OrgId, id: &PersonId) -> Result<Option<Person>>;
    async fn person_by_login(&self, org: &OrgId, login: &str) -> Result<Option<Person>>;
    /// By name; `text` matches name, login or mail; `after` is the id of the last one seen.
    async fn person_list(&self, org: &OrgId, text: &str, after: Option<&str>, limit: u32) -> Result<Page<Person>>;
    async fn group_get(&self, org: &OrgId, id: &GroupId) -> Result<Option<Group>>;
    async fn group_list(&self, org: &OrgId) -> Result<Vec<Group>>;
    async fn groups_of(&self, org: &OrgId, person: &PersonId) -> Result<Vec<GroupId>>;
    /// Active members, by id.
    async fn members(&self, org: &OrgId, group: &GroupId) -> Result<Vec<Person>>;
    async fn roles_of(&self, org: &OrgId, person: &PersonId) -> Result<Vec<RoleAssignment>>;
    async fn space_get(&self, org: &OrgId, id: &str) -> Result<Option<Space>>;
    async fn space_list(&self, org: &OrgId) -> Result<Vec<Space>>;
}

/// Secrets and sessions. Only hashes are kept.
#[async_trait]
pub trait Credentials: Send + Sync {
    /// PHC string of the person's password.
    async fn password_get(&self, org: &OrgId, person: &PersonId) -> Result<Option<String>>;
    async fn session_put(&self, org: &OrgId, session: &Session) -> Result<()>;
    async fn session_get(&self, org: &OrgId, token_hash: &str) -> Result<Option<Session>>;
    async fn session_delete(&self, org: &OrgId, token_hash: &str) -> Result<()>;
    /// End every session and token of a person; takes effect at once.
    async fn session_delete_all(&self, org: &OrgId, person: &PersonId) -> Result<()>;
    async fn session_list(&self, org: &OrgId, person: &PersonId) -> Result<Vec<Session>>;
}

/// A browser session or an API token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// SHA-256 of the token, hexadecimal.
    pub token_hash: String,
    pub person: PersonId,
    pub kind: SessionKind,
    /// What the person called it.
    pub name: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SessionKind {
    Browser,
    Token,
}

#[async_trait]
pub trait Cis: Send + Sync {
    async fn ci_get(&self, org: &OrgId, id: &CiId) -> Result<Option<Ci>>;
    /// By name; `text` matches the name; `after` is the id of the last one seen.
    async fn ci_list(
        &self,
        org: &OrgId,
        spaces: Option<&[String]>,
        text: &str,
        class: Option<&str>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<Ci>>;
    /// Relations to and from a CI.
    async fn ci_relations(&self, org: &OrgId, id: &CiId) -> Result<Vec<CiRelation>>;
    /// Those of some CIs that there are, in any order.
    async fn ci_get_many(&self, org: &OrgId, ids: &[CiId]) -> Result<Vec<Ci>>;
    /// By id: every CI that matches the query, and possibly some that only look as if their attributes did ([`CiQuery::matches`]).
    async fn ci_candidates(&self, org: &OrgId, query: &CiQuery) -> Result<Vec<Ci>>;
    /// Every CI and its space, in pages by id, for the graph in memory; `after` is the last one seen.
    async fn ci_places(&self, org: &OrgId, after: Option<&CiId>, limit: u32) -> Result<Vec<CiPlace>>;
    /// Every relation, in pages, for the same.
    async fn ci_relation_page(&self, org: &OrgId, after: Option<&CiRelation>, limit: u32) -> Result<Vec<CiRelation>>;
    /// Those of some relations that there are, in any order.
    async fn ci_relations_among(&self, org: &OrgId, relations: &[CiRelation]) -> Result<Vec<CiRelation>>;
    async fn ci_class_list(&self, org: &OrgId) -> Result<Vec<CiClass>>;
}

#[async_trait]
pub trait Records: Send + Sync {
    async fn record_get(&self, org: &OrgId, id_or_number: &str) -> Result<Option<Record>>;
    /// By number. `scope` is what may be seen, with all its fields; `after` is the id of the last one seen.
    async fn record_list(
        &self,
        org: &OrgId,
        kind: &KindId,
        state: Option<&str>,
        scope: &RecordScope,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<Record>>;
}

#[async_trait]
pub trait Calendars: Send + Sync {
    /// Definitions by key, with their version.
    async fn calendar_list(&self, org: &OrgId) -> Result<Vec<(String, serde_json::Value, u32)>>;
}

/// Questions that people keep; there are few, and who may ask which is for the reader to say.
#[async_trait]
pub trait SavedQueries: Send + Sync {
    /// By id, with their version.
    async fn saved_query_list(&self, org: &OrgId) -> Result<Vec<(String, SavedQuery, u32)>>;
    async fn saved_query_get(&self, org: &OrgId, id: &str) -> Result<Option<(SavedQuery, u32)>>;
}

/// What is installed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InstalledPlugin {
    pub id: PluginId,
    pub digest: Digest,
    pub version: String,
    pub enabled: bool,
    /// Grants that an administrator consented to; fewer than the manifest asks for keeps it disabled.
    pub grants: Vec<domain::manifest::Grant>,
    pub settings: domain::Object,
    pub installed_at: Timestamp,
    /// Counts changes, from 1.
    pub row_version: u32,
}

#[async_trait]
pub trait PluginRows: Send + Sync {
    async fn plugin_list(&self, org: &OrgId) -> Result<Vec<InstalledPlugin>>;
    async fn component_get(&self, org: &OrgId, digest: &Digest) -> Result<Option<Vec<u8>>>;
}

#[async_trait]
pub trait Journal: Send + Sync {
    /// Events after a position, oldest first, at most `limit`.
    async fn event_list(&self, org: &OrgId, after_seq: i64, limit: u32) -> Result<Vec<Event>>;
    async fn event_get(&self, org: &OrgId, seq: i64) -> Result<Option<Event>>;
    /// The chain of one subject, oldest first.
    async fn event_history(
        &self,
        org: &OrgId,
        subject_kind: &str,
        subject: &str,
        after: i64,
        limit: u32,
    ) -> Result<Vec<Event>>;
    /// Position of the newest event, 0 when there is none.
    async fn event_head(&self, org: &OrgId) -> Result<i64>;
    /// Events after a position, oldest first, as soon as there are any, whichever node committed them; none when `wait` is over. Whoever
    /// calls it again with the position of the last one sees every event once.
    async fn event_wait(&self, org: &OrgId, after_seq: i64, limit: u32, wait: Duration) -> Result<Vec<Event>>;
}

#[async_trait]
pub trait Jobs: Send + Sync {
    /// Claim due, ready jobs, at most one for each order key, oldest first. A claim holds until `lease_until`.
    ///
    /// The place of a job among those with its order key is [`NewJob::order_at`], then the order of writing; a retry does not change it. A job that waits or is held keeps those behind it back; a dead one does not. A claim after a lease that ran out counts
    /// as an attempt. A job that cannot be read is buried.
    async fn job_claim(
        &self,
        org: &OrgId,
        now: Timestamp,
        lease_until: Timestamp,
        owner: &str,
        limit: u32,
    ) -> Result<Vec<ClaimedJob>>;
    /// Hold claims until `lease_until`. Gives the ids of those that still are the caller's; the others belong to somebody else now, and
    /// who works on them must stop.
    async fn job_heartbeat(&self, org: &OrgId, claims: &[JobDone], lease_until: Timestamp) -> Result<Vec<JobId>>;
    /// Give a claimed job back, to run now or at `due_at`, or hold it, or bury it. Ignored when the fence is not ours any more.
    async fn job_release(&self, org: &OrgId, id: &JobId, fence: i64, release: Release) -> Result<()>;
    /// Make the held jobs of a plugin ready again, and those of none, which may have waited for it.
    async fn job_unhold(&self, org: &OrgId, plugin: &PluginId) -> Result<u64>;
    /// When to look for jobs again: the earliest due time of a ready job that no other one keeps back, or the end of a lease.
    async fn job_next_due(&self, org: &OrgId) -> Result<Option<Timestamp>>;
    async fn job_counts(&self, org: &OrgId) -> Result<JobCounts>;
    async fn job_list(&self, org: &OrgId, state: domain::job::JobState, limit: u32) -> Result<Vec<Job>>;
    /// The jobs that start processes by time, by key, at most 1,000: those whose unique key begins with `start:`.
    async fn schedule_jobs(&self, org: &OrgId) -> Result<Vec<Job>>;
    /// Make a dead job ready again, with all its attempts.
    async fn job_retry(&self, org: &OrgId, id: &JobId, now: Timestamp) -> Result<bool>;
}

#[derive(Debug, Clone, PartialEq)]
pub struct ClaimedJob {
    pub job: Job,
    /// Goes up with every claim; a write for the job that carries an old one writes nothing.
    pub fence: i64,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Release {
    Retry {
        due_at: Timestamp,
        error: String,
    },
    /// It could not be tried, for a reason that is not its own: the attempt does not count.
    Later {
        due_at: Timestamp,
        error: String,
    },
    Hold {
        error: String,
    },
    Bury {
        error: String,
    },
    /// Nothing was done: it is ready at once, and the attempt does not count.
    GiveBack,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobCounts {
    pub ready: u64,
    pub held: u64,
    pub dead: u64,
}

/// A process that serves an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Random for each start: a name that is used again is another node.
    pub id: String,
    pub name: String,
    /// Of the program.
    pub version: String,
    pub started_at: Timestamp,
    pub seen_at: Timestamp,
    /// It counts as alive until then.
    pub lease_until: Timestamp,
}

#[async_trait]
pub trait Nodes: Send + Sync {
    /// Say that a node is alive, and forget those that were not for a day.
    async fn node_beat(&self, org: &OrgId, node: &Node) -> Result<()>;
    /// By start, the dead of the last day included.
    async fn node_list(&self, org: &OrgId) -> Result<Vec<Node>>;
}

/// A node whose lease ended this long before another one's sign of life is forgotten.
pub const NODE_KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// Messages to people, shown in the product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    pub id: String,
    pub person: PersonId,
    pub ticket: Option<TicketId>,
    pub at: Timestamp,
    pub subject: String,
    pub body: String,
    pub read: bool,
}

#[async_trait]
pub trait Notifications: Send + Sync {
    /// Newest first.
    async fn notification_list(&self, org: &OrgId, person: &PersonId, limit: u32) -> Result<Vec<Notification>>;
}

/// What may be forgotten when it is old.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Expired {
    /// Answers to commands, by when they were given.
    Answers,
    /// Sessions and tokens, by when they ended.
    Sessions,
    /// Messages that were read, by when they came.
    ReadNotifications,
    Notifications,
    /// Jobs that were given up, by when they were due.
    DeadJobs,
    /// Closed tickets, by when they were closed: archived and not deleted.
    ClosedTickets,
}

/// Everything together.
#[async_trait]
pub trait Store:
    Commits
    + Tickets
    + Blobs
    + People
    + Credentials
    + Cis
    + Records
    + Calendars
    + SavedQueries
    + PluginRows
    + Journal
    + Jobs
    + Nodes
    + Notifications
    + Flows
    + Outbox
    + Insight
    + std::fmt::Debug
{
    /// Answers if the database does.
    async fn ping(&self) -> Result<()>;
    /// Finish what is queued, make it durable, close.
    async fn close(&self);
    /// Verify every chain of the journal; the number of events checked, or the first break as [`StoreError::Corrupt`].
    async fn verify_journal(&self, org: &OrgId) -> Result<u64>;

    /// How many rows are older than a time, leaving out tickets that are `held`. A store that forgets nothing has none.
    async fn expired_count(&self, _org: &OrgId, _what: Expired, _before: Timestamp, _held: &Filter) -> Result<u64> {
        Ok(0)
    }

    /// Forget rows that are older than a time, or archive them, at most `limit` and never tickets that are `held`; the number of those.
    /// Doing it twice is doing it once.
    async fn expired_forget(
        &self,
        _org: &OrgId,
        _what: Expired,
        _before: Timestamp,
        _now: Timestamp,
        _limit: u32,
        _held: &Filter,
    ) -> Result<u64> {
        Ok(0)
    }
}

//! Tickets and what hangs on them.

use crate::kind::StateCategory;
use crate::{AttachmentId, CommentId, GroupId, KindId, Object, PersonId, SpaceId, TicketId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A unit of work with a lifecycle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ticket {
    pub id: TicketId,
    /// What people call it, for example INC0001234; unique in the organisation.
    pub number: String,
    pub kind: KindId,
    pub space: SpaceId,
    /// A state of the kind's lifecycle.
    pub state: String,
    /// What the state means for everybody else, so that "open" never names a state.
    pub category: StateCategory,
    pub title: String,
    pub requester: Option<PersonId>,
    pub opened_by: Option<PersonId>,
    pub group: Option<GroupId>,
    pub assignee: Option<PersonId>,
    pub parent: Option<TicketId>,
    /// Visible only to the people and groups named in its access list (and those it is for).
    pub restricted: bool,
    /// Counts the commits that touched it, from 1.
    pub version: u32,
    pub opened_at: Timestamp,
    pub updated_at: Timestamp,
    pub resolved_at: Option<Timestamp>,
    pub closed_at: Option<Timestamp>,
    /// The earliest due time of its running clocks: what a queue sorts by.
    pub due_at: Option<Timestamp>,
    /// What the kind defines.
    pub fields: Object,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Visibility {
    /// The requester sees it too.
    Public,
    /// Only those who work on the ticket see it.
    Internal,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    pub id: CommentId,
    pub ticket: TicketId,
    pub visibility: Visibility,
    /// Person or plugin id.
    pub author: String,
    pub at: Timestamp,
    pub body: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    pub id: AttachmentId,
    pub ticket: TicketId,
    pub name: String,
    pub media_type: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the content: the key of the blob.
    pub digest: String,
    pub author: String,
    pub at: Timestamp,
}

/// A typed link between two tickets, for example `caused-by`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Link {
    pub from: TicketId,
    #[serde(rename = "type")]
    pub link_type: String,
    pub to: TicketId,
}

/// Who may see a restricted ticket, besides the people it is for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessList {
    pub people: Vec<PersonId>,
    pub groups: Vec<GroupId>,
}

/// A ticket with everything that a decision about it needs: one read of the store.
#[derive(Debug, Clone, PartialEq)]
pub struct TicketBundle {
    pub ticket: Ticket,
    pub clocks: Vec<crate::Clock>,
    pub watchers: Vec<PersonId>,
    pub access: AccessList,
    pub links: Vec<Link>,
    /// Running flows about it, by id.
    pub flows: Vec<crate::InstanceId>,
}

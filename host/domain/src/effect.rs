//! Effects: everything that can be made to happen, by a person's command or by a plugin's decision, in one vocabulary.
//!
//! On the wire an effect is `{ "kind": "transition", "data": { … } }`. `ticket` is the id of the ticket that it is about; when absent,
//! the subject of the decision. A name that Weft knows but does not carry out yet is listed in [`RESERVED`] and refused by name.

use crate::ticket::Visibility;
use crate::{CiId, GroupId, KindId, Object, PersonId, RecordId, SpaceId, TicketId};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

/// Effects whose names are settled and which this version does not carry out.
pub const RESERVED: [&str; 1] = ["request-approval"];

/// A value that is left alone when absent and cleared when `null`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Patch<T> {
    #[default]
    Keep,
    Clear,
    Set(T),
}

impl<T> Patch<T> {
    #[must_use]
    pub fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Clear, Self::Set))
    }
}

impl<T: Serialize> Serialize for Patch<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Set(value) => serializer.serialize_some(value),
            Self::Keep | Self::Clear => serializer.serialize_none(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data", rename_all = "kebab-case")]
pub enum Effect {
    /// Set a field of the kind, or one of the envelope: `title`, `requester`, `restricted`. `null` removes it.
    SetField(SetField),
    /// Go to another state, by a transition of the kind's lifecycle.
    Transition(Transition),
    Assign(Assign),
    Comment(AddComment),
    CreateTicket(Box<CreateTicket>),
    Link(LinkChange),
    Unlink(LinkChange),
    /// `parent: null` makes it a ticket of its own again.
    SetParent(SetParent),
    /// Add or remove watchers.
    Watch(Watch),
    /// Name the people and groups who may see a restricted ticket: replaces the list.
    SetAccess(SetAccess),
    /// Add people to that list or take them from it, whoever else is in it.
    ChangeAccess(ChangeAccess),
    /// Add a file whose content is already in the blob store under its digest.
    Attach(Attach),
    /// Start a clock, or start it again with a new due time after a pause or a change of target.
    StartClock(StartClock),
    PauseClock(PauseClock),
    StopClock(StopClock),
    /// Have `timer.fired` delivered to this plugin at an instant; the same key replaces an earlier one.
    Schedule(Schedule),
    Unschedule(Unschedule),
    /// Tell people something in the product.
    Notify(Notify),
    /// Have the host make an HTTP request after the commit. Whoever wants to go on with the answer asks from a step of a flow.
    Call(Box<Call>),
    /// Send a mail after the commit.
    Mail(Box<Mail>),
    /// Run a process about a ticket. One that already runs for this process and ticket stays as it is.
    StartFlow(Box<StartFlow>),
    /// Tell the flows that wait for a message of this name and key; kept for a while when none waits yet.
    SendMessage(Box<SendMessage>),
    UpsertRecord(Box<UpsertRecord>),
    UpsertCi(Box<UpsertCi>),
    RelateCis(RelateCis),
    UnrelateCis(RelateCis),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetField {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketId>,
    pub field: String,
    pub value: serde_json::Value,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transition {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketId>,
    /// The state to go to.
    pub to: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assign {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketId>,
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub group: Patch<GroupId>,
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    pub assignee: Patch<PersonId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddComment {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketId>,
    pub visibility: Visibility,
    /// Markdown, at most 64 KiB.
    pub body: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateTicket {
    pub kind: KindId,
    pub space: SpaceId,
    pub title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester: Option<PersonId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<PersonId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<TicketId>,
    #[serde(default)]
    pub restricted: bool,
    #[serde(default)]
    pub fields: Object,
    /// What another system called it and where it stood there; only an import may say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<Imported>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Imported {
    pub number: String,
    pub state: String,
    pub opened_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkChange {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketId>,
    #[serde(rename = "type")]
    pub link_type: String,
    pub other: TicketId,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetParent {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketId>,
    pub parent: Option<TicketId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watch {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub add: Vec<PersonId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<PersonId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetAccess {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketId>,
    pub people: Vec<PersonId>,
    pub groups: Vec<GroupId>,
    /// What asked for it, for whoever asks why somebody does not see the ticket. In the journal only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeAccess {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub add: Vec<PersonId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<PersonId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attach {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketId>,
    pub name: String,
    pub media_type: String,
    pub size: u64,
    pub digest: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartClock {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketId>,
    pub name: String,
    pub title: String,
    pub started_at: Timestamp,
    pub due_at: Timestamp,
    pub reason: String,
    #[serde(default)]
    pub data: serde_json::Value,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PauseClock {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketId>,
    pub name: String,
    pub reason: String,
    #[serde(default)]
    pub data: serde_json::Value,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StopClock {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketId>,
    pub name: String,
    pub at: Timestamp,
    /// True if the measurement does not count: the clock is cancelled, not met.
    #[serde(default)]
    pub cancelled: bool,
    pub reason: String,
    #[serde(default)]
    pub data: serde_json::Value,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketId>,
    /// Unique for the plugin on this ticket.
    pub key: String,
    pub at: Timestamp,
    #[serde(default)]
    pub data: serde_json::Value,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unschedule {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketId>,
    pub key: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notify {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketId>,
    pub people: Vec<PersonId>,
    #[serde(default)]
    pub groups: Vec<GroupId>,
    pub subject: String,
    pub body: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketId>,
    /// In capitals.
    pub method: String,
    pub url: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// 1 to 30; 30 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u32>,
    /// Making it twice does no harm, or the other side honours the header `Idempotency-Key`: it is made again when no answer came.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub idempotent: bool,
    /// Back-offs such as `PT10S,PT1M,PT10M`; those of the installation when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backoff: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketId>,
    /// People with a mail address, whatever they prefer for notifications.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<PersonId>,
    /// Addresses of others. Each recipient gets a mail of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<String>,
    pub subject: String,
    /// Plain text, at most 64 KiB.
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartFlow {
    /// Id of the process in its model.
    pub process: String,
    /// What the flow is about; the subject of the decision when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketId>,
    #[serde(default)]
    pub variables: Object,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendMessage {
    pub name: String,
    /// Which of the waiting flows is meant, for example the id of its ticket.
    pub correlation_key: String,
    #[serde(default)]
    pub variables: Object,
    /// The ticket on whose account it is sent; the subject of the decision when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketId>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpsertRecord {
    /// Absent to create one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<RecordId>,
    pub kind: KindId,
    pub space: SpaceId,
    pub title: String,
    /// Absent to keep the state (the initial one when it is new).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    pub fields: Object,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpsertCi {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ci: Option<CiId>,
    pub name: String,
    pub class: String,
    pub space: SpaceId,
    #[serde(default)]
    pub attributes: Object,
    /// What later effects of the same list call it: `@` and the handle. The id of a new item is not known before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retire: Option<Retire>,
    /// A retired item is in use again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub revive: bool,
}

/// The item is not in use any more: it stays with its history, and lists and searches leave it out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retire {
    pub why: String,
    /// The item that takes its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub into: Option<CiId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelateCis {
    /// An id, or `@` and the handle of an item that an earlier effect creates; so is `to`.
    pub from: CiId,
    #[serde(rename = "type")]
    pub relation_type: String,
    pub to: CiId,
}

impl Effect {
    /// The name on the wire; also the name a grant uses.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::SetField(_) => "set-field",
            Self::Transition(_) => "transition",
            Self::Assign(_) => "assign",
            Self::Comment(_) => "comment",
            Self::CreateTicket(_) => "create-ticket",
            Self::Link(_) => "link",
            Self::Unlink(_) => "unlink",
            Self::SetParent(_) => "set-parent",
            Self::Watch(_) => "watch",
            Self::SetAccess(_) => "set-access",
            Self::ChangeAccess(_) => "change-access",
            Self::Attach(_) => "attach",
            Self::StartClock(_) => "start-clock",
            Self::PauseClock(_) => "pause-clock",
            Self::StopClock(_) => "stop-clock",
            Self::Schedule(_) => "schedule",
            Self::Unschedule(_) => "unschedule",
            Self::Notify(_) => "notify",
            Self::Call(_) => "call",
            Self::Mail(_) => "mail",
            Self::StartFlow(_) => "start-flow",
            Self::SendMessage(_) => "send-message",
            Self::UpsertRecord(_) => "upsert-record",
            Self::UpsertCi(_) => "upsert-ci",
            Self::RelateCis(_) => "relate-cis",
            Self::UnrelateCis(_) => "unrelate-cis",
        }
    }

    /// The ticket that the effect names, when it names one.
    #[must_use]
    pub fn ticket(&self) -> Option<&TicketId> {
        match self {
            Self::SetField(e) => e.ticket.as_ref(),
            Self::Transition(e) => e.ticket.as_ref(),
            Self::Assign(e) => e.ticket.as_ref(),
            Self::Comment(e) => e.ticket.as_ref(),
            Self::Link(e) | Self::Unlink(e) => e.ticket.as_ref(),
            Self::SetParent(e) => e.ticket.as_ref(),
            Self::Watch(e) => e.ticket.as_ref(),
            Self::SetAccess(e) => e.ticket.as_ref(),
            Self::ChangeAccess(e) => e.ticket.as_ref(),
            Self::Attach(e) => e.ticket.as_ref(),
            Self::StartClock(e) => e.ticket.as_ref(),
            Self::PauseClock(e) => e.ticket.as_ref(),
            Self::StopClock(e) => e.ticket.as_ref(),
            Self::Schedule(e) => e.ticket.as_ref(),
            Self::Unschedule(e) => e.ticket.as_ref(),
            Self::Notify(e) => e.ticket.as_ref(),
            Self::Call(e) => e.ticket.as_ref(),
            Self::Mail(e) => e.ticket.as_ref(),
            Self::StartFlow(e) => e.ticket.as_ref(),
            Self::SendMessage(e) => e.ticket.as_ref(),
            Self::CreateTicket(_)
            | Self::UpsertRecord(_)
            | Self::UpsertCi(_)
            | Self::RelateCis(_)
            | Self::UnrelateCis(_) => None,
        }
    }
}

//! What shall happen, as data. The host checks each effect against grants and rights and commits all of them or none.

use crate::{Instant, Object, Value};
use serde::Serialize;
use serde_json::json;
use std::borrow::Cow;

mod item;
mod outgoing;

pub use item::UpsertCi;
pub use outgoing::{Call, Mail};

/// One effect; on the wire `{"kind": "transition", "data": {"to": "resolved"}}`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Effect {
    pub kind: Cow<'static, str>,
    pub data: Object,
}

impl Effect {
    /// A text of the data.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.data.get(name)?.as_str()
    }
}

/// Who sees a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// The requester too.
    Public,
    /// Those who work on the ticket.
    Internal,
}

impl Visibility {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Internal => "internal",
        }
    }
}

/// A list of effects, in the order in which they are applied.
///
/// They are about the subject of the decision; after [`Effects::on`], about another ticket.
///
/// ```
/// use weft_sdk::Effects;
///
/// let effects = Effects::new()
///     .set_field("priority", 1)
///     .comment_internal("Priority set by hand.")
///     .on("T2")
///     .transition("in-progress");
/// assert_eq!(effects.kinds(), ["set-field", "comment", "transition"]);
/// assert_eq!(effects.iter().last().unwrap().text("ticket"), Some("T2"));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Effects {
    list: Vec<Effect>,
    ticket: Option<String>,
}

impl PartialEq for Effects {
    fn eq(&self, other: &Self) -> bool {
        self.list == other.list
    }
}

impl IntoIterator for Effects {
    type Item = Effect;
    type IntoIter = std::vec::IntoIter<Effect>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl From<Effects> for Vec<Effect> {
    fn from(effects: Effects) -> Self {
        effects.list
    }
}

/// A measurement to start, or to start again with a new due time.
#[derive(Debug, Clone, PartialEq)]
pub struct StartClock<'a> {
    /// Unique on the ticket.
    pub name: &'a str,
    pub title: &'a str,
    pub started_at: Instant,
    pub due_at: Instant,
    /// Why it is due then, for people.
    pub reason: &'a str,
    /// What the plugin wants back with the clock.
    pub data: Value,
}

/// A measurement that ends.
#[derive(Debug, Clone, PartialEq)]
pub struct StopClock<'a> {
    pub name: &'a str,
    pub at: Instant,
    /// The measurement does not count: neither met nor missed.
    pub cancelled: bool,
    pub reason: &'a str,
    pub data: Value,
}

/// A file whose content is already in the blob store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attach<'a> {
    pub name: &'a str,
    pub media_type: &'a str,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the content, hexadecimal.
    pub digest: &'a str,
}

/// A message in the product.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Notify<'a> {
    pub people: &'a [&'a str],
    pub groups: &'a [&'a str],
    pub subject: &'a str,
    pub body: &'a str,
}

/// A process to run about a ticket.
///
/// ```
/// use weft_sdk::{Effects, StartFlow};
///
/// let flow = StartFlow::new("laptop-request").variable("finance_limit", 1500);
/// let effects = Effects::new().start_flow(flow);
/// assert_eq!(effects.kinds(), ["start-flow"]);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct StartFlow(Object);

impl StartFlow {
    /// `process` is the id of the process in its model.
    #[must_use]
    pub fn new(process: &str) -> Self {
        Self(object(json!({"process": process, "variables": {}})))
    }

    /// A variable that the flow starts with.
    #[must_use]
    pub fn variable(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0["variables"][name] = value.into();
        self
    }

    /// All members of an object as variables.
    #[must_use]
    pub fn variables(mut self, variables: Object) -> Self {
        for (name, value) in variables {
            self.0["variables"][&name] = value;
        }
        self
    }
}

/// A message to the flows that wait for it.
#[derive(Debug, Clone, PartialEq)]
pub struct SendMessage(Object);

impl SendMessage {
    /// Flows wait for a name and a key, for example the id of their ticket.
    #[must_use]
    pub fn new(name: &str, correlation_key: &str) -> Self {
        Self(object(json!({"name": name, "correlation_key": correlation_key, "variables": {}})))
    }

    /// A variable that the flow gets with it.
    #[must_use]
    pub fn variable(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0["variables"][name] = value.into();
        self
    }
}

/// A ticket to create.
///
/// ```
/// use weft_sdk::{CreateTicket, Effects};
///
/// let task = CreateTicket::new("task", "it", "Order a laptop").requester("ana").group("hardware").field("model", "T14");
/// let effects = Effects::new().create_ticket(task);
/// assert_eq!(effects.kinds(), ["create-ticket"]);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CreateTicket(Object);

impl CreateTicket {
    #[must_use]
    pub fn new(kind: &str, space: &str, title: &str) -> Self {
        Self(object(json!({"kind": kind, "space": space, "title": title, "restricted": false, "fields": {}})))
    }

    fn put(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    #[must_use]
    pub fn requester(self, person: &str) -> Self {
        self.put("requester", person)
    }

    #[must_use]
    pub fn group(self, group: &str) -> Self {
        self.put("group", group)
    }

    #[must_use]
    pub fn assignee(self, person: &str) -> Self {
        self.put("assignee", person)
    }

    #[must_use]
    pub fn parent(self, ticket: &str) -> Self {
        self.put("parent", ticket)
    }

    /// Visible to named people and groups only.
    #[must_use]
    pub fn restricted(self) -> Self {
        self.put("restricted", true)
    }

    #[must_use]
    pub fn field(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0["fields"][name] = value.into();
        self
    }
}

/// A record to create or to change.
#[derive(Debug, Clone, PartialEq)]
pub struct UpsertRecord(Object);

impl UpsertRecord {
    /// Creates one, unless [`UpsertRecord::record`] names it.
    #[must_use]
    pub fn new(kind: &str, space: &str, title: &str) -> Self {
        Self(object(json!({"kind": kind, "space": space, "title": title, "fields": {}})))
    }

    #[must_use]
    pub fn record(mut self, id: &str) -> Self {
        self.0.insert("record".to_owned(), id.into());
        self
    }

    /// Goes to this state; without it, keeps its own or starts in the first.
    #[must_use]
    pub fn state(mut self, state: &str) -> Self {
        self.0.insert("state".to_owned(), state.into());
        self
    }

    #[must_use]
    pub fn field(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0["fields"][name] = value.into();
        self
    }
}

fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        _ => Object::new(),
    }
}

impl Effects {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What follows is about this ticket. A guard may only change the ticket that it is asked about.
    #[must_use]
    pub fn on(mut self, ticket: &str) -> Self {
        self.ticket = Some(ticket.to_owned());
        self
    }

    /// What follows is about the subject of the decision again.
    #[must_use]
    pub fn on_subject(mut self) -> Self {
        self.ticket = None;
        self
    }

    /// More of it under a condition, without leaving the chain.
    ///
    /// ```
    /// use weft_sdk::Effects;
    ///
    /// let major = true;
    /// let effects = Effects::new().transition("resolved").when(!major, |effects| effects.unschedule("auto-close"));
    /// assert_eq!(effects.kinds(), ["transition"]);
    /// ```
    #[must_use]
    pub fn when(self, condition: bool, more: impl FnOnce(Self) -> Self) -> Self {
        if condition { more(self) } else { self }
    }

    /// These, then those.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.list.extend(other.list);
        self
    }

    pub fn iter(&self) -> impl Iterator<Item = &Effect> {
        self.list.iter()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// For tests: the kinds, in order.
    #[must_use]
    pub fn kinds(&self) -> Vec<&str> {
        self.list.iter().map(|effect| effect.kind.as_ref()).collect()
    }

    /// For tests: all of the others are among these.
    #[must_use]
    pub fn include(&self, others: &Self) -> bool {
        others.list.iter().all(|effect| self.list.contains(effect))
    }

    fn push(mut self, kind: &'static str, data: Value) -> Self {
        self.list.push(Effect { kind: Cow::Borrowed(kind), data: object(data) });
        self
    }

    fn push_on_ticket(self, kind: &'static str, mut data: Value) -> Self {
        if let Some(ticket) = &self.ticket {
            data["ticket"] = ticket.as_str().into();
        }
        self.push(kind, data)
    }

    /// Set a field of the kind, or `title`, `requester`, `restricted` of the envelope; `null` removes it.
    #[must_use]
    pub fn set_field(self, field: &str, value: impl Into<Value>) -> Self {
        let value: Value = value.into();
        self.push_on_ticket("set-field", json!({"field": field, "value": value}))
    }

    #[must_use]
    pub fn clear_field(self, field: &str) -> Self {
        self.set_field(field, Value::Null)
    }

    /// Go to another state.
    #[must_use]
    pub fn transition(self, to: &str) -> Self {
        self.push_on_ticket("transition", json!({"to": to}))
    }

    /// Give it to a person; the group stays.
    #[must_use]
    pub fn assign(self, person: &str) -> Self {
        self.push_on_ticket("assign", json!({"assignee": person}))
    }

    /// Give it to a group; the assignee stays.
    #[must_use]
    pub fn assign_group(self, group: &str) -> Self {
        self.push_on_ticket("assign", json!({"group": group}))
    }

    /// Give it to a group and to a person of it, or to nobody of it yet.
    #[must_use]
    pub fn assign_in_group(self, group: &str, person: Option<&str>) -> Self {
        self.push_on_ticket("assign", json!({"group": group, "assignee": person}))
    }

    /// Take it from its assignee; the group stays.
    #[must_use]
    pub fn unassign(self) -> Self {
        self.push_on_ticket("assign", json!({"assignee": null}))
    }

    /// Say something that the requester sees too; Markdown, at most 64 KiB.
    #[must_use]
    pub fn comment_public(self, body: impl Into<String>) -> Self {
        self.comment(Visibility::Public, body)
    }

    /// Say something to those who work on it.
    #[must_use]
    pub fn comment_internal(self, body: impl Into<String>) -> Self {
        self.comment(Visibility::Internal, body)
    }

    #[must_use]
    pub fn comment(self, visibility: Visibility, body: impl Into<String>) -> Self {
        self.push_on_ticket("comment", json!({"visibility": visibility.as_str(), "body": body.into()}))
    }

    #[must_use]
    pub fn create_ticket(self, ticket: CreateTicket) -> Self {
        self.push("create-ticket", Value::Object(ticket.0))
    }

    /// Link it to another ticket, for example as `caused-by`.
    #[must_use]
    pub fn link(self, link_type: &str, other: &str) -> Self {
        self.push_on_ticket("link", json!({"type": link_type, "other": other}))
    }

    #[must_use]
    pub fn unlink(self, link_type: &str, other: &str) -> Self {
        self.push_on_ticket("unlink", json!({"type": link_type, "other": other}))
    }

    #[must_use]
    pub fn set_parent(self, parent: &str) -> Self {
        self.push_on_ticket("set-parent", json!({"parent": parent}))
    }

    /// Make it a ticket of its own again.
    #[must_use]
    pub fn clear_parent(self) -> Self {
        self.push_on_ticket("set-parent", json!({"parent": null}))
    }

    #[must_use]
    pub fn watch(self, people: &[&str]) -> Self {
        self.push_on_ticket("watch", json!({"add": people}))
    }

    #[must_use]
    pub fn unwatch(self, people: &[&str]) -> Self {
        self.push_on_ticket("watch", json!({"remove": people}))
    }

    /// Name the people and groups who may see it while it is restricted: replaces the list.
    #[must_use]
    pub fn set_access(self, people: &[&str], groups: &[&str]) -> Self {
        self.push_on_ticket("set-access", json!({"people": people, "groups": groups}))
    }

    /// The same, with what asked for it: who is told why somebody sees the ticket or does not is told this too.
    #[must_use]
    pub fn set_access_because(self, people: &[&str], groups: &[&str], because: &str) -> Self {
        self.push_on_ticket("set-access", json!({"people": people, "groups": groups, "because": because}))
    }

    /// Let people see it while it is restricted, whoever else may.
    #[must_use]
    pub fn grant_access(self, people: &[&str]) -> Self {
        self.push_on_ticket("change-access", json!({"add": people}))
    }

    /// Take them from the people who may see it.
    #[must_use]
    pub fn revoke_access(self, people: &[&str]) -> Self {
        self.push_on_ticket("change-access", json!({"remove": people}))
    }

    #[must_use]
    pub fn attach(self, file: Attach<'_>) -> Self {
        let Attach { name, media_type, size, digest } = file;
        self.push_on_ticket("attach", json!({"name": name, "media_type": media_type, "size": size, "digest": digest}))
    }

    #[must_use]
    pub fn start_clock(self, clock: StartClock<'_>) -> Self {
        let StartClock { name, title, started_at, due_at, reason, data } = clock;
        let data = json!({"name": name, "title": title, "started_at": started_at.to_string(), "due_at": due_at.to_string(),
            "reason": reason, "data": data});
        self.push_on_ticket("start-clock", data)
    }

    /// Let a clock rest; start it again with its new due time.
    #[must_use]
    pub fn pause_clock(self, name: &str, reason: &str, data: Value) -> Self {
        self.push_on_ticket("pause-clock", json!({"name": name, "reason": reason, "data": data}))
    }

    #[must_use]
    pub fn stop_clock(self, clock: StopClock<'_>) -> Self {
        let StopClock { name, at, cancelled, reason, data } = clock;
        let data = json!({"name": name, "at": at.to_string(), "cancelled": cancelled, "reason": reason, "data": data});
        self.push_on_ticket("stop-clock", data)
    }

    /// Have `timer.fired` delivered to this plugin; the same key on the same ticket replaces an earlier one.
    #[must_use]
    pub fn schedule(self, key: &str, at: Instant, data: Value) -> Self {
        self.push_on_ticket("schedule", json!({"key": key, "at": at.to_string(), "data": data}))
    }

    /// Forget a timer; one that does not exist is no error.
    #[must_use]
    pub fn unschedule(self, key: &str) -> Self {
        self.push_on_ticket("unschedule", json!({"key": key}))
    }

    #[must_use]
    pub fn notify(self, message: Notify<'_>) -> Self {
        let Notify { people, groups, subject, body } = message;
        self.push_on_ticket("notify", json!({"people": people, "groups": groups, "subject": subject, "body": body}))
    }

    /// Make a request; the plugin needs a grant for its address.
    #[must_use]
    pub fn call(self, call: Call) -> Self {
        self.push_on_ticket("call", Value::Object(call.0))
    }

    #[must_use]
    pub fn mail(self, mail: Mail<'_>) -> Self {
        let Mail { people, to, subject, text } = mail;
        let mut data = json!({"subject": subject, "text": text});
        for (name, list) in [("people", people), ("to", to)] {
            if !list.is_empty() {
                data[name] = json!(list);
            }
        }
        self.push_on_ticket("mail", data)
    }

    /// Run a process about the ticket; one that already runs for both stays as it is.
    #[must_use]
    pub fn start_flow(self, flow: StartFlow) -> Self {
        self.push_on_ticket("start-flow", Value::Object(flow.0))
    }

    /// Tell the flows that wait for it.
    #[must_use]
    pub fn send_message(self, message: SendMessage) -> Self {
        self.push_on_ticket("send-message", Value::Object(message.0))
    }

    #[must_use]
    pub fn upsert_record(self, record: UpsertRecord) -> Self {
        self.push("upsert-record", Value::Object(record.0))
    }

    #[must_use]
    pub fn upsert_ci(self, ci: UpsertCi) -> Self {
        self.push("upsert-ci", Value::Object(ci.0))
    }

    /// Relate two CIs, for example `from` `runs-on` `to`.
    #[must_use]
    pub fn relate_cis(self, from: &str, relation_type: &str, to: &str) -> Self {
        self.push("relate-cis", json!({"from": from, "type": relation_type, "to": to}))
    }

    #[must_use]
    pub fn unrelate_cis(self, from: &str, relation_type: &str, to: &str) -> Self {
        self.push("unrelate-cis", json!({"from": from, "type": relation_type, "to": to}))
    }
}

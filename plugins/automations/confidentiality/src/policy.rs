//! What a policy says, which ones hold for a ticket, and what cannot be meant.

use weft_sdk::Record;
use weft_sdk::prelude::*;

pub(crate) const KIND: &str = "access-policy";
/// Names of the envelope that a condition may ask for beside the fields of the kind.
const ENVELOPE: [&str; 5] = ["state", "title", "group", "assignee", "requester"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeps {
    Read,
    Write,
    Lock,
}

#[derive(Debug)]
pub(crate) struct Policy {
    keeps: Keeps,
    record: Record,
}

impl Policy {
    /// As people know it.
    pub(crate) fn name(&self) -> String {
        format!("the policy {} \"{}\"", self.record.number, self.record.title)
    }

    /// It is about such tickets of this space, and every field has the value, or one of the values.
    fn holds(&self, ticket: &Ticket) -> bool {
        let policy = &self.record;
        policy.space == ticket.space
            && policy.text("ticket_kind") == Some(&ticket.kind)
            && policy.field("when").as_object().into_iter().flatten().all(|(field, wanted)| {
                let value = ticket.value(field);
                wanted.as_array().map_or(value == *wanted, |any| any.contains(&value))
            })
    }

    pub(crate) fn groups(&self) -> Vec<&str> {
        self.record.field("groups").as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    }
}

/// Those in force, in their order.
#[derive(Debug)]
pub(crate) struct Policies(Vec<Policy>);

impl Policies {
    pub(crate) fn read(host: &impl Host) -> Result<Self, Fault> {
        let mut found: Vec<Record> = host.records(KIND, Some("active"))?;
        found.sort_by_key(|policy| (policy.integer("order").unwrap_or(100), policy.number.clone()));
        Ok(Self(found.into_iter().map(|record| Policy { keeps: keeps(&record), record }).collect()))
    }

    /// The first of some sorts that holds for a ticket.
    pub(crate) fn first(&self, ticket: &Ticket, sorts: &[Keeps]) -> Option<&Policy> {
        self.0.iter().find(|policy| sorts.contains(&policy.keeps) && policy.holds(ticket))
    }
}

fn keeps(policy: &Record) -> Keeps {
    match policy.text("keeps") {
        Some("write") => Keeps::Write,
        Some("lock") => Keeps::Lock,
        _ => Keeps::Read,
    }
}

/// Everything that is wrong with a policy, at once.
pub(crate) fn check(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    let policy = &change.after;
    let mut refused = Rejection::none();
    let kinds = change.context.extra.get("kinds").unwrap_or(&Value::Null);
    let kind = policy.text("ticket_kind").unwrap_or_default();
    if !kinds.is_null() && kinds.get(kind).is_none() {
        refused.add("/fields/ticket_kind", "unknown-kind", format!("there are no tickets of the kind `{kind}`"));
    }
    let fields = kinds[kind]["fields"].as_object();
    for (field, wanted) in policy.field("when").as_object().into_iter().flatten() {
        let pointer = format!("/fields/when/{field}");
        if let Some(fields) = fields
            && !fields.contains_key(field)
            && !ENVELOPE.contains(&field.as_str())
        {
            let known: Vec<&str> = fields.keys().map(String::as_str).collect();
            let message = format!("`{kind}` has no field `{field}`; it has {}", known.join(", "));
            refused.add(pointer.clone(), "unknown-field", message);
        }
        if wanted.as_array().is_some_and(Vec::is_empty) {
            refused.add(pointer, "never-true", format!("no value of `{field}` is enough: name one, or leave it out"));
        }
    }
    let groups = policy.field("groups").as_array().cloned().unwrap_or_default();
    let mut members = 0;
    for group in groups.iter().filter_map(Value::as_str) {
        members += host.members(group)?.len();
    }
    if policy.state != "retired" && members == 0 {
        refused.add("/fields/groups", "nobody", "nobody is in these groups, so nobody could work on such tickets");
    }
    refused.or_ok(Effects::new())
}

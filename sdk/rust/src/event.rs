//! A committed fact that a plugin may answer.

use crate::{Instant, Object, Value};

/// Something that was committed.
///
/// ```
/// use weft_sdk::{Event, json};
///
/// let event = Event::about("ticket.changed", "T1", json!({"changes": [
///     {"field": "state", "from": "new", "to": "in-progress"},
///     {"field": "fields.impact", "from": 3, "to": 1},
/// ]}));
/// assert!(event.entered("in-progress") && event.changed("impact"));
/// assert_eq!(event.change("state").unwrap().from, "new");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub id: String,
    /// For example `ticket.created`, `ticket.changed`, `comment.added`, `clock.due`, `timer.fired`.
    pub kind: String,
    /// `ticket`, `record` or `ci`.
    pub subject_kind: String,
    pub subject: String,
    pub at: Instant,
    pub actor: String,
    pub data: Object,
}

/// One value that a `ticket.changed` event tells of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FieldChange<'a> {
    pub from: &'a Value,
    pub to: &'a Value,
}

impl Event {
    /// For tests: an event about a ticket.
    #[must_use]
    pub fn about(kind: &str, ticket: &str, data: Value) -> Self {
        Self {
            id: "E1".to_owned(),
            kind: kind.to_owned(),
            subject_kind: "ticket".to_owned(),
            subject: ticket.to_owned(),
            at: Instant::default(),
            actor: "agent".to_owned(),
            data: data.as_object().cloned().unwrap_or_default(),
        }
    }

    /// For tests: an event about a record.
    #[must_use]
    pub fn of_record(kind: &str, record: &str, data: Value) -> Self {
        Self { subject_kind: "record".to_owned(), ..Self::about(kind, record, data) }
    }

    /// For tests: the change of a state.
    #[must_use]
    pub fn state_change(ticket: &str, from: &str, to: &str) -> Self {
        let change = serde_json::json!({"field": "state", "from": from, "to": to});
        Self::about("ticket.changed", ticket, serde_json::json!({"changes": [change]}))
    }

    /// For tests: a timer that the plugin set.
    #[must_use]
    pub fn timer(ticket: &str, key: &str, data: Value) -> Self {
        Self::about("timer.fired", ticket, serde_json::json!({"key": key, "data": data}))
    }

    /// What the event says under this name; `null` when nothing.
    #[must_use]
    pub fn value(&self, name: &str) -> &Value {
        self.data.get(name).unwrap_or(&Value::Null)
    }

    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.value(name).as_str()
    }

    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        self.value(name).as_bool().unwrap_or(false)
    }

    /// What a `ticket.changed` event says about a value of the envelope or a field of the kind.
    #[must_use]
    pub fn change(&self, name: &str) -> Option<FieldChange<'_>> {
        let is = |field: &Value| {
            field.as_str().is_some_and(|field| field == name || field.strip_prefix("fields.") == Some(name))
        };
        let change = self.value("changes").as_array()?.iter().find(|change| is(&change["field"]))?;
        Some(FieldChange { from: &change["from"], to: &change["to"] })
    }

    #[must_use]
    pub fn changed(&self, name: &str) -> bool {
        self.change(name).is_some()
    }

    /// A `ticket.changed` event by which the ticket came into a state.
    #[must_use]
    pub fn entered(&self, state: &str) -> bool {
        self.change("state").is_some_and(|change| change.to == state)
    }

    /// A `timer.fired` event of the timer with this key.
    #[must_use]
    pub fn is_timer(&self, key: &str) -> bool {
        self.kind == "timer.fired" && self.text("key") == Some(key)
    }
}

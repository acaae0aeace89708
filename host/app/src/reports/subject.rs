//! One thing that a report counts, as it is or as it was: what conditions ask about it, and what its journal takes back. Pure.
//!
//! Conditions mean here what they mean in the query of a store ([`domain::filter::Filter`]).

use domain::filter::Field;
use domain::kind::{Kind, StateCategory};
use domain::report::{By, CLASS, Condition, Group, On, Report};
use domain::{Ci, Event, Object, Record, Ticket};
use jiff::Timestamp;
use serde_json::Value;
use store::Fact;
use store::insight::group_word;

/// A ticket, a record or a configuration item.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Subject {
    pub(super) id: String,
    kind: String,
    space: String,
    pub(super) state: Option<String>,
    category: Option<StateCategory>,
    group: Option<String>,
    assignee: Option<String>,
    pub(super) fields: Object,
    pub(super) opened_at: Timestamp,
    resolved_at: Option<Timestamp>,
    closed_at: Option<Timestamp>,
}

impl Subject {
    pub(super) fn of_ticket(ticket: Ticket) -> Self {
        Self {
            id: ticket.id.0,
            kind: ticket.kind.0,
            space: ticket.space.0,
            state: Some(ticket.state),
            category: Some(ticket.category),
            group: ticket.group.map(|id| id.0),
            assignee: ticket.assignee.map(|id| id.0),
            fields: ticket.fields,
            opened_at: ticket.opened_at,
            resolved_at: ticket.resolved_at,
            closed_at: ticket.closed_at,
        }
    }

    /// A record keeps no time of its creation; whoever needs it finds it in the journal.
    pub(super) fn of_record(record: Record, created_at: Timestamp) -> Self {
        Self {
            id: record.id.0,
            kind: record.kind.0,
            space: record.space.0,
            state: Some(record.state),
            category: Some(record.category),
            group: None,
            assignee: None,
            fields: record.fields,
            opened_at: created_at,
            resolved_at: None,
            closed_at: None,
        }
    }

    /// A configuration item, whose class is asked about as an attribute.
    pub(super) fn of_ci(ci: Ci, created_at: Timestamp) -> Self {
        let mut fields = ci.attributes;
        fields.insert(CLASS.to_owned(), Value::from(ci.class));
        Self {
            id: ci.id.0,
            kind: domain::report::CI.to_owned(),
            space: ci.space.0,
            state: None,
            category: None,
            group: None,
            assignee: None,
            fields,
            opened_at: created_at,
            resolved_at: None,
            closed_at: None,
        }
    }

    pub(super) fn meets(&self, conditions: &[Condition]) -> bool {
        conditions.iter().all(|condition| self.holds(condition) != condition.negated)
    }

    fn holds(&self, condition: &Condition) -> bool {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match &condition.on {
            On::Column(column) if condition.values.is_empty() => self.column(*column).is_none(),
            On::Column(column) => {
                self.column(*column).is_some_and(|value| condition.values.iter().any(|wanted| text(wanted) == value))
            }
            On::Field(name) => self.fields.get(name).is_some_and(|value| condition.values.contains(value)),
        }
    }

    fn column(&self, column: Field) -> Option<&str> {
        match column {
            Field::Id => Some(&self.id),
            Field::Kind => Some(&self.kind),
            Field::Space => Some(&self.space),
            Field::State => self.state.as_deref(),
            Field::Category => self.category.map(StateCategory::as_str),
            Field::Group => self.group.as_deref(),
            Field::Assignee => self.assignee.as_deref(),
            // Reports do not ask about these.
            Field::Number | Field::Requester | Field::OpenedBy | Field::Parent | Field::Restricted => None,
        }
    }

    /// Whether the time that a report is about is known and not before an instant.
    pub(super) fn is_since(&self, by: By, since: Option<Timestamp>) -> bool {
        let at = match by {
            By::Opened => Some(self.opened_at),
            By::Resolved => self.resolved_at,
            By::Closed => self.closed_at,
        };
        since.is_none_or(|since| at.is_some_and(|at| at >= since))
    }

    pub(super) fn fact(self, report: &Report) -> Fact {
        let json = |name: &str| self.fields.get(name).map(Value::to_string);
        let group = match &report.group {
            Some(Group::Column(column)) => self.column(*column).map(str::to_owned),
            Some(Group::Field(name)) => group_word(json(name).as_deref()),
            _ => None,
        };
        let value = report.measure.field().and_then(|name| json(name)?.parse().ok());
        Fact {
            group,
            value,
            ticket: self.id.into(),
            opened_at: self.opened_at,
            resolved_at: self.resolved_at,
            closed_at: self.closed_at,
        }
    }

    /// Take back what some events say, the newest first. Whether its state was another one since.
    pub(super) fn undo(&mut self, newest_first: &[Event]) -> bool {
        let mut moved = false;
        for event in newest_first {
            for change in event.data["changes"].as_array().into_iter().flatten() {
                let (field, from) = (change["field"].as_str().unwrap_or_default(), &change["from"]);
                let text = || from.as_str().map(str::to_owned);
                match (field, field.strip_prefix("fields.")) {
                    (_, Some(name)) if from.is_null() => drop(self.fields.remove(name)),
                    (_, Some(name)) => drop(self.fields.insert(name.to_owned(), from.clone())),
                    ("state", None) => (self.state, moved) = (text(), true),
                    ("group", None) => self.group = text(),
                    ("assignee", None) => self.assignee = text(),
                    (CLASS, None) => drop(self.fields.insert(CLASS.to_owned(), from.clone())),
                    _ => {}
                }
            }
        }
        moved
    }

    /// What the state that it has now means. Something that goes on was neither resolved nor closed.
    pub(super) fn settle(&mut self, kind: Option<&Kind>) {
        let state = self.state.as_deref().and_then(|state| kind?.state(state));
        self.category = state.map(|state| state.category).or(self.category);
        if let Some(StateCategory::New | StateCategory::Active | StateCategory::Paused) = self.category {
            (self.resolved_at, self.closed_at) = (None, None);
        }
    }

    pub(super) fn is_in(&self, space: &str) -> bool {
        self.space == space
    }

    pub(super) fn has_ended(&self) -> bool {
        matches!(self.category, Some(StateCategory::Resolved | StateCategory::Closed | StateCategory::Cancelled))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn subject(fields: Value) -> Subject {
        Subject {
            id: "s".to_owned(),
            kind: "incident".to_owned(),
            space: "it".to_owned(),
            state: Some("working".to_owned()),
            category: Some(StateCategory::Active),
            group: None,
            assignee: Some("ada".to_owned()),
            fields: fields.as_object().cloned().expect("an object"),
            opened_at: Timestamp::UNIX_EPOCH,
            resolved_at: None,
            closed_at: None,
        }
    }

    fn event(changes: Value) -> Event {
        let event = json!({
            "seq": 1, "subject_kind": "ticket", "subject": "s", "subject_seq": 2, "space": "it", "at": "2026-01-01T00:00:00Z",
            "actor": "ada", "kind": "ticket.changed", "data": { "changes": changes }, "cause": { "command": "c", "correlation": "c", "depth": 0, "origin": "person" },
            "hash": ""
        });
        serde_json::from_value(event).expect("an event")
    }

    #[test]
    fn a_condition_means_what_it_means_in_a_store() {
        let subject = subject(json!({ "impact": 2, "site": "north" }));
        let on = |on: On, values: Value, negated: bool| Condition {
            on,
            values: values.as_array().cloned().expect("a list"),
            negated,
        };
        let column = On::Column;
        let field = |name: &str| On::Field(name.to_owned());
        for (condition, expected) in [
            (on(column(Field::State), json!(["new", "working"]), false), true),
            (on(column(Field::State), json!(["new"]), true), true),
            (on(column(Field::Group), json!([]), false), true),
            (on(column(Field::Assignee), json!([]), false), false),
            (on(column(Field::Group), json!(["desk"]), true), true),
            (on(field("impact"), json!([1, 2]), false), true),
            (on(field("impact"), json!(["2"]), false), false),
            (on(field("nothing"), json!([1]), true), true),
        ] {
            assert_eq!(subject.meets(std::slice::from_ref(&condition)), expected, "{condition:?}");
        }
    }

    #[test]
    fn what_came_later_is_taken_back_newest_first() {
        let mut later = subject(json!({ "impact": 3, "cause": "cable" }));
        let events = [
            event(
                json!([{ "field": "fields.impact", "from": 2, "to": 3 }, { "field": "assignee", "from": null, "to": "ada" }]),
            ),
            event(
                json!([{ "field": "fields.impact", "from": 1, "to": 2 }, { "field": "fields.cause", "from": null, "to": "cable" }]),
            ),
        ];
        assert!(!later.undo(&events));
        assert_eq!((later.fields, later.assignee), (subject(json!({ "impact": 1 })).fields, None));

        let mut moved = subject(json!({}));
        assert!(moved.undo(&[event(json!([{ "field": "state", "from": "new", "to": "working" }]))]));
        assert_eq!(moved.state.as_deref(), Some("new"));
    }
}

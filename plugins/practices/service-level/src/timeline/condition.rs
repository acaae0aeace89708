//! Conditions on a ticket and what just happened to it, as data an administrator can write.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Change;

/// `"always"`, `{"event": ["created"]}`, `{"is": {"field": "state", "in": ["closed"]}}`, `{"changed": "priority"}`,
/// `{"all": […]}`, `{"any": […]}`, `{"not": …}`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// Holds at every change.
    Always,
    /// Holds at no change.
    #[default]
    Never,
    /// One of these just happened.
    Event(Vec<String>),
    /// A field has one of the values; a missing field has the value `null`.
    Is {
        /// Name of the field.
        field: String,
        /// The values it may have.
        r#in: Vec<Value>,
    },
    /// A field just changed.
    Changed(String),
    /// All of them hold; an empty list holds.
    All(Vec<Condition>),
    /// At least one holds.
    Any(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
}

impl Condition {
    /// One of these events.
    pub fn event(names: &[&str]) -> Condition {
        Condition::Event(names.iter().map(|name| (*name).to_owned()).collect())
    }

    /// The state is one of these.
    pub fn state(names: &[&str]) -> Condition {
        let values = names.iter().map(|name| Value::from(*name)).collect();
        Condition::Is { field: "state".to_owned(), r#in: values }
    }

    /// Whether it holds right after a change.
    pub fn holds(&self, change: &Change) -> bool {
        match self {
            Condition::Always => true,
            Condition::Never => false,
            Condition::Event(names) => names.iter().any(|name| happened(change, name)),
            Condition::Is { field, r#in } => r#in.contains(change.fields.get(field).unwrap_or(&Value::Null)),
            Condition::Changed(field) => change.changed.contains(field),
            Condition::All(all) => all.iter().all(|condition| condition.holds(change)),
            Condition::Any(any) => any.iter().any(|condition| condition.holds(change)),
            Condition::Not(condition) => !condition.holds(change),
        }
    }

    /// What it looked at and found, as people say it, whether it holds or not: `priority is 1 and state is new`. Empty when
    /// it looked at nothing.
    pub fn explain(&self, change: &Change) -> String {
        let several = |all: &[Condition]| {
            let words = all.iter().map(|condition| condition.explain(change));
            words.filter(|words| !words.is_empty()).collect::<Vec<_>>().join(" and ")
        };
        match self {
            Condition::Always | Condition::Never => String::new(),
            Condition::Event(names) => {
                let name = names.iter().find(|name| happened(change, name));
                name.map(|name| event_words(name)).unwrap_or_default()
            }
            Condition::Is { field, .. } => match change.fields.get(field) {
                None | Some(Value::Null) => format!("{field} is empty"),
                Some(Value::Bool(true)) => format!("it is {field}"),
                Some(Value::Bool(false)) => format!("it is not {field}"),
                Some(Value::String(text)) => format!("{field} is {text}"),
                Some(other) => format!("{field} is {other}"),
            },
            Condition::Changed(field) if change.changed.contains(field) => {
                format!("{field} changed")
            }
            Condition::Changed(field) => format!("{field} did not change"),
            Condition::All(all) => several(all),
            Condition::Any(any) => match any.iter().find(|condition| condition.holds(change)) {
                Some(condition) => condition.explain(change),
                None => several(any),
            },
            Condition::Not(condition) => condition.explain(change),
        }
    }
}

fn happened(change: &Change, name: &String) -> bool {
    change.event == *name || change.also.contains(name)
}

fn event_words(name: &str) -> String {
    match name {
        "created" => "it was created".to_owned(),
        "customer-contact" => "the customer wrote".to_owned(),
        "agent-contact" => "an agent answered the customer".to_owned(),
        "first-response" => "an agent took it up".to_owned(),
        other => format!("{other} happened"),
    }
}

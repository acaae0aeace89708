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
        Condition::Is {
            field: "state".to_owned(),
            r#in: values,
        }
    }

    /// Whether it holds right after a change.
    pub fn holds(&self, change: &Change) -> bool {
        match self {
            Condition::Always => true,
            Condition::Never => false,
            Condition::Event(names) => names.contains(&change.event),
            Condition::Is { field, r#in } => {
                r#in.contains(change.fields.get(field).unwrap_or(&Value::Null))
            }
            Condition::Changed(field) => change.changed.contains(field),
            Condition::All(all) => all.iter().all(|condition| condition.holds(change)),
            Condition::Any(any) => any.iter().any(|condition| condition.holds(change)),
            Condition::Not(condition) => !condition.holds(change),
        }
    }
}

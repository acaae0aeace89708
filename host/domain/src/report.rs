//! Reports: questions about tickets, records and configuration items, brought along by a plugin as data or kept by a person. What they say
//! is computed by the host for each person, from what that person may see.

use crate::filter::{Field, Filter};
use crate::{PersonId, SpaceId};
use serde::{Deserialize, Serialize};

/// What a report asks about instead of a kind when it is about configuration items.
pub const CI: &str = "ci";
/// The attribute by which configuration items are asked for by class.
pub const CLASS: &str = "class";

/// A saved question: which things, what is measured, how it is grouped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub id: String,
    pub title: String,
    pub description: String,
    /// A kind of tickets or records; `*` is all tickets, `ci` all configuration items.
    pub kind: String,
    /// All of these must hold.
    #[serde(rename = "where")]
    pub conditions: Vec<Condition>,
    pub measure: Measure,
    pub group: Option<Group>,
    /// How far back it looks; everything when absent.
    pub days: Option<u32>,
    /// The time that `days` and a trend are about.
    pub by: By,
    /// Percentiles that are told beside the median and the 90th, 1 to 99.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub percentiles: Vec<u8>,
}

/// A question that a person keeps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedQuery {
    pub owner: PersonId,
    pub audience: Audience,
    /// As it was written: the keys of a `[[report]]` without its id.
    pub question: serde_json::Value,
}

/// Who may ask a saved question. What it answers is about what they may see, whoever keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "space", rename_all = "kebab-case")]
pub enum Audience {
    /// Its owner alone.
    Owner,
    /// Everybody who works in a space.
    Space(SpaceId),
    Everyone,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Measure {
    /// How many there are.
    Count,
    /// Which part of them meets these conditions too.
    Share { of: Vec<Condition> },
    /// From opening to resolution.
    TimeToResolve,
    /// From opening to closure.
    TimeToClose,
    /// From the start of a clock to where it was stopped.
    TimeOnClock { clock: String },
    /// The mean of a field that is a number.
    Average { field: String },
    /// All values of a field that is a number, together.
    Sum { field: String },
    /// The percentiles of a field that is a number.
    Spread { field: String },
    /// Which part of the clocks that ended or are overdue kept its target.
    TargetsMet { clock: Option<String> },
}

/// What rows there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    Column(Field),
    /// A field of the kind.
    Field(String),
    /// How long the ticket has been open.
    Age,
    /// The clock, where clocks are measured.
    Clock,
    Day,
    Week,
    Month,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    Opened,
    Resolved,
    Closed,
}

/// One condition on a column or on a field of the kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    pub on: On,
    /// Any of these values. No value at all means that it is empty.
    pub values: Vec<serde_json::Value>,
    pub negated: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum On {
    Column(Field),
    Field(String),
}

impl Measure {
    /// Whether it is measured on what tickets alone have: their end and their clocks.
    #[must_use]
    pub fn is_of_tickets(&self) -> bool {
        matches!(self, Self::TimeToResolve | Self::TimeToClose | Self::TimeOnClock { .. } | Self::TargetsMet { .. })
    }

    #[must_use]
    pub fn is_of_clocks(&self) -> bool {
        matches!(self, Self::TimeOnClock { .. } | Self::TargetsMet { .. })
    }

    /// The field whose numbers are measured.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Average { field } | Self::Sum { field } | Self::Spread { field } => Some(field),
            _ => None,
        }
    }
}

impl Condition {
    #[must_use]
    pub fn filter(&self) -> Filter {
        let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let filter = match &self.on {
            On::Column(field) if self.values.is_empty() => Filter::Empty(*field),
            On::Column(field) => Filter::In(*field, self.values.iter().map(text).collect()),
            On::Field(name) => {
                Filter::Or(self.values.iter().map(|value| Filter::FieldEquals(name.clone(), value.clone())).collect())
            }
        };
        if self.negated { Filter::Not(Box::new(filter)) } else { filter }
    }
}

/// Conditions that must all hold.
#[must_use]
pub fn all(conditions: &[Condition]) -> Filter {
    conditions.iter().fold(Filter::True, |all, condition| all.and(condition.filter()))
}

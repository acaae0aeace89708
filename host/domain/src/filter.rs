//! A condition over tickets: what a list, a count or a policy may ask. The store compiles it into its query, so nothing is ever
//! filtered afterwards; `matches` is the same meaning in memory and the oracle of the tests.

use crate::ticket::TicketBundle;
use serde::{Deserialize, Serialize};

/// An indexed column of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Field {
    Id,
    Number,
    Kind,
    Space,
    State,
    Category,
    Requester,
    OpenedBy,
    Group,
    Assignee,
    Parent,
    /// `true` or `false`.
    Restricted,
}

/// A set that hangs on a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Set {
    Watchers,
    AccessPeople,
    AccessGroups,
    /// Tickets linked to or from it.
    Links,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Filter {
    True,
    False,
    /// The column has one of these values.
    In(Field, Vec<String>),
    /// The column is empty.
    Empty(Field),
    /// The set contains one of these values.
    Any(Set, Vec<String>),
    /// A field of the kind, by name, equals a JSON scalar.
    FieldEquals(String, serde_json::Value),
    /// Words that occur in number or title, without regard to case.
    Text(String),
    Not(Box<Filter>),
    And(Vec<Filter>),
    Or(Vec<Filter>),
}

impl Filter {
    #[must_use]
    pub fn eq(field: Field, value: impl Into<String>) -> Self {
        Self::In(field, vec![value.into()])
    }

    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::True, filter) | (filter, Self::True) => filter,
            (Self::And(mut all), filter) => {
                all.push(filter);
                Self::And(all)
            }
            (left, right) => Self::And(vec![left, right]),
        }
    }

    /// Whether a ticket meets the condition.
    #[must_use]
    pub fn matches(&self, bundle: &TicketBundle) -> bool {
        match self {
            Self::True => true,
            Self::False => false,
            Self::In(field, values) => column(bundle, *field).is_some_and(|value| values.contains(&value)),
            Self::Empty(field) => column(bundle, *field).is_none(),
            Self::Any(set, values) => members(bundle, *set).iter().any(|member| values.contains(member)),
            Self::FieldEquals(name, value) => bundle.ticket.fields.get(name) == Some(value),
            Self::Text(text) => {
                let hay = format!("{} {}", bundle.ticket.number, bundle.ticket.title).to_lowercase();
                text.to_lowercase().split_whitespace().all(|word| hay.contains(word))
            }
            Self::Not(inner) => !inner.matches(bundle),
            Self::And(all) => all.iter().all(|filter| filter.matches(bundle)),
            Self::Or(any) => any.iter().any(|filter| filter.matches(bundle)),
        }
    }
}

fn column(bundle: &TicketBundle, field: Field) -> Option<String> {
    let ticket = &bundle.ticket;
    match field {
        Field::Id => Some(ticket.id.0.clone()),
        Field::Number => Some(ticket.number.clone()),
        Field::Kind => Some(ticket.kind.0.clone()),
        Field::Space => Some(ticket.space.0.clone()),
        Field::State => Some(ticket.state.clone()),
        Field::Category => Some(ticket.category.as_str().to_owned()),
        Field::Requester => ticket.requester.as_ref().map(|id| id.0.clone()),
        Field::OpenedBy => ticket.opened_by.as_ref().map(|id| id.0.clone()),
        Field::Group => ticket.group.as_ref().map(|id| id.0.clone()),
        Field::Assignee => ticket.assignee.as_ref().map(|id| id.0.clone()),
        Field::Parent => ticket.parent.as_ref().map(|id| id.0.clone()),
        Field::Restricted => Some(ticket.restricted.to_string()),
    }
}

fn members(bundle: &TicketBundle, set: Set) -> Vec<String> {
    let me = &bundle.ticket.id;
    match set {
        Set::Watchers => bundle.watchers.iter().map(|id| id.0.clone()).collect(),
        Set::AccessPeople => bundle.access.people.iter().map(|id| id.0.clone()).collect(),
        Set::AccessGroups => bundle.access.groups.iter().map(|id| id.0.clone()).collect(),
        Set::Links => bundle
            .links
            .iter()
            .map(|link| if link.from == *me { link.to.0.clone() } else { link.from.0.clone() })
            .collect(),
    }
}

//! Lists: filter, order and a cursor over (sort column, id), so that pages stay right while rows change.

use domain::filter::{Field, Filter};
use domain::kind::StateCategory;
use domain::ticket::AccessList;
use domain::{Ci, CiId, PersonId, Ticket, TicketId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TicketQuery {
    pub filter: Filter,
    pub sort: Sort,
    /// Descending order.
    pub descending: bool,
    pub after: Option<Cursor>,
    /// 1 to 200.
    pub limit: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sort {
    OpenedAt,
    UpdatedAt,
    /// Tickets without a due time come last in both directions.
    DueAt,
    Number,
}

/// Configuration items by what they are, in pages by id.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CiQuery {
    /// Of any of these classes; of all when empty.
    pub classes: Vec<String>,
    /// In any of these spaces; in all when absent.
    pub spaces: Option<Vec<String>>,
    pub name: Option<String>,
    /// Attributes and the JSON scalar that each has.
    pub attributes: Vec<(String, serde_json::Value)>,
    pub after: Option<CiId>,
    pub limit: u32,
}

impl CiQuery {
    /// Text that the JSON of the attributes contains if they match. It may contain it elsewhere too, inside of an attribute.
    #[must_use]
    pub fn needles(&self) -> Vec<String> {
        let pair = |(name, value): &(String, serde_json::Value)| {
            format!("{}:{value}", serde_json::Value::String(name.clone()))
        };
        self.attributes.iter().map(pair).collect()
    }

    /// Whether an item has the attributes, exactly.
    #[must_use]
    pub fn matches(&self, item: &Ci) -> bool {
        self.attributes.iter().all(|(name, value)| item.attributes.get(name) == Some(value))
    }
}

/// The place after a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Value of the sort column: microseconds for a time, text for a number; absent when the column is empty.
    pub value: Option<String>,
    pub id: String,
}

/// Which tickets the search index asks for; in the order of their ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexScope {
    /// Those after an id, archived ones left out; the first ones without an id.
    After(Option<TicketId>),
    /// Those of some that there are, archived ones too.
    Among(Vec<TicketId>),
    /// Those that were archived since, after an id.
    ArchivedSince(Timestamp, Option<TicketId>),
}

/// A ticket as the search index keeps it: with everything that decides who may see it.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexRow {
    pub ticket: Ticket,
    pub watchers: Vec<PersonId>,
    pub access: AccessList,
    /// It is in no list: the index leaves it out.
    pub archived: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Where the next page begins; absent on the last one.
    pub next: Option<Cursor>,
}

/// Whether a list or a count with this filter has to leave archived tickets out: not where only tickets that are open can match, because
/// none of those is archived, and not where tickets are asked for by id or number, which finds them for ever.
#[must_use]
pub fn may_meet_archived(filter: &Filter) -> bool {
    let ended = [StateCategory::Closed, StateCategory::Cancelled].map(StateCategory::as_str);
    match filter {
        Filter::In(Field::Category, values) => values.iter().any(|value| ended.contains(&value.as_str())),
        Filter::In(Field::Id | Field::Number, _) | Filter::False => false,
        Filter::And(all) => all.iter().all(may_meet_archived),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archived_tickets_are_met_only_where_closed_ones_are() {
        let category = |word: &str| Filter::eq(Field::Category, word);
        for (filter, expected) in [
            (Filter::True, true),
            (category("closed"), true),
            (category("active"), false),
            (category("active").and(Filter::Text("x".to_owned())), false),
            (Filter::Or(vec![category("active"), Filter::True]), true),
            (Filter::eq(Field::Number, "INC1"), false),
            (Filter::Not(Box::new(category("active"))), true),
        ] {
            assert_eq!(may_meet_archived(&filter), expected, "{filter:?}");
        }
    }
}

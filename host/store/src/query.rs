//! Lists: filter, order and a cursor over (sort column, id), so that pages stay right while rows change.

use domain::filter::Filter;
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

/// The place after a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Value of the sort column: microseconds for a time, text for a number; absent when the column is empty.
    pub value: Option<String>,
    pub id: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Where the next page begins; absent on the last one.
    pub next: Option<Cursor>,
}

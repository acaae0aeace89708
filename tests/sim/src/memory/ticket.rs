//! Tickets: one, lists, counts and digests.

use super::{Data, MemoryStore, limit, read_set};
use async_trait::async_trait;
use domain::filter::{Field, Filter};
use domain::ticket::TicketBundle;
use domain::{Attachment, Comment, OrgId, Ticket, TicketId};
use jiff::Timestamp;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use store::{Cursor, IndexRow, IndexScope, Page, QueryRead, Result, Sort, StoreError, TicketQuery, Tickets};

/// Values of a column that are counted.
const COUNTS_MAX: usize = 200;

pub(crate) fn matching<'a>(data: &'a Data, filter: &'a Filter) -> impl Iterator<Item = &'a Ticket> {
    data.tickets.rows().filter(move |ticket| *filter == Filter::True || filter.matches(&data.bundle(ticket)))
}

/// What a ticket is sorted by: nothing comes after everything.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Column {
    Time(Timestamp),
    Text(String),
    Nothing,
}

fn column(sort: Sort, ticket: &Ticket) -> Column {
    match sort {
        Sort::OpenedAt => Column::Time(ticket.opened_at),
        Sort::UpdatedAt => Column::Time(ticket.updated_at),
        Sort::DueAt => ticket.due_at.map_or(Column::Nothing, Column::Time),
        Sort::Number => Column::Text(ticket.number.clone()),
    }
}

/// The rows of a page and one more, in order.
pub(crate) fn listed<'a>(data: &'a Data, query: &'a TicketQuery) -> Result<Vec<&'a Ticket>> {
    let after = query.after.as_ref().map(|cursor| place(query.sort, cursor)).transpose()?;
    let order = |left: &(Column, &str), right: &(Column, &str)| -> Ordering {
        let empty = (left.0 == Column::Nothing).cmp(&(right.0 == Column::Nothing));
        let within = left.cmp(right);
        empty.then(if query.descending { within.reverse() } else { within })
    };
    let mut rows: Vec<((Column, &str), &Ticket)> = matching(data, &query.filter)
        .map(|ticket| ((column(query.sort, ticket), ticket.id.as_str()), ticket))
        .filter(|(key, _)| after.as_ref().is_none_or(|after| order(&(after.0.clone(), after.1), key).is_lt()))
        .collect();
    rows.sort_by(|left, right| order(&left.0, &right.0));
    rows.truncate(limit(query.limit) + 1);
    Ok(rows.into_iter().map(|(_, ticket)| ticket).collect())
}

fn place(sort: Sort, cursor: &Cursor) -> Result<(Column, &str)> {
    let corrupt = |reason: String| StoreError::Corrupt { row: "cursor".to_owned(), reason };
    let column = match &cursor.value {
        None => Column::Nothing,
        Some(text) if sort == Sort::Number => Column::Text(text.clone()),
        Some(text) => {
            let micros: i64 = text.parse().map_err(|error: std::num::ParseIntError| corrupt(error.to_string()))?;
            Column::Time(Timestamp::from_microsecond(micros).map_err(|error| corrupt(error.to_string()))?)
        }
    };
    Ok((column, cursor.id.as_str()))
}

fn cursor(sort: Sort, ticket: &Ticket) -> Cursor {
    let value = match column(sort, ticket) {
        Column::Time(at) => Some(at.as_microsecond().to_string()),
        Column::Text(text) => Some(text),
        Column::Nothing => None,
    };
    Cursor { value, id: ticket.id.0.clone() }
}

pub(crate) fn field_of(ticket: &Ticket, field: Field) -> Option<String> {
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

#[async_trait]
impl Tickets for MemoryStore {
    async fn ticket_load(&self, org: &OrgId, id_or_number: &str) -> Result<Option<TicketBundle>> {
        self.look(org, |data| {
            let ticket = data.ticket_id(id_or_number).and_then(|id| data.tickets.get(id))?;
            Some(data.bundle(ticket))
        })
    }

    async fn ticket_list(&self, org: &OrgId, query: &TicketQuery) -> Result<Page<Ticket>> {
        self.look(org, |data| {
            let rows = listed(data, query)?;
            let size = limit(query.limit);
            let items: Vec<Ticket> = rows.iter().take(size).map(|row| (*row).clone()).collect();
            let next = if rows.len() > size { items.last().map(|ticket| cursor(query.sort, ticket)) } else { None };
            Ok(Page { items, next })
        })?
    }

    async fn ticket_count(&self, org: &OrgId, filter: &Filter) -> Result<u64> {
        self.look(org, |data| matching(data, filter).count() as u64)
    }

    async fn ticket_count_by(&self, org: &OrgId, filter: &Filter, field: Field) -> Result<Vec<(Option<String>, u64)>> {
        self.look(org, |data| {
            let mut counts: BTreeMap<Option<String>, u64> = BTreeMap::new();
            for ticket in matching(data, filter) {
                *counts.entry(field_of(ticket, field)).or_default() += 1;
            }
            let mut counts: Vec<_> = counts.into_iter().collect();
            counts.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
            counts.truncate(COUNTS_MAX);
            counts
        })
    }

    async fn ticket_index_rows(&self, org: &OrgId, scope: &IndexScope, limit: u32) -> Result<Vec<IndexRow>> {
        self.look(org, |data| {
            let wanted = |ticket: &&Ticket| match scope {
                IndexScope::After(after) => after.as_ref().is_none_or(|after| ticket.id > *after),
                IndexScope::Among(ids) => ids.contains(&ticket.id),
                // Nothing is archived here.
                IndexScope::ArchivedSince(..) => false,
            };
            let mut rows: Vec<&Ticket> = data.tickets.rows().filter(wanted).collect();
            rows.sort_by(|left, right| left.id.cmp(&right.id));
            let bundles = rows.into_iter().take(limit as usize).map(|ticket| data.bundle(ticket));
            bundles
                .map(|bundle| IndexRow {
                    ticket: bundle.ticket,
                    watchers: bundle.watchers,
                    access: bundle.access,
                    archived: false,
                })
                .collect()
        })
    }

    async fn ticket_digest(&self, org: &OrgId, read: &QueryRead) -> Result<String> {
        self.look(org, |data| read_set::digest(data, &read.scope))?
    }

    async fn comment_list(&self, org: &OrgId, ticket: &TicketId) -> Result<Vec<Comment>> {
        self.look(org, |data| {
            Data::of_ticket(data.comments.rows(), ticket, |one| &one.ticket, |one| (one.at, one.id.0.clone()))
        })
    }

    async fn attachment_list(&self, org: &OrgId, ticket: &TicketId) -> Result<Vec<Attachment>> {
        self.look(org, |data| {
            Data::of_ticket(data.attachments.rows(), ticket, |one| &one.ticket, |one| (one.at, one.id.0.clone()))
        })
    }
}

//! `weft:host/tickets`: tickets of the snapshot.

use super::{answer, list, optional};
use crate::bindings::weft::host::tickets::{Filter, Host};
use crate::bindings::weft::types::types;
use crate::convert;
use crate::state::State;
use app::port::plugins::Fault;
use domain::filter::{self, Field, Set};
use domain::kind::StateCategory;
use domain::{Problem, TicketId};

/// The most tickets of one answer, as the contract says.
const LIMIT_MAX: u32 = 200;

impl Host for State {
    async fn get(&mut self, id: String) -> wasmtime::Result<Result<Option<types::Ticket>, types::Fault>> {
        let reader = self.ask()?;
        optional(reader.ticket(&TicketId(id)).await, convert::ticket)
    }

    async fn query(
        &mut self,
        filter: Filter,
        limit: u32,
    ) -> wasmtime::Result<Result<Vec<types::Ticket>, types::Fault>> {
        let reader = self.ask()?;
        let found = match condition(filter) {
            Ok(filter) => reader.tickets(&filter, limit.min(LIMIT_MAX)).await,
            Err(fault) => Err(fault),
        };
        list(found, convert::ticket)
    }

    async fn count(&mut self, filter: Filter) -> wasmtime::Result<Result<u32, types::Fault>> {
        let reader = self.ask()?;
        let count = match condition(filter) {
            Ok(filter) => reader.ticket_count(&filter).await,
            Err(fault) => Err(fault),
        };
        answer(count, |count| count)
    }
}

/// The condition that a guest asks for.
///
/// # Errors
/// It is empty: no component may ask for every ticket there is.
fn condition(from: Filter) -> Result<filter::Filter, Fault> {
    let columns = [
        (Field::Kind, from.kind),
        (Field::Group, from.group),
        (Field::Assignee, from.assignee),
        (Field::Requester, from.requester),
        (Field::Parent, from.parent),
    ];
    let mut all: Vec<_> =
        columns.into_iter().filter_map(|(field, value)| Some(filter::Filter::eq(field, value?))).collect();
    all.extend(from.linked_to.map(|id| filter::Filter::Any(Set::Links, vec![id])));
    if from.open_only {
        let open = StateCategory::ALL.into_iter().filter(|category| category.is_open());
        all.push(filter::Filter::In(Field::Category, open.map(|category| category.as_str().to_owned()).collect()));
    }
    if all.is_empty() {
        return Err(Fault::Invalid(vec![Problem::new(
            "/filter",
            "empty-filter",
            "a filter needs at least one condition",
        )]));
    }
    Ok(filter::Filter::And(all))
}

//! `weft:host/clocks`: the clocks of a ticket.

use super::list;
use crate::bindings::weft::host::clocks::Host;
use crate::bindings::weft::types::types;
use crate::convert;
use crate::state::State;
use domain::TicketId;

impl Host for State {
    async fn of_ticket(&mut self, ticket: String) -> wasmtime::Result<Result<Vec<types::Clock>, types::Fault>> {
        let reader = self.ask()?;
        list(reader.clocks(&TicketId(ticket)).await, convert::clock)
    }
}

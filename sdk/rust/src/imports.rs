//! The server as a host: every question goes through an import of the component.

use crate::bindings::imports::weft::{host, inventory, search};
use crate::convert;
use crate::host::{CiSearch, Host, LogLevel, Search, TicketFilter};
use crate::{Ci, Clock, Direction, Fault, Instant, Issue, Object, Person, Record, Relation, Ticket, Value};

/// Asks the server. Works in a component only; in a test use [`crate::fake::FakeHost`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Imports;

fn each<A, B: From<A>>(answer: Result<Vec<A>, convert::WireFault>) -> Result<Vec<B>, Fault> {
    Ok(answer?.into_iter().map(B::from).collect())
}

fn maybe<A, B: From<A>>(answer: Result<Option<A>, convert::WireFault>) -> Result<Option<B>, Fault> {
    Ok(answer?.map(B::from))
}

fn one<A, B: From<A>>(answer: Result<A, convert::WireFault>) -> Result<B, Fault> {
    Ok(answer?.into())
}

impl Host for Imports {
    fn ticket(&self, id: &str) -> Result<Option<Ticket>, Fault> {
        maybe(host::tickets::get(id))
    }

    fn tickets(&self, filter: &TicketFilter, limit: u32) -> Result<Vec<Ticket>, Fault> {
        each(host::tickets::query(&filter.into(), limit))
    }

    fn ticket_count(&self, filter: &TicketFilter) -> Result<u32, Fault> {
        one(host::tickets::count(&filter.into()))
    }

    fn find(&self, search: &Search, limit: u32) -> Result<Vec<Ticket>, Fault> {
        each(search::tickets::find(&search.into(), limit))
    }

    fn find_count(&self, search: &Search) -> Result<u32, Fault> {
        one(search::tickets::count(&search.into()))
    }

    fn clocks(&self, ticket: &str) -> Result<Vec<Clock>, Fault> {
        each(host::clocks::of_ticket(ticket))
    }

    fn ci(&self, id: &str) -> Result<Option<Ci>, Fault> {
        maybe(host::cis::get(id))
    }

    fn find_cis(&self, search: &CiSearch, limit: u32) -> Result<Vec<Ci>, Fault> {
        each(inventory::cis::find(&search.into(), limit))
    }

    fn ci_lineage(&self, class: &str) -> Result<Vec<String>, Fault> {
        Ok(inventory::cis::lineage(class)?)
    }

    fn check_ci(&self, class: &str, attributes: &Object) -> Result<Vec<Issue>, Fault> {
        each(inventory::cis::check(class, &Value::Object(attributes.clone()).to_string()))
    }

    fn related(&self, ci: &str) -> Result<Vec<Relation>, Fault> {
        each(host::cis::related(ci))
    }

    fn impact(&self, ci: &str, direction: Direction) -> Result<Vec<Ci>, Fault> {
        each(host::cis::impact(ci, direction.into()))
    }

    fn record(&self, id: &str) -> Result<Option<Record>, Fault> {
        maybe(host::records::get(id))
    }

    fn records(&self, kind: &str, state: Option<&str>) -> Result<Vec<Record>, Fault> {
        each(host::records::query(kind, state))
    }

    fn person(&self, id: &str) -> Result<Option<Person>, Fault> {
        maybe(host::people::get(id))
    }

    fn manager(&self, person: &str) -> Result<Option<Person>, Fault> {
        maybe(host::people::manager(person))
    }

    fn members(&self, group: &str) -> Result<Vec<Person>, Fault> {
        each(host::people::members(group))
    }

    fn is_member(&self, person: &str, group: &str) -> Result<bool, Fault> {
        one(host::people::is_member(person, group))
    }

    fn calendar_add(&self, calendar: &str, start: Instant, seconds: u32, zone: Option<&str>) -> Result<Instant, Fault> {
        Ok(convert::instant(&host::calendars::add(calendar, &start.to_string(), seconds, zone)?))
    }

    fn calendar_between(&self, calendar: &str, start: Instant, end: Instant, zone: Option<&str>) -> Result<u32, Fault> {
        one(host::calendars::between(calendar, &start.to_string(), &end.to_string(), zone))
    }

    fn calendar_is_open(&self, calendar: &str, at: Instant, zone: Option<&str>) -> Result<bool, Fault> {
        one(host::calendars::is_open(calendar, &at.to_string(), zone))
    }

    fn setting_text(&self, key: &str) -> Option<String> {
        host::settings::get(key)
    }

    fn log(&self, level: LogLevel, message: &str) {
        host::log::write(level.into(), message);
    }
}

/// Says in the plugin's log why a call ends in a trap; each export calls it first, because each call has a fresh instance.
#[doc(hidden)]
pub fn explain_panics() {
    #[cfg(target_arch = "wasm32")]
    std::panic::set_hook(Box::new(|panic| Imports.log(LogLevel::Error, &panic.to_string())));
}

//! `weft:host/people`: people, their managers and their groups.

use super::{answer, list, optional};
use crate::bindings::weft::host::people::Host;
use crate::bindings::weft::types::types;
use crate::convert;
use crate::state::State;
use domain::{GroupId, PersonId};

impl Host for State {
    async fn get(&mut self, id: String) -> wasmtime::Result<Result<Option<types::Person>, types::Fault>> {
        let reader = self.ask()?;
        optional(reader.person(&PersonId(id)).await, convert::person)
    }

    async fn manager(&mut self, id: String) -> wasmtime::Result<Result<Option<types::Person>, types::Fault>> {
        let reader = self.ask()?;
        optional(reader.manager(&PersonId(id)).await, convert::person)
    }

    async fn members(&mut self, group: String) -> wasmtime::Result<Result<Vec<types::Person>, types::Fault>> {
        let reader = self.ask()?;
        list(reader.members(&GroupId(group)).await, convert::person)
    }

    async fn is_member(&mut self, person: String, group: String) -> wasmtime::Result<Result<bool, types::Fault>> {
        let reader = self.ask()?;
        answer(reader.is_member(&PersonId(person), &GroupId(group)).await, |member| member)
    }
}

//! `weft:host/records`: documents of the practices.

use super::{list, optional};
use crate::bindings::weft::host::records::Host;
use crate::bindings::weft::types::types;
use crate::convert;
use crate::state::State;
use domain::{KindId, RecordId};

impl Host for State {
    async fn get(&mut self, id: String) -> wasmtime::Result<Result<Option<types::Document>, types::Fault>> {
        let reader = self.ask()?;
        optional(reader.record(&RecordId(id)).await, convert::document)
    }

    async fn query(
        &mut self,
        kind: String,
        state: Option<String>,
    ) -> wasmtime::Result<Result<Vec<types::Document>, types::Fault>> {
        let reader = self.ask()?;
        list(reader.records(&KindId(kind), state.as_deref()).await, convert::document)
    }
}

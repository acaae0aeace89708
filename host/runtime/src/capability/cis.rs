//! `weft:host/cis`: configuration items and what depends on them.

use super::{list, optional};
use crate::bindings::weft::host::cis::{Direction, Host, Relation};
use crate::bindings::weft::types::types;
use crate::convert;
use crate::state::State;
use app::port::plugins::RelatedCi;
use domain::{CiId, ci};

impl Host for State {
    async fn get(&mut self, id: String) -> wasmtime::Result<Result<Option<types::Ci>, types::Fault>> {
        let reader = self.ask()?;
        optional(reader.ci(&CiId(id)).await, convert::ci)
    }

    async fn related(&mut self, id: String) -> wasmtime::Result<Result<Vec<Relation>, types::Fault>> {
        let reader = self.ask()?;
        list(reader.related(&CiId(id)).await, relation)
    }

    async fn impact(
        &mut self,
        id: String,
        direction: Direction,
    ) -> wasmtime::Result<Result<Vec<types::Ci>, types::Fault>> {
        let reader = self.ask()?;
        let direction = match direction {
            Direction::Up => ci::Direction::Up,
            Direction::Down => ci::Direction::Down,
        };
        list(reader.impact(&CiId(id), direction).await, convert::ci)
    }
}

fn relation(from: RelatedCi) -> Relation {
    Relation {
        other: from.other.0,
        kind: from.relation_type,
        direction: match from.direction {
            ci::Direction::Up => Direction::Up,
            ci::Direction::Down => Direction::Down,
        },
    }
}

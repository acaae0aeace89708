//! What a component may ask: one file for each interface of `weft:host`, `weft:search` and `weft:inventory`.
//!
//! Every function asks the [`SnapshotReader`](app::port::plugins::SnapshotReader) of the decision, which knows the grants and the
//! person acted for. A denial comes back as a `fault` of the contract; nothing here makes a component trap but the count of its
//! host calls.

mod calendars;
mod cis;
mod clocks;
mod inventory;
mod log;
mod people;
mod records;
mod search;
mod settings;
mod tickets;

use crate::bindings::Host_ as World;
use crate::bindings::weft::types::types;
use crate::convert;
use crate::state::State;
use app::port::plugins::Fault;
use wasmtime::Engine;
use wasmtime::component::{HasSelf, Linker};

/// The linker with everything that this host offers and nothing else.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    World::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
    Ok(linker)
}

impl types::Host for State {}

/// The answer of the reader in the words of the contract.
fn answer<T, U>(answer: Result<T, Fault>, word: impl FnOnce(T) -> U) -> wasmtime::Result<Result<U, types::Fault>> {
    Ok(answer.map(word).map_err(convert::fault))
}

/// The same for what may not exist.
fn optional<T, U>(
    found: Result<Option<T>, Fault>,
    word: impl FnOnce(T) -> U,
) -> wasmtime::Result<Result<Option<U>, types::Fault>> {
    answer(found, |found| found.map(word))
}

/// The same for lists.
fn list<T, U>(
    found: Result<Vec<T>, Fault>,
    word: impl FnMut(T) -> U,
) -> wasmtime::Result<Result<Vec<U>, types::Fault>> {
    answer(found, |found| found.into_iter().map(word).collect())
}

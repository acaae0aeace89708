//! The Rust SDK for plugins: a practice reads as a declaration and a few pure functions, and is tested without a server.
//!
//! A component decides and never acts: it is given a snapshot and returns [`Effects`]. It has no clock, network, file system or
//! randomness; what it may ask is in [`Host`], and natively a [`fake::FakeHost`] answers instead of the server.
//!
//! ```
//! use weft_sdk::prelude::*;
//!
//! // Nobody resolves a ticket without saying how.
//! pub fn guard(_host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
//!     if change.entered("resolved") && change.after.text("close-notes").is_none() {
//!         return Err(Rejection::new("/fields/close-notes", "required", "say how it was resolved"));
//!     }
//!     Ok(Effects::new())
//! }
//!
//! weft_sdk::practice! { guard: guard }
//!
//! // In a test: a change, a host, an answer.
//! let ticket = Ticket::new("T1", "incident").in_state("in-progress");
//! let change = Change::of(&ticket, ticket.clone().in_state("resolved"));
//! let rejection = guard(&FakeHost::new(), &change).unwrap_err();
//! assert_eq!(rejection.issues[0].code, "required");
//! ```
//!
//! The crate must not need an operating system: it is compiled for `wasm32-unknown-unknown` too.

pub mod approval;
pub mod automation;
#[doc(hidden)]
pub mod bindings;
mod change;
mod context;
mod convert;
pub mod duty;
mod effect;
mod event;
#[cfg(not(target_arch = "wasm32"))]
pub mod fake;
mod fault;
pub mod form;
pub mod host;
mod imports;
mod macros;
mod noun;
mod random;
mod ticket;
pub mod time;

pub use change::Change;
pub use context::{ActorKind, Context, Origin};
pub use effect::{
    Attach, Call, CreateTicket, Effect, Effects, Mail, Notify, SendMessage, StartClock, StartFlow, StopClock, UpsertCi,
    UpsertRecord, Visibility,
};
pub use event::{Event, FieldChange};
pub use fault::{Fault, Issue, Rejection};
pub use host::{CiSearch, Host, Search, TicketFilter};
pub use imports::Imports;
#[doc(hidden)]
pub use imports::explain_panics;
pub use noun::{Ci, Clock, ClockState, Direction, Person, RELATION_TYPES, Record, Relation};
pub use random::Rng;
pub use serde_json::{Value, json};
pub use ticket::Ticket;
pub use time::Instant;

/// A JSON object: the fields of a ticket, the data of an effect.
pub type Object = serde_json::Map<String, Value>;

/// What nearly every plugin needs.
pub mod prelude {
    #[cfg(not(target_arch = "wasm32"))]
    pub use crate::fake::FakeHost;
    pub use crate::host::LogLevel;
    pub use crate::{
        Change, Context, Effects, Event, Fault, Host, Instant, Issue, Object, Origin, Rejection, Search, Ticket,
        TicketFilter, Value, Visibility, json,
    };
}

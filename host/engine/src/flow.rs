//! Flows: a BPMN process as a pure function from a state and a command to a new state, events and actions.
//!
//! [`start`] and [`step`] are the whole engine. The state is one value ([`Instance`]) that a store keeps as one row; what must be found
//! by others (timers, subscriptions, tasks) leaves as [`Action`]s, so that side rows and state are written by the same commit.
//!
//! *Architecture Invariant:* no clock, no randomness, no I/O. Keys are counters, time is [`World::now`]. The same inputs give the same
//! bytes on every node, on every retry and in every replay.

mod command;
mod compensation;
#[cfg(feature = "conformance")]
pub mod conformance;
mod cron;
mod element;
mod error;
mod evaluate;
mod instance;
mod machine;
mod migrate;
mod modify;
mod moment;
pub mod port;
pub mod replay;
mod scope;
mod timer;
mod variables;
mod wait;

pub use command::{Start, start, start_triggers, step};
pub use instance::{ElementView, IncidentView, Instance};
pub use modify::ad_hoc_activities;
pub use port::*;

//! Flows: a BPMN process as a pure function from a state and a command to a new state, events and actions.
//!
//! [`start`] and [`step`] are the whole engine. The state is one value ([`Instance`]) that a store keeps as one row; what must be found
//! by others (timers, subscriptions, tasks) leaves as [`Action`]s, so that side rows and state are written by the same commit.
//!
//! *Architecture Invariant:* no clock, no randomness, no I/O. Keys are counters, time is [`World::now`]. The same inputs give the same
//! bytes on every node, on every retry and in every replay.

pub mod port;

pub use port::*;

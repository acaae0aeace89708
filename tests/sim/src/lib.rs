//! Deterministic simulation: the real application on a simulated database, clock and network, with faults from a seed.
//!
//! *Architecture Invariant:* a run has no thread, no socket, no file, no clock of the machine. The same seed gives the same run, bit for bit. Nothing
//! here knows the component runtime, so that it builds fast.

pub mod memory;

pub mod business_time;
pub mod campaign;
mod check;
pub mod cluster;
pub mod company;
pub mod double;
pub mod fault;
pub mod history;
pub mod log;
pub mod node_store;
pub mod people;
pub mod run;
pub mod time;
pub mod world;

pub use fault::Bug;
pub use run::{Outcome, Plan, run};

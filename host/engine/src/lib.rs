//! The pure core of a decision: effects in, new state and events out.
//!
//! A [`Wave`] holds what was loaded, applies effects one after the other, and ends as a [`Decision`] that can be committed as one.
//! *Architecture Invariant:* no I/O, no clock, no randomness, no async. The same input gives the same decision on every node, on
//! every retry and in every replay. Running flows decide in the same wave, through [`flow`].

mod ci;
mod clock;
mod create;
mod decision;
pub mod flow;
mod outgoing;
mod record;
mod start;
mod ticket;
mod wave;

pub use ci::{check_attributes, lineage};
pub use decision::{Decision, JobPlan, Outgoing, OutgoingWish, clock_key};
pub use wave::{By, Wave, Working};

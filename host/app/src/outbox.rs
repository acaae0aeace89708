//! The outbox: from the commit that wants something sent to the word about how it ended.
//!
//! One row of truth, one job that works on it. The row says `sending` before the first byte leaves, so a node that dies in the middle
//! leaves an item of which nobody claims to know the end; what follows then is the item's own policy, never chance. Knows no socket: what
//! sends stands behind [`crate::port::outbound`].

mod after;
mod notify;
mod plan;
mod send;
mod settle;

pub(crate) use notify::{FloodGuard, add_notifications};
pub(crate) use plan::{allowed, decided, job_key};
pub use settle::{OutboxCounts, Settlement};

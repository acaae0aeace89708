//! Commands: what somebody wants to happen, before anything is decided.

use crate::event::Cause;
use crate::{Actor, Effect, TicketId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A wish to change things: the same for HTTP, import, jobs and reactions.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    pub actor: Actor,
    /// The instant that the decision is made for. The wall clock, except in imports, timers and simulations.
    pub now: Timestamp,
    /// Ticket that effects without a ticket are about.
    pub subject: Option<TicketId>,
    /// The version that the caller has seen; another one is a conflict that the caller must resolve.
    pub expected_version: Option<u32>,
    pub effects: Vec<Effect>,
    pub cause: Cause,
    /// Key under which the answer is kept, so that a repeated command is answered again and not carried out again.
    pub idempotency: Option<IdempotencyKey>,
    /// Decide and show, commit nothing.
    pub dry_run: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdempotencyKey {
    /// Keeps the keys of different callers apart.
    pub scope: String,
    pub key: String,
    /// Hash of what was asked: the same key with another request is refused.
    pub fingerprint: String,
}

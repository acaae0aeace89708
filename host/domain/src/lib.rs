//! The words of Weft: ids, kinds, tickets, CIs, records, people, calendars, permissions, effects and events.
//!
//! Pure data and pure rules. *Architecture Invariant:* no async, no I/O, no clock, no randomness; time and ids come in as
//! arguments.

pub mod calendar;
pub mod change;
pub mod ci;
pub mod clock;
pub mod effect;
pub mod event;
pub mod filter;
pub mod flow;
pub mod id;
pub mod job;
pub mod kind;
pub mod manifest;
pub mod outbox;
pub mod person;
pub mod problem;
pub mod record;
pub mod report;
pub mod role;
pub mod schedule;
pub mod ticket;

pub use ci::{Ci, CiClass, CiPlace, CiRelation};
pub use clock::{Clock, ClockState};
pub use effect::Effect;
pub use event::Event;
pub use flow::{FlowInstance, Task};
pub use id::*;
pub use job::Job;
pub use kind::Kind;
pub use manifest::Manifest;
pub use outbox::{OutboxItem, OutboxState};
pub use person::{Group, Person, Space};
pub use problem::Problem;
pub use record::{Record, RecordScope, ShownRecords};
pub use report::Report;
pub use role::{Actor, ActorKind, Role};
pub use ticket::{Attachment, Comment, Link, Ticket};

/// A JSON object, as the fields of a ticket or the attributes of a CI are.
pub type Object = serde_json::Map<String, serde_json::Value>;

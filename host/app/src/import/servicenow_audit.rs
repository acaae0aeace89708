//! The incident audit log of a ServiceNow instance: a CSV file with one row for the incident as it was after each update.
//!
//! [`Rows`] reads the file as a stream, [`Tracker`] says for each row what is new about it, as effects, and [`Report`]
//! keeps what an administrator wants to know afterwards. Nothing here knows the store: whoever drives it sends the effects
//! through the door of commands, with [`Row::key`] as the idempotency key, the rows of one incident one after the other.
//!
//! What the log does not say is not made up, with two exceptions that a lifecycle asks for: a title, composed of the symptom
//! and the category, and resolution notes, which say that there were none.

mod file;
mod name;
mod plan;
mod report;
mod row;
mod state;
mod tracker;
mod when;

pub use file::{FileProblem, Item, Rows};
pub use name::{ImportedGroup, ImportedPerson, group_id, person_id};
pub use plan::{ImportedState, Target, plan};
pub use report::{FinalMismatch, PriorityMismatch, Report};
pub use row::{Row, RowProblem};
pub use state::{SourceState, state};
pub use tracker::{INCIDENTS_MAX, ROWS_MAX, Step, Tracker};

#[cfg(test)]
mod tests;

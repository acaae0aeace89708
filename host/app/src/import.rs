//! Bringing in what happened elsewhere, through the same door as everything else.

pub mod servicenow_audit;

mod run;

pub use run::{ImportOptions, Progress};

//! Bringing in what happened elsewhere. Here is the pure half: text in, effects and reports out; no store, no clock.

pub mod servicenow_audit;

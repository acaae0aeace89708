//! Assignment.

//! What the tests share: guests built from WAT, and measurements.

pub mod bench;
pub mod guests;

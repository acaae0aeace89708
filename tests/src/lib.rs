//! weft-tests.

pub mod bench;
pub mod guests;

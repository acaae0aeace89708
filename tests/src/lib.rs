//! What the tests share: actors, guests, acceptance runs and benchmarks.

pub mod accept;
pub mod bench;
pub mod guests;

//! The use cases: authorize, load, decide, commit, publish.

pub mod port;

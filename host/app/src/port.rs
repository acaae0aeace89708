//! What the use cases need from the outside, as traits. `server` builds the concrete types, tests build their own.

pub mod clock;
pub mod outbound;
pub mod plugins;

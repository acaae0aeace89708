//! What an expression may know of the world: the time, the zone, and functions of the host.

use jiff::{Timestamp, tz::TimeZone};

use crate::Value;

/// The world of one evaluation.
pub trait Environment {
    fn now(&self) -> Timestamp;

    fn zone(&self) -> &TimeZone;

    /// Whether the host offers a function of this name, such as `due(start, "PT4H", calendar)`.
    fn has_function(&self, _name: &str) -> bool {
        false
    }

    /// Calls a function of the host.
    ///
    /// # Errors
    /// A sentence that says why there is no value. The call is then null, with that sentence as its note.
    fn call(&self, name: &str, _arguments: &[Value]) -> Result<Value, String> {
        Err(format!("the host has no function {name}"))
    }
}

/// A world that stands still, for tests, for replay and for trying an expression while it is written.
#[derive(Debug, Clone)]
pub struct FixedEnvironment {
    pub now: Timestamp,
    pub zone: TimeZone,
}

impl FixedEnvironment {
    #[must_use]
    pub fn new(now: Timestamp, zone: TimeZone) -> Self {
        Self { now, zone }
    }
}

impl Default for FixedEnvironment {
    fn default() -> Self {
        Self { now: Timestamp::UNIX_EPOCH, zone: TimeZone::UTC }
    }
}

impl Environment for FixedEnvironment {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn zone(&self) -> &TimeZone {
        &self.zone
    }
}

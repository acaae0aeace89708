//! A FEEL range: two ends, each open or closed, or missing.

use crate::Value;

/// A range as a value. An end that is [`Value::Null`] has no limit.
#[derive(Debug, Clone)]
pub struct Range {
    pub start: Value,
    pub end: Value,
    pub start_included: bool,
    pub end_included: bool,
}

//! A FEEL range: two ends, each open or closed, or missing.

use std::cmp::Ordering;

use crate::Value;

/// How a range was written. `[10..10]` and `(= 10)` contain the same and are not equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RangeForm {
    /// `[1..10]`. An end that is null leaves open what lies within.
    Interval,
    /// `(< 10)`, `(>= 10)`, `(= 10)`. An end that is null has no limit.
    Comparison,
    /// `(!= 10)`: everything but its start.
    Different,
}

/// A range as a value.
#[derive(Debug, Clone)]
pub struct Range {
    pub start: Value,
    pub end: Value,
    pub start_included: bool,
    pub end_included: bool,
    pub form: RangeForm,
}

impl Range {
    /// Whether a value lies within; none where that cannot be said.
    #[must_use]
    pub fn contains(&self, value: &Value) -> Option<bool> {
        if self.form == RangeForm::Different {
            return value.feel_eq(&self.start).map(|same| !same);
        }
        let is_equal = self.form == RangeForm::Comparison && !self.start.is_null() && !self.end.is_null();
        if is_equal {
            return value.feel_eq(&self.start);
        }
        let start = self.is_after_start(value);
        let end = self.is_before_end(value);
        match (start, end) {
            (Some(false), Some(_)) | (Some(_), Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        }
    }

    fn is_after_start(&self, value: &Value) -> Option<bool> {
        if self.start.is_null() {
            return (self.form == RangeForm::Comparison).then_some(true);
        }
        let order = value.compare(&self.start)?;
        Some(order == Ordering::Greater || order == Ordering::Equal && self.start_included)
    }

    fn is_before_end(&self, value: &Value) -> Option<bool> {
        if self.end.is_null() {
            return (self.form == RangeForm::Comparison).then_some(true);
        }
        let order = value.compare(&self.end)?;
        Some(order == Ordering::Less || order == Ordering::Equal && self.end_included)
    }
}

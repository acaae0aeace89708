//! Equality and order. Values of different types are neither equal nor unequal; null equals only null.

use std::{cmp::Ordering, sync::Arc};

use crate::{Context, Offset, Value};

impl Value {
    /// Equality of FEEL; none where the two cannot be compared.
    #[must_use]
    pub fn feel_eq(&self, other: &Self) -> Option<bool> {
        match (self, other) {
            (Self::Null, Self::Null) => Some(true),
            (Self::Null, _) | (_, Self::Null) => Some(false),
            (Self::Boolean(left), Self::Boolean(right)) => Some(left == right),
            (Self::String(left), Self::String(right)) => Some(left == right),
            (Self::List(left), Self::List(right)) => {
                Some(Arc::ptr_eq(left, right) || left.len() == right.len() && all(left.iter().zip(&**right)))
            }
            (Self::Context(left), Self::Context(right)) => Some(Arc::ptr_eq(left, right) || same_entries(left, right)),
            (Self::Range(left), Self::Range(right)) => {
                let same_form = left.form == right.form
                    && left.start_included == right.start_included
                    && left.end_included == right.end_included;
                Some(same_form && all([(&left.start, &right.start), (&left.end, &right.end)]))
            }
            (Self::Function(left), Self::Function(right)) => left.is_same(right).then_some(true),
            _ => self.compare(other).map(Ordering::is_eq),
        }
    }

    /// Order of FEEL; none where the two have none.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Number(left), Self::Number(right)) => Some(left.cmp(right)),
            (Self::String(left), Self::String(right)) => Some(left.cmp(right)),
            (Self::Date(left), Self::Date(right)) => Some(left.cmp(right)),
            (Self::Time(left), Self::Time(right)) => left.compare(right),
            (Self::DateTime(left), Self::DateTime(right)) => left.compare(right),
            (Self::DaysTime(left), Self::DaysTime(right)) => Some(left.cmp(right)),
            (Self::YearsMonths(left), Self::YearsMonths(right)) => Some(left.cmp(right)),
            _ => None,
        }
    }
}

/// Inside of lists and contexts what cannot be compared is different.
fn all<'a>(pairs: impl IntoIterator<Item = (&'a Value, &'a Value)>) -> bool {
    pairs.into_iter().all(|(left, right)| left.feel_eq(right) == Some(true))
}

fn same_entries(left: &Context, right: &Context) -> bool {
    left.len() == right.len()
        && left.iter().all(|(name, value)| right.get(name).is_some_and(|other| value.feel_eq(other) == Some(true)))
}

/// The same element of the semantic domain, as the function `is` asks: an instant in two zones is two values.
pub(crate) fn is_same(left: &Value, right: &Value) -> bool {
    let same_offset = |left: &Offset, right: &Offset| left == right;
    match (left, right) {
        (Value::Time(left), Value::Time(right)) => {
            same_offset(left.offset(), right.offset()) && left.compare(right) == Some(Ordering::Equal)
        }
        (Value::DateTime(left), Value::DateTime(right)) => {
            same_offset(left.time().offset(), right.time().offset()) && left.compare(right) == Some(Ordering::Equal)
        }
        _ => left.feel_eq(right) == Some(true),
    }
}

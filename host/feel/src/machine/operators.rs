//! Logic and comparison, each with three values: true, false and null.

use std::cmp::Ordering;

use super::{Answer, Machine};
use crate::{
    Value,
    node::{At, Comparison, Node},
};

/// What a comparison says about an order.
pub(super) fn holds(comparison: Comparison, order: Ordering) -> bool {
    match comparison {
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
    }
}

/// Compares two values; none where they cannot be compared.
pub(crate) fn compared(comparison: Comparison, left: &Value, right: &Value) -> Option<bool> {
    match comparison {
        Comparison::Equal => left.feel_eq(right),
        Comparison::NotEqual => left.feel_eq(right).map(|same| !same),
        _ => left.compare(right).map(|order| holds(comparison, order)),
    }
}

impl Machine<'_> {
    /// `and` and `or`: one part may decide, and what is not a boolean counts as unknown.
    #[inline(never)]
    pub(super) fn junction(&mut self, parts: &[Node], decisive: bool) -> Answer {
        let mut is_unknown = false;
        for part in parts {
            match self.evaluate(part)? {
                Value::Boolean(value) if value == decisive => return Ok(Value::Boolean(decisive)),
                Value::Boolean(_) => {}
                _ => is_unknown = true,
            }
        }
        Ok(if is_unknown { Value::Null } else { Value::Boolean(!decisive) })
    }

    #[inline(never)]
    pub(super) fn comparison(&mut self, comparison: Comparison, sides: &[Node; 2], at: At) -> Answer {
        let [left, right] = sides;
        if let (Some(left), Some(right)) = (self.at_hand(left), self.at_hand(right))
            && let Some(result) = compared(comparison, left, right)
        {
            return Ok(Value::Boolean(result));
        }
        let left = self.evaluate(left)?;
        let right = self.evaluate(right)?;
        Ok(match self.compared_values(comparison, &left, &right)? {
            Some(result) => Value::Boolean(result),
            None => self.null(comparison.text(), at, || incomparable(&left, &right)),
        })
    }

    /// Compares, and pays for what is large.
    pub(super) fn compared_values(
        &mut self,
        comparison: Comparison,
        left: &Value,
        right: &Value,
    ) -> Result<Option<bool>, crate::Exceeded> {
        self.charge_look(left)?;
        Ok(compared(comparison, left, right))
    }

    /// Pays for looking at all of a value.
    pub(crate) fn charge_look(&mut self, value: &Value) -> Result<(), crate::Exceeded> {
        if matches!(value, Value::List(_) | Value::Context(_) | Value::String(_)) {
            let measure = self.scale.measure(value, self.budget)?;
            self.budget.charge_steps(measure.bytes / 1024)?;
        }
        Ok(())
    }

    #[inline(never)]
    pub(super) fn between(&mut self, parts: &[Node; 3], at: At) -> Answer {
        let [value, low, high] = parts;
        let value = self.evaluate(value)?;
        let (low, high) = (self.evaluate(low)?, self.evaluate(high)?);
        let above = compared(Comparison::GreaterOrEqual, &value, &low);
        let below = compared(Comparison::LessOrEqual, &value, &high);
        Ok(match (above, below) {
            (Some(above), Some(below)) => Value::Boolean(above && below),
            (None, _) => self.null("between", at, || incomparable(&value, &low)),
            (_, None) => self.null("between", at, || incomparable(&value, &high)),
        })
    }
}

pub(super) fn incomparable(left: &Value, right: &Value) -> String {
    format!("{} and {} cannot be compared; convert one of them", left.described(), right.described())
}

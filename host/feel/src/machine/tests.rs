//! Unary tests.

use super::{Answer, Machine, operators::incomparable};
use crate::{
    Exceeded, Value,
    node::{At, Comparison, Node, Test},
};

impl Machine<'_> {
    #[inline(never)]
    pub(super) fn is_in(&mut self, value: &Node, tests: &[Test], at: At) -> Answer {
        let input = self.evaluate(value)?;
        let result = self.passes_any(&input, tests, at)?;
        Ok(result.map_or(Value::Null, Value::Boolean))
    }

    #[inline(never)]
    pub(super) fn cell(&mut self, tests: &[Test], is_negated: bool, input: usize, at: At) -> Answer {
        let input = self.stack[self.base + input].clone();
        let result = self.passes_any(&input, tests, at)?;
        Ok(result.map_or(Value::Null, |passes| Value::Boolean(passes != is_negated)))
    }

    fn passes_any(&mut self, input: &Value, tests: &[Test], at: At) -> Result<Option<bool>, Exceeded> {
        let mut is_false = false;
        for test in tests {
            match self.passes(input, test, at)? {
                Some(true) => return Ok(Some(true)),
                Some(false) => is_false = true,
                None => {}
            }
        }
        Ok(is_false.then_some(false))
    }

    fn passes(&mut self, input: &Value, test: &Test, at: At) -> Result<Option<bool>, Exceeded> {
        match test {
            Test::Any => Ok(Some(true)),
            Test::Compare(comparison, node) => {
                let right = self.evaluate(node)?;
                let result = self.compared_values(*comparison, input, &right)?;
                if result.is_none() {
                    self.null(comparison.text(), at, || incomparable(input, &right));
                }
                Ok(result)
            }
            Test::Condition(node) => Ok(match self.evaluate(node)? {
                Value::Boolean(value) => Some(value),
                other => {
                    self.null("?", at, || format!("the test gives {} and not true or false", other.described()));
                    None
                }
            }),
            Test::Value(node) => {
                let value = self.evaluate(node)?;
                self.charge_look(&value)?;
                let result = matches_value(input, &value);
                if result.is_none() {
                    self.null("in", at, || incomparable(input, &value));
                }
                Ok(result)
            }
        }
    }
}

/// Whether an input is a value, lies in a range, or is in a list.
pub(crate) fn matches_value(input: &Value, value: &Value) -> Option<bool> {
    match value {
        Value::Range(range) if !matches!(input, Value::Range(_)) => range.contains(input),
        Value::List(items) => {
            let is_item = |item: &Value| match item {
                Value::Range(range) if !matches!(input, Value::Range(_)) => range.contains(input) == Some(true),
                // A list among the items is compared as a whole.
                item => input.feel_eq(item) == Some(true),
            };
            Some(items.iter().any(is_item) || input.feel_eq(value) == Some(true))
        }
        // An expression that is true by itself: a condition that does not mention the input.
        Value::Boolean(truth) if !matches!(input, Value::Boolean(_) | Value::Null) => Some(*truth),
        value => super::operators::compared(Comparison::Equal, input, value),
    }
}

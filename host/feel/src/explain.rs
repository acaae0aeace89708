//! Why an expression has its value, in one line that a person can read.

use crate::{Budget, Environment, Exceeded, Expression, Scope};

/// Explains the value of an expression: `amount 12000 > 10000 is true`.
///
/// # Errors
/// [`Exceeded`] when the budget is used up.
pub fn explain(
    expression: &Expression,
    scope: &Scope,
    environment: &dyn Environment,
    budget: &mut Budget,
) -> Result<String, Exceeded> {
    let evaluation = expression.evaluate(scope, environment, budget)?;
    Ok(format!("{} is {}", expression.text(), evaluation.value))
}

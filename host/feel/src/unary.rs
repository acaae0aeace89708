//! Unary tests: the cells of decision tables and the right side of `in`.

use crate::{Budget, Environment, Evaluation, Exceeded, Names, Scope, SyntaxProblem, Value};

/// Parsed unary tests, such as `-`, `> 10, [1..5]` or `not("a", "b")`.
#[derive(Debug, Clone)]
pub struct UnaryTests {
    text: String,
}

impl UnaryTests {
    /// Parses a text. `?` stands for the input.
    ///
    /// # Errors
    /// All problems that were found in it.
    pub fn parse(text: &str, _names: &Names) -> Result<Self, Vec<SyntaxProblem>> {
        Ok(Self { text: text.to_owned() })
    }

    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the input passes: true, false, or null with a note.
    ///
    /// # Errors
    /// [`Exceeded`] when the budget is used up.
    pub fn evaluate(
        &self,
        _input: &Value,
        _scope: &Scope,
        _environment: &dyn Environment,
        budget: &mut Budget,
    ) -> Result<Evaluation, Exceeded> {
        budget.charge_steps(1)?;
        Ok(Evaluation { value: Value::Null, notes: Vec::new() })
    }
}

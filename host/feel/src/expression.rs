//! An expression: parsed and resolved once, evaluated often.

use crate::{Budget, Environment, Exceeded, Names, Note, Scope, SyntaxProblem, Value};

/// A parsed expression.
#[derive(Debug, Clone)]
pub struct Expression {
    text: String,
    free_names: Vec<String>,
}

/// The value of an expression and why parts of it became null.
#[derive(Debug, Clone)]
pub struct Evaluation {
    pub value: Value,
    pub notes: Vec<Note>,
}

impl Expression {
    /// Parses a text.
    ///
    /// # Errors
    /// All problems that were found in it.
    pub fn parse(text: &str, _names: &Names) -> Result<Self, Vec<SyntaxProblem>> {
        Ok(Self { text: text.to_owned(), free_names: Vec::new() })
    }

    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The names that the scope has to bring.
    #[must_use]
    pub fn free_names(&self) -> &[String] {
        &self.free_names
    }

    /// Evaluates the expression.
    ///
    /// # Errors
    /// [`Exceeded`] when the budget is used up.
    pub fn evaluate(
        &self,
        _scope: &Scope,
        _environment: &dyn Environment,
        budget: &mut Budget,
    ) -> Result<Evaluation, Exceeded> {
        budget.charge_steps(1)?;
        Ok(Evaluation { value: Value::Null, notes: Vec::new() })
    }
}

//! An expression: parsed and resolved once, evaluated often.

use std::sync::Arc;

use crate::{
    Budget, Environment, Exceeded, Names, Note, Scope, SyntaxProblem, Value,
    machine::Machine,
    parser::{self, Program},
};

/// A parsed expression. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Expression {
    text: Arc<str>,
    pub(crate) program: Arc<Program>,
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
    /// What is wrong with it, where, and what to do.
    pub fn parse(text: &str, names: &Names) -> Result<Self, Vec<SyntaxProblem>> {
        Ok(Self { program: Arc::new(parser::expression(text, names)?), text: Arc::from(text) })
    }

    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The names that the scope has to bring.
    #[must_use]
    pub fn free_names(&self) -> &[String] {
        &self.program.free_names
    }

    /// Evaluates the expression.
    ///
    /// # Errors
    /// [`Exceeded`] when the budget is used up.
    pub fn evaluate(
        &self,
        scope: &Scope,
        environment: &dyn Environment,
        budget: &mut Budget,
    ) -> Result<Evaluation, Exceeded> {
        let mut machine = Machine::new(scope, environment, budget, self.program.slots);
        let value = machine.evaluate(&self.program.root)?;
        Ok(Evaluation { value, notes: machine.notes.into_vec() })
    }
}

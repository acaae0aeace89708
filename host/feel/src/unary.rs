//! Unary tests: the cells of decision tables and the right side of `in`.

use std::sync::Arc;

use crate::{
    Budget, Environment, Evaluation, Exceeded, Names, Scope, SyntaxProblem, Value,
    machine::Machine,
    parser::{self, Program},
};

/// The parser declares the input before anything else.
const INPUT_SLOT: usize = 0;

/// Parsed unary tests, such as `-`, `> 10, [1..5]` or `not("a", "b")`. Cheap to clone.
#[derive(Debug, Clone)]
pub struct UnaryTests {
    text: Arc<str>,
    program: Arc<Program>,
}

impl UnaryTests {
    /// Parses a text. `?` stands for the input.
    ///
    /// # Errors
    /// What is wrong with it, where, and what to do.
    pub fn parse(text: &str, names: &Names) -> Result<Self, Vec<SyntaxProblem>> {
        Ok(Self { program: Arc::new(parser::unary_tests(text, names)?), text: Arc::from(text) })
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

    /// Whether the input passes: true, false, or null with a note.
    ///
    /// # Errors
    /// [`Exceeded`] when the budget is used up.
    pub fn evaluate(
        &self,
        input: &Value,
        scope: &Scope,
        environment: &dyn Environment,
        budget: &mut Budget,
    ) -> Result<Evaluation, Exceeded> {
        let mut machine = Machine::new(scope, environment, budget, self.program.slots);
        machine.set(INPUT_SLOT, input.clone());
        let value = machine.evaluate(&self.program.root)?;
        Ok(Evaluation { value, notes: machine.notes.into_vec() })
    }
}

//! Script tasks: an expression whose value becomes a variable.

use crate::flow::machine::{Fault, Machine};
use crate::flow::port::Key;
use bpmn::expression::Expression;
use domain::Object;

impl Machine<'_> {
    pub(in crate::flow) fn activate_script(
        &mut self,
        key: Key,
        expression: &Expression,
        result_variable: Option<&str>,
    ) -> Result<(), Fault> {
        let value = self.evaluate_json(key, expression)?;
        let produced = result_variable.map(|name| (name.to_owned(), value)).into_iter().collect::<Object>();
        self.finish(key, produced);
        Ok(())
    }
}

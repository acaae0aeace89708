//! Business rule tasks: a decision that the host makes with the variables of the flow, explained in the audit.

use crate::flow::machine::{Fault, Machine};
use crate::flow::port::{Decided, Event, IncidentCode, Key};
use bpmn::graph::Decision;
use domain::Object;

impl Machine<'_> {
    pub(in crate::flow) fn activate_business_rule(
        &mut self,
        key: Key,
        decision: &Decision,
        result_variable: &str,
    ) -> Result<(), Fault> {
        let id = self.text(key, &decision.decision, "the id of the decision")?;
        let mut inputs = feel::Context::new();
        for (name, value) in self.world.names() {
            inputs.insert(name.as_str(), value.clone());
        }
        for (name, value) in self.visible(key) {
            inputs.insert(name.as_str(), feel::Value::from_json(&value));
        }
        let Decided { value, explanation } = self
            .world
            .decide(&id, &decision.binding, &inputs, &mut self.budget)
            .map_err(|reason| Fault::new(IncidentCode::Decision, format!("decision `{id}`: {reason}")))?;
        self.event(Event::Decided { place: self.place(key), value: value.clone(), explanation });
        self.finish(key, Object::from_iter([(result_variable.to_owned(), value)]));
        Ok(())
    }
}

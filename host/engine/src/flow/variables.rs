//! Variables: where a name is looked up, where a value goes, and the mappings in between.
//!
//! A name is looked up from the element outwards to the root of its process, then among the names of the host. A value that is handed
//! outwards goes to the nearest scope that has a variable of that name, else to the root of the process.

use super::evaluate::to_json;
use super::instance::Activity;
use super::machine::{Fault, Machine};
use super::port::{Event, IncidentCode, Key};
use bpmn::graph::{Mapping, Node};
use domain::Object;
use serde_json::Value;
use std::collections::BTreeMap;

/// Objects inside one another that the target of a mapping may name.
const PATH_DEPTH_MAX: usize = 32;

impl Machine<'_> {
    /// The value of a name, as an element sees it. Names of the host are not variables; see [`Machine::evaluate`].
    pub(super) fn lookup(&self, mut at: Key, name: &str) -> Option<std::borrow::Cow<'_, Value>> {
        use std::borrow::Cow;
        loop {
            let element = self.element(at);
            if let Some(value) = element.variables.get(name) {
                return Some(Cow::Borrowed(value));
            }
            if let Some(repetition) = element.repetition.filter(|_| name == "loopCounter") {
                return Some(Cow::Owned(Value::from(repetition)));
            }
            if let Activity::Repeating(body) = &element.activity {
                let count = match name {
                    // For a standard loop, whose condition is asked between two runs.
                    "loopCounter" => Some(body.started),
                    "numberOfInstances" => Some(body.total),
                    "numberOfActiveInstances" => Some(body.active),
                    "numberOfCompletedInstances" => Some(body.completed),
                    "numberOfTerminatedInstances" => Some(body.started - body.active - body.completed),
                    _ => None,
                };
                if let Some(count) = count {
                    return Some(Cow::Owned(Value::from(count)));
                }
            }
            // A called process does not see the variables of its caller.
            element.node?;
            at = element.scope?;
        }
    }

    /// All variables that an element sees.
    pub(super) fn visible(&self, mut at: Key) -> Object {
        let mut all = Object::new();
        loop {
            let element = self.element(at);
            for (name, value) in &element.variables {
                if !all.contains_key(name) {
                    all.insert(name.clone(), value.clone());
                }
            }
            match (element.node, element.scope) {
                (Some(_), Some(scope)) => at = scope,
                _ => return all,
            }
        }
    }

    /// What a component or a form gets: the element's own variables when the model maps inputs, else all that it sees.
    pub(super) fn inputs(&self, key: Key, node: &Node) -> Object {
        if node.inputs.is_empty() { self.visible(key) } else { self.element(key).variables.clone() }
    }

    /// Set variables of exactly this scope.
    pub(super) fn set_local(&mut self, key: Key, variables: Object) -> Result<(), Fault> {
        if variables.is_empty() {
            return Ok(());
        }
        self.account(key, &variables)?;
        self.event(Event::VariablesSet { scope: key, variables: variables.clone() });
        self.element_mut(key).variables.extend(variables);
        self.dirty |= !self.state.conditions.is_empty();
        Ok(())
    }

    /// Hand variables to the scopes around an element.
    pub(super) fn hand_outwards(&mut self, key: Key, variables: Object) -> Result<(), Fault> {
        match self.element(key).scope {
            Some(scope) => self.merge(scope, variables),
            None => self.merge(key, variables),
        }
    }

    /// Set each variable in the nearest scope, from this one outwards, that has it; else in the root of the process.
    pub(super) fn merge(&mut self, from: Key, variables: Object) -> Result<(), Fault> {
        let mut by_scope: BTreeMap<Key, Object> = BTreeMap::new();
        for (name, value) in variables {
            let mut at = from;
            loop {
                let element = self.element(at);
                let outwards = element.scope.filter(|_| element.node.is_some());
                match outwards {
                    Some(scope) if !element.variables.contains_key(&name) => at = scope,
                    _ => break,
                }
            }
            by_scope.entry(at).or_default().insert(name, value);
        }
        by_scope.into_iter().try_for_each(|(scope, variables)| self.set_local(scope, variables))
    }

    fn account(&mut self, key: Key, added: &Object) -> Result<(), Fault> {
        let own = &self.element(key).variables;
        let replaced: usize = added.keys().filter_map(|name| own.get(name).map(|value| entry_bytes(name, value))).sum();
        let bytes = self.state.variables_bytes + object_bytes(added) - replaced;
        if bytes > self.limits.variables_bytes_max {
            let max = self.limits.variables_bytes_max;
            let message =
                format!("the variables would need {bytes} bytes and {max} are allowed; keep less in the flow");
            return Err(Fault::new(IncidentCode::Limit, message));
        }
        self.state.variables_bytes = bytes;
        Ok(())
    }

    /// Input mappings: in order, into the element's own scope; each sees what the ones before it gave.
    pub(super) fn map_inputs(&mut self, key: Key, node: &Node) -> Result<(), Fault> {
        if node.inputs.is_empty() {
            return Ok(());
        }
        let mut inputs = Object::new();
        for mapping in &node.inputs {
            let value = self.evaluate_json(key, &mapping.source)?;
            let root = place_value(&mut inputs, &mapping.target, value)?;
            let root_value = inputs[root].clone();
            self.set_local(key, Object::from_iter([(root.to_owned(), root_value)]))?;
        }
        self.event(Event::InputsMapped { place: self.place(key), inputs });
        Ok(())
    }

    /// Output mappings: evaluated in the element's own scope, merged outwards. A path adds to the object that is there.
    pub(super) fn map_outputs(&mut self, key: Key, node: &Node) -> Result<(), Fault> {
        let scope = self.element(key).scope;
        let mut outputs = Object::new();
        for Mapping { source, target } in &node.outputs {
            let value = self.evaluate_json(key, source)?;
            let root = target.split('.').next().unwrap_or(target);
            if root != target
                && !outputs.contains_key(root)
                && let Some(there) = scope.and_then(|scope| self.lookup(scope, root))
            {
                outputs.insert(root.to_owned(), there.into_owned());
            }
            place_value(&mut outputs, target, value)?;
        }
        self.hand_outwards(key, outputs)
    }

    pub(super) fn evaluate_json(&mut self, at: Key, expression: &bpmn::expression::Expression) -> Result<Value, Fault> {
        self.evaluate(at, expression).map(|value| to_json(&value))
    }
}

/// Put a value at a path such as `request.item`; gives the first name of the path.
fn place_value<'t>(object: &mut Object, target: &'t str, value: Value) -> Result<&'t str, Fault> {
    let names: Vec<&str> = target.split('.').collect();
    let (last, around) = names.split_last().expect("a split has one part at least");
    if around.len() > PATH_DEPTH_MAX || names.iter().any(|name| name.is_empty()) {
        let message = format!("`{target}` is not a path of at most {PATH_DEPTH_MAX} names; change the mapping");
        return Err(Fault::new(IncidentCode::Expression, message));
    }
    let mut at = object;
    for name in around {
        let inner = at.entry(*name).or_insert_with(|| Value::Object(Object::new()));
        if !inner.is_object() {
            *inner = Value::Object(Object::new());
        }
        at = inner.as_object_mut().expect("it was made an object just now");
    }
    at.insert((*last).to_owned(), value);
    Ok(names[0])
}

/// About the bytes that an object takes as JSON. Exact sums matter, exact bytes do not.
pub(super) fn object_bytes(object: &Object) -> usize {
    object.iter().map(|(name, value)| entry_bytes(name, value)).sum()
}

fn entry_bytes(name: &str, value: &Value) -> usize {
    name.len() + 4 + value_bytes(value)
}

fn value_bytes(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 5,
        Value::Number(_) => 8,
        Value::String(text) => text.len() + 2,
        Value::Array(items) => 2 + items.iter().map(|item| value_bytes(item) + 1).sum::<usize>(),
        Value::Object(object) => 2 + object_bytes(object),
    }
}

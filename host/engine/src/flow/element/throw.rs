//! Intermediate throw events and end events: what they bring about happens at once, except messages that a component carries out and
//! compensation, which take their time.

use crate::flow::machine::{Fault, Machine, Work};
use crate::flow::port::{Action, Event, Key};
use bpmn::graph::{EventResult, Node};
use domain::Object;

impl Machine<'_> {
    pub(in crate::flow) fn activate_throw(&mut self, key: Key, node: &Node, result: &EventResult) -> Result<(), Fault> {
        match result {
            EventResult::None => self.finish(key, Object::new()),
            EventResult::Terminate => self.terminate_scope(key),
            EventResult::Error { code } => {
                let code = self.text(key, code, "the code of the error")?;
                let variables = self.element(key).variables.clone();
                if !self.throw_error(key, &code, "", variables) {
                    self.fail(&code);
                }
            }
            EventResult::Escalation { code } => {
                let code = self.text(key, code, "the code of the escalation")?;
                let variables = self.element(key).variables.clone();
                self.throw_escalation(key, &code, variables);
                self.finish_if_alive(key);
            }
            EventResult::Signal { name } => {
                let name = self.text(key, name, "the name of the signal")?;
                let variables = self.element(key).variables.clone();
                self.event(Event::SignalThrown { place: self.place(key), name: name.clone() });
                self.action(Action::BroadcastSignal { name: name.clone(), variables: variables.clone() });
                self.catch_signal(&name, &variables);
                self.finish_if_alive(key);
            }
            EventResult::Message { step: Some(step), .. } => return self.activate_step(key, node, step),
            EventResult::Message { name, correlation_key, step: None } => {
                let name = self.text(key, name, "the name of the message")?;
                let to = match correlation_key {
                    Some(expression) => self.expression_text(key, expression, "the correlation key")?,
                    None => String::new(),
                };
                let variables = self.element(key).variables.clone();
                let ttl = node.headers.get("ttl").cloned();
                self.event(Event::MessagePublished { place: self.place(key), name: name.clone(), key: to.clone() });
                self.action(Action::PublishMessage { name, key: to, variables, ttl });
                self.finish(key, Object::new());
            }
            EventResult::Compensation { activity } => self.throw_compensation(key, *activity),
            EventResult::Link { target } => {
                let scope = self.element(key).scope.expect("an event stands in a scope");
                self.event(Event::Completed { place: self.place(key) });
                self.remove(key);
                self.create(scope, *target, None);
            }
        }
        Ok(())
    }

    fn finish_if_alive(&mut self, key: Key) {
        if self.is_alive(key) {
            self.finish(key, Object::new());
        }
    }

    /// Everything else in the scope ends, then the scope completes.
    fn terminate_scope(&mut self, key: Key) {
        let scope = self.enclosing_scope(key);
        let others: Vec<Key> = self.children(scope).into_iter().filter(|child| *child != key).collect();
        self.terminate(&others);
        self.agenda.retain(|work| !matches!(work, Work::Take { scope: of, .. } if *of == scope));
        let state = self.scope_mut(scope);
        state.tokens = 1;
        state.closing = true;
        if !std::mem::take(&mut state.waiting).is_empty() {
            self.event(Event::TokensDropped { scope });
        }
        self.finish(key, Object::new());
    }
}

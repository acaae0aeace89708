//! Whether a state can be: what a repair tool asks of a stored instance, and every test after every command.

use super::{Activity, Instance};
use crate::flow::port::Key;
use crate::flow::variables::object_bytes;

impl Instance {
    /// Everything in this state that cannot be, as sentences; none in a state that this engine has written.
    #[must_use]
    pub fn inconsistencies(&self) -> Vec<String> {
        let mut found = Vec::new();
        if self.is_running() != self.elements.contains_key(&self.root) {
            found.push("a running instance has a root, an ended one has none".to_owned());
        }
        for (key, element) in &self.elements {
            let children = self.elements.values().filter(|child| child.scope == Some(*key)).count();
            match &element.activity {
                Activity::Scope(scope) => {
                    let waiting: u32 = scope.waiting.values().sum();
                    let held = children + waiting as usize;
                    if scope.tokens as usize != held {
                        found.push(format!("scope {key} counts {} tokens and holds {held}", scope.tokens));
                    }
                }
                Activity::Repeating(body) if body.active != children => {
                    found.push(format!("body {key} counts {} runs and holds {children}", body.active));
                }
                Activity::Repeating(_) | Activity::Calling => {}
                _ if children > 0 => found.push(format!("element {key} holds {children} others and is no scope")),
                _ => {}
            }
            if element.scope.is_some_and(|scope| !self.elements.contains_key(&scope)) {
                found.push(format!("element {key} lives in a scope that is gone"));
            }
            if key.0 >= self.next_key {
                found.push(format!("element {key} has a key that was not given out"));
            }
        }
        let owners = self.timers.values().map(|timer| timer.element);
        let owners = owners.chain(self.subscriptions.values().map(|open| open.element));
        let owners = owners.chain(self.conditions.values().map(|condition| condition.element));
        let owners = owners.chain(self.incidents.values().map(|incident| incident.element));
        let gone = |owner: &Key| !self.elements.contains_key(owner);
        found.extend(owners.filter(gone).map(|owner| format!("something waits for element {owner}, which is gone")));
        let bytes: usize = self.elements.values().map(|element| object_bytes(&element.variables)).sum();
        if bytes != self.variables_bytes {
            found.push(format!("variables are {bytes} bytes and {} are counted", self.variables_bytes));
        }
        found
    }
}

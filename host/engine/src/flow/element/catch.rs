//! Intermediate catch events and receive tasks: they wait for one thing.

use crate::flow::instance::Activity;
use crate::flow::machine::{Fault, Machine};
use crate::flow::port::Key;
use bpmn::graph::{MessageCatch, Trigger};
use domain::Object;

impl Machine<'_> {
    pub(in crate::flow) fn activate_catch(&mut self, key: Key, trigger: &Trigger) -> Result<(), Fault> {
        // A link is reached by its jump and a none event waits for nothing.
        if matches!(trigger, Trigger::None | Trigger::Link { .. }) {
            self.finish(key, Object::new());
            return Ok(());
        }
        let (_, node) = self.node_of(key);
        self.element_mut(key).activity = Activity::Waiting;
        self.arm(key, node, trigger)
    }

    pub(in crate::flow) fn activate_receive(&mut self, key: Key, message: &MessageCatch) -> Result<(), Fault> {
        let (_, node) = self.node_of(key);
        self.element_mut(key).activity = Activity::Waiting;
        self.arm_message(key, node, message)
    }
}

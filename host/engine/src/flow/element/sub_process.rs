//! Scopes: embedded and event sub-processes, and the root of a process.

use crate::flow::instance::{Activity, Scope};
use crate::flow::machine::{Fault, Machine};
use crate::flow::port::Key;
use bpmn::graph::NodeIndex;

impl Machine<'_> {
    pub(in crate::flow) fn activate_sub_process(
        &mut self,
        key: Key,
        start: NodeIndex,
        events: &[NodeIndex],
    ) -> Result<(), Fault> {
        self.open_scope(key, events)?;
        self.scope_mut(key).tokens = 1;
        self.create(key, start, None);
        Ok(())
    }

    /// Make an element a scope that listens for its event sub-processes. It has no token yet.
    pub(in crate::flow) fn open_scope(&mut self, key: Key, events: &[NodeIndex]) -> Result<(), Fault> {
        self.element_mut(key).activity = Activity::Scope(Scope::default());
        self.arm_event_sub_processes(key, events)
    }
}

//! Call activities: another process runs in the state of this instance, in a scope that sees only the variables it is given.

use crate::flow::instance::{Activity, Called, Element, Scope};
use crate::flow::machine::{Fault, Machine};
use crate::flow::port::{Event, IncidentCode, Key};
use bpmn::graph::{Binding, NodeIndex, NodeKind, Process, TextOrExpression, Trigger};
use domain::Object;

impl Machine<'_> {
    pub(in crate::flow) fn activate_call(
        &mut self,
        key: Key,
        process: &TextOrExpression,
        binding: &Binding,
        all_variables: bool,
    ) -> Result<(), Fault> {
        let id = self.text(key, process, "the id of the called process")?;
        self.check_depth(key)?;
        let place = self.called_place(&id, binding)?;
        let called = std::sync::Arc::clone(&self.processes[place]);
        let start = none_start(&called).ok_or_else(|| {
            let message = format!("process `{id}` has no plain start event, so it cannot be called; add one");
            Fault::new(IncidentCode::CalledProcess, message)
        })?;
        let variables = if all_variables { self.visible(key) } else { self.element(key).variables.clone() };
        self.element_mut(key).activity = Activity::Calling;
        let root = self.insert(
            Element {
                node: None,
                scope: Some(key),
                process: place,
                repetition: None,
                compensates: None,
                variables: Object::new(),
                activity: Activity::Scope(Scope { tokens: 1, ..Scope::default() }),
            },
            None,
        );
        let armed = self
            .set_local(root, variables)
            .and_then(|()| self.arm_event_sub_processes(root, &called.event_sub_processes));
        if let Err(fault) = armed {
            self.terminate(&[root]);
            return Err(fault);
        }
        self.create(root, start, None);
        Ok(())
    }

    fn check_depth(&self, key: Key) -> Result<(), Fault> {
        let (mut depth, mut at) = (0, self.element(key).scope);
        while let Some(scope) = at {
            let element = self.element(scope);
            depth += usize::from(element.node.is_none());
            at = element.scope;
        }
        if depth > self.limits.call_depth_max {
            let max = self.limits.call_depth_max;
            let message = format!("processes call each other more than {max} deep; end the recursion earlier");
            return Err(Fault::new(IncidentCode::Limit, message));
        }
        Ok(())
    }

    /// The place that elements of a called process name.
    fn called_place(&mut self, id: &str, binding: &Binding) -> Result<usize, Fault> {
        let known = self.state.called.iter().position(|called| called.id == id && called.binding == *binding);
        if let Some(known) = known {
            return Ok(known + 1);
        }
        let Some(found) = self.world.process(id, binding) else {
            let message = format!("there is no process `{id}` to call; deploy it, then retry");
            return Err(Fault::new(IncidentCode::CalledProcess, message));
        };
        self.state.called.push(Called { id: id.to_owned(), binding: binding.clone() });
        self.processes.push(found);
        Ok(self.state.called.len())
    }

    /// The root of a called process has no token left.
    pub(in crate::flow) fn call_done(&mut self, root: Key) {
        let call = self.element(root).scope.expect("the root of the instance ends elsewhere");
        let variables = self.element(root).variables.clone();
        self.event(Event::Completed { place: self.place(root) });
        self.remove(root);
        let (process, index) = self.node_of(call);
        let node = &process.nodes[index];
        let all = matches!(node.kind, NodeKind::CallActivity { propagate_all_child: true, .. });
        let produced = if all || !node.outputs.is_empty() { variables } else { Object::new() };
        self.finish(call, produced);
    }
}

/// The start event of a process that starts without a trigger.
pub(in crate::flow) fn none_start(process: &Process) -> Option<NodeIndex> {
    process
        .starts
        .iter()
        .copied()
        .find(|start| matches!(process.nodes[*start].kind, NodeKind::StartEvent { trigger: Trigger::None, .. }))
}

//! Moving tokens by hand: start elements anywhere, end others. Everything that is wrong is said at once, and nothing is done then.

use super::element;
use super::instance::{Activity, Scope};
use super::machine::Machine;
use super::port::{Activation, Event, Key, Refusal, Status};
use super::wait::event_sub_processes;
use bpmn::graph::{NodeIndex, NodeKind, Process};
use domain::Problem;

impl Machine<'_> {
    /// # Errors
    /// [`Refusal::Problems`] with all of them.
    pub(super) fn modify(&mut self, activate: &[Activation], terminate: &[Key]) -> Result<(), Refusal> {
        let mut problems = Vec::new();
        let mut planned = Vec::new();
        for (place, activation) in activate.iter().enumerate() {
            match self.plan(activation) {
                Ok(plan) => planned.push((plan, activation)),
                Err(message) => problems.push(Problem::new(format!("/activate/{place}"), "cannot-activate", message)),
            }
        }
        for (place, key) in terminate.iter().enumerate() {
            let pointer = format!("/terminate/{place}");
            if !self.is_alive(*key) {
                let message = format!("element `{key}` is not alive; look at the instance again");
                problems.push(Problem::new(pointer, "unknown-element", message));
            } else if *key == self.state.root {
                let message = "the instance itself is ended by the command cancel".to_owned();
                problems.push(Problem::new(pointer, "cannot-terminate", message));
            }
        }
        if !problems.is_empty() {
            return Err(Refusal::Problems(problems));
        }
        self.event(Event::Modified {
            activated: activate.iter().map(|activation| activation.node.clone()).collect(),
            terminated: terminate.to_vec(),
        });
        for (plan, activation) in planned {
            self.activate_planned(&plan, activation)
                .map_err(|message| Refusal::Problems(vec![Problem::new("/activate", "cannot-activate", message)]))?;
        }
        for key in terminate {
            self.terminate_by_hand(*key);
            if self.state.status != Status::Running {
                break;
            }
        }
        Ok(())
    }

    /// Where an element would be started.
    fn plan(&self, activation: &Activation) -> Result<Plan, String> {
        let process = match activation.scope {
            Some(scope) if !self.is_alive(scope) => return Err(format!("scope `{scope}` is not alive")),
            Some(scope) => self.process_of(scope),
            None => std::sync::Arc::clone(&self.processes[0]),
        };
        let node = process
            .nodes
            .iter()
            .position(|node| node.id == activation.node)
            .ok_or_else(|| format!("there is no node `{}` in process `{}`", activation.node, process.id))?;
        match process.nodes[node].kind {
            NodeKind::BoundaryEvent { .. } => {
                return Err(format!("`{}` is a boundary event; start what comes after it", activation.node));
            }
            _ if process.nodes[node].is_for_compensation => {
                return Err(format!("`{}` only runs to compensate another activity", activation.node));
            }
            _ => {}
        }
        if let Some(scope) = activation.scope {
            let around = self.element(scope);
            if around.tokens().is_none() || around.node != process.nodes[node].parent {
                return Err(format!("element `{scope}` is not the scope that `{}` stands in", activation.node));
            }
            return Ok(Plan { scope, chain: vec![node] });
        }
        let mut chain = vec![node];
        let mut parent = process.nodes[node].parent;
        loop {
            let live: Vec<Key> = self
                .state
                .elements
                .iter()
                .filter(|(_, element)| element.process == 0 && element.node == parent && element.tokens().is_some())
                .map(|(key, _)| *key)
                .collect();
            match (live.as_slice(), parent) {
                ([scope], _) => {
                    chain.reverse();
                    return Ok(Plan { scope: *scope, chain });
                }
                ([], Some(around)) => {
                    if process.nodes[around].repeat.is_some() {
                        let id = &process.nodes[around].id;
                        return Err(format!("`{id}` repeats and none of its runs is alive; start `{id}` instead"));
                    }
                    chain.push(around);
                    parent = process.nodes[around].parent;
                }
                ([], None) => return Err("the instance has no scope any more".to_owned()),
                (several, _) => {
                    let keys: Vec<String> = several.iter().map(ToString::to_string).collect();
                    return Err(format!(
                        "`{}` could be started in several scopes ({}); name one",
                        activation.node,
                        keys.join(", ")
                    ));
                }
            }
        }
    }

    fn activate_planned(&mut self, plan: &Plan, activation: &Activation) -> Result<(), String> {
        let (last, around) = plan.chain.split_last().expect("a plan ends in the element that is meant");
        let mut scope = plan.scope;
        for node in around {
            // A scope that an activation before this one has started is used again.
            let same = self.children(scope).into_iter().find(|child| {
                let child = self.element(*child);
                child.node == Some(*node) && child.tokens().is_some()
            });
            scope = match same {
                Some(same) => same,
                None => self.open_around(scope, *node)?,
            };
        }
        self.scope_mut(scope).tokens += 1;
        let key = self.create(scope, *last, None);
        self.set_local(key, activation.variables.clone()).map_err(|fault| fault.message)
    }

    /// Start a sub-process without its start event.
    fn open_around(&mut self, scope: Key, node: NodeIndex) -> Result<Key, String> {
        let process = self.process_of(scope);
        self.scope_mut(scope).tokens += 1;
        let key = self.create_event(scope, node);
        self.element_mut(key).activity = Activity::Scope(Scope::default());
        self.map_inputs(key, &process.nodes[node])
            .and_then(|()| self.arm_boundary(key, &process.nodes[node]))
            .and_then(|()| self.arm_event_sub_processes(key, event_sub_processes(&process, Some(node))))
            .map_err(|fault| fault.message)?;
        Ok(key)
    }

    /// End an element; a scope that is left without a token ends with it, and so does the instance.
    fn terminate_by_hand(&mut self, key: Key) {
        if !self.is_alive(key) {
            return;
        }
        let scope = self.element(key).scope.expect("the root is refused before");
        let compensates = self.element(key).compensates;
        self.terminate(&[key]);
        let around = self.element(scope);
        if around.tokens().is_none() {
            if matches!(around.activity, Activity::Repeating(_)) {
                return self.run_dropped(scope);
            }
            // A called process was ended: the call ends with it.
            return self.terminate_by_hand(scope);
        }
        if let Some(thrower) = compensates.filter(|thrower| self.is_alive(*thrower)) {
            self.compensate_next(thrower);
        }
        let state = self.scope_mut(scope);
        state.tokens -= 1;
        if state.tokens > 0 {
            return;
        }
        if scope == self.state.root {
            return self.end(Status::Cancelled);
        }
        let stays_open = self
            .element(scope)
            .node
            .is_some_and(|node| matches!(self.process_of(scope).nodes[node].kind, NodeKind::AdHocSubProcess(_)));
        if !stays_open {
            self.terminate_by_hand(scope);
        }
    }
}

/// The live scope that is there, and what has to be started in it: scopes first, the element last.
struct Plan {
    scope: Key,
    chain: Vec<NodeIndex>,
}

/// Ids that [`super::Command::ActivateAdHoc`] may name, for screens.
#[must_use]
pub fn ad_hoc_activities<'p>(process: &'p Process, node: &str) -> Vec<&'p str> {
    let ad_hoc = process.nodes.iter().find(|candidate| candidate.id == node).map(|node| &node.kind);
    match ad_hoc {
        Some(NodeKind::AdHocSubProcess(ad_hoc)) => process
            .nodes
            .iter()
            .filter(|node| element::activity(process, ad_hoc, &node.id).is_some())
            .map(|node| node.id.as_str())
            .collect(),
        _ => Vec::new(),
    }
}

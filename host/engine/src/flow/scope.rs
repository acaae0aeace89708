//! Tokens of a scope: how they travel, wait at joins and end. It must not know what an activity does.

use super::instance::{Activity, Scope};
use super::machine::{Machine, Work};
use super::port::{Action, Event, Key, Status};
use bpmn::graph::{FlowIndex, NodeIndex, NodeKind, Process};
use domain::Object;
use std::sync::Arc;

impl Machine<'_> {
    pub(super) fn scope(&self, key: Key) -> &Scope {
        self.element(key).tokens().expect("tokens are only counted in scopes")
    }

    pub(super) fn scope_mut(&mut self, key: Key) -> &mut Scope {
        self.element_mut(key).tokens_mut().expect("tokens are only counted in scopes")
    }

    /// One token becomes as many as there are flows; none ends it, and the last one to end closes the scope.
    pub(super) fn put_tokens(&mut self, scope: Key, process: &Process, flows: &[FlowIndex]) {
        let added = u32::try_from(flows.len()).expect("a model has far fewer flows");
        let tokens = &mut self.scope_mut(scope).tokens;
        *tokens = *tokens + added - 1;
        if *tokens == 0 {
            self.agenda.push_back(Work::Close(scope));
        }
        for flow in flows {
            self.event(Event::FlowTaken { scope, flow: process.flows[*flow].id.clone() });
            self.agenda.push_back(Work::Take { scope, flow: *flow });
        }
    }

    /// A token reaches the end of its flow: at a join it may have to wait, elsewhere an element starts.
    pub(super) fn arrive(&mut self, scope: Key, flow: FlowIndex) {
        let process = self.process_of(scope);
        let index = process.flows[flow].target;
        let node = &process.nodes[index];
        let joins =
            matches!(node.kind, NodeKind::ParallelGateway | NodeKind::InclusiveGateway) && node.incoming.len() > 1;
        if !joins {
            self.create(scope, index, Some(flow));
            return;
        }
        *self.scope_mut(scope).waiting.entry(flow).or_default() += 1;
        let (id, on) = (node.id.clone(), process.flows[flow].id.clone());
        self.event(Event::TokenWaited { scope, node: id, flow: on });
        if matches!(node.kind, NodeKind::ParallelGateway) {
            let waiting = &self.scope(scope).waiting;
            if node.incoming.iter().all(|incoming| waiting.contains_key(incoming)) {
                self.join(scope, &process, index);
            }
        }
    }

    /// Take one token from each incoming flow that has one, and start the gateway with a single token.
    pub(super) fn join(&mut self, scope: Key, process: &Process, index: NodeIndex) {
        let node = &process.nodes[index];
        let state = self.scope_mut(scope);
        let mut joined = Vec::new();
        for flow in &node.incoming {
            if let Some(count) = state.waiting.get_mut(flow) {
                *count -= 1;
                if *count == 0 {
                    state.waiting.remove(flow);
                }
                joined.push(process.flows[*flow].id.clone());
            }
        }
        state.tokens = state.tokens + 1 - u32::try_from(joined.len()).expect("a model has far fewer flows");
        self.event(Event::Joined { scope, node: node.id.clone(), flows: joined });
        self.create(scope, index, None);
    }

    /// A scope may have no token left: complete what it is.
    pub(super) fn close(&mut self, key: Key) {
        if !self.is_alive(key) || self.scope(key).tokens > 0 {
            return;
        }
        if key == self.state.root {
            return self.end(Status::Completed);
        }
        if self.element(key).node.is_some() {
            let (process, node) = self.node_of(key);
            if let NodeKind::AdHocSubProcess(ad_hoc) = &process.nodes[node].kind
                && !self.ad_hoc_may_close(key, ad_hoc)
            {
                return;
            }
            return self.finish(key, Object::new());
        }
        self.call_done(key);
    }

    /// Interrupt a scope: everything in it ends, what it listened for is not listened for any more. It has one token then.
    pub(super) fn interrupt(&mut self, key: Key) {
        let children = self.children(key);
        self.terminate(&children);
        self.agenda.retain(|work| !matches!(work, Work::Take { scope, .. } if *scope == key));
        let scope = self.scope_mut(key);
        let had_waiting = !std::mem::take(&mut scope.waiting).is_empty();
        scope.tokens = 1;
        scope.interrupted = true;
        if had_waiting {
            self.event(Event::TokensDropped { scope: key });
        }
    }

    /// End the instance; nothing of it is left but what it ended with.
    pub(super) fn end(&mut self, status: Status) {
        let root = self.state.root;
        self.state.result = self.element(root).variables.clone();
        if status == Status::Completed {
            self.event(Event::Completed { place: self.place(root) });
            self.remove(root);
        } else {
            self.terminate(&[root]);
        }
        self.agenda.clear();
        self.dirty = false;
        self.state.status = status.clone();
        self.event(Event::Ended { status: status.clone() });
        let variables = self.state.result.clone();
        self.action(Action::Finished { status, variables });
    }

    /// Fire one inclusive join that no token can reach any more. Only asked when nothing is on its way.
    pub(super) fn fire_inclusive_join(&mut self) -> bool {
        let scopes: Vec<Key> = self
            .state
            .elements
            .iter()
            .filter(|(_, element)| element.tokens().is_some_and(|scope| !scope.waiting.is_empty()))
            .map(|(key, _)| *key)
            .collect();
        for scope in scopes {
            let process = self.process_of(scope);
            if let Some(index) = self.ready_inclusive_join(scope, &process) {
                self.join(scope, &process, index);
                return true;
            }
        }
        false
    }

    fn ready_inclusive_join(&self, scope: Key, process: &Arc<Process>) -> Option<NodeIndex> {
        let waiting = &self.scope(scope).waiting;
        let mut last = None;
        for flow in waiting.keys() {
            let join = process.flows[*flow].target;
            if last == Some(join) || !matches!(process.nodes[join].kind, NodeKind::InclusiveGateway) {
                continue;
            }
            last = Some(join);
            let empty = |flow: &FlowIndex| !waiting.contains_key(flow);
            if process.nodes[join].incoming.iter().all(|flow| !empty(flow)) {
                return Some(join);
            }
            let reached = self.reachable(scope, process, join);
            if !process.nodes[join].incoming.iter().any(|flow| empty(flow) && reached[*flow]) {
                return Some(join);
            }
        }
        None
    }

    /// Flows of a scope that a live token could still take, on paths that do not go through `join`.
    fn reachable(&self, scope: Key, process: &Process, join: NodeIndex) -> Vec<bool> {
        let mut flows = vec![false; process.flows.len()];
        let mut nodes = vec![false; process.nodes.len()];
        let mut open: Vec<NodeIndex> = Vec::new();
        let live = self.state.elements.range(scope..).filter(|(_, child)| child.scope == Some(scope));
        open.extend(live.filter_map(|(_, child)| child.node));
        open.extend(self.scope(scope).waiting.keys().map(|flow| process.flows[*flow].target));
        while let Some(index) = open.pop() {
            if index == join || std::mem::replace(&mut nodes[index], true) {
                continue;
            }
            let node = &process.nodes[index];
            open.extend(&node.boundary);
            if let NodeKind::IntermediateThrowEvent { result: bpmn::graph::EventResult::Link { target } } = &node.kind {
                open.push(*target);
            }
            for flow in &node.outgoing {
                flows[*flow] = true;
                open.push(process.flows[*flow].target);
            }
        }
        flows
    }

    /// The nearest scope around (or at) an element.
    pub(super) fn enclosing_scope(&self, key: Key) -> Key {
        let mut at = key;
        while !matches!(self.element(at).activity, Activity::Scope(_)) {
            at = self.element(at).scope.expect("the root is a scope");
        }
        at
    }
}

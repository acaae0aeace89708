//! Compensation: undo completed activities, one after the other, the last one first.
//!
//! A scope notes what has completed in it; a completed sub-process takes the notes of its inside (and its variables) with it. A throw
//! event collects the notes it means and waits while one handler after the other runs next to it.

use super::instance::{Activity, Compensable};
use super::machine::{Machine, Work};
use super::port::{Event, Key};
use super::wait::start_of;
use bpmn::graph::{Node, NodeIndex, NodeKind, Process, Trigger};
use domain::Object;

impl Machine<'_> {
    /// Start compensating: one activity, or all of the scope. From inside an event sub-process the scope around it is meant too.
    pub(super) fn throw_compensation(&mut self, key: Key, activity: Option<NodeIndex>) {
        let mut queue = Vec::new();
        let mut scope = self.enclosing_scope(key);
        loop {
            let mut noted = std::mem::take(&mut self.scope_mut(scope).compensable);
            match activity {
                Some(activity) => take_activity(&mut noted, activity, &Object::new(), &mut queue),
                None => queue.append(&mut noted),
            }
            self.scope_mut(scope).compensable = noted;
            let (process, node) = (self.process_of(scope), self.element(scope).node);
            let in_event =
                node.is_some_and(|node| matches!(process.nodes[node].kind, NodeKind::EventSubProcess { .. }));
            match self.element(scope).scope.filter(|_| in_event) {
                Some(around) => scope = self.enclosing_scope(around),
                None => break,
            }
        }
        queue.sort_by_key(|record| record.order);
        let process = self.process_of(key);
        let activities = queue.iter().rev().map(|record| process.nodes[record.node].id.clone()).collect();
        self.event(Event::CompensationThrown { place: self.place(key), activities });
        self.element_mut(key).activity = Activity::Compensating { queue };
        self.compensate_next(key);
    }

    /// Run the next handler; when there is none left, the throw event is done.
    pub(super) fn compensate_next(&mut self, thrower: Key) {
        loop {
            let Activity::Compensating { queue } = &mut self.element_mut(thrower).activity else { return };
            let Some(record) = queue.pop() else { break };
            let Some(handler) = record.handler else {
                // No handler of its own: what completed inside, the last one first, with the variables of that scope.
                for mut inner in record.inner {
                    inner.variables = around(&record.variables, inner.variables);
                    let Activity::Compensating { queue } = &mut self.element_mut(thrower).activity else { return };
                    queue.push(inner);
                }
                continue;
            };
            let scope = self.enclosing_scope(thrower);
            self.scope_mut(scope).tokens += 1;
            let key = self.create(scope, handler, None);
            let element = self.element_mut(key);
            element.compensates = Some(thrower);
            if let Err(fault) = self.set_local(key, record.variables) {
                self.raise(key, super::instance::Resume::Activate, fault);
            }
            self.give_notes(key, record.inner);
            return;
        }
        self.leave(thrower);
    }

    /// A compensation event sub-process may compensate what its sub-process had completed.
    fn give_notes(&mut self, key: Key, inner: Vec<Compensable>) {
        let (process, node) = self.node_of(key);
        if matches!(process.nodes[node].kind, NodeKind::EventSubProcess { .. }) && !inner.is_empty() {
            self.agenda.retain(|work| *work != Work::Activate(key));
            self.activate(key);
            if let Some(scope) = self.element_mut(key).tokens_mut() {
                scope.compensable = inner;
            }
        }
    }
}

/// The compensation event sub-process of a sub-process.
pub(super) fn handler_inside(process: &Process, node: &Node) -> Option<NodeIndex> {
    let (NodeKind::SubProcess { event_sub_processes, .. } | NodeKind::EventSubProcess { event_sub_processes, .. }) =
        &node.kind
    else {
        return None;
    };
    event_sub_processes.iter().copied().find(|event| {
        let start = &process.nodes[start_of(process, *event)];
        matches!(start.kind, NodeKind::StartEvent { trigger: Trigger::Compensation, .. })
    })
}

/// Take the notes of one activity, wherever in the completed scopes they are.
fn take_activity(noted: &mut Vec<Compensable>, activity: NodeIndex, outer: &Object, queue: &mut Vec<Compensable>) {
    let (taken, kept) = std::mem::take(noted).into_iter().partition(|record| record.node == activity);
    *noted = kept;
    let taken: Vec<Compensable> = taken;
    queue.extend(taken.into_iter().map(|mut record| {
        record.variables = around(outer, record.variables);
        record
    }));
    for record in noted {
        let variables = around(outer, record.variables.clone());
        take_activity(&mut record.inner, activity, &variables, queue);
    }
}

/// Variables of a scope with those of the scope around it.
fn around(outer: &Object, inner: Object) -> Object {
    let mut all = outer.clone();
    all.extend(inner);
    all
}

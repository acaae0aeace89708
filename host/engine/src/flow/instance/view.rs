//! What others may read of an instance: screens, the store's side rows, tests. It must not change anything.

use super::{Activity, Instance, StepPhase};
use crate::flow::port::{IncidentCode, Key, Status, Vote, Wanted};
use crate::flow::replay::Positions;
use bpmn::graph::Process;
use domain::Object;
use jiff::Timestamp;

/// A live element.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ElementView<'a> {
    pub key: Key,
    pub scope: Option<Key>,
    /// The called process that it is an element of; absent for the instance's own.
    pub called: Option<&'a str>,
    /// Place of its node in its process; absent for the root of a process.
    pub node: Option<usize>,
    /// Its own variables.
    pub variables: &'a Object,
}

/// Something that needs a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IncidentView<'a> {
    pub incident: Key,
    pub element: Key,
    pub code: IncidentCode,
    pub message: &'a str,
}

impl Instance {
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Digest of the definition that it is pinned to.
    #[must_use]
    pub fn definition(&self) -> &str {
        &self.definition
    }

    #[must_use]
    pub fn process(&self) -> &str {
        &self.process
    }

    #[must_use]
    pub fn zone(&self) -> &str {
        &self.zone
    }

    #[must_use]
    pub fn status(&self) -> &Status {
        &self.status
    }

    #[must_use]
    pub fn is_running(&self) -> bool {
        self.status == Status::Running
    }

    /// Variables of the whole instance: the live ones, or those that it ended with.
    #[must_use]
    pub fn variables(&self) -> &Object {
        self.elements.get(&self.root).map_or(&self.result, |root| &root.variables)
    }

    pub fn elements(&self) -> impl Iterator<Item = ElementView<'_>> {
        self.elements.iter().map(|(key, element)| ElementView {
            key: *key,
            scope: element.scope,
            called: element.process.checked_sub(1).map(|place| self.called[place].id.as_str()),
            node: element.node,
            variables: &element.variables,
        })
    }

    /// Armed timers: key, element, due.
    pub fn timers(&self) -> impl Iterator<Item = (Key, Key, Timestamp)> {
        self.timers.iter().map(|(key, timer)| (*key, timer.element, timer.due))
    }

    /// Open subscriptions: key, element, what is wanted.
    pub fn subscriptions(&self) -> impl Iterator<Item = (Key, Key, &Wanted)> {
        self.subscriptions.iter().map(|(key, open)| (*key, open.element, &open.to))
    }

    /// Elements of open tasks.
    pub fn tasks(&self) -> impl Iterator<Item = Key> {
        self.elements.iter().filter(|(_, element)| matches!(element.activity, Activity::Task(_))).map(|(key, _)| *key)
    }

    /// Elements whose outbound call has no answer yet.
    pub fn calls(&self) -> impl Iterator<Item = Key> {
        self.elements
            .iter()
            .filter(
                |(_, element)| matches!(&element.activity, Activity::Step(step) if step.phase == StepPhase::Calling),
            )
            .map(|(key, _)| *key)
    }

    pub fn incidents(&self) -> impl Iterator<Item = IncidentView<'_>> {
        self.incidents.iter().map(|(key, incident)| IncidentView {
            incident: *key,
            element: incident.element,
            code: incident.code,
            message: &incident.message,
        })
    }

    /// Votes of an open approval.
    #[must_use]
    pub fn votes(&self, element: Key) -> &[Vote] {
        match self.elements.get(&element).map(|element| &element.activity) {
            Some(Activity::Task(task)) => task.approval.as_ref().map_or(&[], |approval| &approval.votes),
            _ => &[],
        }
    }

    /// Who is asked in an open approval.
    #[must_use]
    pub fn approvers(&self, element: Key) -> &[String] {
        match self.elements.get(&element).map(|element| &element.activity) {
            Some(Activity::Task(task)) => task.approval.as_ref().map_or(&[], |approval| &approval.approvers),
            _ => &[],
        }
    }

    /// Nothing can ever move it: it is not finished, and it waits for nothing that could come. A deadlock of the model.
    #[must_use]
    pub fn stuck(&self) -> bool {
        self.is_running()
            && self.timers.is_empty()
            && self.subscriptions.is_empty()
            && self.conditions.is_empty()
            && self.incidents.is_empty()
            && self.elements.values().all(|element| match &element.activity {
                Activity::Scope(scope) => scope.tokens > 0,
                Activity::Repeating(_) | Activity::Calling | Activity::Compensating { .. } | Activity::Waiting => true,
                Activity::Starting | Activity::Step(_) | Activity::Task(_) => false,
            })
    }

    /// Where the tokens are, in the words of the model. Elements of called processes are named by their own node ids.
    ///
    /// `called` gives the processes of [`Instance::called`], in that order.
    #[must_use]
    pub fn positions(&self, process: &Process, called: &[&Process]) -> Positions {
        let mut positions = Positions::default();
        let model = |place: usize| if place == 0 { process } else { called[place - 1] };
        for (key, element) in &self.elements {
            let model = model(element.process);
            let id = element.node.map_or(&model.id, |node| &model.nodes[node].id);
            positions.active.insert(*key, id.clone());
            for (flow, count) in element.tokens().into_iter().flat_map(|scope| &scope.waiting) {
                positions.waiting.insert((*key, model.flows[*flow].id.clone()), *count);
            }
        }
        positions.incidents = self.incidents.keys().copied().collect();
        positions
    }

    /// Ids and bindings of the processes that it called, in the order that [`Instance::positions`] wants.
    pub fn called(&self) -> impl Iterator<Item = (&str, &bpmn::graph::Binding)> {
        self.called.iter().map(|called| (called.id.as_str(), &called.binding))
    }
}

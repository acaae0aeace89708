//! Errors and escalations: who catches them. They travel outwards from where they were thrown: boundary events first, then the event
//! sub-processes of the scope around, then the boundary of that scope, across call activities to the root. A code comes before a
//! catch-all on the same level.

use super::machine::Machine;
use super::port::{Event, Key, Place, Status};
use super::wait::{event_sub_processes, start_of};
use bpmn::graph::{NodeIndex, NodeKind, Process, Trigger};
use domain::Object;

/// What is thrown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thrown {
    Error,
    Escalation,
}

/// Who catches it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Catcher {
    Boundary { host: Key, node: NodeIndex, interrupting: bool },
    EventSubProcess { scope: Key, sub_process: NodeIndex, interrupting: bool },
}

impl Machine<'_> {
    /// Who would catch it, from an element outwards.
    pub(super) fn catcher(&self, from: Key, thrown: Thrown, code: &str) -> Option<Catcher> {
        let mut at = from;
        loop {
            let element = self.element(at);
            let process = &self.processes[element.process];
            if let Some(node) = element.node.filter(|_| element.repetition.is_none())
                && let Some(found) = best(process, process.nodes[node].boundary.iter().copied(), thrown, code)
                && let NodeKind::BoundaryEvent { interrupting, .. } = process.nodes[found].kind
            {
                return Some(Catcher::Boundary { host: at, node: found, interrupting });
            }
            let scope = element.scope?;
            let around = self.element(scope);
            if around.tokens().is_some_and(|scope| !scope.interrupted) {
                // What an event sub-process throws is not for itself.
                let events =
                    event_sub_processes(process, around.node).iter().filter(|event| element.node != Some(**event));
                let starts = events.map(|event| start_of(process, *event));
                if let Some(found) = best(process, starts, thrown, code)
                    && let NodeKind::StartEvent { interrupting, .. } = process.nodes[found].kind
                    && let Some(sub_process) = process.nodes[found].parent
                {
                    return Some(Catcher::EventSubProcess { scope, sub_process, interrupting });
                }
            }
            at = scope;
        }
    }

    /// Throw an error from an element. Whether something caught it.
    pub(super) fn throw_error(&mut self, from: Key, code: &str, message: &str, variables: Object) -> bool {
        let catcher = self.catcher(from, Thrown::Error, code);
        let place = self.place(from);
        let caught_by = catcher.map(|catcher| self.catcher_id(catcher));
        let caught = catcher.is_some();
        let (code, message) = (code.to_owned(), message.to_owned());
        self.event(Event::ErrorThrown { place, code, message, caught_by });
        if let Some(catcher) = catcher {
            self.hand_to(catcher, variables);
        }
        caught
    }

    /// Throw an escalation from an element. One that nothing catches is only noted.
    pub(super) fn throw_escalation(&mut self, from: Key, code: &str, variables: Object) {
        let catcher = self.catcher(from, Thrown::Escalation, code);
        let place: Place = self.place(from);
        let caught_by = catcher.map(|catcher| self.catcher_id(catcher));
        self.event(Event::EscalationThrown { place, code: code.to_owned(), caught_by });
        if let Some(catcher) = catcher {
            self.hand_to(catcher, variables);
        }
    }

    /// An error end event that nothing catches ends the instance.
    pub(super) fn fail(&mut self, code: &str) {
        self.end(Status::Failed { code: code.to_owned() });
    }

    fn hand_to(&mut self, catcher: Catcher, variables: Object) {
        match catcher {
            Catcher::Boundary { host, node, interrupting } => {
                self.trigger_boundary(host, node, interrupting, variables);
            }
            Catcher::EventSubProcess { scope, sub_process, interrupting } => {
                self.trigger_event_sub_process(scope, sub_process, interrupting, variables);
            }
        }
    }

    fn catcher_id(&self, catcher: Catcher) -> String {
        let (element, node) = match catcher {
            Catcher::Boundary { host, node, .. } => (host, node),
            Catcher::EventSubProcess { scope, sub_process, .. } => (scope, sub_process),
        };
        self.place_at(element, node).node
    }
}

/// The event that catches a code, one that names it before one that takes all.
fn best(process: &Process, events: impl Iterator<Item = NodeIndex>, thrown: Thrown, code: &str) -> Option<NodeIndex> {
    let mut catch_all = None;
    for event in events {
        let (NodeKind::BoundaryEvent { trigger, .. } | NodeKind::StartEvent { trigger, .. }) =
            &process.nodes[event].kind
        else {
            continue;
        };
        let wanted = match (thrown, trigger) {
            (Thrown::Error, Trigger::Error { code }) | (Thrown::Escalation, Trigger::Escalation { code }) => code,
            _ => continue,
        };
        match wanted {
            Some(wanted) if wanted == code => return Some(event),
            Some(_) => {}
            None => catch_all = catch_all.or(Some(event)),
        }
    }
    catch_all
}

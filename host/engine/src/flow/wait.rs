//! What elements wait for besides timers: messages, signals and conditions; and what happens when one of them comes.
//!
//! A wait names the element that owns it and the event it triggers: the element itself, a boundary event on it, an event sub-process
//! in it, or an event behind an event-based gateway.

use super::instance::{Condition, Resume, Subscription};
use super::machine::{Fault, Machine};
use super::port::{Action, Event, Key, Wanted};
use bpmn::graph::{MessageCatch, Node, NodeIndex, NodeKind, Process, Trigger};
use domain::Object;
use std::collections::BTreeSet;

impl Machine<'_> {
    /// Wait for a trigger. Errors, escalations, compensation and links find their catcher when they are thrown.
    pub(super) fn arm(&mut self, element: Key, node: NodeIndex, trigger: &Trigger) -> Result<(), Fault> {
        match trigger {
            Trigger::Timer(timer) => self.arm_timer(element, node, timer),
            Trigger::Message(message) => self.arm_message(element, node, message),
            Trigger::Signal { name } => {
                let name = self.text(element, name, "the name of the signal")?;
                self.subscribe(element, node, Wanted::Signal { name });
                Ok(())
            }
            Trigger::Conditional { .. } => {
                let key = self.next_key();
                self.state.conditions.insert(key, Condition { element, node, held: false });
                self.dirty = true;
                Ok(())
            }
            Trigger::None
            | Trigger::Error { .. }
            | Trigger::Escalation { .. }
            | Trigger::Compensation
            | Trigger::Link { .. } => Ok(()),
        }
    }

    pub(super) fn arm_message(&mut self, element: Key, node: NodeIndex, message: &MessageCatch) -> Result<(), Fault> {
        let name = self.text(element, &message.name, "the name of the message")?;
        let key = match &message.correlation_key {
            Some(key) => self.expression_text(element, key, "the correlation key")?,
            None => String::new(),
        };
        self.subscribe(element, node, Wanted::Message { name, key });
        Ok(())
    }

    pub(super) fn subscribe(&mut self, element: Key, node: NodeIndex, to: Wanted) {
        let subscription = self.next_key();
        let place = self.place_at(element, node);
        self.event(Event::Subscribed { place: place.clone(), subscription, to: to.clone() });
        self.action(Action::Subscribe { subscription, element, node: place.node, to: to.clone() });
        self.state.subscriptions.insert(subscription, Subscription { element, node, to });
    }

    pub(super) fn unsubscribe(&mut self, key: Key) {
        if self.state.subscriptions.remove(&key).is_some() {
            self.event(Event::Unsubscribed { subscription: key });
            self.action(Action::Unsubscribe { subscription: key });
        }
    }

    /// Arm the boundary events of an activity.
    pub(super) fn arm_boundary(&mut self, element: Key, node: &Node) -> Result<(), Fault> {
        let process = self.process_of(element);
        node.boundary.iter().try_for_each(|boundary| match &process.nodes[*boundary].kind {
            NodeKind::BoundaryEvent { trigger, .. } => self.arm(element, *boundary, trigger),
            _ => Ok(()),
        })
    }

    /// Arm the event sub-processes of a scope.
    pub(super) fn arm_event_sub_processes(&mut self, scope: Key, events: &[NodeIndex]) -> Result<(), Fault> {
        let process = self.process_of(scope);
        events.iter().try_for_each(|event| {
            let start = start_of(&process, *event);
            match &process.nodes[start].kind {
                NodeKind::StartEvent { trigger, .. } => self.arm(scope, start, trigger),
                _ => Ok(()),
            }
        })
    }

    /// Take away everything that waits for these elements, and their incidents.
    pub(super) fn remove_waits(&mut self, elements: &BTreeSet<Key>) {
        fn owned<W>(
            waits: &std::collections::BTreeMap<Key, W>,
            elements: &BTreeSet<Key>,
            owner: fn(&W) -> Key,
        ) -> Vec<Key> {
            waits.iter().filter(|(_, wait)| elements.contains(&owner(wait))).map(|(key, _)| *key).collect()
        }
        owned(&self.state.timers, elements, |timer| timer.element).into_iter().for_each(|key| self.disarm(key));
        owned(&self.state.subscriptions, elements, |open| open.element)
            .into_iter()
            .for_each(|key| self.unsubscribe(key));
        self.state.conditions.retain(|_, condition| !elements.contains(&condition.element));
        for incident in owned(&self.state.incidents, elements, |incident| incident.element) {
            self.state.incidents.remove(&incident);
            self.event(Event::IncidentResolved { incident });
        }
    }

    /// Take away what waits for one event of an element.
    fn remove_waits_at(&mut self, element: Key, at: impl Fn(NodeIndex) -> bool) {
        let timers = self.state.timers.iter().filter(|(_, timer)| timer.element == element && at(timer.node));
        let timers: Vec<Key> = timers.map(|(key, _)| *key).collect();
        timers.into_iter().for_each(|key| self.disarm(key));
        let open = self.state.subscriptions.iter().filter(|(_, open)| open.element == element && at(open.node));
        let open: Vec<Key> = open.map(|(key, _)| *key).collect();
        open.into_iter().for_each(|key| self.unsubscribe(key));
        self.state.conditions.retain(|_, condition| condition.element != element || !at(condition.node));
    }

    /// Ask every conditional event; one that has become true triggers.
    pub(super) fn ask_conditions(&mut self) {
        for key in self.state.conditions.keys().copied().collect::<Vec<_>>() {
            let Some(condition) = self.state.conditions.get(&key).cloned() else { continue };
            let process = self.process_of(condition.element);
            let Some(expression) = condition_of(&process.nodes[condition.node].kind) else { continue };
            let holds = match self.evaluate(condition.element, expression) {
                // A variable that is not there yet gives null: it does not hold yet.
                Ok(value) => matches!(value, feel::Value::Boolean(true)),
                Err(fault) => {
                    self.raise_once(condition.element, fault);
                    continue;
                }
            };
            self.state.conditions.get_mut(&key).expect("it was just looked at").held = holds;
            if holds && !condition.held {
                self.event(Event::ConditionHeld { place: self.place_at(condition.element, condition.node) });
                self.trigger(condition.element, condition.node, Object::new());
            }
        }
    }

    fn raise_once(&mut self, element: Key, fault: Fault) {
        let asked =
            |incident: &super::instance::Incident| incident.element == element && incident.resume == Resume::Ask;
        if !self.state.incidents.values().any(asked) {
            self.raise(element, Resume::Ask, fault);
        }
    }

    /// Something that an element waited for has come. `node` is the event that is triggered.
    pub(super) fn trigger(&mut self, element: Key, node: NodeIndex, variables: Object) {
        let process = self.process_of(element);
        match &process.nodes[node].kind {
            NodeKind::BoundaryEvent { interrupting, .. } => {
                self.trigger_boundary(element, node, *interrupting, variables);
            }
            NodeKind::StartEvent { interrupting, .. } => {
                let sub_process = process.nodes[node].parent.expect("only event sub-processes wait at their start");
                self.trigger_event_sub_process(element, sub_process, *interrupting, variables);
            }
            _ if self.element(element).node == Some(node) => {
                self.remove_waits_at(element, |at| at == node);
                self.finish(element, variables);
            }
            _ => self.gateway_chosen(element, node, variables),
        }
    }

    /// A boundary event starts a token of its own; one that interrupts ends its activity first.
    pub(super) fn trigger_boundary(&mut self, host: Key, node: NodeIndex, interrupting: bool, variables: Object) {
        let scope = self.element(host).scope.expect("an activity has a scope");
        if interrupting {
            self.terminate(&[host]);
        } else {
            self.scope_mut(scope).tokens += 1;
        }
        let key = self.create_event(scope, node);
        self.finish(key, variables);
    }

    /// An event sub-process starts in its scope; one that interrupts ends everything else in it first.
    pub(super) fn trigger_event_sub_process(
        &mut self,
        scope: Key,
        sub_process: NodeIndex,
        interrupting: bool,
        variables: Object,
    ) {
        if interrupting {
            self.interrupt(scope);
            // Boundary events of the scope stay; its own event sub-processes listen no more.
            let process = self.process_of(scope);
            self.remove_waits_at(scope, |at| matches!(process.nodes[at].kind, NodeKind::StartEvent { .. }));
        } else {
            self.scope_mut(scope).tokens += 1;
        }
        let key = self.create(scope, sub_process, None);
        if let Err(fault) = self.set_local(key, variables) {
            self.raise(key, Resume::Activate, fault);
        }
    }

    /// An event that happens at once: it lives for its mappings and its flows only.
    pub(super) fn create_event(&mut self, scope: Key, node: NodeIndex) -> Key {
        let element = super::instance::Element {
            node: Some(node),
            scope: Some(scope),
            process: self.element(scope).process,
            repetition: None,
            compensates: None,
            variables: Object::new(),
            activity: super::instance::Activity::Waiting,
        };
        self.state.spent += 1;
        self.insert(element, None)
    }

    /// A signal reaches everything in this instance that waits for it, in the order in which it began to wait.
    pub(super) fn catch_signal(&mut self, name: &str, variables: &Object) {
        let waiting = |to: &Wanted| matches!(to, Wanted::Signal { name: wanted } if wanted == name);
        let open = self.state.subscriptions.iter().filter(|(_, open)| waiting(&open.to));
        for key in open.map(|(key, _)| *key).collect::<Vec<_>>() {
            self.signal_subscription(key, name, variables.clone());
        }
    }

    pub(super) fn signal_subscription(&mut self, key: Key, name: &str, variables: Object) {
        let Some(open) = self.state.subscriptions.get(&key).cloned() else { return };
        let place = self.place_at(open.element, open.node);
        self.event(Event::SignalCaught { place, name: name.to_owned(), variables: variables.clone() });
        self.trigger(open.element, open.node, variables);
    }
}

/// The start event of an event sub-process.
pub(super) fn start_of(process: &Process, sub_process: NodeIndex) -> NodeIndex {
    match &process.nodes[sub_process].kind {
        NodeKind::EventSubProcess { start, .. } => *start,
        _ => sub_process,
    }
}

/// Event sub-processes of the scope that an element is.
pub(super) fn event_sub_processes(process: &Process, node: Option<NodeIndex>) -> &[NodeIndex] {
    match node.map(|node| &process.nodes[node].kind) {
        None => &process.event_sub_processes,
        Some(
            NodeKind::SubProcess { event_sub_processes, .. } | NodeKind::EventSubProcess { event_sub_processes, .. },
        ) => event_sub_processes,
        Some(NodeKind::AdHocSubProcess(ad_hoc)) => &ad_hoc.event_sub_processes,
        Some(_) => &[],
    }
}

fn condition_of(kind: &NodeKind) -> Option<&bpmn::expression::Expression> {
    match kind {
        NodeKind::StartEvent { trigger: Trigger::Conditional { condition }, .. }
        | NodeKind::IntermediateCatchEvent { trigger: Trigger::Conditional { condition } }
        | NodeKind::BoundaryEvent { trigger: Trigger::Conditional { condition }, .. } => Some(condition),
        _ => None,
    }
}

//! Going on in another version of the process: every live element, waiting token and completed activity that matters gets its node in
//! the new version, by id. What cannot be mapped is said completely, and nothing is done then. A dry run is a migration of a clone.
//!
//! Waits that have their event in the new version stay as they are, with their dates and keys; others end, and new ones begin.

use super::instance::{Activity, Compensable, Instance};
use super::machine::Machine;
use super::port::{Event, Key, Limits, Refusal, Step, World};
use super::wait::{event_sub_processes, start_of};
use bpmn::graph::{Node, NodeIndex, NodeKind, Process, Repeat, Trigger};
use domain::Problem;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Migrate a draft.
///
/// # Errors
/// [`Refusal::Problems`] with everything that cannot be mapped.
pub(super) fn migrate(
    from: &Arc<Process>,
    to: &Arc<Process>,
    draft: &mut Instance,
    definition: String,
    mapping: &BTreeMap<String, String>,
    world: &dyn World,
    limits: &Limits,
) -> Result<Step, Refusal> {
    let mut map = Map { from, to, mapping, problems: Vec::new() };
    map.check_mapping();
    let places = map.elements(draft);
    map.tokens(draft);
    if !map.problems.is_empty() {
        return Err(Refusal::Problems(map.problems));
    }
    for (key, node) in &places {
        if let Some(element) = draft.elements.get_mut(key) {
            element.node = Some(*node);
        }
    }
    map.waits(draft);
    let lost = map.lost_waits(draft);
    let flows = mapping
        .iter()
        .filter(|(old, _)| from.flows.iter().any(|flow| flow.id == **old))
        .map(|(old, new)| (old.clone(), new.clone()))
        .collect();
    draft.definition.clone_from(&definition);
    draft.process.clone_from(&to.id);

    let mut machine = Machine::new(to, draft, world, limits)?;
    let own = |(_, element): &(&Key, &super::instance::Element)| element.process == 0;
    let renamed = machine.state.elements.iter().filter(own).map(|(key, _)| machine.place(*key)).collect();
    machine.event(Event::Migrated { definition, renamed, flows });
    for (key, wait) in lost {
        match wait {
            Wait::Timer => machine.disarm(key),
            Wait::Subscription => machine.unsubscribe(key),
            Wait::Condition => {
                machine.state.conditions.remove(&key);
            }
        }
    }
    machine.arm_missing()?;
    machine.dirty = true;
    machine.run();
    Ok(machine.out)
}

#[derive(Clone, Copy)]
enum Wait {
    Timer,
    Subscription,
    Condition,
}

struct Map<'a> {
    from: &'a Process,
    to: &'a Process,
    mapping: &'a BTreeMap<String, String>,
    problems: Vec<Problem>,
}

impl Map<'_> {
    fn problem(&mut self, id: &str, code: &str, message: String) {
        let problem = Problem::new(format!("/mapping/{id}"), code, message);
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    fn check_mapping(&mut self) {
        for (old, new) in self.mapping {
            let knows = |process: &Process, id: &str| {
                process.nodes.iter().any(|node| node.id == id) || process.flows.iter().any(|flow| flow.id == id)
            };
            if !knows(self.from, old) {
                self.problem(old, "unknown-source", format!("the old version has no `{old}`; remove the line"));
            }
            if !knows(self.to, new) {
                self.problem(
                    old,
                    "unknown-target",
                    format!("the new version has no `{new}`; map `{old}` to something it has"),
                );
            }
        }
    }

    fn new_id<'m>(&'m self, old: &'m str) -> &'m str {
        self.mapping.get(old).map_or(old, String::as_str)
    }

    fn node(&self, old: NodeIndex) -> Option<NodeIndex> {
        let id = self.new_id(&self.from.nodes[old].id);
        self.to.nodes.iter().position(|node| node.id == id)
    }

    fn flow(&self, old: usize) -> Option<usize> {
        let id = self.new_id(&self.from.flows[old].id);
        self.to.flows.iter().position(|flow| flow.id == id)
    }

    /// The new node of every live element of the process itself; called processes keep their version.
    fn elements(&mut self, draft: &Instance) -> BTreeMap<Key, NodeIndex> {
        let mut places = BTreeMap::new();
        for (key, element) in &draft.elements {
            let Some(old) = element.node.filter(|_| element.process == 0) else { continue };
            let old_node = &self.from.nodes[old];
            let Some(new) = self.node(old) else {
                let id = old_node.id.clone();
                self.problem(
                    &id,
                    "no-target",
                    format!("`{id}` is active and the new version has no element of that id; map it"),
                );
                continue;
            };
            let (old_id, new_node) = (old_node.id.clone(), &self.to.nodes[new]);
            if !same_kind(old_node, new_node) {
                let message = format!(
                    "`{old_id}` is active and `{}` is another kind of element; map it to its like",
                    new_node.id
                );
                self.problem(&old_id, "other-kind", message);
            }
            let parent = old_node.parent.and_then(|parent| self.node(parent));
            if parent != new_node.parent || (old_node.parent.is_some() && parent.is_none()) {
                let message = format!("`{old_id}` is active and `{}` stands in another scope", new_node.id);
                self.problem(&old_id, "other-scope", message);
            }
            places.insert(*key, new);
        }
        places
    }

    /// Tokens that wait at joins, and notes of what can be compensated.
    fn tokens(&mut self, draft: &mut Instance) {
        for element in draft.elements.values_mut().filter(|element| element.process == 0) {
            match &mut element.activity {
                Activity::Scope(scope) => {
                    let mut waiting = BTreeMap::new();
                    for (old, count) in std::mem::take(&mut scope.waiting) {
                        let id = self.from.flows[old].id.clone();
                        let Some(new) = self.flow(old) else {
                            self.problem(
                                &id,
                                "no-target",
                                format!("a token waits on flow `{id}`, which the new version does not have; map it"),
                            );
                            continue;
                        };
                        let (join, target) = (&self.from.nodes[self.from.flows[old].target], self.to.flows[new].target);
                        let target = &self.to.nodes[target];
                        if self.new_id(&join.id) != target.id || !same_kind(join, target) || target.incoming.len() < 2 {
                            let message =
                                format!("a token waits on flow `{id}`, which leads to another join in the new version");
                            self.problem(&id, "other-join", message);
                            continue;
                        }
                        *waiting.entry(new).or_default() += count;
                    }
                    scope.waiting = waiting;
                    self.notes(&mut scope.compensable);
                }
                Activity::Repeating(body) => self.notes(&mut body.compensable),
                Activity::Compensating { queue } => self.notes(queue),
                _ => {}
            }
        }
    }

    fn notes(&mut self, notes: &mut [Compensable]) {
        for note in notes {
            let id = self.from.nodes[note.node].id.clone();
            let handler = note.handler.map(|handler| self.node(handler));
            match (self.node(note.node), handler) {
                (Some(node), None) => note.node = node,
                (Some(node), Some(Some(handler))) => {
                    note.node = node;
                    note.handler = Some(handler);
                }
                _ => self.problem(
                    &id,
                    "no-target",
                    format!("`{id}` can still be compensated and the new version lacks it or its handler; map both"),
                ),
            }
            self.notes(&mut note.inner);
        }
    }

    /// Waits name nodes too.
    fn waits(&self, draft: &mut Instance) {
        let owners = &draft.elements;
        let own = |element: &Key| owners.get(element).is_some_and(|element| element.process == 0);
        // A wait without a new node keeps a place that no node has, and is lost below.
        let new = |old: usize| self.node(old).unwrap_or(usize::MAX);
        for timer in draft.timers.values_mut().filter(|timer| own(&timer.element)) {
            timer.node = new(timer.node);
        }
        for open in draft.subscriptions.values_mut().filter(|open| own(&open.element)) {
            open.node = new(open.node);
        }
        for condition in draft.conditions.values_mut().filter(|condition| own(&condition.element)) {
            condition.node = new(condition.node);
        }
    }

    /// Waits that have no event in the new version that belongs to their element.
    fn lost_waits(&self, draft: &Instance) -> Vec<(Key, Wait)> {
        let fits = |element: Key, node: NodeIndex, wait: Wait| {
            let owner = &draft.elements[&element];
            owner.process != 0 || belongs(self.to, owner.node, node, wait)
        };
        let mut lost = Vec::new();
        let timers = draft.timers.iter().filter(|(_, timer)| !fits(timer.element, timer.node, Wait::Timer));
        lost.extend(timers.map(|(key, _)| (*key, Wait::Timer)));
        let open = draft.subscriptions.iter().filter(|(_, open)| !fits(open.element, open.node, Wait::Subscription));
        lost.extend(open.map(|(key, _)| (*key, Wait::Subscription)));
        let conditions = draft.conditions.iter().filter(|(_, wait)| !fits(wait.element, wait.node, Wait::Condition));
        lost.extend(conditions.map(|(key, _)| (*key, Wait::Condition)));
        lost
    }
}

/// Whether a wait for `node` makes sense for an element at `owner`.
fn belongs(process: &Process, owner: Option<NodeIndex>, node: NodeIndex, wait: Wait) -> bool {
    let Some(event) = process.nodes.get(node) else { return false };
    if owner == Some(node) {
        return true;
    }
    let trigger = match &event.kind {
        NodeKind::BoundaryEvent { attached_to, trigger, .. } if owner == Some(*attached_to) => trigger,
        NodeKind::StartEvent { trigger, .. } => {
            let of = event_sub_processes(process, owner).iter().any(|sub| start_of(process, *sub) == node);
            if !of {
                return false;
            }
            trigger
        }
        NodeKind::IntermediateCatchEvent { trigger } => {
            if !behind(process, owner, node) {
                return false;
            }
            trigger
        }
        NodeKind::ReceiveTask { .. } => return behind(process, owner, node) && matches!(wait, Wait::Subscription),
        _ => return false,
    };
    matches!(
        (trigger, wait),
        (Trigger::Timer(_), Wait::Timer)
            | (Trigger::Message(_) | Trigger::Signal { .. }, Wait::Subscription)
            | (Trigger::Conditional { .. }, Wait::Condition)
    )
}

/// Whether an event stands behind an event-based gateway.
fn behind(process: &Process, gateway: Option<NodeIndex>, node: NodeIndex) -> bool {
    gateway
        .is_some_and(|gateway| process.nodes[gateway].outgoing.iter().any(|flow| process.flows[*flow].target == node))
}

/// Elements that can stand for each other while they are alive.
fn same_kind(old: &Node, new: &Node) -> bool {
    let repeats = match (&old.repeat, &new.repeat) {
        (None, None) | (Some(Repeat::Loop { .. }), Some(Repeat::Loop { .. })) => true,
        (Some(Repeat::MultiInstance { sequential: old, .. }), Some(Repeat::MultiInstance { sequential: new, .. })) => {
            old == new
        }
        _ => false,
    };
    let approval = |kind: &NodeKind| matches!(kind, NodeKind::UserTask(task) if task.approval.is_some());
    let trigger = match (&old.kind, &new.kind) {
        (NodeKind::IntermediateCatchEvent { trigger: old }, NodeKind::IntermediateCatchEvent { trigger: new }) => {
            std::mem::discriminant(old) == std::mem::discriminant(new)
        }
        _ => true,
    };
    repeats
        && trigger
        && std::mem::discriminant(&old.kind) == std::mem::discriminant(&new.kind)
        && approval(&old.kind) == approval(&new.kind)
}

impl Machine<'_> {
    /// Arm what the new version listens for and nothing waits for yet.
    fn arm_missing(&mut self) -> Result<(), Refusal> {
        let keys: Vec<Key> = self.state.elements.keys().copied().collect();
        let mut problems = Vec::new();
        for key in keys {
            let element = self.element(key);
            if element.process != 0 || element.activity == Activity::Starting {
                continue;
            }
            let process = self.process_of(key);
            let mut events: Vec<NodeIndex> = Vec::new();
            if let Some(node) = element.node.filter(|_| element.repetition.is_none()) {
                events.extend(&process.nodes[node].boundary);
                if matches!(process.nodes[node].kind, NodeKind::EventBasedGateway) {
                    events.extend(process.nodes[node].outgoing.iter().map(|flow| process.flows[*flow].target));
                }
            }
            if element.tokens().is_some_and(|scope| !scope.interrupted) {
                let subs = event_sub_processes(&process, element.node);
                events.extend(subs.iter().map(|sub| start_of(&process, *sub)));
            }
            for event in events.into_iter().filter(|event| !self.waits_for(key, *event)).collect::<Vec<_>>() {
                let armed = match &process.nodes[event].kind {
                    NodeKind::BoundaryEvent { trigger, .. }
                    | NodeKind::StartEvent { trigger, .. }
                    | NodeKind::IntermediateCatchEvent { trigger } => self.arm(key, event, trigger),
                    NodeKind::ReceiveTask { message } => self.arm_message(key, event, message),
                    _ => Ok(()),
                };
                if let Err(fault) = armed {
                    let id = &process.nodes[event].id;
                    problems.push(Problem::new(format!("/mapping/{id}"), "cannot-arm", fault.message));
                }
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(Refusal::Problems(problems)) }
    }

    fn waits_for(&self, element: Key, node: NodeIndex) -> bool {
        self.state.timers.values().any(|timer| timer.element == element && timer.node == node)
            || self.state.subscriptions.values().any(|open| open.element == element && open.node == node)
            || self.state.conditions.values().any(|condition| condition.element == element && condition.node == node)
    }
}

//! Going on in another version of the process: every live element, waiting token and completed activity that matters gets its node in
//! the new version, by id. What cannot be mapped is said completely, and nothing is done then. A dry run is a migration of a clone.
//! Processes that it has called go on in the versions that the new one is bound to, in the same way.
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

/// Between the id of a called process and one of its own in a line of the mapping: no BPMN id has it.
const CALLED: char = '#';

/// Where an instance shall go on.
pub(super) struct Target<'a> {
    pub process: &'a Arc<Process>,
    pub definition: String,
    pub mapping: &'a BTreeMap<String, String>,
    /// Called processes as they ran until now, where the world has others.
    pub called_before: &'a BTreeMap<String, Arc<Process>>,
}

/// Migrate a draft.
///
/// # Errors
/// [`Refusal::Problems`] with everything that cannot be mapped.
pub(super) fn migrate(
    from: &Arc<Process>,
    target: Target<'_>,
    draft: &mut Instance,
    world: &dyn World,
    limits: &Limits,
) -> Result<Step, Refusal> {
    forget_ended(draft);
    let (maps, mut problems) = maps(from, &target, draft, world);
    let mut places = BTreeMap::new();
    for map in &maps {
        map.check_mapping(&mut problems);
        map.elements(draft, &mut places, &mut problems);
        map.tokens(draft, &mut problems);
    }
    if !problems.is_empty() {
        return Err(Refusal::Problems(problems));
    }
    for (key, node) in &places {
        if let Some(element) = draft.elements.get_mut(key) {
            element.node = Some(*node);
        }
    }
    let mut lost = Vec::new();
    for map in &maps {
        map.waits(draft);
        lost.extend(map.lost_waits(draft));
    }
    draft.definition.clone_from(&target.definition);
    draft.process.clone_from(&target.process.id);

    let mut machine = Machine::new(target.process, draft, world, limits)?;
    for map in &maps {
        let own = |(_, element): &(&Key, &super::instance::Element)| element.process == map.place;
        let renamed = machine.state.elements.iter().filter(own).map(|(key, _)| machine.place(*key)).collect();
        machine.event(Event::Migrated { definition: target.definition.clone(), renamed, flows: map.flows() });
    }
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

/// Processes that were called and have ended need no place any more.
fn forget_ended(draft: &mut Instance) {
    let mut places = BTreeMap::from([(0, 0)]);
    let called = std::mem::take(&mut draft.called);
    for (before, called) in (1..).zip(called) {
        if draft.elements.values().any(|element| element.process == before) {
            draft.called.push(called);
            places.insert(before, draft.called.len());
        }
    }
    for element in draft.elements.values_mut() {
        element.process = places[&element.process];
    }
}

/// A map for the process itself and one for each that it has called and that runs, with lines that belong to none of them and processes
/// that the new version does not have.
fn maps(from: &Arc<Process>, target: &Target<'_>, draft: &Instance, world: &dyn World) -> (Vec<Map>, Vec<Problem>) {
    let mut problems = Vec::new();
    let own = lines(target.mapping, "");
    let mut maps = vec![Map {
        place: 0,
        prefix: String::new(),
        from: Arc::clone(from),
        to: Arc::clone(target.process),
        mapping: own,
    }];
    for (place, called) in (1..).zip(&draft.called) {
        let id = &called.id;
        let Some(to) = world.process(id, &called.binding) else {
            let message = format!("`{id}` is called and runs, and the new version does not call it; let it end first");
            push(&mut problems, id, "no-target", message);
            continue;
        };
        let from = Arc::clone(target.called_before.get(id).unwrap_or(&to));
        let prefix = format!("{id}{CALLED}");
        let mapping = lines(target.mapping, &prefix);
        maps.push(Map { place, prefix, from, to, mapping });
    }
    for line in target.mapping.keys() {
        if let Some((id, _)) = line.split_once(CALLED)
            && draft.called.iter().all(|called| called.id != id)
        {
            let message = format!("no called process `{id}` runs in this instance; remove the line");
            push(&mut problems, line, "unknown-source", message);
        }
    }
    (maps, problems)
}

/// The lines of a mapping that are about one process, without its prefix.
fn lines(mapping: &BTreeMap<String, String>, prefix: &str) -> BTreeMap<String, String> {
    let own = |id: &str| id.strip_prefix(prefix).filter(|id| !id.contains(CALLED)).map(str::to_owned);
    mapping.iter().filter_map(|(old, new)| Some((own(old)?, own(new).unwrap_or_else(|| new.clone())))).collect()
}

fn push(problems: &mut Vec<Problem>, id: &str, code: &str, message: String) {
    let problem = Problem::new(format!("/mapping/{id}"), code, message);
    if !problems.contains(&problem) {
        problems.push(problem);
    }
}

#[derive(Clone, Copy)]
enum Wait {
    Timer,
    Subscription,
    Condition,
}

/// One process of an instance in its old and its new version.
struct Map {
    /// What its elements name: 0 for the process of the instance itself.
    place: usize,
    /// What its ids have before them in the mapping and in problems.
    prefix: String,
    from: Arc<Process>,
    to: Arc<Process>,
    mapping: BTreeMap<String, String>,
}

impl Map {
    fn problem(&self, problems: &mut Vec<Problem>, id: &str, code: &str, message: String) {
        push(problems, &format!("{}{id}", self.prefix), code, message);
    }

    fn check_mapping(&self, problems: &mut Vec<Problem>) {
        for (old, new) in &self.mapping {
            let knows = |process: &Process, id: &str| {
                process.nodes.iter().any(|node| node.id == id) || process.flows.iter().any(|flow| flow.id == id)
            };
            if !knows(&self.from, old) {
                let message = format!("the old version has no `{old}`; remove the line");
                self.problem(problems, old, "unknown-source", message);
            }
            if !knows(&self.to, new) {
                let message = format!("the new version has no `{new}`; map `{old}` to something it has");
                self.problem(problems, old, "unknown-target", message);
            }
        }
    }

    /// Renamed flows, by their old ids.
    fn flows(&self) -> BTreeMap<String, String> {
        let is_flow = |old: &str| self.from.flows.iter().any(|flow| flow.id == old);
        self.mapping.iter().filter(|(old, _)| is_flow(old)).map(|(old, new)| (old.clone(), new.clone())).collect()
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

    /// The new node of every live element of this process.
    fn elements(&self, draft: &Instance, places: &mut BTreeMap<Key, NodeIndex>, problems: &mut Vec<Problem>) {
        for (key, element) in &draft.elements {
            let Some(old) = element.node.filter(|_| element.process == self.place) else { continue };
            let old_node = &self.from.nodes[old];
            let Some(new) = self.node(old) else {
                let id = old_node.id.clone();
                let message = format!("`{id}` is active and the new version has no element of that id; map it");
                self.problem(problems, &id, "no-target", message);
                continue;
            };
            let (old_id, new_node) = (old_node.id.clone(), &self.to.nodes[new]);
            if !same_kind(old_node, new_node) {
                let message = format!(
                    "`{old_id}` is active and `{}` is another kind of element; map it to its like",
                    new_node.id
                );
                self.problem(problems, &old_id, "other-kind", message);
            }
            let parent = old_node.parent.and_then(|parent| self.node(parent));
            if parent != new_node.parent || (old_node.parent.is_some() && parent.is_none()) {
                let message = format!("`{old_id}` is active and `{}` stands in another scope", new_node.id);
                self.problem(problems, &old_id, "other-scope", message);
            }
            places.insert(*key, new);
        }
    }

    /// Tokens that wait at joins, and notes of what can be compensated.
    fn tokens(&self, draft: &mut Instance, problems: &mut Vec<Problem>) {
        for element in draft.elements.values_mut().filter(|element| element.process == self.place) {
            match &mut element.activity {
                Activity::Scope(scope) => {
                    let mut waiting = BTreeMap::new();
                    for (old, count) in std::mem::take(&mut scope.waiting) {
                        let id = self.from.flows[old].id.clone();
                        let Some(new) = self.flow(old) else {
                            let message =
                                format!("a token waits on flow `{id}`, which the new version does not have; map it");
                            self.problem(problems, &id, "no-target", message);
                            continue;
                        };
                        let (join, target) = (&self.from.nodes[self.from.flows[old].target], self.to.flows[new].target);
                        let target = &self.to.nodes[target];
                        if self.new_id(&join.id) != target.id || !same_kind(join, target) || target.incoming.len() < 2 {
                            let message =
                                format!("a token waits on flow `{id}`, which leads to another join in the new version");
                            self.problem(problems, &id, "other-join", message);
                            continue;
                        }
                        *waiting.entry(new).or_default() += count;
                    }
                    scope.waiting = waiting;
                    self.notes(&mut scope.compensable, problems);
                }
                Activity::Repeating(body) => self.notes(&mut body.compensable, problems),
                Activity::Compensating { queue } => self.notes(queue, problems),
                _ => {}
            }
        }
    }

    fn notes(&self, notes: &mut [Compensable], problems: &mut Vec<Problem>) {
        for note in notes {
            let id = self.from.nodes[note.node].id.clone();
            let handler = note.handler.map(|handler| self.node(handler));
            match (self.node(note.node), handler) {
                (Some(node), None) => note.node = node,
                (Some(node), Some(Some(handler))) => {
                    note.node = node;
                    note.handler = Some(handler);
                }
                _ => {
                    let message = format!(
                        "`{id}` can still be compensated and the new version lacks it or its handler; map both"
                    );
                    self.problem(problems, &id, "no-target", message);
                }
            }
            self.notes(&mut note.inner, problems);
        }
    }

    /// Waits name nodes too.
    fn waits(&self, draft: &mut Instance) {
        let owners = &draft.elements;
        let own = |element: &Key| owners.get(element).is_some_and(|element| element.process == self.place);
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
            owner.process != self.place || belongs(&self.to, owner.node, node, wait)
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
            if element.activity == Activity::Starting {
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

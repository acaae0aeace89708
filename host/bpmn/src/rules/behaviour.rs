//! What a token can do: reach every element, leave every loop, pass every join.
//!
//! All walks are without recursion and linear in elements and flows, except joins, whose pairs of incoming flows are limited.

use super::view::View;
use crate::{
    graph::{FlowIndex, NodeIndex, NodeKind, Trigger},
    rule::Rule,
};
use std::collections::HashSet;

/// Incoming flows of a join that are looked at in pairs.
const JOIN_INCOMING_MAX: usize = 16;
/// Joins of one process that are looked at.
const JOINS_MAX: usize = 200;

pub(super) fn check(view: &mut View<'_, '_, '_>) {
    unreachable(view);
    loops(view);
    deadlocks(view);
}

fn unreachable(view: &mut View<'_, '_, '_>) {
    let count = view.process.nodes.len();
    let mut reached = vec![false; count];
    let starts_itself = |(index, node): &(NodeIndex, &crate::graph::Node)| {
        let in_ad_hoc = node.parent.is_some_and(|parent| {
            matches!(view.node(parent).kind, NodeKind::AdHocSubProcess(_)) && node.incoming.is_empty()
        });
        in_ad_hoc
            || node.is_for_compensation
            || view.process.starts.contains(index)
            || matches!(node.kind, NodeKind::StartEvent { .. } | NodeKind::EventSubProcess { .. })
    };
    let mut open: Vec<NodeIndex> = view.nodes().filter(starts_itself).map(|(index, _)| index).collect();
    while let Some(index) = open.pop() {
        if !std::mem::replace(&mut reached[index], true) {
            open.extend(view.next(index));
        }
    }
    for (index, node) in view.nodes().filter(|(_, node)| !node.incoming.is_empty()) {
        if !reached[index] {
            view.warning(Rule::Unreachable, node, "no path from a start leads to it");
        }
    }
}

/// Whether going through an element takes time or changes something.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Progress {
    Nothing,
    Computes,
    Waits,
}

fn loops(view: &mut View<'_, '_, '_>) {
    let progress = progress(view);
    for least in [Progress::Nothing, Progress::Computes] {
        for component in circles(view, |index| progress[index] <= least) {
            let computes = component.iter().any(|index| progress[*index] == Progress::Computes);
            let Some(first) = component.iter().min().copied() else { continue };
            let names: Vec<&str> = component.iter().take(5).map(|index| view.node(*index).id.as_str()).collect();
            if least == Progress::Nothing {
                let message = format!(
                    "it is part of a loop in which nothing waits and nothing changes ({}); add a wait, or leave the loop",
                    names.join(", ")
                );
                view.error(Rule::Loop, view.node(first), message);
            } else if computes {
                let message = format!(
                    "it is part of a loop that only computes ({}); it ends when its budget is used up",
                    names.join(", ")
                );
                view.warning(Rule::LoopWithoutWait, view.node(first), message);
            }
        }
    }
}

/// Children come after their parents in the file but not always in JSON, so sub-processes are asked until nothing changes.
fn progress(view: &View<'_, '_, '_>) -> Vec<Progress> {
    let mut progress: Vec<Progress> = view
        .nodes()
        .map(|(_, node)| match &node.kind {
            NodeKind::UserTask(_)
            | NodeKind::ServiceTask(_)
            | NodeKind::ReceiveTask { .. }
            | NodeKind::CallActivity { .. }
            | NodeKind::AdHocSubProcess(_)
            | NodeKind::EventBasedGateway => Progress::Waits,
            NodeKind::IntermediateCatchEvent { trigger } if !matches!(trigger, Trigger::Link { .. }) => Progress::Waits,
            // It happens while its activity waits.
            NodeKind::BoundaryEvent { .. } => Progress::Waits,
            NodeKind::ScriptTask { .. } | NodeKind::BusinessRuleTask { .. } => Progress::Computes,
            _ if !node.inputs.is_empty() || !node.outputs.is_empty() => Progress::Computes,
            _ => Progress::Nothing,
        })
        .collect();
    // From the innermost outwards: at most as many rounds as sub-processes stand in one another.
    loop {
        let mut changed = false;
        for (index, node) in view.nodes() {
            let Some(parent) = node.parent else { continue };
            if progress[index] > progress[parent] && matches!(view.node(parent).kind, NodeKind::SubProcess { .. }) {
                progress[parent] = progress[index];
                changed = true;
            }
        }
        if !changed {
            return progress;
        }
    }
}

/// Groups of elements that can reach one another, by Tarjan's algorithm on a stack of its own.
fn circles(view: &View<'_, '_, '_>, takes_part: impl Fn(NodeIndex) -> bool) -> Vec<Vec<NodeIndex>> {
    const NEW: usize = usize::MAX;
    let count = view.process.nodes.len();
    let next = |index: NodeIndex| view.next(index).filter(|target| takes_part(*target)).collect::<Vec<_>>();
    let (mut number, mut low, mut on_stack) = (vec![NEW; count], vec![NEW; count], vec![false; count]);
    let (mut stack, mut counter, mut found) = (Vec::new(), 0, Vec::new());
    for start in (0..count).filter(|index| takes_part(*index)) {
        if number[start] != NEW {
            continue;
        }
        let mut calls = vec![(start, next(start), 0)];
        (number[start], low[start], on_stack[start]) = (counter, counter, true);
        counter += 1;
        stack.push(start);
        while let Some((index, targets, at)) = calls.last_mut() {
            let index = *index;
            if let Some(target) = targets.get(*at).copied() {
                *at += 1;
                if number[target] == NEW {
                    (number[target], low[target], on_stack[target]) = (counter, counter, true);
                    counter += 1;
                    stack.push(target);
                    calls.push((target, next(target), 0));
                } else if on_stack[target] {
                    low[index] = low[index].min(number[target]);
                }
                continue;
            }
            calls.pop();
            if let Some((parent, ..)) = calls.last() {
                low[*parent] = low[*parent].min(low[index]);
            }
            if low[index] == number[index] {
                let mut component = Vec::new();
                while let Some(member) = stack.pop() {
                    on_stack[member] = false;
                    component.push(member);
                    if member == index {
                        break;
                    }
                }
                component.reverse();
                if component.len() > 1 || next(index).contains(&index) {
                    found.push(component);
                }
            }
        }
    }
    found
}

/// A parallel join waits for a token on each incoming flow. Two of them can only come if something before splits the path; where
/// nothing does, the join waits for ever.
fn deadlocks(view: &mut View<'_, '_, '_>) {
    let joins: Vec<NodeIndex> = view
        .nodes()
        .filter(|(_, node)| {
            matches!(node.kind, NodeKind::ParallelGateway) && (2..=JOIN_INCOMING_MAX).contains(&node.incoming.len())
        })
        .map(|(index, _)| index)
        .take(JOINS_MAX)
        .collect();
    for join in joins {
        let incoming = &view.node(join).incoming;
        let before: Vec<HashSet<Step>> = incoming.iter().map(|flow| steps_before(view, *flow, join)).collect();
        let stuck = (0..incoming.len()).flat_map(|left| (left + 1..incoming.len()).map(move |right| (left, right)));
        let stuck = stuck.into_iter().find(|(left, right)| !is_split_before(view, &before[*left], &before[*right]));
        if let Some((left, right)) = stuck {
            let name = |flow: FlowIndex| view.process.flows[flow].id.clone();
            let message = format!(
                "it waits for `{}` and `{}`, but a token comes over one of them only; join with an exclusive gateway, or split with a \
                 parallel one",
                name(incoming[left]),
                name(incoming[right])
            );
            view.warning(Rule::Deadlock, view.node(join), message);
        }
    }
}

/// A way out of an element.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Step {
    Flow(FlowIndex),
    Boundary(NodeIndex),
}

/// All ways over which a token may have come that arrives over a flow, not through the join itself.
fn steps_before(view: &View<'_, '_, '_>, flow: FlowIndex, join: NodeIndex) -> HashSet<Step> {
    let mut steps = HashSet::from([Step::Flow(flow)]);
    let mut seen = HashSet::new();
    let mut open = vec![view.process.flows[flow].source];
    while let Some(index) = open.pop() {
        if index == join || !seen.insert(index) {
            continue;
        }
        let node = view.node(index);
        for incoming in &node.incoming {
            steps.insert(Step::Flow(*incoming));
            open.push(view.process.flows[*incoming].source);
        }
        match &node.kind {
            NodeKind::BoundaryEvent { attached_to, .. } => {
                steps.insert(Step::Boundary(index));
                open.push(*attached_to);
            }
            NodeKind::IntermediateCatchEvent { trigger: Trigger::Link { .. } } => {
                // The throwing links are found the other way round; a link does not split.
                open.extend((0..view.process.nodes.len()).filter(|other| {
                    matches!(&view.node(*other).kind, NodeKind::IntermediateThrowEvent {
                        result: crate::graph::EventResult::Link { target } } if *target == index)
                }));
            }
            _ => {}
        }
    }
    steps
}

/// Whether some element sends tokens two ways at once, one into each set.
fn is_split_before(view: &View<'_, '_, '_>, left: &HashSet<Step>, right: &HashSet<Step>) -> bool {
    left.iter().any(|step| {
        let (source, splits) = match *step {
            Step::Flow(flow) => {
                let source = view.process.flows[flow].source;
                let splits =
                    !matches!(view.node(source).kind, NodeKind::ExclusiveGateway | NodeKind::EventBasedGateway);
                (source, splits)
            }
            Step::Boundary(index) => match view.node(index).kind {
                NodeKind::BoundaryEvent { attached_to, interrupting, .. } => (attached_to, !interrupting),
                _ => return false,
            },
        };
        let node = view.node(source);
        let other_flow =
            splits && node.outgoing.iter().any(|flow| Step::Flow(*flow) != *step && right.contains(&Step::Flow(*flow)));
        // A boundary event that does not interrupt adds a token beside the one of its activity.
        let other_boundary = node.boundary.iter().any(|boundary| {
            let adds = splits && matches!(step, Step::Boundary(_))
                || matches!(view.node(*boundary).kind, NodeKind::BoundaryEvent { interrupting: false, .. });
            adds && Step::Boundary(*boundary) != *step && right.contains(&Step::Boundary(*boundary))
        });
        // One that fires again and again also follows itself.
        let itself = matches!(step, Step::Boundary(_)) && splits && right.contains(step);
        other_flow || other_boundary || itself
    })
}

//! Activities: sub-processes, repeats, and calls in a circle.

use super::view::{View, is_activity, subject};
use crate::{
    graph::{Graph, NodeIndex, NodeKind, Repeat, TextOrExpression, Trigger},
    report::Findings,
    rule::Rule,
    value_chain::{self, ACTIVITIES},
};
use std::collections::HashMap;

pub(super) fn check(view: &mut View<'_, '_, '_>) {
    for (index, node) in view.nodes() {
        match &node.kind {
            NodeKind::AdHocSubProcess(_) => ad_hoc(view, index),
            NodeKind::SubProcess { start, .. } => {
                let fits = matches!(view.node(*start).kind, NodeKind::StartEvent { trigger: Trigger::None, .. });
                if !fits && !matches!(view.node(*start).kind, NodeKind::StartEvent { .. }) {
                    view.error(Rule::SubProcess, node, "it does not begin with a start event");
                }
            }
            _ => {}
        }
        value_chain(view, index);
        if let Some(repeat) = &node.repeat {
            if !is_activity(&node.kind) {
                view.error(Rule::LoopMarkers, node, "only activities are repeated");
            }
            self::repeat(view, index, repeat);
        }
    }
}

fn value_chain(view: &mut View<'_, '_, '_>, index: NodeIndex) {
    let node = view.node(index);
    let message = match value_chain::of(node) {
        Some(_) if !is_activity(&node.kind) => {
            "only tasks, calls and sub-processes take time; tag one of them".to_owned()
        }
        Some((activity, _)) if !ACTIVITIES.contains(&activity) => {
            format!("`{activity}` is no value chain activity; those are {}", ACTIVITIES.join(", "))
        }
        None if node.headers.contains_key(value_chain::STREAM) => {
            format!("it belongs to a value stream and to no activity; add `{}`", value_chain::ACTIVITY)
        }
        _ => return,
    };
    view.findings.error(Rule::ValueChain, &subject(node), message);
}

fn ad_hoc(view: &mut View<'_, '_, '_>, index: NodeIndex) {
    let node = view.node(index);
    let mut activities = 0;
    for (_, child) in view.children(Some(index)) {
        if matches!(child.kind, NodeKind::StartEvent { .. } | NodeKind::EndEvent { .. }) {
            let message = format!("an ad-hoc sub-process has no start and end events; remove `{}`", child.id);
            view.findings.error(Rule::AdHoc, &subject(node), message);
        }
        activities += usize::from(is_activity(&child.kind));
    }
    if activities == 0 {
        view.findings.error(Rule::AdHoc, &subject(node), "an ad-hoc sub-process has at least one activity");
    }
}

fn repeat(view: &mut View<'_, '_, '_>, index: NodeIndex, repeat: &Repeat) {
    let node = view.node(index);
    match repeat {
        Repeat::Loop { condition: None, maximum: None, .. } => {
            view.error(Rule::LoopMarkers, node, "the loop would never end; give it a loopCondition or a loopMaximum");
        }
        Repeat::Loop { .. } => {}
        Repeat::MultiInstance {
            collection, cardinality, output_collection, output_element, element_variable, ..
        } => {
            let message = match (collection, cardinality) {
                (None, None) => Some("it says over what it runs neither by a collection nor by a cardinality; add one"),
                (Some(_), Some(_)) => Some("it has both a collection and a cardinality; keep one"),
                (None, Some(_)) if element_variable.is_some() => Some("an element variable needs a collection"),
                _ => None,
            };
            if let Some(message) = message {
                view.error(Rule::MultiInstance, node, message);
            }
            if output_element.is_some() && output_collection.is_none() {
                view.error(Rule::MultiInstance, node, "an output element needs an output collection");
            }
        }
    }
}

/// Processes of one model that call one another in a circle would open instance after instance.
pub(super) fn calls(graph: &Graph, findings: &mut Findings<'_>) {
    let place: HashMap<&str, usize> = graph.processes.iter().enumerate().map(|(at, p)| (p.id.as_str(), at)).collect();
    let calls: Vec<Vec<(usize, &crate::graph::Node)>> = graph
        .processes
        .iter()
        .map(|process| {
            let called = process.nodes.iter().filter_map(|node| match &node.kind {
                NodeKind::CallActivity { process: TextOrExpression::Text(name), .. } => {
                    Some((*place.get(name.as_str())?, node))
                }
                _ => None,
            });
            called.collect()
        })
        .collect();
    for start in 0..calls.len() {
        // Depth first from each process; a call is told where it closes a circle on the process where the walk began.
        let mut seen = vec![false; calls.len()];
        let mut open = vec![start];
        while let Some(at) = open.pop() {
            for (target, node) in &calls[at] {
                if *target == start {
                    let message = format!(
                        "it calls `{}`, which leads back here; repeat inside one process instead",
                        graph.processes[start].id
                    );
                    findings.error(Rule::CallCycle, &subject(node), message);
                } else if !std::mem::replace(&mut seen[*target], true) {
                    open.push(*target);
                }
            }
        }
    }
}

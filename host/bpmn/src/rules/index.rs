//! That a graph hangs together: every index points to what it should, and what is derived from the flows agrees with them.
//!
//! A graph that was compiled from a file does so by construction; one that a generator wrote as JSON has to prove it.

use super::view::subject;
use crate::{
    graph::{EventResult, FORMAT, Graph, Node, NodeIndex, NodeKind, Process},
    report::{Findings, Subject},
    rule::Rule,
    source::ELEMENTS_MAX,
};
use std::collections::HashSet;

/// Scopes inside one another, as in a file.
const SCOPES_MAX: usize = 100;

pub(crate) fn check(graph: &Graph, findings: &mut Findings<'_>) {
    if graph.format != FORMAT {
        let message = format!("the format is {}, this version reads {FORMAT}", graph.format);
        findings.error(Rule::Index, &Subject::default(), message);
        return;
    }
    if graph.processes.is_empty() {
        findings.error(Rule::NothingExecutable, &Subject::default(), "there is no process");
    }
    let count: usize = graph.processes.iter().map(|process| process.nodes.len() + process.flows.len()).sum();
    if count > ELEMENTS_MAX {
        findings.error(
            Rule::TooLarge,
            &Subject::default(),
            format!("a model has at most {ELEMENTS_MAX} elements, this one has {count}"),
        );
        return;
    }
    let mut ids = HashSet::new();
    for process in &graph.processes {
        let own = std::iter::once(&process.id);
        for id in own.chain(process.nodes.iter().map(|node| &node.id)).chain(process.flows.iter().map(|flow| &flow.id))
        {
            let subject = Subject { kind: "element".to_owned(), id: id.clone(), ..Subject::default() };
            if id.trim().is_empty() {
                findings.error(Rule::MissingId, &subject, "it has no id");
            } else if !ids.insert(id.as_str()) {
                findings.error(Rule::DuplicateId, &subject, "its id is used twice; give each element its own");
            }
        }
        if ranges(process, findings) {
            derived(process, findings);
        }
    }
}

/// Whether every index is in range and scopes have an end.
fn ranges(process: &Process, findings: &mut Findings<'_>) -> bool {
    let (nodes, flows) = (process.nodes.len(), process.flows.len());
    let mut fits = true;
    let mut refuse = |subject: &Subject, what: &str| {
        findings.error(Rule::Index, subject, format!("`{what}` points to nothing"));
        fits = false;
    };
    for flow in &process.flows {
        let subject = Subject { kind: "sequence flow".to_owned(), id: flow.id.clone(), ..Subject::default() };
        if flow.source >= nodes {
            refuse(&subject, "source");
        }
        if flow.target >= nodes {
            refuse(&subject, "target");
        }
    }
    let whole = Subject { kind: "process".to_owned(), id: process.id.clone(), ..Subject::default() };
    if process.starts.iter().chain(&process.event_sub_processes).any(|index| *index >= nodes) {
        refuse(&whole, "starts or event_sub_processes");
    }
    for node in &process.nodes {
        let subject = subject(node);
        let to_nodes = [
            ("parent", node.parent.as_slice()),
            ("boundary", &node.boundary),
            ("compensation", node.compensation.as_slice()),
        ];
        for (what, list) in to_nodes {
            if list.iter().any(|index| *index >= nodes) {
                refuse(&subject, what);
            }
        }
        let to_flows =
            [("incoming", &node.incoming[..]), ("outgoing", &node.outgoing), ("default", node.default.as_slice())];
        for (what, list) in to_flows {
            if list.iter().any(|index| *index >= flows) {
                refuse(&subject, what);
            }
        }
        if inner(&node.kind).into_iter().any(|index| index >= nodes) {
            refuse(&subject, "kind");
        }
    }
    if fits {
        for node in &process.nodes {
            let ancestors = std::iter::successors(node.parent, |parent| process.nodes[*parent].parent);
            if ancestors.take(SCOPES_MAX + 1).count() > SCOPES_MAX {
                let message = format!("it stands in itself, or more than {SCOPES_MAX} sub-processes deep");
                findings.error(Rule::Index, &subject(node), message);
                return false;
            }
        }
    }
    fits
}

/// Indexes inside of a kind.
fn inner(kind: &NodeKind) -> Vec<NodeIndex> {
    match kind {
        NodeKind::BoundaryEvent { attached_to, .. } => vec![*attached_to],
        NodeKind::IntermediateThrowEvent { result } | NodeKind::EndEvent { result } => match result {
            EventResult::Compensation { activity } => activity.iter().copied().collect(),
            EventResult::Link { target } => vec![*target],
            _ => Vec::new(),
        },
        NodeKind::SubProcess { start, event_sub_processes }
        | NodeKind::EventSubProcess { start, event_sub_processes } => {
            event_sub_processes.iter().copied().chain([*start]).collect()
        }
        NodeKind::AdHocSubProcess(ad_hoc) => {
            ad_hoc.activities.iter().chain(&ad_hoc.event_sub_processes).copied().collect()
        }
        _ => Vec::new(),
    }
}

/// What follows from flows, parents and kinds says the same.
fn derived(process: &Process, findings: &mut Findings<'_>) {
    let mut refuse = |node: &Node, what: &str| {
        findings.error(Rule::Index, &subject(node), format!("`{what}` does not agree with the rest of the model"));
    };
    let indexes = || 0..process.nodes.len();
    for (index, node) in process.nodes.iter().enumerate() {
        let flows = |end: fn(&crate::graph::SequenceFlow) -> NodeIndex| {
            process.flows.iter().enumerate().filter(move |(_, flow)| end(flow) == index).map(|(place, _)| place)
        };
        if !same(&node.incoming, flows(|flow| flow.target)) {
            refuse(node, "incoming");
        }
        if !same(&node.outgoing, flows(|flow| flow.source)) {
            refuse(node, "outgoing");
        }
        if node.default.is_some_and(|default| !node.outgoing.contains(&default)) {
            refuse(node, "default");
        }
        let attached = indexes()
            .filter(|other| matches!(process.nodes[*other].kind, NodeKind::BoundaryEvent { attached_to, .. } if attached_to == index));
        if !same(&node.boundary, attached) {
            refuse(node, "boundary");
        }
        let is_scope = |at: NodeIndex| {
            matches!(
                process.nodes[at].kind,
                NodeKind::SubProcess { .. } | NodeKind::EventSubProcess { .. } | NodeKind::AdHocSubProcess(_)
            )
        };
        if node.parent.is_some_and(|parent| !is_scope(parent)) {
            refuse(node, "parent");
        }
        if node.compensation.is_some_and(|handler| !process.nodes[handler].is_for_compensation) {
            refuse(node, "compensation");
        }
        scope(process, index, &mut refuse);
    }
    for flow in &process.flows {
        if process.nodes[flow.source].parent != process.nodes[flow.target].parent {
            let subject = Subject { kind: "sequence flow".to_owned(), id: flow.id.clone(), ..Subject::default() };
            findings.error(Rule::Scope, &subject, "it connects elements of different sub-processes");
        }
    }
    let starts = indexes()
        .filter(|at| is_child(process, *at, None) && matches!(process.nodes[*at].kind, NodeKind::StartEvent { .. }));
    if !same(&process.starts, starts) || !same(&process.event_sub_processes, event_sub_processes(process, None)) {
        let subject = Subject { kind: "process".to_owned(), id: process.id.clone(), ..Subject::default() };
        findings.error(
            Rule::Index,
            &subject,
            "`starts` or `event_sub_processes` does not agree with the rest of the model",
        );
    }
}

fn scope(process: &Process, index: NodeIndex, refuse: &mut impl FnMut(&Node, &str)) {
    let node = &process.nodes[index];
    match &node.kind {
        NodeKind::SubProcess { start, event_sub_processes: listed }
        | NodeKind::EventSubProcess { start, event_sub_processes: listed } => {
            let is_start = |at: &NodeIndex| {
                is_child(process, *at, Some(index)) && matches!(process.nodes[*at].kind, NodeKind::StartEvent { .. })
            };
            let starts: Vec<NodeIndex> = (0..process.nodes.len()).filter(is_start).collect();
            if starts != [*start] {
                refuse(node, "start");
            }
            if !same(listed, event_sub_processes(process, Some(index))) {
                refuse(node, "event_sub_processes");
            }
        }
        NodeKind::AdHocSubProcess(ad_hoc) => {
            let startable = (0..process.nodes.len())
                .filter(|at| is_child(process, *at, Some(index)) && is_startable(&process.nodes[*at]));
            if !same(&ad_hoc.activities, startable) {
                refuse(node, "activities");
            }
            if !same(&ad_hoc.event_sub_processes, event_sub_processes(process, Some(index))) {
                refuse(node, "event_sub_processes");
            }
        }
        _ => {}
    }
}

/// What people or the process can start in an ad-hoc sub-process.
pub(crate) fn is_startable(node: &Node) -> bool {
    node.incoming.is_empty()
        && !node.is_for_compensation
        && !matches!(node.kind, NodeKind::BoundaryEvent { .. } | NodeKind::EventSubProcess { .. })
}

fn is_child(process: &Process, index: NodeIndex, parent: Option<NodeIndex>) -> bool {
    process.nodes[index].parent == parent
}

fn event_sub_processes(process: &Process, parent: Option<NodeIndex>) -> impl Iterator<Item = NodeIndex> {
    (0..process.nodes.len()).filter(move |at| {
        is_child(process, *at, parent) && matches!(process.nodes[*at].kind, NodeKind::EventSubProcess { .. })
    })
}

/// The same places, in whatever order the list has them.
fn same(list: &[usize], expected: impl Iterator<Item = usize>) -> bool {
    let mut sorted = list.to_vec();
    sorted.sort_unstable();
    sorted.into_iter().eq(expected)
}

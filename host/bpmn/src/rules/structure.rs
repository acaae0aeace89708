//! How elements hang together: what leads where, and what may not.

use super::view::{View, is_activity, is_gateway};
use crate::{
    graph::{EventResult, Node, NodeIndex, NodeKind, Trigger},
    rule::Rule,
};

pub(super) fn check(view: &mut View<'_, '_, '_>) {
    starts(view);
    for (index, node) in view.nodes() {
        incoming(view, index, node);
        outgoing(view, node);
        default(view, node);
        gateway(view, node);
    }
    conditions(view);
}

fn starts(view: &mut View<'_, '_, '_>) {
    let process = view.process;
    if process.starts.is_empty() {
        let subject = crate::report::Subject {
            kind: "process".to_owned(),
            id: process.id.clone(),
            name: process.name.clone(),
            line: None,
        };
        view.findings.error(Rule::NoStart, &subject, "it has no start event; add one");
    }
    let plain =
        |index: &&NodeIndex| matches!(view.node(**index).kind, NodeKind::StartEvent { trigger: Trigger::None, .. });
    let plain: Vec<NodeIndex> = process.starts.iter().filter(plain).copied().collect();
    for index in plain.into_iter().skip(1) {
        let message =
            "the process has another start event without a trigger; which one starts it would be open, so keep one";
        view.error(Rule::StartTrigger, view.node(index), message);
    }
}

/// Elements that something else than a flow brings to life.
fn starts_by_itself(view: &View<'_, '_, '_>, node: &Node) -> bool {
    let in_ad_hoc = node.parent.is_some_and(|parent| matches!(view.node(parent).kind, NodeKind::AdHocSubProcess(_)));
    in_ad_hoc
        || node.is_for_compensation
        || matches!(
            node.kind,
            NodeKind::StartEvent { .. }
                | NodeKind::BoundaryEvent { .. }
                | NodeKind::EventSubProcess { .. }
                | NodeKind::IntermediateCatchEvent { trigger: Trigger::Link { .. } }
        )
}

fn incoming(view: &mut View<'_, '_, '_>, _index: NodeIndex, node: &Node) {
    if node.incoming.is_empty() {
        if !starts_by_itself(view, node) {
            view.error(Rule::NoIncoming, node, "nothing leads into it; draw a flow to it or remove it");
        }
        return;
    }
    let (rule, message) = match &node.kind {
        NodeKind::StartEvent { .. } => {
            (Rule::StartIncoming, "nothing may lead into a start event; use a gateway before the next element")
        }
        NodeKind::BoundaryEvent { .. } => {
            (Rule::Boundary, "nothing may lead into a boundary event; it is reached when it happens")
        }
        NodeKind::EventSubProcess { .. } => {
            (Rule::EventSubProcess, "nothing may lead into an event sub-process; its start event starts it")
        }
        NodeKind::IntermediateCatchEvent { trigger: Trigger::Link { .. } } => {
            (Rule::Link, "nothing may lead into a catching link event; throw the link instead")
        }
        _ if node.is_for_compensation => (Rule::Compensation, "nothing may lead into what is only run to compensate"),
        _ => return,
    };
    view.error(rule, node, message);
}

fn outgoing(view: &mut View<'_, '_, '_>, node: &Node) {
    let is_compensation = matches!(node.kind, NodeKind::BoundaryEvent { trigger: Trigger::Compensation, .. });
    let is_link = matches!(node.kind, NodeKind::IntermediateThrowEvent { result: EventResult::Link { .. } });
    if !node.outgoing.is_empty() {
        let (rule, message) = match &node.kind {
            NodeKind::EndEvent { .. } => {
                (Rule::EndOutgoing, "nothing may lead out of an end event; use an intermediate event")
            }
            NodeKind::EventSubProcess { .. } => {
                (Rule::EventSubProcess, "nothing may lead out of an event sub-process; it ends by itself")
            }
            _ if is_compensation => {
                (Rule::Compensation, "nothing may lead out of a compensation event; bind its handler by an association")
            }
            _ if is_link => (Rule::Link, "nothing may lead out of a throwing link event; go on after the catching one"),
            _ if node.is_for_compensation => {
                (Rule::Compensation, "nothing may lead out of what is only run to compensate")
            }
            _ => return,
        };
        view.error(rule, node, message);
        return;
    }
    let ends_itself =
        matches!(node.kind, NodeKind::EndEvent { .. } | NodeKind::EventSubProcess { .. }) || node.is_for_compensation;
    if ends_itself || is_compensation || is_link {
        return;
    }
    match node.kind {
        NodeKind::BoundaryEvent { .. } => {
            view.error(Rule::Boundary, node, "nothing leads out of it; draw what happens then");
        }
        NodeKind::StartEvent { .. } => {
            view.error(Rule::NoOutgoing, node, "nothing leads out of it; draw what happens first")
        }
        _ => {
            let in_ad_hoc =
                node.parent.is_some_and(|parent| matches!(view.node(parent).kind, NodeKind::AdHocSubProcess(_)));
            let ends = view.children(node.parent).any(|(_, other)| matches!(other.kind, NodeKind::EndEvent { .. }));
            if ends && !in_ad_hoc {
                let message = "nothing leads out of it, while other paths have an end event; lead it to an end event";
                view.error(Rule::NoOutgoing, node, message);
            }
        }
    }
}

fn default(view: &mut View<'_, '_, '_>, node: &Node) {
    let Some(default) = node.default else { return };
    if view.process.flows[default].condition.is_some() {
        view.flow_error(
            Rule::Default,
            default,
            "it is a default flow, taken when no condition holds; remove its condition",
        );
    }
    let chooses =
        is_activity(&node.kind) || matches!(node.kind, NodeKind::ExclusiveGateway | NodeKind::InclusiveGateway);
    if !chooses {
        view.error(Rule::Default, node, "it cannot have a default flow, since it does not choose a path");
    }
}

fn gateway(view: &mut View<'_, '_, '_>, node: &Node) {
    if !is_gateway(&node.kind) || node.incoming.is_empty() {
        return;
    }
    if node.incoming.len() == 1 && node.outgoing.len() == 1 && !matches!(node.kind, NodeKind::EventBasedGateway) {
        let message = "a gateway splits or joins, this one has one flow in and one out; remove it or add a flow";
        view.error(Rule::GatewayDirection, node, message);
    }
    let chooses = matches!(node.kind, NodeKind::ExclusiveGateway | NodeKind::InclusiveGateway);
    if chooses && node.outgoing.len() > 1 {
        for flow in node.outgoing.iter().copied().filter(|flow| Some(*flow) != node.default) {
            if view.process.flows[flow].condition.is_none() {
                let message = "it has no condition and is not the default, so it is always taken when it is its turn; \
                               add a condition or make it the default";
                view.flow_warning(Rule::MissingCondition, flow, message);
            }
        }
    }
}

fn conditions(view: &mut View<'_, '_, '_>) {
    for (place, flow) in view.process.flows.iter().enumerate().filter(|(_, flow)| flow.condition.is_some()) {
        let source = view.node(flow.source);
        match &source.kind {
            NodeKind::ParallelGateway => {
                let message = "its condition has no effect: a parallel gateway takes every path";
                view.flow_warning(Rule::Condition, place, message);
            }
            NodeKind::ExclusiveGateway | NodeKind::InclusiveGateway => {}
            kind if is_activity(kind) => {
                if source.outgoing.len() < 2 {
                    let message =
                        "it is the only way out and has a condition; add a default flow for when it does not hold";
                    view.flow_error(Rule::Condition, place, message);
                }
            }
            _ => {
                let message =
                    "a condition has no meaning after an event or an event-based gateway; use an exclusive gateway";
                view.flow_error(Rule::Condition, place, message);
            }
        }
    }
}

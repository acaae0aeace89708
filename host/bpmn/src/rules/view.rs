//! A process with what the rules ask of it again and again: who it is about, scopes, and where a token can go.

use crate::{
    graph::{EventResult, Node, NodeIndex, NodeKind, Process, Trigger},
    report::{Findings, Subject},
    rule::Rule,
};

pub(super) struct View<'g, 'f, 'r> {
    pub process: &'g Process,
    pub findings: &'r mut Findings<'f>,
}

impl<'g> View<'g, '_, '_> {
    pub fn node(&self, index: NodeIndex) -> &'g Node {
        &self.process.nodes[index]
    }

    pub fn nodes(&self) -> impl Iterator<Item = (NodeIndex, &'g Node)> + use<'g> {
        self.process.nodes.iter().enumerate()
    }

    /// Nodes directly in a scope.
    pub fn children(&self, parent: Option<NodeIndex>) -> impl Iterator<Item = (NodeIndex, &'g Node)> + use<'g> {
        self.nodes().filter(move |(_, node)| node.parent == parent)
    }

    pub fn error(&mut self, rule: Rule, node: &Node, message: impl std::fmt::Display) {
        // Other rules that spoke about this reference or this kind have said it better.
        if !self.findings.placeholders.contains(&node.id) && !self.findings.has(rule, &node.id) {
            self.findings.error(rule, &subject(node), message);
        }
    }

    pub fn warning(&mut self, rule: Rule, node: &Node, message: impl std::fmt::Display) {
        self.findings.warning(rule, &subject(node), message);
    }

    pub fn flow_error(&mut self, rule: Rule, flow: usize, message: impl std::fmt::Display) {
        if !self.findings.placeholders.contains(&self.process.flows[flow].id) {
            self.findings.error(rule, &self.flow_subject(flow), message);
        }
    }

    pub fn flow_warning(&mut self, rule: Rule, flow: usize, message: impl std::fmt::Display) {
        if !self.findings.placeholders.contains(&self.process.flows[flow].id) {
            self.findings.warning(rule, &self.flow_subject(flow), message);
        }
    }

    fn flow_subject(&self, flow: usize) -> Subject {
        let flow = &self.process.flows[flow];
        Subject { kind: "sequence flow".to_owned(), id: flow.id.clone(), name: flow.name.clone(), line: None }
    }

    /// Where a token goes from a node inside its scope: along flows, over a link, and out of the boundary events.
    pub fn next(&self, index: NodeIndex) -> impl Iterator<Item = NodeIndex> + use<'g> {
        let process = self.process;
        let node = &process.nodes[index];
        let link = match node.kind {
            NodeKind::IntermediateThrowEvent { result: EventResult::Link { target } } => Some(target),
            _ => None,
        };
        let flows = node.outgoing.iter().map(move |flow| process.flows[*flow].target);
        flows.chain(link).chain(node.boundary.iter().copied())
    }
}

pub(super) fn subject(node: &Node) -> Subject {
    Subject { kind: kind(&node.kind).to_owned(), id: node.id.clone(), name: node.name.clone(), line: None }
}

/// What people call an element.
pub(crate) fn kind(kind: &NodeKind) -> &'static str {
    match kind {
        NodeKind::StartEvent { .. } => "start event",
        NodeKind::IntermediateCatchEvent { .. } => "intermediate catch event",
        NodeKind::IntermediateThrowEvent { .. } => "intermediate throw event",
        NodeKind::EndEvent { .. } => "end event",
        NodeKind::BoundaryEvent { .. } => "boundary event",
        NodeKind::ExclusiveGateway => "exclusive gateway",
        NodeKind::ParallelGateway => "parallel gateway",
        NodeKind::InclusiveGateway => "inclusive gateway",
        NodeKind::EventBasedGateway => "event-based gateway",
        NodeKind::PassThrough => "task",
        NodeKind::UserTask(_) => "user task",
        NodeKind::ServiceTask(_) => "service task",
        NodeKind::ScriptTask { .. } => "script task",
        NodeKind::BusinessRuleTask { .. } => "business rule task",
        NodeKind::ReceiveTask { .. } => "receive task",
        NodeKind::SubProcess { .. } => "sub-process",
        NodeKind::EventSubProcess { .. } => "event sub-process",
        NodeKind::AdHocSubProcess(_) => "ad-hoc sub-process",
        NodeKind::CallActivity { .. } => "call activity",
    }
}

pub(super) fn is_activity(kind: &NodeKind) -> bool {
    !is_gateway(kind) && !is_event(kind) && !matches!(kind, NodeKind::EventSubProcess { .. })
}

pub(super) fn is_gateway(kind: &NodeKind) -> bool {
    matches!(
        kind,
        NodeKind::ExclusiveGateway
            | NodeKind::ParallelGateway
            | NodeKind::InclusiveGateway
            | NodeKind::EventBasedGateway
    )
}

pub(super) fn is_event(kind: &NodeKind) -> bool {
    matches!(
        kind,
        NodeKind::StartEvent { .. }
            | NodeKind::IntermediateCatchEvent { .. }
            | NodeKind::IntermediateThrowEvent { .. }
            | NodeKind::EndEvent { .. }
            | NodeKind::BoundaryEvent { .. }
    )
}

/// What an element waits for.
pub(super) fn trigger(kind: &NodeKind) -> Option<&Trigger> {
    match kind {
        NodeKind::StartEvent { trigger, .. }
        | NodeKind::IntermediateCatchEvent { trigger }
        | NodeKind::BoundaryEvent { trigger, .. } => Some(trigger),
        _ => None,
    }
}

/// What a trigger is called.
pub(super) fn trigger_name(trigger: &Trigger) -> &'static str {
    match trigger {
        Trigger::None => "none",
        Trigger::Message(_) => "message",
        Trigger::Timer(_) => "timer",
        Trigger::Signal { .. } => "signal",
        Trigger::Error { .. } => "error",
        Trigger::Escalation { .. } => "escalation",
        Trigger::Conditional { .. } => "conditional",
        Trigger::Compensation => "compensation",
        Trigger::Link { .. } => "link",
    }
}

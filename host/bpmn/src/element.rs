//! From an element of the file to a node of the graph: what all elements have, and which file reads the rest.

mod call;
mod common;
mod event;
mod repeat;
mod sub_process;
mod task;

pub(crate) use common::{documentation, quoted};
pub(crate) use event::is_definition;
pub(crate) use sub_process::event_sub_processes;

use crate::{
    context::{Context, is_true},
    graph::{Node, NodeKind},
};

/// The node of an element. Flows, boundary events and compensation are filled in by the compiler, which knows all elements.
pub(crate) fn node(context: &mut Context<'_, '_, '_, '_>, index: usize) -> Node {
    let element = context.process.elements[index];
    let mut headers = common::headers(context, element.node);
    let kind = kind(context, index, &mut headers).unwrap_or(NodeKind::PassThrough);
    Node {
        id: element.id.to_owned(),
        name: common::name(element.node),
        documentation: common::documentation(element.node),
        parent: element.parent,
        incoming: Vec::new(),
        outgoing: Vec::new(),
        default: None,
        boundary: Vec::new(),
        inputs: common::mappings(context, element.node, "input"),
        outputs: common::mappings(context, element.node, "output"),
        headers,
        repeat: repeat::repeat(context, element.node),
        compensation: None,
        is_for_compensation: is_true(element.node, "isForCompensation"),
        kind,
    }
}

fn kind(context: &mut Context<'_, '_, '_, '_>, index: usize, headers: &mut common::Headers) -> Option<NodeKind> {
    let element = context.process.elements[index];
    match element.tag() {
        "startEvent" | "endEvent" | "intermediateCatchEvent" | "intermediateThrowEvent" | "boundaryEvent" => {
            event::event(context, element, headers)
        }
        "exclusiveGateway" => Some(NodeKind::ExclusiveGateway),
        "parallelGateway" => Some(NodeKind::ParallelGateway),
        "inclusiveGateway" => Some(NodeKind::InclusiveGateway),
        "eventBasedGateway" => Some(NodeKind::EventBasedGateway),
        "task" | "manualTask" => Some(NodeKind::PassThrough),
        "userTask" => Some(task::user(context, element.node, headers)),
        "serviceTask" | "sendTask" => task::service(context, element.node, headers),
        "scriptTask" => task::script(context, element.node, headers),
        "businessRuleTask" => task::business_rule(context, element.node, headers),
        "receiveTask" => task::receive(context, element.node),
        "subProcess" => sub_process::sub_process(context, index),
        "adHocSubProcess" => Some(sub_process::ad_hoc(context, index)),
        "callActivity" => call::call_activity(context, element.node),
        // Refused by name by the vocabulary.
        _ => None,
    }
}

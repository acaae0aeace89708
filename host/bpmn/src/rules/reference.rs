//! Ids are there and unique, and what refers to something finds it, of the right type.

use crate::{
    report::{Findings, Subject},
    rule::Rule,
    source::{self, Source},
    xml,
};
use roxmltree::Node;

/// What an attribute or a child of an element refers to, and which types it may have there; none: any.
struct Reference {
    elements: &'static [&'static str],
    name: &'static str,
    types: &'static [&'static str],
}

/// References by attribute.
const ATTRIBUTES: &[Reference] = &[
    Reference { elements: &["boundaryEvent"], name: "attachedToRef", types: ACTIVITIES },
    Reference {
        elements: &["messageEventDefinition", "receiveTask", "sendTask", "messageFlow"],
        name: "messageRef",
        types: &["message"],
    },
    Reference { elements: &["signalEventDefinition"], name: "signalRef", types: &["signal"] },
    Reference { elements: &["errorEventDefinition"], name: "errorRef", types: &["error"] },
    Reference { elements: &["escalationEventDefinition"], name: "escalationRef", types: &["escalation"] },
    Reference { elements: &["compensateEventDefinition"], name: "activityRef", types: ACTIVITIES },
    Reference { elements: &["participant"], name: "processRef", types: &["process"] },
    Reference { elements: &["association", "messageFlow"], name: "sourceRef", types: &[] },
    Reference { elements: &["association", "messageFlow"], name: "targetRef", types: &[] },
    Reference { elements: &["dataObjectReference"], name: "dataObjectRef", types: &["dataObject"] },
    Reference { elements: &["dataStoreReference"], name: "dataStoreRef", types: &["dataStore"] },
    Reference { elements: &["group"], name: "categoryValueRef", types: &["categoryValue"] },
    Reference { elements: CHOOSING, name: "default", types: &["sequenceFlow"] },
    Reference { elements: &["serviceTask", "sendTask", "receiveTask"], name: "operationRef", types: &["operation"] },
];
/// References by the text of a child element, which is named first here.
const TEXTS: &[Reference] = &[
    Reference { elements: &["incoming"], name: "incoming", types: &["sequenceFlow"] },
    Reference { elements: &["outgoing"], name: "outgoing", types: &["sequenceFlow"] },
    Reference { elements: &["flowNodeRef"], name: "flowNodeRef", types: &[] },
    Reference { elements: &["eventDefinitionRef"], name: "eventDefinitionRef", types: DEFINITIONS },
    Reference {
        elements: &["dataInputRefs", "optionalInputRefs", "whileExecutingInputRefs"],
        name: "",
        types: &["dataInput"],
    },
    Reference {
        elements: &["dataOutputRefs", "optionalOutputRefs", "whileExecutingOutputRefs"],
        name: "",
        types: &["dataOutput"],
    },
    Reference { elements: &["outputSetRefs"], name: "", types: &["outputSet"] },
    Reference { elements: &["inputSetRefs"], name: "", types: &["inputSet"] },
];
const ACTIVITIES: &[&str] = &[
    "task",
    "manualTask",
    "userTask",
    "serviceTask",
    "sendTask",
    "receiveTask",
    "scriptTask",
    "businessRuleTask",
    "subProcess",
    "adHocSubProcess",
    "callActivity",
    "transaction",
];
const DEFINITIONS: &[&str] = &[
    "messageEventDefinition",
    "timerEventDefinition",
    "signalEventDefinition",
    "errorEventDefinition",
    "escalationEventDefinition",
    "conditionalEventDefinition",
    "compensateEventDefinition",
    "linkEventDefinition",
    "terminateEventDefinition",
    "cancelEventDefinition",
];
/// Elements that may have a default flow.
const CHOOSING: &[&str] = &[
    "exclusiveGateway",
    "inclusiveGateway",
    "complexGateway",
    "task",
    "manualTask",
    "userTask",
    "serviceTask",
    "sendTask",
    "receiveTask",
    "scriptTask",
    "businessRuleTask",
    "subProcess",
    "adHocSubProcess",
    "callActivity",
    "transaction",
];

pub(super) fn check(source: &Source<'_, '_>, findings: &mut Findings<'_>) {
    for (first, second) in &source.duplicates {
        let subject = Subject { line: Some(source.lines.of(*second)), ..source.subject(*second) };
        let message = format!("its id is used in line {} already; give each element its own", source.lines.of(*first));
        findings.error(Rule::DuplicateId, &subject, message);
    }
    if source.processes.is_empty() {
        let subject = Subject { line: Some(source.lines.of(source.root)), ..Subject::default() };
        let message = "no process has isExecutable=\"true\", so there is nothing to run";
        findings.error(Rule::NothingExecutable, &subject, message);
    }
    for process in &source.processes {
        let flows = process.flows.iter().map(|flow| flow.node);
        let nodes = process.elements.iter().map(|element| element.node).chain(flows).chain([process.node]);
        for node in nodes.filter(|node| node.attribute("id").is_none_or(|id| id.trim().is_empty())) {
            let subject = Subject { kind: source::words(node.tag_name().name()), ..source.subject(node) };
            let subject = Subject { id: String::new(), line: Some(source.lines.of(node)), ..subject };
            findings.error(Rule::MissingId, &subject, "it has no id; give it one that stays when the model changes");
        }
    }
    for node in source.root.descendants().filter(|node| node.tag_name().namespace() == Some(xml::BPMN)) {
        references(source, node, findings);
    }
    for process in &source.processes {
        for flow in &process.flows {
            flow_ends(source, process, flow.node, findings);
        }
        for element in &process.elements {
            listed_flows(source, element.node, findings);
        }
    }
}

fn references(source: &Source<'_, '_>, node: Node<'_, '_>, findings: &mut Findings<'_>) {
    let tag = node.tag_name().name();
    for reference in ATTRIBUTES.iter().filter(|reference| reference.elements.contains(&tag)) {
        if let Some(name) = node.attribute(reference.name) {
            resolve(source, node, reference.name, name, reference.types, findings);
        } else if reference.name == "attachedToRef" {
            let message = "it is attached to nothing; set attachedToRef to an activity";
            findings.error(Rule::Boundary, &source.subject(node), message);
        }
    }
    for reference in TEXTS.iter().filter(|reference| reference.elements.contains(&tag)) {
        resolve(source, node, tag, &xml::text(node), reference.types, findings);
    }
    if node.has_attribute("default") && !CHOOSING.contains(&tag) && source::refused(tag).is_none() && is_flow_node(tag)
    {
        findings.error(
            Rule::Default,
            &source.subject(node),
            "it cannot have a default flow; only what chooses a path can",
        );
    }
}

fn is_flow_node(tag: &str) -> bool {
    tag.ends_with("Event") || tag.ends_with("Gateway")
}

fn resolve(
    source: &Source<'_, '_>,
    node: Node<'_, '_>,
    what: &str,
    reference: &str,
    types: &[&str],
    findings: &mut Findings<'_>,
) {
    match source.resolve(reference) {
        None => {
            let message = format!("{what} names `{}`, which is not in the model", reference.trim());
            findings.error(Rule::Reference, &source.subject(node), message);
        }
        Some(found) if !types.is_empty() && !types.contains(&found.tag_name().name()) => {
            let message =
                format!("{what} names `{}`, which is a {}", reference.trim(), source::words(found.tag_name().name()));
            let wanted: Vec<String> = types.iter().take(4).map(|tag| source::words(tag)).collect();
            let message = format!("{message}, not a {}", wanted.join(" or "));
            findings.error(Rule::Reference, &source.subject(node), message);
        }
        Some(_) => {}
    }
}

fn flow_ends(
    source: &Source<'_, '_>,
    process: &source::ProcessSource<'_, '_>,
    flow: Node<'_, '_>,
    findings: &mut Findings<'_>,
) {
    for attribute in ["sourceRef", "targetRef"] {
        let subject = source.subject(flow);
        let Some(name) = flow.attribute(attribute).map(str::trim).filter(|name| !name.is_empty()) else {
            findings.error(Rule::Reference, &subject, format!("it has no {attribute}"));
            continue;
        };
        let local = name.rsplit_once(':').map_or(name, |(_, local)| local);
        if process.element_by_id.contains_key(name) || process.element_by_id.contains_key(local) {
            continue;
        }
        match source.resolve(name) {
            None => {
                let message = format!("{attribute} names `{name}`, which is not in the model");
                findings.error(Rule::Reference, &subject, message);
            }
            Some(found) => {
                let kind = source::words(found.tag_name().name());
                let message = format!(
                    "{attribute} names `{name}`, a {kind}, which is not an element of the flow of this process"
                );
                findings.error(Rule::Scope, &subject, format!("{message}; between processes send a message"));
            }
        }
    }
}

/// `incoming` and `outgoing` only repeat what the flows say; where they say otherwise, the drawing and the flow differ.
fn listed_flows(source: &Source<'_, '_>, node: Node<'_, '_>, findings: &mut Findings<'_>) {
    for (tag, end, verb) in [("incoming", "targetRef", "arrive"), ("outgoing", "sourceRef", "leave")] {
        for listed in xml::children(node, tag) {
            let Some(flow) = source.resolve(&xml::text(listed)) else { continue };
            let at = flow.attribute(end).and_then(|reference| source.resolve(reference));
            if flow.has_tag_name((xml::BPMN, "sequenceFlow")) && at != Some(node) {
                let message = format!("{tag} lists `{}`, which does not {verb} here", xml::text(listed));
                findings.error(Rule::ListedFlow, &source.subject(node), message);
            }
        }
    }
}

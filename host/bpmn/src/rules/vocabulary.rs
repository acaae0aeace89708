//! What stands in the file and is not executed: refused by name, or told to have no effect. Nothing is skipped in silence.

use crate::{
    context::is_true,
    report::Findings,
    rule::Rule,
    source::{self, ProcessSource, Source},
    xml,
};
use roxmltree::Node;

/// Elements of the extension namespace with their attributes, and where they mean something; none: anywhere.
struct Extension {
    name: &'static str,
    attributes: &'static [&'static str],
    on: &'static [&'static str],
}

const BINDING: [&str; 2] = ["bindingType", "versionTag"];
const MAPPED: &[&str] = &[
    "task",
    "manualTask",
    "userTask",
    "serviceTask",
    "sendTask",
    "receiveTask",
    "scriptTask",
    "businessRuleTask",
    "callActivity",
    "subProcess",
    "adHocSubProcess",
    "startEvent",
    "endEvent",
    "intermediateCatchEvent",
    "intermediateThrowEvent",
    "boundaryEvent",
];
const STEPS: &[&str] =
    &["serviceTask", "sendTask", "scriptTask", "businessRuleTask", "intermediateThrowEvent", "endEvent"];
const EXTENSIONS: &[Extension] = &[
    Extension { name: "taskDefinition", attributes: &["type", "retries"], on: STEPS },
    Extension { name: "ioMapping", attributes: &[], on: MAPPED },
    Extension { name: "input", attributes: &["source", "target"], on: &["ioMapping"] },
    Extension { name: "output", attributes: &["source", "target"], on: &["ioMapping"] },
    Extension { name: "taskHeaders", attributes: &[], on: &[] },
    Extension { name: "header", attributes: &["key", "value"], on: &["taskHeaders"] },
    Extension { name: "properties", attributes: &[], on: &[] },
    Extension { name: "property", attributes: &["name", "value"], on: &["properties"] },
    Extension {
        name: "assignmentDefinition",
        attributes: &["assignee", "candidateGroups", "candidateUsers"],
        on: &["userTask"],
    },
    Extension { name: "taskSchedule", attributes: &["dueDate", "followUpDate"], on: &["userTask"] },
    Extension { name: "priorityDefinition", attributes: &["priority"], on: &["userTask"] },
    Extension {
        name: "formDefinition",
        attributes: &["formId", "formKey", "externalReference", BINDING[0], BINDING[1]],
        on: &["userTask", "startEvent"],
    },
    Extension { name: "userTask", attributes: &[], on: &["userTask"] },
    Extension { name: "userTaskForm", attributes: &["id"], on: &["process"] },
    Extension {
        name: "calledDecision",
        attributes: &["decisionId", "resultVariable", BINDING[0], BINDING[1]],
        on: &["businessRuleTask"],
    },
    Extension {
        name: "calledElement",
        attributes: &["processId", "propagateAllChildVariables", "propagateAllParentVariables", BINDING[0], BINDING[1]],
        on: &["callActivity"],
    },
    Extension {
        name: "loopCharacteristics",
        attributes: &["inputCollection", "inputElement", "outputCollection", "outputElement"],
        on: &["multiInstanceLoopCharacteristics"],
    },
    Extension { name: "subscription", attributes: &["correlationKey"], on: &["message"] },
    Extension { name: "script", attributes: &["expression", "resultVariable"], on: &["scriptTask"] },
    Extension { name: "versionTag", attributes: &["value"], on: &["process"] },
    Extension { name: "adHoc", attributes: &["activeElementsCollection"], on: &["adHocSubProcess"] },
    Extension {
        name: "conditionalFilter",
        attributes: &["variableNames", "variableEvents"],
        on: &["conditionalEventDefinition"],
    },
];
/// Attributes that only the tools read.
const TOOLS: &[&str] = &["modelerTemplate", "modelerTemplateVersion", "modelerTemplateIcon"];
/// Extensions that would do something elsewhere and do nothing here.
const REFUSED_EXTENSIONS: &[(&str, &str)] = &[
    ("executionListeners", "listeners are not executed; make a step of it in the flow"),
    ("taskListeners", "listeners are not executed; make a step of it in the flow"),
    ("linkedResources", "linked resources are not read; name decisions and forms where they are used"),
];
/// Elements beside the processes that are not executed.
const REFUSED_ROOTS: &[&str] = &[
    "globalTask",
    "globalUserTask",
    "globalManualTask",
    "globalScriptTask",
    "globalBusinessRuleTask",
    "choreography",
    "globalChoreographyTask",
    "globalConversation",
];

pub(super) fn check(source: &Source<'_, '_>, findings: &mut Findings<'_>) {
    for node in source.root.children().filter(Node::is_element) {
        let tag = node.tag_name().name();
        if node.tag_name().namespace() == Some(xml::BPMN) && REFUSED_ROOTS.contains(&tag) {
            let message = "it is not executed; model it as a process and call that";
            findings.error(Rule::Unsupported, &source.subject(node), message);
        }
    }
    for process in &source.processes {
        elements(source, process, findings);
        for node in process.node.descendants().filter(Node::is_element) {
            foreign(source, node, findings);
        }
    }
    for node in source.root.descendants().filter(|node| node.tag_name().namespace() == Some(xml::ZEEBE)) {
        extension(source, node, findings);
    }
}

fn elements(source: &Source<'_, '_>, process: &ProcessSource<'_, '_>, findings: &mut Findings<'_>) {
    for node in &process.unknown {
        let tag = node.tag_name().name();
        if crate::element::is_definition(tag) || tag == "script" {
            continue;
        }
        let message = format!("`{tag}` is not executed here; remove it or say it with other elements");
        findings.error(Rule::Unsupported, &source.subject(*node), message);
    }
    for element in &process.elements {
        let node = element.node;
        if let Some(why) = source::refused(element.tag()) {
            findings.error(Rule::Unsupported, &source.subject(node), why);
        }
        for quantity in ["startQuantity", "completionQuantity"] {
            if node.attribute(quantity).is_some_and(|value| value.trim() != "1") {
                let message = format!("{quantity} other than 1 is not executed; use a multi-instance activity");
                findings.error(Rule::Unsupported, &source.subject(node), message);
            }
        }
        if is_true(node, "instantiate") && element.tag() == "eventBasedGateway" {
            let message = "a gateway does not start a process; use a message, timer or signal start event for each";
            findings.error(Rule::Unsupported, &source.subject(node), message);
        }
        if node.attribute("eventGatewayType").is_some_and(|kind| kind.trim() == "Parallel") {
            let message = "a parallel event-based gateway is not executed; use a parallel gateway before the events";
            findings.error(Rule::Unsupported, &source.subject(node), message);
        }
        direction(source, process, node, findings);
        for child in node.children().filter(|child| child.tag_name().namespace() == Some(xml::BPMN)) {
            let what = match child.tag_name().name() {
                "dataInputAssociation" | "dataOutputAssociation" => {
                    "data associations move no data; use input and output mappings"
                }
                "resourceRole" | "performer" | "humanPerformer" | "potentialOwner" => {
                    "roles of the standard assign nobody; use assignmentDefinition"
                }
                _ => continue,
            };
            findings.warning(Rule::Ignored, &source.subject(node), what);
        }
    }
    for flow in &process.flows {
        if crate::context::is_false(flow.node, "isImmediate") {
            let message = "isImmediate=\"false\" lets something happen in between, which nothing executes; remove it";
            findings.error(Rule::Immediate, &source.subject(flow.node), message);
        }
    }
}

/// What a gateway says of itself has to be so; a drawing that says otherwise was meant otherwise.
fn direction(
    source: &Source<'_, '_>,
    process: &ProcessSource<'_, '_>,
    node: Node<'_, '_>,
    findings: &mut Findings<'_>,
) {
    let Some(direction) = node.attribute("gatewayDirection").map(str::trim) else { return };
    let id = node.attribute("id");
    let count = |end: &str| process.flows.iter().filter(|flow| flow.node.attribute(end) == id).count();
    let (incoming, outgoing) = (count("targetRef"), count("sourceRef"));
    let fits = match direction {
        "Unspecified" => true,
        "Converging" => incoming > 1 && outgoing <= 1,
        "Diverging" => incoming <= 1 && outgoing > 1,
        "Mixed" => incoming > 1 && outgoing > 1,
        _ => false,
    };
    if !fits {
        let message =
            format!("it says {direction}, but has {incoming} incoming and {outgoing} outgoing flows; correct either");
        findings.error(Rule::GatewayDirection, &source.subject(node), message);
    }
}

/// Extensions of other engines mean something to them; without them the model would do something else.
fn foreign(source: &Source<'_, '_>, node: Node<'_, '_>, findings: &mut Findings<'_>) {
    let engine = |namespace: Option<&str>| match namespace {
        Some(xml::CAMUNDA_7) => Some("Camunda 7"),
        Some(xml::ACTIVITI) => Some("Activiti"),
        Some(xml::FLOWABLE) => Some("Flowable"),
        _ => None,
    };
    let attribute = node.attributes().find_map(|found| Some((found.name(), engine(found.namespace())?)));
    let element = engine(node.tag_name().namespace()).map(|engine| (node.tag_name().name(), engine));
    // The inner elements of such an extension are told with the outermost one.
    let inside = node.parent().is_some_and(|parent| engine(parent.tag_name().namespace()).is_some());
    if let Some((what, engine)) = attribute.or(element).filter(|_| !inside) {
        let message = format!("`{what}` is an extension of {engine}; import the model instead of deploying it");
        findings.error(Rule::Import, &source.subject(node), message);
    }
}

fn extension(source: &Source<'_, '_>, node: Node<'_, '_>, findings: &mut Findings<'_>) {
    let name = node.tag_name().name();
    let subject = source.subject(node);
    if let Some((_, why)) = REFUSED_EXTENSIONS.iter().find(|(refused, _)| *refused == name) {
        findings.error(Rule::Unsupported, &subject, format!("zeebe:{name}: {why}"));
        return;
    }
    let Some(known) = EXTENSIONS.iter().find(|known| known.name == name) else {
        let inside = node.parent().is_some_and(|parent| parent.tag_name().namespace() == Some(xml::ZEEBE));
        if !inside {
            findings.warning(Rule::UnknownAttribute, &subject, format!("zeebe:{name} is not known and has no effect"));
        }
        return;
    };
    let host = node.ancestors().skip(1).find(|ancestor| !ancestor.has_tag_name((xml::BPMN, "extensionElements")));
    if let Some(host) = host.filter(|host| !known.on.is_empty() && !known.on.contains(&host.tag_name().name())) {
        let message = format!("zeebe:{name} has no effect on a {}", source::words(host.tag_name().name()));
        findings.warning(Rule::Ignored, &subject, message);
    }
    for attribute in node.attributes() {
        if attribute.name().starts_with("output") && name == "adHoc" {
            let message = format!("zeebe:{name}: `{}` is not executed; use an output mapping", attribute.name());
            findings.error(Rule::Unsupported, &subject, message);
        } else if !known.attributes.contains(&attribute.name()) && !TOOLS.contains(&attribute.name()) {
            let message = format!("zeebe:{name} has no attribute `{}`, it has no effect", attribute.name());
            findings.warning(Rule::UnknownAttribute, &subject, message);
        }
    }
}

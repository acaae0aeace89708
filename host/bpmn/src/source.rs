//! The elements of a file by id and by process, before anything is said about them.
//!
//! *Architecture Invariant:* the place of an element here is its place in the graph, so that no index has to be translated.

use crate::{report::Subject, xml};
use roxmltree::Node;
use std::collections::HashMap;

/// Flow elements of one file; past this a model is not a drawing any more.
pub(crate) const ELEMENTS_MAX: usize = 5_000;

/// Flow nodes that can be executed.
const NODES: &[&str] = &[
    "startEvent",
    "endEvent",
    "intermediateCatchEvent",
    "intermediateThrowEvent",
    "boundaryEvent",
    "task",
    "manualTask",
    "userTask",
    "serviceTask",
    "sendTask",
    "receiveTask",
    "scriptTask",
    "businessRuleTask",
    "exclusiveGateway",
    "parallelGateway",
    "inclusiveGateway",
    "eventBasedGateway",
    "subProcess",
    "adHocSubProcess",
    "callActivity",
];
/// Flow nodes of the standard that are refused, with what to use instead.
const REFUSED: &[(&str, &str)] = &[
    ("complexGateway", "a complex gateway is not executed; use an inclusive gateway, or several gateways"),
    ("transaction", "a transaction is not executed; use a sub-process with compensation"),
    ("implicitThrowEvent", "an implicit throw event is not executed; use an intermediate throw event"),
    ("event", "an abstract event is not executed; use a start, intermediate or end event"),
    ("choreographyTask", "choreographies are not executed; model the process of each participant"),
    ("subChoreography", "choreographies are not executed; model the process of each participant"),
    ("callChoreography", "choreographies are not executed; model the process of each participant"),
];

/// The index of one file.
#[derive(Debug)]
pub(crate) struct Source<'a, 'x> {
    pub root: Node<'a, 'x>,
    pub lines: xml::Lines,
    /// BPMN elements by id; of two with the same id the first.
    pub ids: HashMap<&'a str, Node<'a, 'x>>,
    /// Later elements with an id that was used already.
    pub duplicates: Vec<(Node<'a, 'x>, Node<'a, 'x>)>,
    /// The executable processes.
    pub processes: Vec<ProcessSource<'a, 'x>>,
    /// There are more elements than [`ELEMENTS_MAX`]; this one is the first too many.
    pub too_many: Option<Node<'a, 'x>>,
}

#[derive(Debug)]
pub(crate) struct ProcessSource<'a, 'x> {
    pub node: Node<'a, 'x>,
    pub elements: Vec<Element<'a, 'x>>,
    pub flows: Vec<Flow<'a, 'x>>,
    pub element_by_id: HashMap<&'a str, usize>,
    pub flow_by_id: HashMap<&'a str, usize>,
    /// Associations by the id of their source, for compensation.
    pub associations: Vec<Node<'a, 'x>>,
    /// Elements inside a process that are neither flow nor known decoration.
    pub unknown: Vec<Node<'a, 'x>>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Element<'a, 'x> {
    pub node: Node<'a, 'x>,
    pub id: &'a str,
    pub parent: Option<usize>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Flow<'a, 'x> {
    pub node: Node<'a, 'x>,
    pub id: &'a str,
}

impl<'a, 'x: 'a> Source<'a, 'x> {
    pub fn new(document: &'a roxmltree::Document<'x>) -> Self {
        let root = document.root_element();
        let mut source = Self {
            root,
            lines: xml::Lines::new(document.input_text()),
            ids: HashMap::new(),
            duplicates: Vec::new(),
            processes: Vec::new(),
            too_many: None,
        };
        for node in root.descendants().filter(|node| node.tag_name().namespace() == Some(xml::BPMN)) {
            if let Some(id) = node.attribute("id")
                && let Some(first) = source.ids.get(id).copied()
            {
                source.duplicates.push((first, node));
            } else if let Some(id) = node.attribute("id") {
                source.ids.insert(id, node);
            }
        }
        let mut count = 0;
        for node in xml::children(root, "process").filter(|node| is_executable(*node)) {
            let process = walk(node, &mut count, &mut source.too_many);
            source.processes.push(process);
        }
        source
    }

    /// What a reference names: the id, or the id after a namespace prefix.
    pub fn resolve(&self, reference: &str) -> Option<Node<'a, 'x>> {
        let reference = reference.trim();
        self.ids.get(reference).or_else(|| self.ids.get(reference.rsplit_once(':')?.1)).copied()
    }

    /// The subject of a problem for any element of the file.
    pub fn subject(&self, node: Node<'_, '_>) -> Subject {
        let named = node.ancestors().find(|ancestor| ancestor.attribute("id").is_some()).unwrap_or(node);
        let text = |name: &str| named.attribute(name).unwrap_or_default().to_owned();
        Subject {
            kind: words(named.tag_name().name()),
            id: text("id"),
            name: text("name"),
            line: Some(self.lines.of(node)),
        }
    }
}

impl<'a, 'x: 'a> Element<'a, 'x> {
    /// Local name of its tag.
    pub fn tag(&self) -> &'a str {
        self.node.tag_name().name()
    }
}

/// Whether a process is to be run.
pub(crate) fn is_executable(process: Node<'_, '_>) -> bool {
    matches!(process.attribute("isExecutable").map(str::trim), Some("true" | "1"))
}

/// Why a flow node of the standard is refused.
pub(crate) fn refused(tag: &str) -> Option<&'static str> {
    REFUSED.iter().find(|(name, _)| *name == tag).map(|(_, why)| *why)
}

/// `userTask` as people say it: `user task`.
pub(crate) fn words(tag: &str) -> String {
    let mut words = String::with_capacity(tag.len() + 4);
    for letter in tag.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words.replace("sub process", "sub-process").replace("ad hoc", "ad-hoc").replace("event based", "event-based")
}

/// Collect the elements of a process in the order of the file. Depth is limited by the reader.
fn walk<'a, 'x: 'a>(
    process: Node<'a, 'x>,
    count: &mut usize,
    too_many: &mut Option<Node<'a, 'x>>,
) -> ProcessSource<'a, 'x> {
    let mut found = ProcessSource {
        node: process,
        elements: Vec::new(),
        flows: Vec::new(),
        element_by_id: HashMap::new(),
        flow_by_id: HashMap::new(),
        associations: Vec::new(),
        unknown: Vec::new(),
    };
    let mut open = vec![(process, None::<usize>)];
    while let Some((container, parent)) = open.pop() {
        for node in container.children().filter(Node::is_element) {
            if node.tag_name().namespace() != Some(xml::BPMN) {
                continue;
            }
            let tag = node.tag_name().name();
            let id = node.attribute("id").unwrap_or_default();
            if NODES.contains(&tag) || refused(tag).is_some() {
                *count += 1;
                if *count > ELEMENTS_MAX {
                    too_many.get_or_insert(node);
                    return found;
                }
                let index = found.elements.len();
                found.elements.push(Element { node, id, parent });
                found.element_by_id.entry(id).or_insert(index);
                if is_container(tag) {
                    open.push((node, Some(index)));
                }
            } else if tag == "sequenceFlow" {
                *count += 1;
                if *count > ELEMENTS_MAX {
                    too_many.get_or_insert(node);
                    return found;
                }
                found.flow_by_id.entry(id).or_insert(found.flows.len());
                found.flows.push(Flow { node, id });
            } else if tag == "association" {
                found.associations.push(node);
            } else if !is_decoration(tag) {
                found.unknown.push(node);
            }
        }
    }
    found
}

/// Elements that have elements of the flow inside.
pub(crate) fn is_container(tag: &str) -> bool {
    matches!(tag, "subProcess" | "adHocSubProcess" | "transaction" | "subChoreography")
}

/// What may stand beside the flow and is read elsewhere, or has no effect on it.
fn is_decoration(tag: &str) -> bool {
    matches!(
        tag,
        "documentation"
            | "extensionElements"
            | "incoming"
            | "outgoing"
            | "laneSet"
            | "dataObject"
            | "dataObjectReference"
            | "dataStoreReference"
            | "dataInputAssociation"
            | "dataOutputAssociation"
            | "property"
            | "ioSpecification"
            | "ioBinding"
            | "textAnnotation"
            | "group"
            | "auditing"
            | "monitoring"
            | "resourceRole"
            | "performer"
            | "humanPerformer"
            | "potentialOwner"
            | "correlationSubscription"
            | "supports"
            | "supportedInterfaceRef"
            | "standardLoopCharacteristics"
            | "multiInstanceLoopCharacteristics"
            | "completionCondition"
            | "categoryValueRef"
    )
}

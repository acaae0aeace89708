//! Reading the XML of a decision model, DMN 1.1 to 1.5. Every problem is reported, each with its place. Knows no FEEL.

mod expression;
mod item;
mod reader;
mod table;

use std::sync::Arc;

use roxmltree::{Document, Error, Node, ParsingOptions};

use super::digest;
use super::model::{Decision, Import, InputData, KnowledgeModel, Model, Service};
use super::problem::{File, Problems, Spot};
use reader::Reader;

/// Bytes of a model.
pub const MODEL_BYTES_MAX: usize = 5 << 20;
/// Elements, texts and comments of a model.
const NODES_MAX: u32 = 200_000;
/// Elements inside one another.
const DEPTH_MAX: usize = 100;

/// The namespaces of DMN 1.1, 1.2, 1.3, 1.4 and 1.5.
const NAMESPACES: [&str; 5] = [
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
    "http://www.omg.org/spec/DMN/20180521/MODEL/",
    "https://www.omg.org/spec/DMN/20191111/MODEL/",
    "https://www.omg.org/spec/DMN/20211108/MODEL/",
    "https://www.omg.org/spec/DMN/20230324/MODEL/",
];

fn options<'input>() -> ParsingOptions<'input> {
    ParsingOptions { allow_dtd: false, nodes_limit: NODES_MAX, ..ParsingOptions::default() }
}

/// The namespace that a model defines, where the text is a model at all.
pub(crate) fn namespace_of(xml: &str) -> Option<String> {
    if xml.len() > MODEL_BYTES_MAX {
        return None;
    }
    let document = Document::parse_with_options(xml, options()).ok()?;
    document.root_element().attribute("namespace").map(str::to_owned)
}

/// Reads one file. What could be read is returned with all that is wrong with it; nothing where it is no model at all.
pub(crate) fn model(file_name: &str, xml: &str, problems: &mut Problems) -> Option<Model> {
    if xml.len() > MODEL_BYTES_MAX {
        let start = File::new(file_name, "").start();
        let message = format!(
            "a decision model has at most {MODEL_BYTES_MAX} bytes, this one has {}; split it into several that import one another",
            xml.len()
        );
        problems.error(&start, "model-too-large", message);
        return None;
    }
    let file = File::new(file_name, xml);
    let document = match Document::parse_with_options(xml, options()) {
        Ok(document) => document,
        Err(error) => {
            refuse_xml(&file, &error, problems);
            return None;
        }
    };
    let root = document.root_element();
    let dmn = root.tag_name().namespace().unwrap_or_default();
    if root.tag_name().name() != "definitions" || !NAMESPACES.contains(&dmn) {
        let message = format!(
            "the root is `{}` of `{dmn}`, not `definitions` of one of the namespaces of DMN 1.1 to 1.5; save it as DMN 1.5",
            root.tag_name().name()
        );
        problems.error(&file.start(), "not-dmn", message);
        return None;
    }
    if !shallow(root, &file, problems) {
        return None;
    }
    let mut reader = Reader { file, dmn, problems };
    reader.unique_ids(root);
    Some(definitions(root, &mut reader))
}

fn refuse_xml(file: &Arc<File>, error: &Error, problems: &mut Problems) {
    let position = error.pos();
    let place = (position.row.saturating_sub(1), position.col.saturating_sub(1));
    let (rule, message) = match error {
        Error::DtdDetected => ("document-type", "a model must not have a document type; remove the DOCTYPE".to_owned()),
        Error::NodesLimitReached => (
            "model-too-large",
            format!(
                "a decision model has at most {NODES_MAX} elements and texts; split it into several that import one another"
            ),
        ),
        other => ("not-xml", format!("this is not well-formed XML: {other}")),
    };
    problems.error_within(&file.start(), place, rule, message);
}

/// Whether the elements are not too deep inside one another, so that what follows may recurse.
fn shallow(root: Node<'_, '_>, file: &Arc<File>, problems: &mut Problems) -> bool {
    let mut depth = 1_usize;
    let mut node = root;
    // A walk without recursion and without counting the ancestors of each node.
    loop {
        if let Some(child) = node.first_element_child() {
            node = child;
            depth += 1;
            if depth > DEPTH_MAX {
                let spot = Spot { file: Arc::clone(file), element: Arc::from(""), offset: node.range().start };
                let message =
                    format!("elements are at most {DEPTH_MAX} deep; move inner expressions to decisions of their own");
                problems.error(&spot, "too-deep", message);
                return false;
            }
            continue;
        }
        loop {
            if node == root {
                return true;
            }
            if let Some(sibling) = node.next_sibling_element() {
                node = sibling;
                break;
            }
            depth -= 1;
            match node.parent_element() {
                Some(parent) => node = parent,
                None => return true,
            }
        }
    }
}

fn definitions(root: Node<'_, '_>, reader: &mut Reader<'_>) -> Model {
    let spot = reader.spot(root);
    let namespace = root.attribute("namespace").unwrap_or_default().to_owned();
    if namespace.is_empty() {
        reader.error(
            root,
            "missing-namespace",
            "`definitions` needs a namespace, so that others can refer to the model",
        );
    }
    if let Some(language) = root.attribute("expressionLanguage") {
        reader.language(root, language);
    }
    Model {
        imports: reader.all(root, "import").map(|node| import(node, root, reader)).collect(),
        items: reader.all(root, "itemDefinition").map(|node| item::item(node, reader)).collect(),
        inputs: reader.all(root, "inputData").filter_map(|node| input_data(node, reader)).collect(),
        decisions: reader.all(root, "decision").filter_map(|node| decision(node, reader)).collect(),
        knowledge: reader.all(root, "businessKnowledgeModel").filter_map(|node| knowledge(node, reader)).collect(),
        services: reader.all(root, "decisionService").filter_map(|node| service(node, reader)).collect(),
        digest: digest::of(root, reader.dmn),
        namespace,
        spot,
    }
}

fn import(node: Node<'_, '_>, root: Node<'_, '_>, reader: &mut Reader<'_>) -> Import {
    let namespace = node.attribute("namespace").unwrap_or_default().to_owned();
    if namespace.is_empty() {
        reader.error(node, "missing-namespace", "an import needs the namespace of what it imports");
    }
    // DMN 1.1 had no name here: its models used the prefix that is bound to the namespace.
    let prefix = || root.namespaces().find(|known| known.uri() == namespace).and_then(|known| known.name());
    let name = node.attribute("name").or_else(prefix).unwrap_or_default().to_owned();
    Import { name, namespace, location: node.attribute("locationURI").map(str::to_owned), spot: reader.spot(node) }
}

fn input_data(node: Node<'_, '_>, reader: &mut Reader<'_>) -> Option<InputData> {
    let (id, name) = reader.identity(node, "input data")?;
    let variable = reader.variable_of(node, &name);
    Some(InputData { id, name, variable })
}

fn decision(node: Node<'_, '_>, reader: &mut Reader<'_>) -> Option<Decision> {
    let (id, name) = reader.identity(node, "a decision")?;
    let variable = reader.variable_of(node, &name);
    let required = |part| reader.references(node, "informationRequirement", part);
    let (required_inputs, required_decisions) = (required("requiredInput"), required("requiredDecision"));
    let required_knowledge = reader.references(node, "knowledgeRequirement", "requiredKnowledge");
    let logic = expression::inside(node, reader);
    Some(Decision { id, name, variable, required_inputs, required_decisions, required_knowledge, logic })
}

fn knowledge(node: Node<'_, '_>, reader: &mut Reader<'_>) -> Option<KnowledgeModel> {
    let (id, name) = reader.identity(node, "a knowledge model")?;
    let variable = reader.variable_of(node, &name);
    let required_knowledge = reader.references(node, "knowledgeRequirement", "requiredKnowledge");
    let function = reader.all(node, "encapsulatedLogic").next().map(|logic| expression::function(logic, reader));
    Some(KnowledgeModel { id, name, variable, required_knowledge, function })
}

fn service(node: Node<'_, '_>, reader: &mut Reader<'_>) -> Option<Service> {
    let (id, name) = reader.identity(node, "a decision service")?;
    let variable = reader.variable_of(node, &name);
    let output_decisions = reader.direct_references(node, "outputDecision");
    if output_decisions.is_empty() {
        reader.error(node, "no-output", format!("the decision service `{name}` needs an output decision; add one"));
    }
    Some(Service {
        id,
        name,
        variable,
        output_decisions,
        encapsulated_decisions: reader.direct_references(node, "encapsulatedDecision"),
        input_decisions: reader.direct_references(node, "inputDecision"),
        inputs: reader.direct_references(node, "inputData"),
    })
}

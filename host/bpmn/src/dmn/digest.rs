//! The SHA-256 of what a model means. The same for any prefix, indentation, comment, diagram, description or order of the elements
//! on the top level; another for any change that could change a decision.

use roxmltree::Node;
use sha2::{Digest as _, Sha256};

/// What people read and no decision depends on.
const SILENT: [&str; 10] = [
    "description",
    "extensionElements",
    "knowledgeSource",
    "authorityRequirement",
    "question",
    "allowedAnswers",
    "textAnnotation",
    "association",
    "performanceIndicator",
    "organizationUnit",
];
/// Attributes that no decision depends on. Labels stay: explanations show them.
const SILENT_ATTRIBUTES: [&str; 4] = ["exporter", "exporterVersion", "typeLanguage", "locationURI"];

/// The digest of a definitions element, which is at most a hundred levels deep.
pub(super) fn of(root: Node<'_, '_>, dmn: &str) -> [u8; 32] {
    let mut parts: Vec<[u8; 32]> = elements(root, dmn).map(|child| element(child, dmn)).collect();
    parts.sort_unstable();
    let mut hash = Sha256::new();
    attributes(&mut hash, root);
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

fn elements<'a, 'input: 'a>(node: Node<'a, 'input>, dmn: &'a str) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children()
        .filter(move |child| child.tag_name().namespace() == Some(dmn) && !SILENT.contains(&child.tag_name().name()))
}

fn element(node: Node<'_, '_>, dmn: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    field(&mut hash, node.tag_name().name());
    attributes(&mut hash, node);
    if elements(node, dmn).next().is_none() {
        let text: String = node.children().filter(Node::is_text).filter_map(|part| part.text()).collect();
        field(&mut hash, text.trim());
    }
    for child in elements(node, dmn) {
        hash.update(element(child, dmn));
    }
    hash.finalize().into()
}

fn attributes(hash: &mut Sha256, node: Node<'_, '_>) {
    let mut attributes: Vec<(&str, &str)> = node
        .attributes()
        .filter(|attribute| attribute.namespace().is_none() && !SILENT_ATTRIBUTES.contains(&attribute.name()))
        .map(|attribute| (attribute.name(), attribute.value()))
        .collect();
    attributes.sort_unstable();
    hash.update((attributes.len() as u64).to_le_bytes());
    for (name, value) in attributes {
        field(hash, name);
        field(hash, value);
    }
}

/// A text with its length before it, so that no two sequences of texts are the same bytes.
fn field(hash: &mut Sha256, text: &str) {
    hash.update((text.len() as u64).to_le_bytes());
    hash.update(text.as_bytes());
}

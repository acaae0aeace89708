//! What every part of the reading needs: children by name, ids, references, types and texts with their places.

use std::collections::BTreeMap;
use std::sync::Arc;

use roxmltree::Node;

use crate::dmn::model::{Reference, Text, TypeRef, Variable};
use crate::dmn::problem::{File, Problems, Spot};

/// Names and ids in messages are cut here.
const SHOWN_CHARS_MAX: usize = 80;

/// One file while it is read.
pub(super) struct Reader<'r> {
    pub file: Arc<File>,
    /// The namespace of the elements of DMN in this file.
    pub dmn: &'r str,
    pub problems: &'r mut Problems,
}

impl<'r> Reader<'r> {
    pub fn spot(&self, node: Node<'_, '_>) -> Spot {
        let element = node.ancestors().find_map(|ancestor| ancestor.attribute("id")).unwrap_or_default();
        Spot { file: Arc::clone(&self.file), element: element.into(), offset: node.range().start }
    }

    pub fn error(&mut self, node: Node<'_, '_>, rule: &'static str, message: impl Into<String>) {
        let spot = self.spot(node);
        self.problems.error(&spot, rule, message);
    }

    /// The children of that name, in order.
    pub fn all<'a, 'input: 'a>(
        &self,
        node: Node<'a, 'input>,
        name: &'static str,
    ) -> impl Iterator<Item = Node<'a, 'input>> + use<'a, 'input, 'r> {
        let dmn = self.dmn;
        node.children()
            .filter(move |child| child.tag_name().name() == name && child.tag_name().namespace() == Some(dmn))
    }

    pub fn first<'a, 'input: 'a>(&self, node: Node<'a, 'input>, name: &'static str) -> Option<Node<'a, 'input>> {
        self.all(node, name).next()
    }

    /// Reports ids that are used twice.
    pub fn unique_ids(&mut self, root: Node<'_, '_>) {
        let mut ids: BTreeMap<&str, ()> = BTreeMap::new();
        let dmn = self.dmn;
        for node in root.descendants().filter(|node| node.tag_name().namespace() == Some(dmn)) {
            let Some(id) = node.attribute("id") else { continue };
            if ids.insert(id, ()).is_some() {
                let message = format!("the id `{}` is used before already; give this element another one", shown(id));
                self.error(node, "duplicate-id", message);
            }
        }
    }

    /// Id and name of an element of the graph; an element without a name is left out, with a problem.
    pub fn identity(&mut self, node: Node<'_, '_>, what: &str) -> Option<(String, Arc<str>)> {
        let name = node.attribute("name").map(spaced).filter(|name| !name.is_empty());
        let Some(name) = name else {
            self.error(node, "missing-name", format!("{what} needs a name"));
            return None;
        };
        let id = node.attribute("id").unwrap_or_default().to_owned();
        if id.is_empty() {
            let spot = self.spot(node);
            let message = format!("`{}` has no id, so that nothing can refer to it; give it one", shown(&name));
            self.problems.warn(&spot, "missing-id", message);
        }
        Some((id, name.into()))
    }

    /// The variable of an element, by the element's name where it has none.
    pub fn variable_of(&mut self, node: Node<'_, '_>, name: &Arc<str>) -> Variable {
        match self.first(node, "variable") {
            Some(variable) => {
                let mut variable = self.variable(variable);
                if variable.name.is_empty() {
                    variable.name = Arc::clone(name);
                }
                variable
            }
            None => Variable { name: Arc::clone(name), type_ref: None, spot: self.spot(node) },
        }
    }

    /// Name and type of a variable, parameter or column.
    pub fn variable(&mut self, node: Node<'_, '_>) -> Variable {
        let name = spaced(node.attribute("name").unwrap_or_default());
        Variable { name: name.into(), type_ref: self.type_ref(node), spot: self.spot(node) }
    }

    /// The type that an attribute or, as in item definitions, a child element names.
    pub fn type_ref(&mut self, node: Node<'_, '_>) -> Option<TypeRef> {
        let child = self.first(node, "typeRef");
        let name = node.attribute("typeRef").or_else(|| child?.text())?.trim();
        if name.is_empty() {
            return None;
        }
        Some(self.type_name(child.unwrap_or(node), name))
    }

    /// A type name, with the namespace of its prefix where it has one that is declared.
    pub fn type_name(&self, node: Node<'_, '_>, name: &str) -> TypeRef {
        let prefixed = name
            .split_once(':')
            .and_then(|(prefix, local)| Some((node.lookup_namespace_uri(Some(prefix))?.to_owned(), local.to_owned())));
        let (namespace, name) = match prefixed {
            Some((namespace, local)) => (Some(namespace), local),
            None => (None, spaced(name)),
        };
        TypeRef { namespace, name, spot: self.spot(node) }
    }

    /// References two levels down, such as the required decisions of the information requirements.
    pub fn references(&self, node: Node<'_, '_>, outer: &'static str, inner: &'static str) -> Vec<Reference> {
        self.all(node, outer).flat_map(|part| self.direct_references(part, inner)).collect()
    }

    pub fn direct_references(&self, node: Node<'_, '_>, name: &'static str) -> Vec<Reference> {
        let reference = |part: Node<'_, '_>| {
            let href = part.attribute("href").unwrap_or_default();
            let (namespace, id) = href.rsplit_once('#').unwrap_or(("", href));
            Reference { namespace: namespace.to_owned(), id: id.to_owned(), spot: self.spot(part) }
        };
        self.all(node, name).map(reference).collect()
    }

    /// The text of an expression or of unary tests; empty where there is none.
    pub fn text(&mut self, node: Node<'_, '_>) -> Text {
        if let Some(language) = node.attribute("expressionLanguage") {
            self.language(node, language);
        }
        let inner = self.first(node, "text");
        // Comments and CDATA split a text into several nodes.
        let text: String = inner
            .map(|inner| inner.children().filter(Node::is_text).filter_map(|part| part.text()).collect())
            .unwrap_or_default();
        let mut spot = self.spot(node);
        let start = text.len() - text.trim_start().len();
        if let Some(first) = inner.and_then(|inner| inner.first_child()) {
            spot.offset = first.range().start + start;
        }
        Text { text: text.trim().to_owned(), spot }
    }

    /// Refuses an expression language that is not FEEL.
    pub fn language(&mut self, node: Node<'_, '_>, language: &str) {
        if !language.is_empty() && !language.to_ascii_lowercase().contains("feel") {
            let message = format!("the expression language is `{}`; write the expressions in FEEL", shown(language));
            self.error(node, "unknown-language", message);
        }
    }
}

/// Spaces at the ends do not count, and several are one.
pub(super) fn spaced(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text of the model as it may stand in a message.
pub(super) fn shown(text: &str) -> String {
    let mut short: String = text.chars().take(SHOWN_CHARS_MAX).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

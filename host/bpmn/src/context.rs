//! What the readers of single elements share: texts to expressions, names of references, and where to report.

use crate::{
    expression::Expression,
    graph::TextOrExpression,
    report::Findings,
    rule::Rule,
    source::{Element, ProcessSource, Source},
    xml,
};
use roxmltree::Node;

/// One process of a file while it is compiled.
pub(crate) struct Context<'s, 'a, 'x, 'f> {
    pub source: &'s Source<'a, 'x>,
    pub process: &'s ProcessSource<'a, 'x>,
    pub findings: &'s mut Findings<'f>,
}

impl<'a, 'x: 'a> Context<'_, 'a, 'x, '_> {
    pub fn error(&mut self, node: Node<'_, '_>, rule: Rule, message: impl std::fmt::Display) {
        let subject = self.source.subject(node);
        self.findings.error(rule, &subject, message);
    }

    pub fn warning(&mut self, node: Node<'_, '_>, rule: Rule, message: impl std::fmt::Display) {
        let subject = self.source.subject(node);
        self.findings.warning(rule, &subject, message);
    }

    /// An expression with or without its `=`. `what` names it in the problem: `condition`.
    pub fn feel(&mut self, node: Node<'_, '_>, what: &str, text: &str) -> Option<Expression> {
        let text = text.trim();
        match Expression::parse(text.strip_prefix('=').unwrap_or(text)) {
            Ok(expression) => Some(expression),
            Err(error) => {
                self.error(node, Rule::Feel, format!("{what}: {error}"));
                None
            }
        }
    }

    /// An expression that decides something. The standard lets prose stand there (an expression without the type of a formal one);
    /// prose cannot be executed.
    pub fn formal(&mut self, node: Node<'a, 'x>, what: &str) -> Option<Expression> {
        let text = xml::text(node);
        let kind = node.attribute((xml::SCHEMA_INSTANCE, "type")).unwrap_or_default();
        let kind = kind.rsplit_once(':').map_or(kind, |(_, name)| name);
        if kind != "tFormalExpression" && !text.starts_with('=') {
            let message = format!(
                "{what}: an expression without xsi:type=\"tFormalExpression\" is prose to the standard and decides nothing; add the type, \
                 or write `=` before the FEEL"
            );
            self.error(node, Rule::Informal, message);
        }
        self.language(node, what);
        self.feel(node, what, &text)
    }

    /// Other languages than FEEL are refused where an expression names one.
    pub fn language(&mut self, node: Node<'_, '_>, what: &str) {
        let Some(language) = node.attribute("language") else { return };
        if !is_feel(language) {
            let message = format!("{what}: the language is `{language}`; only FEEL is evaluated");
            self.error(node, Rule::Feel, message);
        }
    }

    /// A text, or an expression when it begins with `=`. Whether the text has the right form is a rule of the graph.
    pub fn text_or_expression(&mut self, node: Node<'_, '_>, what: &str, text: &str) -> Option<TextOrExpression> {
        let text = text.trim();
        match text.strip_prefix('=') {
            Some(_) => self.feel(node, what, text).map(|expression| TextOrExpression::Expression { expression }),
            None => Some(TextOrExpression::Text(text.to_owned())),
        }
    }

    /// The element of this process that a reference names.
    pub fn element(&self, reference: &str) -> Option<(usize, Element<'a, 'x>)> {
        let reference = reference.trim();
        let by_id = &self.process.element_by_id;
        let index = by_id.get(reference).or_else(|| by_id.get(reference.rsplit_once(':')?.1)).copied()?;
        Some((index, self.process.elements[index]))
    }

    /// The root element (message, signal, …) that an attribute names, where it is of this type. The reference rules report the rest.
    pub fn root(&self, node: Node<'_, '_>, attribute: &str, tag: &str) -> Option<Node<'a, 'x>> {
        self.source.resolve(node.attribute(attribute)?).filter(|found| found.has_tag_name((xml::BPMN, tag)))
    }
}

/// Whether the name of an expression language means FEEL.
pub(crate) fn is_feel(language: &str) -> bool {
    let language = language.trim().to_ascii_lowercase();
    language.is_empty() || language == "feel" || (language.contains("/dmn/") && language.contains("feel"))
}

/// `true` of an XML attribute.
pub(crate) fn is_true(node: Node<'_, '_>, attribute: &str) -> bool {
    matches!(node.attribute(attribute).map(str::trim), Some("true" | "1"))
}

/// `false` of an XML attribute that is true when it is absent.
pub(crate) fn is_false(node: Node<'_, '_>, attribute: &str) -> bool {
    matches!(node.attribute(attribute).map(str::trim), Some("false" | "0"))
}

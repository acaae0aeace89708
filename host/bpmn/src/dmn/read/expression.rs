//! Reading boxed expressions. The depth of the document bounds the recursion.

use std::sync::Arc;

use roxmltree::Node;

use super::reader::{Reader, shown, spaced};
use super::table;
use crate::dmn::model::{Boxed, Entry, FunctionDefinition, FunctionKind, Logic, Quantifier, Variable};

/// The elements that are expressions.
const EXPRESSIONS: [&str; 12] = [
    "literalExpression",
    "decisionTable",
    "context",
    "list",
    "relation",
    "functionDefinition",
    "invocation",
    "conditional",
    "for",
    "filter",
    "some",
    "every",
];

fn children<'a, 'input>(node: Node<'a, 'input>, reader: &Reader<'_>) -> Vec<Node<'a, 'input>> {
    let is_expression = |child: &Node<'_, '_>| {
        child.tag_name().namespace() == Some(reader.dmn) && EXPRESSIONS.contains(&child.tag_name().name())
    };
    node.children().filter(is_expression).collect()
}

/// The expression inside an element, where there is one.
pub(super) fn inside(node: Node<'_, '_>, reader: &mut Reader<'_>) -> Option<Boxed> {
    children(node, reader).first().map(|&child| boxed(child, reader))
}

/// The expression inside a part that must be there and must have one.
fn required(node: Node<'_, '_>, part: &'static str, reader: &mut Reader<'_>) -> Box<Boxed> {
    let found = reader.first(node, part).and_then(|part| inside(part, reader));
    Box::new(found.unwrap_or_else(|| missing(node, &format!("`{part}` with an expression"), reader)))
}

fn missing(node: Node<'_, '_>, what: &str, reader: &mut Reader<'_>) -> Boxed {
    let message = format!("`{}` needs {what}; add it", node.tag_name().name());
    reader.error(node, "missing-expression", message.clone());
    Boxed { spot: reader.spot(node), logic: Logic::Missing(message) }
}

fn boxed(node: Node<'_, '_>, reader: &mut Reader<'_>) -> Boxed {
    let logic = match node.tag_name().name() {
        "literalExpression" => literal(node, reader),
        "decisionTable" => Logic::Table(Box::new(table::table(node, reader))),
        "context" => Logic::Context(reader.all(node, "contextEntry").map(|part| entry(part, reader)).collect()),
        "list" => Logic::List(children(node, reader).into_iter().map(|child| boxed(child, reader)).collect()),
        "relation" => relation(node, reader),
        "functionDefinition" => Logic::Function(Box::new(function(node, reader))),
        "invocation" => invocation(node, reader),
        "conditional" => Logic::Conditional {
            condition: required(node, "if", reader),
            yes: required(node, "then", reader),
            no: required(node, "else", reader),
        },
        "for" => Logic::For {
            variable: iterator(node, reader),
            list: required(node, "in", reader),
            result: required(node, "return", reader),
        },
        "filter" => Logic::Filter { list: required(node, "in", reader), matches: required(node, "match", reader) },
        name => Logic::Quantified {
            quantifier: if name == "some" { Quantifier::Some } else { Quantifier::Every },
            variable: iterator(node, reader),
            list: required(node, "in", reader),
            satisfies: required(node, "satisfies", reader),
        },
    };
    Boxed { spot: reader.spot(node), logic }
}

fn literal(node: Node<'_, '_>, reader: &mut Reader<'_>) -> Logic {
    if reader.first(node, "importedValues").is_some() {
        let message = "an expression cannot be imported from another file; write it here";
        reader.error(node, "imported-values", message);
        return Logic::Missing(message.to_owned());
    }
    let text = reader.text(node);
    if text.text.is_empty() { missing(node, "a text", reader).logic } else { Logic::Literal(text) }
}

fn iterator(node: Node<'_, '_>, reader: &mut Reader<'_>) -> Arc<str> {
    let name = spaced(node.attribute("iteratorVariable").unwrap_or_default());
    if name.is_empty() {
        let message = format!("`{}` needs an iteratorVariable; give it a name", node.tag_name().name());
        reader.error(node, "missing-name", message);
    }
    name.into()
}

fn entry(node: Node<'_, '_>, reader: &mut Reader<'_>) -> Entry {
    let variable = reader.first(node, "variable").map(|part| reader.variable(part));
    let value = inside(node, reader).unwrap_or_else(|| missing(node, "an expression", reader));
    Entry { variable: variable.filter(|variable| !variable.name.is_empty()), value }
}

fn relation(node: Node<'_, '_>, reader: &mut Reader<'_>) -> Logic {
    let columns: Vec<Variable> = reader.all(node, "column").map(|part| reader.variable(part)).collect();
    let mut rows = Vec::new();
    for row in reader.all(node, "row") {
        let cells: Vec<Boxed> = children(row, reader).into_iter().map(|child| boxed(child, reader)).collect();
        if cells.len() != columns.len() {
            let message =
                format!("the row has {} cells for {} columns; give it one for each column", cells.len(), columns.len());
            reader.error(row, "row-width", message);
        }
        rows.push(cells);
    }
    Logic::Relation { columns, rows }
}

/// A function definition, or the encapsulated logic of a knowledge model, which is one.
pub(super) fn function(node: Node<'_, '_>, reader: &mut Reader<'_>) -> FunctionDefinition {
    let kind = match node.attribute("kind") {
        None | Some("FEEL" | "F") => FunctionKind::Feel,
        Some("Java" | "J") => FunctionKind::Java,
        Some("PMML" | "P") => FunctionKind::Pmml,
        Some(other) => {
            let message = format!("a function has the kind FEEL, not `{}`; change it", shown(other));
            reader.error(node, "unknown-kind", message);
            FunctionKind::Feel
        }
    };
    FunctionDefinition {
        kind,
        parameters: reader.all(node, "formalParameter").map(|part| reader.variable(part)).collect(),
        result: reader.type_ref(node),
        body: inside(node, reader),
        spot: reader.spot(node),
    }
}

fn invocation(node: Node<'_, '_>, reader: &mut Reader<'_>) -> Logic {
    let called =
        inside(node, reader).unwrap_or_else(|| missing(node, "an expression that says what to invoke", reader));
    let mut bindings = Vec::new();
    for binding in reader.all(node, "binding") {
        match reader.first(binding, "parameter").map(|part| reader.variable(part)) {
            Some(parameter) => bindings.push((parameter, inside(binding, reader))),
            None => reader.error(binding, "missing-name", "a binding needs a `parameter` with a name; add it"),
        }
    }
    Logic::Invocation { called: Box::new(called), bindings }
}

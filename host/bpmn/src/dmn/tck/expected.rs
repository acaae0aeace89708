//! Values in the files of the kit, and when a result equals what is expected.

use std::sync::Arc;

use feel::{Budget, Context, Expression, FixedEnvironment, Names, Scope, Value};
use roxmltree::Node;

const SCHEMA_INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// The value inside an element: a `value`, a `list`, or `component`s.
pub(super) fn value(node: Node<'_, '_>) -> Value {
    let named = |name: &'static str| node.children().filter(move |child| child.tag_name().name() == name);
    if let Some(list) = named("list").next() {
        if list.attribute((SCHEMA_INSTANCE, "nil")) == Some("true") {
            return Value::Null;
        }
        let items = list.children().filter(|child| child.tag_name().name() == "item").map(value);
        return Value::List(Arc::new(items.collect()));
    }
    if let Some(single) = named("value").next() {
        return simple(single);
    }
    let mut components = named("component").peekable();
    if components.peek().is_none() {
        return Value::Null;
    }
    let components =
        components.map(|part| (part.attribute("name").unwrap_or_default(), value(part))).collect::<Context>();
    Value::Context(Arc::new(components))
}

fn simple(node: Node<'_, '_>) -> Value {
    if node.attribute((SCHEMA_INSTANCE, "nil")) == Some("true") {
        return Value::Null;
    }
    let text: String = node.children().filter(Node::is_text).filter_map(|part| part.text()).collect();
    let trimmed = text.trim();
    let type_ = node.attribute((SCHEMA_INSTANCE, "type")).map(|name| name.rsplit(':').next().unwrap_or(name));
    let quoted = || trimmed.replace('\\', "\\\\").replace('"', "\\\"");
    match type_ {
        Some("boolean") => Value::Boolean(trimmed == "true" || trimmed == "1"),
        Some("decimal" | "double" | "float" | "integer" | "int" | "long") => computed(&number(trimmed)),
        Some("date") => computed(&format!("date(\"{}\")", quoted())),
        Some("time") => computed(&format!("time(\"{}\")", quoted())),
        Some("dateTime") => computed(&format!("date and time(\"{}\")", quoted())),
        Some("duration" | "dayTimeDuration" | "yearMonthDuration") => computed(&format!("duration(\"{}\")", quoted())),
        _ => Value::String(text.into()),
    }
}

/// A number of XML Schema in FEEL, which has no sign before digits but as an operator.
fn number(text: &str) -> String {
    text.trim_start_matches('+').to_owned()
}

/// A constant of FEEL. What is none becomes a text that nothing equals, so that the case fails visibly.
fn computed(text: &str) -> Value {
    let environment = FixedEnvironment::default();
    let found = Expression::parse(text, &Names::default())
        .ok()
        .and_then(|expression| expression.evaluate(&Scope::new(), &environment, &mut Budget::default()).ok());
    match found.map(|found| found.value) {
        None | Some(Value::Null) => Value::String(format!("a value that cannot be read: {text}").into()),
        Some(value) => value,
    }
}

/// Whether a result is what is expected. Numbers are equal by value, and, as in the kit's own runner, where they differ by less than
/// 0.00000001: many expected values are rounded.
pub(super) fn same(expected: &Value, actual: &Value) -> bool {
    match (expected, actual) {
        (Value::Null, Value::Null) => true,
        (Value::List(left), Value::List(right)) => {
            left.len() == right.len() && left.iter().zip(right.iter()).all(|(left, right)| same(left, right))
        }
        (Value::Context(left), Value::Context(right)) => {
            left.len() == right.len()
                && left.iter().all(|(name, value)| right.get(name).is_some_and(|other| same(value, other)))
        }
        (Value::Number(_), Value::Number(_)) => expected.feel_eq(actual) == Some(true) || near(expected, actual),
        _ => expected.feel_eq(actual) == Some(true),
    }
}

fn near(expected: &Value, actual: &Value) -> bool {
    let float = |value: &Value| value.to_string().parse::<f64>();
    match (float(expected), float(actual)) {
        (Ok(expected), Ok(actual)) => (expected - actual).abs() < 0.000_000_01,
        _ => false,
    }
}

/// A value with its type, so that `"1"` and `1` look different.
pub(super) fn shown(value: &Value) -> String {
    let text: String = value.to_string().chars().take(200).collect();
    format!("{text} ({})", value.type_name())
}

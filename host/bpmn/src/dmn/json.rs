//! Inputs as JSON has them: dates, times and durations are texts there, and become values where the model says what they are.

use std::sync::LazyLock;

use feel::{Budget, Context, Expression, FixedEnvironment, Names, Scope, Value};
use serde_json::Value as Json;

use super::logic::{Compiled, Element};
use super::types::{Shape, Type};

/// The inputs of a JSON object. What is no object has no inputs.
pub(crate) fn inputs(compiled: &Compiled, json: &Json) -> Context {
    let Json::Object(members) = json else { return Context::new() };
    let mut inputs: Context = members.iter().map(|(name, value)| (name.as_str(), Value::from_json(value))).collect();
    for element in &compiled.elements {
        let Element::Input(input) = element else { continue };
        let below = input.path.iter().try_fold(json, |json, name| json.get(&**name));
        let given = match below.and_then(|json| json.get(&*input.name)) {
            Some(given) => given,
            None => match json.get(&*input.name) {
                Some(given) => given,
                None => continue,
            },
        };
        let key = if input.path.is_empty() { input.name.to_string() } else { input.qualified.to_string() };
        inputs.insert(key, typed(given, &input.type_));
    }
    inputs
}

/// A value of JSON as a type reads it. A text that is no date stays a text, which the type then refuses with a note.
fn typed(json: &Json, type_: &Type) -> Value {
    match (&type_.shape, json) {
        (Shape::List(item), Json::Array(items)) => Value::list(items.iter().map(|value| typed(value, item)).collect()),
        (Shape::Context(members), Json::Object(entries)) => {
            let of = |name: &str| members.iter().find(|(other, _)| **other == *name).map(|(_, type_)| type_);
            let entries = entries.iter().map(|(name, value)| {
                (name.as_str(), of(name).map_or_else(|| Value::from_json(value), |type_| typed(value, type_)))
            });
            Value::from(entries.collect::<Context>())
        }
        (shape, Json::String(text)) => temporal(shape, text).unwrap_or_else(|| Value::from(text.as_str())),
        _ => Value::from_json(json),
    }
}

fn temporal(shape: &Shape, text: &str) -> Option<Value> {
    fn parsed(text: &str) -> Expression {
        Expression::parse(text, &Names::new(["text"])).expect("the text is a constant that parses")
    }
    static DATE: LazyLock<Expression> = LazyLock::new(|| parsed("date(text)"));
    static TIME: LazyLock<Expression> = LazyLock::new(|| parsed("time(text)"));
    static DATE_TIME: LazyLock<Expression> = LazyLock::new(|| parsed("date and time(text)"));
    static DURATION: LazyLock<Expression> = LazyLock::new(|| parsed("duration(text)"));
    let expression = match shape {
        Shape::Date => &DATE,
        Shape::Time => &TIME,
        Shape::DateTime => &DATE_TIME,
        Shape::DaysTime | Shape::YearsMonths | Shape::Duration => &DURATION,
        _ => return None,
    };
    let names: Context = [("text", Value::from(text))].into_iter().collect();
    let environment = FixedEnvironment::default();
    let value = expression.evaluate(&Scope::from_context(names), &environment, &mut Budget::default()).ok()?.value;
    (!matches!(value, Value::Null)).then_some(value)
}

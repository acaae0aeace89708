//! From what Cedar leaves of a policy for an unknown ticket to a condition that the store can put into its query.
//!
//! Only what an index can answer is understood: equality, membership, presence, and, or, not. Anything else is an error, which a test
//! raises for every policy we ship and which a policy editor would show before saving.

use domain::filter::{Field, Filter, Set};
use serde_json::Value;

/// Compile one residual policy (Cedar's JSON policy format): the conjunction of its conditions.
///
/// # Errors
/// The expression that cannot become part of a query.
pub(super) fn policy(policy: &Value) -> Result<Filter, String> {
    let mut all = Filter::True;
    for condition in policy["conditions"].as_array().into_iter().flatten() {
        let body = expression(&condition["body"])?;
        let body = if condition["kind"] == "unless" { negate(body) } else { body };
        all = and(all, body);
    }
    Ok(all)
}

fn expression(expr: &Value) -> Result<Filter, String> {
    let Some((operator, args)) = expr.as_object().and_then(|object| object.iter().next()) else {
        return Err(format!("`{expr}` is not an expression"));
    };
    let side = |name: &str| &args[name];
    match operator.as_str() {
        "Value" => match args.as_bool() {
            Some(true) => Ok(Filter::True),
            Some(false) => Ok(Filter::False),
            None => Err(format!("`{args}` is not true or false")),
        },
        "&&" => Ok(and(expression(side("left"))?, expression(side("right"))?)),
        "||" => Ok(or(expression(side("left"))?, expression(side("right"))?)),
        "!" => Ok(negate(expression(side("arg"))?)),
        "==" => equality(side("left"), side("right")),
        "has" => match field(args["attr"].as_str().unwrap_or_default()) {
            Some(field) if is_resource(side("left")) => Ok(negate(Filter::Empty(field))),
            _ => Err(format!("`has` of `{args}` is not about a column")),
        },
        "." => match column(expr) {
            // A column that is true or false stands for itself.
            Some(Field::Restricted) => Ok(Filter::eq(Field::Restricted, "true")),
            _ => Err(format!("`{expr}` is not a condition")),
        },
        "contains" => contains(side("left"), side("right")),
        "containsAny" => contains_any(side("left"), side("right")),
        "is" if is_resource(side("left")) => Ok(Filter::True),
        other => Err(format!("`{other}` cannot become part of a query")),
    }
}

fn equality(left: &Value, right: &Value) -> Result<Filter, String> {
    let (field, value) = match (column(left), column(right)) {
        (Some(field), None) => (field, right),
        (None, Some(field)) => (field, left),
        _ => return Err(format!("`{left} == {right}` does not compare a column with a value")),
    };
    let value = literal(value).ok_or_else(|| format!("`{value}` is not a value"))?;
    Ok(Filter::eq(field, value))
}

fn contains(left: &Value, right: &Value) -> Result<Filter, String> {
    if let (Some(set), Some(value)) = (set(left), literal(right)) {
        return Ok(Filter::Any(set, vec![value]));
    }
    if let (Some(values), Some(field)) = (literals(left), column(right)) {
        return Ok(if values.is_empty() { Filter::False } else { Filter::In(field, values) });
    }
    Err(format!("`{left}.contains({right})` is neither about a column nor about a set of the ticket"))
}

fn contains_any(left: &Value, right: &Value) -> Result<Filter, String> {
    match (set(left), literals(right)) {
        (Some(set), Some(values)) => Ok(if values.is_empty() { Filter::False } else { Filter::Any(set, values) }),
        _ => Err(format!("`{left}.containsAny({right})` is not about a set of the ticket")),
    }
}

fn is_resource(expr: &Value) -> bool {
    expr["Var"] == "resource" || expr["Value"]["__entity"]["type"] == "Ticket" || expr.get("Unknown").is_some()
}

fn attribute(expr: &Value) -> Option<&str> {
    let access = expr.get(".")?;
    is_resource(&access["left"]).then(|| access["attr"].as_str()).flatten()
}

fn column(expr: &Value) -> Option<Field> {
    field(attribute(expr)?)
}

fn field(attribute: &str) -> Option<Field> {
    Some(match attribute {
        "space" => Field::Space,
        "restricted" => Field::Restricted,
        "requester" => Field::Requester,
        "opened_by" => Field::OpenedBy,
        "assignee" => Field::Assignee,
        "group" => Field::Group,
        _ => return None,
    })
}

fn set(expr: &Value) -> Option<Set> {
    Some(match attribute(expr)? {
        "watchers" => Set::Watchers,
        "access_people" => Set::AccessPeople,
        "access_groups" => Set::AccessGroups,
        _ => return None,
    })
}

fn literal(expr: &Value) -> Option<String> {
    match expr.get("Value")? {
        Value::String(text) => Some(text.clone()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

/// A set of strings, as a value or as an expression.
fn literals(expr: &Value) -> Option<Vec<String>> {
    if let Some(items) = expr.get("Value").and_then(Value::as_array) {
        return items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
    }
    expr.get("Set")?.as_array()?.iter().map(literal).collect()
}

pub(super) fn and(left: Filter, right: Filter) -> Filter {
    match (left, right) {
        (Filter::False, _) | (_, Filter::False) => Filter::False,
        (left, right) => left.and(right),
    }
}

pub(super) fn or(left: Filter, right: Filter) -> Filter {
    match (left, right) {
        (Filter::True, _) | (_, Filter::True) => Filter::True,
        (Filter::False, other) | (other, Filter::False) => other,
        (Filter::Or(mut any), other) => {
            if !any.contains(&other) {
                any.push(other);
            }
            Filter::Or(any)
        }
        (left, right) if left == right => left,
        (left, right) => Filter::Or(vec![left, right]),
    }
}

fn negate(filter: Filter) -> Filter {
    match filter {
        Filter::True => Filter::False,
        Filter::False => Filter::True,
        Filter::Not(inner) => *inner,
        // A column that is always set and has two values needs no NOT.
        Filter::In(Field::Restricted, values) if values == ["true"] => Filter::eq(Field::Restricted, "false"),
        other => Filter::Not(Box::new(other)),
    }
}

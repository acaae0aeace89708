//! Conversions between types: `number`, `string`, `duration`, `range` and their kin. Dates are in `temporal`.

use std::sync::Arc;

use super::{BuiltIn, Given, argument, charge_text, fixed, single, text};
use crate::{
    DaysTime, Fault, Names, Number, Range, RangeForm, Value, YearsMonths, machine::Machine, node::Node,
    value::capped_text,
};

pub(super) const ALL: &[BuiltIn] = &[
    fixed("number", &[&["from", "grouping separator?", "decimal separator?"]], to_number),
    fixed("string", &[&["from"]], string),
    fixed("duration", &[&["from"]], duration),
    fixed("range", &[&["from"]], range),
];

fn to_number(machine: &mut Machine<'_>, arguments: &[Value]) -> Given {
    if let (1, Value::Number(number)) = (arguments.len(), argument(arguments, 0)) {
        return Ok(Value::Number(*number));
    }
    let from = text(arguments, 0)?;
    charge_text(machine, from.len())?;
    let separator = |place: usize, allowed: &[&str]| match argument(arguments, place) {
        Value::Null => Ok(None),
        Value::String(separator) if allowed.contains(&&**separator) => Ok(Some(&**separator)),
        other => Err(Fault::null(format!("{} is not a separator", other.described()))),
    };
    let grouping = separator(1, &[" ", ",", "."])?;
    let decimal = separator(2, &[",", "."])?;
    if grouping.is_some() && grouping == decimal {
        return Err(Fault::null("the two separators are the same"));
    }
    let mut plain = from.to_owned();
    if let Some(grouping) = grouping {
        plain = plain.replace(grouping, "");
    }
    if let Some(decimal) = decimal {
        plain = plain.replace(decimal, ".");
    }
    let number = plain.parse::<Number>();
    number.map(Value::Number).map_err(|error| Fault::null(format!("{} {error}", argument(arguments, 0).described())))
}

fn string(machine: &mut Machine<'_>, arguments: &[Value]) -> Given {
    let value = argument(arguments, 0);
    match value {
        Value::Null => return Ok(Value::Null),
        Value::String(text) => return Ok(Value::String(Arc::clone(text))),
        _ => {}
    }
    machine.charge_look(value)?;
    let bytes_max = usize::try_from(machine.budget.memory_bytes).unwrap_or(usize::MAX);
    let text = capped_text(value, bytes_max).ok_or(crate::Exceeded::Memory)?;
    charge_text(machine, text.len())?;
    Ok(Value::from(text))
}

fn duration(_: &mut Machine<'_>, arguments: &[Value]) -> Given {
    let value = single(arguments, 0);
    if matches!(value, Value::DaysTime(_) | Value::YearsMonths(_)) {
        return Ok(value.clone());
    }
    let from = text(arguments, 0)?;
    let found = DaysTime::parse(from).map(Value::DaysTime);
    let found = found.or_else(|| YearsMonths::parse(from).map(Value::YearsMonths));
    found.ok_or_else(|| Fault::null(format!("{} is not a duration such as P1DT2H or P1Y2M", value.described())))
}

/// A range of literals, such as `[1..10]`.
fn range(machine: &mut Machine<'_>, arguments: &[Value]) -> Given {
    let from = text(arguments, 0)?;
    charge_text(machine, from.len() * 16)?;
    let wrong = || {
        Fault::null(format!("{} is not a range of two literals such as [1..10]", argument(arguments, 0).described()))
    };
    let program = crate::parser::expression(from, &Names::default()).map_err(|_| wrong())?;
    let Node::Constant(Value::Range(range)) = program.root else { return Err(wrong()) };
    let Range { start, end, form, .. } = &*range;
    let is_ordered = start.compare(end).is_some_and(std::cmp::Ordering::is_le);
    if *form == RangeForm::Interval && is_ordered { Ok(Value::Range(range)) } else { Err(wrong()) }
}

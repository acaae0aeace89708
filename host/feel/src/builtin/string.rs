//! Functions of texts. Positions count characters, not bytes.

use super::{
    BuiltIn, Given, argument, charge_items, charge_text, fixed, index, items,
    pattern::{matches, replace, split},
    text,
};
use crate::{Fault, Number, Value, machine::Machine};

pub(super) const ALL: &[BuiltIn] = &[
    fixed("substring", &[&["string", "start position", "length?"]], substring),
    fixed("string length", &[&["string"]], |machine, arguments| {
        let text = text(arguments, 0)?;
        machine.budget.charge_steps(text.len() as u64 / 64)?;
        Ok(Value::Number(Number::from(text.chars().count())))
    }),
    fixed("upper case", &[&["string"]], |machine, arguments| {
        let text = text(arguments, 0)?;
        charge_text(machine, text.len() * 3)?;
        Ok(Value::from(text.to_uppercase()))
    }),
    fixed("lower case", &[&["string"]], |machine, arguments| {
        let text = text(arguments, 0)?;
        charge_text(machine, text.len() * 3)?;
        Ok(Value::from(text.to_lowercase()))
    }),
    fixed("trim", &[&["string"]], |machine, arguments| {
        let text = text(arguments, 0)?;
        charge_text(machine, text.len())?;
        Ok(Value::from(text.trim()))
    }),
    fixed("substring before", &[&["string", "match"]], |machine, arguments| {
        found(machine, arguments, |text, start, _| &text[..start])
    }),
    fixed("substring after", &[&["string", "match"]], |machine, arguments| {
        found(machine, arguments, |text, _, end| &text[end..])
    }),
    fixed("contains", &[&["string", "match"]], |machine, arguments| {
        compared(machine, arguments, |text, other| text.contains(other))
    }),
    fixed("starts with", &[&["string", "match"]], |machine, arguments| {
        compared(machine, arguments, |text, other| text.starts_with(other))
    }),
    fixed("ends with", &[&["string", "match"]], |machine, arguments| {
        compared(machine, arguments, |text, other| text.ends_with(other))
    }),
    fixed("matches", &[&["input", "pattern", "flags?"]], matches),
    fixed("replace", &[&["input", "pattern", "replacement", "flags?"]], replace),
    fixed("split", &[&["string", "delimiter"]], split),
    fixed("string join", &[&["list", "delimiter?"]], join),
];

fn substring(machine: &mut Machine<'_>, arguments: &[Value]) -> Given {
    let text = text(arguments, 0)?;
    let start = index(arguments, 1)?;
    charge_text(machine, text.len())?;
    let length = if arguments.len() < 3 { i64::MAX } else { index(arguments, 2)? };
    if start == 0 || length < 1 {
        return Err(Fault::null("positions begin at 1, and the length is at least 1"));
    }
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let skipped = if start > 0 {
        usize::try_from(start - 1).unwrap_or(usize::MAX)
    } else {
        let count = text.chars().count();
        let back = usize::try_from(start.unsigned_abs()).unwrap_or(usize::MAX);
        count.checked_sub(back).ok_or_else(|| Fault::null(format!("there are only {count} characters")))?
    };
    Ok(Value::from(text.chars().skip(skipped).take(length).collect::<String>()))
}

/// A part of a text beside a match; empty where there is none.
fn found(machine: &mut Machine<'_>, arguments: &[Value], part: for<'a> fn(&'a str, usize, usize) -> &'a str) -> Given {
    let (text, other) = (text(arguments, 0)?, text(arguments, 1)?);
    charge_text(machine, text.len())?;
    Ok(Value::from(text.find(other).map_or("", |start| part(text, start, start + other.len()))))
}

fn compared(machine: &mut Machine<'_>, arguments: &[Value], compare: fn(&str, &str) -> bool) -> Given {
    let (text, other) = (text(arguments, 0)?, text(arguments, 1)?);
    machine.budget.charge_steps(text.len() as u64 / 64)?;
    Ok(Value::Boolean(compare(text, other)))
}

/// Null items are left out.
fn join(machine: &mut Machine<'_>, arguments: &[Value]) -> Given {
    let items = items(arguments, 0)?;
    let delimiter = if argument(arguments, 1).is_null() { "" } else { text(arguments, 1)? };
    charge_items(machine, items.len())?;
    let mut result = String::new();
    let mut is_first = true;
    for item in items {
        let part = match item {
            Value::Null => continue,
            Value::String(part) => part,
            other => {
                return Err(Fault::null(format!("the list has {} in it, which is not a string", other.described())));
            }
        };
        if !is_first {
            charge_text(machine, delimiter.len())?;
            result.push_str(delimiter);
        }
        charge_text(machine, part.len())?;
        result.push_str(part);
        is_first = false;
    }
    Ok(Value::from(result))
}

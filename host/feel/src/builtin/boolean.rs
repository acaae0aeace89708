//! `not`, `all`, `any` and `is`.

use super::{BuiltIn, Given, all_items, argument, charge_items, fixed, single, variadic};
use crate::{Value, machine::Machine, value::is_same};

pub(super) const ALL: &[BuiltIn] = &[
    fixed("not", &[&["negand"]], |_, arguments| Ok(not(single(arguments, 0)))),
    variadic("all", &[&["list"]], |machine, arguments| junction(machine, arguments, false)),
    variadic("any", &[&["list"]], |machine, arguments| junction(machine, arguments, true)),
    fixed("is", &[&["value1?", "value2?"]], |_, arguments| {
        Ok(Value::Boolean(is_same(argument(arguments, 0), argument(arguments, 1))))
    }),
];

fn not(value: &Value) -> Value {
    match value {
        Value::Boolean(value) => Value::Boolean(!value),
        _ => Value::Null,
    }
}

/// One item may decide; what is neither true nor false leaves it open.
fn junction(machine: &mut Machine<'_>, arguments: &[Value], decisive: bool) -> Given {
    let items = all_items(arguments)?;
    charge_items(machine, items.len())?;
    if items.iter().any(|item| matches!(item, Value::Boolean(value) if *value == decisive)) {
        return Ok(Value::Boolean(decisive));
    }
    let is_known = items.iter().all(|item| matches!(item, Value::Boolean(_)));
    Ok(if is_known { Value::Boolean(!decisive) } else { Value::Null })
}

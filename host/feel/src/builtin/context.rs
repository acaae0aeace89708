//! Functions of contexts.

use std::sync::Arc;

use super::{BuiltIn, Given, argument, charge_items, context, fixed, items, text, variadic};
use crate::{Context, Fault, Value, machine::Machine};

pub(super) const ALL: &[BuiltIn] = &[
    fixed("get value", &[&["m", "key"], &["context", "key"], &["context", "keys"]], get_value),
    fixed("get entries", &[&["m"], &["context"]], get_entries),
    fixed("context", &[&["entries"]], from_entries),
    fixed("context put", &[&["context", "key", "value"], &["context", "keys", "value"]], put),
    variadic("context merge", &[&["contexts"]], merge),
];

fn get_value(_: &mut Machine<'_>, arguments: &[Value]) -> Given {
    if let Value::List(keys) = argument(arguments, 1) {
        if keys.is_empty() {
            return Err(Fault::null("the list of keys is empty"));
        }
        let mut value = Value::Context(Arc::clone(context(arguments, 0)?));
        for key in keys.iter() {
            value = match (&value, key) {
                (Value::Context(context), Value::String(key)) => context.get(key).cloned().unwrap_or_default(),
                _ => return Err(Fault::null(format!("{} has no entry {}", value.described(), key.described()))),
            };
        }
        return Ok(value);
    }
    Ok(context(arguments, 0)?.get(text(arguments, 1)?).cloned().unwrap_or_default())
}

fn get_entries(machine: &mut Machine<'_>, arguments: &[Value]) -> Given {
    let context = context(arguments, 0)?;
    charge_items(machine, context.len() * 6)?;
    let entry = |(key, value): (&Arc<str>, &Value)| {
        let entries = [("key", Value::String(Arc::clone(key))), ("value", value.clone())];
        Value::from(entries.into_iter().collect::<Context>())
    };
    Ok(Value::list(context.iter().map(entry).collect()))
}

fn from_entries(machine: &mut Machine<'_>, arguments: &[Value]) -> Given {
    let entries = items(arguments, 0)?;
    charge_items(machine, entries.len() * 3)?;
    let mut result = Context::new();
    for entry in entries {
        let Value::Context(entry) = entry else {
            return Err(Fault::null(format!("an entry is {} and not a context with key and value", entry.described())));
        };
        let (Some(Value::String(key)), Some(value)) = (entry.get("key"), entry.get("value")) else {
            return Err(Fault::null("an entry needs a key that is a string, and a value"));
        };
        if result.get(key).is_some() {
            return Err(Fault::null(format!("the key {key} occurs twice")));
        }
        result.insert(Arc::clone(key), value.clone());
    }
    Ok(Value::from(result))
}

fn put(machine: &mut Machine<'_>, arguments: &[Value]) -> Given {
    let context = context(arguments, 0)?;
    let keys = match argument(arguments, 1) {
        Value::List(keys) if keys.is_empty() => return Err(Fault::null("the list of keys is empty")),
        Value::List(keys) => keys.as_slice(),
        key => std::slice::from_ref(key),
    };
    let value = argument(arguments, 2).clone();
    put_at(machine, context, keys, value).map(Value::from)
}

fn put_at(machine: &mut Machine<'_>, context: &Context, keys: &[Value], value: Value) -> Result<Context, Fault> {
    const KEYS_MAX: usize = 100;
    let (Some(Value::String(key)), true) = (keys.first(), keys.len() <= KEYS_MAX) else {
        return Err(Fault::null("a key is not a string, or there are more than 100"));
    };
    charge_items(machine, (context.len() + 1) * 2)?;
    let mut result = context.clone();
    if keys.len() == 1 {
        result.insert(Arc::clone(key), value);
        return Ok(result);
    }
    let Some(Value::Context(inner)) = context.get(key) else {
        return Err(Fault::null(format!("the entry {key} is not a context that something could be put into")));
    };
    let inner = put_at(machine, inner, &keys[1..], value)?;
    result.insert(Arc::clone(key), Value::from(inner));
    Ok(result)
}

fn merge(machine: &mut Machine<'_>, arguments: &[Value]) -> Given {
    let contexts = super::all_items(arguments)?;
    let mut result = Context::new();
    for context in contexts {
        let Value::Context(context) = context else {
            return Err(Fault::null(format!("{} is not a context", context.described())));
        };
        charge_items(machine, context.len() * 2)?;
        for (key, value) in context.iter() {
            result.insert(Arc::clone(key), value.clone());
        }
    }
    Ok(Value::from(result))
}

//! Functions of lists.

use super::{BuiltIn, Given, all_items, argument, charge_items, fixed, function, index, items, sort::sort, variadic};
use crate::{Fault, Number, Value, machine::Machine};

pub(super) const ALL: &[BuiltIn] = &[
    fixed("list contains", &[&["list", "element"]], |machine, arguments| {
        let positions = positions(machine, items(arguments, 0)?, argument(arguments, 1))?;
        Ok(Value::Boolean(!positions.is_empty()))
    }),
    fixed("count", &[&["list"]], |_, arguments| Ok(Value::Number(Number::from(items(arguments, 0)?.len())))),
    fixed("sublist", &[&["list", "start position", "length?"]], sublist),
    variadic("append", &[&["list", "item"]], append),
    variadic("concatenate", &[&["list"]], concatenate),
    fixed("insert before", &[&["list", "position", "newItem"]], insert_before),
    fixed("remove", &[&["list", "position"]], remove),
    fixed("list replace", &[&["list", "position", "newItem"], &["list", "match", "newItem"]], replace),
    fixed("reverse", &[&["list"]], |machine, arguments| {
        let items = items(arguments, 0)?;
        charge_items(machine, items.len())?;
        Ok(Value::list(items.iter().rev().cloned().collect()))
    }),
    fixed("index of", &[&["list", "match"]], |machine, arguments| {
        let positions = positions(machine, items(arguments, 0)?, argument(arguments, 1))?;
        Ok(Value::list(positions.into_iter().map(|position| Value::Number(Number::from(position + 1))).collect()))
    }),
    variadic("union", &[&["list"]], |machine, arguments| {
        let all = concatenate(machine, arguments)?;
        distinct(machine, all.as_items())
    }),
    fixed("distinct values", &[&["list"]], |machine, arguments| distinct(machine, items(arguments, 0)?)),
    fixed("flatten", &[&["list"]], flatten),
    fixed("sort", &[&["list", "precedes?"]], |machine, arguments| {
        let precedes = if argument(arguments, 1).is_null() { None } else { Some(function(arguments, 1)?.clone()) };
        sort(machine, items(arguments, 0)?.to_vec(), precedes.as_ref())
    }),
];

/// Where an element is, counted from 0.
fn positions(machine: &mut Machine<'_>, items: &[Value], element: &Value) -> Result<Vec<usize>, Fault> {
    machine.charge_look(element)?;
    charge_items(machine, items.len())?;
    let is_same = |item: &Value| item.feel_eq(element) == Some(true);
    Ok(items.iter().enumerate().filter(|(_, item)| is_same(item)).map(|(position, _)| position).collect())
}

/// Where a position counted from 1, or from the end if negative, is; `extra` positions may lie behind the last item.
fn place(items: &[Value], position: i64) -> Result<usize, Fault> {
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let place = if position < 0 { position + length } else { position - 1 };
    let is_inside = position != 0 && (0..length).contains(&place);
    let place = usize::try_from(place).ok().filter(|_| is_inside);
    place.ok_or_else(|| {
        Fault::null(format!("there is no position {position} in a list of {length}; positions begin at 1"))
    })
}

fn sublist(machine: &mut Machine<'_>, arguments: &[Value]) -> Given {
    let items = items(arguments, 0)?;
    let start = place(items, index(arguments, 1)?)?;
    let left = items.len() - start;
    let length = if arguments.len() < 3 {
        left
    } else {
        let length = index(arguments, 2)?;
        let length = usize::try_from(length).ok().filter(|length| *length <= left);
        length.ok_or_else(|| Fault::null(format!("the list has {left} items from there on, not that many")))?
    };
    charge_items(machine, length)?;
    Ok(Value::list(items[start..start + length].to_vec()))
}

fn append(machine: &mut Machine<'_>, arguments: &[Value]) -> Given {
    let list = argument(arguments, 0);
    let items = if list.is_null() { std::slice::from_ref(list) } else { list.as_items() };
    charge_items(machine, items.len() + arguments.len())?;
    Ok(Value::list(items.iter().chain(&arguments[1..]).cloned().collect()))
}

fn concatenate(machine: &mut Machine<'_>, arguments: &[Value]) -> Given {
    let mut result = Vec::new();
    for place in 0..arguments.len() {
        let items = items(arguments, place)?;
        charge_items(machine, items.len())?;
        result.extend_from_slice(items);
    }
    Ok(Value::list(result))
}

fn insert_before(machine: &mut Machine<'_>, arguments: &[Value]) -> Given {
    let items = items(arguments, 0)?;
    let position = index(arguments, 1)?;
    // One behind the last item is allowed too.
    let is_end = usize::try_from(position).is_ok_and(|position| position == items.len() + 1);
    let place = if is_end { items.len() } else { place(items, position)? };
    charge_items(machine, items.len() + 1)?;
    let mut result = items.to_vec();
    result.insert(place, argument(arguments, 2).clone());
    Ok(Value::list(result))
}

fn remove(machine: &mut Machine<'_>, arguments: &[Value]) -> Given {
    let items = items(arguments, 0)?;
    let place = place(items, index(arguments, 1)?)?;
    charge_items(machine, items.len())?;
    let mut result = items.to_vec();
    result.remove(place);
    Ok(Value::list(result))
}

/// Replaces the item at a position, or those for which a function of old and new item is true.
fn replace(machine: &mut Machine<'_>, arguments: &[Value]) -> Given {
    let list = items(arguments, 0)?;
    charge_items(machine, list.len())?;
    let mut result = list.to_vec();
    let new = argument(arguments, 2);
    let Value::Function(matches) = argument(arguments, 1) else {
        let place = place(list, index(arguments, 1)?)?;
        result[place] = new.clone();
        return Ok(Value::list(result));
    };
    for item in &mut result {
        match machine.call_function(matches, vec![item.clone(), new.clone()], 0)? {
            Value::Boolean(true) => *item = new.clone(),
            Value::Boolean(false) => {}
            other => return Err(Fault::null(format!("the match gives {} and not true or false", other.described()))),
        }
    }
    Ok(Value::list(result))
}

fn distinct(machine: &mut Machine<'_>, items: &[Value]) -> Given {
    let mut kept: Vec<Value> = Vec::new();
    for item in items {
        machine.charge_look(item)?;
        machine.budget.charge_steps(1 + kept.len() as u64 / 4)?;
        if !kept.iter().any(|other| other.feel_eq(item) == Some(true)) {
            machine.budget.charge_memory(size_of::<Value>() as u64)?;
            kept.push(item.clone());
        }
    }
    Ok(Value::list(kept))
}

fn flatten(machine: &mut Machine<'_>, arguments: &[Value]) -> Given {
    let mut result = Vec::new();
    // Lists that are being walked: their items and the next position. As deep as values may be.
    let mut open = vec![(all_items(arguments)?, 0)];
    while let Some((items, position)) = open.last_mut() {
        let Some(item) = items.get(*position) else {
            open.pop();
            continue;
        };
        *position += 1;
        machine.budget.charge_steps(1)?;
        if let Value::List(inner) = item {
            open.push((inner, 0));
        } else {
            machine.budget.charge_memory(size_of::<Value>() as u64)?;
            result.push(item.clone());
        }
    }
    Ok(Value::list(result))
}

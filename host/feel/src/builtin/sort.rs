//! A stable merge sort whose comparison may be a function of FEEL: it may fail, cost, and contradict itself.

use std::cmp::Ordering;

use super::{Given, charge_items};
use crate::{Exceeded, Fault, Function, Value, machine::Machine};

pub(super) fn sort(machine: &mut Machine<'_>, items: Vec<Value>, precedes: Option<&Function>) -> Given {
    charge_items(machine, items.len() * 2)?;
    let mut from = items;
    let mut width = 1;
    while width < from.len() {
        let mut merged = Vec::with_capacity(from.len());
        for run in from.chunks(width * 2) {
            let (left, right) = run.split_at(width.min(run.len()));
            merge(machine, left, right, precedes, &mut merged)?;
        }
        from = merged;
        width *= 2;
    }
    Ok(Value::list(from))
}

fn merge(
    machine: &mut Machine<'_>,
    mut left: &[Value],
    mut right: &[Value],
    precedes: Option<&Function>,
    merged: &mut Vec<Value>,
) -> Result<(), Fault> {
    while let (Some((first, left_rest)), Some((second, right_rest))) = (left.split_first(), right.split_first()) {
        machine.budget.charge_steps(1)?;
        // The right one goes first only if it really precedes, so that equal items keep their order.
        if is_before(machine, second, first, precedes)? {
            merged.push(second.clone());
            right = right_rest;
        } else {
            merged.push(first.clone());
            left = left_rest;
        }
    }
    merged.extend_from_slice(left);
    merged.extend_from_slice(right);
    Ok(())
}

fn is_before(
    machine: &mut Machine<'_>,
    left: &Value,
    right: &Value,
    precedes: Option<&Function>,
) -> Result<bool, Fault> {
    let Some(precedes) = precedes else {
        let order = left.compare(right);
        return order.map(|order| order == Ordering::Less).ok_or_else(|| {
            Fault::null(format!(
                "{} and {} have no order; give a function that compares",
                left.described(),
                right.described()
            ))
        });
    };
    let answer: Result<Value, Exceeded> = machine.call_function(precedes, vec![left.clone(), right.clone()], 0);
    match answer? {
        Value::Boolean(is_before) => Ok(is_before),
        other => {
            Err(Fault::null(format!("the function that compares gives {} and not true or false", other.described())))
        }
    }
}

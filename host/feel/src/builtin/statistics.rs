//! Numbers out of lists: sums, means, extremes.

use std::cmp::Ordering;

use super::{BuiltIn, Given, all_items, charge_items, variadic};
use crate::{DaysTime, Fault, Number, Value, YearsMonths, machine::Machine};

pub(super) const ALL: &[BuiltIn] = &[
    variadic("min", &[&["list"]], |machine, arguments| extreme(machine, arguments, Ordering::Less)),
    variadic("max", &[&["list"]], |machine, arguments| extreme(machine, arguments, Ordering::Greater)),
    variadic("sum", &[&["list"]], sum),
    variadic("product", &[&["list"]], |machine, arguments| {
        let numbers = numbers(machine, arguments)?;
        let product = numbers.iter().try_fold(Number::ONE, |product, number| product.multiply(*number));
        if numbers.is_empty() { Err(Fault::null("the list is empty")) } else { finite(product) }
    }),
    variadic("mean", &[&["list"]], |machine, arguments| finite(mean(&numbers(machine, arguments)?))),
    variadic("median", &[&["list"]], median),
    variadic("stddev", &[&["list"]], deviation),
    variadic("mode", &[&["list"]], mode),
];

fn finite(number: Option<Number>) -> Given {
    number.map(Value::Number).ok_or_else(|| Fault::null("there is no result, or it is too large"))
}

fn numbers(machine: &mut Machine<'_>, arguments: &[Value]) -> Result<Vec<Number>, Fault> {
    let items = all_items(arguments)?;
    charge_items(machine, items.len())?;
    let number = |item: &Value| match item {
        Value::Number(number) => Ok(*number),
        other => Err(Fault::null(format!("the list has {} in it, which is not a number", other.described()))),
    };
    items.iter().map(number).collect()
}

fn extreme(machine: &mut Machine<'_>, arguments: &[Value], wanted: Ordering) -> Given {
    let items = all_items(arguments)?;
    charge_items(machine, items.len())?;
    let Some((mut best, rest)) = items.split_first() else { return Err(Fault::null("the list is empty")) };
    if best.compare(best).is_none() {
        return Err(Fault::null(format!("{} has no order", best.described())));
    }
    for item in rest {
        let order = item.compare(best);
        let order =
            order.ok_or_else(|| Fault::null(format!("{} and {} have no order", item.described(), best.described())))?;
        if order == wanted {
            best = item;
        }
    }
    Ok(best.clone())
}

/// A sum of numbers, or of durations of one kind.
fn sum(machine: &mut Machine<'_>, arguments: &[Value]) -> Given {
    let items = all_items(arguments)?;
    charge_items(machine, items.len())?;
    let Some(first) = items.first() else { return Err(Fault::null("the list is empty")) };
    let mut total = match first {
        Value::DaysTime(_) => Value::DaysTime(DaysTime::ZERO),
        Value::YearsMonths(_) => Value::YearsMonths(YearsMonths::new(0)),
        _ => Value::Number(Number::ZERO),
    };
    for item in items {
        let next = match (&total, item) {
            (Value::Number(left), Value::Number(right)) => left.add(*right).map(Value::Number),
            (Value::DaysTime(left), Value::DaysTime(right)) => left.plus(*right).map(Value::DaysTime),
            (Value::YearsMonths(left), Value::YearsMonths(right)) => left.plus(*right).map(Value::YearsMonths),
            _ => None,
        };
        total = next.ok_or_else(|| {
            Fault::null(format!(
                "the list has {} in it, which cannot be added, or the sum is too large",
                item.described()
            ))
        })?;
    }
    Ok(total)
}

fn mean(numbers: &[Number]) -> Option<Number> {
    let sum = numbers.iter().try_fold(Number::ZERO, |sum, number| sum.add(*number))?;
    sum.divide(Number::from(numbers.len()))
}

fn median(machine: &mut Machine<'_>, arguments: &[Value]) -> Given {
    let mut numbers = numbers(machine, arguments)?;
    numbers.sort_unstable();
    let middle = numbers.len() / 2;
    match numbers.len() {
        0 => Err(Fault::null("the list is empty")),
        length if length % 2 == 1 => Ok(Value::Number(numbers[middle])),
        _ => finite(mean(&numbers[middle - 1..=middle])),
    }
}

/// The standard deviation of a sample.
fn deviation(machine: &mut Machine<'_>, arguments: &[Value]) -> Given {
    let numbers = numbers(machine, arguments)?;
    if numbers.len() < 2 {
        return Err(Fault::null("a deviation needs at least two numbers"));
    }
    machine.budget.charge_steps(numbers.len() as u64)?;
    let variance = || {
        let mean = mean(&numbers)?;
        let square = |number: &Number| {
            let distance = number.subtract(mean)?;
            distance.multiply(distance)
        };
        let sum = numbers.iter().try_fold(Number::ZERO, |sum, number| sum.add(square(number)?))?;
        sum.divide(Number::from(numbers.len() - 1))?.sqrt()
    };
    finite(variance())
}

/// The numbers that occur most often, in ascending order.
fn mode(machine: &mut Machine<'_>, arguments: &[Value]) -> Given {
    let mut numbers = numbers(machine, arguments)?;
    numbers.sort_unstable();
    let runs = || numbers.chunk_by(|left, right| left == right);
    let most = runs().map(<[Number]>::len).max().unwrap_or(0);
    Ok(Value::list(runs().filter(|run| run.len() == most).map(|run| Value::Number(run[0])).collect()))
}

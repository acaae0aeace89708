//! Functions of numbers.

use super::{BuiltIn, Given, argument, fixed, number, single};
use crate::{
    Fault, Number, Value,
    machine::Machine,
    number::{EXPONENT_MAX, EXPONENT_MIN, Rounding},
};

pub(super) const ALL: &[BuiltIn] = &[
    fixed("decimal", &[&["n", "scale"]], |_, arguments| round(arguments, Rounding::HalfEven)),
    fixed("floor", &[&["n", "scale?"]], |_, arguments| round(arguments, Rounding::Floor)),
    fixed("ceiling", &[&["n", "scale?"]], |_, arguments| round(arguments, Rounding::Ceiling)),
    fixed("round up", &[&["n", "scale"]], |_, arguments| round(arguments, Rounding::Up)),
    fixed("round down", &[&["n", "scale"]], |_, arguments| round(arguments, Rounding::Down)),
    fixed("round half up", &[&["n", "scale"]], |_, arguments| round(arguments, Rounding::HalfUp)),
    fixed("round half down", &[&["n", "scale"]], |_, arguments| round(arguments, Rounding::HalfDown)),
    fixed("abs", &[&["n"]], abs),
    fixed("modulo", &[&["dividend", "divisor"]], modulo),
    fixed("sqrt", &[&["number"]], |machine, arguments| computed(machine, arguments, Number::sqrt)),
    fixed("log", &[&["number"]], |machine, arguments| computed(machine, arguments, Number::ln)),
    fixed("exp", &[&["number"]], |machine, arguments| computed(machine, arguments, Number::exp)),
    fixed("odd", &[&["number"]], |_, arguments| parity(arguments, true)),
    fixed("even", &[&["number"]], |_, arguments| parity(arguments, false)),
];

/// What the series cost, compared with a step.
const SERIES_STEPS: u64 = 500;

fn round(arguments: &[Value], rounding: Rounding) -> Given {
    let value = number(arguments, 0)?;
    let scale = if arguments.len() < 2 { Some(0) } else { number(arguments, 1)?.to_index() };
    let scale = scale.and_then(|scale| i32::try_from(scale).ok());
    let scale = scale.filter(|scale| (-EXPONENT_MAX..=-EXPONENT_MIN).contains(scale));
    let scale = scale.ok_or_else(|| Fault::null("the scale is not from -6111 to 6176"))?;
    value.round(scale, rounding).map(Value::Number).ok_or_else(|| Fault::null("the result is too large"))
}

fn abs(_: &mut Machine<'_>, arguments: &[Value]) -> Given {
    Ok(match single(arguments, 0) {
        Value::Number(number) => Value::Number(number.abs()),
        Value::DaysTime(duration) => Value::DaysTime(duration.abs()),
        Value::YearsMonths(duration) => Value::YearsMonths(duration.abs()),
        other => return Err(Fault::null(format!("{} is neither a number nor a duration", other.described()))),
    })
}

fn modulo(_: &mut Machine<'_>, arguments: &[Value]) -> Given {
    let (dividend, divisor) = (number(arguments, 0)?, number(arguments, 1)?);
    let result = dividend.modulo(divisor).map(Value::Number);
    result.ok_or_else(|| Fault::null(format!("{dividend} modulo {divisor} has no result")))
}

fn computed(machine: &mut Machine<'_>, arguments: &[Value], compute: fn(Number) -> Option<Number>) -> Given {
    machine.budget.charge_steps(SERIES_STEPS)?;
    let value = number(arguments, 0)?;
    compute(value)
        .map(Value::Number)
        .ok_or_else(|| Fault::null(format!("of {value} there is no result, or it is too large")))
}

fn parity(arguments: &[Value], is_odd: bool) -> Given {
    let value = number(arguments, 0)?;
    if !value.is_integer() {
        return Err(Fault::null(format!("{} is not a whole number", argument(arguments, 0).described())));
    }
    let rest = value.modulo(Number::from(2_i64));
    Ok(Value::Boolean(rest.is_some_and(|rest| rest.is_zero() != is_odd)))
}

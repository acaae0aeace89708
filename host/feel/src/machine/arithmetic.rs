//! Arithmetic on numbers, texts, dates and durations.

use super::{Answer, Machine};
use crate::{
    DateTime, DaysTime, Number, Offset, Time, Value, YearsMonths,
    node::{At, Node, Operation, Operator},
    number::Rounding,
};

/// What a power costs, compared with a step: at worst a logarithm and an exponential.
const POWER_STEPS: u64 = 500;

impl Machine<'_> {
    #[inline(never)]
    pub(super) fn chain(&mut self, first: &Node, rest: &[Operation]) -> Answer {
        let mut left = self.evaluate(first)?;
        for Operation { operator, right, at } in rest {
            let right = self.evaluate(right)?;
            if let (Operator::Add, Value::String(before), Value::String(after)) = (operator, &left, &right) {
                let bytes = before.len() as u64 + after.len() as u64;
                self.budget.charge_memory(bytes)?;
                self.budget.charge_steps(bytes / 16)?;
                left = Value::from(format!("{before}{after}"));
                continue;
            }
            if *operator == Operator::Power {
                self.budget.charge_steps(POWER_STEPS)?;
            }
            left = match arithmetic(*operator, &left, &right) {
                Some(value) => value,
                None => self.null(operator.text(), *at, || impossible(*operator, &left, &right)),
            };
        }
        Ok(left)
    }

    #[inline(never)]
    pub(super) fn negation(&mut self, inner: &Node, at: At) -> Answer {
        let value = self.evaluate(inner)?;
        Ok(match value {
            Value::Number(number) => Value::Number(number.negate()),
            Value::DaysTime(duration) => Value::DaysTime(duration.negate()),
            Value::YearsMonths(duration) => Value::YearsMonths(duration.negate()),
            other => self.null("-", at, || format!("{} has no negative", other.described())),
        })
    }
}

fn impossible(operator: Operator, left: &Value, right: &Value) -> String {
    let (left_text, right_text) = (left.described(), right.described());
    match (operator, left, right) {
        (Operator::Divide, _, Value::Number(number)) if number.is_zero() => format!("{left_text} is divided by zero"),
        (_, Value::Number(_), Value::Number(_)) => {
            format!("{left_text} {} {right_text} is too large or has no result", operator.text())
        }
        _ => format!("{left_text} {} {right_text} is not defined; convert one of them", operator.text()),
    }
}

pub(crate) fn arithmetic(operator: Operator, left: &Value, right: &Value) -> Option<Value> {
    if let (Value::Number(left), Value::Number(right)) = (left, right) {
        let result = match operator {
            Operator::Add => left.add(*right),
            Operator::Subtract => left.subtract(*right),
            Operator::Multiply => left.multiply(*right),
            Operator::Divide => left.divide(*right),
            Operator::Power => left.power(*right),
        };
        return result.map(Value::Number);
    }
    match operator {
        Operator::Add => sum(left, right).or_else(|| sum(right, left)),
        Operator::Subtract => difference(left, right),
        Operator::Multiply => product(left, right).or_else(|| product(right, left)),
        Operator::Divide => quotient(left, right),
        Operator::Power => None,
    }
}

fn sum(left: &Value, right: &Value) -> Option<Value> {
    Some(match (left, right) {
        (Value::DaysTime(left), Value::DaysTime(right)) => Value::DaysTime(left.plus(*right)?),
        (Value::YearsMonths(left), Value::YearsMonths(right)) => Value::YearsMonths(left.plus(*right)?),
        (Value::Date(date), Value::YearsMonths(months)) => Value::Date(date.plus_months(*months)?),
        (Value::Date(date), Value::DaysTime(duration)) => {
            let midnight = DateTime::new(*date, Time::midnight(Offset::Local));
            Value::Date(midnight.plus(*duration)?.date())
        }
        (Value::DateTime(value), Value::YearsMonths(months)) => Value::DateTime(value.plus_months(*months)?),
        (Value::DateTime(value), Value::DaysTime(duration)) => Value::DateTime(value.plus(*duration)?),
        (Value::Time(time), Value::DaysTime(duration)) => Value::Time(time.plus(*duration)),
        _ => return None,
    })
}

fn difference(left: &Value, right: &Value) -> Option<Value> {
    match (left, right) {
        (_, Value::DaysTime(duration)) => sum(left, &Value::DaysTime(duration.negate())),
        (_, Value::YearsMonths(duration)) => sum(left, &Value::YearsMonths(duration.negate())),
        (Value::Time(left), Value::Time(right)) => left.minus(right).map(Value::DaysTime),
        (Value::Date(left), Value::Date(right)) => {
            let days = left.days_since_epoch() - right.days_since_epoch();
            Some(Value::DaysTime(DaysTime::from_seconds(days.checked_mul(86_400)?)))
        }
        (Value::DateTime(left), Value::DateTime(right)) => left.minus(right).map(Value::DaysTime),
        (Value::DateTime(left), Value::Date(right)) => left.minus(&midnight_like(*right, left)).map(Value::DaysTime),
        (Value::Date(left), Value::DateTime(right)) => midnight_like(*left, right).minus(right).map(Value::DaysTime),
        _ => None,
    }
}

/// A day beside a date and time: its midnight in UTC, or on the same wall if the other has no offset.
fn midnight_like(date: crate::Date, other: &DateTime) -> DateTime {
    let offset = if *other.time().offset() == Offset::Local { Offset::Local } else { Offset::Fixed(0) };
    DateTime::new(date, Time::midnight(offset))
}

fn product(left: &Value, right: &Value) -> Option<Value> {
    match (left, right) {
        (Value::DaysTime(duration), Value::Number(factor)) => {
            Some(Value::DaysTime(DaysTime::from_number(duration.to_number()?.multiply(*factor)?)?))
        }
        (Value::YearsMonths(duration), Value::Number(factor)) => {
            months(Number::from(duration.months()).multiply(*factor)?)
        }
        _ => None,
    }
}

fn quotient(left: &Value, right: &Value) -> Option<Value> {
    match (left, right) {
        (Value::DaysTime(duration), Value::Number(divisor)) => {
            Some(Value::DaysTime(DaysTime::from_number(duration.to_number()?.divide(*divisor)?)?))
        }
        (Value::YearsMonths(duration), Value::Number(divisor)) => {
            months(Number::from(duration.months()).divide(*divisor)?)
        }
        (Value::DaysTime(left), Value::DaysTime(right)) => {
            left.to_number()?.divide(right.to_number()?).map(Value::Number)
        }
        (Value::YearsMonths(left), Value::YearsMonths(right)) => {
            Number::from(left.months()).divide(Number::from(right.months())).map(Value::Number)
        }
        _ => None,
    }
}

/// Whole months, towards zero.
fn months(number: Number) -> Option<Value> {
    let months = number.round(0, Rounding::Down)?.to_i64()?;
    Some(Value::YearsMonths(YearsMonths::new(months)))
}

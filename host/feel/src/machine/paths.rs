//! Members, filters, and the steps behind an operand.

use super::{Answer, Machine, VALUE_BYTES};
use crate::{
    Number, Range, RangeForm, Value,
    node::{At, Node, Step},
};

impl Machine<'_> {
    #[inline(never)]
    pub(super) fn postfix(&mut self, base: &Node, steps: &[Step]) -> Answer {
        let mut steps = steps.iter();
        // A name that is called may be a function of the host.
        let mut value = match (base, steps.as_slice().first()) {
            (Node::Global { name, built_in, at }, Some(Step::Call { arguments, .. })) => {
                steps.next();
                self.call_global(name, *built_in, arguments, *at)?
            }
            _ => self.evaluate(base)?,
        };
        for step in steps {
            value = match step {
                Step::Path(name, at) => self.path(&value, name, *at)?,
                Step::Filter { condition, item, at } => self.filter(&value, condition, *item, *at)?,
                Step::Call { arguments, at } => self.call_value(&value, arguments, *at)?,
            };
        }
        Ok(value)
    }

    /// A name inside of a filter.
    #[inline(never)]
    pub(super) fn member(&mut self, item: &Node, name: &str, otherwise: &Node) -> Answer {
        let found = match self.at_hand(item) {
            Some(Value::Context(context)) => context.get(name).cloned(),
            Some(_) => None,
            None => match self.evaluate(item)? {
                Value::Context(context) => context.get(name).cloned(),
                _ => None,
            },
        };
        match found {
            Some(value) => Ok(value),
            None => self.evaluate(otherwise),
        }
    }

    pub(super) fn path(&mut self, value: &Value, name: &str, at: At) -> Answer {
        if let Value::List(items) = value {
            self.budget.charge_steps(items.len() as u64)?;
            self.budget.charge_memory(items.len() as u64 * VALUE_BYTES)?;
            let mut members = Vec::with_capacity(items.len());
            for item in items.iter() {
                members.push(self.path_of_one(item, name, at));
            }
            return self.made(Value::list(members));
        }
        Ok(self.path_of_one(value, name, at))
    }

    fn path_of_one(&mut self, value: &Value, name: &str, at: At) -> Value {
        let found = match value {
            Value::Context(context) => context.get(name).cloned(),
            other => property(other, name),
        };
        match found {
            Some(found) => found,
            None if value.is_null() => Value::Null,
            None => self.null(".", at, || format!("{} has no member {name}", value.described())),
        }
    }

    /// Items for which a condition is true, or the one at an index; negative indexes count from the end.
    #[inline(never)]
    fn filter(&mut self, value: &Value, condition: &Node, item: usize, at: At) -> Answer {
        let single;
        let items: &[Value] = match value {
            Value::List(items) => items,
            Value::Null => &[],
            other => {
                single = [other.clone()];
                &single
            }
        };
        if let Node::Constant(Value::Number(index)) = condition {
            return Ok(self.indexed(items, *index, at));
        }
        if items.is_empty() {
            // What the condition would be decides between no item and no items.
            self.set(item, Value::Null);
            let is_index = matches!(self.evaluate(condition)?, Value::Number(_));
            return Ok(if is_index { Value::Null } else { Value::list(Vec::new()) });
        }
        let mut kept = Vec::new();
        for (position, candidate) in items.iter().enumerate() {
            self.set(item, candidate.clone());
            match self.evaluate(condition)? {
                Value::Boolean(true) => {
                    self.budget.charge_memory(VALUE_BYTES)?;
                    kept.push(candidate.clone());
                }
                Value::Number(index) if position == 0 => return Ok(self.indexed(items, index, at)),
                _ => {}
            }
        }
        Ok(Value::list(kept))
    }

    fn indexed(&mut self, items: &[Value], index: Number, at: At) -> Value {
        let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
        let position = index.to_i64().map(|index| if index < 0 { index + length } else { index - 1 });
        match position.and_then(|position| items.get(usize::try_from(position).ok()?)) {
            Some(found) => found.clone(),
            None => {
                self.null("[]", at, || format!("there is no item {index} in a list of {length}; indexes begin at 1"))
            }
        }
    }
}

/// Properties of dates, times, durations and ranges.
fn property(value: &Value, name: &str) -> Option<Value> {
    let number = |number: i64| Some(Value::from(number));
    let offset = |seconds: Option<i32>| {
        Some(seconds.map_or(Value::Null, |seconds| Value::DaysTime(crate::DaysTime::from_seconds(i64::from(seconds)))))
    };
    let zone = |offset: &crate::Offset| Some(offset.zone_name().map_or(Value::Null, Value::from));
    match (value, name) {
        (Value::Date(date), _) => date_property(*date, name),
        (Value::DateTime(value), "hour" | "minute" | "second") => time_property(value.time(), name),
        (Value::DateTime(value), "time offset") => offset(value.offset_seconds()),
        (Value::DateTime(value), "timezone") => zone(value.time().offset()),
        (Value::DateTime(value), _) => date_property(value.date(), name),
        (Value::Time(time), "time offset") => offset(time.offset_seconds()),
        (Value::Time(time), "timezone") => zone(time.offset()),
        (Value::Time(time), _) => time_property(time, name),
        (Value::DaysTime(duration), "days") => number(duration.parts().0),
        (Value::DaysTime(duration), "hours") => number(duration.parts().1),
        (Value::DaysTime(duration), "minutes") => number(duration.parts().2),
        (Value::DaysTime(duration), "seconds") => number(duration.parts().3),
        (Value::YearsMonths(duration), "years") => number(duration.months() / 12),
        (Value::YearsMonths(duration), "months") => number(duration.months() % 12),
        (Value::Range(range), _) => range_property(range, name),
        _ => None,
    }
}

fn date_property(date: crate::Date, name: &str) -> Option<Value> {
    Some(Value::from(match name {
        "year" => date.year(),
        "month" => date.month(),
        "day" => date.day(),
        "weekday" => date.weekday(),
        _ => return None,
    }))
}

fn time_property(time: &crate::Time, name: &str) -> Option<Value> {
    Some(Value::from(match name {
        "hour" => time.hour(),
        "minute" => time.minute(),
        "second" => time.second(),
        _ => return None,
    }))
}

fn range_property(range: &Range, name: &str) -> Option<Value> {
    let is_known = range.form != RangeForm::Different;
    Some(match name {
        "start" if is_known => range.start.clone(),
        "end" if is_known => range.end.clone(),
        "start included" if is_known => Value::Boolean(range.start_included),
        "end included" if is_known => Value::Boolean(range.end_included),
        _ => return None,
    })
}

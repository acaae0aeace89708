//! `for`, `some` and `every`.

use std::sync::Arc;

use super::{Answer, Machine, VALUE_BYTES};
use crate::{
    Date, Exceeded, Number, Range, RangeForm, Value,
    node::{At, Domain, For, Iterator, Node},
    value::measure::Measure,
};

/// What one iterator runs over, without building a list of numbers first.
enum Run {
    Items(Arc<Vec<Value>>),
    Numbers { next: i64, last: i64 },
    Days { next: i64, last: i64 },
}

impl Run {
    fn length(&self) -> u64 {
        match self {
            Self::Items(items) => items.len() as u64,
            Self::Numbers { next, last } | Self::Days { next, last } => next.abs_diff(*last).saturating_add(1),
        }
    }

    fn item(&self, position: u64) -> Value {
        let at = |next: &i64, last: &i64| {
            let step = i64::try_from(position).unwrap_or(i64::MAX);
            if next <= last { next.saturating_add(step) } else { next.saturating_sub(step) }
        };
        match self {
            Self::Items(items) => {
                usize::try_from(position).ok().and_then(|at| items.get(at)).cloned().unwrap_or_default()
            }
            Self::Numbers { next, last } => Value::from(at(next, last)),
            Self::Days { next, last } => Date::from_days_since_epoch(at(next, last)).map_or(Value::Null, Value::Date),
        }
    }
}

/// What happens for each combination of items.
enum Body<'a> {
    Collect { node: &'a Node, partial: Option<usize>, results: Vec<Value>, measure: Measure },
    Decide { node: &'a Node, decisive: bool, is_decided: bool, is_unknown: bool },
}

impl Machine<'_> {
    #[inline(never)]
    pub(super) fn for_loop(&mut self, parts: &For) -> Answer {
        if let Some(slot) = parts.partial {
            self.set(slot, Value::list(Vec::new()));
        }
        let mut body =
            Body::Collect { node: &parts.body, partial: parts.partial, results: Vec::new(), measure: Measure::EMPTY };
        if !self.run(&parts.iterators, &mut body, "for", parts.at)? {
            return Ok(Value::Null);
        }
        match (body, parts.partial) {
            (_, Some(slot)) => Ok(std::mem::take(&mut self.stack[self.base + slot])),
            (Body::Collect { results, .. }, None) => Ok(Value::list(results)),
            (Body::Decide { .. }, None) => Ok(Value::Null),
        }
    }

    #[inline(never)]
    pub(super) fn quantified(&mut self, is_every: bool, iterators: &[Iterator], condition: &Node, at: At) -> Answer {
        let mut body = Body::Decide { node: condition, decisive: !is_every, is_decided: false, is_unknown: false };
        let name = if is_every { "every" } else { "some" };
        if !self.run(iterators, &mut body, name, at)? {
            return Ok(Value::Null);
        }
        Ok(match body {
            Body::Decide { decisive, is_decided: true, .. } => Value::Boolean(decisive),
            Body::Decide { is_unknown: false, decisive, .. } => Value::Boolean(!decisive),
            _ => self.null(name, at, || "a condition is neither true nor false".to_owned()),
        })
    }

    /// Runs the innermost iterator fastest. False if a domain is no list; the note is written.
    fn run(&mut self, iterators: &[Iterator], body: &mut Body<'_>, name: &str, at: At) -> Result<bool, Exceeded> {
        let Some((first, rest)) = iterators.split_first() else {
            self.step(body)?;
            return Ok(true);
        };
        if self.nesting >= self.nesting_max {
            return Err(Exceeded::Depth);
        }
        let Some(run) = self.domain(&first.domain, name, at)? else { return Ok(false) };
        self.nesting += 1;
        for position in 0..run.length() {
            self.budget.charge_steps(1)?;
            self.set(first.slot, run.item(position));
            if !self.run(rest, body, name, at)? {
                self.nesting -= 1;
                return Ok(false);
            }
            if matches!(body, Body::Decide { is_decided: true, .. }) {
                break;
            }
        }
        self.nesting -= 1;
        Ok(true)
    }

    fn step(&mut self, body: &mut Body<'_>) -> Result<(), Exceeded> {
        match body {
            Body::Collect { node, partial, results, measure } => {
                let value = self.evaluate(node)?;
                measure.contain(self.scale.measure(&value, self.budget)?)?;
                self.budget.charge_memory(VALUE_BYTES)?;
                match partial {
                    None => results.push(value),
                    Some(slot) => self.push_partial(*slot, value)?,
                }
            }
            Body::Decide { node, decisive, is_decided, is_unknown } => match self.evaluate(node)? {
                Value::Boolean(value) => *is_decided |= value == *decisive,
                _ => *is_unknown = true,
            },
        }
        Ok(())
    }

    /// The results so far live in their slot; they are copied only if the body kept them.
    fn push_partial(&mut self, slot: usize, value: Value) -> Result<(), Exceeded> {
        let place = self.base + slot;
        let Value::List(mut results) = std::mem::take(&mut self.stack[place]) else { return Ok(()) };
        if Arc::strong_count(&results) > 1 {
            self.budget.charge_memory(results.len() as u64 * VALUE_BYTES)?;
        }
        Arc::make_mut(&mut results).push(value);
        self.stack[place] = Value::List(results);
        Ok(())
    }

    fn domain(&mut self, domain: &Domain, name: &str, at: At) -> Result<Option<Run>, Exceeded> {
        match domain {
            Domain::Items(node) => {
                let value = self.evaluate(node)?;
                Ok(match value {
                    Value::List(items) => Some(Run::Items(items)),
                    Value::Null => {
                        self.null(name, at, || "there is no list to go through, but null".to_owned());
                        None
                    }
                    Value::Range(range) => {
                        let run = span_of(&range);
                        if run.is_none() {
                            self.null(name, at, || format!("{range:?} is not a range of whole numbers or days"));
                        }
                        run
                    }
                    single => Some(Run::Items(Arc::new(vec![single]))),
                })
            }
            Domain::Span(start, end) => {
                let (start, end) = (self.evaluate(start)?, self.evaluate(end)?);
                let run = span(&start, &end);
                if run.is_none() {
                    self.null(name, at, || {
                        format!("{} to {} is not a range of whole numbers or days", start.described(), end.described())
                    });
                }
                Ok(run)
            }
        }
    }
}

fn span(start: &Value, end: &Value) -> Option<Run> {
    let whole = |number: &Number| number.is_integer().then(|| number.to_i64()).flatten();
    match (start, end) {
        (Value::Number(start), Value::Number(end)) => Some(Run::Numbers { next: whole(start)?, last: whole(end)? }),
        (Value::Date(start), Value::Date(end)) => {
            Some(Run::Days { next: start.days_since_epoch(), last: end.days_since_epoch() })
        }
        _ => None,
    }
}

/// A range as what is iterated: upwards, and without ends that are open.
fn span_of(range: &Range) -> Option<Run> {
    if range.form != RangeForm::Interval {
        return None;
    }
    let shifted = |next: i64, last: i64| {
        let next = next.checked_add(i64::from(!range.start_included))?;
        let last = last.checked_sub(i64::from(!range.end_included))?;
        (next <= last).then_some((next, last))
    };
    let empty = || Run::Items(Arc::new(Vec::new()));
    Some(match span(&range.start, &range.end)? {
        Run::Numbers { next, last } => match shifted(next, last) {
            Some((next, last)) => Run::Numbers { next, last },
            None => empty(),
        },
        Run::Days { next, last } => match shifted(next, last) {
            Some((next, last)) => Run::Days { next, last },
            None => empty(),
        },
        items @ Run::Items(_) => items,
    })
}

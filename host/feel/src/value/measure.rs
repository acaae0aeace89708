//! How deep a value is and how large it would be if everything it shares were written out.
//!
//! Lists share their items, so `{a: [1], b: [a, a], c: [b, b]}` is small in memory and doubles with every line when it is printed,
//! compared or turned into JSON. Every list and context is therefore measured when it is made, and refused when its depth or its
//! written-out size passes a limit; after that, walking any value is bounded.

use std::{collections::BTreeMap, sync::Arc};

use crate::{Budget, Context, Exceeded, Function, Value, function::Kind};

/// Dropping and printing recurse, so this also bounds the native stack.
const DEPTH_MAX: u32 = 200;
/// Written out.
const BYTES_MAX: u64 = 64 << 20;
/// What a scalar counts for.
const VALUE_BYTES: u64 = size_of::<Value>() as u64;
/// Measures of values that are shared; more are measured again.
const KNOWN_MAX: usize = 100_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Measure {
    pub(crate) depth: u32,
    pub(crate) bytes: u64,
}

impl Measure {
    /// Of something that contains nothing yet.
    pub(crate) const EMPTY: Self = Self { depth: 1, bytes: VALUE_BYTES };

    /// Puts one more thing into this one.
    ///
    /// # Errors
    /// [`Exceeded`] when the whole becomes too deep or too large.
    pub(crate) fn contain(&mut self, inner: Self) -> Result<(), Exceeded> {
        self.depth = self.depth.max(inner.depth + 1);
        self.bytes = self.bytes.saturating_add(inner.bytes);
        if self.depth > DEPTH_MAX {
            return Err(Exceeded::Depth);
        }
        if self.bytes > BYTES_MAX { Err(Exceeded::Memory) } else { Ok(()) }
    }
}

/// Measures values, and remembers those that contain others. It holds what it remembers, so that no address is used twice.
#[derive(Debug, Default)]
pub(crate) struct Scale {
    known: BTreeMap<usize, (Value, Measure)>,
}

impl Scale {
    /// # Errors
    /// [`Exceeded`] when the value is too deep or too large, or measuring it used up the steps.
    pub(crate) fn measure(&mut self, value: &Value, budget: &mut Budget) -> Result<Measure, Exceeded> {
        let address = match value {
            Value::String(text) => return Ok(Measure { depth: 0, bytes: VALUE_BYTES + text.len() as u64 }),
            Value::List(items) => Arc::as_ptr(items).cast::<u8>().addr(),
            Value::Context(context) => Arc::as_ptr(context).cast::<u8>().addr(),
            Value::Function(Function(kind)) => Arc::as_ptr(kind).cast::<u8>().addr(),
            Value::Range(range) => {
                let mut measure = Measure::EMPTY;
                measure.contain(self.measure(&range.start, budget)?)?;
                measure.contain(self.measure(&range.end, budget)?)?;
                return Ok(measure);
            }
            _ => return Ok(Measure { depth: 0, bytes: VALUE_BYTES }),
        };
        if let Some((_, measure)) = self.known.get(&address) {
            return Ok(*measure);
        }
        let measure = match value {
            Value::List(items) => self.measure_all(items.iter(), budget)?,
            Value::Context(context) => self.measure_context(context, budget)?,
            Value::Function(Function(kind)) => match &**kind {
                Kind::Closure(closure) => self.measure_all(closure.captures.iter(), budget)?,
                Kind::BuiltIn(_) | Kind::Given { .. } => Measure::EMPTY,
            },
            _ => Measure::EMPTY,
        };
        // Flat things are quickly measured again; the rest could be shared many times.
        if measure.depth > 1 && self.known.len() < KNOWN_MAX {
            self.known.insert(address, (value.clone(), measure));
        }
        Ok(measure)
    }

    fn measure_context(&mut self, context: &Context, budget: &mut Budget) -> Result<Measure, Exceeded> {
        let mut measure = self.measure_all(context.iter().map(|(_, value)| value), budget)?;
        measure.bytes += context.iter().map(|(name, _)| name.len() as u64).sum::<u64>();
        Ok(measure)
    }

    pub(crate) fn measure_all<'a>(
        &mut self,
        values: impl ExactSizeIterator<Item = &'a Value>,
        budget: &mut Budget,
    ) -> Result<Measure, Exceeded> {
        // A look at a value is far cheaper than a step.
        budget.charge_steps(values.len() as u64 / 64)?;
        let mut measure = Measure::EMPTY;
        for value in values {
            measure.contain(self.measure(value, budget)?)?;
        }
        Ok(measure)
    }
}

//! The built-in functions of FEEL: their names, their parameters, and how arguments reach them.

mod boolean;
mod context;
mod conversion;
mod list;
mod numeric;
mod pattern;
mod range;
mod sort;
mod statistics;
mod string;
mod temporal;

use std::{fmt, sync::Arc};

use crate::{Context, Fault, Function, Number, Value, machine::Machine};

pub(crate) use pattern::Pattern;

pub(crate) type Given = Result<Value, Fault>;

/// A built-in function. A name ending in `?` is a parameter that may be left out.
pub(crate) struct BuiltIn {
    pub(crate) name: &'static str,
    /// Each way to call it.
    pub(crate) forms: &'static [&'static [&'static str]],
    /// Takes any number of arguments by place, which then are its list.
    pub(crate) is_variadic: bool,
    pub(crate) run: fn(&mut Machine<'_>, &[Value]) -> Given,
}

impl fmt::Debug for BuiltIn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "BuiltIn({})", self.name)
    }
}

/// A function with fixed parameters.
const fn fixed(
    name: &'static str,
    forms: &'static [&'static [&'static str]],
    run: fn(&mut Machine<'_>, &[Value]) -> Given,
) -> BuiltIn {
    BuiltIn { name, forms, is_variadic: false, run }
}

/// A function of a list, which may also be given item by item.
const fn variadic(
    name: &'static str,
    forms: &'static [&'static [&'static str]],
    run: fn(&mut Machine<'_>, &[Value]) -> Given,
) -> BuiltIn {
    BuiltIn { name, forms, is_variadic: true, run }
}

const GROUPS: [&[BuiltIn]; 9] = [
    boolean::ALL,
    context::ALL,
    conversion::ALL,
    list::ALL,
    numeric::ALL,
    range::ALL,
    statistics::ALL,
    string::ALL,
    temporal::ALL,
];

static ALL: [&[BuiltIn]; 9] = GROUPS;

pub(crate) fn find(name: &str) -> Option<&'static BuiltIn> {
    ALL.iter().copied().flatten().find(|function| function.name == name)
}

/// Names that are more than one word.
pub(crate) fn names_with_spaces() -> impl Iterator<Item = &'static str> {
    ALL.iter().copied().flatten().map(|function| function.name).filter(|name| name.contains(' '))
}

/// Whether a call with constants always has the same value and is worth computing once.
pub(crate) fn is_conversion(function: &BuiltIn) -> bool {
    matches!(function.name, "date" | "time" | "date and time" | "duration" | "years and months duration")
}

pub(crate) fn call(machine: &mut Machine<'_>, function: &BuiltIn, arguments: &[Value]) -> Given {
    let count = arguments.len();
    let fits = function.forms.iter().any(|form| (required(form)..=form.len()).contains(&count));
    if !(fits || function.is_variadic && count > 0) {
        return Err(Fault::null(format!("cannot be called with {count} arguments; it takes {}", function.usage())));
    }
    machine.budget.charge_steps(1)?;
    (function.run)(machine, arguments)
}

fn required(form: &[&str]) -> usize {
    form.iter().filter(|name| !name.ends_with('?')).count()
}

impl BuiltIn {
    fn usage(&self) -> String {
        let forms = self.forms.iter().map(|form| format!("({})", form.join(", ")));
        forms.collect::<Vec<_>>().join(" or ")
    }

    /// Named arguments by place: those of the form that has all the names.
    pub(crate) fn ordered(&self, entries: Vec<(Arc<str>, Value)>) -> Result<Vec<Value>, String> {
        let is_named = |form: &&&[&str]| {
            let has = |name: &str| form.iter().any(|parameter| parameter.trim_end_matches('?') == name);
            let given = |parameter: &&str| entries.iter().any(|(name, _)| **name == **parameter);
            let mut needed = form.iter().filter(|parameter| !parameter.ends_with('?'));
            // One key is a string; a list of them is called `keys`.
            let is_key = |(name, value): &(Arc<str>, Value)| **name != *"key" || !matches!(value, Value::List(_));
            entries.iter().all(|entry| has(&entry.0) && is_key(entry)) && needed.all(given)
        };
        let Some(form) = self.forms.iter().find(is_named) else {
            return Err(format!("does not have these parameters; it takes {}", self.usage()));
        };
        let mut values = vec![Value::Null; form.len()];
        let mut last = 0;
        for (name, value) in entries {
            let place = form.iter().position(|parameter| parameter.trim_end_matches('?') == &*name);
            let place = place.expect("the form was chosen because it has all the names");
            values[place] = value;
            last = last.max(place + 1);
        }
        values.truncate(last.max(required(form)));
        Ok(values)
    }
}

/// The argument at a place; null where it was left out. The single item of a list stands for itself.
fn argument(arguments: &[Value], place: usize) -> &Value {
    const NULL: &Value = &Value::Null;
    arguments.get(place).unwrap_or(NULL)
}

fn single(arguments: &[Value], place: usize) -> &Value {
    match argument(arguments, place) {
        Value::List(items) if items.len() == 1 => &items[0],
        other => other,
    }
}

fn mismatch(value: &Value, place: usize, expected: &str) -> Fault {
    Fault::null(format!("argument {} is {} and not a {expected}", place + 1, value.described()))
}

fn number(arguments: &[Value], place: usize) -> Result<Number, Fault> {
    match single(arguments, place) {
        Value::Number(number) => Ok(*number),
        other => Err(mismatch(other, place, "number")),
    }
}

fn text(arguments: &[Value], place: usize) -> Result<&str, Fault> {
    match single(arguments, place) {
        Value::String(text) => Ok(text),
        other => Err(mismatch(other, place, "string")),
    }
}

/// A whole number; digits behind the point are cut off.
fn index(arguments: &[Value], place: usize) -> Result<i64, Fault> {
    let number = number(arguments, place)?;
    number.to_index().ok_or_else(|| Fault::null(format!("argument {} is too large: {number}", place + 1)))
}

fn context(arguments: &[Value], place: usize) -> Result<&Arc<Context>, Fault> {
    match single(arguments, place) {
        Value::Context(context) => Ok(context),
        other => Err(mismatch(other, place, "context")),
    }
}

fn function(arguments: &[Value], place: usize) -> Result<&Function, Fault> {
    match single(arguments, place) {
        Value::Function(function) => Ok(function),
        other => Err(mismatch(other, place, "function")),
    }
}

/// A list; a single value is a list of itself, null is none.
fn items(arguments: &[Value], place: usize) -> Result<&[Value], Fault> {
    match argument(arguments, place) {
        Value::Null => Err(mismatch(&Value::Null, place, "list")),
        other => Ok(other.as_items()),
    }
}

/// The list of a variadic function: its only argument, or all of them.
fn all_items(arguments: &[Value]) -> Result<&[Value], Fault> {
    if arguments.len() == 1 { items(arguments, 0) } else { Ok(arguments) }
}

/// Pays for a list of that many items.
fn charge_items(machine: &mut Machine<'_>, count: usize) -> Result<(), Fault> {
    machine.budget.charge_memory((count * size_of::<Value>()) as u64)?;
    machine.budget.charge_steps(count as u64 / 2)?;
    Ok(())
}

/// Pays for a text of that many bytes.
fn charge_text(machine: &mut Machine<'_>, bytes: usize) -> Result<(), Fault> {
    machine.budget.charge_memory(bytes as u64)?;
    machine.budget.charge_steps(bytes as u64 / 64)?;
    Ok(())
}

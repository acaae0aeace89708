//! Values as text: what `string()` gives and what people read.

use std::fmt::{self, Write};

use crate::{Range, RangeForm, Value};

/// Bytes of a text.
struct Capped {
    text: String,
    bytes_max: usize,
}

impl Write for Capped {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        if self.text.len() + part.len() > self.bytes_max {
            return Err(fmt::Error);
        }
        self.text.push_str(part);
        Ok(())
    }
}

/// The text of a value; none if it is longer than allowed.
pub(crate) fn capped_text(value: &Value, bytes_max: usize) -> Option<String> {
    let mut capped = Capped { text: String::new(), bytes_max };
    write!(capped, "{value}").ok()?;
    Some(capped.text)
}

impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String(text) => formatter.write_str(text),
            other => nested(other, formatter),
        }
    }
}

fn nested(value: &Value, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    match value {
        Value::Null => formatter.write_str("null"),
        Value::Boolean(value) => write!(formatter, "{value}"),
        Value::Number(value) => write!(formatter, "{value}"),
        Value::String(text) => quoted(text, formatter),
        Value::Date(value) => write!(formatter, "{value}"),
        Value::Time(value) => write!(formatter, "{value}"),
        Value::DateTime(value) => write!(formatter, "{value}"),
        Value::DaysTime(value) => write!(formatter, "{value}"),
        Value::YearsMonths(value) => write!(formatter, "{value}"),
        Value::List(items) => {
            formatter.write_char('[')?;
            for (at, item) in items.iter().enumerate() {
                formatter.write_str(if at == 0 { "" } else { ", " })?;
                nested(item, formatter)?;
            }
            formatter.write_char(']')
        }
        Value::Context(context) => {
            formatter.write_char('{')?;
            for (at, (name, value)) in context.iter().enumerate() {
                formatter.write_str(if at == 0 { "" } else { ", " })?;
                write_key(name, formatter)?;
                formatter.write_str(": ")?;
                nested(value, formatter)?;
            }
            formatter.write_char('}')
        }
        Value::Range(value) => range(value, formatter),
        Value::Function(function) => write!(formatter, "function({})", function.parameters().join(", ")),
    }
}

/// A key as a name, or in quotes where it could not be read back.
fn write_key(name: &str, formatter: &mut impl Write) -> fmt::Result {
    let is_plain = !name.is_empty()
        && name.chars().all(|character| character.is_alphanumeric() || character == '_' || character == ' ')
        && !name.starts_with(|first: char| first.is_numeric() || first == ' ');
    if is_plain { formatter.write_str(name) } else { quoted(name, formatter) }
}

fn quoted(text: &str, formatter: &mut impl Write) -> fmt::Result {
    formatter.write_char('"')?;
    for character in text.chars() {
        match character {
            '"' => formatter.write_str("\\\"")?,
            '\\' => formatter.write_str("\\\\")?,
            '\n' => formatter.write_str("\\n")?,
            '\r' => formatter.write_str("\\r")?,
            '\t' => formatter.write_str("\\t")?,
            other => formatter.write_char(other)?,
        }
    }
    formatter.write_char('"')
}

fn range(range: &Range, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    match range.form {
        RangeForm::Interval => {
            formatter.write_char(if range.start_included { '[' } else { '(' })?;
            nested(&range.start, formatter)?;
            formatter.write_str("..")?;
            nested(&range.end, formatter)?;
            formatter.write_char(if range.end_included { ']' } else { ')' })
        }
        RangeForm::Different => prefixed("!=", &range.start, formatter),
        RangeForm::Comparison => match (&range.start, &range.end, range.start_included, range.end_included) {
            (Value::Null, end, _, true) => prefixed("<=", end, formatter),
            (Value::Null, end, _, false) => prefixed("<", end, formatter),
            (start, Value::Null, true, _) => prefixed(">=", start, formatter),
            (start, Value::Null, false, _) => prefixed(">", start, formatter),
            (start, ..) => prefixed("=", start, formatter),
        },
    }
}

fn prefixed(operator: &str, end: &Value, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(formatter, "({operator} ")?;
    nested(end, formatter)?;
    formatter.write_char(')')
}

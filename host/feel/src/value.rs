//! The values of FEEL.

mod compare;
mod display;
mod json;
pub(crate) mod measure;

use std::sync::Arc;

use crate::{Context, Date, DateTime, DaysTime, Function, Number, Range, Time, YearsMonths};

pub(crate) use compare::is_same;
pub(crate) use display::capped_text;

/// A value of FEEL. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub enum Value {
    #[default]
    Null,
    Boolean(bool),
    Number(Number),
    String(Arc<str>),
    Date(Date),
    Time(Time),
    DateTime(DateTime),
    DaysTime(DaysTime),
    YearsMonths(YearsMonths),
    List(Arc<Vec<Value>>),
    Context(Arc<Context>),
    Range(Arc<Range>),
    Function(Function),
}

impl Value {
    /// The name of its type, as FEEL writes it.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "Null",
            Self::Boolean(_) => "boolean",
            Self::Number(_) => "number",
            Self::String(_) => "string",
            Self::Date(_) => "date",
            Self::Time(_) => "time",
            Self::DateTime(_) => "date and time",
            Self::DaysTime(_) => "days and time duration",
            Self::YearsMonths(_) => "years and months duration",
            Self::List(_) => "list",
            Self::Context(_) => "context",
            Self::Range(_) => "range",
            Self::Function(_) => "function",
        }
    }

    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// What kind of thing it is and, if short, which: `number 12`, `list of 3`.
    #[must_use]
    pub fn described(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::List(items) => format!("list of {}", items.len()),
            Self::Context(_) | Self::Function(_) => self.type_name().to_owned(),
            Self::String(text) => format!("string \"{}\"", shortened(text)),
            other => format!("{} {other}", other.type_name()),
        }
    }

    #[must_use]
    pub fn list(items: Vec<Self>) -> Self {
        Self::List(Arc::new(items))
    }

    /// The items of a list; of a single value, itself.
    #[must_use]
    pub fn as_items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            other => std::slice::from_ref(other),
        }
    }
}

fn shortened(text: &str) -> String {
    const SHOWN_MAX: usize = 40;
    let mut shown = text.chars().take(SHOWN_MAX).collect::<String>();
    if text.len() > shown.len() {
        shown.push('…');
    }
    shown
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<Number> for Value {
    fn from(value: Number) -> Self {
        Self::Number(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Number(Number::from(value))
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::String(Arc::from(value))
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::String(Arc::from(value))
    }
}

impl From<Context> for Value {
    fn from(value: Context) -> Self {
        Self::Context(Arc::new(value))
    }
}

//! The values of FEEL.

use std::{cmp::Ordering, fmt, sync::Arc};

use crate::{Context, Date, DateTime, DaysTime, Function, Number, Range, Time, YearsMonths};

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
    #[must_use]
    pub fn from_json(_json: &serde_json::Value) -> Self {
        Self::Null
    }

    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::Value::Null
    }

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

    /// Equality of FEEL; none where the two cannot be compared.
    #[must_use]
    pub fn feel_eq(&self, _other: &Self) -> Option<bool> {
        None
    }

    /// Order of FEEL; none where the two have none.
    #[must_use]
    pub fn compare(&self, _other: &Self) -> Option<Ordering> {
        None
    }
}

impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.type_name())
    }
}

//! The types of FEEL, for `instance of`, for typed parameters, and for the item definitions of a decision model.

use crate::{Budget, Exceeded, Function, Value, function::Kind};

/// A type.
#[derive(Debug, Clone)]
pub enum Type {
    Any,
    Null,
    Boolean,
    Number,
    String,
    Date,
    Time,
    DateTime,
    DaysTime,
    YearsMonths,
    List(Box<Type>),
    /// The members it must have; it may have more.
    Context(Vec<(String, Type)>),
    Range(Box<Type>),
    Function(Vec<Type>, Box<Type>),
    /// A name that nobody defined; no value has it.
    Unknown(String),
}

impl Type {
    /// A type by one of the names that FEEL gives it.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Some(match name {
            "Any" => Self::Any,
            "Null" => Self::Null,
            "boolean" => Self::Boolean,
            "number" => Self::Number,
            "string" => Self::String,
            "date" => Self::Date,
            "time" => Self::Time,
            "date and time" | "dateTime" => Self::DateTime,
            "days and time duration" | "dayTimeDuration" => Self::DaysTime,
            "years and months duration" | "yearMonthDuration" => Self::YearsMonths,
            "list" => Self::List(Box::new(Self::Any)),
            "context" => Self::Context(Vec::new()),
            "range" => Self::Range(Box::new(Self::Any)),
            "function" => Self::Function(Vec::new(), Box::new(Self::Any)),
            _ => return None,
        })
    }

    /// Whether a value is of this type. The values that an item definition allows are not asked about here. Null is of the type `Null` only, but a member may be null.
    ///
    /// # Errors
    /// [`Exceeded`] when checking used up the budget.
    pub fn contains(&self, value: &Value, budget: &mut Budget) -> Result<bool, Exceeded> {
        budget.charge_steps(1)?;
        Ok(match (self, value) {
            (Self::Any, value) => !value.is_null(),
            (Self::Null, Value::Null)
            | (Self::Boolean, Value::Boolean(_))
            | (Self::Number, Value::Number(_))
            | (Self::String, Value::String(_))
            | (Self::Date, Value::Date(_))
            | (Self::Time, Value::Time(_))
            | (Self::DateTime, Value::DateTime(_))
            | (Self::DaysTime, Value::DaysTime(_))
            | (Self::YearsMonths, Value::YearsMonths(_)) => true,
            (Self::List(item), Value::List(items)) => {
                for value in items.iter() {
                    if !item.contains_or_null(value, budget)? {
                        return Ok(false);
                    }
                }
                true
            }
            (Self::Context(members), Value::Context(context)) => {
                for (name, member) in members {
                    match context.get(name) {
                        Some(value) if member.contains_or_null(value, budget)? => {}
                        _ => return Ok(false),
                    }
                }
                true
            }
            (Self::Range(end), Value::Range(range)) => {
                !(range.start.is_null() && range.end.is_null())
                    && end.contains_or_null(&range.start, budget)?
                    && end.contains_or_null(&range.end, budget)?
            }
            (Self::Function(parameters, _), Value::Function(function)) => function_conforms(function, parameters),
            _ => false,
        })
    }

    fn contains_or_null(&self, value: &Value, budget: &mut Budget) -> Result<bool, Exceeded> {
        Ok(value.is_null() || self.contains(value, budget)?)
    }
}

/// As many parameters as asked for; what a function returns is known only when it is called.
fn function_conforms(function: &Function, parameters: &[Type]) -> bool {
    match &*function.0 {
        Kind::BuiltIn(_) => true,
        Kind::Closure(_) | Kind::Given { .. } => {
            parameters.is_empty() || function.parameters().len() == parameters.len()
        }
    }
}

//! Types of a model as evaluation needs them: what conforms to them, and what is converted so that it does. Knows no XML.

use std::sync::{Arc, LazyLock};

use feel::{Call, Context, Exceeded, Expression, Names, Scope, UnaryTests, Value};

/// What a value must be.
#[derive(Debug)]
pub(crate) struct Type {
    /// As people know it: `tLoan`, `number`.
    pub name: String,
    pub shape: Shape,
    /// What each value, or each item of a list, must be.
    pub allowed: Option<UnaryTests>,
    /// What the value as a whole must be.
    pub constraint: Option<UnaryTests>,
}

/// What a value consists of.
#[derive(Debug, Clone)]
pub(crate) enum Shape {
    Any,
    Boolean,
    Number,
    String,
    Date,
    Time,
    DateTime,
    DaysTime,
    YearsMonths,
    /// Either kind of duration, for models that use a type of XML Schema.
    Duration,
    List(Arc<Type>),
    Context(Vec<(Arc<str>, Arc<Type>)>),
    Range(Arc<Type>),
    Function {
        parameters: Vec<Arc<Type>>,
        result: Arc<Type>,
    },
    /// A function of which nothing more is known.
    AnyFunction,
}

impl Type {
    /// A type without constraints.
    pub fn plain(name: &str, shape: Shape) -> Arc<Self> {
        Arc::new(Self { name: name.to_owned(), shape, allowed: None, constraint: None })
    }

    pub fn any() -> Arc<Self> {
        Self::plain("Any", Shape::Any)
    }

    /// A type of FEEL, or of DMN 1.1, by its name.
    pub fn built_in(name: &str) -> Option<Arc<Self>> {
        let inner =
            |prefix: &str| name.strip_prefix(prefix)?.trim().strip_prefix('<')?.strip_suffix('>').map(str::trim);
        let shape = match name {
            "Any" | "any" => Shape::Any,
            "boolean" => Shape::Boolean,
            "number" => Shape::Number,
            "string" => Shape::String,
            "date" => Shape::Date,
            "time" => Shape::Time,
            "date and time" | "dateTime" => Shape::DateTime,
            "days and time duration" | "dayTimeDuration" => Shape::DaysTime,
            "years and months duration" | "yearMonthDuration" => Shape::YearsMonths,
            "duration" => Shape::Duration,
            "list" | "List" => Shape::List(Self::any()),
            "context" | "Context" => Shape::Context(Vec::new()),
            "range" => Shape::Range(Self::any()),
            "function" | "Function" => Shape::AnyFunction,
            _ => match (inner("list"), inner("range")) {
                (Some(item), _) => Shape::List(Self::built_in(item)?),
                (_, Some(end)) => Shape::Range(Self::built_in(end)?),
                _ => return None,
            },
        };
        Some(Self::plain(name, shape))
    }

    /// A type of XML Schema, which models of DMN 1.1 use here and there.
    pub fn of_schema(name: &str) -> Option<Arc<Self>> {
        let shape = match name {
            "string" => Shape::String,
            "boolean" => Shape::Boolean,
            "decimal" | "double" | "float" | "integer" | "int" | "long" | "short" => Shape::Number,
            "date" => Shape::Date,
            "time" => Shape::Time,
            "dateTime" => Shape::DateTime,
            "dayTimeDuration" => Shape::DaysTime,
            "yearMonthDuration" => Shape::YearsMonths,
            "duration" => Shape::Duration,
            "anyType" => Shape::Any,
            _ => return None,
        };
        Some(Self::plain(name, shape))
    }

    /// Whether a value is of this type as it is. Null is of every type.
    ///
    /// # Errors
    /// [`Exceeded`] when the budget is used up.
    pub fn conforms(&self, value: &Value, call: &mut Call<'_>) -> Result<bool, Exceeded> {
        call.budget.charge_steps(1)?;
        if matches!(value, Value::Null) {
            return Ok(true);
        }
        Ok(self.shape.holds(value, call)? && self.allows(value, call)?)
    }

    /// Whether the constraints of this type allow a value of its shape.
    fn allows(&self, value: &Value, call: &mut Call<'_>) -> Result<bool, Exceeded> {
        if let Some(allowed) = &self.allowed {
            if let (Value::List(items), Shape::List(_)) = (value, &self.shape) {
                for item in items.iter() {
                    if !passes(allowed, item, call)? {
                        return Ok(false);
                    }
                }
            } else if !passes(allowed, value, call)? {
                return Ok(false);
            }
        }
        self.constraint.as_ref().map_or(Ok(true), |constraint| passes(constraint, value, call))
    }

    /// The value as this type has it: as it is, as a list of one, as the only item of a list, or as the midnight that begins a date.
    /// Nothing where it is of another type.
    ///
    /// # Errors
    /// [`Exceeded`] when the budget is used up.
    pub fn convert(&self, value: &Value, call: &mut Call<'_>) -> Result<Option<Value>, Exceeded> {
        if self.conforms(value, call)? {
            return Ok(Some(value.clone()));
        }
        let converted = match (&self.shape, value) {
            (Shape::List(_), Value::List(_)) => None,
            (Shape::List(_), single) => Some(Value::List(Arc::new(vec![single.clone()]))),
            (_, Value::List(items)) if items.len() == 1 => Some(items[0].clone()),
            (Shape::DateTime, date @ Value::Date(_)) => Some(midnight(date, call)?),
            _ => None,
        };
        match converted {
            Some(value) if self.conforms(&value, call)? => Ok(Some(value)),
            _ => Ok(None),
        }
    }
}

/// The moment at which a date begins in UTC.
fn midnight(date: &Value, call: &mut Call<'_>) -> Result<Value, Exceeded> {
    static MIDNIGHT: LazyLock<Expression> = LazyLock::new(|| {
        let names = Names::new(["day"]);
        Expression::parse("date and time(day, @\"00:00:00Z\")", &names).expect("the text is a constant that parses")
    });
    let scope = Scope::from_context([("day", date.clone())].into_iter().collect::<Context>());
    Ok(MIDNIGHT.evaluate(&scope, call.environment, call.budget)?.value)
}

/// Whether a value passes unary tests that use nothing but the value.
pub(crate) fn passes(tests: &UnaryTests, value: &Value, call: &mut Call<'_>) -> Result<bool, Exceeded> {
    let evaluation = tests.evaluate(value, &Scope::new(), call.environment, call.budget)?;
    Ok(matches!(evaluation.value, Value::Boolean(true)))
}

impl Shape {
    fn holds(&self, value: &Value, call: &mut Call<'_>) -> Result<bool, Exceeded> {
        Ok(match (self, value) {
            (Self::Any, _)
            | (Self::Boolean, Value::Boolean(_))
            | (Self::Number, Value::Number(_))
            | (Self::String, Value::String(_))
            | (Self::Date, Value::Date(_))
            | (Self::Time, Value::Time(_))
            | (Self::DateTime, Value::DateTime(_))
            | (Self::DaysTime | Self::Duration, Value::DaysTime(_))
            | (Self::YearsMonths | Self::Duration, Value::YearsMonths(_))
            | (Self::AnyFunction, Value::Function(_)) => true,
            (Self::Function { parameters, .. }, Value::Function(function)) => {
                function.parameters().len() == parameters.len()
            }
            (Self::List(item), Value::List(items)) => {
                for value in items.iter() {
                    if !item.conforms(value, call)? {
                        return Ok(false);
                    }
                }
                true
            }
            // An entry that is left out is null, and null is of every type: people leave out what they do not know.
            (Self::Context(members), Value::Context(context)) => {
                for (name, member) in members {
                    if let Some(value) = context.get(name)
                        && !member.conforms(value, call)?
                    {
                        return Ok(false);
                    }
                }
                true
            }
            (Self::Range(end), Value::Range(range)) => {
                end.conforms(&range.start, call)? && end.conforms(&range.end, call)?
            }
            _ => false,
        })
    }
}

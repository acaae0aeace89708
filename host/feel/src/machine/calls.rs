//! Calls: built-in functions, functions written in FEEL, functions of the caller and of the host.

use std::sync::Arc;

use super::{Answer, Machine, NODES_PER_CALL, VALUE_BYTES};
use crate::{
    Call, Exceeded, Fault, Function, Type, Value,
    builtin::{self, BuiltIn},
    function::{Closure, Kind},
    node::{Arguments, At, Definition},
};

/// What a call costs, compared with a step.
const CALL_STEPS: u64 = 20;

/// Arguments after evaluation.
enum Given {
    Positional(Vec<Value>),
    Named(Vec<(Arc<str>, Value)>),
}

impl Machine<'_> {
    #[inline(never)]
    pub(super) fn closure(&mut self, definition: &Arc<Definition>) -> Answer {
        self.budget.charge_memory((definition.captures.len() as u64 + 2) * VALUE_BYTES)?;
        let captures = definition.captures.iter().map(|source| self.source(*source)).collect();
        let closure = Closure { definition: Arc::clone(definition), captures, scope: self.scope.clone() };
        self.made(Value::Function(Function(Arc::new(Kind::Closure(closure)))))
    }

    /// A name that is called: what the scope has, or a function of the host.
    #[inline(never)]
    pub(super) fn call_global(
        &mut self,
        name: &str,
        built_in: Option<&'static BuiltIn>,
        arguments: &Arguments,
        at: At,
    ) -> Answer {
        match (self.scope.get(name).cloned(), built_in) {
            (Some(Value::Function(function)), _) => self.call_value(&Value::Function(function), arguments, at),
            (_, Some(built_in)) => self.call_built_in_node(built_in, arguments, at),
            (None, None) if self.environment.has_function(name) => {
                let Given::Positional(values) = self.given(arguments)? else {
                    return Ok(self.null(name, at, || "a function of the host takes its arguments by place".to_owned()));
                };
                let environment = self.environment;
                let result = environment.call(name, &values).map_err(Fault::Null);
                let value = self.settled(name, at, result)?;
                self.made(value)
            }
            (Some(value), None) => {
                Ok(self.null(name, at, || format!("{} is not a function and cannot be called", value.described())))
            }
            (None, None) => {
                Ok(self.null(name, at, || "there is no function of this name; check its spelling".to_owned()))
            }
        }
    }

    #[inline(never)]
    pub(super) fn call_built_in_node(&mut self, function: &'static BuiltIn, arguments: &Arguments, at: At) -> Answer {
        match arguments {
            Arguments::Positional(nodes) => {
                let mut values = Vec::with_capacity(nodes.len());
                for node in nodes {
                    values.push(self.evaluate(node)?);
                }
                self.call_built_in(function, &values, at)
            }
            Arguments::Named(_) => {
                let given = self.given(arguments)?;
                self.call_built_in_given(function, given, at)
            }
        }
    }

    fn given(&mut self, arguments: &Arguments) -> Result<Given, Exceeded> {
        Ok(match arguments {
            Arguments::Positional(nodes) => {
                let values = nodes.iter().map(|node| self.evaluate(node));
                Given::Positional(values.collect::<Result<_, _>>()?)
            }
            Arguments::Named(entries) => {
                let entries = entries.iter().map(|(name, node)| Ok((Arc::clone(name), self.evaluate(node)?)));
                Given::Named(entries.collect::<Result<_, _>>()?)
            }
        })
    }

    #[inline(never)]
    pub(super) fn call_value(&mut self, callee: &Value, arguments: &Arguments, at: At) -> Answer {
        let Value::Function(function) = callee else {
            let described = callee.described();
            return Ok(self.null("()", at, || format!("{described} is not a function and cannot be called")));
        };
        let given = self.given(arguments)?;
        if let Kind::BuiltIn(built_in) = &*function.0 {
            return self.call_built_in_given(built_in, given, at);
        }
        let values = match given {
            Given::Positional(values) => values,
            Given::Named(entries) => match ordered(&function.parameters(), entries) {
                Ok(values) => values,
                Err(reason) => return Ok(self.null(function.name(), at, || reason)),
            },
        };
        self.call_function(function, values, at)
    }

    fn call_built_in_given(&mut self, function: &'static BuiltIn, given: Given, at: At) -> Answer {
        match given {
            Given::Positional(values) => self.call_built_in(function, &values, at),
            Given::Named(entries) => match function.ordered(entries) {
                Ok(values) => self.call_built_in(function, &values, at),
                Err(reason) => Ok(self.null(function.name, at, || reason)),
            },
        }
    }

    fn call_built_in(&mut self, function: &'static BuiltIn, values: &[Value], at: At) -> Answer {
        let result = builtin::call(self, function, values);
        let value = self.settled(function.name, at, result)?;
        if matches!(value, Value::List(_) | Value::Context(_)) { self.made(value) } else { Ok(value) }
    }

    /// Calls any function with values in order; `sort` uses it too.
    #[inline(never)]
    pub(crate) fn call_function(&mut self, function: &Function, values: Vec<Value>, at: At) -> Answer {
        if self.budget.depth == 0 {
            return Err(Exceeded::Depth);
        }
        match &*function.0 {
            Kind::BuiltIn(built_in) => self.call_built_in(built_in, &values, at),
            Kind::Closure(closure) => self.call_closure(function, closure, values, at),
            Kind::Given { name, parameters, body } => {
                if values.len() != parameters.len() {
                    return Ok(self.null(name, at, || wrong_count(parameters.len(), values.len())));
                }
                // What the body evaluates starts with as much depth as is left here.
                let depth = self.budget.depth;
                let left = (self.nesting_max - self.nesting.min(self.nesting_max)) / NODES_PER_CALL;
                self.budget.depth = left.saturating_sub(1).min(depth - 1);
                let mut call =
                    Call { environment: self.environment, budget: &mut *self.budget, notes: &mut self.notes };
                let result = body.call(&values, &mut call);
                self.budget.depth = depth;
                let value = self.settled(name, at, result)?;
                self.made(value)
            }
        }
    }

    fn call_closure(&mut self, function: &Function, closure: &Closure, mut values: Vec<Value>, at: At) -> Answer {
        let definition = &closure.definition;
        if values.len() != definition.parameters.len() {
            return Ok(self.null("function", at, || wrong_count(definition.parameters.len(), values.len())));
        }
        let Some(body) = &definition.body else {
            return Ok(self.null("function", at, || {
                "external functions are not run here; write it in FEEL, or offer it as a function of the host"
                    .to_owned()
            }));
        };
        for (value, (name, kind)) in values.iter_mut().zip(&definition.parameters) {
            if let Some(kind) = kind
                && !self.fits(value, kind)?
            {
                let described = value.described();
                return Ok(self.null("function", at, || format!("{described} is not what the parameter {name} takes")));
            }
        }
        let base = self.stack.len();
        self.budget.charge_steps(CALL_STEPS)?;
        self.stack.extend(values);
        self.stack.resize(base + definition.slots.max(definition.parameters.len()), Value::Null);
        let outer_base = std::mem::replace(&mut self.base, base);
        let outer_scope = std::mem::replace(&mut self.scope, closure.scope.clone());
        let outer_function = self.current.replace(function.clone());
        self.budget.depth -= 1;
        let result = self.evaluate(body);
        self.budget.depth += 1;
        self.current = outer_function;
        self.scope = outer_scope;
        self.base = outer_base;
        self.stack.truncate(base);
        result
    }

    /// Whether a value is what a parameter takes; the single item of a list stands for itself.
    fn fits(&mut self, value: &mut Value, kind: &Type) -> Result<bool, Exceeded> {
        if value.is_null() || matches!(kind, Type::Any) || kind.contains(value, self.budget)? {
            return Ok(true);
        }
        let single = match value {
            Value::List(items) if items.len() == 1 => items[0].clone(),
            _ => return Ok(false),
        };
        let is_fit = kind.contains(&single, self.budget)?;
        if is_fit {
            *value = single;
        }
        Ok(is_fit)
    }
}

fn wrong_count(expected: usize, found: usize) -> String {
    format!("takes {expected} arguments and got {found}")
}

/// Named arguments in the order of the parameters.
fn ordered(parameters: &[&str], mut entries: Vec<(Arc<str>, Value)>) -> Result<Vec<Value>, String> {
    let mut values = Vec::with_capacity(parameters.len());
    for parameter in parameters {
        let Some(place) = entries.iter().position(|(name, _)| **name == **parameter) else {
            return Err(format!("the argument {parameter} is missing"));
        };
        values.push(entries.swap_remove(place).1);
    }
    match entries.first() {
        Some((name, _)) => Err(format!("there is no parameter {name}; there are {}", parameters.join(", "))),
        None => Ok(values),
    }
}

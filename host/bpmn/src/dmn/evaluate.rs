//! Evaluating decisions: each once for one set of inputs, what it requires before it, all from one budget.

mod call;
mod logic;
mod table;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use feel::{Budget, Call, Context, Environment, Exceeded, Note, Notes, Scope, Value};

use super::explain;
use super::logic::{Compiled, Decision, Element, Index, InputData, Logic, Parameter, Required, Service};
use super::trace::{DecisionTrace, Tracer};
use super::types::{Shape, Type};

/// Boxed expressions and decisions inside one another while they are evaluated, calls included.
const NESTING_MAX: u32 = 250;

/// The value of a decision with everything that explains it.
#[derive(Debug, Clone)]
pub struct Evaluated {
    pub value: Value,
    /// Why parts became null, in the order in which they did; the first ones where there are many.
    pub notes: Vec<Note>,
    /// Every decision that was evaluated, those that others required first.
    pub trace: Vec<DecisionTrace>,
}

/// One evaluation. Shared, because knowledge models are values while it runs.
#[derive(Debug)]
pub(crate) struct Run {
    pub compiled: Arc<Compiled>,
    pub tracer: Tracer,
    nesting: AtomicU32,
}

/// Evaluates a decision or a decision service.
pub(crate) fn evaluate(
    compiled: &Arc<Compiled>,
    index: Index,
    inputs: &Context,
    environment: &dyn Environment,
    budget: &mut Budget,
) -> Result<Evaluated, Exceeded> {
    let run = Arc::new(Run { compiled: Arc::clone(compiled), tracer: Tracer::default(), nesting: AtomicU32::new(0) });
    let mut notes = Notes::default();
    let mut call = Call { environment, budget, notes: &mut notes };
    let mut frame = Frame { inputs, values: HashMap::new() };
    let value = match &compiled.elements[index] {
        Element::Decision(decision) => run.decision(index, decision, &mut frame, &mut call),
        Element::Service(service) => run.service_with_inputs(service, &mut frame, &mut call),
        Element::Input(input) => run.input(input, &frame, &mut call),
        Element::Knowledge(_) => Ok(run.function(index)),
    };
    // Taken out before anything returns: function values in the trace hold the run that holds the trace.
    let trace = run.tracer.take();
    Ok(Evaluated { value: value?, notes: notes.into_vec(), trace })
}

/// The values of one set of inputs. A call of a decision service has a frame of its own.
#[derive(Debug)]
pub(crate) struct Frame<'i> {
    inputs: &'i Context,
    values: HashMap<Index, Value>,
}

impl Run {
    /// Goes one level deeper; `leave` comes after it.
    pub fn enter(&self, call: &mut Call<'_>) -> Result<(), Exceeded> {
        call.budget.charge_steps(1)?;
        if self.nesting.fetch_add(1, Ordering::Relaxed) >= NESTING_MAX {
            return Err(Exceeded::Depth);
        }
        Ok(())
    }

    pub fn leave(&self) {
        self.nesting.fetch_sub(1, Ordering::Relaxed);
    }

    fn required(&self, index: Index, frame: &mut Frame<'_>, call: &mut Call<'_>) -> Result<Value, Exceeded> {
        if let Some(value) = frame.values.get(&index) {
            return Ok(value.clone());
        }
        let value = match &self.compiled.elements[index] {
            Element::Input(input) => self.input(input, frame, call)?,
            _ => Value::Null,
        };
        frame.values.insert(index, value.clone());
        Ok(value)
    }

    /// The value that was given for an input: below the names of the imports, or by its own name.
    fn input(&self, input: &InputData, frame: &Frame<'_>, call: &mut Call<'_>) -> Result<Value, Exceeded> {
        let mut found = frame.inputs.get(input.path.first().map_or(&*input.name, |first| first));
        for name in input.path.iter().skip(1).chain((!input.path.is_empty()).then_some(&input.name)) {
            found = match found {
                Some(Value::Context(context)) => context.get(name),
                _ => None,
            };
        }
        let qualified = frame.inputs.get(&input.qualified);
        match qualified.or(found).or_else(|| frame.inputs.get(&input.name)) {
            Some(value) => convert(value, &input.type_, &input.name, call),
            None => {
                call.notes.add(&input.name, 0, "this input was not given, so it is null");
                Ok(Value::Null)
            }
        }
    }

    fn decision(
        self: &Arc<Self>,
        index: Index,
        decision: &Decision,
        frame: &mut Frame<'_>,
        call: &mut Call<'_>,
    ) -> Result<Value, Exceeded> {
        if let Some(value) = frame.values.get(&index) {
            return Ok(value.clone());
        }
        self.enter(call)?;
        let mut inputs = Vec::with_capacity(decision.requires.len());
        let mut names = Context::new();
        for required in &decision.requires {
            let value = match &self.compiled.elements[required.element] {
                Element::Decision(inner) => self.decision(required.element, inner, frame, call)?,
                _ => self.required(required.element, frame, call)?,
            };
            insert(&mut names, &required.path, &required.name, value.clone());
            inputs.push((Arc::clone(&required.name), value));
        }
        for required in &decision.knowledge {
            insert(&mut names, &required.path, &required.name, self.function(required.element));
        }
        self.tracer.begin();
        let outcome = self.logic(&decision.logic, &Scope::from_context(names), call);
        let tables = self.tracer.end();
        let value = convert(&outcome?, &decision.type_, &decision.name, call)?;
        let text = match &decision.logic {
            Logic::Literal(expression) => Some(expression.text()),
            _ => None,
        };
        let why = explain::line(&tables, text, &inputs);
        let (id, name) = (Arc::clone(&decision.id), Arc::clone(&decision.name));
        self.tracer.decided(DecisionTrace { id, name, inputs, value: value.clone(), tables, why });
        frame.values.insert(index, value.clone());
        self.leave();
        Ok(value)
    }

    /// A decision service that is asked from outside: its input decisions are inputs now.
    fn service_with_inputs(
        self: &Arc<Self>,
        service: &Service,
        frame: &mut Frame<'_>,
        call: &mut Call<'_>,
    ) -> Result<Value, Exceeded> {
        for (Parameter { name, type_ }, &element) in service.parameters.iter().zip(&service.inputs) {
            if matches!(self.compiled.elements[element], Element::Decision(_)) {
                let value = match frame.inputs.get(name) {
                    Some(value) => convert(value, type_, name, call)?,
                    None => {
                        call.notes.add(name, 0, "this input decision was not given, so it is null");
                        Value::Null
                    }
                };
                frame.values.insert(element, value);
            }
        }
        self.outputs(service, frame, call)
    }

    /// The result of a service: the value of its only output decision, or a context of several.
    pub fn outputs(
        self: &Arc<Self>,
        service: &Service,
        frame: &mut Frame<'_>,
        call: &mut Call<'_>,
    ) -> Result<Value, Exceeded> {
        let mut results = Context::new();
        let mut last = Value::Null;
        for &output in &service.outputs {
            if let Element::Decision(decision) = &self.compiled.elements[output] {
                last = self.decision(output, decision, frame, call)?;
                results.insert(Arc::clone(&decision.name), last.clone());
            }
        }
        let value = if service.outputs.len() == 1 { last } else { Value::Context(Arc::new(results)) };
        // Some models give the variable the type of the service itself, which is a function, and some that of its result.
        match &service.type_.shape {
            Shape::Function { result, .. } => convert(&value, result, &service.name, call),
            Shape::AnyFunction => Ok(value),
            _ => convert(&value, &service.type_, &service.name, call),
        }
    }

    /// The names of required knowledge, as contexts where it is imported.
    pub fn knowledge(self: &Arc<Self>, knowledge: &[Required]) -> Context {
        let mut names = Context::new();
        for required in knowledge {
            insert(&mut names, &required.path, &required.name, self.function(required.element));
        }
        names
    }
}

/// The value as a variable of that type has it; null with a note where it is of another type.
pub(crate) fn convert(value: &Value, type_: &Type, name: &str, call: &mut Call<'_>) -> Result<Value, Exceeded> {
    if let Some(converted) = type_.convert(value, call)? {
        return Ok(converted);
    }
    let mut shown: String = value.to_string().chars().take(80).collect();
    if shown.is_empty() {
        shown = value.type_name().to_owned();
    }
    call.notes.add(name, 0, format!("{shown} is not of the type {}, so it is null", type_.name));
    Ok(Value::Null)
}

/// Sets a name, below contexts that are made where there are none yet.
fn insert(context: &mut Context, path: &[Arc<str>], name: &Arc<str>, value: Value) {
    match path {
        [] => context.insert(Arc::clone(name), value),
        [outer, rest @ ..] => {
            let mut inner = match context.get(outer) {
                Some(Value::Context(inner)) => (**inner).clone(),
                _ => Context::new(),
            };
            insert(&mut inner, rest, name, value);
            context.insert(Arc::clone(outer), Value::Context(Arc::new(inner)));
        }
    }
}

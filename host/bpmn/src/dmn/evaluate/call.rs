//! Knowledge models, decision services and boxed functions as values that FEEL can call.

use std::collections::HashMap;
use std::sync::Arc;

use feel::{Call, Context, Fault, FunctionBody, Scope, Value};

use super::{Frame, Run};
use crate::dmn::logic::{Element, Function, Index, Parameter};
use crate::dmn::model::FunctionKind;

impl Run {
    /// A knowledge model or a decision service as a value.
    pub fn function(self: &Arc<Self>, index: Index) -> Value {
        let (name, parameters) = match &self.compiled.elements[index] {
            Element::Knowledge(knowledge) => (&knowledge.name, knowledge.function.parameters.as_slice()),
            Element::Service(service) => (&service.name, service.parameters.as_slice()),
            Element::Input(_) | Element::Decision(_) => return Value::Null,
        };
        let body = Arc::new(ElementBody { run: Arc::clone(self), index });
        value(name, parameters, body)
    }

    /// A boxed function as a value, with the names that it sees.
    pub fn boxed_function(self: &Arc<Self>, function: &Arc<Function>, scope: &Scope) -> Value {
        let body = BoxedBody { run: Arc::clone(self), function: Arc::clone(function), scope: scope.clone() };
        value(&function.name, &function.parameters, Arc::new(body))
    }
}

fn value(name: &str, parameters: &[Parameter], body: Arc<dyn FunctionBody>) -> Value {
    let parameters = parameters.iter().map(|parameter| parameter.name.to_string());
    Value::Function(feel::Function::new(name, parameters, body))
}

struct ElementBody {
    run: Arc<Run>,
    index: Index,
}

impl FunctionBody for ElementBody {
    fn call(&self, arguments: &[Value], call: &mut Call<'_>) -> Result<Value, Fault> {
        match &self.run.compiled.elements[self.index] {
            Element::Knowledge(knowledge) => {
                let mut names = self.run.knowledge(&knowledge.knowledge);
                if names.get(&knowledge.name).is_none() {
                    names.insert(Arc::clone(&knowledge.name), self.run.function(self.index));
                }
                let scope = Scope::from_context(names);
                invoke(&self.run, &knowledge.function, &scope, arguments, call)
            }
            Element::Service(service) => {
                let values = bind(&service.name, &service.parameters, arguments, call)?;
                let nothing = Context::new();
                let values: HashMap<Index, Value> = service.inputs.iter().copied().zip(values).collect();
                let mut frame = Frame { inputs: &nothing, values };
                let result = self.run.outputs(service, &mut frame, call)?;
                Ok(result)
            }
            Element::Input(_) | Element::Decision(_) => Err(Fault::Null("this is no function".to_owned())),
        }
    }
}

struct BoxedBody {
    run: Arc<Run>,
    function: Arc<Function>,
    scope: Scope,
}

impl FunctionBody for BoxedBody {
    fn call(&self, arguments: &[Value], call: &mut Call<'_>) -> Result<Value, Fault> {
        invoke(&self.run, &self.function, &self.scope, arguments, call)
    }
}

fn invoke(
    run: &Arc<Run>,
    function: &Function,
    scope: &Scope,
    arguments: &[Value],
    call: &mut Call<'_>,
) -> Result<Value, Fault> {
    if function.kind != FunctionKind::Feel {
        return Err(Fault::Null(format!("{} is an external function, and those are never called here", function.name)));
    }
    let values = bind(&function.name, &function.parameters, arguments, call)?;
    let names: Context =
        function.parameters.iter().zip(values).map(|(parameter, value)| (Arc::clone(&parameter.name), value)).collect();
    let value = run.logic(&function.body, &scope.child(names), call)?;
    match function.result.convert(&value, call)? {
        Some(value) => Ok(value),
        None => {
            Err(Fault::Null(format!("the result of {} is not of the type {}", function.name, function.result.name)))
        }
    }
}

/// The arguments as their parameters have them. A function is not called with an argument of another type: the call is null.
fn bind(name: &str, parameters: &[Parameter], arguments: &[Value], call: &mut Call<'_>) -> Result<Vec<Value>, Fault> {
    if parameters.len() != arguments.len() {
        let message = format!("{name} has {} parameters and was given {} arguments", parameters.len(), arguments.len());
        return Err(Fault::Null(message));
    }
    let mut values = Vec::with_capacity(arguments.len());
    for (parameter, argument) in parameters.iter().zip(arguments) {
        match parameter.type_.convert(argument, call)? {
            Some(value) => values.push(value),
            None => {
                let message = format!(
                    "the argument for {} of {name} is not of the type {}",
                    parameter.name, parameter.type_.name
                );
                return Err(Fault::Null(message));
            }
        }
    }
    Ok(values)
}

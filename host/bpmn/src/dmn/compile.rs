//! From models as their files say them to one that can be evaluated: imports, references, types and names are looked up, expressions
//! are parsed, circles are found. Everything wrong is reported at once.

mod graph;
mod imports;
mod logic;
mod names;
mod table;
pub(crate) mod types;

use std::collections::HashMap;
use std::sync::Arc;

use super::lint::Linter;
use super::logic::{
    Compiled, Decision, Element, Function, Index, InputData, Knowledge, Logic, Parameter, Required, Service,
};
use super::model::{self, FunctionDefinition, FunctionKind, Model, Reference};
use super::problem::Problems;
use super::source::Sources;
use super::types::{Shape, Type};
use names::Known;
use types::Types;

/// Elements of the graph in all models together.
const ELEMENTS_MAX: usize = 20_000;

/// A model and where its imports lead.
#[derive(Debug)]
pub(crate) struct Unit {
    pub model: Model,
    pub imports: Vec<UnitImport>,
}

#[derive(Debug)]
pub(crate) struct UnitImport {
    pub name: Arc<str>,
    /// None where the model was not found, which is a problem already.
    pub unit: Option<usize>,
}

/// Compiles a model with what it imports; the first unit is the model itself.
pub(crate) fn compile(model: Model, sources: &Sources, problems: &mut Problems) -> Compiled {
    let units = imports::load(model, sources, problems);
    let mut types = Types::new(&units, problems);
    types.resolve_all(problems);
    let places = places(&units, problems);
    let mut compiler = Compiler { units: &units, types, places: &places, problems, work: 0, linter: Linter::default() };
    let mut elements = Vec::with_capacity(places.order.len());
    for &(unit, place) in &places.order {
        elements.push(compiler.element(unit, place));
    }
    graph::check(&elements, &places, &units, problems);
    let own_count = places.order.iter().filter(|(unit, _)| *unit == 0).count();
    let (mut by_id, mut by_name) = (HashMap::new(), HashMap::new());
    for (index, element) in elements[..own_count].iter().enumerate() {
        let id = id_of(&units[0].model, places.order[index].1);
        if !id.is_empty() {
            by_id.insert(id.to_owned(), index);
        }
        by_name.entry(Arc::clone(element.name())).or_insert(index);
    }
    Compiled { elements, own_count, by_id, by_name, digest: imports::digest(&units) }
}

/// An element by its kind and its position among those of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Input(usize),
    Decision(usize),
    Knowledge(usize),
    Service(usize),
}

/// Where each element of each model is.
#[derive(Debug, Default)]
pub(crate) struct Places {
    /// Index to unit and place.
    pub order: Vec<(usize, Place)>,
    by_id: HashMap<(usize, String), Index>,
}

fn places(units: &[Unit], problems: &mut Problems) -> Places {
    let mut places = Places::default();
    for (unit, Unit { model, .. }) in units.iter().enumerate() {
        // Decisions first: a name that a decision shares with its input is the decision.
        let decisions = (0..model.decisions.len()).map(Place::Decision);
        let services = (0..model.services.len()).map(Place::Service);
        let knowledge = (0..model.knowledge.len()).map(Place::Knowledge);
        let inputs = (0..model.inputs.len()).map(Place::Input);
        for place in decisions.chain(services).chain(knowledge).chain(inputs) {
            if places.order.len() >= ELEMENTS_MAX {
                let message = format!("models have at most {ELEMENTS_MAX} elements together; split them by purpose");
                problems.error(&model.spot, "too-many-elements", message);
                return places;
            }
            let id = id_of(model, place);
            if !id.is_empty() {
                places.by_id.insert((unit, id.to_owned()), places.order.len());
            }
            places.order.push((unit, place));
        }
    }
    places
}

fn id_of(model: &Model, place: Place) -> &str {
    match place {
        Place::Input(at) => &model.inputs[at].id,
        Place::Decision(at) => &model.decisions[at].id,
        Place::Knowledge(at) => &model.knowledge[at].id,
        Place::Service(at) => &model.services[at].id,
    }
}

pub(crate) struct Compiler<'m, 'p> {
    pub units: &'m [Unit],
    pub types: Types<'m>,
    pub places: &'m Places,
    pub problems: &'p mut Problems,
    /// Names copied so far: what bounds the work that a model can ask for.
    pub work: u64,
    pub linter: Linter,
}

impl<'m> Compiler<'m, '_> {
    fn element(&mut self, unit: usize, place: Place) -> Element {
        let units: &'m [Unit] = self.units;
        let model = &units[unit].model;
        match place {
            Place::Input(at) => {
                let input = &model.inputs[at];
                let type_ = self.types.of(unit, input.variable.type_ref.as_ref(), self.problems);
                let path = imports::path(units, 0, unit).unwrap_or_default();
                let qualified = format!("{}#{}", model.namespace, input.name).into();
                Element::Input(InputData { name: Arc::clone(&input.name), path, qualified, type_ })
            }
            Place::Decision(at) => Element::Decision(self.decision(unit, &model.decisions[at])),
            Place::Knowledge(at) => Element::Knowledge(self.knowledge(unit, &model.knowledge[at])),
            Place::Service(at) => Element::Service(self.service(unit, &model.services[at])),
        }
    }

    fn decision(&mut self, unit: usize, decision: &'m model::Decision) -> Decision {
        let type_ = self.types.of(unit, decision.variable.type_ref.as_ref(), self.problems);
        let mut requires =
            self.required(unit, &decision.required_inputs, "input data", |place| matches!(place, Place::Input(_)));
        requires.extend(
            self.required(unit, &decision.required_decisions, "a decision", |place| {
                matches!(place, Place::Decision(_))
            }),
        );
        let knowledge = self.required_knowledge(unit, &decision.required_knowledge);
        let mut known = Known::default();
        self.know(&mut known, unit, requires.iter().chain(&knowledge));
        let logic = match &decision.logic {
            Some(logic) => self.logic(unit, logic, &mut known, &decision.name),
            None => {
                let message = format!("the decision `{}` has no expression; add one", decision.name);
                self.problems.warn(&decision.variable.spot, "no-logic", message);
                Logic::Broken(format!("the decision {} has no expression", decision.name))
            }
        };
        let (id, name) = (decision.id.as_str().into(), Arc::clone(&decision.name));
        Decision { id, name, type_, requires, knowledge, logic }
    }

    fn knowledge(&mut self, unit: usize, knowledge: &'m model::KnowledgeModel) -> Knowledge {
        let required = self.required_knowledge(unit, &knowledge.required_knowledge);
        let mut known = Known::default();
        self.know(&mut known, unit, required.iter());
        // A knowledge model may call itself.
        known.add(&knowledge.name);
        let own = self.types.of(unit, knowledge.variable.type_ref.as_ref(), self.problems);
        // The variable has the type of the function, or, in older models, of its result.
        let result = match &own.shape {
            Shape::Function { result, .. } => Arc::clone(result),
            Shape::AnyFunction => Type::any(),
            _ => own,
        };
        let function = if let Some(definition) = &knowledge.function {
            self.function(unit, definition, &known, &knowledge.name, result)
        } else {
            let message = format!("the knowledge model `{}` has no logic; add an encapsulated logic", knowledge.name);
            self.problems.warn(&knowledge.variable.spot, "no-logic", message);
            Function {
                name: Arc::clone(&knowledge.name),
                kind: FunctionKind::Feel,
                parameters: Vec::new(),
                result,
                body: Logic::Broken(format!("the knowledge model {} has no logic", knowledge.name)),
            }
        };
        Knowledge { name: Arc::clone(&knowledge.name), knowledge: required, function: Arc::new(function) }
    }

    /// A function definition. `result` is what its surroundings know of its result, for where it says nothing itself.
    pub fn function(
        &mut self,
        unit: usize,
        definition: &'m FunctionDefinition,
        known: &Known,
        name: &Arc<str>,
        result: Arc<Type>,
    ) -> Function {
        let mut inner = self.copy(known, definition.spot.clone());
        let mut parameters = Vec::new();
        for parameter in &definition.parameters {
            let type_ = self.types.of(unit, parameter.type_ref.as_ref(), self.problems);
            inner.add_typed(&parameter.name, &type_);
            parameters.push(Parameter { name: Arc::clone(&parameter.name), type_ });
        }
        let result = match &definition.result {
            Some(reference) => self.types.of(unit, Some(reference), self.problems),
            None => result,
        };
        let body = match (&definition.body, definition.kind) {
            (Some(body), FunctionKind::Feel) => self.logic(unit, body, &mut inner, name),
            (_, FunctionKind::Java | FunctionKind::Pmml) => {
                let message =
                    format!("`{name}` is an external function, and those are never called here; write it in FEEL");
                self.problems.warn(&definition.spot, "external-function", message);
                Logic::Broken(format!("{name} is an external function, and those are never called here"))
            }
            (None, FunctionKind::Feel) => {
                let message = format!("the function `{name}` has no expression; add one");
                self.problems.warn(&definition.spot, "no-logic", message);
                Logic::Broken(format!("the function {name} has no expression"))
            }
        };
        Function { name: Arc::clone(name), kind: definition.kind, parameters, result, body }
    }

    fn service(&mut self, unit: usize, service: &'m model::Service) -> Service {
        let is_decision = |place: Place| matches!(place, Place::Decision(_));
        let mut inputs = self.required(unit, &service.inputs, "input data", |place| matches!(place, Place::Input(_)));
        inputs.extend(self.required(unit, &service.input_decisions, "a decision", is_decision));
        let outputs = self.required(unit, &service.output_decisions, "a decision", is_decision);
        // The encapsulated decisions are found through what the outputs require; here they only have to exist.
        self.required(unit, &service.encapsulated_decisions, "a decision", is_decision);
        let parameters = inputs.iter().map(|input| self.parameter(input)).collect();
        Service {
            id: service.id.as_str().into(),
            name: Arc::clone(&service.name),
            parameters,
            inputs: inputs.into_iter().map(|input| input.element).collect(),
            outputs: outputs.into_iter().map(|output| output.element).collect(),
            type_: self.types.of(unit, service.variable.type_ref.as_ref(), self.problems),
        }
    }

    fn parameter(&mut self, input: &Required) -> Parameter {
        Parameter { name: Arc::clone(&input.name), type_: self.type_of(input.element) }
    }

    /// The type of the variable of an input or a decision.
    pub fn type_of(&mut self, element: Index) -> Arc<Type> {
        let (unit, place) = self.places.order[element];
        let model = &self.units[unit].model;
        let variable = match place {
            Place::Input(at) => &model.inputs[at].variable,
            Place::Decision(at) => &model.decisions[at].variable,
            Place::Knowledge(_) | Place::Service(_) => return Type::plain("function", Shape::AnyFunction),
        };
        self.types.of(unit, variable.type_ref.as_ref(), self.problems)
    }

    fn required_knowledge(&mut self, unit: usize, references: &[Reference]) -> Vec<Required> {
        self.required(unit, references, "a knowledge model or decision service", |place| {
            matches!(place, Place::Knowledge(_) | Place::Service(_))
        })
    }

    /// Looks references up; what is not there or of another kind is reported and left out.
    fn required(
        &mut self,
        unit: usize,
        references: &[Reference],
        kind: &str,
        fits: impl Fn(Place) -> bool,
    ) -> Vec<Required> {
        let mut required = Vec::new();
        for reference in references {
            let own = &self.units[unit].model.namespace;
            let owner = if reference.namespace.is_empty() || reference.namespace == *own {
                Some(unit)
            } else {
                self.units.iter().position(|other| other.model.namespace == reference.namespace)
            };
            let found =
                owner.and_then(|owner| self.places.by_id.get(&(owner, reference.id.clone())).map(|&at| (owner, at)));
            let Some((owner, element)) = found else {
                let message =
                    format!("there is no element `{}#{}`; mend the reference", reference.namespace, reference.id);
                self.problems.error(&reference.spot, "unknown-reference", message);
                continue;
            };
            let place = self.places.order[element].1;
            if !fits(place) {
                let message = format!("`{}` is not {kind}; refer to {kind} here", reference.id);
                self.problems.error(&reference.spot, "wrong-kind", message);
                continue;
            }
            let Some(path) = imports::path(self.units, unit, owner) else {
                let message = format!("`{}` is in a model that is not imported here; add an import", reference.id);
                self.problems.error(&reference.spot, "unknown-reference", message);
                continue;
            };
            let model = &self.units[owner].model;
            let name = match place {
                Place::Input(at) => &model.inputs[at].name,
                Place::Decision(at) => &model.decisions[at].name,
                Place::Knowledge(at) => &model.knowledge[at].name,
                Place::Service(at) => &model.services[at].name,
            };
            required.push(Required { path, name: Arc::clone(name), element });
        }
        required
    }

    /// Adds the names of required elements, those of imports below the name of the import.
    fn know<'r>(&mut self, known: &mut Known, _unit: usize, required: impl Iterator<Item = &'r Required>) {
        for required in required {
            let type_ = self.type_of(required.element);
            known.add_at(&required.path, &required.name, &type_);
        }
    }
}

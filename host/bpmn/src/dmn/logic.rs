//! A decision model ready to be evaluated: references, names and types looked up, expressions parsed. Shared between threads and never
//! changed. Knows no XML.

use std::collections::HashMap;
use std::sync::Arc;

use feel::{Expression, UnaryTests, Value};

use super::model::{FunctionKind, HitPolicy, Quantifier};
use super::types::Type;

/// Where an element is in [`Compiled::elements`].
pub(crate) type Index = usize;

/// All models of one set.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub elements: Vec<Element>,
    /// How many of them the first model has; they come first.
    pub own_count: usize,
    /// What the first model defines, by id and by name.
    pub by_id: HashMap<String, Index>,
    pub by_name: HashMap<Arc<str>, Index>,
    pub digest: [u8; 32],
}

#[derive(Debug)]
pub(crate) enum Element {
    Input(InputData),
    Decision(Decision),
    Knowledge(Knowledge),
    Service(Service),
}

impl Element {
    pub fn name(&self) -> &Arc<str> {
        match self {
            Self::Input(InputData { name, .. })
            | Self::Decision(Decision { name, .. })
            | Self::Knowledge(Knowledge { name, .. })
            | Self::Service(Service { name, .. }) => name,
        }
    }
}

#[derive(Debug)]
pub(crate) struct InputData {
    pub name: Arc<str>,
    /// The names of the imports on the way from the first model to this one.
    pub path: Vec<Arc<str>>,
    /// Its namespace and name, which nothing else has: `namespace#name`.
    pub qualified: Arc<str>,
    pub type_: Arc<Type>,
}

/// Something that an element uses, under the name by which its expressions know it.
#[derive(Debug, Clone)]
pub(crate) struct Required {
    pub path: Vec<Arc<str>>,
    pub name: Arc<str>,
    pub element: Index,
}

#[derive(Debug)]
pub(crate) struct Decision {
    pub id: Arc<str>,
    pub name: Arc<str>,
    pub type_: Arc<Type>,
    /// Inputs and decisions.
    pub requires: Vec<Required>,
    /// Knowledge models and decision services.
    pub knowledge: Vec<Required>,
    pub logic: Logic,
}

#[derive(Debug)]
pub(crate) struct Knowledge {
    pub name: Arc<str>,
    pub knowledge: Vec<Required>,
    pub function: Arc<Function>,
}

#[derive(Debug)]
pub(crate) struct Service {
    pub id: Arc<str>,
    pub name: Arc<str>,
    /// Input data first, then input decisions.
    pub parameters: Vec<Parameter>,
    pub inputs: Vec<Index>,
    pub outputs: Vec<Index>,
    pub type_: Arc<Type>,
}

#[derive(Debug)]
pub(crate) struct Parameter {
    pub name: Arc<str>,
    pub type_: Arc<Type>,
}

/// A boxed function or the logic of a knowledge model.
#[derive(Debug)]
pub(crate) struct Function {
    pub name: Arc<str>,
    pub kind: FunctionKind,
    pub parameters: Vec<Parameter>,
    pub result: Arc<Type>,
    pub body: Logic,
}

#[derive(Debug)]
pub(crate) enum Logic {
    Literal(Expression),
    Table(Box<Table>),
    Context(Vec<Entry>),
    List(Vec<Logic>),
    Relation {
        columns: Vec<Arc<str>>,
        rows: Vec<Vec<Logic>>,
    },
    Function(Arc<Function>),
    Invocation(Box<Invocation>),
    Conditional(Box<[Logic; 3]>),
    For {
        variable: Arc<str>,
        parts: Box<[Logic; 2]>,
    },
    Filter(Box<[Logic; 2]>),
    Quantified {
        quantifier: Quantifier,
        variable: Arc<str>,
        parts: Box<[Logic; 2]>,
    },
    /// Null with this note: there is nothing, or it could not be read.
    Broken(String),
}

#[derive(Debug)]
pub(crate) struct Entry {
    /// None for the result of the context.
    pub variable: Option<(Arc<str>, Arc<Type>)>,
    pub value: Logic,
}

/// An invocation as a call in FEEL, so that there is one place that knows what a call does.
#[derive(Debug)]
pub(crate) struct Invocation {
    pub called: Logic,
    /// The values by the names that `call` uses for them.
    pub arguments: Vec<(Arc<str>, Logic)>,
    pub call: Option<Expression>,
}

/// The name that the call of an invocation uses for what is called.
pub(crate) const CALLED: &str = "_called";

#[derive(Debug)]
pub(crate) struct Table {
    /// As people know it: the name of its decision, or that and the entry it stands in.
    pub name: Arc<str>,
    pub policy: HitPolicy,
    pub inputs: Vec<TableInput>,
    pub outputs: Vec<TableOutput>,
    pub annotations: Vec<String>,
    pub rules: Vec<Rule>,
}

#[derive(Debug)]
pub(crate) struct TableInput {
    /// Its label, or the text of its expression.
    pub label: Arc<str>,
    pub expression: Logic,
    pub type_: Arc<Type>,
    pub allowed: Option<UnaryTests>,
}

#[derive(Debug)]
pub(crate) struct TableOutput {
    pub name: Arc<str>,
    pub allowed: Option<UnaryTests>,
    /// The values in the order of their priority, the highest first.
    pub order: Vec<Value>,
    pub default: Option<Logic>,
}

#[derive(Debug)]
pub(crate) struct Rule {
    pub id: Arc<str>,
    pub conditions: Vec<Condition>,
    pub outputs: Vec<Logic>,
    pub annotations: Vec<String>,
}

#[derive(Debug)]
pub(crate) enum Condition {
    /// A dash.
    Anything,
    Tests(UnaryTests),
    /// Never matches, with this note.
    Broken(String),
}

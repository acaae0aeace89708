//! A decision model as its file says it, before names, types and references are looked up. Knows no FEEL: expressions are texts.

use std::sync::Arc;

use super::problem::Spot;

/// One file.
#[derive(Debug)]
pub(crate) struct Model {
    pub namespace: String,
    pub spot: Spot,
    pub imports: Vec<Import>,
    pub items: Vec<Item>,
    pub inputs: Vec<InputData>,
    pub decisions: Vec<Decision>,
    pub knowledge: Vec<KnowledgeModel>,
    pub services: Vec<Service>,
    /// SHA-256 over what the model means: see `digest`.
    pub digest: [u8; 32],
}

#[derive(Debug)]
pub(crate) struct Import {
    pub namespace: String,
    /// Empty: the elements of the imported model are used by their own names.
    pub name: String,
    pub location: Option<String>,
    pub spot: Spot,
}

/// A type by name, or by namespace and name where the file used a prefix.
#[derive(Debug, Clone)]
pub(crate) struct TypeRef {
    pub namespace: Option<String>,
    pub name: String,
    pub spot: Spot,
}

/// A text in an expression language.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    pub text: String,
    pub spot: Spot,
}

/// A type that the model defines, or a component of one.
#[derive(Debug)]
pub(crate) struct Item {
    pub name: String,
    pub spot: Spot,
    pub type_ref: Option<TypeRef>,
    pub components: Vec<Item>,
    /// What each value, or each item of a collection, must be.
    pub allowed: Option<Text>,
    /// What the value as a whole must be (DMN 1.5).
    pub constraint: Option<Text>,
    pub shape: ItemShape,
    pub function: Option<FunctionItem>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ItemShape {
    Single,
    Collection,
}

#[derive(Debug)]
pub(crate) struct FunctionItem {
    pub parameters: Vec<Variable>,
    pub result: Option<TypeRef>,
}

/// A name with a type: a variable, a parameter, a column.
#[derive(Debug, Clone)]
pub(crate) struct Variable {
    pub name: Arc<str>,
    pub type_ref: Option<TypeRef>,
    pub spot: Spot,
}

/// A reference to another element.
#[derive(Debug, Clone)]
pub(crate) struct Reference {
    /// Empty for the model itself.
    pub namespace: String,
    pub id: String,
    pub spot: Spot,
}

#[derive(Debug)]
pub(crate) struct InputData {
    pub id: String,
    pub name: Arc<str>,
    pub variable: Variable,
}

#[derive(Debug)]
pub(crate) struct Decision {
    pub id: String,
    pub name: Arc<str>,
    pub variable: Variable,
    pub required_inputs: Vec<Reference>,
    pub required_decisions: Vec<Reference>,
    pub required_knowledge: Vec<Reference>,
    pub logic: Option<Boxed>,
}

#[derive(Debug)]
pub(crate) struct KnowledgeModel {
    pub id: String,
    pub name: Arc<str>,
    pub variable: Variable,
    pub required_knowledge: Vec<Reference>,
    pub function: Option<FunctionDefinition>,
}

#[derive(Debug)]
pub(crate) struct Service {
    pub id: String,
    pub name: Arc<str>,
    pub variable: Variable,
    pub output_decisions: Vec<Reference>,
    pub encapsulated_decisions: Vec<Reference>,
    pub input_decisions: Vec<Reference>,
    pub inputs: Vec<Reference>,
}

/// An expression with its box.
#[derive(Debug)]
pub(crate) struct Boxed {
    pub spot: Spot,
    pub logic: Logic,
}

#[derive(Debug)]
pub(crate) enum Logic {
    Literal(Text),
    Table(Box<Table>),
    Context(Vec<Entry>),
    List(Vec<Boxed>),
    Relation {
        columns: Vec<Variable>,
        rows: Vec<Vec<Boxed>>,
    },
    Function(Box<FunctionDefinition>),
    Invocation {
        called: Box<Boxed>,
        bindings: Vec<(Variable, Option<Boxed>)>,
    },
    Conditional {
        condition: Box<Boxed>,
        yes: Box<Boxed>,
        no: Box<Boxed>,
    },
    For {
        variable: Arc<str>,
        list: Box<Boxed>,
        result: Box<Boxed>,
    },
    Filter {
        list: Box<Boxed>,
        matches: Box<Boxed>,
    },
    Quantified {
        quantifier: Quantifier,
        variable: Arc<str>,
        list: Box<Boxed>,
        satisfies: Box<Boxed>,
    },
    /// Something is missing here, and that is among the problems already.
    Missing(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quantifier {
    Some,
    Every,
}

/// An entry of a boxed context; the one without a name is the result.
#[derive(Debug)]
pub(crate) struct Entry {
    pub variable: Option<Variable>,
    pub value: Boxed,
}

#[derive(Debug)]
pub(crate) struct FunctionDefinition {
    pub kind: FunctionKind,
    pub parameters: Vec<Variable>,
    pub result: Option<TypeRef>,
    pub body: Option<Boxed>,
    pub spot: Spot,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FunctionKind {
    Feel,
    Java,
    Pmml,
}

#[derive(Debug)]
pub(crate) struct Table {
    pub spot: Spot,
    pub policy: HitPolicy,
    pub inputs: Vec<TableInput>,
    pub outputs: Vec<TableOutput>,
    pub annotations: Vec<String>,
    pub rules: Vec<Rule>,
}

/// How a table makes one result of the rules that match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HitPolicy {
    Unique,
    Any,
    Priority,
    First,
    RuleOrder,
    OutputOrder,
    Collect(Aggregation),
}

/// What a collecting table does with what it collects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aggregation {
    List,
    Sum,
    Count,
    Min,
    Max,
}

#[derive(Debug)]
pub(crate) struct TableInput {
    pub label: Option<String>,
    pub expression: Text,
    pub type_ref: Option<TypeRef>,
    pub values: Option<Text>,
}

#[derive(Debug)]
pub(crate) struct TableOutput {
    pub name: Option<Arc<str>>,
    pub label: Option<String>,
    pub type_ref: Option<TypeRef>,
    pub values: Option<Text>,
    pub default: Option<Text>,
}

#[derive(Debug)]
pub(crate) struct Rule {
    pub id: String,
    pub spot: Spot,
    pub inputs: Vec<Text>,
    pub outputs: Vec<Text>,
    pub annotations: Vec<String>,
}

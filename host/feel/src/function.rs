//! Functions as values: built in, written in FEEL, or given by the caller.

use std::{fmt, sync::Arc};

use crate::{Budget, Environment, Exceeded, Notes, Scope, Value, builtin::BuiltIn, node::Definition};

/// What a call may use besides its arguments.
pub struct Call<'a> {
    pub environment: &'a dyn Environment,
    pub budget: &'a mut Budget,
    pub notes: &'a mut Notes,
}

impl fmt::Debug for Call<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Call").field("budget", &self.budget).finish_non_exhaustive()
    }
}

/// Why a call has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The result is null, and this sentence is its note.
    #[error("{0}")]
    Null(String),
    #[error(transparent)]
    Exceeded(#[from] Exceeded),
}

impl Fault {
    pub(crate) fn null(reason: impl Into<String>) -> Self {
        Self::Null(reason.into())
    }
}

/// The body of a function that is not written in FEEL, such as a business knowledge model with a decision table.
pub trait FunctionBody: Send + Sync {
    /// # Errors
    /// [`Fault::Null`] makes the call null with a note, [`Fault::Exceeded`] ends the evaluation.
    fn call(&self, arguments: &[Value], call: &mut Call<'_>) -> Result<Value, Fault>;
}

/// A function as a value.
#[derive(Clone)]
pub struct Function(pub(crate) Arc<Kind>);

pub(crate) enum Kind {
    BuiltIn(&'static BuiltIn),
    Closure(Closure),
    Given { name: String, parameters: Vec<String>, body: Arc<dyn FunctionBody> },
}

/// A function written in FEEL, with what it knows of the place where it was written.
pub(crate) struct Closure {
    pub(crate) definition: Arc<Definition>,
    pub(crate) captures: Vec<Value>,
    pub(crate) scope: Scope,
}

impl Function {
    /// A function of the caller: the names of its parameters and what it does.
    #[must_use]
    pub fn new<P: Into<String>>(
        name: impl Into<String>,
        parameters: impl IntoIterator<Item = P>,
        body: Arc<dyn FunctionBody>,
    ) -> Self {
        let parameters = parameters.into_iter().map(Into::into).collect();
        Self(Arc::new(Kind::Given { name: name.into(), parameters, body }))
    }

    /// What it is called in notes.
    #[must_use]
    pub fn name(&self) -> &str {
        match &*self.0 {
            Kind::BuiltIn(function) => function.name,
            Kind::Closure(_) => "function",
            Kind::Given { name, .. } => name,
        }
    }

    /// The names of its parameters; those of the first form for a built-in function.
    #[must_use]
    pub fn parameters(&self) -> Vec<&str> {
        match &*self.0 {
            Kind::BuiltIn(function) => {
                let first = function.forms.first().copied().unwrap_or(&[]);
                first.iter().map(|name| name.trim_end_matches('?')).collect()
            }
            Kind::Closure(closure) => closure.definition.parameters.iter().map(|(name, _)| &**name).collect(),
            Kind::Given { parameters, .. } => parameters.iter().map(String::as_str).collect(),
        }
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}({})", self.name(), self.parameters().join(", "))
    }
}

//! Functions as values: built in, written in FEEL, or given by the caller.

use std::{fmt, sync::Arc};

use crate::{Budget, Environment, Exceeded, Notes, Value};

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
    Given { name: String, parameters: Vec<String>, body: Arc<dyn FunctionBody> },
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
}

impl fmt::Debug for Function {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Kind::Given { name, .. } = &*self.0;
        write!(formatter, "Function({name})")
    }
}

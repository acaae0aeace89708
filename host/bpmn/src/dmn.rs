//! DMN 1.1 to 1.5: reading decision models, checking them, and deciding with an explanation of every result.
//!
//! A model is read and compiled once ([`read`]) and then shared between threads and evaluated often ([`Definitions::evaluate`]). What
//! cannot be computed becomes null with a note, as DMN has it; a budget that is used up is an error, which is an incident.
//!
//! *Architecture Invariant:* pure; no I/O, no clock, no randomness. Imported models are given by the caller ([`Sources`]). External
//! functions (Java, PMML) are never called.

mod compile;
mod digest;
mod evaluate;
mod explain;
mod json;
mod lint;
mod logic;
mod model;
mod problem;
mod read;
mod source;
#[cfg(any(test, feature = "tck"))]
pub mod tck;
#[cfg(test)]
mod tests;
mod trace;
mod types;

use std::sync::Arc;

use feel::{Budget, Context, Environment, Exceeded};

pub use evaluate::Evaluated;
use logic::{Compiled, Decision, Element, Index, Service};
pub use model::{Aggregation, HitPolicy};
use problem::Problems;
pub use problem::{Problem, Severity};
pub use read::MODEL_BYTES_MAX;
pub use source::Sources;
pub use trace::{DecisionTrace, MatchedCondition, MatchedRule, TableOutcome, TableTrace};

/// Names that a message offers instead of an unknown one.
const OFFERED_MAX: usize = 20;

/// A decision model that can be evaluated, with everything that it imports. Cheap to clone and to share.
#[derive(Debug, Clone)]
pub struct Definitions {
    compiled: Arc<Compiled>,
    warnings: Arc<[Problem]>,
}

/// Something that a model offers to be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    pub id: Arc<str>,
    pub name: Arc<str>,
    pub kind: OfferedKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfferedKind {
    Decision,
    Service,
}

/// Why there is no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DmnError {
    #[error("the model has no decision or decision service `{name}`; it has {known}")]
    UnknownDecision { name: String, known: String },
    #[error("the decision `{decision}` was stopped: {exceeded}")]
    Exceeded { decision: String, exceeded: Exceeded },
}

/// Reads and compiles a model.
///
/// # Errors
/// Everything that is wrong with it or with what it imports, in the order of files and lines, warnings included.
pub fn read(xml: &str, sources: &Sources) -> Result<Definitions, Vec<Problem>> {
    let mut problems = Problems::default();
    match compiled(xml, sources, &mut problems) {
        Some(compiled) if !problems.has_errors() => {
            Ok(Definitions { compiled: Arc::new(compiled), warnings: problems.finish().into() })
        }
        _ => Err(problems.finish()),
    }
}

/// Reads a model as far as it can be read: what is wrong in it is null with a note when it is evaluated. For tools that show or test
/// models that are not finished; what is deployed is read by [`read`]. All problems are among the warnings.
///
/// # Errors
/// Everything that is wrong, where it is no model at all or its decisions can never end.
pub fn read_leniently(xml: &str, sources: &Sources) -> Result<Definitions, Vec<Problem>> {
    let mut problems = Problems::default();
    match compiled(xml, sources, &mut problems) {
        Some(compiled) if !problems.are_fatal() => {
            Ok(Definitions { compiled: Arc::new(compiled), warnings: problems.finish().into() })
        }
        _ => Err(problems.finish()),
    }
}

fn compiled(xml: &str, sources: &Sources, problems: &mut Problems) -> Option<Compiled> {
    let model = read::model("model.dmn", xml, problems)?;
    Some(compile::compile(model, sources, problems))
}

impl Definitions {
    /// The decisions and decision services of the model itself, in its order.
    pub fn decisions(&self) -> impl Iterator<Item = Offered> + '_ {
        let own = &self.compiled.elements[..self.compiled.own_count];
        own.iter().filter_map(|element| match element {
            Element::Decision(Decision { id, name, .. }) => {
                Some(Offered { id: Arc::clone(id), name: Arc::clone(name), kind: OfferedKind::Decision })
            }
            Element::Service(Service { id, name, .. }) => {
                Some(Offered { id: Arc::clone(id), name: Arc::clone(name), kind: OfferedKind::Service })
            }
            Element::Input(_) | Element::Knowledge(_) => None,
        })
    }

    /// What somebody should look at, although the model works.
    #[must_use]
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }

    /// SHA-256 of what the model and its imports mean: the same for another layout, diagram or description.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        self.compiled.digest
    }

    /// The inputs that a JSON object gives, with dates, times and durations where the model says that its texts are such.
    #[must_use]
    pub fn inputs_from_json(&self, json: &serde_json::Value) -> Context {
        json::inputs(&self.compiled, json)
    }

    /// Decides: evaluates a decision or a decision service, by id or by name, with everything that it requires.
    ///
    /// Inputs go by their names. Those of imported models may stand in a context with the name of the import, or under
    /// `namespace#name` where their names are not enough.
    ///
    /// # Errors
    /// [`DmnError::UnknownDecision`] with the names that there are, [`DmnError::Exceeded`] when the budget is used up.
    pub fn evaluate(
        &self,
        decision: &str,
        inputs: &Context,
        environment: &dyn Environment,
        budget: &mut Budget,
    ) -> Result<Evaluated, DmnError> {
        let index = self.find(decision)?;
        evaluate::evaluate(&self.compiled, index, inputs, environment, budget)
            .map_err(|exceeded| DmnError::Exceeded { decision: decision.to_owned(), exceeded })
    }

    fn find(&self, decision: &str) -> Result<Index, DmnError> {
        let found = self.compiled.by_id.get(decision).or_else(|| self.compiled.by_name.get(decision)).copied();
        let evaluable =
            found.filter(|&at| matches!(self.compiled.elements[at], Element::Decision(_) | Element::Service(_)));
        evaluable.ok_or_else(|| DmnError::UnknownDecision {
            name: decision.chars().take(80).collect(),
            known: self
                .decisions()
                .take(OFFERED_MAX)
                .map(|offered| format!("`{}`", offered.name))
                .collect::<Vec<_>>()
                .join(", "),
        })
    }
}

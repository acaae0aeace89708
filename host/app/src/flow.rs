//! Running flows: deploy, start, step, wait, and what people do with instances and tasks.
//!
//! `decide` is the one way in which an instance changes: a wave that is decided in memory and committed once, for the API, for jobs and
//! for what other instances send. `plan` turns it into rows, `jobs` brings what was waited for.

mod agenda;
mod decide;
mod delegation;
mod deploy;
mod instances;
mod jobs;
mod library;
mod outbound;
mod picture;
pub(crate) mod plan;
mod schedule;
mod simulate;
mod subject;
mod tasks;
mod timer;
mod value_chain;
mod world;

/// The words of the engine that callers speak.
pub use engine::flow as model;

pub use decide::FlowAnswer;
pub use delegation::Delegation;
pub use deploy::{DeployedVersion, Deployment, Resource};
pub use instances::{HistoryPage, IncidentReport, InstanceView, ModifyRequest, NewInstance};
pub use library::Library;
pub use picture::{Change, ImportLine, ImportOutcome, Imported, Report, import};
pub(crate) use plan::{order_key, reevaluate};
pub use schedule::ScheduleView;
pub use simulate::{Mock, MockMessage, Simulated, Simulation};
pub use store::{InstanceCounts, InstanceQuery};
pub use subject::TaskSubject;
pub use tasks::{TaskCompletion, TaskView, VoteRequest};
pub use timer::Missed;
pub use value_chain::{Part, ValueChain, ValueRow};

use engine::flow::Key;

/// What is wrong with the models, decision tables and forms of a plugin, apart from what they name.
#[must_use]
pub fn problems(resources: &[Resource]) -> Vec<domain::Problem> {
    deploy::candidates(resources).1.errors
}

/// Check models, decision tables and forms, apart from what they name.
#[must_use]
pub fn check(resources: &[Resource]) -> Report {
    deploy::candidates(resources).1
}

/// Compute beside the threads that answer: a model may be large and an expression may take a second of its budget, and others would wait
/// behind it.
pub(crate) fn aside<T>(work: impl FnOnce() -> T) -> T {
    let current = tokio::runtime::Handle::try_current();
    if current.is_ok_and(|runtime| runtime.runtime_flavor() == tokio::runtime::RuntimeFlavor::MultiThread) {
        return tokio::task::block_in_place(work);
    }
    work()
}

/// The key of an element, timer or subscription as it travels in ids.
///
/// # Errors
/// It is not one.
pub(crate) fn key_of(text: &str) -> Result<Key, String> {
    text.parse().map(Key).map_err(|_| format!("`{text}` is not the key of an element: a whole number"))
}

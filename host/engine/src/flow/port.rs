//! The words between the engine and its host: commands in, events and actions out, and what of the world an instance may ask.
//!
//! Commands are imperative, events past tense. An event says what happened and is kept for ever; an action says what the host has to do
//! now, in the same commit, and is forgotten.
//!
//! *Architecture Invariant:* nothing here knows how anything is stored or run.

mod action;
mod command;
mod event;

pub use action::{Action, OpenTask, TaskOutcome, Wanted};
pub use command::{Activation, Answer, Command, Finality, Verdict, Vote};
pub use event::{Event, IncidentCode, Place};

use bpmn::graph::{Binding, Process};
use domain::Problem;
use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Names one thing of one instance: an element, a timer, a subscription, an incident. Counted up from 1 and never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Key(pub u64);

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// What an instance may know of the world while it decides. The host answers from one snapshot; the answers belong to the read set.
pub trait World {
    fn now(&self) -> Timestamp;
    /// Zone of the instance: where a day of a duration is a calendar day.
    fn zone(&self) -> &TimeZone;
    /// What expressions may know: the same `now` and zone, and functions of the host such as `due(..)`.
    fn environment(&self) -> &dyn feel::Environment;
    /// Read-only names from outside, for example `ticket` and `requester`. A variable of the same name hides them.
    fn names(&self) -> &BTreeMap<String, feel::Value>;
    /// A called process. The same question must get the same answer for as long as the instance lives: it is pinned.
    fn process(&self, id: &str, binding: &Binding) -> Option<Arc<Process>>;
    /// Decide a table or another DMN decision.
    ///
    /// # Errors
    /// A sentence that says why there is no answer. It becomes an incident of the element.
    fn decide(
        &self,
        decision: &str,
        binding: &Binding,
        inputs: &feel::Context,
        budget: &mut feel::Budget,
    ) -> Result<Decided, String>;
}

#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    pub value: Value,
    /// Which rules matched and why, as data for the audit.
    pub explanation: Value,
}

/// Written limits. What goes past one is an incident of the element that did it, never an abort.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Elements that one wave may start; a loop without a wait ends here.
    pub activations_max: u32,
    /// Elements that may be alive at once.
    pub elements_max: usize,
    /// Runs of one activity that repeats.
    pub repetitions_max: usize,
    /// Bytes of all variables of an instance, as JSON.
    pub variables_bytes_max: usize,
    /// Call activities inside one another.
    pub call_depth_max: usize,
    /// Missed dates of a cycle that are made up for, one after the other.
    pub catch_up_max: u32,
    /// What all expressions of one command may cost together.
    pub expressions: feel::Budget,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            activations_max: 10_000,
            elements_max: 20_000,
            repetitions_max: 5_000,
            variables_bytes_max: 4 << 20,
            call_depth_max: 16,
            catch_up_max: 100,
            expressions: feel::Budget::default(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum Status {
    Running,
    Completed,
    Cancelled,
    /// An error end event that nothing caught.
    Failed {
        code: String,
    },
}

/// What one command brought about.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Step {
    /// In the order in which it happened.
    pub events: Vec<Event>,
    /// In the order in which the host must do it.
    pub actions: Vec<Action>,
}

/// A command that does not apply. The instance is unchanged.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    #[error("the instance has ended; start a new one")]
    Ended,
    #[error("there is no {what} `{id}` in this instance (any more); what it waited for has ended, so drop the command")]
    NotFound { what: &'static str, id: String },
    #[error("element `{element}` ({node}) is not waiting for that: it {state}")]
    WrongState { element: Key, node: String, state: String },
    #[error("process `{process}` has no {what}")]
    NoStart { process: String, what: String },
    #[error("nothing catches {what} `{code}` thrown at `{node}`; add a boundary event or complete the task")]
    NotCaught { what: &'static str, code: String, node: String },
    #[error("timer {timer} is due at {due}; send the command again then")]
    TooEarly { timer: Key, due: Timestamp },
    #[error("`{person}` is not asked in this approval; only those who are asked may vote")]
    NotAsked { person: String },
    #[error("the variables would need {bytes} bytes and {max} are allowed; send less")]
    TooLarge { bytes: usize, max: usize },
    /// Everything that is wrong with it, at once.
    #[error("{} problem(s); the first: {}", .0.len(), .0.first().map_or("none", |problem| problem.message.as_str()))]
    Problems(Vec<Problem>),
}

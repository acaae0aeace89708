//! How votes become a verdict.

use crate::bindings::approval::exports::weft::approval::rule as wire;
use crate::{Context, Fault, Instant, Object, Ticket, Value, convert};
use serde::de::DeserializeOwned;

mod tally;

pub use tally::{Tally, rounded_half_up};

/// What is to be approved, and who was asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    pub context: Context,
    pub ticket: Option<Ticket>,
    /// Ids of the people who were asked.
    pub approvers: Vec<String>,
    /// Parameters of this use of the rule.
    pub parameters: Object,
}

impl Request {
    /// For tests: asked of these people, about nothing.
    #[must_use]
    pub fn of(approvers: &[&str]) -> Self {
        Self {
            context: Context::of_plugin("flow"),
            ticket: None,
            approvers: approvers.iter().map(|&person| person.to_owned()).collect(),
            parameters: Object::new(),
        }
    }

    /// For tests: the same with parameters.
    #[must_use]
    pub fn with(mut self, parameters: Value) -> Self {
        self.parameters = parameters.as_object().cloned().unwrap_or_default();
        self
    }

    /// The parameters as a type of the plugin's own.
    ///
    /// # Errors
    /// They are of another shape.
    pub fn parameters<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        read(&self.parameters, "parameters")
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Approve,
    Reject,
    Abstain,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vote {
    pub person: String,
    /// Who answered in place of `person`.
    pub delegate: Option<String>,
    pub answer: Answer,
    pub at: Instant,
    pub comment: Option<String>,
}

impl Vote {
    /// For tests: an answer, `minute` minutes after the first instant.
    #[must_use]
    pub fn new(person: &str, answer: Answer, minute: i64) -> Self {
        let at = Instant::default().plus_minutes(minute);
        Self { person: person.to_owned(), delegate: None, answer, at, comment: None }
    }

    /// The same, given by somebody in their place.
    #[must_use]
    pub fn by(mut self, delegate: &str) -> Self {
        self.delegate = Some(delegate.to_owned());
        self
    }

    /// Whoever really answered.
    #[must_use]
    pub fn hand(&self) -> &str {
        self.delegate.as_deref().unwrap_or(&self.person)
    }
}

/// The decision and its reason, for people.
///
/// ```
/// use weft_sdk::approval::{Answer, Request, Verdict, Vote};
/// use weft_sdk::{Fault, Host};
///
/// pub fn anyone(_host: &impl Host, request: &Request, votes: &[Vote]) -> Result<Verdict, Fault> {
///     Ok(match votes.iter().find(|vote| vote.answer == Answer::Approve) {
///         Some(vote) => Verdict::Approved(format!("{} approved", vote.person)),
///         None => Verdict::Pending { needed: request.approvers.clone(), reason: "nobody approved yet".into() },
///     })
/// }
///
/// weft_sdk::approval! { decide: anyone }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Approved(String),
    Rejected(String),
    Pending { needed: Vec<String>, reason: String },
}

pub(crate) fn read<T: DeserializeOwned>(object: &Object, what: &str) -> Result<T, Fault> {
    T::deserialize(object)
        .map_err(|error| crate::Issue::new(format!("/{what}"), "invalid-value", format!("{what}: {error}")).into())
}

impl From<wire::Request> for Request {
    fn from(request: wire::Request) -> Self {
        Self {
            context: request.context.into(),
            ticket: request.ticket.map(Ticket::from),
            approvers: request.approvers,
            parameters: convert::object(&request.parameters),
        }
    }
}

impl From<wire::Vote> for Vote {
    fn from(vote: wire::Vote) -> Self {
        Self {
            person: vote.person,
            delegate: vote.delegate,
            answer: match vote.answer {
                wire::Answer::Approve => Answer::Approve,
                wire::Answer::Reject => Answer::Reject,
                wire::Answer::Abstain => Answer::Abstain,
            },
            at: convert::instant(&vote.at),
            comment: vote.comment,
        }
    }
}

impl From<Verdict> for wire::Verdict {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Approved(reason) => Self::Approved(reason),
            Verdict::Rejected(reason) => Self::Rejected(reason),
            Verdict::Pending { needed, reason } => Self::Pending(wire::Waiting { needed, reason }),
        }
    }
}

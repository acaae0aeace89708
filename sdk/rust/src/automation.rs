//! Steps that a plugin offers to flows.

use crate::bindings::automation::exports::weft::automation::step as wire;
use crate::{Context, Effects, Fault, Object, Ticket, Value, convert, json};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// A step that a flow takes.
#[derive(Debug, Clone, PartialEq)]
pub struct StepCall {
    pub context: Context,
    /// Which of the plugin's steps.
    pub step: String,
    pub ticket: Option<Ticket>,
    pub inputs: Object,
    /// How many times this step was tried before.
    pub attempt: u32,
}

impl StepCall {
    /// For tests: a first try of a step, made by a flow.
    #[must_use]
    pub fn new(step: &str, inputs: Value) -> Self {
        let inputs = inputs.as_object().cloned().unwrap_or_default();
        Self { context: Context::of_plugin("flow"), step: step.to_owned(), ticket: None, inputs, attempt: 0 }
    }

    /// The same about a ticket.
    #[must_use]
    pub fn on(mut self, ticket: Ticket) -> Self {
        self.ticket = Some(ticket);
        self
    }

    /// The inputs as a type of the plugin's own.
    ///
    /// # Errors
    /// They are of another shape.
    pub fn inputs<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        crate::approval::read(&self.inputs, "inputs")
    }

    /// For tests: the next call of the same step, with what the server that was called said.
    #[must_use]
    pub fn answered(mut self, status: u16, body: &str) -> Self {
        let answer = json!({"status": status, "headers": {}, "body": body});
        self.context.extra.insert("answer".to_owned(), answer);
        self
    }

    /// What came back for the request of [`Outcome::Call`]; none in the call that makes it.
    ///
    /// # Errors
    /// The host says it in another shape.
    pub fn answer(&self) -> Result<Option<Answer>, Fault> {
        let Some(answer) = self.context.extra.get("answer") else {
            return Ok(None);
        };
        let wrong = |error| Fault::Permanent(format!("the answer to `{}` cannot be read: {error}", self.step));
        Answer::deserialize(answer).map(Some).map_err(wrong)
    }

    /// The ticket that the step must have.
    ///
    /// # Errors
    /// The flow runs without one.
    pub fn ticket(&self) -> Result<&Ticket, Fault> {
        self.ticket.as_ref().ok_or_else(|| Fault::Permanent(format!("step `{}` needs a ticket", self.step)))
    }
}

/// What a server said to a request that the host made.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Answer {
    pub status: u16,
    /// By their names in lower case.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    #[serde(default)]
    pub body: String,
}

impl Answer {
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as JSON; none when it is something else.
    #[must_use]
    pub fn json(&self) -> Option<Value> {
        serde_json::from_str(&self.body).ok()
    }
}

/// What became of a step.
///
/// ```
/// use weft_sdk::automation::{Outcome, StepCall};
/// use weft_sdk::{Effects, Fault, Host, fake::FakeHost, json};
///
/// pub fn run(_host: &impl Host, call: &StepCall) -> Result<Outcome, Fault> {
///     let who = call.inputs.get("who").and_then(|who| who.as_str()).unwrap_or("world");
///     Ok(Outcome::done(json!({"greeting": format!("hello {who}")}), Effects::new()))
/// }
///
/// weft_sdk::automation! { run: run }
///
/// let done = run(&FakeHost::new(), &StepCall::new("greet", json!({"who": "Ana"}))).unwrap();
/// assert_eq!(done, Outcome::done(json!({"greeting": "hello Ana"}), Effects::new()));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Done {
        outputs: Value,
        effects: Effects,
    },
    /// An error that the flow can catch by its code.
    BpmnError {
        code: String,
        message: String,
    },
    /// A request that the host makes; its answer comes in the next call.
    Call {
        method: String,
        url: String,
        headers: Vec<(String, String)>,
        body: Option<String>,
    },
    /// Wait for a message.
    Wait {
        name: String,
        correlation_key: String,
        timeout_seconds: Option<u32>,
    },
}

impl Outcome {
    #[must_use]
    pub fn done(outputs: Value, effects: Effects) -> Self {
        Self::Done { outputs, effects }
    }

    #[must_use]
    pub fn bpmn_error(code: &str, message: impl Into<String>) -> Self {
        Self::BpmnError { code: code.to_owned(), message: message.into() }
    }
}

impl From<wire::StepCall> for StepCall {
    fn from(call: wire::StepCall) -> Self {
        Self {
            context: call.context.into(),
            step: call.step,
            ticket: call.ticket.map(Ticket::from),
            inputs: convert::object(&call.inputs),
            attempt: call.attempt,
        }
    }
}

impl From<Outcome> for wire::StepOutcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done { outputs, effects } => {
                Self::Done(wire::Completion { outputs: outputs.to_string(), effects: effects.into() })
            }
            Outcome::BpmnError { code, message } => Self::BpmnError(wire::BpmnFailure { code, message }),
            Outcome::Call { method, url, headers, body } => {
                let attr = |(name, value): (String, String)| wire::Attr { name, value: Value::from(value).to_string() };
                Self::Call(wire::HttpRequest { method, url, headers: headers.into_iter().map(attr).collect(), body })
            }
            Outcome::Wait { name, correlation_key, timeout_seconds } => {
                Self::Wait(wire::MessageWait { name, correlation_key, timeout: timeout_seconds })
            }
        }
    }
}

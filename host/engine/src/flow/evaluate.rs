//! Expressions of a model at work: what they see, what they may cost, and what counts as an answer.
//!
//! A condition that gives anything but true or false is a fault, never "false": a typing error in a model must not choose a path.

use super::machine::{Fault, Machine};
use super::port::{IncidentCode, Key};
use bpmn::expression::Expression;
use bpmn::graph::{FlowIndex, Node, NodeKind, Process, TextOrExpression};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::Value;

/// Reasons of a null that are told.
const NOTES_TOLD: usize = 2;

impl Machine<'_> {
    pub(super) fn evaluate(&mut self, at: Key, expression: &Expression) -> Result<feel::Value, Fault> {
        self.evaluate_noted(at, expression, None).map(|evaluation| evaluation.value)
    }

    /// Evaluate as if it were another moment, so that what was computed from `now()` stays as it was.
    pub(super) fn evaluate_noted(
        &mut self,
        at: Key,
        expression: &Expression,
        moment: Option<Timestamp>,
    ) -> Result<feel::Evaluation, Fault> {
        let mut context = feel::Context::new();
        for name in expression.free_names() {
            if let Some(value) = self.lookup(at, name) {
                context.insert(name.as_str(), feel::Value::from_json(&value));
            } else if let Some(value) = self.world.names().get(name.as_str()) {
                context.insert(name.as_str(), value.clone());
            }
        }
        let scope = feel::Scope::from_context(context);
        let environment = self.world.environment();
        let moved = moment.map(|now| AtMoment { now, inner: environment });
        let environment = moved.as_ref().map_or(environment, |moved| moved);
        expression
            .evaluate(&scope, environment, &mut self.budget)
            .map_err(|exceeded| Fault::new(IncidentCode::Limit, format!("`{}`: {exceeded}", expression.text())))
    }

    /// A condition: true or false, else a fault that says what it gave and why.
    pub(super) fn condition(&mut self, at: Key, expression: &Expression, of: &str) -> Result<bool, Fault> {
        let evaluation = self.evaluate_noted(at, expression, None)?;
        match evaluation.value {
            feel::Value::Boolean(holds) => Ok(holds),
            other => Err(unusable(expression, of, &other, &evaluation.notes, "true or false")),
        }
    }

    /// A text or the value of an expression.
    pub(super) fn value(&mut self, at: Key, source: &TextOrExpression) -> Result<Value, Fault> {
        match source {
            TextOrExpression::Text(text) => Ok(Value::String(text.clone())),
            TextOrExpression::Expression { expression } => self.evaluate_json(at, expression),
        }
    }

    /// A text that must not be empty, such as the name of a message.
    pub(super) fn text(&mut self, at: Key, source: &TextOrExpression, of: &str) -> Result<String, Fault> {
        match source {
            TextOrExpression::Text(text) => Ok(text.clone()),
            TextOrExpression::Expression { expression } => self.expression_text(at, expression, of),
        }
    }

    /// A text or number that an expression gives, as text.
    pub(super) fn expression_text(&mut self, at: Key, expression: &Expression, of: &str) -> Result<String, Fault> {
        let evaluation = self.evaluate_noted(at, expression, None)?;
        match to_json(&evaluation.value) {
            Value::String(text) if !text.is_empty() => Ok(text),
            Value::Number(number) => Ok(number.to_string()),
            _ => Err(unusable(expression, of, &evaluation.value, &evaluation.notes, "a text that is not empty")),
        }
    }

    /// A list of texts: an expression that gives a list, or texts between commas.
    pub(super) fn texts(&mut self, at: Key, source: &TextOrExpression, of: &str) -> Result<Vec<String>, Fault> {
        match self.value(at, source)? {
            Value::Null => Ok(Vec::new()),
            Value::String(text) => {
                Ok(text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect())
            }
            Value::Array(items) if items.iter().all(Value::is_string) => {
                Ok(items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
            }
            other => Err(Fault::new(
                IncidentCode::Expression,
                format!(
                    "{of} must be a list of texts, and is {}; change the expression",
                    shortened(&other.to_string())
                ),
            )),
        }
    }

    /// Which flows an element leaves by, in the order of the model.
    pub(super) fn choose_flows(&mut self, key: Key, process: &Process, node: &Node) -> Result<Vec<FlowIndex>, Fault> {
        let conditional = node.outgoing.iter().any(|flow| process.flows[*flow].condition.is_some());
        let choice = match node.kind {
            NodeKind::ParallelGateway => Choice::All,
            NodeKind::ExclusiveGateway => Choice::First,
            _ if conditional || node.default.is_some() => Choice::Matching,
            _ => Choice::All,
        };
        if matches!(choice, Choice::All) {
            return Ok(node.outgoing.clone());
        }
        let mut taken = Vec::new();
        for flow in node.outgoing.iter().copied().filter(|flow| Some(*flow) != node.default) {
            let holds = match &process.flows[flow].condition {
                None => true,
                Some(condition) => {
                    let of = format!("the condition of flow `{}`", process.flows[flow].id);
                    self.condition(key, condition, &of)?
                }
            };
            if holds {
                taken.push(flow);
                if matches!(choice, Choice::First) {
                    break;
                }
            }
        }
        // A default is taken when no condition holds; a flow without a condition is no condition.
        let any_condition = taken.iter().any(|flow| process.flows[*flow].condition.is_some());
        if !any_condition && (taken.is_empty() || !matches!(choice, Choice::First)) {
            taken.extend(node.default);
        }
        if taken.is_empty() && !node.outgoing.is_empty() {
            return Err(Fault::new(
                IncidentCode::NoFlow,
                format!(
                    "no condition of `{}` holds and it has no default flow; change a variable, or add a default",
                    node.id
                ),
            ));
        }
        if conditional && matches!(node.kind, NodeKind::ExclusiveGateway | NodeKind::InclusiveGateway) {
            self.explain_choice(key, process, &taken);
        }
        Ok(taken)
    }

    fn explain_choice(&mut self, key: Key, process: &Process, taken: &[FlowIndex]) {
        let ids: Vec<&str> = taken.iter().map(|flow| process.flows[*flow].id.as_str()).collect();
        let reasons: Vec<Value> = taken
            .iter()
            .filter_map(|flow| process.flows[*flow].condition.as_ref())
            .map(|condition| {
                let seen: domain::Object = condition
                    .free_names()
                    .iter()
                    .filter_map(|name| Some((name.clone(), self.lookup(key, name)?.into_owned())))
                    .filter(|(_, value)| !value.is_object() && !value.is_array())
                    .collect();
                serde_json::json!({ "condition": condition.text(), "variables": seen })
            })
            .collect();
        let place = self.place(key);
        let (value, explanation) = (serde_json::json!(ids), Value::Array(reasons));
        self.event(super::port::Event::Decided { place, value, explanation });
    }
}

#[derive(Clone, Copy)]
enum Choice {
    All,
    First,
    Matching,
}

/// JSON of a value of FEEL.
pub(super) fn to_json(value: &feel::Value) -> Value {
    value.to_json()
}

/// The fault of an expression that gave something else than was asked for.
pub(super) fn unusable(
    expression: &Expression,
    of: &str,
    value: &feel::Value,
    notes: &[feel::Note],
    wanted: &str,
) -> Fault {
    use std::fmt::Write as _;
    let mut message =
        format!("{of}, `{}`, must give {wanted}, and gave {}", expression.text(), shortened(&value.to_string()));
    for note in notes.iter().take(NOTES_TOLD) {
        write!(message, "; {note}").expect("writing to a text cannot fail");
    }
    Fault::new(IncidentCode::Expression, message)
}

/// Enough of a value to recognise it.
pub(super) fn shortened(text: &str) -> String {
    const SHOWN_CHARACTERS: usize = 120;
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The host's environment at another moment.
struct AtMoment<'a> {
    now: Timestamp,
    inner: &'a dyn feel::Environment,
}

impl feel::Environment for AtMoment<'_> {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn zone(&self) -> &TimeZone {
        self.inner.zone()
    }

    fn has_function(&self, name: &str) -> bool {
        self.inner.has_function(name)
    }

    fn call(&self, name: &str, arguments: &[feel::Value]) -> Result<feel::Value, String> {
        self.inner.call(name, arguments)
    }
}

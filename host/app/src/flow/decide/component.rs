//! Components and approval rules inside a wave: which one runs, what it is told, and what of its answer happens.

use super::{Run, Running};
use crate::decide::{check_grant, plugin_problem, understood};
use crate::error::{AppError, Result};
use crate::port::plugins::{self, ApprovalInput, Fault, StepInput, StepOutcome};
use crate::registry::Plugin;
use domain::flow::ComponentBinding;
use domain::job::OutboundRequest;
use domain::schedule::RetryPolicy;
use domain::{Actor, Effect, Object, PersonId};
use engine::flow::{self, Finality, Key};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Between attempts at a request when the model says nothing, as between attempts at a step.
const BACK_OFF_DEFAULT: &str = "PT10S,PT1M,PT10M";

impl Running<'_> {
    /// The plugin behind a name, as it was pinned, or why it cannot run.
    fn component(&self, name: &str) -> Result<(Arc<Plugin>, ComponentBinding), String> {
        let binding = self.deployed.component(name).ok_or_else(|| {
            format!("`{name}` was not known when the process was deployed; deploy it again, or migrate this instance")
        })?;
        let plugin = self.registry.plugin(&binding.plugin).ok_or_else(|| {
            format!("the plugin `{}` is not installed any more; install it and retry", binding.plugin)
        })?;
        if !plugin.is_active() {
            return Err(format!("the plugin `{}` is not enabled; enable it and retry", binding.plugin));
        }
        Ok((Arc::clone(plugin), binding.clone()))
    }

    /// A component's failure is the step's; one that is quarantined is waited for.
    async fn call(&self, plugin: &Arc<Plugin>, binding: &ComponentBinding) -> Result<plugins::Call> {
        if self.app.health.is_quarantined(plugin.id()) {
            return Err(AppError::Quarantined { plugin: plugin.id().0.clone() });
        }
        self.app.make_ready(plugin, binding).await?;
        let mut command = self.command.clone();
        command.actor = Actor::plugin(plugin.id());
        command.cause.command = format!("{}:{}", self.command.cause.command, self.runs);
        let mut call = self.app.call(plugin, &command, &self.space, &self.reads);
        call.digest = binding.digest.clone();
        Ok(call)
    }

    pub(super) async fn run_component(
        &mut self,
        run: Run<'_>,
        headers: &BTreeMap<String, String>,
        answer: Option<&Value>,
    ) -> Result<flow::Command> {
        let Run { element, name, inputs, attempt, before } = run;
        let failed =
            |message: String, finality| flow::Command::StepFailed { element, message, retry_at: None, finality };
        if let Some((_, why)) = self.refused.filter(|(run, _)| *run == self.runs) {
            return Ok(failed(why.clone(), Finality::Final));
        }
        let (plugin, binding) = match self.component(name) {
            Ok(found) => found,
            Err(message) => return Ok(failed(message, Finality::Final)),
        };
        let path = name.split('@').next().unwrap_or(name);
        let step = path.split_once('/').map_or(path, |(_, step)| step);
        let ticket =
            self.ticket.as_ref().and_then(|id| self.wave.ticket(id)).map(|working| working.after.ticket.clone());
        let text = Value::Object(inputs.clone()).to_string();
        let input = StepInput { step: step.to_owned(), ticket, inputs: text, attempt };
        let mut call = self.call(&plugin, &binding).await?;
        call.context.extra.extend(answer.map(|answer| ("answer".to_owned(), answer.clone())));
        let started = self.app.now();
        let answer = self.app.plugins.run_step(call, input).await;
        let outcome = match self.app.observe(&plugin, started, answer) {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(fault)) => return Ok(self.step_fault(element, fault)),
            // The node is full, and the step did nothing wrong: the wave is tried again as a whole.
            Err(error) if error.is_passing() => return Err(error),
            Err(error) => return Ok(failed(error_text(&error), Finality::MayRetry)),
        };
        Ok(match outcome {
            StepOutcome::Done { outputs, effects } => match self.carry_out(&plugin, &outputs, effects).await {
                Ok(outputs) => flow::Command::StepDone { element, outputs },
                Err(message) => failed(message, Finality::Final),
            },
            StepOutcome::BpmnError { code, message } => {
                flow::Command::StepError { element, code, message, variables: Object::new() }
            }
            StepOutcome::Call { method, url, headers: fields, body } => {
                let timeout = headers.get("timeout").and_then(|text| seconds(text));
                let declared = headers.get("idempotent").is_some_and(|text| text.trim() == "true");
                let request = OutboundRequest {
                    step: name.to_owned(),
                    attempt,
                    call: before.map_or(0, |before| before.call + 1),
                    headers: fields,
                    body,
                    timeout_seconds: timeout.or(before.map(|before| before.timeout_seconds)).unwrap_or(30),
                    inputs,
                    idempotent: before.map_or(declared, |before| before.idempotent),
                    policy: before.map_or_else(|| Some(policy(headers)), |before| before.policy.clone()),
                    ..OutboundRequest::new(plugin.id().clone(), method, url)
                };
                let body = request.body.as_deref();
                match crate::outbox::allowed(&plugin, &request.method, &request.url, body) {
                    Ok(()) => {
                        self.calls.push((element, request));
                        flow::Command::StepCalls { element }
                    }
                    Err(message) => failed(message, Finality::Final),
                }
            }
            StepOutcome::Wait { name, correlation_key, timeout_seconds } => flow::Command::StepWaits {
                element,
                name,
                correlation_key,
                timeout: timeout_seconds
                    .map(|seconds| self.command.now + jiff::SignedDuration::from_secs(i64::from(seconds))),
            },
        })
    }

    fn step_fault(&self, element: Key, fault: Fault) -> flow::Command {
        let (finality, retry_at) = match &fault {
            Fault::Retry(seconds) => {
                let at = self.command.now + jiff::SignedDuration::from_secs(i64::from(*seconds));
                (Finality::MayRetry, Some(at))
            }
            _ => (Finality::Final, None),
        };
        flow::Command::StepFailed { element, message: fault.to_string(), retry_at, finality }
    }

    /// Apply what a step wants to happen. On a failure the working set is as it was before the step.
    async fn carry_out(
        &mut self,
        plugin: &Arc<Plugin>,
        outputs: &str,
        effects: Vec<plugins::RawEffect>,
    ) -> Result<Object, String> {
        // A step that has nothing to say may say nothing.
        let outputs = if outputs.is_empty() { "{}" } else { outputs };
        let outputs: Object =
            serde_json::from_str(outputs).map_err(|error| format!("its outputs are no JSON object: {error}"))?;
        if effects.is_empty() {
            return Ok(outputs);
        }
        let effects = understood(plugin, effects).map_err(|error| error_text(&error))?;
        let before = self.wave.clone();
        let applied = self.apply(plugin, &effects).await;
        if let Err(message) = applied {
            self.wave = before;
            return Err(message);
        }
        self.effective.push(self.runs);
        self.effects.extend(effects);
        Ok(outputs)
    }

    async fn apply(&mut self, plugin: &Arc<Plugin>, effects: &[Effect]) -> Result<(), String> {
        self.app.load_named(&mut self.wave, effects).await.map_err(|error| error_text(&error))?;
        let by = self.app.by_plugin(plugin, &Actor::plugin(plugin.id()), &self.space);
        for (index, effect) in effects.iter().enumerate() {
            let pointer = format!("/steps/{}/{index}", self.runs);
            check_grant(plugin, &self.wave, effect, self.ticket.as_ref())
                .map_err(|why| error_text(&plugin_problem(plugin, &pointer, &why)))?;
            let slot = format!("f{}.{index}", self.runs);
            let number = self.app.number_for(self.registry, effect, self.numbers, &slot).await;
            let number = number.map_err(|error| error_text(&error))?;
            self.wave.apply(effect, self.ticket.as_ref(), &by, number, &pointer);
        }
        let problems: Vec<_> = self.wave.problems().iter().map(ToString::to_string).collect();
        if problems.is_empty() { Ok(()) } else { Err(problems.join("; ")) }
    }

    pub(super) async fn judge(
        &mut self,
        element: Key,
        rule: &str,
        parameters: Object,
        approvers: Vec<String>,
        votes: Vec<flow::Vote>,
    ) -> Result<flow::Command> {
        let faulted = |message: String| flow::Command::Verdict { element, verdict: flow::Verdict::Faulted { message } };
        let (plugin, binding) = match self.component(rule) {
            Ok(found) => found,
            Err(message) => return Ok(faulted(message)),
        };
        let input = ApprovalInput {
            ticket: self
                .ticket
                .as_ref()
                .and_then(|id| self.wave.ticket(id))
                .map(|working| working.after.ticket.clone()),
            approvers: approvers.into_iter().map(PersonId::from).collect(),
            parameters: Value::Object(parameters).to_string(),
            votes: votes.into_iter().map(vote).collect(),
        };
        let call = self.call(&plugin, &binding).await?;
        let started = self.app.now();
        let answer = self.app.plugins.decide(call, input).await;
        Ok(match self.app.observe(&plugin, started, answer) {
            Ok(Ok(verdict)) => flow::Command::Verdict { element, verdict: verdict_of(verdict) },
            Ok(Err(fault)) => faulted(fault.to_string()),
            Err(error) if error.is_passing() => return Err(error),
            Err(error) => faulted(error_text(&error)),
        })
    }
}

fn error_text(error: &AppError) -> String {
    let problems = match error {
        AppError::Invalid(problems) | AppError::Rejected { problems, .. } => problems.as_slice(),
        AppError::Plugin(fault) => return fault.to_string(),
        _ => &[],
    };
    if problems.is_empty() {
        return error.to_string();
    }
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// The step's own back-offs, for its requests.
fn policy(headers: &BTreeMap<String, String>) -> RetryPolicy {
    let backoff = headers.get("backoff").map_or(BACK_OFF_DEFAULT, String::as_str);
    let mut policy = RetryPolicy::listed(backoff).unwrap_or_default();
    if let Some(attempts) = headers.get("retries").and_then(|text| text.parse().ok()) {
        policy.attempts_max = attempts;
    }
    policy
}

fn seconds(duration: &str) -> Option<u32> {
    let span: jiff::Span = duration.parse().ok()?;
    let duration = span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok()?;
    u32::try_from(duration.as_secs()).ok()
}

fn vote(vote: flow::Vote) -> plugins::Vote {
    plugins::Vote {
        person: vote.person.into(),
        delegate: vote.delegate.map(Into::into),
        answer: match vote.answer {
            flow::Answer::Approve => plugins::Answer::Approve,
            flow::Answer::Reject => plugins::Answer::Reject,
            flow::Answer::Abstain => plugins::Answer::Abstain,
        },
        at: vote.at,
        comment: vote.comment,
    }
}

fn verdict_of(verdict: plugins::Verdict) -> flow::Verdict {
    match verdict {
        plugins::Verdict::Approved(reason) => flow::Verdict::Approved { reason },
        plugins::Verdict::Rejected(reason) => flow::Verdict::Rejected { reason },
        plugins::Verdict::Pending { needed, reason } => {
            flow::Verdict::Pending { needed: needed.into_iter().map(|person| person.0).collect(), reason }
        }
    }
}

//! Answers of a guest: measured against their limits, then turned into words of the port.

use crate::bindings::exports::weft::approval::rule;
use crate::bindings::exports::weft::automation::step;
use crate::bindings::weft::types::types as wit;
use crate::config::{RuntimeConfig, count, size};
use app::port::plugins::{Fault, FaultCause, RawEffect, StepOutcome, Verdict};
use domain::{PersonId, Problem};

/// Adds up what an answer holds and says when it is too much.
struct Measure<'a> {
    config: &'a RuntimeConfig,
    bytes: usize,
}

impl<'a> Measure<'a> {
    fn new(config: &'a RuntimeConfig) -> Self {
        Self { config, bytes: 0 }
    }

    fn text(mut self, text: &str) -> Self {
        self.bytes = self.bytes.saturating_add(text.len());
        self
    }

    fn list<T>(self, what: &str, items: &[T], each: impl Fn(Self, &T) -> Self) -> Result<Self, FaultCause> {
        let max = self.config.list_items_max;
        if items.len() > count(max) {
            return Err(FaultCause::BadAnswer(format!("{} {what}, {max} are allowed", items.len())));
        }
        Ok(items.iter().fold(self, each))
    }

    fn finish(self) -> Result<(), FaultCause> {
        let max = self.config.result_bytes_max;
        if self.bytes > size(max) { Err(FaultCause::ResultTooLarge(max)) } else { Ok(()) }
    }
}

pub(crate) fn effects(from: Vec<wit::Effect>, config: &RuntimeConfig) -> Result<Vec<RawEffect>, FaultCause> {
    Measure::new(config)
        .list("effects", &from, |measure, effect| measure.text(&effect.kind).text(&effect.data))?
        .finish()?;
    Ok(from.into_iter().map(|effect| RawEffect { kind: effect.kind, data: effect.data }).collect())
}

pub(crate) fn problems(from: Vec<wit::Issue>, config: &RuntimeConfig) -> Result<Vec<Problem>, FaultCause> {
    Measure::new(config)
        .list("issues", &from, |measure, issue| measure.text(&issue.pointer).text(&issue.code).text(&issue.message))?
        .finish()?;
    Ok(from.into_iter().map(|issue| Problem::new(issue.pointer, &issue.code, issue.message)).collect())
}

pub(crate) fn fault_from_guest(from: wit::Fault, config: &RuntimeConfig) -> Result<Fault, FaultCause> {
    Ok(match from {
        wit::Fault::Denied(reason) => Fault::Denied(reason),
        wit::Fault::Invalid(issues) => Fault::Invalid(problems(issues, config)?),
        wit::Fault::Retry(seconds) => Fault::Retry(seconds),
        wit::Fault::Permanent(reason) => Fault::Permanent(reason),
    })
}

pub(crate) fn verdict(from: rule::Verdict, config: &RuntimeConfig) -> Result<Verdict, FaultCause> {
    Ok(match from {
        rule::Verdict::Approved(reason) => Verdict::Approved(reason),
        rule::Verdict::Rejected(reason) => Verdict::Rejected(reason),
        rule::Verdict::Pending(waiting) => {
            Measure::new(config).list("people", &waiting.needed, |measure, id| measure.text(id))?.finish()?;
            let needed = waiting.needed.into_iter().map(PersonId).collect();
            Verdict::Pending { needed, reason: waiting.reason }
        }
    })
}

pub(crate) fn step_outcome(from: step::StepOutcome, config: &RuntimeConfig) -> Result<StepOutcome, FaultCause> {
    Ok(match from {
        step::StepOutcome::Done(done) => {
            Measure::new(config).text(&done.outputs).finish()?;
            StepOutcome::Done { outputs: done.outputs, effects: effects(done.effects, config)? }
        }
        step::StepOutcome::BpmnError(error) => StepOutcome::BpmnError { code: error.code, message: error.message },
        step::StepOutcome::Call(call) => {
            let headers = Measure::new(config)
                .text(&call.method)
                .text(&call.url)
                .text(call.body.as_deref().unwrap_or_default())
                .list("headers", &call.headers, |measure, header| measure.text(&header.name).text(&header.value))?;
            headers.finish()?;
            StepOutcome::Call {
                method: call.method,
                url: call.url,
                headers: call.headers.into_iter().map(|header| (header.name, header.value)).collect(),
                body: call.body,
            }
        }
        step::StepOutcome::Wait(wait) => {
            StepOutcome::Wait { name: wait.name, correlation_key: wait.correlation_key, timeout_seconds: wait.timeout }
        }
    })
}

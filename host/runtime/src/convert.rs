//! WIT values to words of the domain and back.
//!
//! What goes to a guest is moved where it can be. What comes from a guest is only counted and measured here: what it means, and
//! whether it is allowed, is decided where it is used.

mod answer;
mod word;

pub(crate) use answer::{effects, fault_from_guest, problems, step_outcome, verdict};
pub(crate) use word::{ci, clock, context, document, fault, instant, issue, person, raw_effects, ticket};

use crate::bindings::exports::weft::approval::rule;
use crate::bindings::exports::weft::automation::step;
use crate::bindings::exports::weft::practice::guard;
use crate::bindings::weft::types::types as wit;
use app::port::plugins::{Answer, ApprovalInput, Context, GuardInput, StepInput, Vote};
use domain::Event;

pub(crate) fn change(from: Context, input: GuardInput) -> guard::Change {
    guard::Change {
        context: context(from),
        before: input.before.map(ticket),
        after: ticket(input.after),
        effects: raw_effects(input.effects),
        clocks: input.clocks.into_iter().map(clock).collect(),
    }
}

pub(crate) fn event(event: Event) -> wit::Event {
    wit::Event {
        id: event.seq.to_string(),
        kind: event.kind,
        subject_kind: event.subject_kind,
        subject: event.subject,
        at: event.at.to_string(),
        actor: event.actor,
        data: event.data.to_string(),
    }
}

pub(crate) fn step_call(from: Context, input: StepInput) -> step::StepCall {
    step::StepCall {
        context: context(from),
        step: input.step,
        ticket: input.ticket.map(ticket),
        inputs: input.inputs,
        attempt: input.attempt,
    }
}

pub(crate) fn request(from: Context, input: ApprovalInput) -> (rule::Request, Vec<rule::Vote>) {
    let request = rule::Request {
        context: context(from),
        ticket: input.ticket.map(ticket),
        approvers: input.approvers.into_iter().map(|id| id.0).collect(),
        parameters: input.parameters,
    };
    (request, input.votes.into_iter().map(vote).collect())
}

fn vote(vote: Vote) -> rule::Vote {
    rule::Vote {
        person: vote.person.0,
        delegate: vote.delegate.map(|id| id.0),
        answer: match vote.answer {
            Answer::Approve => rule::Answer::Approve,
            Answer::Reject => rule::Answer::Reject,
            Answer::Abstain => rule::Answer::Abstain,
        },
        at: vote.at.to_string(),
        comment: vote.comment,
    }
}

//! The shared words, on their way to a guest.

use crate::bindings::weft::types::types as wit;
use app::port::plugins::{Context, Fault, RawEffect};
use domain::{Ci, Clock, ClockState, Object, Person, Problem, Record, Ticket};
use jiff::Timestamp;

pub(crate) fn context(from: Context) -> wit::Context {
    wit::Context {
        now: from.now.to_string(),
        seed: from.seed,
        actor: from.actor,
        actor_kind: from.actor_kind,
        roles: from.roles,
        locale: from.locale,
        zone: from.zone,
        space: from.space,
        depth: from.depth,
        dry_run: from.dry_run,
        origin: from.origin,
        correlation: from.correlation,
        extra: from.extra.into_iter().map(|(name, value)| wit::Attr { name, value: value.to_string() }).collect(),
    }
}

pub(crate) fn ticket(from: Ticket) -> wit::Ticket {
    wit::Ticket {
        id: from.id.0,
        number: from.number,
        kind: from.kind.0,
        space: from.space.0,
        state: from.state,
        title: from.title,
        requester: from.requester.map(|id| id.0),
        opened_by: from.opened_by.map(|id| id.0),
        group: from.group.map(|id| id.0),
        assignee: from.assignee.map(|id| id.0),
        parent: from.parent.map(|id| id.0),
        restricted: from.restricted,
        version: from.version,
        opened_at: from.opened_at.to_string(),
        updated_at: from.updated_at.to_string(),
        resolved_at: from.resolved_at.map(text),
        closed_at: from.closed_at.map(text),
        fields: object_text(&from.fields),
    }
}

pub(crate) fn clock(from: Clock) -> wit::Clock {
    wit::Clock {
        name: from.name,
        title: from.title,
        state: match from.state {
            ClockState::Running => "running",
            ClockState::Paused => "paused",
            ClockState::Stopped => "stopped",
            ClockState::Cancelled => "cancelled",
        }
        .to_owned(),
        started_at: from.started_at.to_string(),
        due_at: from.due_at.map(text),
        stopped_at: from.stopped_at.map(text),
        breached_at: from.breached_at.map(text),
        reason: from.reason,
        data: from.data.to_string(),
    }
}

pub(crate) fn ci(from: Ci) -> wit::Ci {
    wit::Ci {
        id: from.id.0,
        name: from.name,
        class: from.class,
        space: from.space.0,
        version: from.version,
        attributes: object_text(&from.attributes),
    }
}

pub(crate) fn document(from: Record) -> wit::Document {
    wit::Document {
        id: from.id.0,
        number: from.number,
        kind: from.kind.0,
        space: from.space.0,
        state: from.state,
        title: from.title,
        version: from.version,
        fields: object_text(&from.fields),
    }
}

pub(crate) fn person(from: Person) -> wit::Person {
    wit::Person {
        id: from.id.0,
        login: from.login,
        name: from.name,
        email: from.email,
        manager: from.manager.map(|id| id.0),
        locale: from.locale,
        zone: from.zone,
        active: from.active,
        attributes: object_text(&from.attributes),
    }
}

pub(crate) fn raw_effects(from: Vec<RawEffect>) -> Vec<wit::Effect> {
    from.into_iter().map(|effect| wit::Effect { kind: effect.kind, data: effect.data }).collect()
}

pub(crate) fn fault(from: Fault) -> wit::Fault {
    match from {
        Fault::Denied(reason) => wit::Fault::Denied(reason),
        Fault::Invalid(problems) => wit::Fault::Invalid(problems.into_iter().map(issue).collect()),
        Fault::Retry(seconds) => wit::Fault::Retry(seconds),
        Fault::Permanent(reason) => wit::Fault::Permanent(reason),
    }
}

pub(crate) fn issue(from: Problem) -> wit::Issue {
    wit::Issue { pointer: from.pointer, code: from.code, message: from.message }
}

/// An instant that a guest wrote.
///
/// # Errors
/// It is not RFC 3339: the guest's mistake, told to the guest.
pub(crate) fn instant(argument: &str, text: &str) -> Result<Timestamp, Fault> {
    text.parse().map_err(|_| {
        let problem = Problem::new(format!("/{argument}"), "invalid-instant", "not an instant by RFC 3339");
        Fault::Invalid(vec![problem])
    })
}

/// JSON text of an object, without a copy of the object.
pub(crate) fn object_text(object: &Object) -> String {
    serde_json::to_string(object).expect("an object of JSON values is JSON")
}

fn text(instant: Timestamp) -> String {
    instant.to_string()
}

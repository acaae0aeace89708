//! Between the records of the contract and the types that a plugin works with.
//!
//! The host checks what it sends, so JSON or an instant that cannot be read is a defect of the host: it ends the call with a
//! message, and nothing is committed.

use crate::bindings::imports::weft::host::{cis, log, tickets};
use crate::bindings::imports::weft::inventory::cis as inventory;
use crate::bindings::imports::weft::search::tickets as search;
use crate::bindings::imports::weft::types::types as wire;
use crate::host::{CiSearch, LogLevel, Search};
use crate::{
    ActorKind, Ci, Clock, ClockState, Context, Direction, Effect, Effects, Event, Fault, Instant, Issue, Object,
    Origin, Person, Record, Rejection, Relation, Ticket, TicketFilter, Value,
};

pub(crate) use wire::Fault as WireFault;

pub(crate) fn instant(text: &str) -> Instant {
    text.parse().unwrap_or_else(|error| panic!("from the host: {error}"))
}

pub(crate) fn object(text: &str) -> Object {
    match value(text) {
        Value::Object(object) => object,
        other => panic!("from the host: {other} is not a JSON object"),
    }
}

pub(crate) fn value(text: &str) -> Value {
    if text.is_empty() {
        return Value::Null;
    }
    serde_json::from_str(text).unwrap_or_else(|error| panic!("from the host: `{text}` is not JSON ({error})"))
}

impl From<wire::Context> for Context {
    fn from(context: wire::Context) -> Self {
        Self {
            now: instant(&context.now),
            seed: context.seed,
            actor: context.actor,
            actor_kind: match context.actor_kind.as_str() {
                "person" => ActorKind::Person,
                "plugin" => ActorKind::Plugin,
                _ => ActorKind::System,
            },
            roles: context.roles,
            locale: context.locale,
            zone: context.zone,
            space: context.space,
            depth: context.depth,
            dry_run: context.dry_run,
            origin: match context.origin.as_str() {
                "import" => Origin::Import,
                "timer" => Origin::Timer,
                "reaction" => Origin::Reaction,
                _ => Origin::Person,
            },
            correlation: context.correlation,
            extra: context.extra.into_iter().map(|attr| (attr.name, value(&attr.value))).collect(),
        }
    }
}

impl From<wire::Ticket> for Ticket {
    fn from(ticket: wire::Ticket) -> Self {
        Self {
            id: ticket.id,
            number: ticket.number,
            kind: ticket.kind,
            space: ticket.space,
            state: ticket.state,
            title: ticket.title,
            requester: ticket.requester,
            opened_by: ticket.opened_by,
            group: ticket.group,
            assignee: ticket.assignee,
            parent: ticket.parent,
            restricted: ticket.restricted,
            version: ticket.version,
            opened_at: instant(&ticket.opened_at),
            updated_at: instant(&ticket.updated_at),
            resolved_at: ticket.resolved_at.as_deref().map(instant),
            closed_at: ticket.closed_at.as_deref().map(instant),
            fields: object(&ticket.fields),
        }
    }
}

impl From<wire::Ci> for Ci {
    fn from(ci: wire::Ci) -> Self {
        let attributes = object(&ci.attributes);
        Self { id: ci.id, name: ci.name, class: ci.class, space: ci.space, version: ci.version, attributes }
    }
}

impl From<cis::Relation> for Relation {
    fn from(relation: cis::Relation) -> Self {
        let direction = match relation.direction {
            cis::Direction::Up => Direction::Up,
            cis::Direction::Down => Direction::Down,
        };
        Self { other: relation.other, kind: relation.kind, direction }
    }
}

impl From<Direction> for cis::Direction {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Up => Self::Up,
            Direction::Down => Self::Down,
        }
    }
}

impl From<wire::Document> for Record {
    fn from(record: wire::Document) -> Self {
        Self {
            id: record.id,
            number: record.number,
            kind: record.kind,
            space: record.space,
            state: record.state,
            title: record.title,
            version: record.version,
            fields: object(&record.fields),
        }
    }
}

impl From<wire::Person> for Person {
    fn from(person: wire::Person) -> Self {
        Self {
            id: person.id,
            login: person.login,
            name: person.name,
            email: person.email,
            manager: person.manager,
            locale: person.locale,
            zone: person.zone,
            active: person.active,
            attributes: object(&person.attributes),
        }
    }
}

impl From<wire::Clock> for Clock {
    fn from(clock: wire::Clock) -> Self {
        Self {
            name: clock.name,
            title: clock.title,
            state: match clock.state.as_str() {
                "running" => ClockState::Running,
                "paused" => ClockState::Paused,
                "stopped" => ClockState::Stopped,
                _ => ClockState::Cancelled,
            },
            started_at: instant(&clock.started_at),
            due_at: clock.due_at.as_deref().map(instant),
            stopped_at: clock.stopped_at.as_deref().map(instant),
            breached_at: clock.breached_at.as_deref().map(instant),
            reason: clock.reason,
            data: value(&clock.data),
        }
    }
}

impl From<wire::Event> for Event {
    fn from(event: wire::Event) -> Self {
        Self {
            id: event.id,
            kind: event.kind,
            subject_kind: event.subject_kind,
            subject: event.subject,
            at: instant(&event.at),
            actor: event.actor,
            data: object(&event.data),
        }
    }
}

impl From<wire::Effect> for Effect {
    fn from(effect: wire::Effect) -> Self {
        Self { kind: effect.kind.into(), data: object(&effect.data) }
    }
}

impl From<Effect> for wire::Effect {
    fn from(effect: Effect) -> Self {
        Self { kind: effect.kind.into_owned(), data: Value::Object(effect.data).to_string() }
    }
}

impl From<Effects> for Vec<wire::Effect> {
    fn from(effects: Effects) -> Self {
        effects.into_iter().map(wire::Effect::from).collect()
    }
}

impl From<wire::Issue> for Issue {
    fn from(issue: wire::Issue) -> Self {
        Self { pointer: issue.pointer, code: issue.code, message: issue.message }
    }
}

impl From<Issue> for wire::Issue {
    fn from(issue: Issue) -> Self {
        Self { pointer: issue.pointer, code: issue.code, message: issue.message }
    }
}

impl From<wire::Fault> for Fault {
    fn from(fault: wire::Fault) -> Self {
        match fault {
            wire::Fault::Denied(reason) => Self::Denied(reason),
            wire::Fault::Invalid(issues) => Self::Invalid(issues.into_iter().map(Issue::from).collect()),
            wire::Fault::Retry(seconds) => Self::Retry(seconds),
            wire::Fault::Permanent(reason) => Self::Permanent(reason),
        }
    }
}

impl From<Fault> for wire::Fault {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Denied(reason) => Self::Denied(reason),
            Fault::Invalid(issues) => Self::Invalid(issues.into_iter().map(wire::Issue::from).collect()),
            Fault::Retry(seconds) => Self::Retry(seconds),
            Fault::Permanent(reason) => Self::Permanent(reason),
        }
    }
}

impl From<&TicketFilter> for tickets::Filter {
    fn from(filter: &TicketFilter) -> Self {
        let TicketFilter { kind, group, assignee, requester, parent, open_only, linked_to } = filter.clone();
        Self { kind, group, assignee, requester, parent, open_only, linked_to }
    }
}

impl From<LogLevel> for log::Level {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Debug => Self::Debug,
            LogLevel::Info => Self::Info,
            LogLevel::Warn => Self::Warn,
            LogLevel::Error => Self::Error,
        }
    }
}

mod practice {
    use super::{Rejection, wire};
    use crate::bindings::guard::exports::weft::practice::guard;
    use crate::{Change, Clock, Effect, Ticket};

    impl From<guard::Change> for Change {
        fn from(change: guard::Change) -> Self {
            Self {
                context: change.context.into(),
                before: change.before.map(Ticket::from),
                after: change.after.into(),
                effects: change.effects.into_iter().map(Effect::from).collect(),
                clocks: change.clocks.into_iter().map(Clock::from).collect(),
            }
        }
    }

    impl From<Rejection> for guard::Rejection {
        fn from(rejection: Rejection) -> Self {
            Self { issues: rejection.issues.into_iter().map(wire::Issue::from).collect() }
        }
    }
}

impl From<&CiSearch> for inventory::Criteria {
    fn from(search: &CiSearch) -> Self {
        let attr = |(name, value): &(String, Value)| wire::Attr { name: name.clone(), value: value.to_string() };
        Self {
            class: search.class.clone(),
            space: search.space.clone(),
            name: search.name.clone(),
            attributes: search.attributes.iter().map(attr).collect(),
            after: search.after.clone(),
        }
    }
}

impl From<&Search> for search::Criteria {
    fn from(search: &Search) -> Self {
        let attr = |(name, value): &(String, Value)| wire::Attr { name: name.clone(), value: value.to_string() };
        Self {
            kind: search.kind.clone(),
            states: search.states.clone(),
            open_only: search.open_only,
            fields: search.fields.iter().map(attr).collect(),
        }
    }
}

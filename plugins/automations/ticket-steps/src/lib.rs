//! Ticket steps: what a flow does to its ticket. Each step says what shall happen; whether the kind of the ticket allows it is for
//! the host and the practice to decide in the same commit.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use weft_sdk::automation::{Outcome, StepCall};
use weft_sdk::prelude::*;
use weft_sdk::{CreateTicket, Issue};

weft_sdk::automation! { run: run }

/// What the host answers at most; a ticket with more open children is for a person to look at.
const CHILDREN_MAX: u32 = 200;

fn run(host: &impl Host, call: &StepCall) -> Result<Outcome, Fault> {
    let ticket = call.ticket()?;
    match call.step.as_str() {
        "transition" => transition(host, call, ticket),
        "assign" => assign(call),
        "comment" => comment(call),
        "set-fields" => set_fields(call),
        "create-ticket" => create_ticket(call, ticket),
        "link" => link(call, ticket),
        "watch" => watch(call),
        "close-children" => close_children(host, call, ticket),
        other => Err(Fault::Permanent(format!("`ticket-steps` has no step `{other}`"))),
    }
}

fn done(effects: Effects) -> Result<Outcome, Fault> {
    Ok(Outcome::done(json!({}), effects))
}

/// Where a comment can be read; everybody reads what nothing is said about.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Readers {
    #[default]
    Public,
    Internal,
}

impl From<Readers> for Visibility {
    fn from(readers: Readers) -> Self {
        match readers {
            Readers::Public => Self::Public,
            Readers::Internal => Self::Internal,
        }
    }
}

/// Says it, unless it is nothing.
fn saying(effects: Effects, text: Option<&str>, readers: Readers) -> Effects {
    match text.map(str::trim).filter(|text| !text.is_empty()) {
        Some(text) => effects.comment(readers.into(), text),
        None => effects,
    }
}

#[derive(Debug, Deserialize)]
struct Transition {
    to: String,
    comment: Option<String>,
    #[serde(default)]
    visibility: Readers,
    ticket: Option<String>,
}

/// The comment comes first: a transition may ask for one.
fn transition(host: &impl Host, call: &StepCall, ticket: &Ticket) -> Result<Outcome, Fault> {
    let inputs: Transition = call.inputs()?;
    let other = match inputs.ticket.as_deref().filter(|id| *id != ticket.id) {
        Some(id) => Some(host.ticket(id)?.ok_or_else(|| unknown_ticket(id))?),
        None => None,
    };
    let moved = other.as_ref().unwrap_or(ticket);
    let effects = if moved.state == inputs.to {
        Effects::new()
    } else {
        let effects = other.as_ref().map_or_else(Effects::new, |other| Effects::new().on(&other.id));
        saying(effects, inputs.comment.as_deref(), inputs.visibility).transition(&inputs.to)
    };
    Ok(Outcome::done(json!({"moved": moved.state != inputs.to}), effects))
}

fn unknown_ticket(id: &str) -> Fault {
    Issue::new("/inputs/ticket", "unknown-ticket", format!("there is no ticket `{id}`; give the id of one")).into()
}

/// What was left out stays as it is; null clears.
fn assign(call: &StepCall) -> Result<Outcome, Fault> {
    #[derive(Debug, Deserialize)]
    struct Assign {
        group: Option<String>,
        #[serde(default, deserialize_with = "present")]
        person: Option<Option<String>>,
    }
    let inputs: Assign = call.inputs()?;
    let effects = match (&inputs.group, &inputs.person) {
        (Some(group), Some(person)) => Effects::new().assign_in_group(group, person.as_deref()),
        (Some(group), None) => Effects::new().assign_group(group),
        (None, Some(Some(person))) => Effects::new().assign(person),
        (None, Some(None)) => Effects::new().unassign(),
        (None, None) => Effects::new(),
    };
    done(effects)
}

/// Tells `null` from absent.
fn present<'de, D: serde::Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

fn comment(call: &StepCall) -> Result<Outcome, Fault> {
    #[derive(Debug, Deserialize)]
    struct Comment {
        body: String,
        #[serde(default)]
        visibility: Readers,
    }
    let inputs: Comment = call.inputs()?;
    done(saying(Effects::new(), Some(&inputs.body), inputs.visibility))
}

fn set_fields(call: &StepCall) -> Result<Outcome, Fault> {
    #[derive(Debug, Deserialize)]
    struct SetFields {
        fields: Object,
    }
    let inputs: SetFields = call.inputs()?;
    done(inputs.fields.into_iter().fold(Effects::new(), |effects, (field, value)| effects.set_field(&field, value)))
}

fn create_ticket(call: &StepCall, ticket: &Ticket) -> Result<Outcome, Fault> {
    #[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Belongs {
        #[default]
        Child,
        None,
    }
    #[derive(Debug, Deserialize)]
    struct Create {
        kind: String,
        title: String,
        space: Option<String>,
        requester: Option<String>,
        group: Option<String>,
        assignee: Option<String>,
        #[serde(default)]
        relation: Belongs,
        #[serde(default)]
        restricted: bool,
        fields: Option<Object>,
    }
    let inputs: Create = call.inputs()?;
    let space = inputs.space.as_deref().unwrap_or(&ticket.space);
    let mut new = CreateTicket::new(&inputs.kind, space, &inputs.title);
    if let Some(requester) = inputs.requester.as_deref().or(ticket.requester.as_deref()) {
        new = new.requester(requester);
    }
    if let Some(group) = &inputs.group {
        new = new.group(group);
    }
    if let Some(assignee) = &inputs.assignee {
        new = new.assignee(assignee);
    }
    if inputs.relation == Belongs::Child {
        new = new.parent(&ticket.id);
    }
    // What only a few may see does not get a child that more can.
    if inputs.restricted || (ticket.restricted && inputs.relation == Belongs::Child) {
        new = new.restricted();
    }
    let fields = inputs.fields.unwrap_or_default();
    done(Effects::new().create_ticket(fields.into_iter().fold(new, |new, (field, value)| new.field(&field, value))))
}

fn link(call: &StepCall, ticket: &Ticket) -> Result<Outcome, Fault> {
    #[derive(Debug, Deserialize)]
    struct Link {
        r#type: String,
        other: String,
    }
    let inputs: Link = call.inputs()?;
    if inputs.other == ticket.id {
        return Err(Issue::new("/inputs/other", "same-ticket", "a ticket is not linked to itself").into());
    }
    done(Effects::new().link(&inputs.r#type, &inputs.other))
}

fn watch(call: &StepCall) -> Result<Outcome, Fault> {
    #[derive(Debug, Deserialize)]
    struct Watch {
        people: Vec<String>,
    }
    let inputs: Watch = call.inputs()?;
    let people: Vec<&str> = inputs.people.iter().map(String::as_str).collect();
    done(if people.is_empty() { Effects::new() } else { Effects::new().watch(&people) })
}

fn close_children(host: &impl Host, call: &StepCall, ticket: &Ticket) -> Result<Outcome, Fault> {
    #[derive(Debug, Deserialize)]
    struct CloseChildren {
        to: String,
        kind: Option<String>,
        comment: Option<String>,
    }
    let inputs: CloseChildren = call.inputs()?;
    let filter = TicketFilter::new().parent(&ticket.id).open();
    let filter = inputs.kind.iter().fold(filter, |filter, kind| filter.kind(kind));
    let children = host.tickets(&filter, CHILDREN_MAX)?;
    if children.len() == CHILDREN_MAX as usize {
        let number = ticket.label();
        return Err(Fault::Permanent(format!(
            "{number} has {CHILDREN_MAX} open children or more: end some by hand first"
        )));
    }
    let end = |effects: Effects, child: &Ticket| {
        saying(effects.on(&child.id), inputs.comment.as_deref(), Readers::Public).transition(&inputs.to)
    };
    let effects = children.iter().fold(Effects::new(), end);
    Ok(Outcome::done(json!({"count": children.len()}), effects))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket() -> Ticket {
        Ticket::new("T1", "request").for_requester("erin")
    }

    fn step(host: &FakeHost, step: &str, inputs: Value, ticket: Ticket) -> Result<Outcome, Fault> {
        run(host, &StepCall::new(step, inputs).on(ticket))
    }

    #[track_caller]
    fn check(name: &str, inputs: Value, expected: Effects) {
        match step(&FakeHost::new(), name, inputs, ticket()) {
            Ok(Outcome::Done { effects, .. }) => assert_eq!(effects, expected),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_ticket_is_moved_with_the_comment_that_the_move_may_need() {
        check("transition", json!({"to": "approval"}), Effects::new().transition("approval"));
        check(
            "transition",
            json!({"to": "cancelled", "comment": "Mona rejected it."}),
            Effects::new().comment_public("Mona rejected it.").transition("cancelled"),
        );
        check(
            "transition",
            json!({"to": "cancelled", "comment": "Too dear.", "visibility": "internal"}),
            Effects::new().comment_internal("Too dear.").transition("cancelled"),
        );
        check("transition", json!({"to": "new", "comment": "Already there."}), Effects::new());
        let moved = step(&FakeHost::new(), "transition", json!({"to": "new"}), ticket());
        assert_eq!(moved, Ok(Outcome::done(json!({"moved": false}), Effects::new())));
    }

    #[test]
    fn another_ticket_is_moved_by_its_id() {
        let host = FakeHost::new().with_ticket(Ticket::new("T2", "task"));
        let other = step(&host, "transition", json!({"to": "closed", "ticket": "T2"}), ticket());
        assert_eq!(other, Ok(Outcome::done(json!({"moved": true}), Effects::new().on("T2").transition("closed"))));
        assert!(step(&host, "transition", json!({"to": "closed", "ticket": "T3"}), ticket()).is_err());
    }

    #[test]
    fn assigning_keeps_what_is_left_out() {
        check("assign", json!({"group": "network"}), Effects::new().assign_group("network"));
        check("assign", json!({"person": "ana"}), Effects::new().assign("ana"));
        check("assign", json!({"person": null}), Effects::new().unassign());
        check(
            "assign",
            json!({"group": "network", "person": "ana"}),
            Effects::new().assign_in_group("network", Some("ana")),
        );
        check("assign", json!({"group": "network", "person": null}), Effects::new().assign_in_group("network", None));
        check("assign", json!({}), Effects::new());
    }

    #[test]
    fn fields_links_watchers_and_comments() {
        check("set-fields", json!({"fields": {"risk": "high", "outcome": null}}), {
            Effects::new().clear_field("outcome").set_field("risk", "high")
        });
        check(
            "comment",
            json!({"body": "Ready.", "visibility": "internal"}),
            Effects::new().comment_internal("Ready."),
        );
        check("link", json!({"type": "caused-by", "other": "T9"}), Effects::new().link("caused-by", "T9"));
        check("watch", json!({"people": ["ana"]}), Effects::new().watch(&["ana"]));
        check("watch", json!({"people": []}), Effects::new());
        assert!(step(&FakeHost::new(), "link", json!({"type": "x", "other": "T1"}), ticket()).is_err());
    }

    #[test]
    fn a_new_ticket_is_a_child_for_the_same_person() {
        let task = || CreateTicket::new("task", "it", "Prepare").requester("erin");
        check(
            "create-ticket",
            json!({"kind": "task", "title": "Prepare"}),
            Effects::new().create_ticket(task().parent("T1")),
        );
        let all = json!({"kind": "task", "title": "Badge", "space": "facilities", "requester": "hana", "group": "reception",
            "assignee": "kofi", "relation": "none", "fields": {"floor": 3}});
        let expected = CreateTicket::new("task", "facilities", "Badge").requester("hana").group("reception");
        check("create-ticket", all, Effects::new().create_ticket(expected.assignee("kofi").field("floor", 3)));
    }

    #[test]
    fn the_child_of_a_restricted_ticket_is_restricted() {
        let secret = Ticket { restricted: true, ..ticket() };
        let Ok(Outcome::Done { effects, .. }) =
            step(&FakeHost::new(), "create-ticket", json!({"kind": "task", "title": "x"}), secret)
        else {
            panic!("it is done")
        };
        assert_eq!(effects.iter().next().unwrap().data["restricted"], json!(true));
    }

    #[test]
    fn open_children_end_and_done_ones_stay() {
        let child = |id: &str, kind: &str, state: &str| Ticket::new(id, kind).in_state(state).child_of("T1");
        let host = FakeHost::new()
            .with_ticket(child("C1", "task", "new"))
            .with_ticket(child("C2", "task", "closed"))
            .with_ticket(child("C3", "incident", "new"));
        let inputs = json!({"to": "cancelled", "kind": "task", "comment": "Not needed any more."});
        let expected = Effects::new().on("C1").comment_public("Not needed any more.").transition("cancelled");
        assert_eq!(step(&host, "close-children", inputs, ticket()), Ok(Outcome::done(json!({"count": 1}), expected)));
    }

    #[test]
    fn more_children_than_can_be_seen_are_not_half_ended() {
        let host = (0..200)
            .fold(FakeHost::new(), |host, n| host.with_ticket(Ticket::new(&format!("C{n}"), "task").child_of("T1")));
        assert!(matches!(
            step(&host, "close-children", json!({"to": "cancelled"}), ticket()),
            Err(Fault::Permanent(_))
        ));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for (name, inputs) in [
            ("transition", json!({})),
            ("comment", json!({"body": 7})),
            ("comment", json!({"body": "x", "visibility": "secret"})),
            ("set-fields", json!({"fields": []})),
            ("explode", json!({})),
        ] {
            assert!(step(&FakeHost::new(), name, inputs.clone(), ticket()).is_err(), "{name} {inputs}");
        }
        assert!(run(&FakeHost::new(), &StepCall::new("transition", json!({"to": "closed"}))).is_err(), "no ticket");
    }
}

//! Incident management: restore normal service as quickly as possible.
//!
//! What is data is in `plugin.toml` and `kinds/incident.toml`; here are the decisions. They never name a person, a group or a
//! calendar: those are settings.

mod closure;
mod effort;
mod family;
mod hold;
mod major;
mod priority;
mod restriction;

use weft_sdk::prelude::*;

weft_sdk::practice! { guard: guard, react: react }

/// Before an incident changes. An import states what happened elsewhere: nothing of it is refused, timed or passed on, but the
/// priority follows from the matrix in force here.
fn guard(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    let mut decisions = vec![priority::decide(host, change), Ok(family::keep_blockers(change))];
    if !change.context.is_import() {
        decisions.extend([
            hold::decide(host, change),
            closure::decide(host, change),
            effort::decide(host, change),
            family::decide(host, change),
            restriction::decide(host, change),
        ]);
    }
    let (mut effects, mut refused) = (Effects::new(), Rejection::none());
    for decision in decisions {
        match decision {
            Ok(more) => effects = effects.and(more),
            Err(rejection) => refused.issues.extend(rejection.issues),
        }
    }
    refused.or_ok(effects)
}

/// After an incident changed, and when a timer of this practice fires.
fn react(host: &impl Host, context: &Context, event: &Event, subject: Option<&Ticket>) -> Result<Effects, Fault> {
    let Some(ticket) = subject else {
        return Ok(Effects::new());
    };
    match (event.kind.as_str(), event.text("key").unwrap_or_default()) {
        ("ticket.created", _) => major::propose(host, ticket),
        ("ticket.changed", _) => {
            Ok(family::cascade(host, context, event, ticket)?.on_subject().and(major::propose(host, ticket)?))
        }
        ("timer.fired", family::TIMER) => family::resolve_children(host, context, ticket),
        ("timer.fired", hold::TIMER) => hold::follow_up(host, context, event, ticket),
        ("timer.fired", closure::TIMER) => closure::auto_close(host, context, event, ticket),
        ("timer.fired", key) if key.starts_with(closure::ANSWER_TIMER) => closure::continue_closed(host, event, ticket),
        _ => Ok(Effects::new()),
    }
}

/// The people who may decide about an incident: those who work on it, and those it is for. A plugin's or a timer's rights are
/// its grants.
fn is_party(change: &Change) -> bool {
    let (context, ticket) = (&change.context, change.before.as_ref().unwrap_or(&change.after));
    let is = |person: &Option<String>| person.as_deref() == Some(&context.actor);
    !context.is_person() || context.has_role("agent") || is(&ticket.requester) || is(&ticket.opened_by)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use weft_sdk::Value;

    pub(crate) const NOW: &str = "2026-03-02T09:00:00Z";

    /// A host with the defaults of the manifest.
    pub(crate) fn host() -> FakeHost {
        FakeHost::of_manifest(include_str!("../plugin.toml"))
    }

    pub(crate) fn incident(id: &str, state: &str) -> Ticket {
        Ticket::new(id, "incident").in_state(state).for_requester("bo")
    }

    pub(crate) fn agent() -> Context {
        Context::of_person("ana", &["requester", "agent"]).at(NOW)
    }

    pub(crate) fn requester(person: &str) -> Context {
        Context::of_person(person, &["requester"]).at(NOW)
    }

    pub(crate) fn plugin() -> Context {
        Context::of_plugin("incident").at(NOW)
    }

    /// The codes of what a guard refuses.
    pub(crate) fn codes(decision: Result<Effects, Rejection>) -> Vec<String> {
        decision.expect_err("a refusal").issues.into_iter().map(|issue| issue.code).collect()
    }

    fn kind() -> Value {
        toml::from_str(include_str!("../kinds/incident.toml")).unwrap()
    }

    fn legal(from: &str) -> Vec<String> {
        let kind = kind();
        let rules = kind["transition"].as_array().unwrap().iter();
        let rules = rules.filter(|rule| rule["from"].as_array().unwrap().iter().any(|state| state == from));
        rules.map(|rule| rule["to"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn inc_02_states_and_legal_transitions() {
        let kind = kind();
        let states: Vec<_> =
            kind["state"].as_array().unwrap().iter().map(|state| state["id"].as_str().unwrap()).collect();
        assert_eq!(states, ["new", "in-progress", "on-hold", "resolved", "closed", "cancelled"]);

        assert_eq!(legal("new"), ["in-progress", "on-hold", "resolved", "cancelled"]);
        assert_eq!(legal("in-progress"), ["on-hold", "resolved", "cancelled"]);
        assert_eq!(legal("on-hold"), ["in-progress", "resolved", "cancelled"]);
        assert_eq!(legal("resolved"), ["in-progress", "closed"]);
        assert!(legal("closed").is_empty() && legal("cancelled").is_empty());
    }

    #[test]
    fn inc_02_resolving_needs_a_code_and_notes() {
        let kind = kind();
        let to = |state: &str| {
            kind["transition"].as_array().unwrap().iter().find(|rule| rule["to"] == state).unwrap().clone()
        };

        assert_eq!(to("resolved")["required"], json!(["close-code", "close-notes"]));
        assert_eq!(to("on-hold")["required"], json!(["pending-reason"]));
        assert_eq!(to("cancelled")["comment"], true);
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let before = incident("T1", "new");
        let after = before.clone().in_state("on-hold").with("impact", 9).with("urgency", 1);

        assert_eq!(codes(guard(&host(), &Change::of(&before, after))), ["outside-matrix", "required"]);
    }

    #[test]
    fn an_import_is_taken_as_given() {
        let before = incident("T1", "closed");
        let after = incident("T1", "in-progress")
            .with("impact", 1)
            .with("urgency", 2)
            .with("pending-reason", "awaiting-caller");
        let change = Change::of(&before, after).within(requester("cy").with_origin(Origin::Import));

        assert_eq!(guard(&host(), &change), Ok(Effects::new().set_field("priority", 2)));
    }
}

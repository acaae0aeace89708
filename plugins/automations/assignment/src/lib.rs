//! Assignment: work finds a group by its category and a person by turn or load.
//!
//! Nothing is remembered between two decisions: whose turn it is follows from who got the group's last ticket.

mod strategy;

use serde::Deserialize;
use std::collections::BTreeMap;
use strategy::{Choice, Strategy};
use weft_sdk::automation::{Outcome, StepCall};
use weft_sdk::prelude::*;

weft_sdk::automation! { run: run, react: react }

#[derive(Debug, Default, Deserialize)]
struct Inputs {
    group: Option<String>,
    strategy: Option<Strategy>,
}

/// A ticket came, or came to another group.
fn react(host: &impl Host, _context: &Context, event: &Event, subject: Option<&Ticket>) -> Result<Effects, Fault> {
    let Some(ticket) = subject else {
        return Ok(Effects::new());
    };
    let moved = event.kind == "ticket.created" || event.changed("group") || event.changed("category");
    let done = ticket.resolved_at.is_some() || ticket.closed_at.is_some();
    if !moved || done || ticket.assignee.is_some() || !host.setting::<Vec<String>>("kinds")?.contains(&ticket.kind) {
        return Ok(Effects::new());
    }
    match decide(host, ticket, &Inputs::default(), Strategy::None)? {
        Some(choice) => effects(host, ticket, &choice),
        None => Ok(Effects::new()),
    }
}

/// The step `assign` of a flow.
fn run(host: &impl Host, call: &StepCall) -> Result<Outcome, Fault> {
    let (ticket, inputs) = (call.ticket()?, call.inputs::<Inputs>()?);
    if let Some(assignee) = &ticket.assignee {
        let outputs = json!({"assignee": assignee, "reason": format!("it already was with {assignee}")});
        return Ok(Outcome::done(outputs, Effects::new()));
    }
    // A flow that asks for a person gets one, whatever the group does by itself.
    let choice = decide(host, ticket, &inputs, Strategy::LeastLoaded)?;
    match choice.as_ref().and_then(|choice| Some((choice, choice.person.as_ref()?))) {
        Some((choice, person)) => {
            let outputs = json!({"assignee": person.id, "reason": choice.reason});
            Ok(Outcome::done(outputs, effects(host, ticket, choice)?))
        }
        None => Ok(Outcome::bpmn_error("nobody", format!("there is nobody to give {} to", ticket.label()))),
    }
}

/// Group and person for a ticket without an assignee; none if it stays where it is. `otherwise` is for groups that assign by
/// hand.
fn decide(host: &impl Host, ticket: &Ticket, inputs: &Inputs, otherwise: Strategy) -> Result<Option<Choice>, Fault> {
    let mut categories: BTreeMap<String, String> = host.setting("categories")?;
    let of_category = ticket.text("category").and_then(|category| categories.remove(category));
    let given = inputs.group.as_ref().or(ticket.group.as_ref()).or(of_category.as_ref());
    let Some(mut group) = given.cloned() else {
        return Ok(None);
    };
    let mut strategy = inputs.strategy.map_or_else(|| strategy_of(host, &group), Ok)?;
    if strategy == Strategy::ByCategory {
        let Some(next) = of_category else {
            return Ok(None);
        };
        strategy = strategy_of(host, &next)?;
        group = next;
    }
    // A group that passes on by category keeps what is its own.
    if matches!(strategy, Strategy::None | Strategy::ByCategory) {
        strategy = otherwise;
    }
    let choice = strategy::choose(host, ticket, group, strategy)?;
    let moves = ticket.group.as_ref() != Some(&choice.group);
    Ok(Some(choice).filter(|choice| moves || choice.person.is_some()))
}

fn strategy_of(host: &impl Host, group: &str) -> Result<Strategy, Fault> {
    let mut strategies: BTreeMap<String, Strategy> = host.setting("strategies")?;
    strategies.remove(group).map_or_else(|| host.setting("default-strategy"), Ok)
}

fn effects(host: &impl Host, ticket: &Ticket, choice: &Choice) -> Result<Effects, Fault> {
    let person = choice.person.as_ref().map(|person| person.id.as_str());
    let effects = match person {
        Some(person) if ticket.group.as_ref() == Some(&choice.group) => Effects::new().assign(person),
        _ => Effects::new().assign_in_group(&choice.group, person),
    };
    let explain = host.setting("explain")?;
    Ok(effects.when(explain, |effects| effects.comment_internal(format!("Assigned: {}.", choice.reason))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host() -> FakeHost {
        FakeHost::of_manifest(include_str!("../plugin.toml")).with_members("network", &["cy", "ana", "bo"])
    }

    fn with_strategy(strategy: &str) -> FakeHost {
        host().with_setting("strategies", json!({"network": strategy}))
    }

    fn ticket() -> Ticket {
        Ticket::new("T", "incident").assigned("network", None)
    }

    fn created(host: &FakeHost, ticket: &Ticket) -> Effects {
        react(host, &Context::of_plugin("assignment"), &Event::about("ticket.created", "T", json!({})), Some(ticket))
            .unwrap()
    }

    /// A ticket of the group, opened on a day, with whom it is.
    fn earlier(id: &str, day: i64, assignee: Option<&str>) -> Ticket {
        Ticket {
            opened_at: Instant::default().plus_days(day),
            ..Ticket::new(id, "incident").assigned("network", assignee)
        }
    }

    #[test]
    fn round_robin_goes_on_after_whoever_got_the_last_one() {
        let check = |last: Option<&str>, expected: &str| {
            let host = with_strategy("round-robin")
                .with_ticket(earlier("T0", 1, Some("bo")))
                .with_ticket(earlier("T1", 2, last))
                .with_ticket(earlier("T", 3, None));
            assert_eq!(created(&host, &ticket()), Effects::new().assign(expected), "{last:?}");
        };

        check(Some("ana"), "bo");
        check(Some("bo"), "cy");
        check(Some("cy"), "ana");
        check(Some("gone-before-cy"), "ana");
        check(Some("bz"), "cy");
        check(None, "cy");
        assert_eq!(created(&with_strategy("round-robin"), &ticket()), Effects::new().assign("ana"), "the first of all");
    }

    #[test]
    fn round_robin_is_fair() {
        let mut host = with_strategy("round-robin");
        let mut got = Vec::new();
        for day in 0..9 {
            let effects = created(&host, &ticket());
            let person = effects.iter().next().unwrap().text("assignee").unwrap().to_owned();
            host = host.with_ticket(earlier(&format!("T{day}"), day, Some(&person)));
            got.push(person);
        }
        assert_eq!(got, ["ana", "bo", "cy", "ana", "bo", "cy", "ana", "bo", "cy"]);
    }

    #[test]
    fn least_loaded_counts_open_tickets_and_breaks_ties_by_id() {
        let host = with_strategy("least-loaded")
            .with_ticket(earlier("T1", 1, Some("ana")))
            .with_ticket(earlier("T2", 1, Some("bo")))
            .with_ticket(earlier("T3", 1, Some("cy")).in_state("closed"));
        assert_eq!(created(&host, &ticket()), Effects::new().assign("cy"));
        assert_eq!(created(&with_strategy("least-loaded"), &ticket()), Effects::new().assign("ana"));
    }

    #[test]
    fn only_active_members() {
        let host = with_strategy("least-loaded").with_person(weft_sdk::Person::new("ana").inactive());
        assert_eq!(created(&host, &ticket()), Effects::new().assign("bo"));
        assert_eq!(
            created(
                &host.with_setting("strategies", json!({"empty": "round-robin"})),
                &Ticket::new("T", "incident").assigned("empty", None)
            ),
            Effects::new()
        );
    }

    #[test]
    fn by_category_to_the_group_and_then_by_its_strategy() {
        let host = with_strategy("round-robin")
            .with_setting("categories", json!({"vpn": "network", "desk": "facilities"}))
            .with_setting("strategies", json!({"service-desk": "by-category", "network": "round-robin"}));
        let of = |category: &str, group: Option<&str>| {
            let ticket =
                Ticket { group: group.map(str::to_owned), ..Ticket::new("T", "incident").with("category", category) };
            created(&host, &ticket)
        };

        assert_eq!(of("vpn", None), Effects::new().assign_in_group("network", Some("ana")));
        assert_eq!(of("vpn", Some("service-desk")), Effects::new().assign_in_group("network", Some("ana")));
        assert_eq!(
            of("desk", None),
            Effects::new().assign_in_group("facilities", None),
            "a group that assigns by hand"
        );
        assert_eq!(of("other", None), Effects::new());
        assert_eq!(of("other", Some("service-desk")), Effects::new());
    }

    #[test]
    fn an_assignee_stays_and_other_changes_are_nothing() {
        let host = with_strategy("round-robin");
        let changed = |field: &str, ticket: &Ticket| {
            let event =
                Event::about("ticket.changed", "T", json!({"changes": [{"field": field, "from": null, "to": "x"}]}));
            react(&host, &Context::of_plugin("assignment"), &event, Some(ticket)).unwrap()
        };

        assert_eq!(changed("group", &ticket()), Effects::new().assign("ana"));
        assert_eq!(changed("group", &ticket().assigned("network", Some("zoe"))), Effects::new());
        assert_eq!(changed("title", &ticket()), Effects::new());
        assert_eq!(created(&host, &Ticket::new("T", "hr-case").assigned("network", None)), Effects::new());
        assert_eq!(created(&host, &ticket().resolved("2026-03-02T09:00:00Z")), Effects::new());
        assert_eq!(created(&host.with_setting("strategies", json!({})), &ticket()), Effects::new());
    }

    #[test]
    fn the_reason_is_a_comment_only_if_asked_for() {
        let host =
            with_strategy("round-robin").with_ticket(earlier("T1", 2, Some("ana"))).with_setting("explain", true);
        let expected = Effects::new().assign("bo").comment_internal("Assigned: it is bo's turn in network, after ana.");
        assert_eq!(created(&host, &ticket()), expected);
    }

    #[test]
    fn the_step_of_a_flow() {
        let step = |inputs: Value, ticket: Ticket| run(&host(), &StepCall::new("assign", inputs).on(ticket)).unwrap();

        let reason = "ana has the fewest open tickets of network (0)";
        let expected = Outcome::done(json!({"assignee": "ana", "reason": reason}), Effects::new().assign("ana"));
        assert_eq!(step(json!({"strategy": "least-loaded"}), ticket()), expected);
        let Outcome::Done { outputs, effects } = step(json!({}), ticket()) else { panic!("a step gets a person") };
        assert_eq!((&outputs["assignee"], effects.kinds()), (&json!("ana"), vec!["assign"]));
        let Outcome::Done { effects, .. } =
            step(json!({"group": "network", "strategy": "round-robin"}), Ticket::new("T", "task"))
        else {
            panic!("any kind")
        };
        assert_eq!(effects, Effects::new().assign_in_group("network", Some("ana")));
        let Outcome::Done { outputs, effects } = step(json!({}), ticket().assigned("network", Some("zoe"))) else {
            panic!()
        };
        assert_eq!((&outputs["assignee"], effects), (&json!("zoe"), Effects::new()));
        assert!(
            matches!(step(json!({"group": "empty"}), ticket()), Outcome::BpmnError { code, .. } if code == "nobody")
        );
        assert!(run(&host(), &StepCall::new("assign", json!({"strategy": "dice"})).on(ticket())).is_err());
        assert!(run(&host(), &StepCall::new("assign", json!({}))).is_err());
    }
}

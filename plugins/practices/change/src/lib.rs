//! Change enablement: each type of change moves by its model, inside its window, and nobody approves their own.
//!
//! The models are data of the setting `models`; the flows in `flows/` walk them. A person who moves a change by hand is held to the
//! same rules as the flow.

mod approval;
mod conflict;
mod drift;
mod meeting;
mod model;
mod outcome;
mod proposal;
mod risk;
mod template;
mod window;

use model::Models;
use std::collections::BTreeMap;
use weft_sdk::StartFlow;
use weft_sdk::prelude::*;

weft_sdk::practice! { guard: guard, react: react }

/// Fields of a change that a window may ask about.
const FIELDS: [&str; 7] = ["type", "risk", "impact", "site", "success_probability", "implementer", "template"];

fn guard(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    if change.context.is_import() {
        return Ok(Effects::new());
    }
    if change.after.kind == "change-template" {
        return template::decide(change);
    }
    if change.after.kind == "change-meeting" {
        return meeting::decide(host, change);
    }
    if change.after.kind == "approval-definition" {
        return approval::check(host, change);
    }
    if change.after.kind == "change-window" {
        return window::check(host, change, &FIELDS);
    }
    let mut refused = Rejection::none();
    has_length(change, &mut refused);
    let risk = risk::decide(host, change)?;
    let rated = rated(change, &risk);
    let change = &rated;
    let mut effects = risk.and(conflict::decide(host, change)?).and(window::freeze(host, change, &mut refused)?);
    effects = effects.and(proposal::check(host, change, &mut refused)?);
    if change.is_create() {
        effects = effects.and(template::follow(host, &change.after, &mut refused)?);
        return refused.or_ok(effects.and(start(host, &change.after)?));
    }
    hold(change, &mut refused);
    movement(&host.setting::<Models>("models")?, change, &mut refused);
    own_approval(change, &mut refused);
    if change.changed("type") {
        let message = "a change keeps its type, because its flow follows it: cancel this one and open another";
        refused.add("/fields/type", "fixed", message);
    }
    refused.or_ok(effects)
}

/// The change with the risk that it turned out to have: windows ask about it.
fn rated(change: &Change, risk: &Effects) -> Change {
    let mut rated = change.clone();
    for effect in risk.iter().filter(|effect| effect.kind == "set-field") {
        if let (Some(field), Some(value)) = (effect.text("field"), effect.data.get("value")) {
            rated.after.fields.insert(field.to_owned(), value.clone());
        }
    }
    rated
}

fn react(host: &impl Host, context: &Context, event: &Event, subject: Option<&Ticket>) -> Result<Effects, Fault> {
    match subject {
        None if event.kind == "ci.changed" => drift::react(host, context, event),
        None if event.kind == "record.changed" => meeting::note_held(host, event),
        Some(ticket) if ticket.kind == "change" => {
            let done = proposal::carry_out(host, event, ticket)?;
            Ok(outcome::look_again(event, ticket).and(meeting::note_change(host, event)?).and(done))
        }
        Some(ticket) if ticket.kind == "incident" => outcome::link_cause(host, event, ticket),
        _ => Ok(Effects::new()),
    }
}

fn kind_of(ticket: &Ticket) -> &str {
    ticket.text("type").unwrap_or("normal")
}

fn start(host: &impl Host, ticket: &Ticket) -> Result<Effects, Fault> {
    let mut flows: BTreeMap<String, String> = host.setting("flows")?;
    let Some(process) = flows.remove(kind_of(ticket)) else {
        return Ok(Effects::new());
    };
    let flow = StartFlow::new(&process)
        .variable("groups", host.setting::<Value>("groups")?)
        .variable("board_quorum", host.setting::<Value>("board-quorum")?)
        .variable("board_decider", host.setting::<Value>("board-decider")?)
        .variable("calendar", host.setting::<Value>("calendar")?)
        .variable("approval_definitions", approval::definitions(host, kind_of(ticket))?);
    Ok(Effects::new().start_flow(flow))
}

/// A window has a length.
fn has_length(change: &Change, refused: &mut Rejection) {
    let (start, end) = (change.after.instant("planned_start"), change.after.instant("planned_end"));
    if start.zip(end).is_some_and(|(start, end)| end <= start) {
        refused.add("/fields/planned_end", "empty-window", "the planned end must be after the planned start");
    }
}

/// A change on hold waits where it is: the only way out is to give it up.
fn hold(change: &Change, refused: &mut Rejection) {
    let held = |ticket: &Ticket| ticket.flag("on_hold");
    if held(&change.after) && change.after.text("on_hold_reason").is_none() {
        refused.add("/fields/on_hold_reason", "required", "say why it is on hold");
    }
    let was = change.before.as_ref().is_some_and(held);
    if was && held(&change.after) && change.changed("state") && !change.entered("cancelled") {
        refused.add("/state", "on-hold", "the change is on hold: resume it first, or cancel it");
    }
}

fn movement(models: &Models, change: &Change, refused: &mut Rejection) {
    let (Some(from), to) = (change.state_before(), change.after.state.as_str()) else {
        return;
    };
    if from != to
        && let Err(message) = models.check(kind_of(&change.after), from, to)
    {
        refused.add("/state", "illegal-for-type", message);
    }
}

/// Who wants a change and who carries it out leave its approval to others. The approvals of a flow are counted by their rule.
fn own_approval(change: &Change, refused: &mut Rejection) {
    if !change.context.is_person() || !change.left("authorize") || !change.entered("scheduled") {
        return;
    }
    let (actor, ticket) = (Some(change.context.actor.as_str()), &change.after);
    let before = change.before.as_ref().and_then(|before| before.text("implementer"));
    let parties = [ticket.requester.as_deref(), ticket.opened_by.as_deref(), ticket.text("implementer"), before];
    if parties.contains(&actor) {
        let message = "you asked for this change or carry it out: somebody else approves it";
        refused.add("/state", "self-approval", message);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn host() -> FakeHost {
        FakeHost::of_manifest(include_str!("../plugin.toml"))
    }

    pub(crate) fn of_type(kind: &str, state: &str) -> Ticket {
        Ticket::new("C1", "change")
            .in_state(state)
            .for_requester("rosa")
            .with("type", kind)
            .with("implementer", "ben")
            .with("planned_start", "2026-03-07T20:00:00Z")
            .with("planned_end", "2026-03-07T23:00:00Z")
    }

    pub(crate) fn codes(decision: Result<Effects, Rejection>) -> Vec<String> {
        decision.expect_err("a refusal").issues.into_iter().map(|issue| issue.code).collect()
    }

    fn moved(kind: &str, from: &str, to: &str) -> Result<Effects, Rejection> {
        guard(&host(), &Change::of(&of_type(kind, from), of_type(kind, to)))
    }

    #[test]
    fn chg_01_each_type_moves_by_its_model() {
        let paths = [
            ("normal", ["new", "assess", "authorize", "scheduled", "implement", "review", "closed"].as_slice()),
            ("standard", ["new", "scheduled", "implement", "review", "closed"].as_slice()),
            ("emergency", ["new", "authorize", "scheduled", "implement", "review", "closed"].as_slice()),
        ];
        for (kind, path) in paths {
            for step in path.windows(2) {
                assert_eq!(moved(kind, step[0], step[1]), Ok(Effects::new()), "{kind} {step:?}");
            }
            for from in path.iter().take_while(|state| **state != "review") {
                assert_eq!(moved(kind, from, "cancelled"), Ok(Effects::new()), "{kind} from {from}");
            }
            assert_eq!(codes(moved(kind, "review", "cancelled")), ["illegal-for-type"], "{kind}");
        }
    }

    #[test]
    fn chg_01_a_movement_of_another_type_is_refused_with_the_legal_ones() {
        let refused = moved("standard", "new", "assess").unwrap_err();
        assert_eq!(refused.issues[0].code, "illegal-for-type");
        assert_eq!(
            refused.issues[0].message,
            "a standard change cannot go from `new` to `assess`; from `new` it can go to `scheduled` or `cancelled`"
        );
        assert_eq!(codes(moved("emergency", "new", "assess")), ["illegal-for-type"]);
        assert_eq!(codes(moved("normal", "new", "scheduled")), ["illegal-for-type"]);
    }

    #[test]
    fn chg_01_a_new_change_starts_the_flow_of_its_type() {
        for (kind, process) in
            [("normal", "change-normal"), ("standard", "change-standard"), ("emergency", "change-emergency")]
        {
            let effects = guard(&host(), &Change::creating(of_type(kind, "new"))).unwrap();
            assert_eq!(effects.iter().next().unwrap().text("process"), Some(process));
        }
        let by_hand = host().with_setting("flows", json!({}));
        assert_eq!(guard(&by_hand, &Change::creating(of_type("normal", "new"))), Ok(Effects::new()));
    }

    #[test]
    fn chg_05_nobody_approves_their_own_change() {
        let schedule = |who: &str| {
            let change = Change::of(&of_type("normal", "authorize"), of_type("normal", "scheduled"));
            guard(&host(), &change.within(Context::of_person(who, &["agent", "approver"])))
        };
        assert_eq!(codes(schedule("rosa")), ["self-approval"], "the requester");
        assert_eq!(codes(schedule("ben")), ["self-approval"], "the implementer");
        assert_eq!(schedule("mona"), Ok(Effects::new()));

        let handed_over = of_type("normal", "scheduled").with("implementer", "cem");
        let change =
            Change::of(&of_type("normal", "authorize"), handed_over).within(Context::of_person("ben", &["agent"]));
        assert_eq!(codes(guard(&host(), &change)), ["self-approval"], "not by giving it away in the same moment");
        let flow = Change::of(&of_type("normal", "authorize"), of_type("normal", "scheduled"));
        assert_eq!(guard(&host(), &flow.within(Context::of_plugin("ticket-steps"))), Ok(Effects::new()));
    }

    #[test]
    fn a_window_has_a_length_and_a_type_stays() {
        let empty = of_type("normal", "new").with("planned_end", "2026-03-07T20:00:00Z");
        assert_eq!(codes(guard(&host(), &Change::creating(empty))), ["empty-window"]);
        let retyped = Change::of(&of_type("normal", "assess"), of_type("standard", "assess"));
        assert_eq!(codes(guard(&host(), &retyped)), ["fixed"]);
    }

    #[test]
    fn chg_10_on_hold_a_change_can_only_be_cancelled() {
        let held = |state: &str| of_type("normal", state).with("on_hold", true).with("on_hold_reason", "No parts.");
        let decide = |before: Ticket, after: Ticket| guard(&host(), &Change::of(&before, after));
        assert_eq!(codes(decide(held("authorize"), held("scheduled"))), ["on-hold"]);
        assert_eq!(decide(held("authorize"), held("cancelled")), Ok(Effects::new()));
        assert_eq!(decide(held("authorize"), of_type("normal", "authorize")), Ok(Effects::new()), "it is resumed");
        let silent = of_type("normal", "authorize").with("on_hold", true);
        assert_eq!(codes(decide(of_type("normal", "authorize"), silent)), ["required"]);
    }

    #[test]
    fn every_model_is_within_the_kind() {
        let kind: Value = toml::from_str(include_str!("../kinds/change.toml")).unwrap();
        let legal = |from: &str, to: &str| {
            let mut rules = kind["transition"].as_array().unwrap().iter();
            rules.any(|rule| rule["to"] == to && rule["from"].as_array().unwrap().iter().any(|state| state == from))
        };
        for (from, to) in host().setting::<Models>("models").unwrap().movements() {
            assert!(legal(from, to), "{from} to {to}");
        }
    }

    #[test]
    fn the_flows_of_the_settings_are_there() {
        let models = [
            include_str!("../flows/change-normal.bpmn"),
            include_str!("../flows/change-standard.bpmn"),
            include_str!("../flows/change-emergency.bpmn"),
        ];
        for process in host().setting::<BTreeMap<String, String>>("flows").unwrap().values() {
            let start = format!("<bpmn:process id=\"{process}\"");
            assert!(models.iter().any(|model| model.contains(&start)), "{process}");
        }
    }
}

//! Relationship management: people are asked how it was, and what they say leads somewhere.

mod score;
mod survey;

use weft_sdk::automation::{Outcome, StepCall};
use weft_sdk::prelude::*;

weft_sdk::practice! { guard: guard, react: react, run: run }

fn guard(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    match change.after.kind.as_str() {
        "survey" => survey::decide(change),
        "stakeholder" => Ok(satisfaction(change)),
        _ => review(host, change),
    }
}

/// How satisfied a stakeholder is, with when it was otherwise.
fn satisfaction(change: &Change) -> Effects {
    let Some(now) = change.after.integer("satisfaction").filter(|_| change.changed("satisfaction")) else {
        return Effects::new();
    };
    let mut history = change.after.field("history").as_array().cloned().unwrap_or_default();
    let before = history.last().and_then(|last| last["satisfaction"].as_i64());
    history.push(json!({"at": change.context.now, "satisfaction": now}));
    let trend = match before {
        Some(before) if now > before => "better",
        Some(before) if now < before => "worse",
        _ => "same",
    };
    Effects::new().set_field("history", history).set_field("trend", trend)
}

/// A review is settled when what was agreed is done; whom it was with and what is left of it show in the reports.
fn review(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    let actions = change.after.field("actions").as_array().cloned().unwrap_or_default();
    let open = actions.iter().filter(|action| action["done"] != true).count();
    if change.entered("settled") && open > 0 {
        let message = format!("{open} of its {} actions are not done", actions.len());
        return Err(Rejection::new("/fields/actions", "open-actions", message));
    }
    let left = i64::try_from(open).unwrap_or(i64::MAX);
    let known = change.after.integer("open_actions").unwrap_or(0) == left;
    let effects = Effects::new().when(!known, |effects| effects.set_field("open_actions", left));
    if change.after.text("customer").is_some() {
        return Ok(effects);
    }
    let stakeholder = change.after.text("stakeholder").map_or(Ok(None), |id| host.record(id))?;
    Ok(match stakeholder.filter(|stakeholder| stakeholder.kind == "stakeholder") {
        Some(stakeholder) => effects.set_field("customer", stakeholder.title),
        None => effects,
    })
}

fn react(host: &impl Host, context: &Context, event: &Event, subject: Option<&Ticket>) -> Result<Effects, Fault> {
    match subject {
        Some(survey) if survey.kind == "survey" => survey::react(host, context, event, survey),
        Some(ticket) => survey::ask(host, context, event, ticket),
        None => Ok(Effects::new()),
    }
}

fn run(host: &impl Host, call: &StepCall) -> Result<Outcome, Fault> {
    match call.step.as_str() {
        "scores" => score::run(host, call),
        other => Err(Fault::Permanent(format!("`relationship` has no step `{other}`"))),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use weft_sdk::Record;

    pub(crate) fn host() -> FakeHost {
        let survey = json!({"kinds": ["incident"], "percent": 100, "repeat-days": 14, "expire-days": 7, "low": 2});
        FakeHost::of_manifest(include_str!("../plugin.toml")).with_setting("survey", survey)
    }

    #[test]
    fn rel_02_satisfaction_has_a_trend() {
        let stakeholder = Ticket::new("S1", "stakeholder").with("satisfaction", 3);
        let first = guard(&host(), &Change::creating(stakeholder.clone())).unwrap();
        let history = first.iter().next().unwrap().data["value"].clone();
        assert_eq!(
            (history[0]["satisfaction"].as_i64(), first.iter().last().unwrap().text("value")),
            (Some(3), Some("same"))
        );
        let known = stakeholder.with("history", history);
        let trend = |now: i64| {
            let change = Change::of(&known, known.clone().with("satisfaction", now));
            guard(&host(), &change).unwrap().iter().last().and_then(|effect| effect.text("value").map(str::to_owned))
        };
        assert_eq!((trend(5).as_deref(), trend(1).as_deref(), trend(3)), (Some("better"), Some("worse"), None));
    }

    #[test]
    fn rel_02_a_review_is_settled_when_its_actions_are_done() {
        let review = |state: &str, done: bool| {
            Ticket::new("R1", "service-review")
                .in_state(state)
                .with("actions", json!([{"what": "Call back", "done": done}]))
        };
        let settle = |done: bool| guard(&host(), &Change::of(&review("held", done), review("settled", done)));
        assert_eq!(settle(false).unwrap_err().codes(), ["open-actions"]);
        assert_eq!(settle(true), Ok(Effects::new()));
        let sales = Record { title: "Sales".into(), ..Record::new("S1", "stakeholder", "active") };
        let held =
            guard(&host().with_record(sales), &Change::creating(review("held", false).with("stakeholder", "S1")));
        assert_eq!(held, Ok(Effects::new().set_field("open_actions", 1).set_field("customer", "Sales")));
    }
}

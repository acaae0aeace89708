//! Budgets: committed when something is approved, released when it is not bought, spent at what it really cost.
//!
//! A commitment reads the budget, so of two that want the last of it only one is committed: the other is decided again.

use serde::Deserialize;
use weft_sdk::automation::{Outcome, StepCall};
use weft_sdk::prelude::*;
use weft_sdk::{Record, UpsertRecord};

#[derive(Debug, Deserialize)]
struct Inputs {
    cost_centre: String,
    period: String,
    #[serde(default)]
    cents: i64,
}

/// What is committed, and whether that is near the end.
pub(crate) fn add_up(change: &Change) -> Effects {
    let budget = &change.after;
    let committed: i64 = budget
        .field("commitments")
        .as_object()
        .into_iter()
        .flat_map(|all| all.values())
        .filter_map(Value::as_i64)
        .sum();
    let (amount, used) =
        (budget.integer("amount_cents").unwrap_or(0), committed + budget.integer("actual_cents").unwrap_or(0));
    let warning = used * 100 >= amount * budget.integer("warn_percent").unwrap_or(80) && used > 0;
    Effects::new()
        .when(budget.integer("committed_cents").unwrap_or(0) != committed, |effects| {
            effects.set_field("committed_cents", committed)
        })
        .when(budget.flag("warning") != warning, |effects| effects.set_field("warning", warning))
}

fn find(host: &impl Host, inputs: &Inputs) -> Result<Option<Record>, Fault> {
    let is = |budget: &Record| {
        budget.text("cost_centre") == Some(&inputs.cost_centre) && budget.text("period") == Some(&inputs.period)
    };
    Ok(host.records("budget", Some("open"))?.into_iter().find(is))
}

fn commitments(budget: &Record) -> Object {
    budget.field("commitments").as_object().cloned().unwrap_or_default()
}

fn with_commitments(budget: &Record, commitments: Object) -> UpsertRecord {
    budget.change().field("commitments", commitments)
}

pub(crate) fn commit(host: &impl Host, call: &StepCall) -> Result<Outcome, Fault> {
    let (ticket, inputs) = (call.ticket()?, call.inputs::<Inputs>()?);
    let Some(budget) = find(host, &inputs)? else {
        let message = format!("there is no open budget of {} for {}", inputs.cost_centre, inputs.period);
        return Ok(Outcome::bpmn_error("no-budget", message));
    };
    let mut all = commitments(&budget);
    all.remove(&ticket.id);
    let others: i64 = all.values().filter_map(Value::as_i64).sum();
    let left = budget.integer("amount_cents").unwrap_or(0)
        - budget.integer("actual_cents").unwrap_or(0)
        - others
        - inputs.cents;
    if left < 0 {
        let message = format!("{} cents are {} more than {} has left", inputs.cents, -left, budget.number);
        return Ok(Outcome::bpmn_error("over-budget", message));
    }
    all.insert(ticket.id.clone(), inputs.cents.into());
    Ok(Outcome::done(json!({"left_cents": left}), Effects::new().upsert_record(with_commitments(&budget, all))))
}

pub(crate) fn release(host: &impl Host, call: &StepCall) -> Result<Outcome, Fault> {
    let (ticket, inputs) = (call.ticket()?, call.inputs::<Inputs>()?);
    let change = find(host, &inputs)?.and_then(|budget| {
        let mut all = commitments(&budget);
        all.remove(&ticket.id).map(|_| with_commitments(&budget, all))
    });
    let effects = change.map(|change| Effects::new().upsert_record(change)).unwrap_or_default();
    Ok(Outcome::done(json!({}), effects))
}

pub(crate) fn spend(host: &impl Host, call: &StepCall) -> Result<Outcome, Fault> {
    let (ticket, inputs) = (call.ticket()?, call.inputs::<Inputs>()?);
    let budget = find(host, &inputs)?.ok_or_else(|| {
        Fault::Permanent(format!("there is no open budget of {} for {}", inputs.cost_centre, inputs.period))
    })?;
    let mut all = commitments(&budget);
    if all.remove(&ticket.id).is_none() {
        return Err(Fault::Permanent(format!("nothing of {} was committed for {}", budget.number, ticket.label())));
    }
    let spent = budget.integer("actual_cents").unwrap_or(0) + inputs.cents;
    let change = with_commitments(&budget, all).field("actual_cents", spent);
    Ok(Outcome::done(json!({}), Effects::new().upsert_record(change)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(commitments: Value, actual: i64) -> Record {
        Record::new("B1", "budget", "open")
            .with("cost_centre", "sales")
            .with("period", "2026")
            .with("amount_cents", 100_000)
            .with("commitments", commitments)
            .with("actual_cents", actual)
    }

    fn step(name: &str, budget: Record, cents: i64) -> Result<Outcome, Fault> {
        let inputs = json!({"cost_centre": "sales", "period": "2026", "cents": cents});
        let host = FakeHost::new().with_record(budget);
        crate::run(&host, &StepCall::new(name, inputs).on(Ticket::new("T1", "request")))
    }

    fn changed(commitments: Value) -> UpsertRecord {
        budget(json!({}), 0).change().field("commitments", commitments)
    }

    #[test]
    fn fin_02_an_approval_commits_what_is_left_and_no_more() {
        let outcome = step("commit", budget(json!({"T9": 30_000}), 20_000), 50_000);
        let committed = changed(json!({"T1": 50_000, "T9": 30_000}));
        assert_eq!(outcome, Ok(Outcome::done(json!({"left_cents": 0}), Effects::new().upsert_record(committed))));
        let over = step("commit", budget(json!({"T9": 30_000}), 20_000), 50_001);
        assert_eq!(over, Ok(Outcome::bpmn_error("over-budget", "50001 cents are 1 more than #B1 has left")));
        let again = step("commit", budget(json!({"T1": 90_000}), 0), 95_000);
        assert!(matches!(again, Ok(Outcome::Done { .. })), "a second time replaces the first");
        let other = step("commit", Record { state: "closed".into(), ..budget(json!({}), 0) }, 1);
        assert!(matches!(other, Ok(Outcome::BpmnError { code, .. }) if code == "no-budget"));
    }

    #[test]
    fn fin_02_cancelling_releases_and_buying_spends() {
        let nothing = Ok(Outcome::done(json!({}), Effects::new()));
        let released = Effects::new().upsert_record(changed(json!({})));
        assert_eq!(step("release", budget(json!({"T1": 500}), 0), 0), Ok(Outcome::done(json!({}), released)));
        assert_eq!(step("release", budget(json!({}), 0), 0), nothing, "a second time");
        let spent = Effects::new().upsert_record(changed(json!({})).field("actual_cents", 480));
        assert_eq!(step("spend", budget(json!({"T1": 500}), 0), 480), Ok(Outcome::done(json!({}), spent)));
        assert!(step("spend", budget(json!({}), 0), 480).is_err(), "nothing was approved");
    }

    #[test]
    fn fin_02_a_budget_warns_near_its_end() {
        let at = |committed: i64| {
            let record = budget(json!({"T1": committed}), 0);
            let ticket = Ticket { fields: record.fields, ..Ticket::new("B1", "budget") };
            let effects = crate::guard(&FakeHost::new(), &Change::creating(ticket)).unwrap();
            effects.iter().any(|effect| effect.text("field") == Some("warning"))
        };
        assert!(!at(79_999) && at(80_000));
    }
}

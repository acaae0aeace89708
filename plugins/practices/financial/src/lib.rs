//! Financial management: budgets, expenses, shares of costs, statements. Amounts are whole cents everywhere.

mod allocation;
mod budget;
mod expense;

use weft_sdk::automation::{Outcome, StepCall};
use weft_sdk::prelude::*;

weft_sdk::practice! { guard: guard, react: react, run: run }

fn guard(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    match change.after.kind.as_str() {
        "statement" => statement(change),
        "expense" => expense::decide(host, change),
        _ => Ok(budget::add_up(change)),
    }
}

/// A statement adds up, and what was issued stays as it is, whoever asks.
fn statement(change: &Change) -> Result<Effects, Rejection> {
    let issued = change.before.as_ref().is_some_and(|before| before.state == "issued");
    if issued {
        let message = "an issued statement does not change: correct it with the next one";
        return Err(Rejection::new("", "issued", message));
    }
    let lines = change.after.field("lines").as_array().cloned().unwrap_or_default();
    if change.entered("issued") && lines.is_empty() {
        return Err(Rejection::new("/fields/lines", "required", "an empty statement is not issued"));
    }
    let total: i64 = lines.iter().filter_map(|line| line["cents"].as_i64()).sum();
    let known = change.after.integer("total_cents") == Some(total);
    Ok(Effects::new().when(!known, |effects| effects.set_field("total_cents", total)))
}

/// What is booked reaches its budget; a contract that begins or goes on is booked.
fn react(host: &impl Host, _context: &Context, event: &Event, _: Option<&Ticket>) -> Result<Effects, Fault> {
    let Some(record) = host.record(&event.subject)? else { return Ok(Effects::new()) };
    match record.kind.as_str() {
        "expense" => expense::bear(host, &record),
        "contract" => Ok(expense::of_contract(event, &record)),
        _ => Ok(Effects::new()),
    }
}

fn run(host: &impl Host, call: &StepCall) -> Result<Outcome, Fault> {
    match call.step.as_str() {
        "commit" => budget::commit(host, call),
        "release" => budget::release(host, call),
        "spend" => budget::spend(host, call),
        "allocate" => allocation::run(call),
        other => Err(Fault::Permanent(format!("`financial` has no step `{other}`"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fin_02_an_issued_statement_is_immutable() {
        let statement = |state: &str, cents: i64| {
            Ticket::new("S1", "statement").in_state(state).with("lines", json!([{"what": "Mail", "cents": cents}]))
        };
        let decide = |before: Ticket, after: Ticket| {
            guard(&FakeHost::new(), &Change::of(&before, after)).map_err(|refused| refused.codes().join(","))
        };
        let total = Effects::new().set_field("total_cents", 700);
        assert_eq!(decide(statement("draft", 500), statement("draft", 700)), Ok(total.clone()));
        assert_eq!(decide(statement("draft", 700), statement("issued", 700)), Ok(total));
        assert_eq!(decide(statement("issued", 700), statement("issued", 500)), Err("issued".into()));
        let empty = statement("issued", 0).with("lines", json!([]));
        assert_eq!(decide(statement("draft", 0), empty), Err("required".into()));
    }
}

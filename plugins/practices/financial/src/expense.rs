//! Expenses: one line of cost each, in one currency, exact to the cent. What is booked stays as it is and is borne by the budget of its cost
//! centre; a contract that begins or goes on for another term is booked by itself.

use std::collections::BTreeMap;
use weft_sdk::prelude::*;
use weft_sdk::{Record, UpsertRecord};

/// What an expense says: none of it changes any more once it is booked.
const SAID: [&str; 8] = ["title", "cost_centre", "day", "cents", "currency", "card", "quantity", "source"];

pub(crate) fn decide(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    let expense = &change.after;
    let booked = change.before.as_ref().is_some_and(|before| before.state == "booked");
    if booked {
        return match SAID.into_iter().find(|field| change.changed(field)) {
            Some(field) => {
                let message = "what was booked stays: book another one that corrects it, less than nothing if need be";
                Err(Rejection::new(format!("/fields/{field}"), "booked", message))
            }
            None => Ok(Effects::new()),
        };
    }
    let mut refused = Rejection::none();
    let cents = match rated(host, expense)? {
        Some(Ok(cents)) => Some(cents),
        Some(Err(message)) => {
            refused.add("/fields/card", "unknown-card", message);
            None
        }
        None => expense.integer("cents"),
    };
    let own: String = host.setting("currency")?;
    let currency = expense.text("currency").unwrap_or(&own);
    if change.entered("booked") {
        if cents.is_none() && refused.issues.is_empty() {
            refused.add("/fields/cents", "required", "say how much it was, or of which rate card and how many");
        }
        // What is booked by itself must not fail for its currency: it stays without a budget, where people see it.
        let other = bearing(host, expense)?.filter(|budget| budget.text("currency").unwrap_or(&own) != currency);
        if let Some(budget) = other.filter(|_| change.context.is_person()) {
            let message = format!("{} is kept in {}", budget.number, budget.text("currency").unwrap_or(&own));
            refused.add("/fields/currency", "other-currency", message);
        }
    }
    refused.or_ok(
        Effects::new()
            .when(cents.is_some() && expense.integer("cents") != cents, |effects| effects.set_field("cents", cents))
            .when(expense.text("currency").is_none(), |effects| effects.set_field("currency", currency)),
    )
}

/// The quantity times the rate of its card, when it has one.
fn rated(host: &impl Host, expense: &Ticket) -> Result<Option<Result<i64, String>>, Fault> {
    let Some(card) = expense.text("card") else { return Ok(None) };
    let rates: BTreeMap<String, i64> = host.setting("rates")?;
    let cents = rates.get(card).map(|rate| rate * expense.integer("quantity").unwrap_or(1));
    Ok(Some(cents.ok_or_else(|| format!("there is no rate card `{card}`"))))
}

/// The open budget of the cost centre that covers the day, the narrowest first: of the month, the quarter, the year.
fn bearing(host: &impl Host, expense: &Ticket) -> Result<Option<Record>, Fault> {
    let (centre, day) = (expense.text("cost_centre"), expense.text("day").unwrap_or_default());
    let periods = periods(day);
    let place = |budget: &Record| periods.iter().position(|period| budget.text("period") == Some(period));
    let open = host.records("budget", Some("open"))?.into_iter();
    let fits = open.filter(|budget| budget.text("cost_centre") == centre && place(budget).is_some());
    Ok(fits.min_by_key(|budget| place(budget)))
}

fn periods(day: &str) -> Vec<String> {
    let (Some(year), Some(month)) = (day.get(..4), day.get(5..7).and_then(|month| month.parse::<u32>().ok())) else {
        return Vec::new();
    };
    vec![format!("{year}-{month:02}"), format!("{year}-Q{}", month.div_ceil(3)), year.to_owned()]
}

/// A booked expense is borne by its budget, once: the budget that bore it is noted with it in the same commit.
pub(crate) fn bear(host: &impl Host, expense: &Record) -> Result<Effects, Fault> {
    if expense.state != "booked" || expense.text("budget").is_some() {
        return Ok(Effects::new());
    }
    let said = Ticket { fields: expense.fields.clone(), ..Ticket::new(&expense.id, "expense") };
    let own: String = host.setting("currency")?;
    let currency = expense.text("currency").unwrap_or(&own);
    let budget = bearing(host, &said)?.filter(|budget| budget.text("currency").unwrap_or(&own) == currency);
    let (Some(budget), Some(cents)) = (budget, expense.integer("cents")) else { return Ok(Effects::new()) };
    let spent = budget.integer("actual_cents").unwrap_or(0) + cents;
    Ok(Effects::new()
        .upsert_record(budget.change().field("actual_cents", spent))
        .upsert_record(expense.change().field("budget", budget.number.as_str())))
}

/// A contract costs when it begins and with each term it goes on for. One without cost or cost centre is nobody's yet.
pub(crate) fn of_contract(event: &Event, contract: &Record) -> Effects {
    let renewed = event.change("renewals").is_some();
    let began = event.entered("active");
    let (Some(cents), Some(centre)) =
        (contract.integer("cost_cents").filter(|cents| *cents > 0), contract.text("cost_centre"))
    else {
        return Effects::new();
    };
    // A renewal says until when the term before went: the day after it is when the next one costs.
    let before = event.change("end").and_then(|change| change.from.as_str()).and_then(day_after);
    let first = if renewed { before } else { contract.text("start").map(str::to_owned) };
    let Some(day) = first.filter(|_| renewed || began) else { return Effects::new() };
    let until = contract.text("end").unwrap_or_default();
    let expense =
        UpsertRecord::new("expense", &contract.space, &format!("{} {} until {until}", contract.number, contract.title))
            .field("cost_centre", centre)
            .field("day", day)
            .field("cents", cents)
            .field("source", contract.id.as_str());
    Effects::new().upsert_record(expense.state("booked"))
}

fn day_after(day: &str) -> Option<String> {
    let midnight: Instant = format!("{day}T00:00:00Z").parse().ok()?;
    midnight.plus_days(1).to_string().get(..10).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host() -> FakeHost {
        let rates = json!({"server": 10_000, "hour of a senior": 9_000});
        FakeHost::of_manifest(include_str!("../plugin.toml")).with_setting("rates", rates)
    }

    fn expense(state: &str) -> Ticket {
        Ticket::new("E1", "expense")
            .in_state(state)
            .with("cost_centre", "sales")
            .with("day", "2026-03-02")
            .with("currency", "EUR")
    }

    fn budget(id: &str, period: &str) -> Record {
        Record::new(id, "budget", "open").with("cost_centre", "sales").with("period", period).with("actual_cents", 100)
    }

    fn decided(host: &FakeHost, before: Ticket, after: Ticket) -> Result<Effects, String> {
        crate::guard(host, &Change::of(&before, after)).map_err(|refused| refused.codes().join(","))
    }

    #[test]
    fn fin_01_an_expense_is_a_quantity_of_a_rate_or_an_amount() {
        let of_card = expense("draft").with("card", "hour of a senior").with("quantity", 3);
        assert_eq!(decided(&host(), expense("draft"), of_card), Ok(Effects::new().set_field("cents", 27_000)));
        assert_eq!(decided(&host(), expense("draft"), expense("draft").with("card", "no")), Err("unknown-card".into()));
        assert_eq!(decided(&host(), expense("draft"), expense("booked")), Err("required".into()));
        let new = crate::guard(&host(), &Change::creating(expense("draft").with("currency", Value::Null))).unwrap();
        assert_eq!(new, Effects::new().set_field("currency", "EUR"));
    }

    #[test]
    fn fin_01_what_is_booked_stays_and_is_of_one_currency() {
        let booked = expense("booked").with("cents", 1205);
        assert_eq!(decided(&host(), booked.clone(), booked.clone().with("cents", 1204)), Err("booked".into()));
        assert_eq!(decided(&host(), booked.clone(), booked.clone().with("budget", "#B1")), Ok(Effects::new()));
        let host = host().with_record(budget("B1", "2026"));
        let foreign = booked.clone().with("currency", "CHF");
        assert_eq!(decided(&host, foreign.clone().in_state("draft"), foreign.clone()), Err("other-currency".into()));
        assert_eq!(decided(&host, booked.clone().in_state("draft"), booked), Ok(Effects::new()));
        let change = Change::of(&foreign.clone().in_state("draft"), foreign).within(Context::of_plugin("financial"));
        assert_eq!(crate::guard(&host, &change), Ok(Effects::new()), "it is seen without a budget");
    }

    #[test]
    fn fin_01_the_narrowest_budget_bears_an_expense_once() {
        let booked = |currency: &str| {
            let said = expense("booked").with("cents", -5).with("currency", currency);
            Record { fields: said.fields, ..Record::new("E1", "expense", "booked") }
        };
        let host = host()
            .with_record(budget("B1", "2026"))
            .with_record(budget("B2", "2026-Q1"))
            .with_record(budget("B3", "2026-04"));
        let expected = Effects::new()
            .upsert_record(budget("B2", "").change().field("actual_cents", 95))
            .upsert_record(booked("EUR").change().field("budget", "#B2"));
        assert_eq!(bear(&host, &booked("EUR")), Ok(expected));
        assert_eq!(bear(&host, &booked("EUR").with("budget", "#B2")), Ok(Effects::new()));
        assert_eq!(bear(&host, &booked("CHF")), Ok(Effects::new()));
        assert_eq!(periods("2026-12-31"), ["2026-12", "2026-Q4", "2026"]);
    }

    #[test]
    fn ast_03_a_contract_is_booked_when_it_begins_and_for_each_term() {
        let contract = Record::new("C1", "contract", "active")
            .with("start", "2026-03-01")
            .with("end", "2027-02-28")
            .with("cost_cents", 120_000)
            .with("cost_centre", "it");
        let day = |changes: Value, contract: &Record| {
            let event = Event::of_record("record.changed", "C1", json!({"changes": changes}));
            of_contract(&event, contract).iter().next().map(|effect| effect.data["fields"]["day"].clone())
        };
        let began = json!([{"field": "state", "from": "approved", "to": "active"}]);
        assert_eq!(day(began.clone(), &contract), Some(json!("2026-03-01")));
        let renewed = json!([{"field": "fields.end", "from": "2026-02-28", "to": "2027-02-28"}, {"field": "fields.renewals", "from": 0, "to": 1}]);
        assert_eq!(day(renewed, &contract), Some(json!("2026-03-01")));
        assert_eq!(day(json!([{"field": "fields.alerted", "from": null, "to": "2026-02-28"}]), &contract), None);
        let nobodys = Record { fields: Object::new(), ..contract };
        assert_eq!(day(began, &nobodys), None);
    }
}

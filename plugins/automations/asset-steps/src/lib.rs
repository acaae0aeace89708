//! Asset steps: things in stock, reserved for a flow, handed out and put back.
//!
//! A reservation reads the whole shelf, so two flows that want the last laptop cannot both get it: the commit of the second finds
//! that the shelf changed, and decides again.

use serde::Deserialize;
use weft_sdk::automation::{Outcome, StepCall};
use weft_sdk::prelude::*;
use weft_sdk::{Record, UpsertRecord};

weft_sdk::automation! { run: run }

const KIND: &str = "stock-item";

fn run(host: &impl Host, call: &StepCall) -> Result<Outcome, Fault> {
    match call.step.as_str() {
        "reserve" => reserve(host, call),
        "hand-out" => hand_out(host, call),
        "release" => release(host, call),
        other => Err(Fault::Permanent(format!("`asset-steps` has no step `{other}`"))),
    }
}

#[derive(Debug, Deserialize)]
struct Wanted {
    class: String,
    model: Option<String>,
    person: Option<String>,
}

impl Wanted {
    fn is(&self, item: &Record) -> bool {
        let same = |name: &str, wanted: &str| text(item, name).is_some_and(|value| value.eq_ignore_ascii_case(wanted));
        same("class", &self.class) && self.model.as_deref().is_none_or(|model| same("model", model))
    }
}

fn reserve(host: &impl Host, call: &StepCall) -> Result<Outcome, Fault> {
    let (ticket, wanted) = (call.ticket()?, call.inputs::<Wanted>()?);
    let mine = |item: &&Record| text(item, "ticket") == Some(&ticket.id) && wanted.is(item);
    if let Some(item) = host.records(KIND, Some("reserved"))?.iter().find(mine) {
        return Ok(Outcome::done(outputs(item), Effects::new()));
    }
    let shelf = host.records(KIND, Some("available"))?;
    let Some(item) = shelf.iter().find(|item| wanted.is(item)) else {
        let what =
            wanted.model.as_ref().map_or_else(|| wanted.class.clone(), |model| format!("{} {model}", wanted.class));
        return Ok(Outcome::bpmn_error("out-of-stock", format!("there is no {what} in stock for {}", ticket.label())));
    };
    let change = changed(item).state("reserved").field("ticket", ticket.id.as_str());
    let change = match wanted.person.as_ref().or(ticket.requester.as_ref()) {
        Some(person) => change.field("reserved_for", person.as_str()),
        None => change,
    };
    Ok(Outcome::done(outputs(item), Effects::new().upsert_record(change)))
}

#[derive(Debug, Deserialize)]
struct Chosen {
    item: Option<String>,
}

fn hand_out(host: &impl Host, call: &StepCall) -> Result<Outcome, Fault> {
    let (ticket, chosen) = (call.ticket()?, call.inputs::<Chosen>()?);
    let id = chosen.item.unwrap_or_default();
    let Some(item) = host.record(&id)?.filter(|item| item.kind == KIND) else {
        return Err(Fault::Permanent(format!("there is no stock item `{id}`")));
    };
    if text(&item, "ticket") != Some(&ticket.id) {
        return Err(Fault::Permanent(format!("{} is not reserved for {}", item.number, ticket.label())));
    }
    let effects = match item.state.as_str() {
        "in-use" => Effects::new(),
        "reserved" => Effects::new().upsert_record(changed(&item).state("in-use")),
        state => return Err(Fault::Permanent(format!("{} is {state}, not reserved", item.number))),
    };
    Ok(Outcome::done(json!({}), effects))
}

/// Compensation may come twice, or late: only what this ticket still has is put back.
fn release(host: &impl Host, call: &StepCall) -> Result<Outcome, Fault> {
    let (ticket, chosen) = (call.ticket()?, call.inputs::<Chosen>()?);
    let found = match &chosen.item {
        Some(id) => host.record(id)?.filter(|item| item.kind == KIND && text(item, "ticket") == Some(&ticket.id)),
        None => None,
    };
    let out = found.filter(|item| matches!(item.state.as_str(), "reserved" | "in-use"));
    let effects = match &out {
        Some(item) => {
            let back = changed(item).state("available").field("ticket", Value::Null).field("reserved_for", Value::Null);
            Effects::new().upsert_record(back)
        }
        None => Effects::new(),
    };
    Ok(Outcome::done(json!({"released": out.is_some()}), effects))
}

fn text<'r>(item: &'r Record, field: &str) -> Option<&'r str> {
    item.fields.get(field)?.as_str()
}

fn changed(item: &Record) -> UpsertRecord {
    UpsertRecord::new(KIND, &item.space, &item.title).record(&item.id)
}

fn outputs(item: &Record) -> Value {
    json!({"item": item.id, "number": item.number, "name": item.title, "ci": text(item, "ci")})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(id: &str, state: &str) -> Record {
        Record::new(id, KIND, state).with("class", "laptop").with("model", "T14")
    }

    fn step(host: &FakeHost, name: &str, inputs: Value) -> Result<Outcome, Fault> {
        run(host, &StepCall::new(name, inputs).on(Ticket::new("T1", "request").for_requester("erin")))
    }

    fn upsert(id: &str, state: &str) -> UpsertRecord {
        UpsertRecord::new(KIND, "it", &format!("{KIND} {id}")).record(id).state(state)
    }

    fn said(id: &str) -> Value {
        json!({"item": id, "number": format!("#{id}"), "name": format!("{KIND} {id}"), "ci": null})
    }

    #[test]
    fn the_first_available_item_that_fits_is_reserved() {
        let host = FakeHost::new()
            .with_record(item("A1", "in-use"))
            .with_record(item("A2", "available").with("model", "X1"))
            .with_record(item("A3", "available"))
            .with_record(item("A4", "available"));
        let reserved =
            Effects::new().upsert_record(upsert("A3", "reserved").field("ticket", "T1").field("reserved_for", "erin"));
        let found = step(&host, "reserve", json!({"class": "Laptop", "model": "T14"}));
        assert_eq!(found, Ok(Outcome::done(said("A3"), reserved)));
    }

    #[test]
    fn an_empty_shelf_is_an_error_that_the_flow_catches() {
        let host = FakeHost::new().with_record(item("A1", "defective"));
        let outcome = step(&host, "reserve", json!({"class": "laptop"}));
        assert_eq!(outcome, Ok(Outcome::bpmn_error("out-of-stock", "there is no laptop in stock for #T1")));
    }

    #[test]
    fn a_second_try_takes_nothing_more() {
        let host = FakeHost::new()
            .with_record(item("A1", "available"))
            .with_record(item("A2", "reserved").with("ticket", "T1"))
            .with_record(item("A3", "reserved").with("ticket", "T9"));
        assert_eq!(step(&host, "reserve", json!({"class": "laptop"})), Ok(Outcome::done(said("A2"), Effects::new())));
    }

    #[test]
    fn only_what_is_reserved_for_the_ticket_is_handed_out() {
        let host = |state: &str, ticket: &str| FakeHost::new().with_record(item("A1", state).with("ticket", ticket));
        let hand_out = |host: FakeHost| step(&host, "hand-out", json!({"item": "A1"}));
        let out = Effects::new().upsert_record(upsert("A1", "in-use"));
        assert_eq!(hand_out(host("reserved", "T1")), Ok(Outcome::done(json!({}), out)));
        assert_eq!(hand_out(host("in-use", "T1")), Ok(Outcome::done(json!({}), Effects::new())));
        assert!(hand_out(host("reserved", "T9")).is_err());
        assert!(hand_out(host("defective", "T1")).is_err());
        assert!(hand_out(FakeHost::new()).is_err());
    }

    #[test]
    fn cat_05_release_puts_back_what_the_ticket_still_has() {
        let release = |state: &str, ticket: &str| {
            let host = FakeHost::new().with_record(item("A1", state).with("ticket", ticket));
            step(&host, "release", json!({"item": "A1"}))
        };
        let back = upsert("A1", "available").field("ticket", Value::Null).field("reserved_for", Value::Null);
        for state in ["reserved", "in-use"] {
            let expected = Outcome::done(json!({"released": true}), Effects::new().upsert_record(back.clone()));
            assert_eq!(release(state, "T1"), Ok(expected));
        }
        let nothing = Ok(Outcome::done(json!({"released": false}), Effects::new()));
        assert_eq!(release("available", "T1"), nothing, "a second time");
        assert_eq!(release("reserved", "T9"), nothing, "somebody else has it by now");
        assert_eq!(step(&FakeHost::new(), "release", json!({"item": null})), nothing);
        assert_eq!(step(&FakeHost::new(), "release", json!({"item": "gone"})), nothing);
    }

    #[test]
    fn the_kind_has_the_states_that_the_steps_use() {
        let kind: Value = toml::from_str(include_str!("../kinds/stock-item.toml")).unwrap();
        let legal = |from: &str, to: &str| {
            let mut rules = kind["transition"].as_array().unwrap().iter();
            rules.any(|rule| rule["to"] == to && rule["from"].as_array().unwrap().iter().any(|state| state == from))
        };
        for (from, to) in
            [("available", "reserved"), ("reserved", "in-use"), ("reserved", "available"), ("in-use", "available")]
        {
            assert!(legal(from, to), "{from} to {to}");
        }
    }
}

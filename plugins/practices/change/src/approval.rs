//! Approval definitions: who is asked about a change and how many must answer, kept as records that a manager writes.
//!
//! A flow gets the definitions that are meant for the type of its change when it starts, and takes the first that is meant for the risk when it
//! comes to the approval. Without one, the flow says itself who approves.

use weft_sdk::Record;
use weft_sdk::prelude::*;

/// The definitions in force for a type of change, in their order, as the flow reads them.
pub(crate) fn definitions(host: &impl Host, kind: &str) -> Result<Vec<Value>, Fault> {
    let mut active = host.records("approval-definition", Some("active"))?;
    active.retain(|one| one.list("types").next().is_none() || one.list("types").any(|known| known == kind));
    active.sort_by_key(|one| (one.integer("order").unwrap_or(100), one.number.clone()));
    Ok(active.iter().map(as_variable).collect())
}

fn as_variable(one: &Record) -> Value {
    let list = |name: &str| one.list(name).collect::<Vec<_>>();
    json!({
        "number": one.number, "title": one.title, "people": list("people"), "groups": list("groups"), "risks": list("risks"),
        "from_change": one.flag("from_change"), "mandatory": one.flag("mandatory"), "auto": one.text("auto"), "percent": percent(one.field("wait"), one.field("percent")),
    })
}

/// What the rule `percent` is asked: nothing for the first answer, 100 for all.
fn percent(wait: &Value, percent: &Value) -> Value {
    match wait.as_str() {
        Some("all") => json!(100),
        Some("percent") => percent.clone(),
        _ => Value::Null,
    }
}

/// Refuses a definition that could never be satisfied, with everything that is wrong.
pub(crate) fn check(host: &impl Host, definition: &Change) -> Result<Effects, Rejection> {
    let (after, mut refused) = (&definition.after, Rejection::none());
    let people: Vec<&str> = after.list("people").collect();
    let (has_groups, from_change) = (after.list("groups").next().is_some(), after.flag("from_change"));
    let mut left = Vec::new();
    for (index, id) in people.iter().enumerate() {
        match host.person(id)? {
            None => refused.add(format!("/fields/people/{index}"), "unknown-person", format!("there is nobody `{id}`")),
            Some(person) if !person.active => left.push((index, person.name)),
            Some(_) => {}
        }
    }
    if left.len() == people.len() && !has_groups && !from_change {
        for (index, name) in left {
            let message = format!("{name} left, and nobody else is asked: name somebody who is there");
            refused.add(format!("/fields/people/{index}"), "left", message);
        }
    }
    match after.text("auto") {
        None if people.is_empty() && !has_groups && !from_change => {
            let message =
                "nobody would be asked: name people or groups, take them from the change, or decide without asking";
            refused.add("/fields/people", "nobody", message);
        }
        Some(_) if !people.is_empty() || has_groups || from_change => {
            let message = "the definition decides without asking and names whom to ask: leave one of them out";
            refused.add("/fields/auto", "contradiction", message);
        }
        _ => {}
    }
    if after.text("wait") == Some("percent") && after.field("percent").is_null() {
        let message = "say which percentage must approve, or wait for the first answer";
        refused.add("/fields/percent", "required", message);
    }
    refused.or_ok(Effects::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{host, of_type};
    use weft_sdk::Person;

    fn definition(number: &str) -> Record {
        Record::new(number, "approval-definition", "active").with("mandatory", true)
    }

    fn saved(host: &FakeHost, fields: Value) -> Vec<String> {
        let fields = fields.as_object().cloned().unwrap_or_default();
        let ticket = fields
            .into_iter()
            .fold(Ticket::new("A1", "approval-definition"), |ticket, (name, value)| ticket.with(&name, value));
        let decided = crate::guard(host, &Change::creating(ticket).within(Context::of_person("mona", &["manager"])));
        let issues = decided.map_or_else(|refused| refused.issues, |_| Vec::new());
        issues.into_iter().map(|issue| format!("{} {}", issue.pointer, issue.code)).collect()
    }

    #[test]
    fn chg_03_a_definition_that_nobody_could_satisfy_is_refused() {
        let gone = Person { active: false, ..Person::new("gus") };
        let host = host().with_person(Person::new("ana")).with_person(gone);
        assert_eq!(saved(&host, json!({"people": ["ana", "gus"]})), [""; 0]);
        assert_eq!(saved(&host, json!({"groups": ["board"], "wait": "percent", "percent": 50})), [""; 0]);
        assert_eq!(saved(&host, json!({"auto": "approve"})), [""; 0]);
        assert_eq!(saved(&host, json!({})), ["/fields/people nobody"]);
        assert_eq!(saved(&host, json!({"people": ["gus"]})), ["/fields/people/0 left"]);
        assert_eq!(
            saved(&host, json!({"people": ["ana", "nobody"], "auto": "reject", "wait": "percent"})),
            ["/fields/people/1 unknown-person", "/fields/auto contradiction", "/fields/percent required"]
        );
    }

    #[test]
    fn chg_03_a_flow_gets_the_definitions_for_its_type_in_their_order() {
        let of = |number: &str, types: Value, order: i64| definition(number).with("types", types).with("order", order);
        let host = host()
            .with_record(of("D1", json!([]), 20).with("wait", "all").with("people", json!(["ana"])))
            .with_record(of("D2", json!(["standard"]), 1))
            .with_record(
                of("D3", json!(["normal"]), 10)
                    .with("wait", "percent")
                    .with("percent", 49.5)
                    .with("risks", json!(["high"])),
            )
            .with_record(Record::new("D4", "approval-definition", "retired"));
        let effects = crate::guard(&host, &Change::creating(of_type("normal", "new"))).unwrap();
        let flow = effects.iter().find(|effect| effect.kind == "start-flow").expect("a flow");
        let given = flow.data["variables"]["approval_definitions"].as_array().cloned().unwrap_or_default();
        let told: Vec<_> = given.iter().map(|one| (one["number"].clone(), one["percent"].clone())).collect();
        assert_eq!(told, [(json!("#D3"), json!(49.5)), (json!("#D1"), json!(100))]);
        assert_eq!((&given[0]["risks"], &given[1]["people"]), (&json!(["high"]), &json!(["ana"])));
    }
}

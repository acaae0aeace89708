//! Service configuration: what an item was, what fails with it, and whether what is known of it is enough.

mod impact;

use serde::Deserialize;
use std::collections::BTreeSet;
use weft_sdk::automation::{Outcome, StepCall};
use weft_sdk::prelude::*;
use weft_sdk::{Direction, Relation};

weft_sdk::practice! { guard: guard, run: run }

/// The attribute in which discovery notes when it saw an item.
const SEEN: &str = "last_seen";

/// A baseline is taken when it is made, and stays.
fn guard(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    let id = change.after.text("ci").unwrap_or_default();
    if !change.is_create() {
        let kept = ["ci", "attributes", "relations"].into_iter().find(|field| change.changed(field));
        return match kept {
            Some(field) => Err(Rejection::new(format!("/fields/{field}"), "taken", "a baseline stays as it was taken")),
            None => Ok(Effects::new()),
        };
    }
    let missing = || Rejection::new("/fields/ci", "unknown-ci", format!("there is no item `{id}`"));
    let ci = host.ci(id)?.ok_or_else(missing)?;
    let relations: Vec<String> = host.related(id)?.iter().map(line).collect();
    Ok(Effects::new()
        .set_field("attributes", ci.attributes)
        .set_field("relations", relations)
        .set_field("taken_at", change.context.now.to_string()))
}

fn line(relation: &Relation) -> String {
    let direction = match relation.direction {
        Direction::Up => "up",
        Direction::Down => "down",
    };
    format!("{direction} {} {}", relation.kind, relation.other)
}

fn run(host: &impl Host, call: &StepCall) -> Result<Outcome, Fault> {
    match call.step.as_str() {
        "compare" => compare(host, call),
        "impact" => impact::run(host, call),
        "health" => health(host, call),
        other => Err(Fault::Permanent(format!("`service-configuration` has no step `{other}`"))),
    }
}

#[derive(Debug, Deserialize)]
struct Comparison {
    baseline: String,
}

fn compare(host: &impl Host, call: &StepCall) -> Result<Outcome, Fault> {
    let id = call.inputs::<Comparison>()?.baseline;
    let missing = |what: &str| Fault::Permanent(format!("there is no {what} `{id}`"));
    let baseline = host.record(&id)?.ok_or_else(|| missing("baseline"))?;
    let ci = baseline.text("ci").unwrap_or_default();
    let now = host.ci(ci)?.ok_or_else(|| missing("item of the baseline"))?;
    let then = baseline.field("attributes").as_object().cloned().unwrap_or_default();
    let names: BTreeSet<&String> = then.keys().chain(now.attributes.keys()).collect();
    let changed = names.into_iter().filter(|name| then.get(*name) != now.attributes.get(*name));
    let mut differences: Vec<Value> = changed
        .map(|name| json!({"attribute": name, "from": then.get(name), "to": now.attributes.get(name)}))
        .collect();
    let related: BTreeSet<String> = host.related(ci)?.iter().map(line).collect();
    let before: BTreeSet<String> = baseline.list("relations").map(str::to_owned).collect();
    differences.extend(before.difference(&related).map(|gone| json!({"relation": gone, "is": "gone"})));
    differences.extend(related.difference(&before).map(|new| json!({"relation": new, "is": "new"})));
    Ok(Outcome::done(json!({"differences": differences}), Effects::new()))
}

#[derive(Debug, Deserialize)]
struct Checked {
    items: Vec<String>,
    #[serde(default = "owner")]
    wanted: Vec<String>,
    #[serde(default = "two_months")]
    stale_days: i64,
}

fn owner() -> Vec<String> {
    vec!["owner".to_owned()]
}

fn two_months() -> i64 {
    60
}

fn health(host: &impl Host, call: &StepCall) -> Result<Outcome, Fault> {
    let inputs = call.inputs::<Checked>()?;
    let (mut there, mut wanted, mut orphans, mut stale) = (0, 0, Vec::new(), Vec::new());
    let limit = call.context.now.plus_days(-inputs.stale_days);
    for id in &inputs.items {
        let Some(ci) = host.ci(id)? else { continue };
        wanted += inputs.wanted.len();
        there +=
            inputs.wanted.iter().filter(|name| ci.attributes.get(*name).is_some_and(|value| !value.is_null())).count();
        if host.related(id)?.is_empty() {
            orphans.push(id);
        }
        let seen = ci.attributes.get(SEEN).and_then(Value::as_str).and_then(|seen| seen.parse::<Instant>().ok());
        if seen.is_some_and(|seen| seen < limit) {
            stale.push(id);
        }
    }
    let percent = (there * 100).checked_div(wanted).unwrap_or(100);
    Ok(Outcome::done(json!({"complete_percent": percent, "orphans": orphans, "stale": stale}), Effects::new()))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use weft_sdk::{Ci, Record};

    pub(crate) fn outputs(host: &FakeHost, step: &str, inputs: Value) -> Value {
        let mut call = StepCall::new(step, inputs);
        call.context = call.context.at("2026-03-02T09:00:00Z");
        match run(host, &call) {
            Ok(Outcome::Done { outputs, .. }) => outputs,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn cfg_06_a_baseline_keeps_attributes_and_relations_and_stays() {
        let host =
            FakeHost::new().with_ci(Ci::new("db", "database").with("memory", 8)).with_relation("db", "runs-on", "host");
        let taken = guard(&host, &Change::creating(Ticket::new("B1", "baseline").with("ci", "db"))).unwrap();
        let values: Vec<_> = taken.iter().map(|effect| effect.data["value"].clone()).collect();
        assert_eq!(values[..2], [json!({"memory": 8}), json!(["up runs-on host"])]);
        let before = Ticket::new("B1", "baseline").with("ci", "db").with("attributes", json!({"memory": 8}));
        let edited = Change::of(&before, before.clone().with("attributes", json!({"memory": 16})));
        assert_eq!(guard(&host, &edited).unwrap_err().codes(), ["taken"]);
        let unknown = guard(&host, &Change::creating(Ticket::new("B1", "baseline").with("ci", "no")));
        assert_eq!(unknown.unwrap_err().codes(), ["unknown-ci"]);
    }

    #[test]
    fn cfg_06_a_difference_names_attributes_and_relations() {
        let baseline = Record::new("B1", "baseline", "taken")
            .with("ci", "db")
            .with("attributes", json!({"memory": 8, "site": "Berlin"}))
            .with("relations", json!(["up runs-on host"]));
        let host = FakeHost::new()
            .with_record(baseline)
            .with_ci(Ci::new("db", "database").with("memory", 16).with("site", "Berlin"))
            .with_relation("erp", "depends-on", "db");
        let expected = json!([{"attribute": "memory", "from": 8, "to": 16}, {"relation": "up runs-on host", "is": "gone"},
            {"relation": "down depends-on erp", "is": "new"}]);
        assert_eq!(outputs(&host, "compare", json!({"baseline": "B1"}))["differences"], expected);
    }

    #[test]
    fn cfg_07_health_is_completeness_orphans_and_what_was_not_seen() {
        let host = FakeHost::new()
            .with_ci(Ci::new("a", "server").with("owner", "ana").with(SEEN, "2026-03-01T00:00:00Z"))
            .with_ci(Ci::new("b", "server").with(SEEN, "2025-12-31T00:00:00Z"))
            .with_ci(Ci::new("c", "server").with("owner", "bo"))
            .with_relation("a", "connected-to", "b");
        let health = outputs(&host, "health", json!({"items": ["a", "b", "c", "gone"]}));
        assert_eq!(health, json!({"complete_percent": 66, "orphans": ["c"], "stale": ["b"]}));
    }
}

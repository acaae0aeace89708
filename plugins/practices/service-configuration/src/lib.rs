//! Service configuration: which item is meant, what it was, what fails with it, and whether what is known of it is enough.

mod audit;
mod gone;
mod health;
mod impact;
mod merge;
mod policy;
mod reconcile;
mod rules;
#[cfg(test)]
mod tests;

use crate::rules::{Entry, PEOPLE, Rules};
use serde::Deserialize;
use std::collections::BTreeSet;
use weft_sdk::automation::{Outcome, StepCall};
use weft_sdk::prelude::*;
use weft_sdk::{Direction, RELATION_TYPES, Relation};

weft_sdk::practice! { guard: guard, react: react, run: run }

/// Relations that the rows of one import name: all is done in one commit.
const RELATIONS_MAX: usize = 140;

fn guard(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    match change.after.kind.as_str() {
        "ci-import" => import(host, change),
        "ci-rule" => rule(host, change),
        "ci-policy" => policy::guard(host, change),
        "ci-audit" => audited(host, change),
        "ci-duplicate" => merge::guard(host, change),
        "ci-source" => only_one(host, change, "key"),
        _ => baseline(host, change),
    }
}

/// A rule holds for one class, and reconciles by relations that there are.
fn rule(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    let mut wrong = only_one(host, change, "class").err().unwrap_or_default();
    for (place, entry) in Entry::list(change.after.field("entries")).into_iter().flatten().enumerate() {
        if let Some(by) = entry.related.filter(|by| !RELATION_TYPES.contains(&by.kind.as_str())) {
            let message = format!("there is no relation `{}`; there is {}", by.kind, RELATION_TYPES.join(", "));
            wrong.add(format!("/fields/entries/{place}/related/type"), "unknown-relation", message);
        }
    }
    wrong.or_ok(Effects::new())
}

/// An audit that is only simulated is answered at once; a real one by the reaction, which may open tickets.
fn audited(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    let after = &change.after;
    if !change.is_create() {
        return match ["mode", "class", "items", "after"].into_iter().find(|field| change.changed(field)) {
            Some(field) => Err(Rejection::new(
                format!("/fields/{field}"),
                "fixed",
                "an audit stays as it was asked for; make another one",
            )),
            None => Ok(Effects::new()),
        };
    }
    if let Some(class) = after.text("class").filter(|class| host.ci_lineage(class).is_ok_and(|line| line.is_empty())) {
        return Err(Rejection::new("/fields/class", "unknown-class", format!("there is no class `{class}`")));
    }
    if after.text("mode") != Some("simulate") {
        return Ok(Effects::new());
    }
    let found = audit::audit(host, audit::asked(&after.space, |name| after.field(name).clone())?)?;
    let told = found.told().into_iter().filter(|(name, _)| !matches!(*name, "opened" | "closed"));
    Ok(told.fold(Effects::new(), |effects, (name, value)| effects.set_field(name, value)).transition("simulated"))
}

/// What was brought stays as it was brought, and comes from a source that is known; a simulation is answered at once.
fn import(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    let after = &change.after;
    if !change.is_create() {
        return match ["source", "mode", "items"].into_iter().find(|field| change.changed(field)) {
            Some(field) => {
                Err(Rejection::new(format!("/fields/{field}"), "fixed", "an import stays as it was brought"))
            }
            None => Ok(Effects::new()),
        };
    }
    let source = after.text("source").unwrap_or_default();
    let rules = Rules::read(host, &after.space)?;
    if rules.source(source).is_none() {
        let message = format!("there is no source `{source}` in this space; there is {}", rules.source_keys());
        return Err(Rejection::new("/fields/source", "unknown-source", message));
    }
    let lines = after.field("items").as_array().into_iter().flatten();
    let relations: usize = lines.map(|line| line["relations"].as_array().map_or(0, Vec::len)).sum();
    if relations > RELATIONS_MAX {
        let message = format!("{relations} relations are more than one import brings ({RELATIONS_MAX}); make it two");
        return Err(Rejection::new("/fields/items", "too-many-relations", message));
    }
    if after.text("mode") != Some("simulate") {
        return Ok(Effects::new());
    }
    let plan = reconcile::plan(host, change.context.now, &after.space, source, after.field("items"))?;
    let counts = plan.counts();
    Ok(Effects::new().set_field("result", plan.lines).set_field("counts", counts).transition("simulated"))
}

/// Two rules for one class, or two sources with one key, would leave open which of them holds.
fn only_one(host: &impl Host, change: &Change, field: &str) -> Result<Effects, Rejection> {
    let after = &change.after;
    let value = after.text(field).unwrap_or_default();
    if after.kind == "ci-source" && value == PEOPLE && change.is_create() {
        let message =
            format!("`{PEOPLE}` is what people write; the setting `people-rank` says how much it is believed");
        return Err(Rejection::new("/fields/key", "reserved", message));
    }
    if !change.is_create() && change.changed(field) {
        return Err(Rejection::new(format!("/fields/{field}"), "fixed", "retire it and make another one"));
    }
    let others = host.records(&after.kind, Some("active"))?;
    let is_other = |other: &weft_sdk::Record| {
        other.id != after.id && other.space == after.space && other.text(field) == Some(value)
    };
    match others.into_iter().find(is_other) {
        Some(other) if change.is_create() => {
            let message = format!("{} is for `{value}` already: retire it first", other.number);
            Err(Rejection::new(format!("/fields/{field}"), "taken", message))
        }
        _ => Ok(Effects::new()),
    }
}

/// An import is carried out once it is there, with what it found in the read set: the same item is never created twice. So are audits
/// and merges.
fn react(host: &impl Host, context: &Context, event: &Event, ticket: Option<&Ticket>) -> Result<Effects, Fault> {
    if event.subject_kind == "ticket" {
        return merge::react(host, context.now, event, ticket);
    }
    let Some(record) = host.record(&event.subject)? else { return Ok(Effects::new()) };
    match (record.kind.as_str(), record.state.as_str()) {
        ("ci-import", "received") => {
            let source = record.text("source").unwrap_or_default();
            let plan = reconcile::plan(host, context.now, &record.space, source, record.field("items"))?;
            let counts = plan.counts();
            let state = if plan.is_open { "review" } else { "done" };
            let said = record.change().state(state).field("result", plan.lines).field("counts", counts);
            Ok(plan.effects.upsert_record(said))
        }
        ("ci-audit", "asked") => {
            let found = audit::audit(host, audit::asked(&record.space, |name| record.field(name).clone())?)?;
            let said = found
                .told()
                .into_iter()
                .fold(record.change().state("done"), |said, (name, value)| said.field(name, value));
            Ok(found.effects.upsert_record(said))
        }
        _ => Ok(Effects::new()),
    }
}

/// A baseline is taken when it is made, and stays.
fn baseline(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
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
        "health" => health::run(host, call),
        "gone" => gone::run(host, call),
        "audit" => audit::step(host, call),
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

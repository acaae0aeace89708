//! Assets: what is owned, where it is in its life, what covers it, what it is worth.

mod contract;
mod depreciation;
mod licence;

use std::collections::BTreeMap;
use weft_sdk::automation::{Outcome, StepCall};
use weft_sdk::prelude::*;
use weft_sdk::{Record, UpsertCi};

weft_sdk::practice! { guard: guard, react: react, run: run }

/// The attribute of a configuration item that follows its asset.
const STATUS: &str = "status";

fn guard(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    match change.after.kind.as_str() {
        "contract" => contract::decide(change),
        "licence" => licence::decide(change),
        _ => substate(host, change),
    }
}

/// A substate belongs to its state; coming into a state without one takes the first.
fn substate(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    let (after, moved) = (&change.after, change.changed("state"));
    if change.entered("retired") && after.text("retired_because").is_none() {
        return Err(Rejection::new("/fields/retired_because", "required", "say how it ended"));
    }
    let table: BTreeMap<String, Vec<String>> = host.setting("substates")?;
    let legal = table.get(&after.state).map(Vec::as_slice).unwrap_or_default();
    let given = after.text("substate").filter(|_| !moved || change.changed("substate"));
    match given {
        Some(substate) if !legal.iter().any(|one| one == substate) => {
            let choices = if legal.is_empty() { "no substate".to_owned() } else { legal.join(", ") };
            let message = format!("`{substate}` is no substate of {}; it has {choices}", after.state);
            Err(Rejection::new("/fields/substate", "not-of-state", message))
        }
        Some(_) => Ok(Effects::new()),
        None if after.text("substate") == legal.first().map(String::as_str) => Ok(Effects::new()),
        None if moved => Ok(match legal.first() {
            Some(first) => Effects::new().set_field("substate", first.as_str()),
            None => Effects::new().clear_field("substate"),
        }),
        None => Ok(Effects::new()),
    }
}

/// Asset and configuration item stay in step, whichever is changed.
fn react(host: &impl Host, _context: &Context, event: &Event, _: Option<&Ticket>) -> Result<Effects, Fault> {
    let table: BTreeMap<String, String> = host.setting("ci-status")?;
    if event.subject_kind == "ci" {
        return follow_ci(host, &table, &event.subject);
    }
    if event.kind != "record.created" && !event.changed("state") && !event.changed("ci") {
        return Ok(Effects::new());
    }
    // Records of other kinds come by too; only this practice's own may be read.
    let Ok(Some(asset)) = host.record(&event.subject) else { return Ok(Effects::new()) };
    if asset.kind != "asset" {
        return Ok(Effects::new());
    }
    let Some((id, wanted)) = asset.text("ci").zip(table.get(&asset.state)) else { return Ok(Effects::new()) };
    let Some(ci) = host.ci(id)? else { return Ok(Effects::new()) };
    let same = ci.attributes.get(STATUS).and_then(Value::as_str) == Some(wanted);
    let change = UpsertCi::new(&ci.name, &ci.class, &ci.space).ci(&ci.id).attribute(STATUS, wanted.as_str());
    Ok(Effects::new().when(!same, |effects| effects.upsert_ci(change)))
}

fn follow_ci(host: &impl Host, table: &BTreeMap<String, String>, ci: &str) -> Result<Effects, Fault> {
    let status = host.ci(ci)?.and_then(|ci| ci.attributes.get(STATUS)?.as_str().map(str::to_owned));
    let Some(status) = status else { return Ok(Effects::new()) };
    let behind =
        |asset: &&Record| asset.text("ci") == Some(ci) && table.get(&asset.state).is_none_or(|own| *own != status);
    let assets = host.records("asset", None)?;
    let Some(asset) = assets.iter().find(behind) else { return Ok(Effects::new()) };
    // Several states may mean one status: the first that can be reached from where it is would be a guess, so it must be one.
    let states: Vec<&String> = table.iter().filter(|(_, own)| **own == status).map(|(state, _)| state).collect();
    match states.as_slice() {
        [state] if leads_to(&asset.state, state) => Ok(Effects::new().upsert_record(asset.change().state(state))),
        _ => Ok(Effects::new()),
    }
}

/// What discovery may say about an asset: its end is for people, and so is whatever its kind has no way to.
fn leads_to(from: &str, to: &str) -> bool {
    match to {
        "in-use" => ["in-stock", "in-transit", "build", "in-maintenance"].contains(&from),
        "in-maintenance" => ["in-use", "in-stock"].contains(&from),
        "missing" => ["in-stock", "in-transit", "in-use"].contains(&from),
        "build" => from == "in-stock",
        _ => false,
    }
}

fn run(host: &impl Host, call: &StepCall) -> Result<Outcome, Fault> {
    match call.step.as_str() {
        "nightly" => contract::nightly(host, call),
        "depreciate" => depreciation::run(call),
        other => Err(Fault::Permanent(format!("`asset` has no step `{other}`"))),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use weft_sdk::Ci;
    use weft_sdk::fake::KindFile;

    pub(crate) fn host() -> FakeHost {
        FakeHost::of_manifest(include_str!("../plugin.toml"))
    }

    fn asset(state: &str) -> Ticket {
        Ticket::new("A1", "asset").in_state(state).with("class", "laptop")
    }

    fn codes(decision: Result<Effects, Rejection>) -> Vec<String> {
        decision.expect_err("a refusal").codes().into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn ast_01_states() {
        let kind = KindFile::read(include_str!("../kinds/asset.toml"));
        let states = ["on-order", "in-stock", "in-transit", "build", "in-use", "in-maintenance", "missing", "retired"];
        assert_eq!(kind.states(), states);
        assert_eq!(kind.legal("on-order"), ["in-stock"]);
        assert!(kind.legal("retired").is_empty());
        let table: BTreeMap<String, Value> = host().setting("ci-status").unwrap();
        assert!(states.iter().all(|state| table.contains_key(*state)), "every state has a status");
    }

    #[test]
    fn ast_01_substates_belong_to_their_state() {
        let into = |from: &str, after: Ticket| guard(&host(), &Change::of(&asset(from), after));
        let first = Effects::new().set_field("substate", "Available");
        assert_eq!(into("on-order", asset("in-stock")), Ok(first));
        assert_eq!(into("on-order", asset("in-stock").with("substate", "Legal hold")), Ok(Effects::new()));
        assert_eq!(codes(into("on-order", asset("in-stock").with("substate", "Sold"))), ["not-of-state"]);
        let stocked = asset("in-stock").with("substate", "Reserved");
        let out = guard(&host(), &Change::of(&stocked, stocked.clone().in_state("in-use")));
        assert_eq!(out, Ok(Effects::new().clear_field("substate")), "it does not take its substate along");
        assert_eq!(codes(into("in-stock", asset("retired"))), ["required"]);
    }

    #[test]
    fn ast_01_the_item_follows_its_asset() {
        let record = |state: &str| Record::new("A1", "asset", state).with("ci", "L1");
        let event = Event::of_record("record.changed", "A1", json!({"changes": [{"field": "state"}]}));
        let follow = |state: &str, status: &str| {
            let host = host().with_record(record(state)).with_ci(Ci::new("L1", "laptop").with(STATUS, status));
            react(&host, &Context::of_plugin("asset"), &event, None).unwrap()
        };
        let change = UpsertCi::new("L1", "laptop", "it").ci("L1").attribute(STATUS, "installed");
        assert_eq!(follow("in-use", "in-stock"), Effects::new().upsert_ci(change));
        assert_eq!(follow("in-use", "installed"), Effects::new());
    }

    #[test]
    fn ast_01_the_asset_follows_its_item_where_that_is_no_guess() {
        let record = Record::new("A1", "asset", "in-use").with("ci", "L1");
        let event = Event { subject_kind: "ci".into(), ..Event::about("ci.changed", "L1", json!({})) };
        let follow = |status: &str| {
            let host = host().with_record(record.clone()).with_ci(Ci::new("L1", "laptop").with(STATUS, status));
            react(&host, &Context::of_plugin("asset"), &event, None).unwrap()
        };
        assert_eq!(follow("absent"), Effects::new().upsert_record(record.change().state("missing")));
        assert_eq!(follow("in-stock"), Effects::new(), "in stock or on the way");
        assert_eq!(follow("installed"), Effects::new(), "they agree");
        assert_eq!(follow("retired"), Effects::new(), "its end is for people");
        let kind = KindFile::read(include_str!("../kinds/asset.toml"));
        for (from, to) in kind.states().into_iter().flat_map(|from| kind.states().into_iter().map(move |to| (from, to)))
        {
            assert!(!leads_to(from, to) || kind.legal(from).contains(&to), "{from} to {to}");
        }
    }
}

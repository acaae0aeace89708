//! State machines: our own practices walk theirs; those of others are data that the host takes as a kind and keeps to.

use super::{Report, create, go};
use crate::guests::{Function, Guest, returning};
use crate::world::World;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write;

pub(super) async fn check(fact: &Value, report: &mut Report) {
    for (name, machine) in fact.as_object().into_iter().flatten() {
        match name.as_str() {
            "servicenow_incident" => incident(machine, report).await,
            "servicenow_change" => change(machine, report).await,
            "servicenow_parent_child_incident" => family(machine, report).await,
            _ => foreign(name, machine, report).await,
        }
    }
}

fn word(state: &str) -> String {
    let word = state.split('(').next().unwrap_or_default().trim().to_lowercase().replace([' ', '_'], "-");
    if word == "canceled" { "cancelled".to_owned() } else { word }
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

async fn incident(machine: &Value, report: &mut Report) {
    let world = World::new().await;
    let registry = world.app.registry();
    let kind = registry.kinds.get(&"incident".into()).expect("incidents are shipped");
    let states: Vec<String> = kind.states.iter().map(|state| state.id.clone()).collect();
    let expected: Vec<String> = texts(&machine["states"]).iter().map(|state| word(state)).collect();
    report.is("states of an incident", &json!(states), &json!(expected));
    for reason in texts(&machine["on_hold_reasons"]) {
        let incident = world.incident("erin", json!({})).await;
        let silent = json!([{ "kind": "set-field", "data": { "field": "pending-reason", "value": word(&reason) } },
            { "kind": "transition", "data": { "to": "on-hold" } }]);
        let without_a_word = world.submit("ada", Some(&incident.id), silent).await.is_ok();
        report.holds(format!("{reason}, silently"), without_a_word != reason.contains("mandatory"));
        if !without_a_word {
            go(&world, "ada", &incident.id, "on-hold", json!({ "pending-reason": word(&reason) }))
                .await
                .expect("with a comment");
        }
        let said = json!([{ "kind": "comment", "data": { "visibility": "public", "body": "Here I am." } }]);
        world.submit("erin", Some(&incident.id), said).await.expect("she may answer");
        let now = world.load(&incident.id).await.ticket;
        report.is(
            format!("{reason}, answered"),
            &json!([now.state, now.fields.get("pending-reason")]),
            &json!(["in-progress", null]),
        );
    }
    let incident = world.incident("erin", json!({})).await;
    go(&world, "ada", &incident.id, "resolved", json!({ "close-code": "Solved", "close-notes": "Done." }))
        .await
        .expect("resolved");
    world.advance(jiff::SignedDuration::from_hours(24 * 8)).await;
    report.is("closed after days", &json!(world.load(&incident.id).await.ticket.state), &json!("closed"));
    report.holds("closed never reopens", go(&world, "ada", &incident.id, "in-progress", json!({})).await.is_err());
    world.settle().await;
    let said = json!([{ "kind": "comment", "data": { "visibility": "public", "body": "Again." } }]);
    let _ = world.submit("erin", Some(&incident.id), said).await;
    world.advance(jiff::SignedDuration::from_mins(5)).await;
    let follows = domain::filter::Filter::FieldEquals("follows".to_owned(), json!(incident.number));
    let count = world.app.store().ticket_count(&world.app.config.org, &follows).await.expect("the store answers");
    report.is("an answer opens another", &json!(count), &json!(1));
}

/// Each type along its way, every step of it, and cancelled from wherever it may be.
async fn change(machine: &Value, report: &mut Report) {
    let world = World::new().await;
    super::configure(&world, "change", json!({ "flows": {} })).await;
    for kind in ["normal", "standard", "emergency"] {
        let path: Vec<String> = texts(&machine[kind]).iter().map(|state| word(state)).collect();
        for end in 1..=path.len() {
            let fields =
                json!({ "type": kind, "planned_start": "2026-03-07T20:00:00Z", "planned_end": "2026-03-07T22:00:00Z" });
            let made = create(&world, "ada", "change", fields, json!({})).await;
            for to in &path[1..end] {
                // Whoever asks for it does not approve it.
                let login = if to == "scheduled" { "ben" } else { "ada" };
                let fields = if to == "closed" { json!({ "close_code": "successful" }) } else { json!({}) };
                let moved = go(&world, login, &made.id, to, fields).await;
                report.holds(format!("{kind} to {to}: {moved:?}"), moved.is_ok());
            }
            let before_review = path.iter().position(|state| state == "review").is_some_and(|at| end <= at);
            let cancelled = go(&world, "ada", &made.id, "cancelled", json!({})).await.is_ok();
            report.is(format!("{kind} cancelled from {}", path[end - 1]), &json!(cancelled), &json!(before_review));
        }
    }
}

async fn family(machine: &Value, report: &mut Report) {
    for row in machine["rows"].as_array().into_iter().flatten() {
        let (parent_row, child_row) =
            (row["parent"].as_str().unwrap_or_default(), row["child"].as_str().unwrap_or_default());
        let reasons: &[&str] = match parent_row {
            text if text.contains("Change/Problem/Vendor") => {
                &["awaiting-change", "awaiting-problem", "awaiting-vendor"]
            }
            text if text.contains("Awaiting Caller") => &["awaiting-caller"],
            _ => &[""],
        };
        for reason in reasons {
            let world = World::new().await;
            let parent = world.incident("ada", json!({})).await;
            let child = create(&world, "ada", "incident", json!({}), json!({ "parent": parent.id })).await;
            let to = word(parent_row);
            let solved = json!({ "close-code": "Solved", "close-notes": "The switch." });
            let fields = match to.as_str() {
                "on-hold" => json!({ "pending-reason": reason }),
                "resolved" => solved.clone(),
                _ => json!({}),
            };
            if to == "closed" {
                go(&world, "ada", &parent.id, "resolved", solved).await.expect("resolved first");
                world.settle().await;
            }
            go(&world, "ada", &parent.id, &to, fields).await.unwrap_or_else(|error| panic!("{to}: {error:?}"));
            world.settle().await;
            let now = world.load(&child.id).await.ticket;
            let expected = match child_row {
                "In Progress" => json!(["in-progress", null]),
                "same state and reason" => json!(["on-hold", reason]),
                text if text.starts_with("Resolved") || to == "closed" => json!(["resolved", null]),
                _ => json!(["new", null]),
            };
            let got = json!([now.state, now.fields.get("pending-reason")]);
            report.is(format!("child of {parent_row} {reason}"), &got, &expected);
            if child_row.contains("copied") {
                report.is("notes", &json!(now.fields.get("close-notes")), &json!("The switch."));
            }
        }
    }
}

/// A kind made of the fact: installed, and each pair of states tried against it.
async fn foreign(name: &str, machine: &Value, report: &mut Report) {
    let tables: Vec<&Value> = match machine.get("transitions") {
        Some(table) => vec![table],
        None => ["normal", "routine", "emergency"]
            .iter()
            .filter_map(|kind| machine.get(*kind))
            .filter(|table| table.is_object())
            .collect(),
    };
    if tables.is_empty() {
        return categories(name, machine, report);
    }
    for table in tables {
        let pairs: BTreeSet<(String, String)> = table
            .as_object()
            .into_iter()
            .flatten()
            .flat_map(|(from, to)| texts(to).into_iter().map(|to| (word(from), word(&to))))
            // A first state leads to those in which one begins; staying is no movement.
            .filter(|(from, to)| !from.is_empty() && from != to)
            .collect();
        let mut states: Vec<String> = Vec::new();
        for state in table
            .as_object()
            .into_iter()
            .flatten()
            .map(|(from, _)| word(from))
            .chain(pairs.iter().map(|(_, to)| to.clone()))
        {
            if !state.is_empty() && !states.contains(&state) {
                states.push(state);
            }
        }
        begin_first(&mut states, &pairs);
        let mut kind = format!(
            "id = \"machine\"\ntype = \"ticket\"\ntitle = \"{name}\"\nplural = \"{name}\"\nprefix = \"MAC\"\ndigits = 4\ncreate = [\"agent\"]\n"
        );
        let leads_on = |state: &String| pairs.iter().any(|(from, _)| from == state);
        let endless = states.iter().all(leads_on);
        for (at, state) in states.iter().enumerate() {
            // Work must be able to end: where nothing leads out, or in the last state of a machine that goes in circles.
            let ends = !leads_on(state) || (endless && at + 1 == states.len());
            let category = if ends { "closed" } else { "active" };
            let _ = write!(kind, "[[state]]\nid = \"{state}\"\ntitle = \"{state}\"\ncategory = \"{category}\"\n");
        }
        for (from, to) in &pairs {
            let _ = write!(
                kind,
                "[[transition]]\nfrom = [\"{from}\"]\nto = \"{to}\"\ntitle = \"{from} to {to}\"\nroles = [\"agent\"]\n"
            );
        }
        let manifest = "id = \"machine\"\nversion = \"1.0.0\"\nwit = \"0.1\"\ntitle = \"Machine\"\nsummary = \"Of a fact.\"\n\
            [[kind]]\nfile = \"kinds/machine.toml\"\n[guard]\nkinds = [\"machine\"]\n[[grant]]\nread = \"ticket:machine\"\nreason = \"Its own.\"\n";
        let guest = Guest::new("machine").manifest(Some(manifest)).asset("kinds/machine.toml", kind.as_bytes());
        let world = World::bare().await;
        world.install(returning(guest, Function::Guard, &[])).await;
        let registry = world.app.registry();
        let kind = registry.kinds.get(&"machine".into()).expect("the kind of the fact").clone();
        for (from, to) in
            states.iter().flat_map(|from| states.iter().map(move |to| (from, to))).filter(|(from, to)| from != to)
        {
            let legal = kind.transition(from, to).is_some();
            let expected = pairs.contains(&(from.clone(), to.clone()));
            report.is(format!("{name} from {from} to {to}"), &json!(legal), &json!(expected));
        }
    }
}

/// The state from which all others are reached comes first, as in every kind.
fn begin_first(states: &mut [String], pairs: &BTreeSet<(String, String)>) {
    let reaches_all = |start: &String| {
        let mut seen = BTreeSet::from([start.clone()]);
        let mut waiting = vec![start.clone()];
        while let Some(at) = waiting.pop() {
            let next = pairs.iter().filter(|(from, _)| *from == at).map(|(_, to)| to.clone());
            waiting.extend(next.filter(|to| seen.insert(to.clone())).collect::<Vec<_>>());
        }
        seen.len() == states.len()
    };
    if let Some(at) = states.iter().position(reaches_all) {
        states[..=at].rotate_right(1);
    }
}

/// Those who publish no movements publish what their states mean: each has a category here.
fn categories(name: &str, machine: &Value, report: &mut Report) {
    let category = |state: &str| match word(state).as_str() {
        "new" => "new",
        "open" | "processing" => "active",
        "stalled" | "pending" | "pending-reminder" | "pending-close" => "paused",
        "resolved" | "solved" => "resolved",
        "closed" | "merged" | "removed" => "closed",
        "rejected" | "deleted" => "cancelled",
        _ => "unknown",
    };
    for (list, open) in [("initial", true), ("active", true), ("inactive", false)] {
        for state in texts(&machine[list]) {
            let found: Result<domain::kind::StateCategory, _> = serde_json::from_value(json!(category(&state)));
            report.is(
                format!("{name}: {state} is open"),
                &json!(found.is_ok_and(|found| found.is_open())),
                &json!(open),
            );
        }
    }
    for state in machine["states"].as_array().into_iter().flatten() {
        let state_name = state["name"].as_str().or_else(|| state.as_str()).unwrap_or_default();
        let found: Result<domain::kind::StateCategory, _> = serde_json::from_value(json!(category(state_name)));
        report.holds(format!("{name}: {state_name} has a category"), found.is_ok());
        if state["stops_sla"] == true {
            let stops = found.is_ok_and(|found| !matches!(found.as_str(), "new" | "active"));
            report.holds(format!("{name}: {state_name} stops the clocks"), stops);
        }
    }
}

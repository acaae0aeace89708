//! Decisions of the practice, against a host in memory.

mod people;
mod sources;

use super::*;
use crate::health::SEEN;
use crate::rules::KEPT;
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
    let host = configured()
        .with_ci(Ci::new("a", "server").with("owner", "ana").with(SEEN, "2026-03-01T00:00:00Z"))
        .with_ci(Ci::new("b", "server").with(SEEN, "2025-12-31T00:00:00Z"))
        .with_ci(Ci::new("c", "server").with("owner", "bo"))
        .with_relation("a", "connected-to", "b");
    let health = outputs(&host, "health", json!({"items": ["a", "b", "c", "gone"]}));
    let expected = json!({"checked": 3, "complete_percent": 66, "orphans": ["c"], "stale": ["b"], "duplicates": [], "compliant": 3,
            "deviating": [], "next": null});
    assert_eq!(health, expected);
    assert_eq!(outputs(&host, "health", json!({})), expected, "all there are");
}

#[test]
fn cfg_07_health_goes_on_page_by_page_and_finds_what_is_there_twice() {
    let host = (0..450).fold(configured(), |host, number| {
        let serial = if number == 449 { 7 } else { number };
        host.with_ci(Ci::new(&format!("s{number:04}"), "server").with("serial", format!("S{serial}")))
    });
    let first = outputs(&host, "health", json!({"class": "hardware"}));
    assert_eq!((&first["checked"], &first["next"]), (&json!(400), &json!("s0399")));
    let second = outputs(&host, "health", json!({"class": "hardware", "after": "s0399"}));
    assert_eq!((&second["checked"], &second["next"]), (&json!(50), &json!(null)));
    let twice = host.with_ci(Ci::new("s0008b", "server").with("serial", "S8"));
    assert_eq!(outputs(&twice, "health", json!({}))["duplicates"], json!([["s0008", "s0008b"]]));
    assert_eq!(outputs(&twice, "health", json!({"class": "printer"}))["checked"], 0);
}

/// Hardware is identified by its serial number, or else by name and site; two scanners and people know of it.
fn configured() -> FakeHost {
    let rule = Record::new("R1", "ci-rule", "active")
        .with("class", "hardware")
        .with("entries", json!([["serial"], ["name", "site"]]));
    let source = |id: &str, rank: i64| Record::new(id, "ci-source", "active").with("key", id).with("rank", rank);
    FakeHost::of_manifest(include_str!("../plugin.toml"))
        .with_ci_class("server", "hardware")
        .with_record(rule)
        .with_record(source("good", 10).with("ranks", json!({"site": 50})))
        .with_record(source("poor", 20).with("stale_days", 30))
}

const NOW: &str = "2026-03-02T09:00:00Z";

fn planned(host: &FakeHost, source: &str, at: &str, items: Value) -> reconcile::Plan {
    reconcile::plan(host, at.parse().unwrap(), "it", source, &items).unwrap()
}

fn outcomes(plan: &reconcile::Plan) -> Vec<&str> {
    plan.lines.iter().map(|line| line["outcome"].as_str().unwrap()).collect()
}

fn server(name: &str, attributes: Value) -> Value {
    json!({"name": name, "class": "server", "attributes": attributes})
}

/// The host as it is once the effects are committed; new items are called after their name.
fn after(mut host: FakeHost, plan: reconcile::Plan) -> FakeHost {
    for effect in plan.effects.into_iter().filter(|effect| effect.kind == "upsert-ci") {
        let name = effect.data["name"].as_str().unwrap();
        let id = effect.data.get("ci").and_then(Value::as_str).unwrap_or(name);
        let mut ci = host.ci(id).unwrap().unwrap_or_else(|| Ci::new(id, effect.data["class"].as_str().unwrap()));
        ci.name = name.to_owned();
        ci.attributes.extend(effect.data["attributes"].as_object().unwrap().clone());
        host = host.with_ci(ci);
    }
    host
}

#[test]
fn cfg_04_the_first_whole_list_of_attributes_that_finds_an_item_decides() {
    let host = configured()
        .with_ci(Ci::new("a", "server").with("serial", "S1"))
        .with_ci(Ci::new("b", "server").with("site", "Berlin"))
        .with_ci(Ci { space: "hr".to_owned(), ..Ci::new("x", "server").with("serial", "S9") });
    let brought = json!([
        server("renamed", json!({"serial": "S1"})),
        server("b", json!({"serial": "S2", "site": "Berlin"})),
        server("c", json!({"serial": "S9"})),
        server("d", json!({"serial": null})),
        {"name": "e", "class": "unknown"},
        server("again", json!({"serial": "S9"})),
        server("b", json!({"site": "Berlin"})),
    ]);
    let host = host.with_ci_class("unknown", "none");
    let plan = planned(&host, "poor", NOW, brought);
    assert_eq!(outcomes(&plan), ["unchanged", "updated", "created", "refused", "created", "repeated", "repeated"]);
    assert_eq!(plan.lines[0]["ci"], "a");
    assert_eq!(plan.lines[0]["kept"], json!(["name"]), "people gave it its name");
    assert_eq!(plan.lines[1]["differences"], json!([{"attribute": "serial", "from": null, "to": "S2"}]));
    assert_eq!(plan.counts(), json!({"created": 2, "refused": 1, "repeated": 2, "unchanged": 1, "updated": 1}));
    assert!(plan.is_open);
}

#[test]
fn cfg_04_the_same_payload_twice_changes_nothing_the_second_time() {
    let brought = || json!([server("a", json!({"serial": "S1", "memory": 8})), server("b", json!({"serial": "S2"}))]);
    let plan = planned(&configured(), "good", NOW, brought());
    assert_eq!(outcomes(&plan), ["created", "created"]);
    let host = after(configured(), plan);
    let again = planned(&host, "good", "2026-03-02T10:00:00Z", brought());
    assert_eq!(outcomes(&again), ["unchanged", "unchanged"]);
    assert!(again.effects.is_empty());
    let tomorrow = planned(&host, "good", "2026-03-03T10:00:00Z", brought());
    assert_eq!(outcomes(&tomorrow), ["unchanged", "unchanged"]);
    assert_eq!(tomorrow.effects.kinds(), ["upsert-ci", "upsert-ci"], "it was seen on another day");
}

#[test]
fn cfg_04_the_source_that_is_believed_more_decides_for_each_attribute_until_it_is_stale() {
    let brought =
        |memory: i64, site: &str| json!([server("a", json!({"serial": "S1", "memory": memory, "site": site}))]);
    let host = after(configured(), planned(&configured(), "good", NOW, brought(8, "Berlin")));
    let plan = planned(&host, "poor", NOW, brought(4, "Paris"));
    assert_eq!(plan.lines[0]["kept"], json!(["memory"]));
    assert_eq!(plan.lines[0]["differences"], json!([{"attribute": "site", "from": "Berlin", "to": "Paris"}]));
    let late = planned(&host, "poor", "2026-06-02T09:00:00Z", brought(4, "Paris"));
    assert_eq!(late.lines[0]["kept"], json!([]), "nothing was heard of the other one for two months");

    // What somebody wrote by hand is theirs, whoever wrote it before.
    let mut by_hand = host.ci("a").unwrap().unwrap();
    by_hand.attributes.insert("memory".to_owned(), json!(16));
    let host = host.with_ci(by_hand);
    assert_eq!(planned(&host, "good", NOW, brought(8, "Berlin")).lines[0]["kept"], json!(["memory"]));
    let host = host.with_setting("people-rank", 900);
    assert_eq!(planned(&host, "good", NOW, brought(8, "Berlin")).lines[0]["kept"], json!([]));
}

#[test]
fn cfg_04_several_items_are_listed_and_asked_about_once() {
    let host = configured()
        .with_ci(Ci::new("a", "server").with("serial", "S1"))
        .with_ci(Ci::new("b", "server").with("serial", "S1"));
    let plan = planned(&host, "good", NOW, json!([server("a", json!({"serial": "S1"}))]));
    assert_eq!((outcomes(&plan), &plan.lines[0]["candidates"]), (vec!["ambiguous"], &json!(["a", "b"])));
    assert_eq!(plan.effects.kinds(), ["create-ticket"]);
    let key = plan.lines[0]["key"].as_str().unwrap().to_owned();
    let host = host.with_ticket(Ticket::new("D1", "ci-duplicate").with("key", key));
    assert!(planned(&host, "good", NOW, json!([server("a", json!({"serial": "S1"}))])).effects.is_empty());
}

#[test]
fn cfg_05_a_source_says_what_happens_with_none_one_and_many() {
    let source = |field: &str, value: Value| {
        let record = Record::new("S", "ci-source", "active").with("key", "s").with(field, value);
        configured()
            .with_setting("people-rank", 900)
            .with_record(record)
            .with_ci(Ci::new("a", "server").with("serial", "S1").with("memory", 8))
            .with_ci(Ci::new("b", "server").with("serial", "S3"))
            .with_ci(Ci::new("c", "server").with("serial", "S3"))
    };
    let brought = || {
        json!([
            server("a", json!({"serial": "S1", "memory": 4})),
            server("n", json!({"serial": "S2"})),
            server("c", json!({"serial": "S3"}))
        ])
    };
    let of = |field: &str, value: Value| {
        let plan = planned(&source(field, value), "s", NOW, brought());
        outcomes(&plan).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(of("when_none", json!("create")), ["updated", "created", "ambiguous"]);
    assert_eq!(of("when_none", json!("error")), ["updated", "refused", "ambiguous"]);
    assert_eq!(of("when_one", json!("error")), ["refused", "created", "ambiguous"]);
    assert_eq!(of("when_many", json!("first")), ["updated", "created", "updated"], "the oldest takes the name");
    assert_eq!(of("only_new", json!(["memory"])), ["unchanged", "created", "ambiguous"]);
    let narrow = source("rank", json!(1)).with_ci_attributes("server", &["serial", KEPT]);
    assert_eq!(outcomes(&planned(&narrow, "s", NOW, brought())), ["refused", "created", "ambiguous"]);
}

#[test]
fn cfg_05_what_only_a_source_brought_and_no_longer_sees_is_told() {
    let source = Record::new("S", "ci-source", "active")
        .with("key", "s")
        .with("stale_days", 30)
        .with("when_gone", "update")
        .with("gone", json!({"status": "absent"}));
    let host = configured().with_record(source);
    let host = after(
        host,
        planned(
            &configured().with_record(Record::new("S", "ci-source", "active").with("key", "s")),
            "s",
            "2026-01-01T00:00:00Z",
            json!([server("a", json!({"serial": "S1"})), server("b", json!({"serial": "S2"}))]),
        ),
    );
    let seen = planned(&host, "good", NOW, json!([server("b", json!({"serial": "S2"}))]));
    let host = after(host, seen).with_ci(Ci::new("people", "server"));
    let mut call = StepCall::new("gone", json!({"space": "it", "source": "s"}));
    call.context = call.context.at(NOW);
    let Ok(Outcome::Done { outputs, effects }) = run(&host, &call) else { panic!("it is done") };
    assert_eq!(outputs, json!({"gone": ["a"], "deleted": [], "next": null}));
    let effect = effects.iter().next().unwrap();
    assert_eq!((&effect.data["ci"], &effect.data["attributes"]["status"]), (&json!("a"), &json!("absent")));
}

#[test]
fn cfg_05_an_import_names_a_source_stays_as_it_is_and_is_simulated_without_a_change() {
    let import = |source: &str, mode: &str| {
        Ticket::new("I1", "ci-import")
            .in_state("received")
            .with("source", source)
            .with("mode", mode)
            .with("items", json!([server("a", json!({"serial": "S1"}))]))
    };
    let creating = |ticket: Ticket| guard(&configured(), &Change::creating(ticket));
    assert_eq!(creating(import("nobody", "apply")).unwrap_err().codes(), ["unknown-source"]);
    assert!(creating(import("good", "apply")).unwrap().is_empty());
    assert_eq!(creating(import("good", "simulate")).unwrap().kinds(), ["set-field", "set-field", "transition"]);
    let other = import("good", "apply").with("items", json!([]));
    assert_eq!(guard(&configured(), &Change::of(&import("good", "apply"), other)).unwrap_err().codes(), ["fixed"]);
    let taken = |kind: &str, field: &str, value: &str| {
        let change = Change::creating(Ticket::new("N1", kind).in_state("active").with(field, value));
        guard(&configured(), &change).unwrap_err().codes().join(" ")
    };
    assert_eq!(taken("ci-rule", "class", "hardware"), "taken");
    assert_eq!(taken("ci-source", "key", "good"), "taken");
    assert_eq!(taken("ci-source", "key", "people"), "reserved");
}

//! What sources bring of related items, and what becomes of what they no longer see.

use super::*;

fn by_server() -> FakeHost {
    let entries = json!([{"attributes": ["name"], "related": {"type": "member-of", "class": "hardware"}}]);
    let rule = Record::new("R2", "ci-rule", "active").with("class", "adapter").with("entries", entries);
    configured().with_ci_class("adapter", "thing").with_record(rule)
}

fn adapter(serial: &str) -> Value {
    let to = json!({"class": "server", "attributes": {"serial": serial}});
    json!({"name": "eth0", "class": "adapter", "relations": [{"type": "member-of", "to": to}]})
}

#[test]
fn cfg_04_an_item_is_identified_by_the_one_that_it_belongs_to() {
    let host = by_server()
        .with_ci(Ci::new("s1", "server").with("serial", "S1"))
        .with_ci(Ci::new("s2", "server").with("serial", "S2"))
        .with_ci(Ci { name: "eth0".to_owned(), ..Ci::new("a1", "adapter") })
        .with_relation("a1", "member-of", "s1");
    let plan = planned(&host, "poor", NOW, json!([adapter("S1"), adapter("S2"), adapter("S3")]));
    assert_eq!(outcomes(&plan), ["unchanged", "created", "refused"]);
    assert_eq!(plan.lines[0]["relations"], json!([{"type": "member-of", "other": "s1", "outcome": "unchanged"}]));
    let related = plan.effects.iter().find(|effect| effect.kind == "relate-cis").unwrap();
    assert_eq!(json!(related.data), json!({"from": "@import-line-2", "type": "member-of", "to": "s2"}));
}

#[test]
fn cfg_05_a_row_waits_for_the_row_that_brings_what_it_belongs_to() {
    let brought = json!([adapter("S1"), server("s", json!({"serial": "S1"})), adapter("S1")]);
    let plan = planned(&by_server(), "poor", NOW, brought);
    assert_eq!(outcomes(&plan), ["repeated", "created", "created"]);
    assert_eq!(plan.effects.kinds(), ["upsert-ci", "upsert-ci", "relate-cis"]);
    let related = plan.effects.iter().last().unwrap();
    assert_eq!(json!(related.data), json!({"from": "@import-line-3", "type": "member-of", "to": "@import-line-2"}));
    let nobody = json!([{"name": "a", "class": "server", "attributes": {"serial": "S7"},
        "relations": [{"type": "hosts", "to": {"ci": "no"}}]}]);
    let plan = planned(&by_server(), "poor", NOW, nobody);
    assert_eq!(plan.lines[0]["relations"], json!([{"type": "hosts", "outcome": "unknown"}]));
    assert!(plan.is_open, "people look at it");
    let unknown = json!([{"name": "a", "class": "server", "attributes": {"serial": "S7"},
        "relations": [{"type": "likes", "to": {"ci": "no"}}]}]);
    assert_eq!(outcomes(&planned(&by_server(), "poor", NOW, unknown)), ["refused"]);
}

#[test]
fn cfg_05_a_source_says_by_which_attributes_it_reconciles_and_which_it_updates() {
    let host = |field: &str, value: Value| {
        let record = Record::new("S", "ci-source", "active").with("key", "s").with(field, value);
        let there = Ci::new("a", "server").with("serial", "S1").with("site", "Berlin").with("memory", 8);
        configured().with_setting("people-rank", 900).with_record(record).with_ci(there)
    };
    let brought = || json!([server("a", json!({"serial": "S2", "site": "Berlin", "memory": 4}))]);
    let by = |names: Value| planned(&host("reconcile_by", names), "s", NOW, brought());
    assert_eq!(outcomes(&by(json!(["serial"]))), ["created"], "the name and the site do not count");
    assert_eq!(outcomes(&by(json!(["name", "site"]))), ["updated"]);
    assert_eq!(outcomes(&by(json!(["colour"]))), ["refused"]);
    let plan = planned(&host("updates", json!(["memory"])), "s", NOW, brought());
    assert_eq!(plan.lines[0]["differences"], json!([{"attribute": "memory", "from": 8, "to": 4}]));
}

fn gone(host: &FakeHost, at: &str) -> (Value, Effects) {
    let mut call = StepCall::new("gone", json!({"space": "it", "source": "s"}));
    call.context = call.context.at(at);
    match run(host, &call) {
        Ok(Outcome::Done { outputs, effects }) => (outputs, effects),
        other => panic!("{other:?}"),
    }
}

#[test]
fn cfg_05_what_is_gone_is_retired_at_once_or_after_a_while() {
    let source = |mode: &str| {
        Record::new("S", "ci-source", "active")
            .with("key", "s")
            .with("stale_days", 30)
            .with("when_gone", mode)
            .with("delete_after_days", 10)
            .with("gone", json!({"status": "absent"}))
    };
    let brought = json!([server("a", json!({"serial": "S1"}))]);
    let seen = planned(&configured().with_record(source("ignore")), "s", "2026-01-01T00:00:00Z", brought);
    let host = after(configured(), seen).with_ci(Ci::new("b", "server")).with_relation("b", "runs-on", "a");

    let (told, effects) = gone(&after_source(&host, source("delete")), NOW);
    assert_eq!(told, json!({"gone": ["a"], "deleted": ["a"], "next": null}));
    assert_eq!(effects.kinds(), ["unrelate-cis", "upsert-ci"]);
    let all: Vec<Value> = effects.iter().map(|effect| json!(effect.data)).collect();
    assert_eq!(all[0], json!({"from": "b", "type": "runs-on", "to": "a"}));
    assert_eq!(all[1]["retire"]["why"], "`s` does not see it any more");

    let slow = after_source(&host, source("update-then-delete"));
    let (told, effects) = gone(&slow, NOW);
    assert_eq!((&told["deleted"], effects.kinds()), (&json!([]), vec!["upsert-ci"]));
    let marked = effects.iter().next().unwrap().data["attributes"].as_object().unwrap().clone();
    let mut ci = slow.ci("a").unwrap().unwrap();
    ci.attributes.extend(marked);
    let slow = slow.with_ci(ci);
    assert!(gone(&slow, "2026-03-10T09:00:00Z").1.is_empty(), "it was told, and its days are not over");
    assert_eq!(gone(&slow, "2026-03-12T09:00:01Z").0["deleted"], json!(["a"]));
    let again = json!([server("a", json!({"serial": "S1"}))]);
    let plan = planned(&slow, "s", "2026-03-11T09:00:00Z", again);
    let kept = &plan.effects.iter().next().unwrap().data["attributes"][KEPT];
    assert_eq!(kept.get("gone"), None, "it is seen again");
}

/// The same items, with a source.
fn after_source(host: &FakeHost, source: Record) -> FakeHost {
    let items = host.find_cis(&weft_sdk::CiSearch::new(), 200).unwrap();
    items.into_iter().fold(configured().with_record(source), FakeHost::with_ci).with_relation("b", "runs-on", "a")
}

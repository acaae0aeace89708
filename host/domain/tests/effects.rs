//! The wire form of effects: `schemas/effects.json` and `domain::Effect` accept and refuse the same.

use domain::Effect;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use weft_domain as domain;

const AT: &str = "2026-01-31T08:00:00Z";

fn schema() -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(include_str!("../schemas/effects.json")).expect("it is JSON");
    jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .should_validate_formats(true)
        .build(&schema)
        .expect("it is a JSON Schema")
}

/// For each effect: its name, the least that it needs, everything that it may have, and two that are wrong.
fn cases() -> Vec<(&'static str, Value, Value, [Value; 2])> {
    vec![
        (
            "set-field",
            json!({ "field": "urgency", "value": 1 }),
            json!({ "ticket": "t", "field": "title", "value": null }),
            [json!({ "field": "urgency" }), json!({ "field": "urgency", "value": 1, "old": 2 })],
        ),
        (
            "transition",
            json!({ "to": "closed" }),
            json!({ "ticket": "t", "to": "closed" }),
            [json!({}), json!({ "to": null })],
        ),
        (
            "assign",
            json!({}),
            json!({ "ticket": "t", "group": "g", "assignee": null }),
            [json!({ "group": 1 }), json!({ "person": "p" })],
        ),
        (
            "comment",
            json!({ "visibility": "public", "body": "x" }),
            json!({ "ticket": "t", "visibility": "internal", "body": "" }),
            [json!({ "visibility": "secret", "body": "x" }), json!({ "body": "x" })],
        ),
        (
            "create-ticket",
            json!({ "kind": "incident", "space": "it", "title": "x" }),
            json!({
                "kind": "incident", "space": "it", "title": "x", "requester": "p", "group": "g", "assignee": "p", "parent": "t",
                "restricted": true, "fields": { "urgency": 1 },
                "imported": { "number": "INC1", "state": "new", "opened_at": AT },
            }),
            [
                json!({ "kind": "incident", "space": "it", "title": "x", "fields": [] }),
                json!({ "kind": "incident", "space": "it", "title": "x", "imported": { "number": "INC1", "state": "new" } }),
            ],
        ),
        link("link"),
        link("unlink"),
        (
            "set-parent",
            json!({ "parent": null }),
            json!({ "ticket": "t", "parent": "u" }),
            [json!({ "parent": 1 }), json!({ "child": "u" })],
        ),
        (
            "watch",
            json!({}),
            json!({ "ticket": "t", "add": ["p"], "remove": [] }),
            [json!({ "add": "p" }), json!({ "add": null })],
        ),
        (
            "set-access",
            json!({ "people": [], "groups": [] }),
            json!({ "ticket": "t", "people": ["p"], "groups": ["g"], "because": "b" }),
            [json!({ "people": [] }), json!({ "people": [1], "groups": [] })],
        ),
        (
            "change-access",
            json!({}),
            json!({ "ticket": "t", "add": ["p"], "remove": ["q"] }),
            [json!({ "add": "p" }), json!({ "people": ["p"] })],
        ),
        (
            "attach",
            json!({ "name": "a.txt", "media_type": "text/plain", "size": 0, "digest": "d" }),
            json!({ "ticket": "t", "name": "a.txt", "media_type": "text/plain", "size": u64::MAX, "digest": "d" }),
            [
                json!({ "name": "a.txt", "media_type": "text/plain", "size": -1, "digest": "d" }),
                json!({ "name": "a.txt", "media_type": "text/plain", "size": 0.5, "digest": "d" }),
            ],
        ),
        (
            "start-clock",
            json!({ "name": "n", "title": "N", "started_at": AT, "due_at": AT, "reason": "r" }),
            json!({ "ticket": "t", "name": "n", "title": "N", "started_at": AT, "due_at": AT, "reason": "r", "data": { "x": 1 } }),
            [
                json!({ "name": "n", "title": "N", "started_at": AT, "due_at": "tomorrow", "reason": "r" }),
                json!({ "name": "n", "title": "N", "started_at": AT, "reason": "r" }),
            ],
        ),
        (
            "pause-clock",
            json!({ "name": "n", "reason": "r" }),
            json!({ "ticket": "t", "name": "n", "reason": "r", "data": null }),
            [json!({ "name": "n" }), json!({ "name": "n", "reason": "r", "at": AT })],
        ),
        (
            "stop-clock",
            json!({ "name": "n", "at": AT, "reason": "r" }),
            json!({ "ticket": "t", "name": "n", "at": AT, "cancelled": true, "reason": "r", "data": 1 }),
            [
                json!({ "name": "n", "at": 7, "reason": "r" }),
                json!({ "name": "n", "at": AT, "cancelled": null, "reason": "r" }),
            ],
        ),
        (
            "schedule",
            json!({ "key": "k", "at": AT }),
            json!({ "ticket": "t", "key": "k", "at": "2026-01-31T08:00:00.5+01:00", "data": [] }),
            [json!({ "key": "k" }), json!({ "key": "k", "at": "2026-02-31T08:00:00Z" })],
        ),
        (
            "unschedule",
            json!({ "key": "k" }),
            json!({ "ticket": null, "key": "k" }),
            [json!({}), json!({ "key": "k", "at": AT })],
        ),
        (
            "notify",
            json!({ "people": ["p"], "subject": "s", "body": "b" }),
            json!({ "ticket": "t", "people": [], "groups": ["g"], "subject": "s", "body": "b" }),
            [json!({ "subject": "s", "body": "b" }), json!({ "people": ["p"], "subject": "s", "body": ["b"] })],
        ),
        (
            "call",
            json!({ "method": "POST", "url": "https://a.example/" }),
            json!({
                "ticket": "t", "method": "POST", "url": "https://a.example/", "headers": [["accept", "text/plain"]], "body": "b",
                "timeout_seconds": 5, "idempotent": true, "backoff": "PT10S,PT1M"
            }),
            [
                json!({ "url": "https://a.example/" }),
                json!({ "method": "POST", "url": "u", "headers": { "accept": "x" } }),
            ],
        ),
        (
            "mail",
            json!({ "subject": "s", "text": "t" }),
            json!({ "ticket": "t", "people": ["p"], "to": ["a@example.com"], "subject": "s", "text": "t" }),
            [json!({ "subject": "s" }), json!({ "subject": "s", "text": "t", "cc": ["a@example.com"] })],
        ),
        (
            "start-flow",
            json!({ "process": "change-normal" }),
            json!({ "process": "change-normal", "ticket": "t", "variables": { "limit": 1000 } }),
            [json!({ "ticket": "t" }), json!({ "process": "change-normal", "variables": ["limit"] })],
        ),
        (
            "send-message",
            json!({ "name": "request.rescinded", "correlation_key": "t" }),
            json!({ "name": "request.rescinded", "correlation_key": "t", "variables": { "reason": "r" }, "ticket": "t" }),
            [json!({ "name": "request.rescinded" }), json!({ "name": "n", "correlation_key": 7 })],
        ),
        (
            "upsert-record",
            json!({ "kind": "article", "space": "it", "title": "x", "fields": {} }),
            json!({ "record": "r", "kind": "article", "space": "it", "title": "x", "state": "draft", "fields": { "a": 1 } }),
            [
                json!({ "kind": "article", "space": "it", "title": "x" }),
                json!({ "kind": "article", "space": "it", "title": "x", "fields": null }),
            ],
        ),
        (
            "upsert-ci",
            json!({ "name": "n", "class": "server", "space": "it" }),
            json!({ "ci": "c", "name": "n", "class": "server", "space": "it", "attributes": { "ram": 1 } }),
            [
                json!({ "name": "n", "space": "it" }),
                json!({ "name": "n", "class": "server", "space": "it", "attributes": "x" }),
            ],
        ),
        relation("relate-cis"),
        relation("unrelate-cis"),
    ]
}

fn link(name: &'static str) -> (&'static str, Value, Value, [Value; 2]) {
    let wrong = [json!({ "type": "caused-by" }), json!({ "link_type": "caused-by", "other": "u" })];
    (
        name,
        json!({ "type": "caused-by", "other": "u" }),
        json!({ "ticket": "t", "type": "caused-by", "other": "u" }),
        wrong,
    )
}

fn relation(name: &'static str) -> (&'static str, Value, Value, [Value; 2]) {
    let full = json!({ "from": "a", "type": "runs-on", "to": "b" });
    (
        name,
        full.clone(),
        full,
        [json!({ "from": "a", "to": "b" }), json!({ "from": "a", "type": "runs-on", "to": null })],
    )
}

#[test]
fn schema_and_types_accept_the_same() {
    let schema = schema();
    for (name, least, most, _) in cases() {
        for data in [least, most] {
            let wire = json!({ "kind": name, "data": data });

            assert!(schema.is_valid(&wire), "the schema refuses {wire}");
            let effect: Effect = serde_json::from_value(wire.clone()).unwrap_or_else(|error| panic!("{wire}: {error}"));

            assert_eq!(effect.name(), name);
            let again = serde_json::to_value(&effect).expect("an effect is data");
            assert!(schema.is_valid(&again), "the schema refuses what is written: {again}");
            assert_eq!(serde_json::from_value::<Effect>(again).expect("it reads what it wrote"), effect);
        }
    }
}

#[test]
fn schema_and_types_refuse_the_same() {
    let schema = schema();
    for (name, least, _, wrong) in cases() {
        let stray = json!({ "kind": name, "data": with(&least, "stray", json!(1)) });
        let unknown = json!({ "kind": format!("{name}s"), "data": least });
        let wrong = wrong.into_iter().map(|data| json!({ "kind": name, "data": data }));
        for wire in wrong.chain([stray, unknown, json!({ "kind": name })]) {
            assert!(!schema.is_valid(&wire), "the schema accepts {wire}");
            assert!(serde_json::from_value::<Effect>(wire.clone()).is_err(), "the type accepts {wire}");
        }
    }
    for name in domain::effect::RESERVED {
        assert!(!schema.is_valid(&json!({ "kind": name, "data": {} })), "{name} is not carried out yet");
    }
}

/// A new effect needs its schema and its case here.
#[test]
fn every_effect_has_a_schema_and_a_case() {
    let schema: Value = serde_json::from_str(include_str!("../schemas/effects.json")).expect("it is JSON");
    let listed = schema["oneOf"].as_array().expect("a list").iter();
    let in_schema: BTreeSet<_> = listed.filter_map(|case| case["properties"]["kind"]["const"].as_str()).collect();
    let cases = cases();
    let in_cases: BTreeSet<_> = cases.iter().map(|case| case.0).collect();
    let error =
        serde_json::from_value::<Effect>(json!({ "kind": "?", "data": {} })).expect_err("there is no such effect");
    let error = error.to_string();
    let in_type: BTreeSet<_> = error.split('`').skip(3).step_by(2).collect();

    assert_eq!(in_schema, in_type);
    assert_eq!(in_cases, in_type);
    let granted: BTreeSet<_> = domain::manifest::EFFECTS.into_iter().map(|(name, _)| name).collect();
    assert_eq!(granted, in_type, "every effect can be asked for in a grant");
}

fn with(data: &Value, key: &str, value: Value) -> Value {
    let mut data = data.clone();
    data[key] = value;
    data
}

//! Rules as records: what cannot be meant is refused, the others act in their order and say why.

use super::{change_record, change_ticket, file, id, list, open, refused, settled, ticket};
use serde_json::{Value, json};
use weft_tests::app::{Caller, TestApp};

/// A rule for incidents, switched on.
async fn rule(mona: &Caller, title: &str, fields: Value) -> Value {
    let mut all = json!({ "ticket_kind": "incident" });
    for (name, value) in fields.as_object().into_iter().flatten() {
        all[name] = value.clone();
    }
    let rule = file(mona, "rule", title, all).await;
    change_record(mona, &rule, json!({ "state": "active" })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn aut_01_rules_are_records_that_act_in_order_and_say_why() {
    let app = TestApp::new().await;
    let (erin, ada, mona) = (app.caller("erin").await, app.caller("ada").await, app.caller("mona").await);
    let condition = json!({ "all": [
        { "field": "impact", "decreased": true, "was": 3 },
        { "any": [{ "field": "channel", "is": "phone" }, { "not": { "field": "urgency", "at-least": 2 } }] },
    ] });
    let actions = json!([{ "set": "category", "to": "urgent" }, { "note": "Call back about {number}." }]);
    let first =
        json!({ "event": { "on": "changed" }, "condition": condition, "actions": actions, "order": 10, "stop": true });
    let first = rule(&mona, "Worse", first).await;
    assert_eq!(first["fields"]["version"], 1);
    let actions = json!([{ "set": "location", "to": "never" }]);
    let second = json!({ "event": { "on": "changed" }, "condition": { "field": "impact", "changed": true }, "actions": actions, "order": 20 });
    rule(&mona, "Stopped", second).await;
    let actions = json!([{ "set": "subcategory", "to": "slow" }]);
    let late = json!({ "event": { "on": "time", "field": "opened_at", "minutes": 60 }, "condition": { "field": "state", "is": "new" }, "actions": actions });
    rule(&mona, "Nobody began", late).await;
    let again = change_record(&mona, &first, json!({ "fields": { "order": 5 } })).await;
    assert_eq!(again["fields"]["version"], 2, "what it does changed");

    let incident = open(&ada, "incident", "No network", json!({ "impact": 3, "urgency": 3, "channel": "phone" })).await;
    settled(&app).await;
    assert_eq!(ticket(&ada, &incident).await["fields"]["category"], Value::Null, "nothing was changed yet");
    change_ticket(&ada, &incident, json!({ "fields": { "impact": 2 } })).await;
    settled(&app).await;
    let seen = ticket(&ada, &incident).await;
    assert_eq!((&seen["fields"]["category"], &seen["fields"]["location"]), (&json!("urgent"), &Value::Null));
    let comments = format!("/tickets/{}/comments", id(&incident));
    let said: Vec<String> =
        list(&ada, &comments).await.iter().filter_map(|it| it["body"].as_str().map(str::to_owned)).collect();
    let number = first["number"].as_str().expect("it has a number");
    let why = format!(
        "Rule {number} v2 \"Worse\" acted because it was changed and impact decreased and impact was 3 and channel is \"phone\"."
    );
    assert!(said.contains(&why), "{said:?}");
    assert_eq!(erin.get(&comments).await.status, 404, "how rules are is not for everybody");
}

#[tokio::test(flavor = "multi_thread")]
async fn aut_01_contradictory_rules_are_refused_with_all_that_is_wrong() {
    let app = TestApp::new().await;
    let mona = app.caller("mona").await;
    let codes = async |fields: Value| {
        let body = json!({ "kind": "rule", "space": "it", "title": "Wrong", "fields": fields });
        let reply = mona.post("/records", body).await;
        assert_eq!(reply.status, 422, "{}", String::from_utf8_lossy(&reply.bytes));
        let errors = reply.value()["errors"].as_array().cloned().unwrap_or_default();
        let mut codes: Vec<String> = errors.iter().filter_map(|it| it["code"].as_str().map(str::to_owned)).collect();
        codes.sort();
        codes
    };
    let event = json!({ "on": "changed" });
    let unknown = json!({ "ticket_kind": "incident", "event": event, "condition": { "field": "colour", "is": "red" },
        "actions": [{ "set": "priority", "to": 1 }, { "set": "major-state", "to": "maybe" }, { "move-to": "gone" }, { "create": { "kind": "nothing", "title": "T" } }] });
    let all = ["invalid-value", "invalid-value", "not-settable", "unknown-field", "unknown-kind"];
    assert_eq!(codes(unknown).await, all);
    let condition = json!({ "all": [{ "field": "impact", "is": 1 }, { "not": { "field": "impact", "at-most": 2 } }] });
    let never =
        json!({ "ticket_kind": "incident", "event": event, "condition": condition, "actions": [{ "note": "Never." }] });
    assert_eq!(codes(never).await, ["never-true"]);

    let set = |to: &str| json!({ "event": event, "actions": [{ "set": "category", "to": to }] });
    rule(&mona, "One", set("one")).await;
    let mut other = set("two");
    other["ticket_kind"] = "incident".into();
    let other = file(&mona, "rule", "Two", other).await;
    let path = format!("/records/{}", id(&other));
    assert_eq!(refused(&mona, &path, json!({ "state": "active" })).await, ["cycle"]);
}

//! A change that collides: with another change, with a freeze, with the rules for templates.

use super::{change_record, change_ticket, file, open, refused, set, settled, ticket};
use serde_json::{Value, json};
use weft_tests::app::TestApp;

fn window(cis: &[&str], more: Value) -> Value {
    let mut fields =
        json!({ "cis": cis, "planned_start": "2026-03-07T20:00:00Z", "planned_end": "2026-03-07T22:00:00Z" });
    for (name, value) in more.as_object().expect("an object") {
        fields[name] = value.clone();
    }
    fields
}

#[tokio::test(flavor = "multi_thread")]
async fn chg_07_chg_08_conflicts_are_found_and_a_freeze_needs_the_manager() {
    let app = TestApp::new().await;
    let (ada, mona) = (app.caller("ada").await, app.caller("mona").await);
    set(&app, "change", json!({ "flows": {} })).await;
    let first = open(&ada, "change", "Replace the switch", window(&["sw-1"], json!({}))).await;
    let second = open(&ada, "change", "New firmware", window(&["sw-1"], json!({}))).await;
    assert_eq!(second["fields"]["conflicts"][0]["reason"], "CI already scheduled");
    assert_eq!(second["fields"]["conflicts"][0]["source"], first["number"]);
    let moved = json!({ "fields": { "planned_start": "2026-03-08T20:00:00Z", "planned_end": "2026-03-08T22:00:00Z" } });
    assert_eq!(change_ticket(&ada, &second, moved).await["fields"]["conflicts"], json!([]));

    let freeze = json!({ "type": "freeze", "start": "2026-03-07T00:00:00Z", "end": "2026-03-08T00:00:00Z" });
    file(&mona, "change-window", "End of the year", freeze).await;
    let path = format!("/tickets/{}", super::id(&first));
    assert_eq!(refused(&ada, &path, json!({ "state": "assess" })).await, ["freeze"]);
    let late = json!({ "kind": "change", "space": "it", "title": "One more", "fields": window(&[], json!({})) });
    assert_eq!(ada.post("/tickets", late).await.status, 422);
    let codes = refused(&ada, &path, json!({ "state": "assess", "fields": { "freeze_override": "It burns." } })).await;
    assert_eq!(codes, ["not-yours"]);
    change_ticket(&mona, &first, json!({ "fields": { "freeze_override": "It burns." } })).await;
    assert_eq!(change_ticket(&ada, &first, json!({ "state": "assess" })).await["state"], "assess");
    app.transcript("practice-change", "Change enablement: two changes collide, and a freeze stands in their way").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chg_02_a_standard_change_follows_a_template_that_somebody_else_approved() {
    let app = TestApp::new().await;
    let (ada, mona) = (app.caller("ada").await, app.caller("mona").await);
    set(&app, "change", json!({ "flows": {} })).await;
    let template =
        file(&ada, "change-template", "Reboot a server", json!({ "implementation_plan": "Turn it off and on." })).await;
    let standard = |template: &Value| {
        let fields = window(&[], json!({ "type": "standard", "template": super::id(template) }));
        json!({ "kind": "change", "space": "it", "title": "Reboot host-1", "fields": fields })
    };
    assert_eq!(ada.post("/tickets", standard(&template)).await.status, 422, "nobody approved it");

    let proposed = change_record(&ada, &template, json!({ "state": "proposed" })).await;
    assert_eq!(proposed["fields"]["proposed_by"], "ada");
    let approved = change_record(&mona, &template, json!({ "state": "approved" })).await;
    assert_eq!(approved["fields"]["edition"], 1);
    let change: Value = ada.post("/tickets", standard(&template)).await.expect(201).value();
    assert_eq!(change["fields"]["implementation_plan"], "Turn it off and on.");

    let edited = change_record(&ada, &template, json!({ "fields": { "implementation_plan": "Pull the plug." } })).await;
    assert_eq!(edited["state"], "proposed", "what was approved is not this any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn chg_09_chg_11_a_failed_change_is_reviewed_and_counts_against_its_group() {
    let app = TestApp::new().await;
    let ada = app.caller("ada").await;
    set(&app, "change", json!({ "flows": {}, "success-score": { "low": -4, "changes": 20 } })).await;
    let body = json!({ "kind": "change", "space": "it", "title": "New firmware", "group": "network",
        "fields": window(&["sw-1"], json!({ "type": "emergency" })) });
    let failed: Value = ada.post("/tickets", body).await.expect(201).value();
    let ben = app.caller("mona").await;
    change_ticket(&ada, &failed, json!({ "state": "authorize" })).await;
    change_ticket(&ben, &failed, json!({ "state": "scheduled" })).await;
    for state in ["implement", "review"] {
        change_ticket(&ada, &failed, json!({ "state": state })).await;
    }
    change_ticket(&ada, &failed, json!({ "state": "closed", "fields": { "close_code": "unsuccessful" } })).await;
    let number = failed["number"].as_str().expect("a number");
    let incident = open(&ada, "incident", "No network", json!({ "caused-by": number })).await;
    settled(&app).await;

    let tasks = super::list(&ada, "/tickets?kind=change-task").await;
    assert_eq!(tasks[0]["title"], format!("Review why {number} failed"));
    let links = ada.get(&format!("/tickets/{}", super::id(&incident))).await.expect(200).value();
    assert!(links.to_string().contains("caused-by"), "{links}");
    let body = json!({ "kind": "change", "space": "it", "title": "Again", "group": "network",
        "fields": window(&["sw-2"], json!({ "risk": "low" })) });
    let next: Value = ada.post("/tickets", body).await.expect(201).value();
    let seen = ticket(&ada, &next).await;
    assert_eq!(
        (&seen["fields"]["risk"], &seen["fields"]["risk_reason"]),
        (&json!("high"), &json!("the last changes of network score -5"))
    );
}

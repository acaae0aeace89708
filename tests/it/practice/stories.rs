//! Stories over the API whose parts are tested beside their practices: told whole, by everybody involved, to be read as transcripts.

use super::{change_ticket, file, id, list, open, record, refused, settled, ticket};
use jiff::SignedDuration;
use serde_json::{Value, json};
use weft_tests::app::TestApp;

/// Complete the open task of somebody with this name.
pub(super) async fn complete(app: &TestApp, login: &str, name: &str, values: Value) {
    let caller = app.caller(login).await;
    let task = task(app, login, name).await;
    caller.post(&format!("/tasks/{}/complete", id(&task)), json!({ "variables": values })).await.expect(200);
    settled(app).await;
}

pub(super) async fn approve(app: &TestApp, login: &str, name: &str) {
    let caller = app.caller(login).await;
    let task = task(app, login, name).await;
    caller
        .post(&format!("/tasks/{}/vote", id(&task)), json!({ "answer": "approve", "comment": "As discussed." }))
        .await
        .expect(200);
    settled(app).await;
}

pub(super) async fn task(app: &TestApp, login: &str, name: &str) -> Value {
    let open = list(&app.caller(login).await, "/tasks").await;
    let names: Vec<&str> = open.iter().filter_map(|task| task["name"].as_str()).collect();
    let found = open.iter().find(|task| task["name"] == name).cloned();
    found.unwrap_or_else(|| panic!("{login} has no task `{name}`, only {names:?}"))
}

pub(super) async fn tasks(app: &TestApp, login: &str) -> Vec<String> {
    let open = list(&app.caller(login).await, "/tasks").await;
    open.iter().filter_map(|task| task["name"].as_str().map(str::to_owned)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn inc_a_family_waits_is_answered_and_is_resolved_together() {
    let app = TestApp::new().await;
    let (erin, ada, ben) = (app.caller("erin").await, app.caller("ada").await, app.caller("ben").await);
    let parent = open(&ada, "incident", "Nothing works on floor 1", json!({ "impact": 1, "urgency": 2 })).await;
    assert_eq!(parent["fields"]["priority"], 2, "from the matrix");
    let child = open(&erin, "incident", "No network at my desk", json!({ "impact": 3, "urgency": 2 })).await;
    change_ticket(&ada, &child, json!({ "parent": id(&parent) })).await;
    let started = json!({ "state": "in-progress", "group": "network", "assignee": "ben" });
    change_ticket(&ben, &parent, started).await;
    settled(&app).await;
    assert_eq!(ticket(&erin, &child).await["state"], "in-progress", "with its parent");

    let path = format!("/tickets/{}", id(&child));
    let codes = refused(&ben, &path, json!({ "state": "on-hold" })).await;
    assert!(!codes.is_empty(), "a hold has a reason");
    let ask = json!({ "state": "on-hold", "fields": { "pending-reason": "awaiting-caller" },
        "comment": { "visibility": "public", "body": "Which socket is it?" } });
    change_ticket(&ben, &child, ask).await;
    erin.post(&format!("{path}/comments"), json!({ "visibility": "public", "body": "The one by the window." }))
        .await
        .expect(201);
    settled(&app).await;
    assert_eq!(ticket(&erin, &child).await["state"], "in-progress", "her answer ends the wait");
    let note = json!({ "visibility": "internal", "body": "The switch was old." });
    ben.post(&format!("{path}/comments"), note).await.expect(201);
    assert_eq!(list(&erin, &format!("{path}/comments")).await.len(), 2, "work notes are not for her");

    let solved = json!({ "state": "resolved", "fields": { "close-code": "Solved", "close-notes": "A new switch." } });
    change_ticket(&ben, &parent, solved).await;
    settled(&app).await;
    let resolved = ticket(&erin, &child).await;
    assert_eq!((&resolved["state"], &resolved["fields"]["close-notes"]), (&json!("resolved"), &json!("A new switch.")));
    change_ticket(&erin, &child, json!({ "state": "closed", "fields": { "satisfaction": 5 } })).await;
    assert_ne!(
        refused(&erin, &path, json!({ "state": "in-progress" })).await,
        Vec::<String>::new(),
        "closed stays closed"
    );
    app.transcript("practice-incident", "Incident: a family that waits, is answered and is resolved together").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slm_a_target_is_paused_missed_and_explained() {
    let app = TestApp::new().await;
    let (erin, ada, mona) = (app.caller("erin").await, app.caller("ada").await, app.caller("mona").await);
    let within = |metric: &str, minutes: u32| {
        json!({ "type": "sla", "metric": metric, "applies-to": ["incident"], "scope": "space", "minutes": minutes, "counting": "working",
            "calendar": "office-hours", "match": { "is": { "field": "priority", "in": [5] } },
            "pause": { "is": { "field": "state", "in": ["on-hold"] } } })
    };
    for (metric, minutes) in [("response", 60), ("resolution", 240)] {
        let body = json!({ "kind": "sla-target", "space": "it", "title": format!("P5 {metric}"), "fields": within(metric, minutes) });
        let target = mona.post("/records", body).await.expect(201).value();
        super::change_record(&mona, &target, json!({ "state": "active" })).await;
    }
    settled(&app).await;
    let slow = open(&erin, "incident", "Slow", json!({})).await;
    let clock = async |title: &str| {
        let seen = ticket(&ada, &slow).await;
        let clocks = seen["clocks"].as_array().cloned().unwrap_or_default();
        clocks
            .iter()
            .find(|clock| clock["title"].as_str().is_some_and(|text| text.contains(title)))
            .cloned()
            .unwrap_or(json!(clocks))
    };
    // Ten o'clock in Berlin: four hours of work end at two.
    assert_eq!(clock("resolution").await["due_at"], "2026-03-02T13:00:00Z");
    app.world.advance(SignedDuration::from_mins(30)).await;
    let begun =
        json!({ "state": "in-progress", "assignee": "ada", "comment": { "visibility": "public", "body": "I look." } });
    change_ticket(&ada, &slow, begun).await;
    let ask = json!({ "state": "on-hold", "fields": { "pending-reason": "awaiting-caller" }, "comment": { "visibility": "public", "body": "Since when?" } });
    change_ticket(&ada, &slow, ask).await;
    app.world.advance(SignedDuration::from_hours(2)).await;
    let path = format!("/tickets/{}", id(&slow));
    erin.post(&format!("{path}/comments"), json!({ "visibility": "public", "body": "Since Monday." }))
        .await
        .expect(201);
    settled(&app).await;
    assert_eq!(
        clock("resolution").await["due_at"],
        "2026-03-02T15:00:00Z",
        "two hours later, for two hours of waiting"
    );
    app.world.advance(SignedDuration::from_hours(4)).await;
    settled(&app).await;
    let missed = clock("resolution").await;
    assert_eq!(missed["breached_at"], "2026-03-02T15:00:00Z", "on the instant, whenever somebody looks: {missed}");
    let met = clock("response").await;
    assert_eq!((&met["breached_at"], &met["state"]), (&Value::Null, &json!("stopped")), "{met}");
    assert_eq!(app.caller("hana").await.get(&path).await.status, 404, "HR has no part in it");
    app.transcript("practice-service-level", "Service level management: a target is paused, missed and explained")
        .await;
}

const DAY: i64 = 24;

#[tokio::test(flavor = "multi_thread")]
async fn cat_04_hr_an_onboarding_over_the_api_by_five_departments() {
    let app = TestApp::new().await;
    app.world.company().await;
    let (hana, mona) = (app.caller("hana").await, app.caller("mona").await);
    let laptop = file(&mona, "stock-item", "Laptop 1", json!({ "class": "laptop", "model": "standard" })).await;
    let body = json!({ "kind": "onboarding", "space": "hr", "title": "Nia starts",
        "fields": { "employee_name": "Nia Okoro", "start_date": "2026-04-01", "manager": "mona", "laptop_model": "standard", "salary": 52_000 } });
    let hire: Value = hana.post("/tickets", body).await.expect(201).value();
    settled(&app).await;
    let path = format!("/tickets/{}", id(&hire));
    for stranger in ["erin", "ada", "max"] {
        assert_eq!(app.caller(stranger).await.get(&path).await.status, 404, "{stranger} sees nothing of a hire");
    }
    complete(&app, "lena", "Have the contract signed", json!({ "signed_on": "2026-03-02", "filed": true })).await;
    assert_eq!(tasks(&app, "wanda").await, Vec::<String>::new(), "ten days before, and not earlier");

    app.world.advance(SignedDuration::from_hours(20 * DAY)).await;
    let moved = json!({ "fields": { "start_date": "2026-04-03" } });
    change_ticket(&app.caller("hana").await, &hire, moved).await;
    settled(&app).await;
    assert_eq!(record(&app.caller("mona").await, &laptop).await["state"], "reserved", "what is done stays done");
    let account = json!({ "account": "nia.okoro", "mail_ready": true, "laptop_ready": true });
    complete(&app, "wanda", "Create account, set up laptop", account).await;
    app.world.advance(SignedDuration::from_hours(5 * DAY)).await;
    assert_eq!(tasks(&app, "felix").await, Vec::<String>::new(), "five days before has moved with the first day");
    app.world.advance(SignedDuration::from_hours(3 * DAY)).await;
    complete(&app, "felix", "Issue the badge", json!({ "badge": "B-1" })).await;
    complete(&app, "felix", "Prepare the desk", json!({ "desk": "2.1", "chair": true })).await;
    complete(&app, "fred", "Set up the cost centre", json!({ "cost_centre": "design", "payroll": true })).await;
    app.world.advance(SignedDuration::from_hours(5 * DAY)).await;
    let welcome = json!({ "welcomed": true, "goals": true, "safety": true });
    complete(&app, "mona", "Go through the manager's checklist", welcome).await;
    let settling = ticket(&app.caller("hana").await, &hire).await;
    assert_eq!((&settling["state"], &settling["fields"]["salary"]), (&json!("settling-in"), &json!(52_000)));
    assert_eq!(record(&app.caller("mona").await, &laptop).await["state"], "in-use");
    app.world.advance(SignedDuration::from_hours(31 * DAY)).await;
    complete(&app, "mona", "Answer the survey", json!({ "satisfaction": 4 })).await;
    assert_eq!(ticket(&app.caller("hana").await, &hire).await["state"], "closed");
    app.transcript("department-hr-onboarding", "HR: an onboarding by five departments, with a first day that moves")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn esm_legal_a_contract_is_negotiated_and_approved_in_order_by_its_value() {
    let app = TestApp::new().await;
    app.world.company().await;
    let paul = app.caller("paul").await;
    let fields =
        json!({ "counterparty": "Northern Cables", "contract_type": "purchase", "amount": 120_000, "term_months": 24 });
    let body = json!({ "kind": "contract-review", "space": "legal", "title": "Cables", "fields": fields });
    let contract: Value = paul.post("/tickets", body).await.expect(201).value();
    settled(&app).await;
    let state = async || ticket(&app.caller("lena").await, &contract).await["state"].clone();

    complete(&app, "lena", "Review the contract", json!({ "outcome": "redline", "notes": "Liability is too low." }))
        .await;
    assert_eq!(state().await, "negotiation");
    complete(&app, "paul", "Negotiate the changes", json!({ "version": "2", "answer": "countered" })).await;
    complete(&app, "lena", "Review the contract", json!({ "outcome": "accept", "notes": "Good now." })).await;
    assert_eq!(state().await, "approval");
    for who in ["lena", "fred", "dora"] {
        assert_eq!(state().await, "approval", "{who} has not answered");
        approve(&app, who, "Approvals in order").await;
    }
    assert_eq!(state().await, "signature");
    let signed = json!({ "signed_on": "2026-03-02", "signed_by": "Dora", "filed": true });
    complete(&app, "lena", "Sign the contract", signed).await;
    let seen = ticket(&app.caller("lena").await, &contract).await;
    assert_eq!((&seen["state"], &seen["fields"]["redline_round"]), (&json!("signed"), &json!(1)));
    for stranger in ["erin", "ada", "max"] {
        let reply = app.caller(stranger).await.get(&format!("/tickets/{}", id(&contract))).await;
        assert_eq!(reply.status, 404, "{stranger} sees nothing of legal");
    }
    app.transcript("department-legal-contract", "Legal: a contract is negotiated and approved in order by its value")
        .await;
}

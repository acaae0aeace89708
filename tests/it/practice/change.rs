//! A change that collides: with another change, with a freeze, with the rules for templates.

use super::{change_record, change_ticket, file, open, refused, set, settled, ticket};
use serde_json::{Value, json};
use weft_tests::app::{Caller, TestApp};

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
async fn chg_07_a_conflict_is_found_when_hundreds_of_changes_are_open() {
    let app = TestApp::new().await;
    let ada = app.caller("ada").await;
    set(&app, "change", json!({ "flows": {} })).await;
    let first = open(&ada, "change", "Replace the switch", window(&["sw-1"], json!({}))).await;
    for month in 0..205 {
        let day = format!("{}-{:02}-10", 2027 + month / 12, 1 + month % 12);
        let times = json!({ "planned_start": format!("{day}T20:00:00Z"), "planned_end": format!("{day}T21:00:00Z") });
        let of = ["normal", "standard", "emergency"][month % 3];
        let mut fields = window(&["sw-1"], times);
        fields["type"] = json!(of);
        open(&ada, "change", &format!("Later {month}"), fields).await;
    }
    let second = open(&ada, "change", "New firmware", window(&["sw-1"], json!({}))).await;
    let conflicts = second["fields"]["conflicts"].as_array().expect("conflicts");
    assert_eq!(conflicts.len(), 1, "{conflicts:?}");
    assert_eq!((&conflicts[0]["reason"], &conflicts[0]["source"]), (&json!("CI already scheduled"), &first["number"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn chg_08_a_freeze_may_ask_for_a_condition_and_count_in_the_zone_of_each_site() {
    let app = TestApp::new().await;
    let (ada, mona) = (app.caller("ada").await, app.caller("mona").await);
    let zones = json!({ "Tokyo": "Asia/Tokyo", "Berlin": "Europe/Berlin" });
    set(&app, "change", json!({ "flows": {}, "site-zones": zones })).await;
    let window_of =
        |fields: Value| json!({ "kind": "change-window", "space": "it", "title": "Freeze", "fields": fields });
    let refused_new = async |caller: &Caller, path: &str, body: Value| -> Vec<String> {
        caller.post(path, body).await.problem(422).errors.into_iter().map(|error| error.code).collect()
    };
    let codes = refused_new(&mona, "/records", window_of(json!({
        "type": "freeze", "calendar": "nowhere", "zone": "Europe/Berlin", "floating": true, "only_when": { "colour": ["red"] }
    }))).await;
    assert_eq!(codes, ["two-zones", "unknown", "unknown-field"]);
    let codes = refused_new(
        &mona,
        "/records",
        window_of(json!({ "type": "freeze", "calendar": "office-hours", "zone": "Europe/Berlinn" })),
    )
    .await;
    assert_eq!(codes, ["unknown"]);

    // Nothing risky while people work, in the time of each site.
    let fields =
        json!({ "type": "freeze", "calendar": "office-hours", "floating": true, "only_when": { "risk": ["high"] } });
    file(&mona, "change-window", "While people work", fields).await;
    // The risk is what it turns out to be by impact and probability of success, whatever was said.
    let planned = |site: &str, start: &str, end: &str, probability: &str| {
        let mut fields = window(&[], json!({ "site": site, "success_probability": probability, "impact": 1 }));
        fields["planned_start"] = json!(start);
        fields["planned_end"] = json!(end);
        json!({ "kind": "change", "space": "it", "title": "Cable", "fields": fields })
    };
    // On Tuesday, 01:00 UTC is ten in the morning in Tokyo, and two at night in Berlin.
    let (start, end) = ("2026-03-10T01:00:00Z", "2026-03-10T02:00:00Z");
    assert_eq!(refused_new(&ada, "/tickets", planned("Tokyo", start, end, "low")).await, ["freeze"]);
    ada.post("/tickets", planned("Berlin", start, end, "low")).await.expect(201);
    ada.post("/tickets", planned("Tokyo", start, end, "high")).await.expect(201);
    let (start, end) = ("2026-03-10T09:00:00Z", "2026-03-10T10:00:00Z");
    assert_eq!(refused_new(&ada, "/tickets", planned("Berlin", start, end, "low")).await, ["freeze"]);
    ada.post("/tickets", planned("Tokyo", start, end, "low")).await.expect(201);
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

#[tokio::test(flavor = "multi_thread")]
async fn chg_06_a_board_meets_over_what_waits_for_it_and_its_minutes_stay() {
    let app = TestApp::new().await;
    let (ada, mona, max) = (app.caller("ada").await, app.caller("mona").await, app.caller("max").await);
    set(&app, "change", json!({ "flows": {} })).await;
    let wednesday = json!({ "title": "Board", "zone": "Europe/Berlin", "hours": { "wed": [["14:00", "15:00"]] } });
    max.put("/calendars/board", wednesday).await.expect(200);
    let rule = json!({ "board": "service-desk", "at": "2026-03-04T13:00:00Z", "calendar": "board", "risks": ["high"] });
    let meeting = file(&mona, "change-meeting", "Advisory board", rule).await;
    assert_eq!(meeting["fields"]["agenda"], Value::Null, "nothing waits");

    // What waits for approval comes onto the agenda by itself, as far as the rule asks for it.
    let mut changes = Vec::new();
    for (title, risk) in [("New database", "high"), ("New firmware", "high"), ("New cable", "low")] {
        let change = open(&ada, "change", title, window(&[], json!({ "risk": risk }))).await;
        change_ticket(&ada, &change, json!({ "state": "assess" })).await;
        change_ticket(&ada, &change, json!({ "state": "authorize" })).await;
        settled(&app).await;
        changes.push(change);
    }
    let planned = super::record(&mona, &meeting).await;
    let mut agenda = planned["fields"]["agenda"].as_array().cloned().expect("an agenda");
    let numbers: Vec<&Value> = agenda.iter().map(|item| &item["change"]).collect();
    assert_eq!(numbers, [&changes[0]["number"], &changes[1]["number"]]);

    let path = format!("/records/{}", super::id(&meeting));
    let codes = refused(&mona, &path, json!({ "state": "held" })).await;
    assert_eq!(codes, ["required", "required", "required"], "who was there, and what about each of the two");
    agenda[0]["decision"] = json!("approve");
    agenda[1]["decision"] = json!("defer");
    agenda[1]["note"] = json!("There is no way back.");
    let minuted = json!({ "state": "held", "fields": { "agenda": agenda, "attendees": ["ada"] } });
    let held = change_record(&mona, &meeting, minuted).await;
    let minutes = held["fields"]["minutes"].as_str().expect("minutes");
    assert!(minutes.contains("Present: ada\nAbsent: ben\n"), "{minutes}");
    assert!(minutes.contains("New firmware: defer. There is no way back."), "{minutes}");
    let codes = refused(&mona, &path, json!({ "fields": { "attendees": ["ada", "ben"] } })).await;
    assert_eq!(codes, ["fixed"]);

    // Each change hears of it, and the board meets again in a week with what it put off.
    settled(&app).await;
    let comments = super::list(&ada, &format!("/tickets/{}/comments", super::id(&changes[1]))).await;
    assert!(
        comments.iter().any(|one| one["body"].as_str().is_some_and(|body| body.contains("says defer"))),
        "{comments:?}"
    );
    let meetings = super::list(&mona, "/records?kind=change-meeting&state=planned").await;
    assert_eq!(meetings.len(), 1, "{meetings:?}");
    let next = &meetings[0]["fields"];
    assert_eq!((&next["at"], &next["carried_from"]), (&json!("2026-03-11T13:00:00Z"), &held["number"]));
    let again: Vec<&Value> = next["agenda"].as_array().expect("an agenda").iter().map(|item| &item["change"]).collect();
    // What was approved still waits for the votes of its flow, so the rule asks for it too.
    assert_eq!(again, [&changes[1]["number"], &changes[0]["number"]]);
    change_ticket(&mona, &changes[0], json!({ "state": "scheduled" })).await;
    settled(&app).await;
    let next = super::record(&mona, &meetings[0]).await;
    assert_eq!(next["fields"]["agenda"].as_array().map(Vec::len), Some(1), "{next}");
}

#[tokio::test(flavor = "multi_thread")]
async fn cfg_06_items_become_what_a_change_proposed_when_it_was_carried_out() {
    let app = TestApp::new().await;
    let (ada, mona, max) = (app.caller("ada").await, app.caller("mona").await, app.caller("max").await);
    set(&app, "change", json!({ "flows": {} })).await;
    let class = json!({ "title": "Server", "attributes": { "memory": { "type": "integer" } } });
    max.put("/ci-classes/server", class).await.expect(200);
    let mut items = Vec::new();
    for name in ["one", "two"] {
        let body = json!({ "name": name, "class": "server", "space": "it", "attributes": { "memory": 8 } });
        items.push(super::id(&ada.post("/cis", body).await.expect(201).value()).to_owned());
    }
    let propose = |memory: Value| {
        let proposals: Vec<Value> =
            items.iter().map(|ci| json!({ "ci": ci, "attributes": { "memory": memory } })).collect();
        let named: Vec<&str> = items.iter().map(String::as_str).collect();
        json!({ "kind": "change", "space": "it", "title": "More memory",
            "fields": window(&named, json!({ "type": "emergency", "proposals": proposals })) })
    };
    let problem = ada.post("/tickets", propose(json!("much"))).await.problem(422);
    let pointers: Vec<&str> = problem.errors.iter().map(|one| one.pointer.as_str()).collect();
    assert_eq!(pointers, ["/fields/proposals/0/attributes/memory", "/fields/proposals/1/attributes/memory"]);

    let planned: Value = ada.post("/tickets", propose(json!(16))).await.expect(201).value();
    assert_eq!(planned["fields"]["proposals"][0]["was"], json!({ "memory": 8 }));
    change_ticket(&ada, &planned, json!({ "state": "authorize" })).await;
    change_ticket(&mona, &planned, json!({ "state": "scheduled" })).await;
    let path = format!("/tickets/{}", super::id(&planned));
    let codes = super::refused(&ada, &path, json!({ "fields": { "proposals": [] } })).await;
    assert_eq!(codes, ["approved"]);
    // Somebody is faster with one of them.
    ada.patch(&format!("/cis/{}", items[1]), json!({ "attributes": { "memory": 12 } })).await.expect(200);
    for state in ["implement", "review"] {
        change_ticket(&ada, &planned, json!({ "state": state })).await;
    }
    settled(&app).await;
    let memory = async |index: usize| {
        ada.get(&format!("/cis/{}", items[index])).await.expect(200).value()["attributes"]["memory"].clone()
    };
    assert_eq!((memory(0).await, memory(1).await), (json!(8), json!(12)), "nothing before it is done");
    change_ticket(&ada, &planned, json!({ "state": "closed", "fields": { "close_code": "successful" } })).await;
    settled(&app).await;
    assert_eq!((memory(0).await, memory(1).await), (json!(16), json!(12)));
    let tasks = super::list(&ada, "/tickets?kind=change-task").await;
    let titles: Vec<&Value> = tasks.iter().map(|task| &task["title"]).collect();
    let number = planned["number"].as_str().expect("a number");
    assert_eq!(titles, [&json!(format!("two is not what {number} found: see what holds"))]);
    assert!(super::list(&ada, "/tickets?kind=change").await.len() == 1, "it was not changed without a change");
}

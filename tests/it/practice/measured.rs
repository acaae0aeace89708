//! What is measured: where the time of a ticket went, and the standard reports of the practices.

use super::{change_record, change_ticket, id, list, open, settled, ticket};
use app::PersonChange;
use domain::{Actor, Role};
use jiff::SignedDuration;
use serde_json::{Value, json};
use weft_tests::app::{Caller, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn slm_10_segments_say_who_held_it_in_which_state_and_add_up_to_the_whole() {
    let app = TestApp::new().await;
    let ada = app.caller("ada").await;
    let ticket = open(&ada, "incident", "Slow", json!({})).await;
    app.world.clock.advance(SignedDuration::from_secs(1800));
    change_ticket(&ada, &ticket, json!({ "state": "in-progress", "group": "service-desk", "assignee": "ada" })).await;
    app.world.clock.advance(SignedDuration::from_hours(9));
    change_ticket(&ada, &ticket, json!({ "assignee": "ben" })).await;
    app.world.clock.advance(SignedDuration::from_secs(90));
    let path = format!("/tickets/{}/breakdown?calendar=office-hours", id(&ticket));
    let told: Value = ada.get(&path).await.expect(200).value();
    let segments = told["segments"].as_array().expect("segments");
    let held: Vec<_> =
        segments.iter().map(|one| (one["state"].clone(), one["assignee"].clone(), one["seconds"].clone())).collect();
    let expected = [
        (json!("new"), Value::Null, json!(1800)),
        (json!("in-progress"), json!("ada"), json!(9 * 3600)),
        (json!("in-progress"), json!("ben"), json!(90)),
    ];
    assert_eq!(held, expected, "{told}");
    assert_eq!(told["seconds"], 1800 + 9 * 3600 + 90);
    // From ten to five in Berlin: six hours and a half after the first half hour.
    assert_eq!(segments[1]["working_seconds"], 23_400);
    assert_eq!(told["working_seconds"], 25_200);
    assert!(segments.windows(2).all(|pair| pair[0]["until"] == pair[1]["from"]), "no gap");
    assert_eq!(app.caller("erin").await.get(&path).await.status, 404);
    assert_eq!(ada.get(&format!("/tickets/{}/breakdown?calendar=none", id(&ticket))).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn rpt_02_the_practices_bring_the_standard_reports_and_each_can_be_computed() {
    let app = TestApp::new().await;
    let ada = app.caller("ada").await;
    open(&ada, "incident", "Slow", json!({})).await;
    let all = list(&ada, "/reports").await;
    let named: Vec<String> = all
        .iter()
        .map(|one| format!("{}/{}", one["plugin"].as_str().unwrap_or_default(), one["id"].as_str().unwrap_or_default()))
        .collect();
    for standard in [
        "incident/backlog-by-age",
        "incident/time-to-resolve",
        "incident/time-to-respond",
        "incident/reopened",
        "incident/first-contact",
        "incident/cost-per-ticket",
        "knowledge/deflection",
        "incident/targets-met",
        "change/success",
        "change/unauthorised",
        "problem/backlog-by-age",
        "request/time-to-deliver",
        "relationship/satisfaction",
        "improvement/register",
        "on-call/pages",
    ] {
        assert!(named.iter().any(|name| name == standard), "{standard} is not among {named:?}");
    }
    for name in &named {
        ada.get(&format!("/reports/{name}")).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn slm_12_a_changed_target_or_calendar_recalculates_open_tickets_that_nobody_touches() {
    let app = TestApp::new().await;
    let (ada, mona, max) = (app.caller("ada").await, app.caller("mona").await, app.caller("max").await);
    let within = json!({ "type": "sla", "metric": "resolution", "applies-to": ["incident"], "minutes": 240,
        "counting": "working", "calendar": "office-hours", "pause": { "is": { "field": "state", "in": ["on-hold"] } } });
    let body = json!({ "kind": "sla-target", "space": "it", "title": "Solve", "fields": within });
    let target = mona.post("/records", body).await.expect(201).value();
    change_record(&mona, &target, json!({ "state": "active" })).await;
    settled(&app).await;

    // More than one page, one that rests and one that is done.
    let mut tickets = Vec::new();
    for number in 0..60 {
        tickets.push(open(&ada, "incident", &format!("Slow {number}"), json!({})).await);
    }
    let hold = json!({ "state": "on-hold", "fields": { "pending-reason": "awaiting-vendor" } });
    change_ticket(&ada, &tickets[0], json!({ "state": "in-progress", "assignee": "ada" })).await;
    change_ticket(&ada, &tickets[0], hold).await;
    let done = json!({ "state": "resolved", "fields": { "close-code": "Solved", "close-notes": "Restarted." } });
    change_ticket(&ada, &tickets[1], json!({ "state": "in-progress", "assignee": "ada" })).await;
    change_ticket(&ada, &tickets[1], done).await;
    settled(&app).await;
    let done = ticket(&ada, &tickets[1]).await;
    let due = async |at: usize| ticket(&ada, &tickets[at]).await["clocks"][0]["due_at"].clone();
    assert_eq!(due(59).await, "2026-03-02T13:00:00Z", "from ten to two in Berlin");
    let before = ticket(&ada, &tickets[59]).await;

    change_record(&mona, &target, json!({ "fields": { "minutes": 300 } })).await;
    assert_eq!(due(59).await, "2026-03-02T13:00:00Z", "nobody waits for it");
    settled(&app).await;
    for at in [2, 30, 49, 50, 51, 59] {
        assert_eq!(due(at).await, "2026-03-02T14:00:00Z", "ticket {at}");
    }
    assert_eq!(due(0).await, Value::Null, "it still rests");
    assert_eq!(ticket(&ada, &tickets[1]).await["version"], done["version"], "what is done stays");

    // The office closes at noon: what is left is done on Tuesday.
    let day = json!([["09:00", "12:00"]]);
    let hours = json!({ "title": "Office", "zone": "Europe/Berlin", "hours": { "mon": day, "tue": day, "wed": day } });
    max.put("/calendars/office-hours", hours).await.expect(200);
    settled(&app).await;
    assert_eq!(due(2).await, "2026-03-03T11:00:00Z");
    assert_eq!(due(59).await, "2026-03-03T11:00:00Z");

    // The journal says what moved it, and nothing but its clock moved.
    let after = ticket(&ada, &tickets[59]).await;
    assert_eq!((&after["state"], &after["fields"]), (&before["state"], &before["fields"]));
    let told = list(&ada, &format!("/tickets/{}/timeline", id(&tickets[59]))).await;
    let moved = told.iter().filter(|event| event["kind"] == "clock.started").count();
    assert_eq!(moved, 3, "{told:?}");

    // A calendar that changes nothing for them writes nothing.
    let version = after["version"].clone();
    max.put("/calendars/always", json!({ "title": "Round the clock", "zone": "UTC", "hours": "always" }))
        .await
        .expect(200);
    settled(&app).await;
    assert_eq!(ticket(&ada, &tickets[59]).await["version"], version);

    change_record(&mona, &target, json!({ "state": "retired" })).await;
    settled(&app).await;
    assert_eq!(ticket(&ada, &tickets[59]).await["clocks"][0]["state"], "cancelled", "no target, no clock");
}

#[tokio::test(flavor = "multi_thread")]
async fn vsm_01_steps_are_added_up_by_value_chain_activity_with_what_was_work_and_what_was_waiting() {
    let app = TestApp::new().await;
    let world = &app.world;
    world.company().await;
    let stock = json!([{ "kind": "upsert-record", "data": { "kind": "stock-item", "space": "it", "title": "Laptop 1",
        "fields": { "class": "laptop", "model": "standard" } } }]);
    world.submit("mona", None, stock).await.expect("something for the shelf");
    let order = json!([{ "kind": "create-ticket", "data": { "kind": "request", "space": "it", "title": "A laptop, please",
        "fields": { "item": "laptop", "model": "standard", "price": 900 } } }]);
    let request = world.submit("erin", None, order).await.expect("erin may ask").tickets[0].clone();
    settled(&app).await;

    world.advance(SignedDuration::from_hours(2)).await;
    world.vote("mona", "Manager approves", app::flow::model::Answer::Approve).await;
    world.advance(SignedDuration::from_hours(1)).await;
    let wanda = app.caller("wanda").await;
    let task =
        list(&wanda, "/tasks").await.into_iter().find(|task| task["name"] == "Prepare the laptop").expect("hers");
    wanda.put(&format!("/tasks/{}/assignee", id(&task)), json!({ "assignee": "wanda" })).await.expect(200);
    world.advance(SignedDuration::from_mins(30)).await;
    world.complete("wanda", "Prepare the laptop", json!({})).await;

    let ada = app.caller("ada").await;
    let told: Value = ada.get("/value-chain?stream=laptops&days=30").await.expect(200).value();
    let row = |row: &Value| {
        let count = |name: &str| row[name].as_i64().unwrap_or(-1);
        let seconds = ["lead_seconds", "touch_seconds", "wait_seconds"].map(count);
        (row["activity"].as_str().unwrap_or_default().to_owned(), count("count"), count("open"), seconds)
    };
    let rows: Vec<_> = told["rows"].as_array().expect("rows").iter().map(row).collect();
    let expected = [
        ("engage", 1, 0, [7200, 0, 7200]),
        ("design-and-transition", 1, 0, [5400, 1800, 3600]),
        ("obtain-build", 1, 0, [0, 0, 0]),
        ("deliver-and-support", 0, 1, [0, 0, 0]),
    ];
    assert_eq!(rows, expected.map(|(activity, count, open, seconds)| (activity.to_owned(), count, open, seconds)));
    assert_eq!((told["complete"].clone(), told["rows"][0]["stream"].clone()), (json!(true), json!("laptops")));

    // The history says it itself, whatever the flow says later; and nobody learns of flows that they may not see.
    let flow = world.flow_of(&request.id).await;
    let history: Value = ada.get(&format!("/instances/{}/history", flow.id)).await.expect(200).value();
    let entries = history["entries"].as_array().expect("entries");
    let noted: Vec<&Value> = entries.iter().filter_map(|entry| entry["data"]["value_chain"].get("prepare")).collect();
    assert_eq!(noted, [&json!({ "activity": "design-and-transition", "stream": "laptops" })], "{history}");
    let hr = PersonChange { login: Some("hugo".to_owned()), name: Some("Hugo".to_owned()), ..PersonChange::default() };
    let system = Actor::system();
    world.app.person_put(&system, Some(&"hugo".into()), hr).await.expect("a person");
    world.app.roles_put(&system, &"hugo".into(), vec![("hr".into(), Role::Agent)]).await.expect("roles");
    for stranger in ["erin", "hugo"] {
        let told: Value = app.caller(stranger).await.get("/value-chain").await.expect(200).value();
        assert_eq!(told["rows"], json!([]), "{stranger}");
    }
    assert_eq!(ada.get("/value-chain?days=0").await.problem(400).code, "bad-parameter");
}

#[tokio::test(flavor = "multi_thread")]
async fn slm_09_clocks_are_recomputed_from_the_history_shown_first_and_put_right_once() {
    let app = TestApp::new().await;
    let (ada, mona) = (app.caller("ada").await, app.caller("mona").await);
    let within = json!({ "type": "sla", "metric": "resolution", "applies-to": ["incident"], "minutes": 240,
        "counting": "working", "calendar": "office-hours", "pause": { "is": { "field": "state", "in": ["on-hold"] } } });
    let body = json!({ "kind": "sla-target", "space": "it", "title": "Solve", "fields": within });
    let target = mona.post("/records", body).await.expect(201).value();
    change_record(&mona, &target, json!({ "state": "active" })).await;
    settled(&app).await;
    // Half an hour of work, an hour on hold, and work again.
    let live = async |title: &str| {
        let ticket = open(&ada, "incident", title, json!({})).await;
        app.world.advance(SignedDuration::from_mins(30)).await;
        change_ticket(&ada, &ticket, json!({ "state": "in-progress", "assignee": "ada" })).await;
        let hold = json!({ "state": "on-hold", "fields": { "pending-reason": "awaiting-vendor" } });
        change_ticket(&ada, &ticket, hold).await;
        app.world.advance(SignedDuration::from_hours(1)).await;
        change_ticket(&ada, &ticket, json!({ "state": "in-progress" })).await;
        ticket
    };
    let repair = async |body: Value| mona.post("/clocks/repair", body).await.expect(200).value();

    // What was kept all the time is right, also across a change of the target.
    let kept = live("Kept").await;
    assert_eq!(ticket(&ada, &kept).await["clocks"][0]["due_at"], "2026-03-02T14:00:00Z");
    change_record(&mona, &target, json!({ "fields": { "minutes": 300 } })).await;
    settled(&app).await;
    assert_eq!(ticket(&ada, &kept).await["clocks"][0]["due_at"], "2026-03-02T15:00:00Z");
    let told = repair(json!({ "kind": "incident" })).await;
    assert_eq!((&told["repairs"], &told["looked_at"]), (&json!([]), &json!(1)), "{told}");

    // While the practice was off nobody counted.
    let max = app.world.actor("max").await;
    app.world.app.plugin_disable(&max, &"service-level".into()).await.expect("max may");
    let lost = live("Lost").await;
    app.world.app.plugin_enable(&max, &"service-level".into()).await.expect("max may");
    assert_eq!(ticket(&ada, &lost).await["clocks"], json!([]));

    let told = repair(json!({ "kind": "incident", "space": "it" })).await;
    let of_lost = &told["repairs"][0];
    assert_eq!((&told["applied"], &of_lost["number"]), (&json!(false), &lost["number"]), "{told}");
    let changes = of_lost["clocks"][0]["changes"].as_array().expect("changes");
    // From half past ten, thirty minutes on Monday before the hold, four hours after it, and the rest on Tuesday.
    let due = json!({ "field": "due_at", "from": null, "to": "2026-03-03T08:30:00Z" });
    assert!(changes.contains(&due), "{told}");
    assert_eq!(ticket(&ada, &lost).await["clocks"], json!([]), "it was only shown");
    assert_eq!(ada.post("/clocks/repair", json!({ "ticket": id(&lost) })).await.problem(403).code, "forbidden");

    let told = repair(json!({ "ticket": id(&lost), "apply": true })).await;
    assert_eq!(told["applied"], true, "{told}");
    let clock = ticket(&ada, &lost).await["clocks"][0].clone();
    assert_eq!((&clock["due_at"], &clock["state"]), (&json!("2026-03-03T08:30:00Z"), &json!("running")));
    assert_eq!(repair(json!({ "kind": "incident" })).await["repairs"], json!([]), "once is enough");
    let told = list(&ada, &format!("/tickets/{}/timeline", id(&lost))).await;
    assert_eq!(told.iter().filter(|event| event["kind"] == "clock.repaired").count(), 1, "{told:?}");

    // It fires as any other.
    app.world.advance(SignedDuration::from_mins(20 * 60 + 31)).await;
    let clock =
        app.caller("ada").await.get(&format!("/tickets/{}", id(&lost))).await.expect(200).value()["clocks"][0].clone();
    assert_eq!(clock["breached_at"], "2026-03-03T08:30:00Z");
    app.world.no_dead_jobs().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slm_09_a_repair_counts_by_the_settings_and_roles_of_then() {
    let app = TestApp::new().await;
    let (ada, ben, erin, mona) =
        (app.caller("ada").await, app.caller("ben").await, app.caller("erin").await, app.caller("mona").await);
    let within = json!({ "type": "sla", "metric": "response", "applies-to": ["incident"], "minutes": 60,
        "counting": "working", "calendar": "office-hours" });
    let body = json!({ "kind": "sla-target", "space": "it", "title": "Answer", "fields": within });
    let target = mona.post("/records", body).await.expect(201).value();
    change_record(&mona, &target, json!({ "state": "active" })).await;
    super::set(&app, "service-level", json!({ "response-by": "public-comment-or-work" })).await;
    settled(&app).await;

    let worked_on = open(&erin, "incident", "Worked on", json!({})).await;
    let answered = open(&erin, "incident", "Answered", json!({})).await;
    app.world.advance(SignedDuration::from_mins(10)).await;
    change_ticket(&ada, &worked_on, json!({ "state": "in-progress" })).await;
    let comment = json!({ "visibility": "public", "body": "I am on it." });
    ben.post(&format!("/tickets/{}/comments", id(&answered)), comment).await.expect(201);
    settled(&app).await;
    // Since then less counts as an answer, and Ben works elsewhere.
    app.world.advance(SignedDuration::from_hours(2)).await;
    super::set(&app, "service-level", json!({})).await;
    app.caller("max").await.put("/people/ben/roles", json!({ "roles": [] })).await.expect(204);
    settled(&app).await;

    for one in [&worked_on, &answered] {
        let clock = ticket(&ada, one).await["clocks"][0].clone();
        assert_eq!(
            (&clock["state"], &clock["stopped_at"]),
            (&json!("stopped"), &json!("2026-03-02T09:10:00Z")),
            "{clock}"
        );
    }
    let told = mona.post("/clocks/repair", json!({ "kind": "incident" })).await.expect(200).value();
    assert_eq!((&told["repairs"], &told["looked_at"]), (&json!([]), &json!(2)), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rpt_02_first_contact_deflection_and_cost_are_told_from_what_happened() {
    let app = TestApp::new().await;
    let (ada, erin) = (app.caller("ada").await, app.caller("erin").await);
    let report = async |path: &str| ada.get(&format!("/reports/{path}")).await.expect(200).value();
    let done = json!({ "state": "resolved", "fields": { "close-code": "Solved", "close-notes": "Restarted.", "minutes-spent": 25 } });
    let mine = json!({ "state": "in-progress", "group": "service-desk", "assignee": "ada" });

    let at_once = open(&ada, "incident", "Mail", json!({ "category": "mail" })).await;
    change_ticket(&ada, &at_once, mine.clone()).await;
    change_ticket(&ada, &at_once, done.clone()).await;
    let passed_on = open(&ada, "incident", "Disk", json!({ "category": "disk" })).await;
    change_ticket(&ada, &passed_on, mine.clone()).await;
    change_ticket(&ada, &passed_on, json!({ "assignee": "ben" })).await;
    change_ticket(&ada, &passed_on, done.clone()).await;
    let opened_again = open(&ada, "incident", "Fan", json!({ "category": "disk" })).await;
    change_ticket(&ada, &opened_again, mine).await;
    change_ticket(&ada, &opened_again, done.clone()).await;
    change_ticket(&ada, &opened_again, json!({ "state": "in-progress" })).await;
    change_ticket(&ada, &opened_again, json!({ "state": "resolved", "fields": { "close-code": "Solved", "close-notes": "Oiled.", "minutes-spent": 50 } })).await;
    open(&ada, "incident", "Nobody looked", json!({})).await;

    let first = report("incident/first-contact").await;
    assert_eq!((&first["total"]["count"], &first["total"]["met"]), (&json!(3), &json!(1)), "{first}");
    let cost = report("incident/cost-per-ticket").await;
    let rows: Vec<_> =
        cost["rows"].as_array().expect("rows").iter().map(|row| (row["key"].clone(), row["value"].clone())).collect();
    assert_eq!(rows, [(json!("disk"), json!(37.5)), (json!("mail"), json!(25.0))], "25 minutes and 50, at 60 an hour");

    let article = super::file(&ada, "article", "Mail", json!({ "body": "Restart it.", "audience": "public" })).await;
    let says = async |rating: u8| {
        open(&erin, "article-feedback", "Mail", json!({ "article": id(&article), "rating": rating })).await
    };
    let (helped, wrong) = (says(5).await, says(1).await);
    settled(&app).await;
    app.world.advance(SignedDuration::from_hours(25)).await;
    settled(&app).await;
    let (ada, erin) = (app.caller("ada").await, app.caller("erin").await);
    let told = async |feedback: &Value| ticket(&ada, feedback).await["fields"]["deflected"].clone();
    assert_eq!((told(&helped).await, told(&wrong).await), (json!(true), Value::Null));
    let after_all = open(&erin, "article-feedback", "Mail", json!({ "article": id(&article), "rating": 4 })).await;
    open(&erin, "incident", "Mail again", json!({})).await;
    settled(&app).await;
    app.world.advance(SignedDuration::from_hours(25)).await;
    settled(&app).await;
    let ada = app.caller("ada").await;
    assert_eq!(ticket(&ada, &after_all).await["fields"]["deflected"], json!(false), "it did not help after all");
    let rate = ada.get("/reports/knowledge/deflection").await.expect(200).value();
    assert_eq!((&rate["total"]["count"], &rate["total"]["met"]), (&json!(3), &json!(1)), "{rate}");
}

/// Everything that the reports say to somebody.
async fn told(caller: &Caller) -> Vec<(String, Value)> {
    let mut told = Vec::new();
    for report in list(caller, "/reports").await {
        let name =
            format!("{}/{}", report["plugin"].as_str().unwrap_or_default(), report["id"].as_str().unwrap_or_default());
        let said = caller.get(&format!("/reports/{name}")).await.expect(200).value();
        let behind = list(caller, &format!("/reports/{name}/behind")).await;
        told.push((name, json!({ "rows": said["rows"], "total": said["total"], "behind": behind })));
    }
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn esm_03_no_report_tells_of_what_its_reader_may_not_see() {
    let app = TestApp::new().await;
    let (ada, erin) = (app.caller("ada").await, app.caller("erin").await);
    let (hana, ben) = (app.caller("hana").await, app.caller("ben").await);
    open(&ada, "incident", "Slow", json!({ "category": "mail" })).await;
    settled(&app).await;
    let before = (told(&ada).await, told(&erin).await);

    let body = json!({ "kind": "incident", "space": "hr", "title": "Contracts", "fields": { "category": "people" } });
    hana.post("/tickets", body).await.expect(201);
    let body = json!({ "kind": "incident", "space": "it", "title": "Payroll", "restricted": true, "assignee": "ben", "fields": { "category": "pay" } });
    ben.post("/tickets", body).await.expect(201);
    settled(&app).await;
    for (who, title) in [(&hana, "Contracts"), (&ben, "Payroll")] {
        let seen = told(who).await;
        assert!(
            seen.iter().any(|(_, said)| said["behind"].to_string().contains(title)),
            "it is in the reports of those who may"
        );
    }
    assert_eq!((told(&ada).await, told(&erin).await), before, "and in nobody else's, not even as a number");
}

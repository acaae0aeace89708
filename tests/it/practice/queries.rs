//! Questions that people keep: over tickets, records and configuration items, now and at a time that is over, each about what whoever asks may see.

use super::{change_record, change_ticket, file, id, list, open, settled};
use app::port::clock::Clock;
use domain::report::SavedQuery;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use weft_tests::app::{Caller, TestApp};

async fn said(caller: &Caller, path: &str) -> Value {
    caller.get(path).await.expect(200).value()
}

/// Keys with their counts and values, in the order of the rows.
fn rows(told: &Value) -> Vec<(String, u64, Option<f64>)> {
    let rows = told["rows"].as_array().expect("rows");
    rows.iter()
        .map(|row| {
            let key = row["key"].as_str().unwrap_or_default().to_owned();
            (key, row["count"].as_u64().unwrap_or_default(), row["value"].as_f64())
        })
        .collect()
}

async fn titles(caller: &Caller, path: &str) -> Vec<String> {
    let mut titles: Vec<String> =
        list(caller, path).await.iter().map(|one| one["title"].as_str().unwrap_or_default().to_owned()).collect();
    titles.sort();
    titles
}

#[tokio::test(flavor = "multi_thread")]
async fn rpt_01_a_saved_query_tells_what_it_told_then_and_opens_what_is_behind_it() {
    let app = TestApp::new().await;
    let (ada, erin) = (app.caller("ada").await, app.caller("erin").await);
    let question = json!({ "title": "Work by state", "kind": "incident", "measure": "count", "group": "state" });
    ada.put("/saved-queries/by-state", json!({ "question": question })).await.expect(200);
    let shares = json!({
        "title": "Resolved", "kind": "incident", "measure": "share", "group": "assignee",
        "of": [{ "on": "category", "is": ["resolved", "closed"] }]
    });
    ada.put("/saved-queries/done", json!({ "question": shares })).await.expect(200);
    let times = json!({
        "title": "Time", "kind": "incident", "measure": "time-to-resolve", "percentiles": [25, 75], "group": "week"
    });
    ada.put("/saved-queries/times", json!({ "question": times })).await.expect(200);
    let mona = app.caller("mona").await;
    let within = json!({ "type": "sla", "metric": "resolution", "group": "solve", "applies-to": ["incident"], "minutes": 240,
        "counting": "working", "calendar": "office-hours" });
    let target = file(&mona, "sla-target", "Solve", within).await;
    change_record(&mona, &target, json!({ "state": "active" })).await;
    let targets = json!({ "title": "Targets", "kind": "incident", "measure": "targets-met", "group": "clock" });
    ada.put("/saved-queries/targets", json!({ "question": targets })).await.expect(200);
    let pace = json!({ "title": "Pace", "kind": "incident", "measure": "time-on-clock", "clock": "solve" });
    ada.put("/saved-queries/pace", json!({ "question": pace })).await.expect(200);
    let names = ["by-state", "done", "times", "targets", "pace"];

    let mut asked: Vec<(Timestamp, Vec<Value>)> = Vec::new();
    let first = open(&ada, "incident", "Printer", json!({ "impact": 1 })).await;
    let second = open(&ada, "incident", "Network", json!({ "impact": 3 })).await;
    let resolved = json!({ "state": "resolved", "fields": { "close-code": "Solved", "close-notes": "Restarted." } });
    for step in 0..6 {
        settled(&app).await;
        app.world.clock.advance(SignedDuration::from_mins(90));
        let mut told = Vec::new();
        for name in names {
            let mut one = said(&ada, &format!("/reports/saved/{name}")).await;
            one["as_of"].take();
            told.push(one);
        }
        asked.push((app.world.clock.now(), told));
        app.world.clock.advance(SignedDuration::from_mins(1));
        match step {
            0 => change_ticket(&ada, &first, json!({ "state": "in-progress", "assignee": "ada" })).await,
            1 => change_ticket(&ada, &first, resolved.clone()).await,
            2 => change_ticket(&ada, &second, json!({ "state": "in-progress", "assignee": "ben" })).await,
            3 => change_ticket(&ada, &first, json!({ "state": "in-progress" })).await,
            4 => change_ticket(&ada, &first, resolved.clone()).await,
            _ => {
                let late = open(&ada, "incident", "Later", json!({})).await;
                change_ticket(&ada, &late, json!({ "title": "Later still" })).await
            }
        };
    }
    settled(&app).await;
    let states: Vec<_> = asked.iter().map(|(_, told)| rows(&told[0])).collect();
    assert_eq!(states[0], [("new".to_owned(), 2, Some(2.0))]);
    assert_ne!(states[1], states[2]);
    for (at, told) in &asked {
        for (name, told) in names.iter().zip(told) {
            let mut then = said(&ada, &format!("/reports/saved/{name}?as_of={at}")).await;
            assert_eq!(then["as_of"].take(), json!(at.to_string()));
            assert_eq!(&then["rows"], &told["rows"], "{name} as of {at}");
            assert_eq!(&then["total"], &told["total"], "{name} as of {at}");
        }
    }
    let counts: BTreeSet<u64> =
        asked.iter().map(|(_, told)| told[3]["total"]["count"].as_u64().unwrap_or_default()).collect();
    assert!(counts.len() > 1, "what clocks say moved along the story: {counts:?}");
    assert!(
        asked.iter().any(|(_, told)| told[4]["total"]["count"].as_u64() > Some(0)),
        "a clock was stopped on the way"
    );
    let (then, _) = &asked[1];
    let behind = titles(&ada, &format!("/reports/saved/by-state/behind?key=in-progress&as_of={then}")).await;
    assert_eq!(behind, ["Printer"]);
    let told = said(&ada, "/reports/saved/times").await;
    assert_eq!(told["total"]["percentiles"].as_object().map(|told| told.len()), Some(2), "{told}");

    // The reports of practices can be asked so too, and nobody learns of more than they may see.
    let path = format!("/reports/incident/backlog-by-age?as_of={then}");
    assert_eq!(said(&ada, &path).await["total"]["count"], 2);
    assert_eq!(said(&erin, &path).await["total"]["count"], 0);
    let problem = ada.get("/reports/saved/by-state?as_of=2999-01-01T00:00:00Z").await.problem(422);
    assert_eq!(problem.errors[0].code, "not-yet");
}

#[tokio::test(flavor = "multi_thread")]
async fn rpt_01_records_and_configuration_items_are_asked_about_as_they_are_and_as_they_were() {
    let app = TestApp::new().await;
    let (ada, mona, max, erin) =
        (app.caller("ada").await, app.caller("mona").await, app.caller("max").await, app.caller("erin").await);
    max.put("/ci-classes/server", json!({ "title": "Server", "attributes": { "ram": { "type": "integer" } } }))
        .await
        .expect(200);
    let ci =
        |name: &str, ram: u32| json!({ "name": name, "class": "server", "space": "it", "attributes": { "ram": ram } });
    let one: Value = ada.post("/cis", ci("one", 8)).await.expect(201).value();
    ada.post("/cis", ci("two", 32)).await.expect(201);
    let memory = json!({ "title": "Memory", "kind": "ci", "measure": "sum", "field": "ram", "group": "class" });
    ada.put("/saved-queries/memory", json!({ "question": memory, "audience": { "type": "space", "space": "it" } }))
        .await
        .expect(200);
    let first = file(&mona, "ci-source", "Scanner", json!({ "key": "scanner", "rank": 10 })).await;
    let sources = json!({
        "title": "Ranks", "kind": "ci-source", "measure": "spread", "field": "rank", "group": "state", "percentiles": [10]
    });
    let space = json!({ "type": "space", "space": "it" });
    ada.put("/saved-queries/ranks", json!({ "question": sources, "audience": space })).await.expect(200);
    settled(&app).await;
    app.world.clock.advance(SignedDuration::from_hours(1));
    let then = app.world.clock.now();
    app.world.clock.advance(SignedDuration::from_hours(1));
    change_record(&mona, &first, json!({ "fields": { "rank": 40 } })).await;
    change_record(&mona, &first, json!({ "state": "retired" })).await;
    file(&mona, "ci-source", "Sheet", json!({ "key": "sheet", "rank": 20 })).await;
    let path = format!("/cis/{}", id(&one));
    ada.patch(&path, json!({ "attributes": { "ram": 64 } })).await.expect(200);
    ada.post("/cis", ci("three", 4)).await.expect(201);
    settled(&app).await;

    assert_eq!(rows(&said(&ada, "/reports/saved/memory").await), [("server".to_owned(), 3, Some(100.0))]);
    let past = format!("/reports/saved/memory?as_of={then}");
    assert_eq!(rows(&said(&ada, &past).await), [("server".to_owned(), 2, Some(40.0))]);
    assert_eq!(titles(&ada, "/reports/saved/memory/behind").await, ["one", "three", "two"]);
    assert_eq!(ada.get("/reports/saved/memory/tickets").await.problem(400).code, "not-tickets");
    let row = |key: &str, value: f64| (key.to_owned(), 1, Some(value));
    assert_eq!(rows(&said(&ada, "/reports/saved/ranks").await), [row("active", 20.0), row("retired", 40.0)]);
    assert_eq!(rows(&said(&ada, &format!("/reports/saved/ranks?as_of={then}")).await), [row("active", 10.0)]);
    let behind = titles(&ada, &format!("/reports/saved/ranks/behind?key=active&as_of={then}")).await;
    assert_eq!(behind, ["Scanner"]);
    // Whoever does not work there is not asked, and whoever does counts what they see.
    assert_eq!(rows(&said(&mona, "/reports/saved/memory").await), [("server".to_owned(), 3, Some(100.0))]);
    erin.get("/reports/saved/memory").await.problem(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn rpt_01_a_question_is_its_owners_and_says_everything_that_is_wrong_with_it() {
    let app = TestApp::new().await;
    let (ada, ben, max) = (app.caller("ada").await, app.caller("ben").await, app.caller("max").await);
    let question = json!({ "title": "All", "kind": "*", "measure": "count" });
    let body = |audience: Value| json!({ "question": question, "audience": audience });
    ada.put("/saved-queries/all", body(json!({ "type": "owner" }))).await.expect(200);
    ben.get("/saved-queries/all").await.problem(404);
    ben.get("/reports/saved/all").await.problem(404);
    ben.put("/saved-queries/all", body(json!({ "type": "owner" }))).await.problem(403);
    let listed = |found: Vec<Value>| found.iter().filter(|one| one["plugin"] == "saved").count();
    assert_eq!((listed(list(&ada, "/reports").await), listed(list(&ben, "/reports").await)), (1, 0));

    ada.put("/saved-queries/all", body(json!({ "type": "everyone" }))).await.problem(403);
    ada.put("/saved-queries/all", body(json!({ "type": "space", "space": "hr" }))).await.problem(422);
    ada.put("/saved-queries/all", body(json!({ "type": "space", "space": "it" }))).await.expect(200);
    assert_eq!(listed(list(&ben, "/reports").await), 1);
    ben.delete("/saved-queries/all").await.problem(403);
    max.put("/saved-queries/whole", body(json!({ "type": "everyone" }))).await.expect(200);
    assert_eq!(listed(list(&ben, "/reports").await), 2);

    let wrong = json!({
        "title": "", "kind": "incidnet", "measure": "cuont", "group": "stat", "days": 0, "colour": "red",
        "percentiles": [0, 100], "where": [{ "on": "state" }, { "on": "stat", "is": ["new"] }]
    });
    let problem = ada.put("/saved-queries/Wrong", json!({ "question": wrong })).await.problem(422);
    let mut found: Vec<(String, String)> =
        problem.errors.iter().map(|one| (one.pointer.clone(), one.code.clone())).collect();
    found.sort();
    let pointers: Vec<&str> = found.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert_eq!(
        pointers,
        [
            "/id",
            "/question/colour",
            "/question/days",
            "/question/group",
            "/question/kind",
            "/question/measure",
            "/question/percentiles/0",
            "/question/percentiles/1",
            "/question/title",
            "/question/where/0",
            "/question/where/1/on",
        ],
        "{found:?}"
    );
    let records = json!({ "title": "T", "kind": "article", "measure": "time-to-resolve", "group": "clock" });
    let problem = ada.post("/question-trials", json!({ "question": records })).await.problem(422);
    let codes: Vec<&str> = problem.errors.iter().map(|one| one.code.as_str()).collect();
    assert_eq!(codes, ["not-a-ticket", "not-a-ticket"]);

    // It is still there after a restart, and gone after it was removed.
    let kept: Option<(SavedQuery, u32)> =
        app.world.app.store().saved_query_get(&app.world.app.config.org, "all").await.expect("the store answers");
    assert_eq!(kept.map(|(kept, version)| (kept.owner.0, version)), Some(("ada".to_owned(), 2)));
    ada.delete("/saved-queries/all").await.expect(204);
    ada.get("/saved-queries/all").await.problem(404);
    assert_eq!(listed(list(&ben, "/reports").await), 1);
}

//! What is measured: where the time of a ticket went, and the standard reports of the practices.

use super::{change_ticket, id, list, open};
use jiff::SignedDuration;
use serde_json::{Value, json};
use weft_tests::app::TestApp;

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

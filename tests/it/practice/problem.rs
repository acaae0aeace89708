//! A problem behind two incidents: its workaround, its article, its fix.

use super::{change_ticket, list, open, refused, settled, ticket};
use serde_json::json;
use weft_tests::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn prb_02_prb_03_people_hear_of_the_workaround_once_and_the_fix_resolves_what_waited() {
    let app = TestApp::new().await;
    let (erin, ada) = (app.caller("erin").await, app.caller("ada").await);
    let problem = open(&ada, "problem", "The lift stops", json!({})).await;
    let path = format!("/tickets/{}", super::id(&problem));
    let number = problem["number"].as_str().expect("a number");

    let mut incidents = Vec::new();
    for title in ["Lift stuck on 2", "Lift stuck on 4"] {
        let incident = open(&erin, "incident", title, json!({})).await;
        let waits =
            json!({ "state": "on-hold", "fields": { "problem": number, "pending-reason": "awaiting-problem" } });
        incidents.push(change_ticket(&ada, &incident, waits).await);
    }
    let codes = refused(&ada, &path, json!({ "fields": { "communicate-workaround": true } })).await;
    assert_eq!(codes, ["required"], "there is none yet");

    let told = json!({ "fields": { "workaround": "Use the stairs.", "communicate-workaround": true } });
    change_ticket(&ada, &problem, told).await;
    settled(&app).await;
    for incident in &incidents {
        let comments = list(&erin, &format!("/tickets/{}/comments", super::id(incident))).await;
        assert_eq!(comments[0]["body"], "Until this is fixed:\n\nUse the stairs.");
        assert_eq!(list(&ada, &format!("/tickets/{}/comments", super::id(incident))).await.len(), 2, "and a work note");
    }
    let heard = list(&erin, "/notifications").await;
    assert_eq!(heard.iter().filter(|one| one["body"] == "Use the stairs.").count(), 1, "{heard:?}");
    assert_eq!(ticket(&ada, &problem).await["fields"]["communicate-workaround"], false);

    for state in ["assess", "root-cause-analysis", "fix-in-progress"] {
        change_ticket(&ada, &problem, json!({ "state": state })).await;
    }
    let fixed = json!({ "state": "resolved", "fields": { "resolution-code": "fix-applied", "cause": "A worn belt.", "fix": "New belt." } });
    change_ticket(&ada, &problem, fixed).await;
    change_ticket(&ada, &problem, json!({ "state": "closed" })).await;
    settled(&app).await;
    for incident in &incidents {
        let incident = ticket(&erin, incident).await;
        assert_eq!(
            (&incident["state"], &incident["fields"]["close-code"]),
            (&json!("resolved"), &json!("Resolved by problem"))
        );
    }
    app.transcript("practice-problem", "Problem: people hear of the workaround once, and the fix resolves what waited")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn prb_04_a_known_error_is_drafted_as_an_article_and_named_where_it_helps() {
    let app = TestApp::new().await;
    let (erin, ada) = (app.caller("erin").await, app.caller("ada").await);
    let about = json!({ "ci": "lift-1", "workaround": "Use the stairs.", "cause": "A worn belt." });
    let problem = open(&ada, "problem", "The lift stops", about).await;

    change_ticket(&ada, &problem, json!({ "fields": { "known-error": true } })).await;
    settled(&app).await;

    let articles = list(&ada, "/records?kind=article").await;
    assert_eq!((&articles[0]["state"], &articles[0]["fields"]["edition"]), (&json!("draft"), &json!("0.01")));
    let incident = open(&erin, "incident", "Lift stuck", json!({ "ci": "lift-1" })).await;
    settled(&app).await;
    let notes = list(&ada, &format!("/tickets/{}/comments", super::id(&incident))).await;
    let known = notes.iter().any(|note| note["body"].as_str().is_some_and(|body| body.contains("Use the stairs.")));
    assert!(known, "{notes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn prb_05_incidents_that_pile_up_propose_a_problem_once() {
    let app = TestApp::new().await;
    let (erin, ada) = (app.caller("erin").await, app.caller("ada").await);
    super::set(&app, "problem", json!({ "trend": { "count": 3, "days": 7, "fields": ["ci"] } })).await;

    for _ in 0..5 {
        open(&erin, "incident", "Lift stuck", json!({ "ci": "lift-1" })).await;
        settled(&app).await;
    }

    let problems = list(&ada, "/tickets?kind=problem").await;
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0]["fields"]["proposed-because"], "3 incidents within 7 days on ci lift-1");
}

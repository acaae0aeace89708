//! Somebody was not satisfied: the survey, the improvement that it proposes, and what became of it.

use super::{change_ticket, list, open, set, settled, ticket};
use serde_json::{Value, json};
use weft_tests::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn rel_01_csi_01_a_bad_answer_becomes_an_improvement_that_is_measured() {
    let app = TestApp::new().await;
    let (erin, ada, mona) = (app.caller("erin").await, app.caller("ada").await, app.caller("mona").await);
    let survey = json!({ "kinds": ["incident"], "percent": 100, "repeat-days": 14, "expire-days": 7, "low": 2 });
    set(&app, "relationship", json!({ "survey": survey })).await;
    let incident = open(&erin, "incident", "No network", json!({})).await;
    let solved = json!({ "state": "resolved", "fields": { "close-code": "Solved", "close-notes": "Replaced." } });
    change_ticket(&ada, &incident, solved).await;
    change_ticket(&erin, &incident, json!({ "state": "closed" })).await;
    settled(&app).await;

    let surveys = list(&erin, "/tickets?kind=survey").await;
    let answer = json!({ "state": "answered", "fields": { "satisfaction": 1, "remark": "It took three weeks." } });
    change_ticket(&erin, &surveys[0], answer).await;
    settled(&app).await;
    let improvements = list(&mona, "/tickets?kind=improvement").await;
    let improvement = &improvements[0];
    assert_eq!(improvement["fields"]["origin"], incident["id"]);

    change_ticket(&mona, improvement, json!({ "state": "accepted" })).await;
    change_ticket(&ada, improvement, json!({ "state": "assess" })).await;
    let plan = json!({ "objective": "Faster.", "kpi": "days", "baseline": 21, "target": 1 });
    change_ticket(&ada, improvement, json!({ "fields": plan })).await;
    change_ticket(&mona, improvement, json!({ "state": "approved" })).await;
    change_ticket(&ada, improvement, json!({ "state": "in-progress" })).await;
    let tasks = [json!({ "phase": 1, "days": 2 }), json!({ "phase": 1, "days": 3 }), json!({ "days": 2 })];
    let mut made: Vec<Value> = Vec::new();
    for fields in tasks {
        let body = json!({ "kind": "improvement-task", "space": "it", "title": "Do it", "parent": improvement["id"], "fields": fields });
        made.push(ada.post("/tickets", body).await.expect(201).value());
    }
    for (task, progress) in made.iter().zip([20, 50, 100]) {
        change_ticket(&ada, task, json!({ "state": "closed" })).await;
        settled(&app).await;
        assert_eq!(ticket(&ada, improvement).await["fields"]["progress"], progress);
    }
    change_ticket(&ada, improvement, json!({ "state": "review", "fields": { "actual": 6 } })).await;
    let closed = change_ticket(&mona, improvement, json!({ "state": "closed" })).await;
    assert_eq!(closed["fields"]["achieved"], 75);
    app.transcript(
        "practice-improvement",
        "Continual improvement: a bad answer becomes an improvement that is measured",
    )
    .await;
}

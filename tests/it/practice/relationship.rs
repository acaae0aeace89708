//! Those who depend on a service: what they think of it over time, what was agreed with them, and a complaint that is not settled at once.

use super::{change_record, change_ticket, file, id, list, open, record, refused, settled};
use serde_json::{Value, json};
use weft_tests::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn rel_02_a_stakeholder_is_reviewed_and_a_complaint_is_answered_until_it_is_settled() {
    let app = TestApp::new().await;
    let (erin, ada, mona) = (app.caller("erin").await, app.caller("ada").await, app.caller("mona").await);
    let fields = json!({ "person": "erin", "role": "user", "influence": "high", "satisfaction": 4 });
    let sales = file(&mona, "stakeholder", "Sales", fields).await;
    let review = json!({ "stakeholder": id(&sales), "minutes": "Too slow in March." });
    let review = file(&ada, "service-review", "Sales in March", review).await;
    change_record(&ada, &review, json!({ "state": "held" })).await;
    change_record(&mona, &sales, json!({ "fields": { "satisfaction": 2 } })).await;
    settled(&app).await;
    let seen = record(&mona, &sales).await;
    assert_eq!(seen["fields"]["trend"], "worse", "{seen}");
    assert_eq!(
        erin.get(&format!("/records/{}", id(&sales))).await.status,
        404,
        "what is noted about her is not hers to read"
    );

    let body = json!({ "type": "complaint", "description": "Three weeks for a laptop." });
    let complaint = open(&erin, "feedback", "Too slow", body).await;
    let path = format!("/tickets/{}", id(&complaint));
    let silent = refused(&mona, &path, json!({ "state": "answered" })).await;
    assert!(!silent.is_empty(), "an answer has words");
    let answer = |text: &str| json!({ "state": "answered", "comment": { "visibility": "public", "body": text } });
    change_ticket(&mona, &complaint, answer("We had none on the shelf.")).await;
    let again =
        json!({ "state": "in-progress", "comment": { "visibility": "public", "body": "That was in January too." } });
    change_ticket(&erin, &complaint, again).await;
    change_ticket(&mona, &complaint, answer("Five are kept on the shelf from now on.")).await;
    change_ticket(&erin, &complaint, json!({ "state": "closed" })).await;
    settled(&app).await;
    let comments: Vec<Value> = list(&erin, &format!("{path}/comments")).await;
    assert_eq!(comments.len(), 3, "{comments:?}");
    app.transcript(
        "practice-relationship",
        "Relationship management: a stakeholder over time, and a complaint until it is settled",
    )
    .await;
}

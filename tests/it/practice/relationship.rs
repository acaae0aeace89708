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

#[tokio::test(flavor = "multi_thread")]
async fn rel_02_service_reviews_are_told_by_customer_to_those_who_may_read_them() {
    let app = TestApp::new().await;
    let (erin, ada, mona) = (app.caller("erin").await, app.caller("ada").await, app.caller("mona").await);
    let sales = file(&mona, "stakeholder", "Sales", json!({ "role": "customer" })).await;
    let review = async |satisfaction: u8, done: bool, customer: Value| {
        let mut fields = json!({ "stakeholder": id(&sales), "satisfaction": satisfaction, "actions": [{ "what": "Call", "done": done }] });
        if customer.is_string() {
            fields["customer"] = customer;
        }
        let review = file(&ada, "service-review", "A quarter", fields).await;
        change_record(&ada, &review, json!({ "state": "held" })).await
    };
    assert_eq!(review(2, false, Value::Null).await["fields"]["customer"], "Sales");
    review(5, true, Value::Null).await;
    review(4, true, json!("Export")).await;
    let told = async |who: &weft_tests::app::Caller, id: &str| {
        let report = who.get(&format!("/reports/relationship/{id}")).await.expect(200).value();
        let rows = report["rows"].as_array().cloned().unwrap_or_default();
        rows.into_iter().map(|row| (row["key"].clone(), row["value"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(told(&mona, "service-reviews").await, [(json!("Sales"), json!(3.5)), (json!("Export"), json!(4.0))]);
    assert_eq!(told(&mona, "review-actions").await, [(json!("Sales"), json!(1.0)), (json!("Export"), json!(0.0))]);
    assert_eq!(told(&mona, "reviews-held").await, [(json!("Sales"), json!(2.0)), (json!("Export"), json!(1.0))]);
    assert_eq!(told(&erin, "service-reviews").await, []);
}

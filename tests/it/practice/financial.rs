//! A statement: added up while it is a draft, fixed when it is issued.

use super::{change_record, file, id, record, refused, set, settled};
use jiff::SignedDuration;
use serde_json::json;
use weft_tests::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn fin_02_a_statement_adds_up_and_stays_as_it_was_issued() {
    let app = TestApp::new().await;
    let mona = app.caller("mona").await;
    let lines = json!([{ "what": "Mail", "cents": 1205 }, { "what": "Laptops", "cents": 99 }]);
    let statement = file(
        &mona,
        "statement",
        "Sales in February",
        json!({ "recipient": "sales", "period": "2026-02", "lines": lines }),
    )
    .await;
    assert_eq!(statement["fields"]["total_cents"], 1304);
    change_record(&mona, &statement, json!({ "state": "issued" })).await;
    let codes =
        refused(&mona, &format!("/records/{}", id(&statement)), json!({ "fields": { "period": "2026-03" } })).await;
    assert_eq!(codes, ["issued"]);
    app.transcript(
        "practice-financial",
        "Service financial management: a statement adds up and stays as it was issued",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fin_01_ast_03_expenses_and_contracts_reach_their_budget_by_themselves() {
    let app = TestApp::new().await;
    let mona = app.caller("mona").await;
    let budget = json!({ "cost_centre": "sales", "period": "2026", "amount_cents": 1_000_000 });
    let budget = file(&mona, "budget", "Sales in 2026", budget).await;
    set(&app, "financial", json!({ "rates": { "hour": 9000 } })).await;
    let hours = json!({ "cost_centre": "sales", "day": "2026-03-02", "card": "hour", "quantity": 3 });
    let hours = file(&mona, "expense", "Three hours", hours).await;
    assert_eq!((&hours["fields"]["cents"], &hours["fields"]["currency"]), (&json!(27_000), &json!("EUR")));
    change_record(&mona, &hours, json!({ "state": "booked" })).await;
    let foreign = json!({ "cost_centre": "sales", "day": "2026-03-02", "cents": 5, "currency": "CHF" });
    let foreign = file(&mona, "expense", "Abroad", foreign).await;
    let path = |record: &serde_json::Value| format!("/records/{}", id(record));
    assert_eq!(refused(&mona, &path(&foreign), json!({ "state": "booked" })).await, ["other-currency"]);
    settled(&app).await;
    assert_eq!(record(&mona, &budget).await["fields"]["actual_cents"], 27_000);
    assert_eq!(record(&mona, &hours).await["fields"]["budget"], budget["number"]);
    assert_eq!(refused(&mona, &path(&hours), json!({ "fields": { "cents": 1 } })).await, ["booked"]);

    let terms = json!({ "vendor": "Acme", "start": "2026-03-03", "end": "2026-03-03", "renewal": "tacit", "term_months": 12,
        "cost_cents": 120_001, "cost_centre": "sales" });
    let contract = file(&mona, "contract", "Copiers", terms).await;
    change_record(&mona, &contract, json!({ "state": "approved" })).await;
    settled(&app).await;
    app.world.advance(SignedDuration::from_hours(24)).await;
    settled(&app).await;
    let mona = app.caller("mona").await;
    assert_eq!(record(&mona, &budget).await["fields"]["actual_cents"], 147_001, "it has begun");
    app.world.advance(SignedDuration::from_hours(24)).await;
    settled(&app).await;
    let mona = app.caller("mona").await;
    assert_eq!(record(&mona, &budget).await["fields"]["actual_cents"], 267_002, "it goes on for another term");
    let said = mona.get("/reports/financial/expenses").await.expect(200).value();
    assert_eq!((&said["rows"][0]["key"], &said["rows"][0]["value"]), (&json!("sales"), &json!(267_002.0)), "{said}");
}

//! A statement: added up while it is a draft, fixed when it is issued.

use super::{change_record, file, id, refused};
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

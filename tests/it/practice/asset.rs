//! A laptop from its order to its user, the item that follows it, and the contract that covers it.

use super::{change_record, file, id, record, settled};
use jiff::SignedDuration;
use serde_json::json;
use weft_tests::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn ast_01_ast_03_assets_items_and_contracts_are_in_step() {
    let app = TestApp::new().await;
    let (ada, mona, max) = (app.caller("ada").await, app.caller("mona").await, app.caller("max").await);
    let class = json!({ "title": "Laptop", "attributes": { "status": { "type": "string" } } });
    max.put("/ci-classes/laptop", class).await.expect(200);
    let ci = ada
        .post("/cis", json!({ "name": "laptop-1", "class": "laptop", "space": "it", "attributes": {} }))
        .await
        .expect(201)
        .value();
    let asset = file(&ada, "asset", "Laptop 1", json!({ "class": "laptop", "ci": id(&ci) })).await;
    let stocked = change_record(&ada, &asset, json!({ "state": "in-stock" })).await;
    assert_eq!(stocked["fields"]["substate"], "Available");
    let path = format!("/records/{}", id(&asset));
    assert_eq!(super::refused(&ada, &path, json!({ "fields": { "substate": "Sold" } })).await, ["not-of-state"]);
    change_record(&ada, &asset, json!({ "state": "in-use", "fields": { "user": "erin" } })).await;
    settled(&app).await;
    let status = ada.get(&format!("/cis/{}", id(&ci))).await.expect(200).value();
    assert_eq!(status["attributes"]["status"], "installed");

    let terms = json!({ "vendor": "Acme", "start": "2026-03-03", "end": "2026-12-31", "items": [id(&asset)] });
    let contract = file(&mona, "contract", "Laptop care", terms).await;
    change_record(&mona, &contract, json!({ "state": "approved" })).await;
    app.world.advance(SignedDuration::from_hours(24)).await;
    // Their sessions are over by then.
    let (ada, mona) = (app.caller("ada").await, app.caller("mona").await);
    assert_eq!(record(&mona, &contract).await["state"], "active", "its first day has come");
    let licence = file(
        &ada,
        "licence",
        "Office",
        json!({ "product": "Office", "metric": "user", "purchased": 1,
        "installations": [{ "user": "erin" }, { "user": "ada" }] }),
    )
    .await;
    assert_eq!(licence["fields"]["status"], "Non-Compliant");
    settled(&app).await;
    app.transcript("practice-asset", "IT asset management: a laptop, its item and the contract that covers it").await;
}

//! An article from its draft to its next version, and what a reader says about it.

use super::{change_record, file, list, open, record, settled};
use jiff::SignedDuration;
use serde_json::json;
use weft_tests::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn knw_01_a_new_version_makes_the_former_one_outdated() {
    let app = TestApp::new().await;
    let (ada, mona) = (app.caller("ada").await, app.caller("mona").await);
    let article = file(&ada, "article", "Paper jam", json!({ "body": "Open the back." })).await;
    assert_eq!(article["fields"]["edition"], "0.01");
    change_record(&ada, &article, json!({ "state": "review" })).await;
    assert_eq!(
        ada.patch(&format!("/records/{}", super::id(&article)), json!({ "state": "scheduled" })).await.status,
        422
    );
    change_record(&mona, &article, json!({ "state": "scheduled" })).await;
    let published = change_record(&mona, &article, json!({ "state": "published" })).await;
    assert_eq!(published["fields"]["edition"], "1.0");
    let path = format!("/records/{}", super::id(&article));
    let codes = super::refused(&mona, &path, json!({ "fields": { "body": "Kick it." } })).await;
    assert_eq!(codes, ["published"], "readers rely on it");

    let next =
        file(&ada, "article", "Paper jam", json!({ "body": "Open the front.", "former": super::id(&article) })).await;
    assert_eq!(next["fields"]["edition"], "1.01");
    assert_eq!(record(&ada, &article).await["state"], "published", "until the next one is");
    change_record(&ada, &next, json!({ "state": "review" })).await;
    change_record(&mona, &next, json!({ "state": "scheduled" })).await;
    let next = change_record(&mona, &next, json!({ "state": "published" })).await;
    settled(&app).await;
    assert_eq!(
        (&next["fields"]["edition"], &record(&ada, &article).await["state"]),
        (&json!("2.0"), &json!("outdated"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn knw_02_knw_03_what_is_no_longer_valid_leaves_and_what_does_not_help_is_work() {
    let app = TestApp::new().await;
    let (erin, ada, mona) = (app.caller("erin").await, app.caller("ada").await, app.caller("mona").await);
    let article = file(
        &ada,
        "article",
        "VPN",
        json!({ "body": "Click.", "valid_to": "2026-03-03", "group": "network", "owner": "ben" }),
    )
    .await;
    change_record(&ada, &article, json!({ "state": "review" })).await;
    change_record(&mona, &article, json!({ "state": "scheduled" })).await;
    change_record(&mona, &article, json!({ "state": "published" })).await;

    let bad = open(
        &erin,
        "article-feedback",
        "It does not help",
        json!({ "article": super::id(&article), "rating": 1, "reason": "unclear" }),
    )
    .await;
    assert_eq!(bad["group"], "network");
    let good = open(&erin, "article-feedback", "Thanks", json!({ "article": super::id(&article), "rating": 5 })).await;
    assert_eq!(good["state"], "done");

    app.world.advance(SignedDuration::from_hours(24)).await;
    let told = list(&app.caller("ben").await, "/notifications").await;
    assert!(
        told.iter().any(|one| one["subject"].as_str().is_some_and(|text| text.contains("valid until 2026-03-03"))),
        "{told:?}"
    );
    let ada = app.caller("ada").await;
    assert_eq!(record(&ada, &article).await["state"], "published", "its last day");
    app.world.advance(SignedDuration::from_hours(24)).await;
    let ada = app.caller("ada").await;
    assert_eq!(record(&ada, &article).await["state"], "outdated");
    settled(&app).await;
}

//! Monitoring: many alerts, one incident, and quiet when it is over.

use super::{list, open, settled, ticket};
use serde_json::{Value, json};
use weft_tests::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn ops_03_alerts_of_one_trouble_are_one_incident() {
    let app = TestApp::new().await;
    let ada = app.caller("ada").await;
    let alert = |status: &str| json!({ "key": "db-1/disk", "status": status, "severity": 2 });

    for _ in 0..3 {
        open(&ada, "alert", "db-1 is full", alert("firing")).await;
        settled(&app).await;
    }
    let incidents = list(&ada, "/tickets?kind=incident").await;
    assert_eq!(incidents.len(), 1, "{incidents:?}");
    let incident: &Value = &incidents[0];
    assert_eq!(
        (&incident["fields"]["alert-key"], &incident["fields"]["channel"]),
        (&json!("db-1/disk"), &json!("monitoring"))
    );

    open(&ada, "alert", "db-1 is fine", alert("cleared")).await;
    settled(&app).await;
    assert_eq!(ticket(&ada, incident).await["state"], "resolved");
    open(&ada, "alert", "db-1 is full", alert("firing")).await;
    settled(&app).await;
    assert_eq!(ticket(&ada, incident).await["state"], "in-progress", "it flaps");
    assert_eq!(list(&ada, "/tickets?kind=alert&state=new").await.len(), 0, "every alert was taken");
}

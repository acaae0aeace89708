//! An approval by somebody who works nowhere: they see what they answer for, and not more.

use domain::{Actor, Role};
use serde_json::{Value, json};
use weft_tests::app::{Caller, TestApp};

/// The one approval that waits for somebody, as its page shows it.
async fn waiting(caller: &Caller) -> Value {
    let tasks = caller.get("/tasks").await.expect(200).value();
    let task = tasks["items"].as_array().and_then(|items| items.first()).cloned().expect("an approval waits");
    let id = task["id"].as_str().expect("an id");
    caller.get(&format!("/tasks/{id}")).await.expect(200).value()
}

async fn order(app: &TestApp, title: &str) -> Value {
    let fields = json!({ "item": "laptop", "model": "standard", "price": 900 });
    let body = json!({ "kind": "request", "space": "it", "title": title, "fields": fields });
    let ticket = app.caller("erin").await.post("/tickets", body).await.expect(201).value();
    app.world.settle().await;
    ticket
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approver_without_a_role_sees_what_is_asked_and_answers() {
    let app = TestApp::new().await;
    app.world.company().await;
    let system = Actor::system();
    let named = |login: &str| app::PersonChange {
        login: Some(login.to_owned()),
        name: Some(login.to_owned()),
        ..app::PersonChange::default()
    };
    for login in ["vera", "walt"] {
        app.world.app.person_put(&system, Some(&login.into()), named(login)).await.expect("a person");
        app.world.app.roles_put(&system, &login.into(), vec![("hr".into(), Role::Requester)]).await.expect("roles");
    }
    let hers = app::PersonChange { manager: Some("vera".into()), ..app::PersonChange::default() };
    app.world.app.person_put(&system, Some(&"erin".into()), hers).await.expect("erin has another manager");

    let ticket = order(&app, "A laptop for the road").await;
    let path = format!("/tickets/{}", ticket["id"].as_str().expect("an id"));
    let note = json!({ "visibility": "internal", "body": "She lost two already." });
    app.caller("ada").await.post(&format!("{path}/comments"), note).await.expect(201);
    let vera = app.caller("vera").await;
    assert_eq!(vera.get(&path).await.status, 404, "the ticket is not hers");
    let task = waiting(&vera).await;
    let subject = &task["subject"];
    assert_eq!((&subject["title"], &subject["requester"]), (&json!("A laptop for the road"), &json!("erin")));
    assert_eq!((&subject["fields"]["price"], &subject["fields"]["item"]), (&json!(900), &json!("laptop")));
    assert!(!subject.to_string().contains("lost two"), "{subject}");
    let others = app.caller("walt").await.get(&format!("/tasks/{}", task["id"].as_str().expect("an id"))).await;
    assert_eq!(others.status, 404, "who was not asked sees nothing");

    let vote = json!({ "answer": "approve" });
    vera.post(&format!("/tasks/{}/vote", task["id"].as_str().expect("an id")), vote).await.expect(200);
    app.world.settle().await;
    assert_eq!(app.caller("erin").await.get(&path).await.expect(200).value()["state"], "fulfilment");
    assert_eq!(vera.get("/tasks").await.expect(200).value()["items"], json!([]));

    // Of a restricted ticket an approver knows that they are asked, and what for only when they may see it.
    let secret = order(&app, "A laptop for the investigation").await;
    let path = format!("/tickets/{}", secret["id"].as_str().expect("an id"));
    app.caller("ada").await.patch(&path, json!({ "restricted": true })).await.expect(200);
    assert_eq!(waiting(&vera).await.get("subject"), None);
}

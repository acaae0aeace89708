//! The catalogue over the API: an item with its form and price, a bundle that comes whole or not at all, and pages of whoever has duty.

use super::{change_record, change_ticket, file, id, list, refused, settled, ticket};
use app::GroupChange;
use app::flow::model::Answer;
use domain::{Actor, PersonId};
use jiff::SignedDuration;
use serde_json::{Value, json};
use weft_tests::app::{Caller, TestApp};

async fn offer(manager: &Caller, kind: &str, title: &str, fields: Value) -> Value {
    let record = file(manager, kind, title, fields).await;
    change_record(manager, &record, json!({ "state": "published" })).await
}

async fn order(caller: &Caller, title: &str, fields: Value) -> Value {
    super::open(caller, "request", title, fields).await
}

async fn parts(caller: &Caller, whole: &Value) -> Vec<Value> {
    let all = list(caller, "/tickets?kind=request").await;
    all.into_iter().filter(|one| one["parent"] == whole["id"]).collect()
}

async fn starter(mona: &Caller) {
    let form = json!([{ "name": "size", "title": "Size", "type": "choice", "choices": ["small", "large"], "default": "small" }]);
    let desk = json!({ "key": "desk", "price": 300.5, "form": form, "price_by": [{ "name": "size", "is": "large", "price": 99.25 }] });
    let published = offer(mona, "catalogue-item", "Desk", desk).await;
    assert_eq!(published["fields"]["edition"], 1);
    offer(
        mona,
        "catalogue-item",
        "Chair",
        json!({ "key": "chair", "price": 100, "entitled_groups": ["service-desk"] }),
    )
    .await;
    let bundle = json!({ "key": "place", "form": [{ "name": "size", "title": "Size", "type": "text", "required": true }],
        "parts": [{ "item": "desk", "variables": { "size": { "from": "size" } } }, { "item": "chair", "quantity": 2 }] });
    offer(mona, "catalogue-bundle", "A place to work", bundle).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cat_01_an_item_of_the_catalogue_is_priced_by_what_was_answered_and_stays_as_it_was_ordered() {
    let app = TestApp::new().await;
    let (mona, erin) = (app.caller("mona").await, app.caller("erin").await);
    starter(&mona).await;
    let desk = order(&erin, "A desk", json!({ "item": "desk", "quantity": 2, "variables": { "size": "large" } })).await;
    assert_eq!((&desk["fields"]["price"], &desk["fields"]["offer_edition"]), (&json!(799.5), &json!(1)));
    let path = format!("/tickets/{}", id(&desk));
    assert_eq!(refused(&erin, &path, json!({ "fields": { "price": 1 } })).await, ["fixed"]);
    let wrong = json!({ "kind": "request", "space": "it", "title": "A chair", "fields": { "item": "chair" } });
    let refusal = erin.post("/tickets", wrong).await.problem(422);
    assert_eq!(refusal.errors[0].code, "not-entitled");
    settled(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cat_02_a_bundle_is_one_request_and_is_rescinded_as_one() {
    let app = TestApp::new().await;
    let (mona, ben, ada) = (app.caller("mona").await, app.caller("ben").await, app.caller("ada").await);
    starter(&mona).await;
    let whole = order(&ben, "My place", json!({ "item": "place", "variables": { "size": "large" } })).await;
    assert_eq!((&whole["fields"]["price"], &whole["fields"]["delivered"]), (&json!(599.75), &json!("0 of 2")));
    settled(&app).await;
    let both = parts(&ada, &whole).await;
    assert_eq!((both.len(), &ticket(&ada, &whole).await["state"]), (2, &json!("fulfilment")));

    let desk = both.iter().find(|part| part["fields"]["item"] == "desk").expect("a desk");
    change_ticket(&ada, desk, json!({ "state": "fulfilment" })).await;
    change_ticket(&ada, desk, json!({ "state": "fulfilled" })).await;
    settled(&app).await;
    assert_eq!(ticket(&ben, &whole).await["fields"]["delivered"], "1 of 2", "what came is shown");
    let chair = both.iter().find(|part| part["fields"]["item"] == "chair").expect("chairs");
    let comment = json!({ "visibility": "public", "body": "Not sold any more." });
    change_ticket(&ada, chair, json!({ "state": "cancelled", "comment": comment })).await;
    settled(&app).await;
    assert_eq!(ticket(&ben, &whole).await["state"], "cancelled", "all or nothing");
    app.transcript("practice-request", "Service request: a bundle is ordered, delivered in part, and rescinded as one")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cat_02_a_cart_goes_on_without_what_cannot_be_had() {
    let app = TestApp::new().await;
    let (mona, ben, ada) = (app.caller("mona").await, app.caller("ben").await, app.caller("ada").await);
    starter(&mona).await;
    let lines = json!([{ "item": "desk" }, { "item": "chair", "quantity": 3 }]);
    let whole = order(&ben, "Two things", json!({ "item": "cart", "lines": lines })).await;
    assert_eq!(whole["fields"]["price"], 600.5);
    settled(&app).await;
    for part in parts(&ada, &whole).await {
        change_ticket(&ada, &part, json!({ "state": "fulfilment" })).await;
        let chair = part["fields"]["item"] == "chair";
        let comment = json!({ "visibility": "public", "body": "Not sold any more." });
        let next =
            if chair { json!({ "state": "cancelled", "comment": comment }) } else { json!({ "state": "fulfilled" }) };
        change_ticket(&ada, &part, next).await;
        settled(&app).await;
    }
    let after = ticket(&ben, &whole).await;
    assert_eq!((&after["state"], &after["fields"]["delivered"]), (&json!("fulfilled"), &json!("1 of 2")));
}

/// A company whose notebooks have a flow of their own, screens none; erin's manager is mona, and finance is fred.
async fn shop() -> TestApp {
    let app = TestApp::new().await;
    app.world.company().await;
    let mona = app.caller("mona").await;
    let notebook = json!({ "key": "notebook", "price": 900, "process": "laptop-request" });
    offer(&mona, "catalogue-item", "Notebook", notebook).await;
    offer(&mona, "catalogue-item", "Screen", json!({ "key": "screen", "price": 400 })).await;
    app
}

async fn asked(app: &TestApp, who: &str) -> Vec<String> {
    app.world.tasks_of(who).await.into_iter().map(|task| task.name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn cat_02_a_cart_is_approved_once_by_all_of_it() {
    let app = shop().await;
    let (erin, ada) = (app.caller("erin").await, app.caller("ada").await);
    let lines = json!([{ "item": "notebook" }, { "item": "screen", "quantity": 2 }]);
    let whole = order(&erin, "A place to work", json!({ "item": "cart", "lines": lines })).await;
    settled(&app).await;
    assert_eq!(ticket(&ada, &whole).await["state"], "approval");
    assert!(parts(&ada, &whole).await.is_empty(), "nothing is begun before it is approved");

    app.world.vote("mona", "Manager approves", Answer::Approve).await;
    assert_eq!(ticket(&ada, &whole).await["state"], "approval", "1700 is more than the manager approves alone");
    app.world.vote("fred", "Finance approves", Answer::Approve).await;
    settled(&app).await;
    let approved = ticket(&ada, &whole).await;
    assert_eq!((&approved["state"], &approved["fields"]["approved_price"]), (&json!("fulfilment"), &json!(1700)));
    let both = parts(&ada, &whole).await;
    let notebook = both.iter().find(|part| part["fields"]["item"] == "notebook").expect("a notebook");
    assert_eq!((both.len(), &ticket(&ada, notebook).await["state"]), (2, &json!("fulfilment")));
    assert_eq!((asked(&app, "mona").await, asked(&app, "fred").await), (vec![], vec![]), "nobody is asked twice");

    let forged = json!({ "kind": "request", "space": "it", "title": "Mine", "parent": whole["id"],
        "fields": { "item": "notebook", "approved_price": 900 } });
    assert_ne!(erin.post("/tickets", forged).await.status, 201, "nobody says of himself what was approved");

    let again = order(&erin, "One more", json!({ "item": "cart", "lines": [{ "item": "notebook" }] })).await;
    settled(&app).await;
    assert_eq!(asked(&app, "mona").await, ["Manager approves"]);
    let comment = json!({ "visibility": "public", "body": "I found one." });
    change_ticket(&erin, &again, json!({ "state": "cancelled", "comment": comment })).await;
    settled(&app).await;
    assert_eq!(asked(&app, "mona").await, Vec::<String>::new(), "what was rescinded is nobody's to approve");
    app.transcript("practice-request-approval", "Service request: a cart is approved once, by all of it").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cat_02_a_cart_that_is_not_approved_is_not_begun() {
    let app = shop().await;
    let (erin, ada) = (app.caller("erin").await, app.caller("ada").await);
    let lines = json!([{ "item": "notebook" }, { "item": "screen" }]);
    let whole = order(&erin, "A place to work", json!({ "item": "cart", "lines": lines })).await;
    settled(&app).await;
    app.world.vote("mona", "Manager approves", Answer::Reject).await;
    settled(&app).await;
    assert_eq!(ticket(&ada, &whole).await["state"], "cancelled");
    assert!(parts(&ada, &whole).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn cat_03_a_price_stays_approved_within_the_tolerance_and_is_approved_again_beyond_it() {
    let app = shop().await;
    let (erin, ada) = (app.caller("erin").await, app.caller("ada").await);
    let notebook = order(&erin, "A notebook", json!({ "item": "notebook" })).await;
    settled(&app).await;
    app.world.vote("mona", "Manager approves", Answer::Approve).await;
    let price = async |price: f64| change_ticket(&ada, &notebook, json!({ "fields": { "price": price } })).await;
    assert_eq!(price(945.0).await["state"], "fulfilment", "a twentieth more");
    assert_eq!(asked(&app, "mona").await, Vec::<String>::new());

    assert_eq!(price(1100.0).await["state"], "approval");
    settled(&app).await;
    let by_hand = refused(&ada, &format!("/tickets/{}", id(&notebook)), json!({ "state": "fulfilment" })).await;
    assert_eq!(by_hand, ["approval-first"]);
    app.world.vote("mona", "Manager approves", Answer::Reject).await;
    settled(&app).await;
    let kept = ticket(&ada, &notebook).await;
    assert_eq!((&kept["state"], &kept["fields"]["price"]), (&json!("fulfilment"), &json!(900)), "as it was approved");

    assert_eq!(price(1600.0).await["state"], "approval");
    settled(&app).await;
    app.world.vote("mona", "Manager approves", Answer::Approve).await;
    app.world.vote("fred", "Finance approves", Answer::Approve).await;
    settled(&app).await;
    let dearer = ticket(&ada, &notebook).await;
    let expected = (&json!("fulfilment"), &json!(1600.0));
    assert_eq!((&dearer["state"], &dearer["fields"]["approved_price"]), expected, "{dearer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ops_01_an_urgent_incident_calls_whoever_has_duty_and_then_the_next() {
    let app = TestApp::new().await;
    let system = Actor::system();
    let members = ["ada", "ben"].map(PersonId::from).to_vec();
    let change = GroupChange { title: "Network".to_owned(), space: "it".into(), members, active: true };
    app.world.app.group_put(&system, &"network".into(), change).await.expect("a group");
    let minute = json!([["09:00", "09:01"]]);
    let hours = json!({ "mon": minute, "tue": minute, "wed": minute, "thu": minute, "fri": minute, "sat": minute, "sun": minute });
    let definition = json!({ "title": "Hand-overs", "zone": "Europe/Berlin", "hours": hours });
    app.world.app.calendar_put(&system, "hand-overs", &definition).await.expect("a calendar");
    let (mona, ada) = (app.caller("mona").await, app.caller("ada").await);
    let rota = json!({ "group": "network", "members": ["ada", "ben"], "since": "2026-03-01T12:00:00Z", "calendar": "hand-overs" });
    let rota = file(&mona, "on-call-rota", "Network", rota).await;
    change_record(&mona, &rota, json!({ "state": "active" })).await;
    settled(&app).await;
    let shown = super::record(&mona, &rota).await;
    assert_eq!(shown["fields"]["on_call"], "ben", "handed over this morning: {shown}");
    assert_eq!(shown["fields"]["plan"][0]["until"], "2026-03-03T08:00:00Z", "nine o'clock in Berlin");

    let incident = super::open(&ada, "incident", "All is down", json!({ "impact": 1, "urgency": 1 })).await;
    change_ticket(&ada, &incident, json!({ "group": "network" })).await;
    settled(&app).await;
    let pages = list(&ada, "/tickets?kind=page").await;
    assert_eq!((pages.len(), &pages[0]["assignee"]), (1, &json!("ben")), "{pages:?}");
    app.world.advance(SignedDuration::from_mins(11)).await;
    settled(&app).await;
    assert_eq!(ticket(&ada, &pages[0]).await["assignee"], "ada", "the next is called");
    let answered = change_ticket(&ada, &pages[0], json!({ "state": "acknowledged" })).await;
    assert_eq!(answered["fields"]["answered_by"], "ada");
    app.world.advance(SignedDuration::from_mins(30)).await;
    settled(&app).await;
    assert_eq!(ticket(&ada, &pages[0]).await["state"], "acknowledged", "nobody else is called");
}

//! Customer service: a case by the contract and tier of its customer, a complaint that escalates, and a return that is paid back.

use super::super::stories::{approve, complete, tasks};
use super::super::{change_ticket, id, list, refused, set, settled, ticket};
use super::{ask, department, group, keep, practices, target, turned_down};
use domain::Role::{Agent, Manager, Requester};
use jiff::SignedDuration;
use serde_json::{Value, json};
use weft_tests::app::TestApp;

const SPACE: &str = "customer-service";
const DAY: i64 = 24;

/// Kim is a contact of a customer, lee of another; cleo and cai serve, hal leads them, pia pays.
async fn service() -> TestApp {
    let app = TestApp::new().await;
    let (works, asks): (&[_], &[_]) = (&[Requester, Agent], &[Requester]);
    let people = [("kim", asks), ("lee", asks), ("cleo", works), ("cai", works), ("rita", works), ("pia", works)];
    department(&app, SPACE, false, &people).await;
    let others = [("fred", works), ("dora", asks), ("mona", asks), ("hal", &[Requester, Manager][..])];
    department(&app, SPACE, false, &others).await;
    for (id, members) in [
        ("customer-service", &["cleo", "cai"][..]),
        ("customer-service-heads", &["hal", "pia"]),
        ("reception", &["rita"]),
        ("finance", &["fred"]),
        ("payments", &["pia", "fred"]),
        ("management", &["dora"]),
    ] {
        group(&app, id, SPACE, members).await;
    }
    let hal = app.caller("hal").await;
    let acme = json!({ "tier": "gold", "contract": "K-7", "products": ["Pump"], "entitled_until": "2026-12-31",
        "contacts": [{ "name": "Kim", "person": "kim" }] });
    keep(&hal, SPACE, "customer", "Acme", acme).await;
    let other = json!({ "tier": "bronze", "contract": "K-8", "products": ["Pump"], "entitled_until": "2025-12-31",
        "contacts": [{ "name": "Lee", "person": "lee" }] });
    keep(&hal, SPACE, "customer", "Other", other).await;
    app
}

fn case(product: &str) -> Value {
    json!({ "product": product, "description": "It stopped." })
}

#[tokio::test(flavor = "multi_thread")]
async fn esm_01_customer_service_a_case_follows_the_contract_and_the_tier_and_is_asked_about() {
    let app = service().await;
    let (kim, lee) = (app.caller("kim").await, app.caller("lee").await);
    let (cleo, hal) = (app.caller("cleo").await, app.caller("hal").await);
    practices(&app, SPACE, ("kim", "cleo", "hal")).await;
    for (tier, minutes) in [("gold", 60), ("bronze", 480)] {
        let of_it = json!({ "is": { "field": "tier", "in": [tier] } });
        target(&hal, SPACE, "customer-case", minutes, of_it).await;
    }
    let survey = json!({ "kinds": ["customer-case"], "percent": 100, "repeat-days": 0, "expire-days": 7, "low": 2 });
    set(&app, "relationship", json!({ "survey": survey })).await;
    settled(&app).await;

    let gold = ask(&kim, SPACE, "customer-case", "The pump stopped", case("Pump")).await;
    assert_eq!((&gold["fields"]["tier"], &gold["fields"]["entitled"]), (&json!("gold"), &json!(true)), "{gold}");
    let bronze = ask(&lee, SPACE, "customer-case", "Our pump too", case("Pump")).await;
    assert_eq!(bronze["fields"]["entitlement"], "contract K-8 ended on 2025-12-31");
    let due = async |of: &Value| ticket(&cleo, of).await["clocks"][0]["due_at"].clone();
    assert_eq!((due(&gold).await, due(&bronze).await), (json!("2026-03-02T10:00:00Z"), json!("2026-03-03T09:00:00Z")));
    for stranger in ["lee", "hana"] {
        let reply = app.caller(stranger).await.get(&format!("/tickets/{}", id(&gold))).await;
        assert_eq!(reply.status, 404, "{stranger} is no contact of theirs");
    }
    assert_eq!(lee.get("/records?kind=customer").await.value()["items"].as_array().map_or(0, Vec::len), 0);
    let unknown = json!({ "product": "Pump", "description": "?", "customer": "CUS999999" });
    assert_eq!(turned_down(&kim, SPACE, "customer-case", unknown).await, ["unknown-customer"]);

    let path = format!("/tickets/{}", id(&bronze));
    assert_eq!(refused(&cleo, &path, json!({ "state": "in-progress" })).await, ["not-entitled"]);
    change_ticket(&cleo, &bronze, json!({ "state": "in-progress", "fields": { "goodwill": "They renew next week." } }))
        .await;
    change_ticket(&cleo, &gold, json!({ "state": "in-progress" })).await;
    change_ticket(&cleo, &gold, json!({ "state": "solved", "fields": { "solution": "A new seal." } })).await;
    change_ticket(&kim, &gold, json!({ "state": "closed" })).await;
    settled(&app).await;
    let asked = list(&kim, "/tickets?kind=survey").await;
    assert_eq!(asked.len(), 1, "{asked:?}");
    change_ticket(&kim, &asked[0], json!({ "state": "answered", "fields": { "satisfaction": 5 } })).await;
    app.transcript(
        "department-customer-service",
        "Customer service: a case by contract and tier, and what the customer thinks of it",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn esm_01_customer_service_a_complaint_escalates_by_the_clock_and_when_it_is_not_settled() {
    let app = service().await;
    let kim = app.caller("kim").await;
    let complaint = ask(&kim, SPACE, "complaint", "Nobody calls back", json!({ "description": "Since Monday." })).await;
    assert_eq!((&complaint["fields"]["tier"], &complaint["group"]), (&json!("gold"), &json!("customer-service")));
    settled(&app).await;
    app.world.advance(SignedDuration::from_hours(3 * DAY)).await;
    settled(&app).await;
    let seen = ticket(&app.caller("cleo").await, &complaint).await;
    assert_eq!((&seen["fields"]["escalation"], &seen["state"]), (&json!(1), &json!("investigation")));
    app.world.advance(SignedDuration::from_hours(5 * DAY)).await;
    settled(&app).await;
    assert_eq!(ticket(&app.caller("cleo").await, &complaint).await["fields"]["escalation"], 2);
    let told = list(&app.caller("dora").await, "/notifications").await;
    assert!(
        told.iter().any(|one| one["subject"].as_str().is_some_and(|text| text.contains("not answered"))),
        "{told:?}"
    );

    let by_hand = app.caller("cleo").await;
    assert_eq!(
        refused(&by_hand, &format!("/tickets/{}", id(&complaint)), json!({ "state": "answered" })).await,
        ["by-flow"]
    );
    let answer = json!({ "cause": "Two were ill.", "answer": "We are sorry, and call today." });
    complete(&app, "cai", "Look into it and answer", answer).await;
    complete(&app, "kim", "Say whether it is settled", json!({ "settled": "no", "remark": "Nobody called." })).await;
    assert_eq!(ticket(&by_hand, &complaint).await["state"], "escalated");
    complete(&app, "hal", "Decide finally", json!({ "decision": "A month for free." })).await;
    assert_eq!(ticket(&app.caller("kim").await, &complaint).await["state"], "closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn esm_01_customer_service_a_return_is_approved_inspected_and_paid_by_another() {
    let app = service().await;
    let (kim, cleo) = (app.caller("kim").await, app.caller("cleo").await);
    let back = |order: &str, amount: u32, on: &str, reason: &str| json!({ "order_number": order, "item": "Pump", "amount": amount, "bought_on": on, "reason": reason });
    let late = back("O-0", 300, "2025-12-01", "not-wanted");
    assert_eq!(turned_down(&kim, SPACE, "customer-return", late).await, ["too-late"]);

    let pump = ask(&kim, SPACE, "customer-return", "A pump", back("O-1", 300, "2026-02-20", "defective")).await;
    assert_eq!(
        turned_down(&kim, SPACE, "customer-return", back("O-1", 300, "2026-02-20", "damaged")).await,
        ["already"]
    );
    settled(&app).await;
    approve(&app, "pia", "Approve the return").await;
    assert_eq!(ticket(&cleo, &pump).await["state"], "shipping");
    complete(&app, "rita", "Inspect the goods", json!({ "condition": "used", "refund": 900 })).await;
    approve(&app, "pia", "Release the refund").await;
    assert_eq!(ticket(&cleo, &pump).await["state"], "refund", "whoever approved does not pay");
    approve(&app, "fred", "Release the refund").await;
    let done = ticket(&kim, &pump).await;
    assert_eq!(
        (&done["state"], &done["fields"]["refund_amount"]),
        (&json!("refunded"), &json!(300)),
        "never more than it cost"
    );

    let seal = ask(&kim, SPACE, "customer-return", "A seal", back("O-2", 15, "2026-02-20", "wrong-item")).await;
    settled(&app).await;
    assert_eq!(ticket(&cleo, &seal).await["state"], "refund", "it is not worth sending back");
    let lost = ask(&kim, SPACE, "customer-return", "A hose", back("O-3", 50, "2026-02-20", "not-wanted")).await;
    settled(&app).await;
    app.world.advance(SignedDuration::from_hours(31 * DAY)).await;
    settled(&app).await;
    assert_eq!(ticket(&app.caller("kim").await, &lost).await["state"], "cancelled", "it never came");
    assert_eq!(tasks(&app, "rita").await, Vec::<String>::new());
}

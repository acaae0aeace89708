//! Procurement: a supplier that several look at, and a purchase from the requisition to an invoice that matches, or to nothing.

use super::super::stories::{approve, complete, tasks};
use super::super::{change_ticket, id, list, record, refused, settled, ticket};
use super::{ask, department, group, keep, practices, target, turned_down};
use domain::Role::{Agent, Manager, Requester};
use serde_json::{Value, json};
use weft_tests::app::TestApp;

const SPACE: &str = "procurement";

/// Bo and bea buy, hal leads them, rita receives, fay keeps the books; fred, lena and gil look at suppliers.
async fn procurement() -> TestApp {
    let app = TestApp::new().await;
    let (works, asks): (&[_], &[_]) = (&[Requester, Agent], &[Requester]);
    let people = [("erin", asks), ("mona", asks), ("bo", works), ("bea", works), ("rita", works), ("fay", works)];
    department(&app, SPACE, false, &people).await;
    let others = [("fred", works), ("lena", works), ("gil", works), ("dora", asks), ("hal", &[Requester, Manager][..])];
    department(&app, SPACE, false, &others).await;
    for (id, members) in [
        ("procurement", &["bo", "bea"][..]),
        ("procurement-heads", &["hal"]),
        ("reception", &["rita"]),
        ("accounting", &["fay"]),
        ("finance", &["fred"]),
        ("legal", &["lena"]),
        ("data-protection", &["gil"]),
        ("management", &["dora"]),
    ] {
        group(&app, id, SPACE, members).await;
    }
    app
}

fn supplier(tax_id: &str, personal_data: bool) -> Value {
    json!({ "supplier": "Acme", "country": "DE", "tax_id": tax_id, "yearly_spend": 20_000, "personal_data": personal_data })
}

fn chairs(quantity: u32, estimate: u32) -> Value {
    json!({ "what": "Chairs", "quantity": quantity, "estimate": estimate, "cost_centre": "design", "period": "2026" })
}

/// A supplier and a budget that are there before anybody buys anything.
async fn stocked(app: &TestApp) -> (Value, Value) {
    let hal = app.caller("hal").await;
    let acme = keep(&hal, SPACE, "supplier", "Acme", json!({ "tax_id": "DE1" })).await;
    let budget = json!({ "cost_centre": "design", "period": "2026", "amount_cents": 2_000_000 });
    (acme, keep(&hal, SPACE, "budget", "Design", budget).await)
}

/// The quotes are in.
async fn quoted(app: &TestApp, purchase: &Value, acme: &Value, price: u32) {
    settled(app).await;
    let quote = |supplier: &str, more: u32| json!({ "supplier": supplier, "amount": price + more });
    let quotes = [quote("Acme", 0), quote("Other", 100), quote("Third", 200)];
    let chosen = json!({ "fields": { "quotes": quotes, "supplier": acme["number"], "amount": price } });
    change_ticket(&app.caller("bo").await, purchase, chosen).await;
    complete(app, "bo", "Collect quotes", json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn esm_01_procurement_a_purchase_goes_from_the_requisition_to_a_matching_invoice() {
    let app = procurement().await;
    let (erin, bo, hal) = (app.caller("erin").await, app.caller("bo").await, app.caller("hal").await);
    target(&hal, SPACE, "purchase", 480, json!("always")).await;
    practices(&app, SPACE, ("erin", "bo", "hal")).await;
    let (acme, budget) = stocked(&app).await;

    let purchase = ask(&erin, SPACE, "purchase", "Chairs", chairs(10, 2_500)).await;
    settled(&app).await;
    assert_eq!(ticket(&bo, &purchase).await["clocks"][0]["due_at"], "2026-03-03T09:00:00Z", "a working day");
    let path = format!("/tickets/{}", id(&purchase));
    complete(&app, "bo", "Collect quotes", json!({})).await;
    assert_eq!(ticket(&bo, &purchase).await["state"], "quotes", "there is none yet: it comes back");
    let quotes = json!([{ "supplier": "Acme", "amount": 2_000 }, { "supplier": "Other", "amount": 1_900 }]);
    let cheaper = json!({ "fields": { "quotes": quotes, "supplier": "Other", "amount": 1_900 } });
    assert_eq!(refused(&bo, &path, cheaper).await, ["not-approved"]);
    let dearer = json!({ "fields": { "quotes": quotes, "supplier": acme["number"], "amount": 2_100 } });
    assert_eq!(refused(&bo, &path, dearer).await, ["not-quoted"]);
    quoted(&app, &purchase, &acme, 2_000).await;
    approve(&app, "mona", "Approve the purchase").await;
    assert_eq!(record(&hal, &budget).await["fields"]["committed_cents"], 200_000);
    assert_eq!(refused(&bo, &path, json!({ "state": "completed" })).await, ["illegal-transition"]);
    assert_eq!(refused(&bo, &path, json!({ "fields": { "quantity": 20 } })).await, ["fixed"]);

    complete(&app, "bea", "Place the order", json!({ "order_number": "O-1", "confirmed": true })).await;
    complete(&app, "rita", "Confirm what was delivered", json!({ "quantity": 6, "condition": "good" })).await;
    assert_eq!(ticket(&bo, &purchase).await["state"], "delivery", "four are missing");
    complete(&app, "rita", "Confirm what was delivered", json!({ "quantity": 4, "condition": "good" })).await;
    let much = json!({ "invoice_number": "I-1", "quantity": 10, "amount": 2_300 });
    complete(&app, "fay", "Enter the invoice", much).await;
    let seen = ticket(&bo, &purchase).await;
    assert_eq!((&seen["state"], &seen["fields"]["match"]), (&json!("dispute"), &json!("price")));
    let open = super::super::stories::task(&app, "hal", "Accept the deviation").await;
    let no = json!({ "answer": "reject", "comment": "300 too much." });
    hal.post(&format!("/tasks/{}/vote", id(&open)), no).await.expect(200);
    settled(&app).await;
    let right = json!({ "invoice_number": "I-2", "quantity": 10, "amount": 2_030 });
    complete(&app, "fay", "Enter the invoice", right).await;

    let done = ticket(&erin, &purchase).await;
    assert_eq!(
        (&done["state"], &done["fields"]["match"]),
        (&json!("completed"), &json!("matched")),
        "within 2 percent"
    );
    let spent = record(&hal, &budget).await;
    assert_eq!((&spent["fields"]["committed_cents"], &spent["fields"]["actual_cents"]), (&json!(0), &json!(203_000)));
    assert!(done["fields"].get("quotes").is_none(), "what others quoted is not hers to read");
    app.transcript(
        "department-procurement",
        "Procurement: from the requisition to an invoice that matches order and delivery",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn esm_01_procurement_what_is_withdrawn_releases_the_budget_and_cancels_the_order() {
    let app = procurement().await;
    let (erin, hal) = (app.caller("erin").await, app.caller("hal").await);
    let (acme, budget) = stocked(&app).await;
    let purchase = ask(&erin, SPACE, "purchase", "Chairs", chairs(10, 1_500)).await;
    quoted(&app, &purchase, &acme, 1_500).await;
    approve(&app, "mona", "Approve the purchase").await;
    complete(&app, "bea", "Place the order", json!({ "order_number": "O-1", "confirmed": true })).await;
    let withdrawn = json!({ "state": "cancelled", "comment": { "visibility": "public", "body": "We move." } });
    change_ticket(&erin, &purchase, withdrawn).await;
    settled(&app).await;
    assert_eq!(record(&hal, &budget).await["fields"]["committed_cents"], 0);
    assert_eq!(tasks(&app, "rita").await, Vec::<String>::new(), "nothing comes");
    complete(&app, "bo", "Cancel the order with the supplier", json!({ "reference": "C-1" })).await;

    let dear = ask(&erin, SPACE, "purchase", "Desks", chairs(100, 60_000)).await;
    quoted(&app, &dear, &acme, 60_000).await;
    assert_eq!(ticket(&erin, &dear).await["state"], "cancelled", "the budget has not so much");
    for login in ["bo", "bea", "rita", "fay", "mona", "fred", "dora"] {
        assert_eq!(tasks(&app, login).await, Vec::<String>::new(), "{login}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn esm_01_procurement_a_supplier_is_looked_at_by_legal_and_finance_and_entered_once() {
    let app = procurement().await;
    let (erin, hal) = (app.caller("erin").await, app.caller("hal").await);
    let acme = ask(&erin, SPACE, "supplier-onboarding", "Acme", supplier("DE 12.3", true)).await;
    settled(&app).await;
    let fine = |more: &str| json!({ "result": "fine", more: true, "finding": "Nothing." });
    complete(&app, "lena", "Check terms and sanctions", fine("sanctions")).await;
    complete(&app, "fred", "Check solvency and bank details", fine("bank")).await;
    assert_eq!(ticket(&erin, &acme).await["state"], "checks", "data protection has not answered");
    let data = json!({ "result": "fine", "agreement": true });
    complete(&app, "gil", "Check the processing of personal data", data).await;
    approve(&app, "hal", "Approve the supplier").await;
    assert_eq!(ticket(&erin, &acme).await["state"], "approved");
    let known = list(&hal, "/records?kind=supplier").await;
    assert_eq!(
        (known.len(), &known[0]["title"], &known[0]["fields"]["onboarding"]),
        (1, &json!("Acme"), &acme["number"])
    );
    assert_eq!(turned_down(&erin, SPACE, "supplier-onboarding", supplier("de123", false)).await, ["known"]);

    let other = ask(&erin, SPACE, "supplier-onboarding", "Other", supplier("DE9", false)).await;
    settled(&app).await;
    assert_eq!(tasks(&app, "gil").await, Vec::<String>::new(), "no personal data");
    let no = json!({ "result": "refuse", "sanctions": true, "finding": "On a list." });
    complete(&app, "lena", "Check terms and sanctions", no).await;
    complete(&app, "fred", "Check solvency and bank details", fine("bank")).await;
    let seen = ticket(&hal, &other).await;
    assert_eq!((&seen["state"], &seen["fields"]["refused_by"]), (&json!("cancelled"), &json!("legal")));
    assert_eq!(list(&hal, "/records?kind=supplier").await.len(), 1);
}

//! Finance: a claim that nobody approves and pays in one person, a budget that is moved, a vendor that is checked, a month that is closed.

use super::super::stories::{approve, complete, task, tasks};
use super::super::{change_ticket, id, list, record, refused, settled, ticket};
use super::{ask, department, group, keep, practices, target, turned_down};
use domain::Role::{Agent, Manager, Requester};
use serde_json::{Value, json};
use weft_tests::app::TestApp;

const SPACE: &str = "finance";

/// Fay checks and could release; cora controls; pia pays; mia manages.
async fn finance() -> TestApp {
    let app = TestApp::new().await;
    let (works, asks): (&[_], &[_]) = (&[Requester, Agent], &[Requester]);
    let people = [("erin", asks), ("fay", works), ("fred", works), ("cora", works), ("pia", works), ("dora", asks)];
    department(&app, SPACE, true, &people).await;
    department(&app, SPACE, true, &[("mona", asks), ("mia", &[Requester, Manager])]).await;
    for (id, members) in [
        ("accounting", &["fay", "fred"][..]),
        ("controllers", &["cora", "fay"]),
        ("payments", &["fay", "pia"]),
        ("management", &["dora"]),
        ("compliance", &["cora"]),
    ] {
        group(&app, id, SPACE, members).await;
    }
    app
}

fn expense(amount: u32) -> Value {
    json!({ "category": "travel", "amount": amount, "spent_on": "2026-02-20", "cost_centre": "design", "receipt": "train.pdf" })
}

async fn reject(app: &TestApp, login: &str, name: &str) {
    let open = task(app, login, name).await;
    let body = json!({ "answer": "reject", "comment": "Not like this." });
    app.caller(login).await.post(&format!("/tasks/{}/vote", id(&open)), body).await.expect(200);
    settled(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn esm_01_finance_a_claim_is_approved_by_amount_and_paid_by_somebody_who_did_neither() {
    let app = finance().await;
    let (erin, fay, mia) = (app.caller("erin").await, app.caller("fay").await, app.caller("mia").await);
    target(&mia, SPACE, "finance-query", 120, json!("always")).await;
    practices(&app, SPACE, ("erin", "fay", "mia")).await;

    let question = ask(&erin, SPACE, "finance-query", "Who paid?", json!({ "description": "Invoice 7 twice?" })).await;
    assert_eq!(question["group"], "accounting");
    assert_eq!(ticket(&fay, &question).await["clocks"][0]["due_at"], "2026-03-02T11:00:00Z", "two hours of work");

    let wrong = json!({ "category": "entertainment", "amount": 80, "spent_on": "2026-05-01", "cost_centre": "design" });
    let codes = turned_down(&erin, SPACE, "expense-claim", wrong).await;
    assert_eq!(codes, ["in-future", "required", "required"], "all at once");

    let claim = ask(&erin, SPACE, "expense-claim", "Train to Lyon", expense(800)).await;
    settled(&app).await;
    let path = format!("/tickets/{}", id(&claim));
    let state = async || ticket(&app.caller("fay").await, &claim).await["state"].clone();
    assert_eq!(refused(&fay, &path, json!({ "state": "approval" })).await, ["by-flow"]);
    assert_eq!(refused(&erin, &path, json!({ "fields": { "amount": 8_000 } })).await, ["fixed"]);

    approve(&app, "fay", "Check the receipts").await;
    approve(&app, "mona", "Approve the expense").await;
    assert_eq!(state().await, "approval", "finance has not answered: it is more than 500");
    approve(&app, "cora", "Approve the expense").await;
    assert_eq!(state().await, "payment");
    approve(&app, "fay", "Release the payment").await;
    assert_eq!(state().await, "payment", "whoever checked does not pay");
    approve(&app, "pia", "Release the payment").await;

    let paid = ticket(&erin, &claim).await;
    assert_eq!((&paid["state"], &paid["fields"]["paid_on"]), (&json!("paid"), &json!("2026-03-02")));
    let seen = ticket(&fay, &claim).await;
    assert_eq!(seen["fields"]["approved_by"], json!(["mona", "cora"]));
    assert_eq!(app.caller("hana").await.get(&path).await.status, 404, "HR sees nothing of it");
    app.transcript("department-finance", "Finance: a claim is checked, approved by amount, and paid by somebody else")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn esm_01_finance_a_claim_that_is_turned_down_or_withdrawn_leaves_nothing_open() {
    let app = finance().await;
    let erin = app.caller("erin").await;
    let small = ask(&erin, SPACE, "expense-claim", "A book", expense(30)).await;
    let other = ask(&erin, SPACE, "expense-claim", "Another", expense(40)).await;
    settled(&app).await;
    let withdrawn =
        json!({ "state": "cancelled", "comment": { "visibility": "public", "body": "The publisher paid." } });
    change_ticket(&erin, &other, withdrawn).await;
    settled(&app).await;
    approve(&app, "fred", "Check the receipts").await;
    reject(&app, "mona", "Approve the expense").await;
    assert_eq!(ticket(&erin, &small).await["state"], "cancelled");
    for login in ["fay", "fred", "cora", "mona", "pia"] {
        assert_eq!(tasks(&app, login).await, Vec::<String>::new(), "{login}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn esm_01_finance_a_transfer_is_set_aside_approved_and_given_back() {
    let app = finance().await;
    let (erin, mia) = (app.caller("erin").await, app.caller("mia").await);
    let budget = json!({ "cost_centre": "design", "period": "2026", "amount_cents": 1_000_000 });
    let budget = keep(&mia, SPACE, "budget", "Design", budget).await;
    let transfer = |amount: u32, to: &str| json!({ "from_centre": "design", "to_centre": to, "period": "2026", "amount": amount, "reason": "A fair." });
    assert_eq!(turned_down(&erin, SPACE, "budget-transfer", transfer(100, "design")).await, ["same"]);

    let much = ask(&erin, SPACE, "budget-transfer", "Too much", transfer(20_000, "sales")).await;
    settled(&app).await;
    assert_eq!(ticket(&erin, &much).await["state"], "cancelled", "there is not so much left");

    let moved = ask(&erin, SPACE, "budget-transfer", "A fair", transfer(2_000, "sales")).await;
    settled(&app).await;
    assert_eq!(record(&mia, &budget).await["fields"]["committed_cents"], 200_000, "nobody else spends it meanwhile");
    approve(&app, "cora", "Approve the transfer").await;
    complete(&app, "fred", "Book the transfer", json!({ "reference": "J-7", "both": true })).await;
    let booked = ticket(&erin, &moved).await;
    assert_eq!((&booked["state"], &booked["fields"]["booking_reference"]), (&json!("booked"), &json!("J-7")));

    let other = ask(&erin, SPACE, "budget-transfer", "Another fair", transfer(1_000, "sales")).await;
    settled(&app).await;
    let no = json!({ "state": "cancelled", "comment": { "visibility": "public", "body": "It is called off." } });
    change_ticket(&erin, &other, no).await;
    settled(&app).await;
    assert_eq!(record(&mia, &budget).await["fields"]["committed_cents"], 0, "given back");
    assert_eq!(tasks(&app, "cora").await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn esm_01_finance_a_vendor_is_cleared_by_three_people_and_a_month_is_closed_once() {
    let app = finance().await;
    let (erin, fay) = (app.caller("erin").await, app.caller("fay").await);
    let vendor =
        |iban: &str| json!({ "vendor": "Cables", "country": "DE", "iban": iban, "account_holder": "Cables GmbH" });
    let slip = vendor("DE89370400440532013001");
    assert_eq!(turned_down(&erin, SPACE, "vendor-check", slip).await, ["bad-iban"]);
    let check = ask(&erin, SPACE, "vendor-check", "Cables", vendor("DE89370400440532013000")).await;
    settled(&app).await;
    complete(&app, "cora", "Screen the vendor", json!({ "result": "clear", "reference": "S-1" })).await;
    approve(&app, "fay", "Confirm the bank details by a call").await;
    approve(&app, "fay", "Clear the vendor").await;
    assert_eq!(ticket(&fay, &check).await["state"], "approval", "whoever called does not clear");
    approve(&app, "cora", "Clear the vendor").await;
    assert_eq!(ticket(&fay, &check).await["state"], "cleared");

    let close = ask(&fay, SPACE, "month-close", "February", json!({})).await;
    assert_eq!(
        (&close["fields"]["period"], &close["fields"]["ends_at"]),
        (&json!("2026-02"), &json!("2026-03-09T09:00:00Z"))
    );
    assert_eq!(turned_down(&fay, SPACE, "month-close", json!({ "period": "2026-02" })).await, ["already"]);
    settled(&app).await;
    let done = json!({ "bank": true, "ledgers": true, "differences": "12 cents." });
    complete(&app, "fred", "Reconcile accounts", done).await;
    complete(&app, "fred", "Book accruals and cut-off", json!({ "accruals": true, "cut_off": true })).await;
    complete(&app, "fay", "Agree balances between companies", json!({ "agreed": true })).await;
    reject(&app, "cora", "Sign off the month").await;
    complete(&app, "fred", "Correct what was sent back", json!({ "what": "The 12 cents." })).await;
    approve(&app, "cora", "Sign off the month").await;
    assert_eq!(ticket(&fay, &close).await["state"], "closed");
    assert_eq!(list(&erin, "/tickets?kind=month-close").await.len(), 0, "the close is not everybody's");
}

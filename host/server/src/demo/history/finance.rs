//! What finance and procurement did: claims by amount, a transfer, a vendor that was called, months that were closed, suppliers, and
//! purchases from the requisition to an invoice that matches, or nearly.

use super::super::stage::{Script, record, say, set, ticket, transition};
use super::{Calendar, hours};
use app::flow::model::Answer::{Approve, Reject};
use domain::ticket::Visibility::Public;
use serde_json::{Value, json};

pub(super) fn write(calendar: &Calendar, script: &mut Script) {
    claims(calendar, script);
    queries(calendar, script);
    transfer(calendar, script);
    vendor(calendar, script);
    months(calendar, script);
    suppliers(calendar, script);
    purchases(calendar, script);
}

/// Checked, approved by amount, and paid by somebody who did neither.
fn claims(calendar: &Calendar, script: &mut Script) {
    let all = [
        ("liam", "vera", "Dinner with Harbour Logistics", "entertainment", 680, 71),
        ("erin", "vera", "Train to the fair in Lyon", "travel", 240, 63),
        ("sara", "olga", "Course on photography", "training", 420, 49),
        ("bela", "jonas", "Safety glasses with lenses", "equipment", 135, 38),
        ("paul", "vera", "Hotel at the fair in Lyon", "travel", 910, 27),
        ("yuki", "olga", "Tablet for drawing", "equipment", 330, 15),
    ];
    for (number, (requester, manager, title, category, amount, days)) in all.into_iter().enumerate() {
        let name = format!("claim-{number}");
        let day = calendar.workday(days);
        let mut fields = json!({ "category": category, "amount": amount, "spent_on": calendar.date(day + 4), "cost_centre": centre(manager),
            "receipt": "receipt.pdf", "description": format!("{title}.") });
        if category == "entertainment" {
            fields["guests"] = json!("Two buyers of Harbour Logistics");
        }
        let at = calendar.at(day, 10, 5);
        script.open(at, requester, &name, ticket("expense-claim", "finance", title, fields));
        script.vote(at + hours(3), "fatou", &name, "Check the receipts", Approve);
        if number == 5 {
            // Drawing is done on the screen: her manager says no, and that is the end of it.
            script.vote(at + hours(22), manager, &name, "Approve the expense", Reject);
            continue;
        }
        script.vote(at + hours(22), manager, &name, "Approve the expense", Approve);
        if amount > 500 {
            script.vote(at + hours(24), "frank", &name, "Approve the expense", Approve);
        }
        script.vote(at + hours(47), "ines", &name, "Release the payment", Approve);
    }
    // Under way today.
    let fields = json!({ "category": "travel", "amount": 96, "spent_on": calendar.date(5), "cost_centre": "production", "receipt": "bus.pdf" });
    let day = calendar.workday(2);
    script.open(
        calendar.at(day, 9, 40),
        "anton",
        "claim-open",
        ticket("expense-claim", "finance", "Bus to Prague", fields),
    );
}

fn centre(manager: &str) -> &'static str {
    match manager {
        "vera" => "sales",
        "olga" => "marketing",
        _ => "production",
    }
}

fn queries(calendar: &Calendar, script: &mut Script) {
    for (number, (who, title, answer, days)) in [
        ("nadia", "Was invoice 4711 of Bright Posters paid twice?", "Once; the other was a credit note.", 58),
        ("kofi", "The plumber in Chicago waits for his money", "It went out today; the account had changed.", 31),
        ("olga", "A reminder for an invoice that nobody knows", "It was sent to the warehouse; it is booked now.", 12),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("money-question-{number}");
        let at = calendar.at(calendar.workday(days), 11, 0);
        let fields = json!({ "topic": "payment", "description": title });
        script.open(at, who, &name, ticket("finance-query", "finance", title, fields));
        script.act(at + hours(1), "fatou", &name, vec![transition("in-progress")]);
        script.act(at + hours(4), "fatou", &name, vec![set("answer", json!(answer)), transition("answered")]);
        script.act(at + hours(23), who, &name, vec![transition("closed")]);
    }
}

fn transfer(calendar: &Calendar, script: &mut Script) {
    let day = calendar.workday(44);
    let year = &calendar.date(0)[..4];
    let fields = json!({ "from_centre": "sales", "to_centre": "marketing", "period": year, "amount": 2_000, "reason": "Marketing pays the stand at the fair." });
    script.open(
        calendar.at(day, 9, 15),
        "vera",
        "transfer",
        ticket("budget-transfer", "finance", "The stand at the fair", fields),
    );
    script.vote(calendar.at(day, 14, 0), "frank", "transfer", "Approve the transfer", Approve);
    let booked = json!({ "reference": "J-2071", "both": true });
    script.complete(calendar.at(day - 1, 10, 0), "ines", "transfer", "Book the transfer", booked);
}

/// Somebody looks for sanctions, somebody calls the bank's number that is known, and a third clears it.
fn vendor(calendar: &Calendar, script: &mut Script) {
    let day = calendar.workday(36);
    let fields = json!({ "vendor": "Oak & Co", "country": "DE", "iban": "DE89370400440532013000", "account_holder": "Oak & Co GmbH" });
    script.open(
        calendar.at(day, 9, 0),
        "pavel",
        "vendor",
        ticket("vendor-check", "finance", "Oak & Co has a new account", fields),
    );
    let clear = json!({ "result": "clear", "reference": "S-118" });
    script.complete(calendar.at(day, 15, 0), "livia", "vendor", "Screen the vendor", clear);
    script.vote(calendar.at(day - 1, 10, 0), "fatou", "vendor", "Confirm the bank details by a call", Approve);
    script.vote(calendar.at(day - 1, 15, 0), "frank", "vendor", "Clear the vendor", Approve);
}

/// The last two months, each in the first days of the next.
fn months(calendar: &Calendar, script: &mut Script) {
    let begins = calendar.all().filter(|day| calendar.date(*day).ends_with("-04"));
    for (number, first) in begins.enumerate() {
        let name = format!("close-{number}");
        let day = calendar.workday(first);
        let at = |later: i64, hour: i64| calendar.at(day - later, hour, 30);
        script.open(at(0, 9), "fatou", &name, ticket("month-close", "finance", "Close of the month", json!({})));
        let reconciled = json!({ "bank": true, "ledgers": true, "differences": "12 cents in the cash box." });
        script.complete(at(0, 15), "ines", &name, "Reconcile accounts", reconciled);
        let booked = json!({ "accruals": true, "cut_off": true });
        script.complete(at(1, 11), "fatou", &name, "Book accruals and cut-off", booked);
        script.complete(at(1, 14), "ines", &name, "Agree balances between companies", json!({ "agreed": true }));
        script.vote(at(2, 10), "frank", &name, "Sign off the month", Approve);
    }
}

fn suppliers(calendar: &Calendar, script: &mut Script) {
    let at = calendar.at(calendar.days - 1, 11, 30);
    for (name, title, tax_id) in [("supplier-oak", "Oak & Co", "DE811"), ("supplier-safe", "Safe Step", "DE812")] {
        script.file(at, "nadia", name, record("supplier", "procurement", title, json!({ "tax_id": tax_id })));
    }
    let day = calendar.workday(56);
    let later = |days: i64, hour: i64| calendar.at(day - days, hour, 0);
    let fields = json!({ "supplier": "Bright Posters", "country": "PT", "tax_id": "PT500", "yearly_spend": 18_000, "personal_data": true });
    script.open(
        later(0, 9),
        "olga",
        "new-supplier",
        ticket("supplier-onboarding", "procurement", "Bright Posters", fields),
    );
    let fine = |more: &str| json!({ "result": "fine", more: true, "finding": "Nothing unusual." });
    script.complete(later(1, 9), "lena", "new-supplier", "Check terms and sanctions", fine("sanctions"));
    script.complete(later(1, 11), "fatou", "new-supplier", "Check solvency and bank details", fine("bank"));
    let signed = json!({ "result": "fine", "agreement": true });
    script.complete(later(2, 10), "gil", "new-supplier", "Check the processing of personal data", signed);
    script.vote(later(2, 15), "nadia", "new-supplier", "Approve the supplier", Approve);
}

/// What is bought, by whom, from whom, what it costs, and what the invoice says.
struct Purchase {
    what: &'static str,
    who: (&'static str, &'static str),
    supplier: (&'static str, &'static str),
    quantity: u32,
    amount: u32,
    invoiced: u32,
    days: i64,
}

fn purchases(calendar: &Calendar, script: &mut Script) {
    let chairs = Purchase {
        what: "Chairs for the studio",
        who: ("kim", "olga"),
        supplier: ("Oak & Co", "#supplier-oak"),
        quantity: 10,
        amount: 2_000,
        invoiced: 2_020,
        days: 53,
    };
    let shoes = Purchase {
        what: "Safety shoes",
        who: ("anton", "jonas"),
        supplier: ("Safe Step", "#supplier-safe"),
        quantity: 12,
        amount: 960,
        invoiced: 1_100,
        days: 39,
    };
    for (number, purchase) in [chairs, shoes].into_iter().enumerate() {
        bought(calendar, script, &format!("purchase-{number}"), &purchase);
    }
    // Called off before anything was ordered; and one that waits for quotes today.
    let day = calendar.workday(29);
    script.open(
        calendar.at(day, 10, 0),
        "liam",
        "purchase-off",
        ticket(
            "purchase",
            "procurement",
            "A coffee machine",
            wanted(calendar, ("A coffee machine", 1, 4_000), "sales"),
        ),
    );
    let off = say(Public, "Facilities has one that nobody uses.");
    script.act(calendar.at(day - 1, 9, 0), "liam", "purchase-off", vec![off, transition("cancelled")]);
    let open = wanted(calendar, ("Shelves for the warehouse", 6, 3_300), "production");
    script.open(
        calendar.at(calendar.workday(2), 10, 0),
        "uma",
        "purchase-open",
        ticket("purchase", "procurement", "Shelves for the warehouse", open),
    );
}

fn wanted(calendar: &Calendar, (what, quantity, estimate): (&str, u32, u32), centre: &str) -> Value {
    json!({ "what": what, "quantity": quantity, "estimate": estimate, "cost_centre": centre, "period": &calendar.date(0)[..4] })
}

fn bought(calendar: &Calendar, script: &mut Script, name: &str, purchase: &Purchase) {
    let Purchase { what, who: (requester, manager), supplier, quantity, amount, invoiced, days } = *purchase;
    let day = calendar.workday(days);
    let at = |later: i64, hour: i64| calendar.at(day - later, hour, 20);
    let fields = wanted(calendar, (what, quantity, amount + 300), centre(manager));
    script.open(at(0, 9), requester, name, ticket("purchase", "procurement", what, fields));
    let quote = |supplier: &str, more: u32| json!({ "supplier": supplier, "amount": amount + more });
    let quotes = json!([quote(supplier.0, 0), quote("Another", 110), quote("A third", 240)]);
    let chosen = vec![set("quotes", quotes), set("supplier", json!(supplier.1)), set("amount", json!(amount))];
    script.act(at(1, 10), "pavel", name, chosen);
    script.complete(at(1, 11), "pavel", name, "Collect quotes", json!({}));
    script.vote(at(2, 9), manager, name, "Approve the purchase", Approve);
    let ordered = json!({ "order_number": format!("PO-{}", 100 + days), "confirmed": true });
    script.complete(at(2, 14), "pavel", name, "Place the order", ordered);
    let first = quantity / 2;
    for (later, part) in [(6, first), (8, quantity - first)] {
        let delivered = json!({ "quantity": part, "condition": "good" });
        script.complete(at(later, 10), "rita", name, "Confirm what was delivered", delivered);
    }
    let invoice = json!({ "invoice_number": format!("I-{}", 700 + days), "quantity": quantity, "amount": invoiced });
    script.complete(at(9, 11), "fatou", name, "Enter the invoice", invoice);
    if invoiced > amount + amount / 20 {
        script.vote(at(10, 9), "nadia", name, "Accept the deviation", Approve);
    }
}

//! What customer service did: cases by the contract of a customer, a complaint, and what came back.

use super::super::stage::{Script, record, set, take, ticket, transition};
use super::{Calendar, hours};
use app::flow::model::Answer::Approve;
use serde_json::json;

const SPACE: &str = "customer-service";

/// Customer, what it is about, how bad, how it ended, days ago.
const CASES: [(&str, &str, &str, &str, i64); 8] = [
    ("harbour", "The gate of the terminal does not open", "down", "The controller was set up anew.", 77),
    ("posters", "Which paper may we use?", "question", "Up to 300 grams; the sheet is attached.", 69),
    ("clicks", "Numbers of last month are missing", "degraded", "They were counted in the month before.", 60),
    ("harbour", "The display shows the wrong time", "degraded", "Its time server had moved.", 48),
    ("posters", "The printer smells", "down", "A fan was dusty; it was changed on the same day.", 37),
    ("harbour", "How do we add a driver?", "question", "Under *People*, with the number of the card.", 28),
    ("clicks", "An invoice in the wrong currency", "question", "It was made again in euros.", 17),
    ("posters", "Colours are pale", "degraded", "The drum was at its end.", 11),
];

pub(super) fn write(calendar: &Calendar, script: &mut Script) {
    let at = calendar.at(calendar.days - 1, 10, 40);
    let until = |days: i64| calendar.date(-days);
    for (name, title, tier, products, until) in [
        ("harbour", "Harbour Logistics", "gold", json!(["Terminal"]), until(300)),
        ("posters", "Bright Posters", "silver", json!(["Printer"]), until(120)),
        ("clicks", "Cheap Clicks", "bronze", json!(["Numbers"]), until(-50)),
    ] {
        let fields = json!({ "tier": tier, "contract": format!("K-{name}"), "products": products, "entitled_until": until,
            "contacts": [{ "name": format!("Reception of {title}"), "email": format!("hello@{name}.example") }] });
        script.file(at, "olga", &format!("customer-{name}"), record("customer", SPACE, title, fields));
    }
    for (number, (customer, title, severity, solution, days)) in CASES.into_iter().enumerate() {
        let name = format!("case-{number}");
        let at = calendar.at(calendar.workday(days), 9 + i64::try_from(number).expect("eight") % 5, 10);
        let agent = ["liam", "kim"][number % 2];
        let product = match customer {
            "harbour" => "Terminal",
            "posters" => "Printer",
            _ => "Numbers",
        };
        let fields = json!({ "customer": format!("#customer-{customer}"), "product": product, "severity": severity, "channel": "phone",
            "description": format!("{title}."), "contact_name": "Reception" });
        script.open(at, agent, &name, ticket("customer-case", SPACE, title, fields));
        let mut begun = vec![take(agent), transition("in-progress")];
        if customer == "clicks" {
            // Their contract has ended, or says nothing of it: somebody says why they are helped all the same.
            begun.insert(0, set("goodwill", json!("They talk to sales about a new contract.")));
        }
        script.act(at + hours(1), agent, &name, begun);
        script.act(at + hours(5), agent, &name, vec![set("solution", json!(solution)), transition("solved")]);
        script.act(at + hours(28), agent, &name, vec![transition("closed")]);
    }
    complaint(calendar, script);
    returns(calendar, script);
    let fields = json!({ "customer": "#customer-harbour", "product": "Terminal", "severity": "degraded", "channel": "mail",
        "description": "Since this morning it asks for a card twice.", "contact_name": "Reception" });
    let today = calendar.at(calendar.workday(1), 15, 5);
    script.open(
        today,
        "liam",
        "case-open",
        ticket("customer-case", SPACE, "The terminal asks twice for a card", fields),
    );
}

/// Nobody answered for three days; the first answer did not settle it, and the head decided.
fn complaint(calendar: &Calendar, script: &mut Script) {
    let day = calendar.workday(42);
    let at = |later: i64, hour: i64| calendar.at(day - later, hour, 0);
    let fields = json!({ "customer": "#customer-posters", "about": "Delivery", "description": "The printer came a week late, and nobody called.", "wish": "A call next time." });
    script.open(at(0, 9), "liam", "complaint", ticket("complaint", SPACE, "A week late, and nobody called", fields));
    let answer =
        json!({ "cause": "The carrier lost the slip.", "answer": "We are sorry; from now on we call a day before." });
    script.complete(at(3, 10), "kim", "complaint", "Look into it and answer", answer);
    let settled = json!({ "settled": "no", "remark": "They want something for the week." });
    script.complete(at(4, 10), "liam", "complaint", "Say whether it is settled", settled);
    let decision = json!({ "decision": "A set of ink for free." });
    script.complete(at(5, 11), "olga", "complaint", "Decide finally", decision);
}

fn returns(calendar: &Calendar, script: &mut Script) {
    let day = calendar.workday(34);
    let at = |later: i64, hour: i64| calendar.at(day - later, hour, 45);
    let back = |order: &str, item: &str, amount: u32, reason: &str| json!({ "customer": "#customer-harbour", "order_number": order, "item": item, "amount": amount, "bought_on": calendar.date(day + 9), "reason": reason });
    let display =
        ticket("customer-return", SPACE, "A display with a crack", back("O-5120", "Display", 310, "defective"));
    script.open(at(0, 9), "kim", "return", display);
    script.vote(at(1, 9), "olga", "return", "Approve the return", Approve);
    let inspected = json!({ "condition": "damaged", "refund": 310 });
    script.complete(at(5, 10), "rita", "return", "Inspect the goods", inspected);
    script.vote(at(6, 10), "ines", "return", "Release the refund", Approve);
    // Not worth sending back: paid at once.
    let seal = ticket("customer-return", SPACE, "The wrong seal", back("O-5133", "Seal", 15, "wrong-item"));
    script.open(at(7, 9), "liam", "return-small", seal);
    script.vote(at(8, 10), "ines", "return-small", "Release the refund", Approve);
}

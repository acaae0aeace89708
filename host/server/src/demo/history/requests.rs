//! What was ordered: from the catalogue by hand, and laptops by their flow.

use super::super::people::EVERYBODY;
use super::super::stage::{Act, Script, Step, record, set, take, ticket, transition};
use super::{Calendar, hours, minutes};
use app::flow::model::Answer;
use serde_json::json;

/// Key, title, price, and who delivers it.
const ITEMS: [(&str, &str, f64, &str); 6] = [
    ("second-screen", "Second screen", 289.0, "cem"),
    ("mobile-phone", "Mobile telephone", 449.5, "cem"),
    ("headset", "Headset", 89.9, "noor"),
    ("drawing-software", "Drawing software", 240.0, "dario"),
    ("shared-folder", "Shared folder", 0.0, "ada"),
    ("guest-access", "Access for a guest", 0.0, "noor"),
];

/// Who orders a laptop, and who leads them.
const LAPTOPS: [(&str, &str, u32); 7] = [
    ("paul", "vera", 1_180),
    ("sara", "olga", 1_250),
    ("ines", "frank", 1_090),
    ("anton", "jonas", 1_180),
    ("kim", "olga", 3_200),
    ("liam", "vera", 1_240),
    ("pavel", "nadia", 1_090),
];

pub(super) fn write(calendar: &Calendar, script: &mut Script) {
    catalogue(calendar, script);
    let dice = calendar.dice;
    for (number, day) in calendar.all().filter(|day| !calendar.is_weekend(*day)).enumerate() {
        if number % 3 != 2 {
            by_hand(calendar, script, day, number);
        }
    }
    for (number, (requester, manager, price)) in LAPTOPS.into_iter().enumerate() {
        let ago = calendar.days - 6 - 9 * i64::try_from(number).expect("a few");
        if ago > super::RECENT_DAYS + 1 {
            laptop(calendar, script, calendar.workday(ago), (requester, manager, price));
        }
    }
    // One that was turned down, and one that nobody needed in the end.
    let day = calendar.workday((calendar.days / 2).max(super::RECENT_DAYS + 1));
    let at = calendar.at(day, 11, dice.between(0, 59));
    let wish = ticket("request", "it", "A laptop for the weekend", json!({ "item": "laptop", "price": 2_900 }));
    script.open(at, "liam", "turned-down", wish);
    script.vote(at + hours(5), "vera", "turned-down", "Manager approves", Answer::Reject);
    let spare = ticket("request", "it", "One more screen", json!({ "item": "second-screen" }));
    script.open(at, "uma", "rescinded", spare);
    let sorry =
        super::super::stage::say(domain::ticket::Visibility::Public, "I got one from the office that was closed.");
    script.act(at + hours(3), "uma", "rescinded", vec![sorry, transition("cancelled")]);
}

fn catalogue(calendar: &Calendar, script: &mut Script) {
    let at = calendar.at(calendar.days - 1, 9, 0);
    for (key, title, price, _) in ITEMS {
        let offer = record(
            "catalogue-item",
            "it",
            title,
            json!({ "key": key, "summary": format!("{title}, as the company has it."), "category": "Workplace", "price": price }),
        );
        let name = format!("item-{key}");
        script.file(at, "mona", &name, offer.clone());
        script.amend(at, "mona", &name, &offer, (Some("published"), json!({})));
    }
    let bundle = record(
        "catalogue-bundle",
        "it",
        "A place to work",
        json!({ "key": "workplace", "summary": "Screen, telephone and headset in one order.",
            "parts": [{ "item": "second-screen" }, { "item": "mobile-phone" }, { "item": "headset" }] }),
    );
    script.file(at + minutes(1), "mona", "bundle", bundle.clone());
    script.amend(at + minutes(1), "mona", "bundle", &bundle, (Some("published"), json!({})));
    for number in 1..=10 {
        let title = format!("Laptop 14 inch, {:04}", number);
        let laptop = record("stock-item", "it", &title, json!({ "class": "laptop", "model": "standard" }));
        script.file(at + minutes(2), "mona", &format!("stock-{number}"), laptop);
    }
}

fn by_hand(calendar: &Calendar, script: &mut Script, day: i64, number: usize) {
    let dice = calendar.dice;
    let (key, title, _, agent) = *dice.one_of(&ITEMS);
    let requester = *dice.one_of(&EVERYBODY);
    let name = format!("order-{number}");
    let at = calendar.at(day, dice.between(8, 15), dice.between(0, 59));
    let order =
        ticket("request", "it", title, json!({ "item": key, "description": "For my new desk.", "quantity": 1 }));
    script.open(at, requester, &name, order);
    let begun = at + hours(dice.between(1, 20));
    script.act(begun, agent, &name, vec![take(agent), transition("fulfilment")]);
    let delivered = begun + hours(dice.between(3, 60));
    script.act(delivered, agent, &name, vec![transition("fulfilled")]);
    let satisfaction = dice.between(3, 5);
    let closed = delivered + hours(dice.between(1, 30));
    script.act(closed, requester, &name, vec![set("satisfaction", json!(satisfaction)), transition("closed")]);
    if dice.percent(40) {
        script.0.push(Step { at: closed + hours(20), who: requester, act: Act::AnswerSurvey { satisfaction } });
    }
}

/// Approved by the manager, above the limit by finance too, bought when none is on the shelf, prepared, handed over, confirmed.
fn laptop(
    calendar: &Calendar,
    script: &mut Script,
    day: i64,
    (requester, manager, price): (&'static str, &'static str, u32),
) {
    let name = format!("laptop-of-{requester}");
    let at = calendar.at(day, 10, calendar.dice.between(0, 59));
    let title = format!("A laptop for {requester}");
    let order = json!({ "item": "laptop", "model": "standard", "price": price, "location": "Berlin, floor 3" });
    script.open(at, requester, &name, ticket("request", "it", &title, order));
    script.vote(at + hours(4), manager, &name, "Manager approves", Answer::Approve);
    let mut ready = at + hours(5);
    if price > 1_500 {
        ready += hours(20);
        script.vote(ready, "fatou", &name, "Finance approves", Answer::Approve);
    }
    script.complete_if(
        ready + hours(30),
        "pavel",
        &name,
        "Buy a laptop",
        json!({ "order_number": "PO-7", "in_stock": true }),
    );
    let prepared = json!({ "system_installed": true, "encrypted": true, "enrolled": true });
    script.complete(ready + hours(48), "cem", &name, "Prepare the laptop", prepared);
    let handed = json!({ "handed_to": requester, "identity_checked": true });
    script.complete(ready + hours(54), "rita", &name, "Hand over the laptop", handed);
    script.complete(ready + hours(78), requester, &name, "Confirm receipt", json!({ "received": true }));
}

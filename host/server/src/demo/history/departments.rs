//! What the other departments did: faults in buildings, hires, contracts, a grievance with its hold, and the two people who let somebody in.

use super::super::people::{EVERYBODY, id};
use super::super::stage::{Script, record, say, set, take, ticket, transition};
use super::{Calendar, hours, minutes};
use app::flow::model::Answer;
use domain::ticket::Visibility::{Internal, Public};
use serde_json::{Value, json};

const FAULTS: [(&str, &str, Option<&str>); 8] = [
    ("The lift stops between two floors", "Berlin lift", Some("Lifts Ltd")),
    ("A lamp flickers", "Berlin, floor 2, open space", None),
    ("The heating is cold", "Berlin, floor 3, meeting room", None),
    ("Water drips from the ceiling", "Chicago, floor 1, kitchen", Some("Lake Plumbing")),
    ("The door of the archive does not close", "Berlin, floor 1", None),
    ("A chair is broken", "Lisbon, floor 1, open space", None),
    ("The dishwasher does not start", "Berlin, floor 4, kitchen", None),
    ("The gate of the warehouse hangs", "Chicago, floor 1", Some("Gates & Co")),
];

pub(super) fn write(calendar: &Calendar, script: &mut Script) {
    for (number, day) in (super::RECENT_DAYS + 1..calendar.days - 3).rev().step_by(4).enumerate() {
        fault(calendar, script, calendar.workday(day), number);
    }
    onboarding(calendar, script, "hire-lars", ("Lars Berg", "Warehouse", "jonas"), 80);
    onboarding(calendar, script, "hire-mei", ("Mei Chen", "Design", "kim"), 66);
    withdrawn(calendar, script);
    contracts(calendar, script);
    grievance(calendar, script);
}

fn fault(calendar: &Calendar, script: &mut Script, day: i64, number: usize) {
    let dice = calendar.dice;
    let (title, location, vendor) = FAULTS[number % FAULTS.len()];
    let requester = *dice.one_of(&EVERYBODY);
    let name = format!("fault-{number}");
    let at = calendar.at(day, dice.between(8, 14), dice.between(0, 59));
    let site = location.split([',', ' ']).next().filter(|site| *site != "Lisbon");
    let mut fields = json!({ "location": location, "description": format!("{title}, since yesterday.") });
    if let Some(site) = site {
        fields["site"] = json!(site);
    }
    script.open(at, requester, &name, ticket("facility-fault", "facilities", title, fields));
    let agent = if site == Some("Chicago") { "felix" } else { "kofi" };
    script.act(at + hours(1), agent, &name, vec![take(agent), transition("in-progress")]);
    let mut repaired = at + hours(dice.between(4, 30));
    if let Some(vendor) = vendor {
        script.act(at + hours(2), agent, &name, vec![set("vendor", json!(vendor)), transition("with-vendor")]);
        repaired = at + hours(dice.between(8, 70));
    }
    let done = set("what_was_done", json!("The worn part was replaced."));
    script.act(repaired, agent, &name, vec![done, transition("repaired")]);
    script.act(repaired + hours(18), requester, &name, vec![transition("closed")]);
}

/// A hire over five departments: everybody does their part around the first day.
fn onboarding(
    calendar: &Calendar,
    script: &mut Script,
    name: &str,
    (person, department, manager): (&str, &str, &'static str),
    hired: i64,
) {
    let day = calendar.workday(hired);
    let first = day - 18;
    let fields = json!({ "employee_name": person, "start_date": calendar.date(first), "position": "Colleague", "department": department,
        "manager": id(manager), "laptop_model": "standard" });
    let title = format!("{person} starts in {department}");
    script.open(calendar.at(day, 9, 30), "hana", name, ticket("onboarding", "hr", &title, fields));
    let at = |ago: i64, hour: i64| calendar.at(ago, hour, 10);
    let signed = json!({ "signed_on": calendar.date(day - 2), "filed": true });
    script.complete(at(day - 2, 11), "lena", name, "Have the contract signed", signed);
    let bought = json!({ "order_number": "PO-9", "in_stock": true });
    script.complete_if(at(first + 9, 10), "nadia", name, "Buy a laptop", bought);
    let account =
        json!({ "account": person.to_lowercase().replace(' ', "."), "mail_ready": true, "laptop_ready": true });
    script.complete(at(first + 8, 11), "cem", name, "Create account, set up laptop", account);
    script.complete(at(first + 4, 11), "felix", name, "Issue the badge", json!({ "badge": "B-0815" }));
    script.complete(at(first + 4, 12), "felix", name, "Prepare the desk", json!({ "desk": "2.014", "chair": true }));
    let costs = json!({ "cost_centre": department.to_lowercase(), "payroll": true });
    script.complete(at(first + 3, 11), "fatou", name, "Set up the cost centre", costs);
    let welcome = json!({ "welcomed": true, "goals": true, "safety": true });
    script.complete(at(first, 15), manager, name, "Go through the manager's checklist", welcome);
    script.complete(at(first - 31, 11), manager, name, "Answer the survey", json!({ "satisfaction": 5 }));
}

/// Somebody took another offer: what was done is undone, last things first.
fn withdrawn(calendar: &Calendar, script: &mut Script) {
    let day = calendar.workday(40);
    let fields = json!({ "employee_name": "Tariq Aziz", "start_date": calendar.date(day - 20), "department": "Sales", "manager": id("vera") });
    script.open(
        calendar.at(day, 9, 0),
        "hugo",
        "hire-tariq",
        ticket("onboarding", "hr", "Tariq Aziz starts in Sales", fields),
    );
    let signed = json!({ "signed_on": calendar.date(day - 1), "filed": true });
    script.complete(calendar.at(day - 1, 10, 0), "lena", "hire-tariq", "Have the contract signed", signed);
    let sorry = say(Public, "He took another offer.");
    script.act(calendar.at(day - 5, 10, 0), "hugo", "hire-tariq", vec![sorry, transition("cancelled")]);
    script.complete(calendar.at(day - 5, 14, 0), "lena", "hire-tariq", "Void the contract", Value::Null);
}

/// Reviews by value: a small one at once, one after a round of negotiation with finance, one that legal advises against.
fn contracts(calendar: &Calendar, script: &mut Script) {
    let review = |counterparty: &str, kind: &str, amount: u32| {
        let fields = json!({ "counterparty": counterparty, "contract_type": kind, "amount": amount, "term_months": 12, "description": "As discussed." });
        ticket("contract-review", "legal", &format!("Contract with {counterparty}"), fields)
    };
    let accept = json!({ "outcome": "accept", "notes": "Nothing unusual." });
    let small = calendar.workday(64);
    let at = |day: i64, later: i64, hour: i64| calendar.at(day - later, hour, 20);
    script.open(at(small, 0, 9), "sara", "contract-small", review("Bright Posters", "purchase", 4_200));
    script.complete(at(small, 1, 9), "lena", "contract-small", "Review the contract", accept.clone());
    script.vote(at(small, 1, 11), "lena", "contract-small", "Approvals in order", Answer::Approve);
    sign(calendar, script, "contract-small", small - 3);

    let large = calendar.workday(50);
    script.open(at(large, 0, 9), "nadia", "contract-large", review("Harbour Logistics", "purchase", 62_000));
    let redline = json!({ "outcome": "redline", "notes": "The limit of liability is too low." });
    script.complete(at(large, 1, 9), "lena", "contract-large", "Review the contract", redline);
    let countered = json!({ "version": "2", "answer": "accepted" });
    script.complete(at(large, 3, 10), "nadia", "contract-large", "Negotiate the changes", countered);
    script.complete_if(at(large, 4, 9), "lena", "contract-large", "Review the contract", accept);
    script.vote(at(large, 4, 11), "lena", "contract-large", "Approvals in order", Answer::Approve);
    script.vote(at(large, 5, 11), "fatou", "contract-large", "Approvals in order", Answer::Approve);
    sign(calendar, script, "contract-large", large - 7);

    let bad = calendar.workday(33);
    script.open(at(bad, 0, 9), "olga", "contract-bad", review("Cheap Clicks", "other", 9_000));
    let stop = json!({ "outcome": "stop", "notes": "They want the addresses of our customers." });
    script.complete(at(bad, 1, 9), "lena", "contract-bad", "Review the contract", stop);
}

fn sign(calendar: &Calendar, script: &mut Script, name: &str, day: i64) {
    let signed = json!({ "signed_on": calendar.date(day), "signed_by": "Dora Lang", "filed": true });
    script.complete(calendar.at(day, 15, 0), "lena", name, "Sign the contract", signed);
}

/// Seen by those who look into it. While proceedings run nothing of it is forgotten, and two people let the data protection's question be
/// answered by somebody who runs the platform.
fn grievance(calendar: &Calendar, script: &mut Script) {
    let day = calendar.workday(52);
    let at = |later: i64, hour: i64| calendar.at(day - later, hour, 0);
    let fields = json!({ "description": "He shouts when something is late.", "accused": [id("jonas")] });
    script.open(at(0, 18), "uma", "grievance", ticket("grievance", "hr", "How we are talked to", fields));
    script.act(at(1, 9), "hana", "grievance", vec![take("hana"), transition("investigation")]);
    script.act(at(3, 9), "hana", "grievance", vec![say(Internal, "Talked to two colleagues of the shift.")]);
    script.act(at(6, 9), "hana", "grievance", vec![transition("hearing")]);
    let hold = record(
        "legal-hold",
        "legal",
        "Proceedings of a former employee",
        json!({ "reason": "Labour court, 7 O 12.", "tickets": ["#grievance"] }),
    );
    script.file(at(7, 9), "lena", "hold", hold.clone());
    script.amend(at(7, 10), "lena", "hold", &hold, (Some("active"), json!({})));
    let glass =
        json!({ "case": "#grievance", "reason": "The court asks for the log of the case by noon.", "hours": 4 });
    script.open(at(8, 9), "max", "glass", ticket("break-glass", "hr", "The court asks", glass));
    script.act(at(8, 9) + minutes(20), "wim", "glass", vec![transition("seconded")]);
    script.act(at(8, 9) + minutes(45), "gil", "glass", vec![transition("granted")]);
    let decided = set(
        "decision",
        json!("A talk between both with somebody of the works council; a training for those who lead."),
    );
    script.act(at(13, 9), "hana", "grievance", vec![decided, transition("decided")]);
    script.act(at(20, 9), "hana", "grievance", vec![transition("closed")]);
}

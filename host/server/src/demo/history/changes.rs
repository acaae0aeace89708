//! Changes that were assessed, approved, carried out in their window and reviewed; a template that somebody else approved.

use super::super::people::id;
use super::super::stage::{Script, record, ticket};
use super::{Calendar, hours};
use app::flow::model::Answer;
use serde_json::{Value, json};

/// Title, item, risk, who carries it out, days ago, hours, how it ended.
const NORMAL: [(&str, &str, &str, &str, i64, i64, &str); 7] = [
    ("New firmware for the radio controllers", "wlan-controller", "moderate", "ben", 78, 2, "successful"),
    ("More memory for the web shop", "web-shop-vm", "low", "dario", 68, 1, "successful"),
    ("Move payroll to another host", "payroll-vm", "high", "dario", 59, 3, "successful-with-issues"),
    ("Renew the certificate of the mail service", "Mail", "low", "elif", 47, 1, "successful"),
    ("Loop protection on every switch", "ber-core", "moderate", "ben", 26, 2, "successful"),
    ("New release of the warehouse", "warehouse", "high", "dario", 19, 4, "unsuccessful"),
    ("Replace the batteries of the server room", "host-05", "moderate", "ben", 13, 2, "successful"),
];

const STANDARD: [(&str, &str, i64); 5] = [
    ("Updates of the hosts, first month", "host-03", 76),
    ("Updates of the hosts, second month", "host-04", 48),
    ("Updates of the hosts, third month", "host-05", 20),
    ("Updates of the databases, first month", "wiki-db", 62),
    ("Updates of the databases, second month", "wiki-db", 34),
];

pub(super) fn write(calendar: &Calendar, script: &mut Script) {
    template(calendar, script);
    for (number, (title, ci, risk, implementer, days, length, close)) in NORMAL.into_iter().enumerate() {
        let name = format!("change-{number}");
        let day = calendar.workday(days);
        let asked = calendar.at(day, 10, 15);
        let begins = calendar.at(day - 2, 20, 0);
        let fields = json!({
            "type": "normal", "cis": [format!("@ci:{ci}")], "risk": risk, "implementer": id(implementer),
            "planned_start": begins, "planned_end": begins + hours(length),
            "description": format!("{title}."), "justification": "It is due, and the vendor asks for it.",
            "implementation_plan": "As it was tried on the machine for tests.", "backout_plan": "The copy of the evening before.",
        });
        script.open(asked, implementer, &name, ticket("change", "it", title, fields));
        let assessment = json!({ "risk": risk, "assessment": "Known work; what can go wrong is written in the plan." });
        script.complete(asked + hours(3), "mona", &name, "Assess risk and impact", assessment);
        if risk == "high" {
            for (member, later) in [("mona", 5), ("ada", 6), ("rosa", 7)].into_iter().take(2) {
                script.vote(asked + hours(later), member, &name, "Advisory board approves", Answer::Approve);
            }
        } else {
            script.vote(asked + hours(5), "mona", &name, "Change managers approve", Answer::Approve);
        }
        let outcome = match close {
            "successful" => "done",
            "unsuccessful" => "backed-out",
            _ => "done-with-issues",
        };
        let ended = begins + hours(length);
        script.complete(ended, implementer, &name, "Implement the change", json!({ "outcome": outcome }));
        let review = json!({ "close_code": close, "close_notes": notes(close) });
        script.complete(ended + hours(14), "mona", &name, "Review the change", review);
    }
    for (number, (title, ci, days)) in STANDARD.into_iter().enumerate() {
        let name = format!("standard-{number}");
        let day = calendar.workday(days);
        let begins = calendar.at(day - 1, 19, 0);
        let fields = json!({ "type": "standard", "cis": [format!("@ci:{ci}")], "template": "@template", "implementer": id("rosa"),
            "planned_start": begins, "planned_end": begins + hours(2) });
        script.open(calendar.at(day, 11, 0), "rosa", &name, ticket("change", "it", title, fields));
        finish(script, &name, "rosa", begins + hours(2), "Review the change");
    }
    emergency(calendar, script);
}

fn notes(close: &str) -> &'static str {
    match close {
        "successful" => "It went as planned.",
        "unsuccessful" => "The release did not start with the old data; everything is as it was before.",
        _ => "It took longer than planned, because a firewall rule was missing.",
    }
}

fn finish(script: &mut Script, name: &str, implementer: &'static str, ended: jiff::Timestamp, review: &'static str) {
    script.complete(ended, implementer, name, "Implement the change", json!({ "outcome": "done" }));
    let mut values: Value = json!({ "close_code": "successful", "close_notes": "It went as planned." });
    if review == "Hold the post-implementation review" {
        values["cause"] = json!("Two ports were patched together, and nothing stopped the loop.");
        values["prevention"] = json!("Loop protection is checked by monitoring from now on.");
    }
    script.complete(ended + hours(16), "mona", name, review, values);
}

fn template(calendar: &Calendar, script: &mut Script) {
    let at = calendar.at(calendar.days - 2, 14, 0);
    let template = record(
        "change-template",
        "it",
        "Monthly updates",
        json!({ "description": "The updates of the vendor, one machine after the other.",
            "implementation_plan": "1. Take it out of service.\n2. Update.\n3. Look at its log.\n4. Put it back.", "backout_plan": "The copy of the evening before." }),
    );
    script.file(at, "rosa", "template", template.clone());
    script.amend(at + hours(1), "rosa", "template", &template, (Some("proposed"), json!({})));
    script.amend(at + hours(20), "mona", "template", &template, (Some("approved"), json!({})));
}

/// What the major incident asked for at once.
fn emergency(calendar: &Calendar, script: &mut Script) {
    let day = calendar.workday(30);
    let begins = calendar.at(day, 10, 5);
    let fields = json!({ "type": "emergency", "cis": ["@ci:core-switch-2"], "implementer": id("ben"),
        "planned_start": begins, "planned_end": begins + hours(1), "justification": "Nobody can sign in.",
        "description": "Open the loop and switch the protection on." });
    script.open(
        calendar.at(day, 9, 50),
        "ben",
        "emergency",
        ticket("change", "it", "Open the loop on floor 2", fields),
    );
    script.vote(calendar.at(day, 9, 55), "mona", "emergency", "Emergency board approves", Answer::Approve);
    finish(script, "emergency", "ben", begins + hours(1), "Hold the post-implementation review");
}

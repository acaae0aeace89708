//! What information security did: incidents that only those see who work on them, vulnerabilities by their severity, a review of access,
//! and an exception that ends by itself.

use super::super::people::id;
use super::super::stage::{Script, record, set, take, ticket, transition};
use super::{Calendar, hours};
use app::flow::model::Answer::Approve;
use serde_json::{Value, json};

const SPACE: &str = "security";

pub(super) fn write(calendar: &Calendar, script: &mut Script) {
    incident(calendar, script, ("sara", "A parcel that I did not order", "phishing", 74), (4, 4));
    incident(calendar, script, ("tom", "My laptop is gone", "lost-device", 46), (3, 4));
    incident(calendar, script, ("ines", "Somebody signs in as me", "account-takeover", 22), (2, 3));
    vulnerabilities(calendar, script);
    review(calendar, script);
    exception(calendar, script);
    let fields = json!({ "description": "A mail in our boss's name asks for gift cards.", "type": "phishing" });
    let at = calendar.at(calendar.workday(1), 14, 20);
    script.open(at, "paul", "sec-open", ticket("security-incident", SPACE, "Gift cards for the boss", fields));
}

fn incident(
    calendar: &Calendar,
    script: &mut Script,
    (who, title, kind, days): (&'static str, &str, &str, i64),
    (impact, spread): (u8, u8),
) {
    let name = format!("sec-{days}");
    let at = calendar.at(calendar.workday(days), 9, 50);
    let fields = json!({ "description": format!("{title}."), "type": kind });
    script.open(at, who, &name, ticket("security-incident", SPACE, title, fields));
    let agent = if days % 4 == 2 { "elif" } else { "dario" };
    script.act(at + hours(1), agent, &name, vec![take(agent), transition("triage")]);
    let judged = vec![set("impact", json!(impact)), set("spread", json!(spread)), transition("containment")];
    script.act(at + hours(2), agent, &name, judged);
    for (later, field, text, state) in [
        (3, "contained_by", "The account was locked, its sessions ended.", "eradication"),
        (5, "cause", "A page that looked like ours.", "recovery"),
        (8, "recovered_by", "A new password, a second factor, and a look at the log.", "lessons"),
        (30, "lessons", "The button to report such mails is in every mailbox now.", "closed"),
    ] {
        script.act(at + hours(later), agent, &name, vec![set(field, json!(text)), transition(state)]);
    }
}

fn vulnerabilities(calendar: &Calendar, script: &mut Script) {
    for (number, (asset, severity, title, days, fixed)) in [
        ("firewall", "critical", "The firewall lets strangers restart it", 66, 3),
        ("wiki-db", "high", "The wiki's database answers without a password", 51, 12),
        ("lis-printer-1", "low", "A printer shows who printed what", 40, 0),
        ("web-shop-vm", "medium", "The web shop tells its version", 19, 0),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("vulnerability-{number}");
        let at = calendar.at(calendar.workday(days), 8, 30);
        let fields = json!({ "asset": asset, "severity": severity, "description": format!("{title}."), "identifier": format!("CVE-2025-{}", 10_000 + days) });
        script.open(at, "dario", &name, ticket("vulnerability", SPACE, title, fields));
        script.act(at + hours(1), "dario", &name, vec![take("dario"), transition("assessed")]);
        script.act(at + hours(3), "dario", &name, vec![transition("remediation")]);
        if fixed > 0 {
            let done = at + hours(24 * fixed);
            script.act(done, "dario", &name, vec![set("fix", json!("The version of this week.")), transition("fixed")]);
            let verified = vec![set("verification", json!("Scanned again: nothing.")), transition("closed")];
            script.act(done + hours(26), "elif", &name, verified);
        }
    }
}

/// Every quarter; nobody decides about their own access.
fn review(calendar: &Calendar, script: &mut Script) {
    let at = calendar.at(calendar.workday(57), 10, 0);
    let plan = json!({ "ticket_kind": "access-review", "ticket_title": "Access to payroll", "ticket_fields": { "system": "payroll" },
        "next": calendar.date(-20), "every": 3, "unit": "month" });
    script.file(at, "dario", "review-plan", record("recurring-ticket", SPACE, "Review of payroll", plan));
    let begun: Value = json!([
        { "account": "hugo", "access": "write", "person": id("hugo") }, { "account": "old-interface", "access": "admin" },
        { "account": "fatou", "access": "read", "person": id("fatou") },
    ]);
    let mut decided = begun.clone();
    for (place, decision) in ["keep", "revoke", "keep"].into_iter().enumerate() {
        decided[place]["decision"] = json!(decision);
    }
    let mut revoked = decided.clone();
    revoked[1]["revoked"] = json!(true);
    script.open(
        at,
        "dario",
        "review",
        ticket("access-review", SPACE, "Access to payroll", json!({ "system": "payroll" })),
    );
    let first = vec![set("reviewer", json!(id("greta"))), set("accounts", begun), transition("review")];
    script.act(at + hours(1), "dario", "review", first);
    script.act(at + hours(5), "elif", "review", vec![set("accounts", decided), transition("revocation")]);
    let done = vec![
        set("accounts", revoked),
        set("evidence", json!("The log of the directory, entry 7.")),
        transition("done"),
    ];
    script.act(at + hours(26), "elif", "review", done);
}

fn exception(calendar: &Calendar, script: &mut Script) {
    let day = calendar.workday(47);
    let at = |later: i64, hour: i64| calendar.at(day - later, hour, 0);
    let fields = json!({ "control": "No USB sticks", "reason": "Pictures go to the printer at the fair.", "compensation": "Encrypted sticks that we hand out.",
        "expires_on": calendar.date(day - 25) });
    script.open(at(0, 9), "olga", "exception", ticket("security-exception", SPACE, "Sticks for the fair", fields));
    let risk = json!({ "risk": "low", "notes": "Posters only, nothing of customers." });
    script.complete(at(0, 15), "dario", "exception", "Assess the risk", risk);
    script.vote(at(1, 10), "elif", "exception", "Approve the exception", Approve);
}

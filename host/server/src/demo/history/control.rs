//! How IT keeps its items, rules and approvals in hand: sources and imports, policies and what deviates, alerts of monitoring, rules,
//! definitions of approvals, meetings of the board, and work that comes back.

use super::super::people::id;
use super::super::stage::{Script, record, ticket};
use super::{Calendar, hours, minutes};
use serde_json::{Value, json};

pub(super) fn write(calendar: &Calendar, script: &mut Script) {
    sources(calendar, script);
    policies(calendar, script);
    alerts(calendar, script);
    rules(calendar, script);
    approvals(calendar, script);
    let plan = json!({ "ticket_kind": "facility-fault", "ticket_title": "Inspect the lift", "ticket_fields": { "location": "Berlin lift", "site": "Berlin" },
        "next": calendar.date(calendar.workday(41)), "every": 1, "unit": "month" });
    script.file(
        calendar.at(calendar.workday(45), 11, 0),
        "felix",
        "inspection",
        record("recurring-ticket", "facilities", "Inspection of the lift", plan),
    );
}

/// A scanner that is believed, a spreadsheet that is believed less, and what they brought.
fn sources(calendar: &Calendar, script: &mut Script) {
    let at = calendar.at(calendar.days - 2, 13, 0);
    let rule = json!({ "class": "hardware", "entries": [["serial"], ["name"]] });
    script.file(at, "mona", "ci-rule", record("ci-rule", "it", "Hardware by its serial number, or its name", rule));
    for (title, key, rank) in [("Scanner of the network", "scanner", 10), ("Spreadsheet of purchasing", "sheet", 50)] {
        let fields = json!({ "key": key, "rank": rank, "stale_days": 30 });
        script.file(at, "mona", &format!("source-{key}"), record("ci-source", "it", title, fields));
    }
    let phone = |name: &str, serial: &str| json!({ "name": name, "class": "phone", "attributes": { "serial": serial, "location": "Berlin" } });
    let first = [phone("ber-phone-91", "WF-88101"), phone("ber-phone-92", "WF-88102")];
    let second =
        [phone("ber-phone-91", "WF-88101"), phone("ber-phone-92", "WF-88102"), phone("ber-phone-93", "WF-88103")];
    for (title, days, items, mode) in [
        ("Scan, tried out", 61, json!(first), "simulate"),
        ("Scan of the autumn", 60, json!(first), "apply"),
        ("Scan of the winter", 25, json!(second), "apply"),
    ] {
        let fields = json!({ "source": "scanner", "mode": mode, "items": items });
        let at = calendar.at(calendar.workday(days), 16, 0);
        script.file(at, "dario", &format!("import-{days}"), record("ci-import", "it", title, fields));
    }
}

/// One machine has too little memory; a policy says so each night, in one ticket.
fn policies(calendar: &Calendar, script: &mut Script) {
    let at = calendar.at(calendar.workday(16), 15, 0);
    let shop = json!({ "class": "virtual-machine", "severity": "high", "when": [{ "attribute": "name", "matches": "web-shop*" }],
        "wants": [{ "attribute": "memory_gib", "at_least": 96 }] });
    script.file(at, "mona", "policy", record("ci-policy", "it", "The web shop has memory for the season", shop));
    let tried =
        record("ci-audit", "it", "What would be asked for?", json!({ "mode": "simulate", "class": "virtual-machine" }));
    script.file(at + minutes(10), "ada", "audit-tried", tried);
    let audit = record("ci-audit", "it", "Machines of the shop", json!({ "class": "virtual-machine" }));
    script.file(at + hours(1), "ada", "audit", audit);
}

/// Two troubles: one that fires twice and is one incident, and one that goes by itself.
fn alerts(calendar: &Calendar, script: &mut Script) {
    let mut tell = |name: &str, at: jiff::Timestamp, key: &str, status: &str, more: Value| {
        let mut fields = json!({ "key": key, "status": status, "source": "monitoring" });
        for (field, value) in more.as_object().into_iter().flatten() {
            fields[field] = value.clone();
        }
        let title = if key == "disk" { "Disk of host-05 is full" } else { "Radio of Lisbon flickers" };
        script.open(at, "dario", name, ticket("alert", "it", title, fields));
    };
    let disk = calendar.at(calendar.workday(43), 10, 0);
    let about = json!({ "ci": "@ci:host-05", "severity": 1 });
    tell("alert-disk-1", disk, "disk", "firing", about.clone());
    tell("alert-disk-2", disk + minutes(5), "disk", "firing", about.clone());
    tell("alert-disk-3", disk + hours(2), "disk", "cleared", about);
    let radio = calendar.at(calendar.workday(18), 13, 0);
    for (number, status) in ["firing", "cleared"].into_iter().enumerate() {
        let later = minutes(7 * i64::try_from(number).expect("two"));
        let name = format!("alert-radio-{number}");
        tell(&name, radio + later, "radio", status, json!({ "ci": "@ci:wlan-controller", "severity": 3 }));
    }
}

/// Rules that a manager wrote: one about what changed, one about time that passed; and one that was never switched on.
fn rules(calendar: &Calendar, script: &mut Script) {
    let at = calendar.at(calendar.days - 1, 13, 0);
    let reopened = json!({ "ticket_kind": "incident", "event": { "on": "changed" }, "order": 10,
        "condition": { "all": [{ "field": "state", "was": "resolved" }, { "field": "state", "is": "in-progress" }] },
        "actions": [{ "note": "Opened again: call {number} back before anything else." }] });
    let late = json!({ "ticket_kind": "incident", "event": { "on": "time", "field": "opened_at", "minutes": 1_440 }, "order": 20,
        "condition": { "all": [{ "field": "state", "is": "new" }, { "field": "priority", "at-most": 3 }] },
        "actions": [{ "note": "Nobody has begun {number} for a day." }] });
    let draft = json!({ "ticket_kind": "incident", "event": { "on": "created" }, "order": 30,
        "condition": { "field": "category", "is": "hardware" }, "actions": [{ "set": "subcategory", "to": "to be looked at" }] });
    for (name, title, fields, switched_on) in [
        ("rule-reopened", "Opened again", reopened, true),
        ("rule-late", "Nobody began for a day", late, true),
        ("rule-draft", "Hardware is looked at", draft, false),
    ] {
        let rule = record("rule", "it", title, fields);
        script.file(at, "mona", name, rule.clone());
        if switched_on {
            script.amend(at + minutes(5), "mona", name, &rule, (Some("active"), json!({})));
        }
    }
}

/// Who is asked about changes beside those of the flow; and the board that meets every week.
fn approvals(calendar: &Calendar, script: &mut Script) {
    let board = json!({ "board": "change-advisory-board", "at": calendar.at(calendar.workday(7) - 7, 14, 0), "risks": ["high"] });
    let day = calendar.workday(9);
    script.file(
        calendar.at(day, 14, 0),
        "mona",
        "board",
        record("change-meeting", "it", "Change advisory board", board),
    );
    let owners = json!({ "groups": ["security"], "wait": "first", "types": ["unauthorised"], "order": 10 });
    let at = calendar.at(calendar.workday(21), 10, 0);
    let title = "Security looks at what nobody allowed";
    script.file(at, "mona", "definition", record("approval-definition", "it", title, owners));
    let retired = record(
        "approval-definition",
        "it",
        "Everybody of the board",
        json!({ "groups": ["change-advisory-board"], "wait": "all", "types": ["unauthorised"], "order": 20 }),
    );
    script.file(at, "mona", "definition-old", retired.clone());
    script.amend(
        at + hours(2),
        "mona",
        "definition-old",
        &retired,
        (Some("retired"), json!({ "people": [id("mona")] })),
    );
}

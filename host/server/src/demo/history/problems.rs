//! Problems: one that became a known error and was fixed by a change, one that is lived with, one that was there twice; improvements that
//! came of what was measured.

use super::super::people::id;
use super::super::stage::{Script, set, ticket, transition};
use super::{Calendar, hours};
use serde_json::json;

pub(super) fn write(calendar: &Calendar, script: &mut Script) {
    radio(calendar, script);
    lived_with(calendar, script);
    twice(calendar, script);
    improvements(calendar, script);
}

fn radio(calendar: &Calendar, script: &mut Script) {
    let day = calendar.workday(58);
    let at = |later: i64, hour| calendar.at(day - later, hour, 0);
    let fields = json!({ "description": "Every morning at ten the radio of the meeting rooms drops.", "category": "network",
        "ci": "@ci:wlan-controller", "impact": 2, "urgency": 2 });
    script.open(
        at(0, 11),
        "rosa",
        "problem-radio",
        ticket("problem", "it", "Radio of the meeting rooms drops at ten", fields),
    );
    for (number, requester) in ["sara", "kim", "olga"].into_iter().enumerate() {
        let name = format!("radio-{number}");
        let mut incident = ticket(
            "incident",
            "it",
            "No radio in the meeting room",
            json!({ "impact": 2, "urgency": 3, "category": "network", "ci": "@ci:wlan-controller" }),
        );
        incident.requester = Some(id(requester));
        script.open(at(0, 12), "noor", &name, incident);
        let waits = vec![
            set("problem", json!("#problem-radio")),
            set("pending-reason", json!("awaiting-problem")),
            transition("on-hold"),
        ];
        script.act(at(0, 13), "noor", &name, waits);
    }
    script.walk("problem-radio", &[(at(1, 9), "rosa", "assess"), (at(1, 10), "rosa", "root-cause-analysis")]);
    let task = ticket("problem-task", "it", "Look at the channels at ten", json!({ "type": "root-cause-analysis" }));
    let task = domain::effect::CreateTicket { parent: Some(domain::TicketId("@problem-radio".to_owned())), ..task };
    script.open(at(1, 11), "rosa", "radio-task", task);
    script.act(at(2, 15), "ben", "radio-task", vec![transition("in-progress")]);
    let found = set("findings", json!("Two controllers choose the same channel when they look for a better one."));
    script.act(at(5, 15), "ben", "radio-task", vec![found, transition("closed")]);
    let known = vec![
        set("workaround", json!("Use the cable in the box on the table.")),
        set("cause", json!("Two controllers choose the same channel.")),
        set("communicate-workaround", json!(true)),
    ];
    script.act(at(5, 16), "rosa", "problem-radio", known);
    script.act(
        at(5, 17),
        "rosa",
        "problem-radio",
        vec![set("known-error", json!(true)), transition("fix-in-progress")],
    );
    let fixed = vec![
        set("resolution-code", json!("fix-applied")),
        set("fix", json!("Fixed channels for every floor.")),
        transition("resolved"),
    ];
    script.act(at(14, 10), "rosa", "problem-radio", fixed);
    script.act(at(16, 10), "mona", "problem-radio", vec![transition("closed")]);
}

fn lived_with(calendar: &Calendar, script: &mut Script) {
    let day = calendar.workday(44);
    let fields = json!({ "description": "The old scanner loses a page of a hundred.", "category": "hardware" });
    script.open(
        calendar.at(day, 10, 0),
        "cem",
        "problem-scanner",
        ticket("problem", "it", "Scanner loses pages", fields),
    );
    script.walk("problem-scanner", &[(calendar.at(day, 15, 0), "cem", "assess")]);
    let accepted = vec![
        set("resolution-code", json!("risk-accepted")),
        set("risk-reason", json!("It goes to the museum in summer; nothing is scanned without a look at the count.")),
        transition("resolved"),
    ];
    script.act(calendar.at(day - 3, 10, 0), "cem", "problem-scanner", accepted);
    script.act(calendar.at(day - 4, 10, 0), "mona", "problem-scanner", vec![transition("closed")]);
}

fn twice(calendar: &Calendar, script: &mut Script) {
    let day = calendar.workday(55);
    script.open(
        calendar.at(day, 10, 0),
        "dario",
        "problem-twice",
        ticket("problem", "it", "Meetings lose their connection", json!({ "category": "network" })),
    );
    let duplicate = vec![
        set("resolution-code", json!("duplicate")),
        set("duplicate-of", json!("@problem-radio")),
        transition("resolved"),
    ];
    script.act(calendar.at(day, 16, 0), "dario", "problem-twice", duplicate);
    script.act(calendar.at(day - 1, 9, 0), "mona", "problem-twice", vec![transition("closed")]);
}

fn improvements(calendar: &Calendar, script: &mut Script) {
    let day = calendar.workday(70);
    let at = |later: i64, hour| calendar.at(day - later, hour, 0);
    let fields = json!({ "objective": "Whoever reports something hears from us within half an hour.", "kpi": "minutes to the first answer",
        "unit": "minutes", "baseline": 95, "target": 30, "manager": id("mona"), "coordinator": id("ada") });
    script.open(
        at(0, 10),
        "mona",
        "improve-answer",
        ticket("improvement", "it", "A first answer within half an hour", fields),
    );
    script.walk(
        "improve-answer",
        &[
            (at(1, 9), "mona", "accepted"),
            (at(2, 9), "ada", "assess"),
            (at(5, 9), "mona", "approved"),
            (at(6, 9), "ada", "in-progress"),
        ],
    );
    for (number, title) in
        ["Write replies for what comes often", "Look at the queue at nine, eleven and three"].into_iter().enumerate()
    {
        let name = format!("improve-task-{number}");
        let task = ticket("improvement-task", "it", title, json!({ "days": 2 }));
        let parent = Some(domain::TicketId("@improve-answer".to_owned()));
        script.open(at(6, 10), "ada", &name, domain::effect::CreateTicket { parent, ..task });
        script.walk(&name, &[(at(8, 9), "ada", "in-progress"), (at(20, 9), "ada", "closed")]);
    }
    script.act(at(21, 9), "ada", "improve-answer", vec![set("actual", json!(41)), transition("review")]);
    script.act(at(22, 9), "mona", "improve-answer", vec![transition("closed")]);
    let paper = json!({ "objective": "Orders above the limit wait for one signature less.", "kpi": "days to approve", "unit": "days",
        "baseline": 6, "target": 3, "manager": id("mona") });
    script.open(at(30, 9), "mona", "improve-orders", ticket("improvement", "it", "Approvals without paper", paper));
    script.walk(
        "improve-orders",
        &[(at(31, 9), "mona", "accepted"), (at(33, 9), "mona", "assess"), (at(33, 10), "mona", "approved")],
    );
    script.act(at(35, 9), "mona", "improve-orders", vec![transition("in-progress")]);
    let after = at(35, 9) + hours(24 * 10);
    script.act(after, "mona", "improve-orders", vec![transition("on-hold")]);
}

//! Incidents of every working day, and the one that was major.

use super::super::people::{EVERYBODY, id};
use super::super::stage::{Act, Script, Step, record, say, set, take, ticket, transition};
use super::super::tickets::STORIES;
use super::{Calendar, hours, minutes};
use domain::effect::{Assign, Patch};
use domain::ticket::Visibility::{Internal, Public};
use domain::{Effect, GroupId};
use jiff::Timestamp;
use serde_json::json;

/// Title, category, group, impact, urgency: beside those of the last days.
const MORE: [(&str, &str, &str, u32, u32); 14] = [
    ("Invoice cannot be posted", "software", "apps", 2, 2),
    ("Keyboard types the wrong letters", "hardware", "workplace", 3, 3),
    ("Mail says that the mailbox is full", "software", "service-desk", 3, 2),
    ("Picture of the camera is black in meetings", "hardware", "workplace", 3, 2),
    ("Label printer in the warehouse is offline", "hardware", "workplace", 2, 1),
    ("Web shop answers slowly", "software", "apps", 2, 2),
    ("Guest network asks for a password", "network", "network", 3, 3),
    ("Strange sign-in from abroad", "security", "security", 2, 2),
    ("Payroll shows an empty page", "software", "apps", 2, 1),
    ("Telephone rings for somebody else", "hardware", "service-desk", 3, 3),
    ("Drive letter is missing after sign-in", "access", "service-desk", 3, 2),
    ("Meeting room radio drops at ten", "network", "network", 2, 2),
    ("Badge does not open the archive", "access", "service-desk", 3, 2),
    ("Report of last month has the wrong sums", "software", "apps", 2, 3),
];

const NOTES: [&str; 6] = [
    "The setting was wrong; it is right now and tested together.",
    "The cable was broken and is replaced.",
    "The service was started again, and its log is clean.",
    "The right was missing in the group and is there now.",
    "The update was installed, and it works since.",
    "Shown how it works; it is in the article now.",
];

fn team(group: &str) -> &'static [&'static str] {
    match group {
        "network" => &["ben", "rosa"],
        "workplace" => &["cem", "rosa"],
        "apps" => &["rosa", "dario"],
        "security" => &["elif"],
        _ => &["ada", "noor"],
    }
}

pub(super) fn write(calendar: &Calendar, script: &mut Script) {
    let mut number = 0;
    for day in calendar.all() {
        let count = match (calendar.is_weekend(day), calendar.dice.percent(25)) {
            (true, false) => 0,
            (true, true) => 1,
            (false, busy) => calendar.dice.between(2, if busy { 4 } else { 3 }),
        };
        for _ in 0..count {
            number += 1;
            one(calendar, script, day, number);
        }
    }
}

fn one(calendar: &Calendar, script: &mut Script, day: i64, number: usize) {
    let dice = calendar.dice;
    let (title, category, group, impact, urgency) =
        if dice.percent(45) { *dice.one_of(&MORE) } else { *dice.one_of(&STORIES) };
    let (requester, agent) = (*dice.one_of(&EVERYBODY), *dice.one_of(team(group)));
    let name = format!("past-{number}");
    let opened = calendar.at(day, dice.between(8, 16), dice.between(0, 59));
    let themselves = dice.percent(50);
    let channel = if themselves { "portal" } else { *dice.one_of(&["phone", "mail", "walk-up"]) };
    let mut create = ticket(
        "incident",
        "it",
        title,
        json!({ "impact": impact, "urgency": urgency, "category": category, "channel": channel,
            "description": format!("{title}, since this morning. A colleague beside me sees it too.") }),
    );
    if themselves {
        script.open(opened, requester, &name, create);
    } else {
        create.requester = Some(id(requester));
        script.open(opened, if dice.percent(50) { "ada" } else { "noor" }, &name, create);
    }
    if (impact, urgency) == (1, 1) {
        script.0.push(Step { at: opened + minutes(4), who: "mona", act: Act::AnswerPage });
    }
    let assign = Effect::Assign(Assign {
        ticket: None,
        group: Patch::Set(GroupId::from(group)),
        assignee: Patch::Set(id(agent)),
    });
    let begin = |at: Timestamp, script: &mut Script| {
        let look = say(Public, "Thank you, I am looking into it.");
        script.act(at, agent, &name, vec![assign.clone(), transition("in-progress"), look]);
    };
    match dice.between(1, 100) {
        1..=6 => {
            let sorry = say(Public, "It works again, please forget this.");
            script.act(opened + minutes(dice.between(20, 200)), requester, &name, vec![sorry, transition("cancelled")]);
        }
        7..=17 => {
            begin(opened + minutes(dice.between(5, 50)), script);
            let asked = opened + minutes(dice.between(60, 150));
            let ask = say(Public, "Could you send me a picture of the message?");
            let hold = [set("pending-reason", json!("awaiting-caller")), ask, transition("on-hold")];
            script.act(asked, agent, &name, hold.to_vec());
            let answered = asked + hours(dice.between(2, 30));
            script.act(answered, requester, &name, vec![say(Public, "Here it is; it says code 17.")]);
            resolve(calendar, script, &name, answered + hours(dice.between(1, 6)), agent, requester);
        }
        18..=23 => {
            begin(opened + minutes(dice.between(5, 90)), script);
            let first = opened + hours(dice.between(2, 7));
            script.act(first, agent, &name, solved(calendar));
            let again = first + hours(dice.between(1, 20));
            let still = say(Public, "It is the same again today.");
            script.act(again, requester, &name, vec![still, transition("in-progress")]);
            resolve(calendar, script, &name, again + hours(dice.between(2, 9)), agent, requester);
        }
        24..=32 => {
            // It lies for too long, and everybody can see that it did.
            begin(opened + hours(dice.between(20, 40)), script);
            resolve(calendar, script, &name, opened + hours(24 * dice.between(3, 6)), agent, requester);
        }
        _ => {
            begin(opened + minutes(dice.between(4, 75)), script);
            resolve(calendar, script, &name, opened + minutes(dice.between(100, 900)), agent, requester);
        }
    }
}

fn solved(calendar: &Calendar) -> Vec<Effect> {
    let code = *calendar.dice.one_of(&["Solved", "Solved", "Solved", "Workaround", "Known error"]);
    let notes = *calendar.dice.one_of(&NOTES);
    vec![set("close-code", json!(code)), set("close-notes", json!(notes)), transition("resolved")]
}

/// Resolved by an agent; then the requester says how it was, or a week later it closes by itself.
fn resolve(
    calendar: &Calendar,
    script: &mut Script,
    name: &str,
    at: Timestamp,
    agent: &'static str,
    requester: &'static str,
) {
    let dice = calendar.dice;
    script.act(at, agent, name, solved(calendar));
    if dice.percent(45) {
        let satisfaction = if dice.percent(10) { dice.between(1, 2) } else { dice.between(3, 5) };
        let closed = at + hours(dice.between(1, 26));
        script.act(closed, requester, name, vec![set("satisfaction", json!(satisfaction)), transition("closed")]);
        if dice.percent(50) {
            let at = closed + hours(dice.between(2, 40));
            script.0.push(Step { at, who: requester, act: Act::AnswerSurvey { satisfaction } });
        }
    }
}

/// A month ago nobody could sign in for a morning: proposed, accepted, told of twice, resolved with its children, looked back at.
pub(super) fn major(calendar: &Calendar, script: &mut Script) {
    let day = calendar.workday(30);
    let at = |hour, minute| calendar.at(day, hour, minute);
    let outage = |title: &str| {
        let fields = json!({ "impact": 1, "urgency": 1, "category": "outage", "channel": "phone", "ci": "@ci:core-switch-2",
            "description": "Signing in hangs for a minute and then fails, on every floor." });
        let mut create = ticket("incident", "it", title, fields);
        create.group = Some(GroupId::from("network"));
        create
    };
    script.open(at(9, 2), "ada", "major", outage("Nobody can sign in"));
    script.0.push(Step { at: at(9, 5), who: "mona", act: Act::AnswerPage });
    let accept = json!({ "decision": "accept", "reason": "All sites are affected, and nobody can work." });
    script.complete(at(9, 8), "ada", "major", "Accept as major incident?", accept);
    script.act(at(9, 10), "ben", "major", vec![take("ben"), transition("in-progress")]);
    for (number, (minute, requester, title)) in [
        (15, "jonas", "Terminals of the production stand still"),
        (18, "tom", "Cannot sign in"),
        (25, "ines", "Payments wait"),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("major-{number}");
        let mut child = ticket("incident", "it", title, json!({ "impact": 1, "urgency": 2, "category": "access" }));
        child.requester = Some(id(requester));
        script.open(at(9, minute), "noor", &name, child);
        let parent = Some(domain::TicketId("@major".to_owned()));
        let under = Effect::SetParent(domain::effect::SetParent { ticket: None, parent });
        script.act(at(9, minute + 1), "noor", &name, vec![under]);
    }
    for (hour, minute, text) in [
        (9, 45, "The directory does not answer. We found a loop in the network of the second floor."),
        (10, 15, "The loop is open again. Signing in works on the first floors; the others follow."),
    ] {
        script.complete(at(hour, minute), "noor", "major", "Write an update", json!({ "text": text }));
    }
    let note = say(Internal, "Two ports of the same switch were patched together during the move of an office.");
    script.act(at(10, 20), "ben", "major", vec![note]);
    let notes = set("close-notes", json!("A loop between two ports was opened; loop protection is on since."));
    script.act(at(10, 40), "ben", "major", vec![set("close-code", json!("Solved")), notes, transition("resolved")]);
    let review = json!({ "review": "It took twelve minutes to see the loop: monitoring did not show ports. Loop protection was off on one switch.",
        "actions": [] });
    script.complete(calendar.at(day - 1, 14, 0), "ada", "major", "Hold the post-incident review", review);
    script.act(calendar.at(day - 1, 15, 0), "ben", "major", vec![transition("closed")]);
    let article = record(
        "article",
        "it",
        "What to do when nobody can sign in",
        json!({ "body": "Look at the ports of the switches first; then at the directory.", "group": "network", "keywords": ["outage"], "owner": id("ben") }),
    );
    let later = calendar.at(day - 2, 10, 0);
    script.file(later, "ben", "kb-outage", article.clone());
    super::records::publish(script, "kb-outage", &article, ("ben", later));
}

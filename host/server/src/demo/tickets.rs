//! The demo's incidents: a plan of what happened in the last days, carried out in the order of its times.

use super::people::{REPORTERS, id};
use super::stage::{Act, Step as Played};
use domain::effect::{AddComment, Assign, CreateTicket, Patch, SetAccess, SetField, SetParent, Transition};
use domain::ticket::Visibility;
use domain::{Effect, GroupId, KindId, SpaceId, TicketId};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Title, category, group, impact, urgency.
pub(super) const STORIES: [(&str, &str, &str, u32, u32); 20] = [
    ("Cannot connect to the VPN from home", "network", "network", 3, 2),
    ("Printer on floor 2 prints blank pages", "hardware", "workplace", 3, 3),
    ("ERP is very slow since this morning", "software", "apps", 1, 2),
    ("Password has expired and cannot be changed", "access", "service-desk", 3, 2),
    ("Laptop does not start after the update", "hardware", "workplace", 3, 1),
    ("WLAN drops every few minutes in meeting room 4", "network", "network", 2, 2),
    ("CRM shows an error when a quote is saved", "software", "apps", 2, 2),
    ("Second screen is not recognised", "hardware", "workplace", 3, 3),
    ("No access to the shared folder of Finance", "access", "service-desk", 3, 2),
    ("Mail with large attachments is not delivered", "software", "apps", 2, 3),
    ("Telephone has no dial tone", "hardware", "workplace", 3, 2),
    ("Core switch restarts by itself", "network", "network", 1, 1),
    ("Scanner sends files to the wrong folder", "hardware", "workplace", 3, 3),
    ("Time booking cannot be opened", "software", "apps", 2, 2),
    ("Phishing mail in several mailboxes", "security", "service-desk", 2, 1),
    ("Docking station does not charge", "hardware", "workplace", 3, 3),
    ("Booking of meeting rooms shows the wrong day", "software", "apps", 3, 3),
    ("Warehouse terminals lose their connection", "network", "network", 1, 2),
    ("New colleague has no account", "access", "service-desk", 3, 1),
    ("Spreadsheet macro is blocked", "software", "service-desk", 3, 3),
];

/// How an incident goes on after it was reported.
#[derive(Clone, Copy)]
enum Course {
    /// Nobody has looked at it.
    Waiting,
    /// Somebody works on it.
    Worked,
    /// It waits for the one who reported it.
    Held,
    Resolved,
    Closed,
    Cancelled,
    /// Worked on, and long overdue.
    Overdue,
}

const COURSES: [Course; 12] = [
    Course::Worked,
    Course::Resolved,
    Course::Waiting,
    Course::Held,
    Course::Closed,
    Course::Worked,
    Course::Overdue,
    Course::Resolved,
    Course::Waiting,
    Course::Closed,
    Course::Cancelled,
    Course::Worked,
];

/// Incidents in all, and minutes between two of them.
const COUNT: usize = 60;
const APART: i64 = 173;

/// One thing that somebody did.
struct Step {
    at: Timestamp,
    who: &'static str,
    ticket: usize,
    effects: Vec<Effect>,
}

/// What happened, in the order of its times; the tickets are called `recent-` and their place in the plan.
pub(super) fn steps(now: Timestamp) -> Vec<Played> {
    let mut steps: Vec<Step> = (0..COUNT).flat_map(|index| plan(index, now)).collect();
    family(&mut steps, now);
    secret(&mut steps, now);
    steps.sort_by_key(|step| step.at);
    let mut known = BTreeSet::new();
    let mut played = Vec::new();
    for Step { at, who, ticket, effects } in steps {
        let name = format!("recent-{ticket}");
        let is_new = known.insert(ticket);
        let (about, name) = if is_new { (None, Some(name)) } else { (Some(name), None) };
        played.push(Played { at, who, act: Act::Submit { about, name, effects } });
        if is_new {
            // Whoever has duty hears of the urgent ones, and answers.
            let at = at + SignedDuration::from_mins(3);
            played.push(Played { at, who: "mona", act: Act::AnswerPage });
        }
    }
    played
}

fn plan(index: usize, now: Timestamp) -> Vec<Step> {
    let (title, category, group, impact, urgency) = STORIES[index % STORIES.len()];
    let course = COURSES[index % COURSES.len()];
    let age = match course {
        // What nobody has looked at is young, and what is closed is old.
        Course::Waiting => 7 + index as i64 * 4,
        Course::Worked | Course::Held => 40 + index as i64 * 37,
        _ => 600 + index as i64 * APART,
    };
    let requester = if index.is_multiple_of(5) { "erin" } else { REPORTERS[index % 9] };
    let opened = now - SignedDuration::from_mins(age);
    let at = |percent: i64| {
        opened + SignedDuration::from_mins(age * percent / 100).min(SignedDuration::from_hours(30 * percent / 100 + 1))
    };
    let agent = if group == "network" { "ben" } else { "ada" };
    let channel = ["portal", "phone", "mail"][index % 3];
    let fields = json!({ "impact": impact, "urgency": urgency, "category": category, "channel": channel,
        "description": format!("{title}. It began today, and I have restarted everything that I can restart.") });
    let create = Effect::CreateTicket(Box::new(CreateTicket {
        kind: KindId::from("incident"),
        space: SpaceId::from("it"),
        title: title.to_owned(),
        requester: Some(id(requester)),
        group: Some(GroupId::from(group)),
        assignee: None,
        parent: None,
        restricted: false,
        fields: fields.as_object().cloned().unwrap_or_default(),
        imported: None,
    }));
    let step = |percent: i64, who, effects| Step { at: at(percent), who, ticket: index, effects };
    let mut steps = vec![Step { at: opened, who: "ada", ticket: index, effects: vec![create] }];
    if matches!(course, Course::Waiting) {
        return steps;
    }
    if matches!(course, Course::Cancelled) {
        let sorry = comment(Visibility::Public, "It works again, please forget this.");
        steps.push(step(20, requester, vec![sorry, transition("cancelled")]));
        return steps;
    }
    let mine = Effect::Assign(Assign { ticket: None, group: Patch::Keep, assignee: Patch::Set(id(agent)) });
    steps.push(step(
        if matches!(course, Course::Overdue) { 90 } else { 10 },
        agent,
        vec![mine, transition("in-progress")],
    ));
    if !matches!(course, Course::Overdue) {
        steps.push(step(15, agent, vec![comment(Visibility::Public, "Thank you, I am looking into it.")]));
    }
    match course {
        Course::Held => {
            let ask = comment(Visibility::Public, "Could you send me a picture of the message?");
            steps.push(step(
                40,
                agent,
                vec![set("pending-reason", json!("awaiting-caller")), ask, transition("on-hold")],
            ));
        }
        Course::Resolved | Course::Closed => {
            steps.push(step(
                45,
                agent,
                vec![comment(Visibility::Internal, "The same cause as last week; the fix of then helps.")],
            ));
            let notes = set("close-notes", json!("The setting was wrong; it is right now and tested together."));
            steps.push(step(60, agent, vec![set("close-code", json!("Solved")), notes, transition("resolved")]));
            if matches!(course, Course::Closed) {
                steps.push(step(80, requester, vec![transition("closed")]));
            }
        }
        _ => {}
    }
    steps
}

/// A major incident with children: what happens when a core switch fails.
fn family(steps: &mut Vec<Step>, now: Timestamp) {
    let at = |minutes| now - SignedDuration::from_mins(minutes);
    let create = |title: &str, requester: &str| {
        Effect::CreateTicket(Box::new(CreateTicket {
            kind: KindId::from("incident"),
            space: SpaceId::from("it"),
            title: title.to_owned(),
            requester: Some(id(requester)),
            group: Some(GroupId::from("network")),
            assignee: None,
            parent: None,
            restricted: false,
            fields:
                json!({ "impact": 1, "urgency": 1, "category": "network", "channel": "phone", "description": title })
                    .as_object()
                    .cloned()
                    .unwrap_or_default(),
            imported: None,
        }))
    };
    let parent = COUNT;
    steps.push(Step {
        at: at(95),
        who: "ada",
        ticket: parent,
        effects: vec![create("Nothing works on floor 1 and floor 2", "ada")],
    });
    for (offset, (requester, title)) in
        [("paul", "No network at my desk"), ("ines", "ERP cannot be reached"), ("sara", "Telephone is dead")]
            .into_iter()
            .enumerate()
    {
        let minutes = 80 - offset as i64 * 5;
        let child = parent + 1 + offset;
        steps.push(Step { at: at(minutes), who: "ada", ticket: child, effects: vec![create(title, requester)] });
        let under = Effect::SetParent(SetParent { ticket: None, parent: Some(TicketId(format!("@recent-{parent}"))) });
        steps.push(Step { at: at(minutes - 3), who: "ada", ticket: child, effects: vec![under] });
    }
    let mine = Effect::Assign(Assign { ticket: None, group: Patch::Keep, assignee: Patch::Set(id("ben")) });
    let note = comment(Visibility::Internal, "core-switch-1 restarts in a loop. The spare part is on its way.");
    steps.push(Step {
        at: at(60),
        who: "ben",
        ticket: parent,
        effects: vec![mine, set("major", json!(true)), transition("in-progress"), note],
    });
}

/// An incident that only those named may see.
fn secret(steps: &mut Vec<Step>, now: Timestamp) {
    let ticket = COUNT + 10;
    let create = Effect::CreateTicket(Box::new(CreateTicket {
        kind: KindId::from("incident"),
        space: SpaceId::from("it"),
        title: "Mailbox of a former colleague was opened by somebody".to_owned(),
        requester: Some(id("mona")),
        group: Some(GroupId::from("service-desk")),
        assignee: Some(id("ada")),
        parent: None,
        restricted: true,
        fields: json!({ "impact": 2, "urgency": 1, "category": "security", "channel": "phone" })
            .as_object()
            .cloned()
            .unwrap_or_default(),
        imported: None,
    }));
    let at = now - SignedDuration::from_mins(300);
    steps.push(Step { at, who: "mona", ticket, effects: vec![create] });
    let access = Effect::SetAccess(SetAccess {
        ticket: None,
        people: vec![id("ada"), id("mona")],
        groups: Vec::new(),
        because: None,
    });
    steps.push(Step {
        at: at + SignedDuration::from_mins(10),
        who: "ada",
        ticket,
        effects: vec![access, transition("in-progress")],
    });
}

fn set(field: &str, value: Value) -> Effect {
    Effect::SetField(SetField { ticket: None, field: field.to_owned(), value })
}

fn transition(to: &str) -> Effect {
    Effect::Transition(Transition { ticket: None, to: to.to_owned() })
}

fn comment(visibility: Visibility, body: &str) -> Effect {
    Effect::Comment(AddComment { ticket: None, visibility, body: body.to_owned() })
}

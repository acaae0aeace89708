//! What the practices keep: articles in their versions, assets and what covers them, budgets and statements, windows and a freeze, rotas,
//! stakeholders and what was agreed with them.

use super::super::people::id;
use super::super::stage::{Act, Script, Step, record, ticket};
use super::{Calendar, hours, minutes};
use domain::Effect;
use domain::effect::{UpsertCi, UpsertRecord};
use domain::{CiId, SpaceId};
use jiff::Timestamp;
use serde_json::{Value, json};

/// Title, group, text.
const ARTICLES: [(&str, &str, &str); 8] = [
    ("Mail with large attachments", "apps", "Put the file into the shared folder and send the link."),
    ("Book a meeting room", "service-desk", "Open *Calendar*, choose *Room*, and invite it."),
    ("Use the second screen", "workplace", "Press the key with the two rectangles until the picture is right."),
    ("Order a laptop", "service-desk", "In the portal, choose *Something new*; your manager is asked by itself."),
    (
        "What phishing looks like",
        "security",
        "Look at the address, never at the name. Forward it to the security team.",
    ),
    ("Travel expenses step by step", "apps", "1. Open the application.\n2. Choose the trip.\n3. Add the receipts."),
    ("Radio in the meeting rooms", "network", "Choose *Office*; the guest network is for guests."),
    ("Label printer in the warehouse", "workplace", "Open the lid, turn the roll, close the lid. Then press *Feed*."),
];

const COST_CENTRES: [(&str, i64); 6] = [
    ("sales", 18_000_000),
    ("production", 42_000_000),
    ("marketing", 9_500_000),
    ("finance", 6_000_000),
    ("hr", 7_200_000),
    ("facilities", 15_000_000),
];

pub(super) fn write(calendar: &Calendar, script: &mut Script) {
    articles(calendar, script);
    assets(calendar, script);
    money(calendar, script);
    windows(calendar, script);
    duty(calendar, script);
    relations(calendar, script);
    items(calendar, script);
}

/// From its draft to its readers: submitted by its owner, approved and published by the manager.
pub(super) fn publish(script: &mut Script, name: &str, article: &UpsertRecord, (owner, at): (&'static str, Timestamp)) {
    let checked = json!({ "checklist": ["solves-it", "easy-to-find", "well-written"] });
    script.amend(at + hours(1), owner, name, article, (Some("review"), json!({})));
    script.amend(at + hours(2), "mona", name, article, (Some("scheduled"), checked));
    script.amend(at + hours(3), "mona", name, article, (Some("published"), json!({})));
}

fn articles(calendar: &Calendar, script: &mut Script) {
    for (number, (title, group, body)) in ARTICLES.into_iter().enumerate() {
        let owner = ["ada", "rosa", "cem", "noor"][number % 4];
        let name = format!("kb-{number}");
        let at = calendar.at(calendar.days - 1 - i64::try_from(number).expect("a few") % 5, 10, 0);
        let valid = calendar.date(-120 - 20 * i64::try_from(number).expect("a few"));
        let article = record(
            "article",
            "it",
            title,
            json!({ "body": body, "group": group, "audience": "public", "owner": id(owner), "valid_to": valid }),
        );
        script.file(at, owner, &name, article.clone());
        publish(script, &name, &article, (owner, at));
    }
    if calendar.days < super::WHOLE_DAYS {
        return;
    }
    // One was wrong after a while: somebody said so, and its next version took its place.
    let day = calendar.workday(45);
    let fields = json!({ "article": "@kb-4", "rating": 1, "reason": "incomplete", "remark": "Forward it where?" });
    script.open(calendar.at(day, 11, 0), "yuki", "bad-rating", ticket("article-feedback", "it", ARTICLES[4].0, fields));
    let next = record(
        "article",
        "it",
        ARTICLES[4].0,
        json!({ "body": "Look at the address, never at the name. Forward it to security@example.com.", "group": "security", "audience": "public",
            "owner": id("noor"), "former": "@kb-4" }),
    );
    let at = calendar.at(day - 2, 10, 0);
    script.file(at, "noor", "kb-4b", next.clone());
    publish(script, "kb-4b", &next, ("noor", at));
    let done =
        vec![super::super::stage::set("outcome", json!("article-changed")), super::super::stage::transition("done")];
    script.act(at + hours(4), "elif", "bad-rating", done);
    for (number, (person, rating)) in [("kim", 5), ("anton", 4), ("bela", 5)].into_iter().enumerate() {
        let day = calendar.workday(40 - 7 * i64::try_from(number).expect("three"));
        let fields = json!({ "article": format!("@kb-{number}"), "rating": rating });
        let name = format!("good-rating-{number}");
        script.open(
            calendar.at(day, 13, 0),
            person,
            &name,
            ticket("article-feedback", "it", ARTICLES[number].0, fields),
        );
    }
}

fn assets(calendar: &Calendar, script: &mut Script) {
    let people = [
        "erin", "paul", "ines", "tom", "yuki", "sara", "jonas", "liam", "fatou", "anton", "bela", "kim", "olga",
        "frank",
    ];
    for (number, person) in people.into_iter().enumerate() {
        let name = format!("asset-{number}");
        let at = calendar.at(calendar.days - 1, 11, i64::try_from(number).expect("a few"));
        let asset = record(
            "asset",
            "it",
            &format!("Laptop of {person}"),
            json!({ "class": "laptop", "ci": format!("@ci:laptop-{person}"), "serial": format!("WF-L{number:03}"), "cost_cents": 118_000 + 1_000 * number,
                "life_months": 36, "in_service": calendar.date(300 + 20 * i64::try_from(number).expect("a few")) }),
        );
        script.file(at, "mona", &name, asset.clone());
        script.amend(at + minutes(20), "cem", &name, &asset, (Some("in-stock"), json!({})));
        script.amend(at + minutes(40), "cem", &name, &asset, (Some("in-use"), json!({ "user": id(person) })));
        let later = calendar.at(calendar.workday(30 + i64::try_from(number).expect("a few")), 14, 0);
        match number {
            _ if calendar.days < super::WHOLE_DAYS => {}
            3 => script.amend(later, "cem", &name, &asset, (Some("in-maintenance"), json!({}))),
            5 => script.amend(later, "cem", &name, &asset, (Some("missing"), json!({}))),
            9 => {
                script.amend(later, "cem", &name, &asset, (Some("in-stock"), json!({})));
                let sold = (Some("retired"), json!({ "retired_because": "sold" }));
                script.amend(later + hours(2), "mona", &name, &asset, sold);
            }
            _ => {}
        }
    }
    let at = calendar.at(calendar.days - 1, 13, 0);
    for (number, (title, vendor, from, to, renewal, cents)) in [
        ("Leased lines", "Northern Cables Ltd", -200, 165, "tacit", 4_800_000),
        ("Support of the hosts", "Iron Works", -335, 30, "express", 2_150_000),
        ("Cleaning", "Bright Rooms", -100, -20, "tacit", 3_600_000),
        ("Security patrols", "Night Watch", -330, 35, "tacit", 1_900_000),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("contract-{number}");
        let contract = record(
            "contract",
            "it",
            title,
            json!({ "vendor": vendor, "start": calendar.date(-from), "end": calendar.date(-to), "renewal": renewal, "term_months": 12,
                "notice_days": 60, "owner": id("mona"), "cost_cents": cents, "cost_centre": "it" }),
        );
        script.file(at, "mona", &name, contract.clone());
        script.amend(at + minutes(5), "mona", &name, &contract, (Some("approved"), json!({})));
    }
    for (number, (title, purchased, installed)) in
        [("Drawing software", 5_usize, 4_usize), ("Database engine", 12, 12), ("Text recognition", 2, 3)]
            .into_iter()
            .enumerate()
    {
        let installations: Vec<Value> =
            people.iter().take(installed).map(|person| json!({ "user": id(person) })).collect();
        let fields =
            json!({ "product": title, "metric": "user", "purchased": purchased, "installations": installations });
        script.file(at + minutes(10), "mona", &format!("licence-{number}"), record("licence", "it", title, fields));
    }
}

fn money(calendar: &Calendar, script: &mut Script) {
    let at = calendar.at(calendar.days - 1, 15, 0);
    let looked_again = calendar.at((calendar.days - 2).clamp(0, 20), 9, 0);
    let year = calendar.date(0)[..4].to_owned();
    for (place, (cost_centre, cents)) in COST_CENTRES.into_iter().enumerate() {
        let title = format!("{cost_centre}, {year}");
        let name = format!("budget-{cost_centre}");
        let budget = record(
            "budget",
            "it",
            &title,
            json!({ "cost_centre": cost_centre, "period": year, "amount_cents": cents }),
        );
        script.file(at, "mona", &name, budget.clone());
        let expected = cents / 100 * (80 + 7 * i64::try_from(place).expect("six"));
        script.amend(looked_again, "mona", &name, &budget, (None, json!({ "forecast_cents": expected })));
    }
    for month in 1..=calendar.days / 30 {
        let day = calendar.workday(month * 30 - 5);
        let period = calendar.date(month * 30)[..7].to_owned();
        for (place, department) in ["sales", "production"].into_iter().enumerate() {
            let name = format!("statement-{department}-{month}");
            let weight = i64::try_from(place + 2).expect("two of them");
            let lines = json!([
                { "what": "Workplaces", "cents": 412_350 * weight }, { "what": "Mail and files", "cents": 98_071 * weight },
                { "what": "Help of the service desk", "cents": 55_519 * weight + month * 311 },
            ]);
            let fields = json!({ "recipient": department, "period": period, "type": "showback", "lines": lines });
            let statement = record("statement", "it", &format!("IT for {department}, {period}"), fields);
            script.file(calendar.at(day, 9, 0), "mona", &name, statement.clone());
            script.amend(calendar.at(day, 16, 0), "mona", &name, &statement, (Some("issued"), json!({})));
        }
    }
}

fn windows(calendar: &Calendar, script: &mut Script) {
    let at = calendar.at(calendar.days - 1, 16, 0);
    let span = |from: i64, to: i64| json!({ "start": calendar.at(-from, 18, 0), "end": calendar.at(-to, 6, 0) });
    for (name, title, kind, when) in [
        ("freeze", "End of the quarter", "freeze", span(-12, -10)),
        ("blackout", "Inventory of the warehouse", "blackout", span(6, 8)),
        ("weekend", "Weekend of the databases", "maintenance", span(11, 13)),
    ] {
        let mut fields = json!({ "type": kind, "start": when["start"], "end": when["end"] });
        if name == "freeze" {
            // Long over and only for one site, so that no change of this history was in its way.
            fields["sites"] = json!(["Lisbon"]);
        }
        if name == "weekend" {
            fields["classes"] = json!(["database"]);
        }
        script.file(at, "mona", &format!("window-{name}"), record("change-window", "it", title, fields));
    }
}

fn duty(calendar: &Calendar, script: &mut Script) {
    let at = calendar.at(calendar.days - 1, 17, 0);
    for (name, group, members) in
        [("rota-network", "network", ["ben", "rosa"]), ("rota-apps", "apps", ["dario", "rosa"])]
    {
        let fields =
            json!({ "group": group, "members": members.map(id), "since": at, "calendar": "hand-overs", "minutes": 10 });
        let rota = record("on-call-rota", "it", &format!("Duty of {group}"), fields);
        script.file(at, "mona", name, rota.clone());
        script.amend(at + minutes(5), "mona", name, &rota, (Some("active"), json!({})));
    }
    let stand_in = json!({ "rota": "@rota-network", "person": id("rosa"), "instead_of": id("ben"), "from": calendar.at(-3, 9, 0),
        "until": calendar.at(-5, 9, 0), "reason": "A wedding." });
    script.file(calendar.at(9, 9, 0), "ben", "stand-in", record("on-call-stand-in", "it", "Rosa for Ben", stand_in));
}

fn relations(calendar: &Calendar, script: &mut Script) {
    let at = calendar.at(calendar.days - 2, 9, 0);
    for (name, title, role, person, scores) in [
        ("sales", "Sales", "user", "vera", [3, 4, 4]),
        ("production", "Production", "user", "jonas", [4, 3, 2]),
        ("board", "Management", "sponsor", "dora", [4, 4, 5]),
    ] {
        let stakeholder = format!("stakeholder-{name}");
        let fields =
            json!({ "person": id(person), "role": role, "interest": "That work goes on.", "influence": "high" });
        let made = record("stakeholder", "it", title, fields);
        script.file(at, "mona", &stakeholder, made.clone());
        for (month, score) in scores.into_iter().enumerate() {
            let ago = calendar.days - 10 - 28 * i64::try_from(month).expect("three");
            if ago <= super::RECENT_DAYS {
                continue;
            }
            let day = calendar.workday(ago);
            let review = format!("review-{name}-{month}");
            let agreed = json!({ "stakeholder": format!("@{stakeholder}"), "held_on": calendar.date(day),
                "minutes": "Looked at the reports together.", "actions": [{ "what": "Say earlier when something is late", "who": "ada", "done": month < 2 }] });
            let record = record("service-review", "it", &format!("Service review with {title}"), agreed);
            script.file(calendar.at(day, 10, 0), "mona", &review, record.clone());
            script.amend(calendar.at(day, 11, 0), "mona", &review, &record, (Some("held"), json!({})));
            script.amend(
                calendar.at(day, 12, 0),
                "mona",
                &stakeholder,
                &made,
                (None, json!({ "satisfaction": score })),
            );
        }
    }
    for (number, (person, kind, title)) in [
        ("vera", "compliment", "The laptop for the fair was there in a day"),
        ("jonas", "complaint", "Terminals stood still for a morning"),
        ("olga", "compliment", "Noor stayed until it worked"),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("word-{number}");
        let day = calendar.workday((calendar.days - 61).max(9) - i64::try_from(number).expect("three"));
        script.open(calendar.at(day, 15, 0), person, &name, ticket("feedback", "it", title, json!({ "type": kind })));
        let thanks = super::super::stage::say(domain::ticket::Visibility::Public, "Thank you for telling us.");
        let answered = vec![thanks, super::super::stage::transition("answered")];
        script.act(calendar.at(day - 1, 9, 0), "mona", &name, answered);
    }
}

/// Items change, and what they were stays known; a baseline was taken before.
fn items(calendar: &Calendar, script: &mut Script) {
    let at = calendar.at(calendar.days - 2, 12, 0);
    let baseline = record("baseline", "it", "ERP before the move", json!({ "ci": "@ci:ERP" }));
    script.file(at, "mona", "baseline", baseline);
    for (name, class, space, days, attributes) in [
        ("web-shop-vm", "virtual-machine", "it", 66, json!({ "location": "Berlin", "memory_gib": 64 })),
        ("payroll-vm", "virtual-machine", "hr", 56, json!({ "location": "Berlin", "memory_gib": 32, "owner": "hr" })),
        ("wiki-db", "database", "it", 33, json!({ "location": "Berlin", "version": "7.2" })),
        ("lis-printer-1", "printer", "it", 24, json!({ "location": "Lisbon", "serial": "WF-99017" })),
    ] {
        if days >= calendar.days {
            continue;
        }
        let change = Effect::UpsertCi(Box::new(UpsertCi {
            ci: Some(CiId(format!("@ci:{name}"))),
            name: name.to_owned(),
            class: class.to_owned(),
            space: SpaceId::from(space),
            attributes: attributes.as_object().cloned().unwrap_or_default(),
            handle: None,
            retire: None,
            revive: false,
        }));
        let who = if space == "hr" { "hana" } else { "dario" };
        let act = Act::Submit { about: None, name: None, effects: vec![change] };
        script.0.push(Step { at: calendar.at(calendar.workday(days), 20, 30), who, act });
    }
}

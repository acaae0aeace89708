//! Departments: a fault with a vendor, a recurring check, a grievance that nobody else sees; and a file for each of those with a story
//! of its own. Every practice works in every space: [`practices`] holds each of them to that.

mod customer_service;
mod finance;
mod procurement;
mod security;

use super::{change_record, change_ticket, file, id, list, open, set, settled, ticket};
use app::{GroupChange, PersonChange, SpaceChange};
use domain::{Actor, PersonId, Role};
use jiff::SignedDuration;
use serde_json::{Value, json};
use weft_tests::app::{Caller, TestApp};

async fn group(app: &TestApp, id: &str, space: &str, members: &[&str]) {
    let members = members.iter().map(|member| PersonId::from(*member)).collect();
    let change = GroupChange { title: id.to_owned(), space: space.into(), members, active: true };
    app.world.app.group_put(&Actor::system(), &id.into(), change).await.expect("a group");
}

/// A department of its own: its space, and who holds which roles there beside asking IT for things. Their manager is mona.
async fn department(app: &TestApp, space: &str, confidential: bool, people: &[(&str, &[Role])]) {
    let system = Actor::system();
    let change = SpaceChange {
        id: space.into(),
        title: space.to_owned(),
        confidential,
        calendar: Some("office-hours".to_owned()),
    };
    app.world.app.space_put(&system, change).await.expect("a space");
    for (login, roles) in people {
        let manager = (*login != "mona").then(|| "mona".into());
        let change = PersonChange {
            login: Some((*login).to_owned()),
            name: Some((*login).to_owned()),
            manager,
            ..PersonChange::default()
        };
        app.world.app.person_put(&system, Some(&(*login).into()), change).await.expect("a person");
        let here = roles.iter().map(|role| (space.into(), *role));
        let all = [("it".into(), Role::Requester)].into_iter().chain(here).collect();
        app.world.app.roles_put(&system, &(*login).into(), all).await.expect("roles");
    }
}

/// Create a ticket in a space.
async fn ask(caller: &Caller, space: &str, kind: &str, title: &str, fields: Value) -> Value {
    let body = json!({ "kind": kind, "space": space, "title": title, "fields": fields });
    caller.post("/tickets", body).await.expect(201).value()
}

/// The codes with which a ticket of a space is not created.
async fn turned_down(caller: &Caller, space: &str, kind: &str, fields: Value) -> Vec<String> {
    let body = json!({ "kind": kind, "space": space, "title": "Not like this", "fields": fields });
    let reply = caller.post("/tickets", body).await;
    assert_eq!(reply.status, 422, "{}", String::from_utf8_lossy(&reply.bytes));
    let errors = reply.value()["errors"].as_array().cloned().unwrap_or_default();
    errors.iter().filter_map(|error| error["code"].as_str().map(str::to_owned)).collect()
}

/// Create a record in a space.
async fn keep(caller: &Caller, space: &str, kind: &str, title: &str, fields: Value) -> Value {
    let body = json!({ "kind": kind, "space": space, "title": title, "fields": fields });
    caller.post("/records", body).await.expect(201).value()
}

/// A target of the space for a kind: minutes of work until the first answer, for tickets that a condition is about.
async fn target(manager: &Caller, space: &str, kind: &str, minutes: u32, matching: Value) {
    let fields = json!({ "type": "sla", "metric": "response", "applies-to": [kind], "scope": "space", "minutes": minutes,
        "counting": "working", "calendar": "office-hours", "match": matching });
    let target = keep(manager, space, "sla-target", "Answer", fields).await;
    change_record(manager, &target, json!({ "state": "active" })).await;
}

/// All practices in the space of a department, as its own people and for them only: catalogue, knowledge, problem and change.
async fn practices(app: &TestApp, space: &str, (requester, agent, manager): (&str, &str, &str)) {
    set(app, "change", json!({ "flows": {} })).await;
    let (asking, working) = (app.caller(requester).await, app.caller(agent).await);
    let managing = app.caller(manager).await;
    let key = format!("{space}-help");
    let item = keep(&managing, space, "catalogue-item", "An hour of help", json!({ "key": key, "price": 10 })).await;
    change_record(&managing, &item, json!({ "state": "published" })).await;
    let order = ask(&asking, space, "request", "Help me", json!({ "item": key })).await;
    assert_eq!(order["fields"]["price"].as_f64(), Some(10.0), "{order}");

    let article =
        keep(&working, space, "article", "How we work", json!({ "body": "Like this.", "audience": "public" })).await;
    change_record(&working, &article, json!({ "state": "review" })).await;
    for state in ["scheduled", "published"] {
        change_record(&managing, &article, json!({ "state": state })).await;
    }
    let problem = ask(&working, space, "problem", "It comes back every month", json!({})).await;
    let window = json!({ "planned_start": "2026-03-07T20:00:00Z", "planned_end": "2026-03-07T22:00:00Z" });
    let change = ask(&working, space, "change", "Work otherwise", window).await;
    assert_eq!((&problem["space"], &change["space"]), (&json!(space), &json!(space)));
    settled(app).await;
    let read = asking.get(&format!("/records/{}", id(&article))).await.expect(200).value();
    assert_eq!(read["fields"]["body"], "Like this.");
    // What a department does is not IT's to see, and whoever asks there does not work there.
    for of_it in [&problem, &change, &order] {
        assert_eq!(app.caller("hana").await.get(&format!("/tickets/{}", id(of_it))).await.status, 404);
        ticket(&managing, of_it).await;
    }
    let body = json!({ "kind": "problem", "space": space, "title": "Mine", "fields": {} });
    assert_ne!(asking.post("/tickets", body).await.status, 201, "a requester opens no problem");
}

#[tokio::test(flavor = "multi_thread")]
async fn esm_facilities_a_vendor_repairs_in_the_hours_of_the_site_and_checks_recur() {
    let app = TestApp::new().await;
    group(&app, "facilities", "it", &["ben"]).await;
    group(&app, "tower", "it", &["ben"]).await;
    let (erin, ben) = (app.caller("erin").await, app.caller("ben").await);
    set(
        &app,
        "facilities",
        json!({ "sites": { "Tower": { "group": "tower", "calendar": "office-hours" } }, "vendor-hours": { "*": 10 } }),
    )
    .await;
    let fault =
        open(&erin, "facility-fault", "The lift is stuck", json!({ "location": "Floor 3", "site": "Tower" })).await;
    assert_eq!(fault["group"], "tower");
    change_ticket(&ben, &fault, json!({ "state": "with-vendor", "fields": { "vendor": "Lifts Ltd" } })).await;
    let clock = app.world.load(&id(&fault).into()).await.clocks[0].clone();
    assert_eq!(clock.due_at.expect("it runs").to_string(), "2026-03-03T11:00:00Z", "seven hours today, three tomorrow");
    change_ticket(&ben, &fault, json!({ "state": "repaired", "fields": { "what_was_done": "Oiled." } })).await;

    let plan = json!({ "ticket_kind": "facility-fault", "ticket_title": "Check the lift", "ticket_fields": { "location": "Tower" },
        "next": "2026-03-03", "unit": "month" });
    file(&ben, "recurring-ticket", "Lift", plan).await;
    app.world.advance(SignedDuration::from_hours(24)).await;
    app.world.advance(SignedDuration::from_hours(48)).await;
    settled(&app).await;
    let ben = app.caller("ben").await;
    let checks = list(&ben, "/tickets?kind=facility-fault").await;
    assert_eq!(checks.iter().filter(|one| one["title"] == "Check the lift").count(), 1);
    app.transcript(
        "department-facilities",
        "Facilities: a fault, a vendor in the hours of the site, and a check that recurs",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn esm_02_esm_03_a_grievance_is_seen_by_those_who_look_into_it_and_by_nobody_else() {
    let app = TestApp::new().await;
    let system = Actor::system();
    for login in ["hugo", "wim"] {
        let change = PersonChange { login: Some(login.into()), name: Some(login.into()), ..PersonChange::default() };
        app.world.app.person_put(&system, Some(&login.into()), change).await.expect("a person");
        let roles = vec![("hr".into(), Role::Agent)];
        app.world.app.roles_put(&system, &login.into(), roles).await.expect("roles");
    }
    let roles = vec![("hr".into(), Role::Requester), ("it".into(), Role::Requester)];
    app.world.app.roles_put(&system, &"erin".into(), roles).await.expect("roles");
    group(&app, "hr-grievances", "hr", &["hana"]).await;
    group(&app, "works-council", "hr", &["wim"]).await;
    let erin = app.caller("erin").await;
    let body = |accused: &str| json!({ "kind": "grievance", "space": "hr", "title": "He shouts", "fields": { "accused": [accused] } });
    let case: Value = erin.post("/tickets", body("hugo")).await.expect(201).value();
    let path = format!("/tickets/{}", id(&case));
    assert_eq!((&case["restricted"], &case["group"]), (&json!(true), &json!("hr-grievances")));

    app.caller("hana").await.get(&path).await.expect(200);
    erin.get(&path).await.expect(200);
    for stranger in ["hugo", "wim", "ada", "max"] {
        let stranger = app.caller(stranger).await;
        assert_eq!(stranger.get(&path).await.status, 404);
        let reply = stranger.get("/tickets?kind=grievance").await;
        assert!(reply.status != 200 || reply.value()["items"] == json!([]), "not even counted");
    }

    let about_the_team: Value = erin.post("/tickets", body("hana")).await.expect(201).value();
    let path = format!("/tickets/{}", id(&about_the_team));
    assert_eq!(about_the_team["group"], "works-council");
    assert_eq!(app.caller("hana").await.get(&path).await.status, 404, "it is about her");
    app.caller("wim").await.get(&path).await.expect(200);
    settled(&app).await;
    app.transcript("department-hr-grievance", "HR: a grievance that nobody else sees").await;
}

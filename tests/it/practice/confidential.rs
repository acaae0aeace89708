//! What must not go and who gets to see what is not theirs: legal holds, erasure, break-glass.

use super::{change_ticket, id, list, refused, settled};
use app::retention::RetentionPolicy;
use app::{GroupChange, PersonChange, SpaceChange};
use domain::{Actor, PersonId, Role, SpaceId};
use jiff::SignedDuration;
use serde_json::{Value, json};
use weft_tests::app::{Caller, TestApp};

const POLICY: RetentionPolicy = RetentionPolicy {
    answers_days: 0,
    sessions_days: 0,
    read_notifications_days: 0,
    notifications_days: 0,
    dead_jobs_days: 0,
    closed_tickets_days: 730,
};

async fn space(app: &TestApp, id: &str) {
    let change = SpaceChange { id: id.into(), title: id.to_owned(), confidential: true, calendar: None };
    app.world.app.space_put(&Actor::system(), change).await.expect("a space");
}

async fn agents(app: &TestApp, space: &str, logins: &[&str]) {
    for login in logins {
        let change =
            PersonChange { login: Some((*login).into()), name: Some((*login).into()), ..PersonChange::default() };
        app.world.app.person_put(&Actor::system(), Some(&(*login).into()), change).await.expect("a person");
        let roles = vec![(SpaceId::from(space), Role::Agent)];
        app.world.app.roles_put(&Actor::system(), &(*login).into(), roles).await.expect("roles");
    }
}

async fn group(app: &TestApp, id: &str, space: &str, members: &[&str]) {
    let members = members.iter().map(|member| PersonId::from(*member)).collect();
    let change = GroupChange { title: id.to_owned(), space: space.into(), members, active: true };
    app.world.app.group_put(&Actor::system(), &id.into(), change).await.expect("a group");
}

/// Rows that go and rows that are held, of closed tickets.
async fn closed_tickets(app: &TestApp) -> (u64, u64) {
    let done = app.world.app.retention_run(POLICY).await.expect("it runs");
    let rule = done.iter().find(|one| one.rule == "closed-tickets").expect("there is such a rule");
    (rule.rows, rule.held)
}

/// Opened by somebody, and cancelled by an agent.
async fn cancelled_incident(app: &TestApp, opener: &str) -> Value {
    let ticket = super::open(&app.caller(opener).await, "incident", "It was nothing", json!({})).await;
    let over = json!({ "state": "cancelled", "comment": { "visibility": "public", "body": "Over." } });
    change_ticket(&app.caller("ada").await, &ticket, over).await
}

#[tokio::test(flavor = "multi_thread")]
async fn esm_02_it_is_explained_why_somebody_sees_a_case_or_does_not() {
    let app = TestApp::new().await;
    let (ada, erin) = (app.caller("ada").await, app.caller("erin").await);
    let told = erin.create_incident("Salary", json!({})).await;
    let check = async |caller: &Caller, person: &str| {
        caller.get(&format!("/access-check?person={person}&ticket={}", told.number)).await
    };
    let of = |told: &Value, action: &str| {
        let one = told["actions"].as_array().expect("a list").iter().find(|one| one["action"] == action);
        let one = one.expect("it is one of the actions").clone();
        (one["allowed"] == true, one["policies"].clone())
    };
    let him = check(&ada, "erin").await.expect(200).value();
    assert_eq!(of(&him, "read"), (true, json!(["opener-is-involved", "requester-is-involved"])));
    assert_eq!(of(&him, "read-internal"), (false, json!([])));
    assert_eq!((&him["facts"], &him["roles"]), (&json!(["requester", "opener"]), &json!(["requester"])));
    let ben = check(&ada, "ben").await.expect(200).value();
    assert_eq!(of(&ben, "read-internal"), (true, json!(["agents-work-in-their-space"])));
    let max = check(&ada, "max").await.expect(200).value();
    assert_eq!(of(&max, "read"), (false, json!([])), "who runs the platform sees nothing because of that");

    // Restricted: agents are out, those who are named are in; and the lists say what the explanation says.
    ada.patch(&format!("/tickets/{}", told.id), json!({ "assignee": "ada" })).await.expect(200);
    ada.patch(&format!("/tickets/{}", told.id), json!({ "restricted": true })).await.expect(200);
    ada.put(&format!("/tickets/{}/access", told.id), json!({ "people": ["otto"], "groups": ["network"] }))
        .await
        .expect(204);
    let mut seen = Vec::new();
    for person in ["erin", "ada", "ben", "mona", "max", "hana", "otto"] {
        let told_of = check(&ada, person).await.expect(200).value();
        let sees = app.caller(person).await.get(&format!("/tickets/{}", told.number)).await.status == 200;
        assert_eq!(of(&told_of, "read").0, sees, "{person}: {told_of}");
        seen.extend(sees.then(|| (person, of(&told_of, "read").1)));
    }
    let named = json!(["named-people-read", "named-staff-work-on-it"]);
    let involved = json!(["opener-is-involved", "requester-is-involved"]);
    let expected = [
        ("erin", involved),
        ("ada", json!(["assignee-works-on-it"])),
        ("ben", named),
        ("otto", json!(["named-people-read"])),
    ];
    assert_eq!(seen, expected);

    // It tells of people: only those who say who sees it are told.
    check(&erin, "ada").await.problem(403);
    check(&app.caller("hana").await, "ada").await.problem(404);
    check(&ada, "nobody").await.problem(404);
    ada.get("/access-check?person=erin").await.problem(400);
}

/// A policy of IT for the group `network`, put into force.
async fn policy(mona: &Caller, title: &str, keeps: &str, when: Value) -> Value {
    let fields = json!({ "ticket_kind": "incident", "when": when, "keeps": keeps, "groups": ["network"] });
    let policy = super::file(mona, "access-policy", title, fields).await;
    super::change_record(mona, &policy, json!({ "state": "active" })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn esm_02_a_policy_says_by_service_and_condition_who_sees_a_case() {
    let app = TestApp::new().await;
    let (erin, ada) = (app.caller("erin").await, app.caller("ada").await);
    let (ben, mona) = (app.caller("ben").await, app.caller("mona").await);
    let seen_by = async |caller: &Caller, ticket: &Value| {
        let one = caller.get(&format!("/tickets/{}", id(ticket))).await.status == 200;
        let listed = list(caller, "/tickets?kind=incident").await.iter().any(|row| row["id"] == ticket["id"]);
        let found = caller.get("/search?text=zanzibar").await.expect(200).value();
        let hit = found["tickets"].as_array().is_some_and(|rows| rows.iter().any(|row| row["id"] == ticket["id"]));
        assert!(one == listed && listed == hit, "one way says {one}, the list {listed}, the search {hit}");
        one
    };
    let fields = |category: &str| json!({ "category": category });
    let before = super::open(&erin, "incident", "Zanzibar, before", fields("payroll")).await;
    assert!(seen_by(&ada, &before).await);

    // What is open when it comes into force is restricted too, and what is opened later; the rest stays as it is.
    let rule = policy(&mona, "Payroll", "read", json!({ "category": ["payroll", "pensions"] })).await;
    settled(&app).await;
    let later = super::open(&erin, "incident", "Zanzibar, later", fields("pensions")).await;
    let other = super::open(&erin, "incident", "Zanzibar, other", fields("printing")).await;
    for restricted in [&before, &later] {
        for (caller, sees) in [(&erin, true), (&ben, true), (&ada, false), (&mona, false)] {
            assert_eq!(seen_by(caller, restricted).await, sees, "{}", restricted["title"]);
        }
        assert_eq!(app.caller("max").await.get(&format!("/tickets/{}", id(restricted))).await.status, 404);
    }
    assert!(seen_by(&ada, &other).await);
    let total = ada.get("/search?text=zanzibar").await.expect(200).value()["tickets_total"].clone();
    assert_eq!(total, 1, "not even counted");
    let said = list(&ben, &format!("/tickets/{}/comments", id(&before))).await;
    let name = format!("the policy {} \"Payroll\"", rule["number"].as_str().expect("a number"));
    assert!(said.iter().any(|one| one["body"] == json!(format!("Restricted by {name}."))), "{said:?}");
    let told = ben.get(&format!("/access-check?person=ada&ticket={}", id(&before))).await.expect(200).value();
    assert_eq!(told["restricted_because"], json!(name), "who is told why ada does not see it is told the policy");

    // Who becomes one of it by a change is restricted then; nobody opens it while the policy holds.
    change_ticket(&ada, &other, json!({ "fields": { "category": "payroll" } })).await;
    assert!(!seen_by(&ada, &other).await);
    let path = format!("/tickets/{}", id(&before));
    assert_eq!(refused(&ben, &path, json!({ "restricted": false })).await, ["restricted-by-policy"]);
    super::change_record(&mona, &rule, json!({ "state": "retired" })).await;
    ben.patch(&path, json!({ "restricted": false })).await.expect(200);
    assert!(seen_by(&ada, &before).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn esm_02_a_policy_says_who_changes_a_case_and_who_only_reads_it() {
    let app = TestApp::new().await;
    let (ada, ben, mona) = (app.caller("ada").await, app.caller("ben").await, app.caller("mona").await);
    policy(&mona, "Core", "write", json!({ "category": "core" })).await;
    policy(&mona, "Evidence", "lock", json!({ "category": "evidence" })).await;
    let comment = json!({ "comment": { "visibility": "internal", "body": "Is somebody there?" } });
    for (category, talks) in [("core", true), ("evidence", false)] {
        let case = super::open(&ada, "incident", "A case", json!({ "category": category })).await;
        let path = format!("/tickets/{}", id(&case));
        ada.get(&path).await.expect(200);
        for change in [
            json!({ "fields": { "impact": 1 } }),
            json!({ "fields": { "category": "mine" } }),
            json!({ "assignee": "ada" }),
        ] {
            assert_eq!(refused(&ada, &path, change).await, ["kept-by-policy"], "{category}");
        }
        let reply = ada.patch(&path, comment.clone()).await;
        assert_eq!(reply.status == 200, talks, "{category}: {}", String::from_utf8_lossy(&reply.bytes));
        ben.patch(&path, comment.clone()).await.expect(200);
        change_ticket(&ben, &case, json!({ "fields": { "impact": 1 } })).await;
    }
    // What cannot be meant is told at once, with the place.
    let fields =
        json!({ "ticket_kind": "incident", "when": { "colour": "red", "category": [] }, "groups": ["nobody-here"] });
    let body = json!({ "kind": "access-policy", "space": "it", "title": "Wrong", "fields": fields });
    let problem = mona.post("/records", body).await.problem(422);
    let mut codes: Vec<&str> = problem.errors.iter().map(|error| error.code.as_str()).collect();
    codes.sort_unstable();
    assert_eq!(codes, ["never-true", "nobody", "unknown-field"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn esm_04_what_is_held_is_neither_archived_nor_erased_until_legal_releases_it() {
    let app = TestApp::new().await;
    space(&app, "legal").await;
    agents(&app, "legal", &["lena"]).await;
    cancelled_incident(&app, "erin").await;
    let named = cancelled_incident(&app, "ada").await;
    cancelled_incident(&app, "ada").await;
    let ada = app.caller("ada").await;

    let lena = app.caller("lena").await;
    let body = json!({ "kind": "legal-hold", "space": "legal", "title": "7 O 12/26",
        "fields": { "people": ["erin"], "tickets": [named["number"]], "reason": "Proceedings." } });
    assert_eq!(ada.post("/records", body.clone()).await.status, 403, "legal holds");
    let hold: Value = lena.post("/records", body).await.expect(201).value();
    let path = format!("/records/{}", id(&hold));
    lena.patch(&path, json!({ "state": "active" })).await.expect(200);

    app.world.clock.advance(SignedDuration::from_hours(24 * 731));
    assert_eq!(closed_tickets(&app).await, (1, 2), "only what nobody holds is archived");
    let (max, lena) = (app.caller("max").await, app.caller("lena").await);
    let kept = max.post("/people/erin/erasure", Value::Null).await;
    let kept = kept.problem(422);
    assert!(kept.errors[0].message.contains(hold["number"].as_str().expect("a number")), "{:?}", kept.errors);
    let told = max.get("/people/erin/erasure").await.expect(200).value();
    assert_eq!(told["held_by"], json!([hold["number"]]), "a dry run says what keeps her");
    let by_max = refused(&max, &path, json!({ "state": "released", "fields": { "released_because": "Done." } })).await;
    assert!(by_max.contains(&"transition-not-yours".to_owned()), "{by_max:?}");
    assert_eq!(refused(&lena, &path, json!({ "fields": { "people": [] } })).await, ["held"]);
    assert_eq!(refused(&lena, &path, json!({ "state": "released" })).await, ["required"]);

    lena.patch(&path, json!({ "state": "released", "fields": { "released_because": "Settled." } })).await.expect(200);
    assert_eq!(closed_tickets(&app).await, (2, 0));
    let erased = max.post("/people/erin/erasure", Value::Null).await.expect(200).value();
    assert_eq!(
        (&erased["name"], &erased["email"], &erased["active"]),
        (&json!("Erased person"), &json!(""), &json!(false))
    );
    max.post("/people/erin/erasure", Value::Null).await.expect(200);
    settled(&app).await;
    app.transcript("department-legal-hold", "Legal: what is held is neither archived nor erased").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn esm_04_what_is_erased_of_a_person_was_never_in_the_journal() {
    let app = TestApp::new().await;
    let max = app.caller("max").await;
    let body = json!({ "login": "quilla.ortega", "name": "Quilla Ortega", "email": "quilla@example.com",
        "attributes": { "badge": "QX-7781" } });
    let quilla = max.post("/people", body).await.expect(201).value();
    let path = format!("/people/{}", id(&quilla));
    max.patch(&path, json!({ "login": "quilla.vega", "name": "Quilla Vega" })).await.expect(200);
    max.put(&format!("{path}/roles"), json!({ "roles": [{ "space": "it", "role": "agent" }] })).await.expect(204);

    let would = max.get(&format!("{path}/erasure")).await.expect(200).value();
    assert_eq!(would["held_by"], json!([]));
    let goes = would["goes"].as_array().cloned().unwrap_or_default();
    for what in ["login", "name", "email", "attributes", "roles"] {
        assert!(goes.contains(&json!(what)), "{what} of {goes:?}");
    }
    assert_eq!(max.get(&path).await.expect(200).value()["name"], "Quilla Vega", "a dry run takes nothing");

    max.post(&format!("{path}/erasure"), Value::Null).await.expect(200);
    let store = app.world.app.store();
    let events = store.event_history(&app.world.app.config.org, "person", id(&quilla), 0, 200).await.expect("events");
    let kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["person.created", "person.changed", "person.roles-set", "person.erased"]);
    assert_eq!(events[1].data["set"], json!(["login", "name"]), "what changed is told");
    let written = serde_json::to_string(&events).expect("text").to_lowercase();
    for word in ["quilla", "ortega", "vega", "qx-7781"] {
        assert!(!written.contains(word), "{word} in {written}");
    }
    let would = max.get(&format!("{path}/erasure")).await.expect(200).value();
    assert_eq!(would["goes"], json!([]), "nothing is left to go");
}

async fn grievance(app: &TestApp) -> Value {
    let roles = vec![("hr".into(), Role::Requester), ("it".into(), Role::Requester)];
    app.world.app.roles_put(&Actor::system(), &"erin".into(), roles).await.expect("roles");
    group(app, "hr-grievances", "hr", &["hana"]).await;
    agents(app, "hr", &["lena", "dora"]).await;
    group(app, "confidentiality", "hr", &["lena", "dora"]).await;
    let body = json!({ "kind": "grievance", "space": "hr", "title": "He shouts", "fields": { "accused": ["ben"] } });
    app.caller("erin").await.post("/tickets", body).await.expect(201).value()
}

#[tokio::test(flavor = "multi_thread")]
async fn esm_04_a_class_of_cases_stays_as_long_as_its_kind_says() {
    let app = TestApp::new().await;
    let case = grievance(&app).await;
    let erin = app.caller("erin").await;
    change_ticket(&erin, &case, json!({ "state": "withdrawn" })).await;
    cancelled_incident(&app, "ada").await;
    app.world.clock.advance(SignedDuration::from_hours(24 * 731));
    assert_eq!(closed_tickets(&app).await, (1, 0), "the incident");
    app.world.clock.advance(SignedDuration::from_hours(24 * 731));
    assert_eq!(closed_tickets(&app).await, (1, 0), "the grievance, after four years");
}

#[tokio::test(flavor = "multi_thread")]
async fn esm_02_break_glass_needs_two_people_lasts_a_written_time_and_is_shown_to_the_team() {
    let app = TestApp::new().await;
    let case = grievance(&app).await;
    let path = format!("/tickets/{}", id(&case));
    let (max, hana) = (app.caller("max").await, app.caller("hana").await);
    let ask = |number: &Value| {
        json!({ "kind": "break-glass", "space": "hr", "title": "The court asks",
            "fields": { "case": number, "reason": "The court asks for the file by noon.", "hours": 4 } })
    };
    assert_eq!(hana.post("/tickets", ask(&case["number"])).await.status, 422, "she sees it already");
    let request: Value = max.post("/tickets", ask(&case["number"])).await.expect(201).value();
    let request_path = format!("/tickets/{}", id(&request));
    assert_eq!((&request["restricted"], &request["group"]), (&json!(true), &json!("confidentiality")));
    assert_eq!(app.caller("ada").await.get(&request_path).await.status, 404, "those who decide and nobody else");

    let (lena, dora) = (app.caller("lena").await, app.caller("dora").await);
    change_ticket(&lena, &request, json!({ "state": "seconded" })).await;
    assert_eq!(refused(&lena, &request_path, json!({ "state": "granted" })).await, ["two-people"]);
    settled(&app).await;
    assert_eq!(max.get(&path).await.status, 404, "one is not enough");
    let granted = change_ticket(&dora, &request, json!({ "state": "granted" })).await;
    assert_eq!(granted["fields"]["until"], "2026-03-02T13:00:00Z", "{granted}");
    settled(&app).await;
    max.get(&path).await.expect(200);
    let comments = list(&hana, &format!("{path}/comments")).await;
    let told = comments.iter().find_map(|one| one["body"].as_str().filter(|body| body.contains("max may see")));
    assert!(
        told.is_some_and(|told| told.contains("lena") && told.contains("dora") && told.contains("The court")),
        "{comments:?}"
    );
    let hears = list(&hana, "/notifications").await;
    assert!(
        hears.iter().any(|one| one["subject"].as_str().is_some_and(|text| text.ends_with("break-glass"))),
        "{hears:?}"
    );

    app.world.advance(SignedDuration::from_hours(4)).await;
    settled(&app).await;
    assert_eq!(max.get(&path).await.status, 404, "its time is over");
    assert_eq!(max.get(&request_path).await.expect(200).value()["state"], "ended");
    let kinds = |entries: Vec<Value>| entries.iter().filter(|one| one["kind"] == "ticket.access-set").count();
    assert_eq!(kinds(list(&hana, &format!("{path}/timeline")).await), 3, "given to the team, opened, closed again");
    app.transcript("break-glass", "Break-glass: two people, a reason, a written time, and the team is told").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn esm_03_a_request_for_a_case_that_is_not_there_looks_the_same_until_two_people_approved() {
    let app = TestApp::new().await;
    grievance(&app).await;
    let max = app.caller("max").await;
    let body = json!({ "kind": "break-glass", "space": "hr", "title": "The court asks",
        "fields": { "case": "GRV999999", "reason": "The court asks for the file by noon." } });
    let request: Value = max.post("/tickets", body).await.expect(201).value();
    change_ticket(&app.caller("lena").await, &request, json!({ "state": "seconded" })).await;
    assert_eq!(max.get(&format!("/tickets/{}", id(&request))).await.expect(200).value()["state"], "seconded");
    change_ticket(&app.caller("dora").await, &request, json!({ "state": "granted" })).await;
    settled(&app).await;
    assert_eq!(max.get(&format!("/tickets/{}", id(&request))).await.expect(200).value()["state"], "ended");
}

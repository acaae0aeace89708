//! Departments: a fault with a vendor, a recurring check, a grievance that nobody else sees.

use super::{change_ticket, file, id, list, open, set, settled};
use app::{GroupChange, PersonChange};
use domain::{Actor, PersonId, Role};
use jiff::SignedDuration;
use serde_json::{Value, json};
use weft_tests::app::TestApp;

async fn group(app: &TestApp, id: &str, space: &str, members: &[&str]) {
    let members = members.iter().map(|member| PersonId::from(*member)).collect();
    let change = GroupChange { title: id.to_owned(), space: space.into(), members, active: true };
    app.world.app.group_put(&Actor::system(), &id.into(), change).await.expect("a group");
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

//! Security: an incident that only those see who work on it, and what has a due day: vulnerabilities, reviews, exceptions.

use super::super::stories::{approve, complete, tasks};
use super::super::{change_record, change_ticket, id, list, refused, set, settled, ticket};
use super::{ask, department, group, keep, practices, turned_down};
use domain::Role::{Agent, Manager, Requester};
use domain::{Actor, Role};
use jiff::SignedDuration;
use serde_json::{Value, json};
use weft_tests::app::TestApp;

const SPACE: &str = "security";
const DAY: i64 = 24;

/// Sia and sol respond, olga works in the space and is none of them, sven leads.
async fn security() -> TestApp {
    let app = TestApp::new().await;
    let (works, asks): (&[Role], &[Role]) = (&[Requester, Agent], &[Requester]);
    let people = [("erin", asks), ("paul", asks), ("sia", works), ("sol", works), ("olga", works), ("dora", asks)];
    department(&app, SPACE, true, &people).await;
    department(&app, SPACE, true, &[("mona", asks), ("sven", &[Requester, Manager])]).await;
    for (id, members) in [("security", &["sia", "sol"][..]), ("security-heads", &["sven"]), ("management", &["dora"])] {
        group(&app, id, SPACE, members).await;
    }
    app
}

/// A rota of the responders that begins with sia.
async fn rota(app: &TestApp) -> Value {
    let minute = json!([["09:00", "09:01"]]);
    let days: serde_json::Map<String, Value> = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
        .map(|day| (day.to_owned(), minute.clone()))
        .into_iter()
        .collect();
    let definition = json!({ "title": "Hand-overs", "zone": "Europe/Berlin", "hours": days });
    app.world.app.calendar_put(&Actor::system(), "hand-overs", &definition).await.expect("a calendar");
    let sven = app.caller("sven").await;
    let fields = json!({ "group": "security", "members": ["sia", "sol"], "since": "2026-03-02T08:30:00Z", "calendar": "hand-overs" });
    let rota = keep(&sven, SPACE, "on-call-rota", "Responders", fields).await;
    change_record(&sven, &rota, json!({ "state": "active" })).await;
    settled(app).await;
    rota
}

#[tokio::test(flavor = "multi_thread")]
async fn esm_01_esm_02_security_an_incident_is_seen_by_those_who_work_on_it_and_calls_whoever_has_duty() {
    let app = security().await;
    let (erin, sia) = (app.caller("erin").await, app.caller("sia").await);
    practices(&app, SPACE, ("erin", "sia", "sven")).await;
    let rota = rota(&app).await;
    set(&app, "security", json!({ "rota": id(&rota) })).await;

    let fields = json!({ "description": "All files end in .locked.", "type": "malware" });
    let case = ask(&erin, SPACE, "security-incident", "My files are gone", fields).await;
    let path = format!("/tickets/{}", id(&case));
    assert_eq!((&case["restricted"], &case["group"]), (&json!(true), &json!("security")));
    for stranger in ["olga", "sven", "paul", "hana", "max", "ada"] {
        let stranger = app.caller(stranger).await;
        assert_eq!(stranger.get(&path).await.status, 404);
        let reply = stranger.get("/tickets?kind=security-incident").await;
        assert!(reply.status != 200 || reply.value()["items"] == json!([]), "not even counted");
    }
    assert_eq!(refused(&sia, &path, json!({ "restricted": false })).await, ["locked"]);
    assert_eq!(refused(&sia, &path, json!({ "state": "containment" })).await, ["illegal-transition"]);
    change_ticket(&sia, &case, json!({ "state": "triage", "assignee": "sia" })).await;
    let bare = refused(&sia, &path, json!({ "state": "containment" })).await;
    assert!(!bare.is_empty(), "how bad it is is said first");
    let major = json!({ "state": "containment", "fields": { "impact": 1, "spread": 1, "personal_data": true, "people": ["olga"] } });
    assert_eq!(change_ticket(&sia, &case, major).await["fields"]["severity"], 1);
    settled(&app).await;
    app.caller("olga").await.get(&path).await.expect(200);
    let pages = list(&sia, "/tickets?kind=page").await;
    assert_eq!((pages.len(), &pages[0]["assignee"]), (1, &json!("sia")), "{pages:?}");
    let title = pages[0]["title"].as_str().expect("a title");
    assert!(title.contains(case["number"].as_str().expect("a number")) && !title.contains("files"), "{title}");
    let told = list(&app.caller("dora").await, "/notifications").await;
    assert!(told.iter().all(|one| !one.to_string().contains("files are gone")), "{told:?}");
    let report = json!({ "report": "yes", "reference": "DPA-1", "reason": "Names and addresses." });
    complete(&app, "sol", "Decide whether to report it", report).await;
    assert_eq!(ticket(&sia, &case).await["fields"]["authority_reference"], "DPA-1");

    for (state, fields) in [
        ("eradication", json!({ "contained_by": "Taken off the network." })),
        ("recovery", json!({ "cause": "A macro; the machine is set up anew." })),
        ("lessons", json!({ "recovered_by": "From the backup of Sunday." })),
        ("closed", json!({ "lessons": "No macros from outside." })),
    ] {
        change_ticket(&sia, &case, json!({ "state": state, "fields": fields })).await;
    }
    settled(&app).await;
    assert_eq!(ticket(&erin, &case).await["state"], "closed");
    app.transcript("department-security", "Security: a major incident that only those see who work on it").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn esm_01_security_a_vulnerability_is_due_by_severity_and_its_clock_knows() {
    let app = security().await;
    let (sia, sol, sven) = (app.caller("sia").await, app.caller("sol").await, app.caller("sven").await);
    let fields = json!({ "type": "ola", "metric": "resolution", "applies-to": ["vulnerability"], "scope": "space", "due-field": "due_at",
        "pause": { "is": { "field": "state", "in": ["excepted"] } } });
    let target = keep(&sven, SPACE, "sla-target", "Fixed in time", fields).await;
    change_record(&sven, &target, json!({ "state": "active" })).await;
    let found = json!({ "asset": "mail-1", "severity": "high", "identifier": "CVE-2026-12345" });
    let hole = ask(&sia, SPACE, "vulnerability", "Mail", found).await;
    assert_eq!(hole["fields"]["due_at"], "2026-04-01T09:00:00Z", "thirty days");
    let path = format!("/tickets/{}", id(&hole));
    let exploited = change_ticket(&sia, &hole, json!({ "fields": { "exploited": true } })).await;
    assert_eq!(exploited["fields"]["due_at"], "2026-03-09T09:00:00Z", "seven");
    assert_eq!(
        turned_down(&sia, SPACE, "vulnerability", json!({ "asset": "x", "found_at": "2026-06-01T00:00:00Z" })).await,
        ["in-future"]
    );

    change_ticket(&sia, &hole, json!({ "state": "assessed", "assignee": "sia" })).await;
    let codes = refused(&sia, &path, json!({ "state": "excepted", "fields": { "exception": "EXN9" } })).await;
    assert_eq!(codes, ["not-granted"]);
    change_ticket(&sia, &hole, json!({ "state": "remediation" })).await;
    change_ticket(&sia, &hole, json!({ "state": "fixed", "fields": { "fix": "Version 4.2." } })).await;
    let verified = json!({ "state": "closed", "fields": { "verification": "Scanned again." } });
    assert_eq!(refused(&sia, &path, verified.clone()).await, ["own-fix"]);
    change_ticket(&sol, &hole, verified).await;
    let closed = ticket(&sol, &hole).await;
    let clock = &closed["clocks"][0];
    assert_eq!((&clock["due_at"], &clock["breached_at"]), (&json!("2026-03-09T09:00:00Z"), &Value::Null), "{closed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn esm_01_security_access_is_reviewed_again_and_again_and_nobody_reviews_their_own() {
    let app = security().await;
    let sia = app.caller("sia").await;
    let plan = json!({ "ticket_kind": "access-review", "ticket_title": "Access to payroll", "ticket_fields": { "system": "payroll" },
        "next": "2026-03-03", "every": 3, "unit": "month" });
    keep(&sia, SPACE, "recurring-ticket", "Payroll", plan).await;
    app.world.advance(SignedDuration::from_hours(2 * DAY)).await;
    settled(&app).await;
    let (sia, sol) = (app.caller("sia").await, app.caller("sol").await);
    let made = list(&sia, "/tickets?kind=access-review").await;
    assert_eq!(made.len(), 1, "{made:?}");
    let path = format!("/tickets/{}", id(&made[0]));
    let accounts = |decision: Value, revoked: bool| {
        json!([{ "account": "olga", "access": "admin", "person": "olga", "decision": decision, "revoked": revoked },
            { "account": "sol", "access": "read", "person": "sol", "decision": "keep" }])
    };
    let begun = json!([{ "account": "olga", "access": "admin", "person": "olga" }, { "account": "sol", "access": "read", "person": "sol" }]);
    change_ticket(&sia, &made[0], json!({ "state": "review", "fields": { "reviewer": "sven", "accounts": begun } }))
        .await;
    assert_eq!(refused(&sia, &path, json!({ "state": "revocation" })).await, ["undecided"]);
    let own = json!({ "fields": { "accounts": accounts(json!("revoke"), false) } });
    assert_eq!(refused(&sol, &path, own.clone()).await, ["own-access"]);
    let decided = change_ticket(&sia, &made[0], own).await;
    assert_eq!(decided["fields"]["accounts"][0]["decided_by"], "sia");
    change_ticket(&sia, &made[0], json!({ "state": "revocation" })).await;
    let done = |revoked: bool| json!({ "state": "done", "fields": { "accounts": accounts(json!("revoke"), revoked), "evidence": "Log 7." } });
    assert_eq!(refused(&sia, &path, done(false)).await, ["not-revoked"]);
    assert_eq!(change_ticket(&sia, &made[0], done(true)).await["state"], "done");
}

#[tokio::test(flavor = "multi_thread")]
async fn esm_01_security_an_exception_is_approved_by_its_risk_and_ends_by_itself() {
    let app = security().await;
    let erin = app.caller("erin").await;
    let asked = |until: &str| json!({ "control": "No USB sticks", "reason": "A fair.", "compensation": "Encrypted ones.", "expires_on": until });
    assert_eq!(turned_down(&erin, SPACE, "security-exception", asked("2026-03-01")).await, ["over"]);
    assert_eq!(turned_down(&erin, SPACE, "security-exception", asked("2028-03-01")).await, ["too-long"]);
    let exception = ask(&erin, SPACE, "security-exception", "USB for the fair", asked("2026-03-31")).await;
    settled(&app).await;
    complete(&app, "sia", "Assess the risk", json!({ "risk": "high", "notes": "Customer data." })).await;
    approve(&app, "sven", "Approve the exception").await;
    assert_eq!(ticket(&erin, &exception).await["state"], "approval", "the management has not answered");
    approve(&app, "dora", "Approve the exception").await;
    assert_eq!(ticket(&erin, &exception).await["state"], "granted");
    app.world.advance(SignedDuration::from_hours(29 * DAY)).await;
    settled(&app).await;
    let told = list(&app.caller("erin").await, "/notifications").await;
    assert!(
        told.iter().any(|one| one["subject"].as_str().is_some_and(|text| text.contains("ends in two weeks"))),
        "{told:?}"
    );
    assert_eq!(ticket(&app.caller("erin").await, &exception).await["state"], "granted", "its last day is today");
    app.world.advance(SignedDuration::from_hours(DAY)).await;
    settled(&app).await;
    assert_eq!(ticket(&app.caller("erin").await, &exception).await["state"], "expired");
    assert_eq!(tasks(&app, "sia").await, Vec::<String>::new());
}

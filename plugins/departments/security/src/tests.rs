//! What security refuses, restricts and starts.

use super::*;

fn host() -> FakeHost {
    FakeHost::of_manifest(include_str!("../plugin.toml"))
}

fn sia() -> Context {
    Context::of_person("sia", &["agent"]).at("2026-03-02T09:00:00Z")
}

fn decide(before: Option<&Ticket>, after: Ticket, context: Context, asked: Effects) -> Result<Effects, Rejection> {
    let change = before.map_or_else(|| Change::creating(after.clone()), |before| Change::of(before, after.clone()));
    guard(&host(), &change.asking(asked).within(context))
}

fn codes(before: &Ticket, after: Ticket) -> Vec<String> {
    let refused = decide(Some(before), after, sia(), Effects::new()).expect_err("a refusal");
    refused.issues.into_iter().map(|issue| issue.code).collect()
}

fn case() -> Ticket {
    let ticket = Ticket::new("S1", "security-incident").for_requester("erin").with("description", "A strange mail.");
    Ticket { restricted: true, group: Some("security".into()), ..ticket }
}

#[test]
fn esm_01_esm_02_an_incident_is_restricted_to_the_team_and_those_who_are_named() {
    let reported = Ticket { restricted: false, group: None, ..case() };
    let erin = Context::of_person("erin", &["requester"]);
    let made = decide(None, reported, erin.clone(), Effects::new());
    let restricted = Effects::new().set_field("restricted", true).set_access(&[], &["security"]);
    assert_eq!(made, Ok(restricted.assign_in_group("security", None)));
    assert_eq!(codes(&case(), Ticket { restricted: false, ..case() }), ["locked"]);
    let named = decide(Some(&case()), case().with("people", json!(["olga"])), sia(), Effects::new());
    assert_eq!(named, Ok(Effects::new().set_access(&["olga"], &["security"])));
    let wider = decide(Some(&case()), case(), sia(), Effects::new().set_access(&[], &["everybody"]));
    assert_eq!(wider, Ok(Effects::new().set_access(&[], &["security"])), "the field says who, and nothing else does");
    let sly = decide(Some(&case()), case(), erin, Effects::new().watch(&["paul"]));
    assert_eq!(sly.unwrap_err().codes(), ["not-yours"]);
}

#[test]
fn esm_01_a_major_incident_starts_its_flow_once() {
    let severe = decide(Some(&case()), case().with("impact", 1).with("spread", 2), sia(), Effects::new()).unwrap();
    assert_eq!(severe.kinds(), ["set-field", "set-field", "start-flow"]);
    let known =
        case().with("impact", 1).with("spread", 2).with("severity", 1).with("major_since", "2026-03-01T00:00:00Z");
    let again = decide(Some(&known), known.clone().with("affected", "mail"), sia(), Effects::new());
    assert_eq!(again, Ok(Effects::new()));
    let small = decide(Some(&case()), case().with("impact", 4).with("spread", 4), sia(), Effects::new());
    assert_eq!(small, Ok(Effects::new().set_field("severity", 4)));
}

#[test]
fn esm_01_a_vulnerability_is_due_by_severity_and_verified_by_another() {
    let found = Ticket::new("V1", "vulnerability").with("asset", "mail-1").with("found_at", "2026-03-01T00:00:00Z");
    let due = |ticket: Ticket| decide(Some(&found), ticket, sia(), Effects::new());
    let by = |at: &str| Ok(Effects::new().set_field("due_at", at));
    assert_eq!(due(found.clone().with("severity", "high")), by("2026-03-31T00:00:00Z"));
    assert_eq!(due(found.clone().with("severity", "low").with("exploited", true)), by("2026-03-08T00:00:00Z"));
    let late = found.clone().with("found_at", "2026-04-01T00:00:00Z");
    assert_eq!(codes(&found, late), ["in-future"]);
    let fixed = found.clone().in_state("fixed").assigned("security", Some("sia"));
    assert_eq!(codes(&fixed, fixed.clone().in_state("closed")), ["own-fix"]);
    assert_eq!(codes(&found, found.clone().in_state("excepted").with("exception", "EXN1")), ["not-granted"]);
}

#[test]
fn esm_01_an_access_review_decides_about_every_account_and_nobody_about_their_own() {
    let review = |lines: Value| Ticket::new("A1", "access-review").in_state("review").with("accounts", lines);
    let open = review(
        json!([{ "account": "olga", "access": "admin" }, { "account": "sia", "access": "read", "person": "sia" }]),
    );
    let own = review(json!([{ "account": "olga", "access": "admin", "decision": "revoke", "decided_by": "nobody" },
        { "account": "sia", "access": "read", "person": "sia", "decision": "keep" }]));
    assert_eq!(codes(&open, own), ["own-access"]);
    assert_eq!(codes(&open, open.clone().in_state("revocation")), ["undecided"]);
    let half = review(json!([{ "account": "olga", "access": "admin", "decision": "revoke", "decided_by": "nobody" }]));
    let noted = decide(Some(&open), half.clone(), sia(), Effects::new()).unwrap();
    assert_eq!(noted.iter().next().unwrap().data["value"][0]["decided_by"], json!("sia"), "not whoever is written");
    let done = |revoked: bool| {
        let line = json!([{ "account": "olga", "access": "admin", "decision": "revoke", "decided_by": "sia", "revoked": revoked }]);
        review(line).in_state("done")
    };
    assert_eq!(codes(&done(false).in_state("revocation"), done(false)), ["not-revoked"]);
    assert!(decide(Some(&done(false).in_state("revocation")), done(true), sia(), Effects::new()).is_ok());
}

#[test]
fn esm_01_an_exception_has_an_end_that_is_not_far() {
    let asked = |until: &str| {
        let ticket = Ticket::new("E1", "security-exception").with("control", "No USB").with("expires_on", until);
        decide(None, ticket, sia(), Effects::new())
    };
    assert_eq!(asked("2026-03-02").unwrap_err().codes(), ["over"]);
    assert_eq!(asked("2027-06-01").unwrap_err().codes(), ["too-long"]);
    assert_eq!(asked("2026-06-01").unwrap().kinds(), ["start-flow"]);
}

#[test]
fn flows_and_decisions_are_there() {
    assert!(include_str!("../flows/security-major.bpmn").contains("<bpmn:process id=\"security-major\""));
    assert!(include_str!("../flows/security-exception.bpmn").contains("decisionId=\"exception-approval\""));
}

//! Who decides, when it ends, and what the team of the case is told.

use super::*;

fn host() -> FakeHost {
    FakeHost::of_manifest(include_str!("../plugin.toml")).with_members("confidentiality", &["lena", "dora", "max"])
}

fn request(state: &str) -> Ticket {
    let ticket = Ticket::new("B1", "break-glass").in_state(state).for_requester("max").with("case", "G1");
    Ticket { restricted: true, ..ticket.with("reason", "The court asks for the file today.").with("hours", 4) }
}

fn by(who: &str, before: &Ticket, after: Ticket) -> Result<Effects, Vec<String>> {
    let context = Context::of_person(who, &["agent"]).at("2026-03-02T08:00:00Z");
    let refused = |refusal: Rejection| refusal.issues.into_iter().map(|issue| issue.code).collect();
    guard(&host(), &Change::of(before, after).within(context)).map_err(refused)
}

fn case() -> Ticket {
    Ticket { restricted: true, ..Ticket::new("G1", "grievance").assigned("hr-grievances", Some("hana")) }
}

fn happens(event: &Event, subject: &Ticket, host: &FakeHost) -> Effects {
    let context = Context::of_plugin("break-glass").at("2026-03-02T08:00:00Z");
    react(host, &context, event, Some(subject)).unwrap()
}

#[test]
fn esm_02_a_request_goes_to_those_who_approve_and_to_nobody_else() {
    let asks = |host: &FakeHost, who: &str| {
        let ticket = Ticket { restricted: false, ..request("requested") };
        guard(host, &Change::creating(ticket).within(Context::of_person(who, &["administrator"])))
    };
    assert_eq!(asks(&host(), "max").unwrap().kinds(), ["set-field", "set-access", "assign", "notify"]);
    assert_eq!(asks(&host().with_ticket(case()), "max").unwrap_err().codes(), ["visible"]);
    assert_eq!(asks(&host(), "bo").unwrap_err().codes(), ["for-yourself"]);
}

#[test]
fn esm_02_break_glass_needs_two_other_people() {
    let seconded = |first: &str| request("seconded").with("first_approver", first);
    assert_eq!(
        by("lena", &request("requested"), request("seconded")),
        Ok(Effects::new().set_field("first_approver", "lena"))
    );
    assert_eq!(by("max", &request("requested"), request("seconded")), Err(vec!["self-approval".to_owned()]));
    assert_eq!(by("erin", &request("requested"), request("seconded")), Err(vec!["not-an-approver".to_owned()]));
    let granted = |first: &str| request("granted").with("first_approver", first);
    assert_eq!(by("lena", &seconded("lena"), granted("lena")), Err(vec!["two-people".to_owned()]));
    let until = "2026-03-02T12:00:00Z".parse().unwrap();
    let open = Effects::new().set_field("second_approver", "dora").set_field("until", "2026-03-02T12:00:00Z");
    assert_eq!(by("dora", &seconded("lena"), granted("lena")), Ok(open.schedule(END, until, Value::Null)));
}

#[test]
fn esm_02_what_is_approved_stays_what_it_is() {
    let longer = by("max", &request("seconded"), request("seconded").with("hours", 24).with("case", "G2"));
    assert_eq!(longer, Err(vec!["fixed".to_owned(), "fixed".to_owned()]));
    let opened = by("lena", &request("requested"), Ticket { restricted: false, ..request("requested") });
    assert_eq!(opened, Err(vec!["locked".to_owned()]));
}

#[test]
fn esm_02_the_team_of_the_case_sees_who_came_and_who_went() {
    let granted = request("granted").with("until", "2026-03-02T12:00:00Z").with("first_approver", "lena");
    let host = host().with_ticket(case());
    let came = happens(&Event::state_change("B1", "seconded", "granted"), &granted, &host);
    assert_eq!(came.kinds(), ["change-access", "comment", "notify"]);
    assert!(came.iter().all(|effect| effect.text("ticket") == Some("G1")));
    let told = came.iter().nth(1).unwrap().text("body").unwrap().to_owned();
    assert!(
        told.contains("max") && told.contains("12:00") && told.contains("The court") && told.contains("lena"),
        "{told}"
    );

    assert_eq!(happens(&Event::timer("B1", END, Value::Null), &granted, &host), Effects::new().transition("ended"));
    let went = happens(&Event::state_change("B1", "granted", "ended"), &request("ended"), &host);
    assert_eq!(went.iter().next().unwrap().data["remove"], json!(["max"]));
}

#[test]
fn esm_02_a_late_grant_opens_nothing_and_a_case_that_is_not_there_is_told_after_two_approvals() {
    let late = request("granted").with("until", "2026-03-02T07:00:00Z");
    let granted = Event::state_change("B1", "seconded", "granted");
    assert_eq!(happens(&granted, &late, &host().with_ticket(case())), Effects::new());
    assert_eq!(happens(&granted, &request("granted"), &host()).kinds(), ["comment", "transition"]);
    assert_eq!(happens(&Event::state_change("B1", "granted", "ended"), &request("ended"), &host()), Effects::new());
}

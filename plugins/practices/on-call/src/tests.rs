//! Whose turn it is, who is called, and what an urgent incident does.

use super::*;
use weft_sdk::fake::FakeCalendar;

fn at(text: &str) -> Instant {
    format!("2026-03-{text}:00Z").parse().unwrap()
}

fn rota_record() -> Record {
    let rota = Record::new("R1", ROTA, "active").with("group", "network").with("members", json!(["ana", "bo"]));
    rota.with("since", "2026-03-02T09:00:00Z").with("calendar", "mornings").with("minutes", 5)
}

fn host() -> FakeHost {
    let mornings = FakeCalendar::new(|at| (8 * 3600..8 * 3600 + 60).contains(&at.second_of_day()));
    FakeHost::of_manifest(include_str!("../plugin.toml"))
        .with_calendar("mornings", mornings)
        .with_members("network", &["ana", "bo", "cy"])
        .with_record(rota_record())
}

fn page(state: &str) -> Ticket {
    let page = Ticket::new("P1", "page").in_state(state).with("rota", "R1").with("order", json!(["bo", "ana"]));
    page.with("asked", 1).assigned("network", Some("bo"))
}

#[test]
fn ops_01_a_page_calls_whoever_has_duty() {
    let context = Context { now: at("03T09:00"), ..Context::of_plugin("on-call") };
    let new = Ticket::new("P1", "page").in_state("ringing").with("rota", "R1");
    let effects = guard(&host(), &Change::creating(new.clone()).within(context.clone())).unwrap();
    assert_eq!(effects.kinds(), ["set-field", "assign", "notify", "schedule", "set-field"]);
    assert_eq!(effects.iter().next().unwrap().data["value"], json!(["bo", "ana"]), "the second day is bo's");
    assert_eq!(effects.iter().nth(3).unwrap().text("at"), Some("2026-03-03T09:05:00Z"));

    let instead = Record::new("S1", STAND_IN, "active").with("rota", "R1").with("person", "cy");
    let instead = instead.with("from", "2026-03-03T00:00:00Z").with("until", "2026-03-04T00:00:00Z");
    let effects = guard(&host().with_record(instead), &Change::creating(new).within(context)).unwrap();
    assert_eq!(effects.iter().next().unwrap().data["value"], json!(["cy", "ana"]));
}

#[test]
fn ops_01_the_next_is_called_until_somebody_answers() {
    let fires = |page: Ticket| {
        let context = Context { now: at("03T09:05"), ..Context::of_plugin("on-call") };
        react(&host(), &context, &Event::timer("P1", "ring", Value::Null), Some(&page)).unwrap()
    };
    let next = fires(page("ringing"));
    assert_eq!((next.kinds()[1], next.iter().nth(1).unwrap().text("assignee")), ("assign", Some("ana")));
    assert_eq!(
        fires(page("ringing").with("asked", 2)).kinds(),
        ["comment", "notify", "transition"],
        "everybody was asked"
    );
    assert_eq!(fires(page("acknowledged")), Effects::new());

    let answers = Change::of(&page("ringing"), page("acknowledged")).within(Context::of_person("bo", &["agent"]));
    assert_eq!(
        guard(&host(), &answers),
        Ok(Effects::new().set_field("answered_by", "bo").assign("bo").unschedule("ring"))
    );
}

#[test]
fn ops_01_an_urgent_incident_pages_once() {
    let incident = |priority: i64| Ticket::new("T1", "incident").with("priority", priority).assigned("network", None);
    let happens = |host: &FakeHost, ticket: &Ticket| {
        react(host, &Context::of_plugin("on-call"), &Event::about("ticket.created", "T1", json!({})), Some(ticket))
            .unwrap()
    };
    let paged = happens(&host(), &incident(1));
    assert_eq!(paged.iter().next().unwrap().data["fields"], json!({ "rota": "R1", "about": "T1" }));
    assert_eq!(happens(&host(), &incident(3)), Effects::new());
    assert_eq!(happens(&host(), &incident(1).assigned("legal", None)), Effects::new(), "it has no rota");
    assert_eq!(happens(&host().with_ticket(page("ringing").with("about", "T1")), &incident(1)), Effects::new());
    let secret = Ticket { restricted: true, ..incident(1) };
    assert_eq!(happens(&host(), &secret).iter().next().unwrap().text("title"), Some("#T1"));
}

#[test]
fn ops_01_a_rota_that_cannot_work_is_refused_when_it_is_written() {
    let offer = |rota: Ticket| {
        guard(&host(), &Change::creating(rota.in_state("active"))).map_err(|refusal| refusal.codes().join(" "))
    };
    let good = Ticket::new("R2", ROTA)
        .with("group", "desk")
        .with("members", json!(["ana"]))
        .with("since", "2026-03-02T09:00:00Z");
    let good = good.with("calendar", "mornings");
    assert_eq!(offer(good.clone()), Ok(Effects::new()));
    assert_eq!(offer(good.clone().with("group", "network")), Err("taken".to_owned()));
    assert_eq!(offer(good.with("members", json!(["ana", "zoe"]))), Err("nobody".to_owned()));
    let backwards =
        Ticket::new("S1", STAND_IN).with("rota", "R9").with("person", "cy").with("from", "2026-03-03T00:00:00Z");
    let backwards = backwards.with("until", "2026-03-02T00:00:00Z");
    assert_eq!(guard(&host(), &Change::creating(backwards)).unwrap_err().codes(), ["backwards", "no-rota"]);
}

#[test]
fn ops_01_who_is_on_call_is_a_step_and_the_turns_are_shown() {
    let at_noon = StepCall::new("who", json!({ "group": "network", "at": "2026-03-03T12:00:00Z" }));
    assert_eq!(run(&host(), &at_noon), Ok(Outcome::done(json!({ "order": ["bo", "ana"] }), Effects::new())));
    let mut nightly = StepCall::new("plan", json!({}));
    nightly.context.now = at("02T10:00");
    let Ok(Outcome::Done { outputs, effects }) = run(&host(), &nightly) else { panic!("it is done") };
    let written = &effects.iter().next().unwrap().data["fields"];
    assert_eq!((&outputs["planned"], &written["on_call"]), (&json!(1), &json!("ana")));
    assert_eq!(
        written["plan"][1],
        json!({ "from": "2026-03-03T08:00:00Z", "until": "2026-03-04T08:00:00Z", "person": "bo" })
    );
    let shown = host().with_record(rota_record().with("plan", written["plan"].clone()));
    assert_eq!(run(&shown, &nightly), Ok(Outcome::done(json!({ "planned": 1 }), Effects::new())), "nothing new");
}

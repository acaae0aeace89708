//! A ticket's life at a desk: each step is asked of the guard, and its clocks are kept as the host keeps them.
//!
//! Longer than 600 lines because every requirement of the practice is a story of its own.

use super::*;
use weft_sdk::fake::FakeCalendar;
use weft_sdk::{Ci, Person, Record};

/// A host with the settings of the manifest, an office from 09:00 to 17:00 on weekdays, and these targets in force.
fn host(targets: &[Value]) -> FakeHost {
    let office = |at: Instant| at.weekday() < 5 && (9 * 3600..17 * 3600).contains(&at.second_of_day());
    let host =
        FakeHost::of_manifest(include_str!("../plugin.toml")).with_calendar("office-hours", FakeCalendar::new(office));
    targets.iter().enumerate().fold(host, |host, (index, target)| {
        let mut record = Record::new(&format!("{}", index + 1), "sla-target", "active");
        record.title = target["title"].as_str().unwrap_or("Target").to_owned();
        record.number = format!("SLT{}", index + 1);
        record.fields = target.get("fields").unwrap_or(target).as_object().unwrap().clone();
        record.fields.remove("title");
        host.with_record(record)
    })
}

fn defaults() -> Vec<Value> {
    serde_json::from_str(include_str!("../defaults/sla-targets.json")).unwrap()
}

fn agent() -> Context {
    Context::of_person("ana", &["requester", "agent"])
}

fn customer() -> Context {
    Context::of_person("bo", &["requester"])
}

/// 2026-03-02 is a Monday.
fn at(time: &str) -> String {
    match time.split_once(' ') {
        Some((day, time)) => format!("2026-03-{day}T{time}:00Z"),
        None => format!("2026-03-02T{time}:00Z"),
    }
}

struct Ledger {
    host: FakeHost,
    ticket: Option<Ticket>,
    clocks: Vec<Clock>,
}

impl Ledger {
    fn new(targets: &[Value]) -> Self {
        Self { host: host(targets), ticket: None, clocks: Vec::new() }
    }

    /// Creates a ticket of priority 3 for Bo at 09:00.
    fn opened(targets: &[Value]) -> Self {
        let mut ledger = Self::new(targets);
        ledger.act("09:00", customer(), |ticket| ticket.with("priority", 3), Effects::new());
        ledger
    }

    fn edit(&mut self, time: &str, edit: impl FnOnce(Ticket) -> Ticket) -> Vec<String> {
        self.act(time, agent(), edit, Effects::new())
    }

    fn state(&mut self, time: &str, state: &str) -> Vec<String> {
        self.edit(time, |ticket| ticket.in_state(state))
    }

    fn say(&mut self, time: &str, who: Context) -> Vec<String> {
        self.act(time, who, |ticket| ticket, Effects::new().comment_public("Hello."))
    }

    /// One change; what the guard wants, as `start-clock SLT1`.
    fn act(&mut self, time: &str, who: Context, edit: impl FnOnce(Ticket) -> Ticket, asked: Effects) -> Vec<String> {
        let context = who.at(&at(time));
        let now = context.now;
        let blank = || Ticket { opened_at: now, ..Ticket::new("T1", "incident").for_requester("bo") };
        let mut after = edit(self.ticket.clone().unwrap_or_else(blank));
        let done = ["resolved", "closed", "cancelled"].contains(&after.state.as_str());
        after.closed_at = if done { after.closed_at.or(Some(now)) } else { None };
        let mut change = Change::creating(after.clone()).within(context).asking(asked);
        change.before = self.ticket.replace(after);
        change.clocks.clone_from(&self.clocks);
        let effects = guard(&self.host, &change).expect("a ticket is never refused");
        effects.into_iter().map(|effect| self.keep(now, &effect)).collect()
    }

    /// What the host does with a clock effect.
    fn keep(&mut self, now: Instant, effect: &weft_sdk::Effect) -> String {
        let name = effect.text("name").unwrap().to_owned();
        let read = |key: &str| effect.text(key).unwrap().parse::<Instant>().unwrap();
        let late = |clock: &Clock, at| {
            let due = clock.due_at.filter(|due| clock.state == ClockState::Running && *due < at);
            clock.breached_at.or(due)
        };
        if effect.kind == "start-clock" {
            self.clocks.retain(|clock| clock.name != name);
            let mut clock = Clock::new(&name, read("started_at"), read("due_at"));
            clock.breached_at = late(&clock, now);
            self.clocks.push(clock);
        }
        let clock = self.clocks.iter_mut().find(|clock| clock.name == name).expect("the host refuses an unknown clock");
        let cancelled = effect.data.get("cancelled") == Some(&Value::Bool(true));
        match effect.kind.as_ref() {
            "pause-clock" => {
                (clock.breached_at, clock.state, clock.due_at) = (late(clock, now), ClockState::Paused, None)
            }
            "stop-clock" if cancelled => clock.state = ClockState::Cancelled,
            "stop-clock" => (clock.breached_at, clock.state) = (late(clock, read("at")), ClockState::Stopped),
            _ => {}
        }
        clock.reason = effect.text("reason").unwrap().to_owned();
        clock.data = effect.data["data"].clone();
        format!("{}{} {name}", effect.kind, if cancelled { " cancelled" } else { "" })
    }

    fn clock(&self, name: &str) -> &Clock {
        self.clocks
            .iter()
            .find(|clock| clock.name == name)
            .unwrap_or_else(|| panic!("no clock {name}: {:?}", self.clocks))
    }

    #[track_caller]
    fn due(&self, name: &str, expected: &str) {
        assert_eq!(self.clock(name).due_at.unwrap().to_string(), at(expected));
    }
}

fn resolution(minutes: i64) -> Value {
    json!({"title": "Resolve", "metric": "resolution", "minutes": minutes, "calendar": "office-hours"})
}

fn with(mut target: Value, fields: Value) -> Value {
    target.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    target
}

fn state_is(state: &str) -> Value {
    json!({"is": {"field": "state", "in": [state]}})
}

#[test]
fn slm_01_each_of_the_six_conditions_has_its_result() {
    let target = json!({"title": "Vendor", "type": "uc", "metric": "custom", "minutes": 60,
        "start": {"not": state_is("new")}, "pause": state_is("on-hold"), "resume": {"is": {"field": "urgent", "in": [true]}},
        "stop": state_is("delivered"), "reset": {"changed": "order"}, "cancel": state_is("withdrawn")});
    let mut ledger = Ledger::opened(&[target]);

    assert!(ledger.clocks.is_empty(), "not started");
    assert_eq!(ledger.state("10:00", "ordered"), ["start-clock SLT1"]);
    assert_eq!(ledger.state("10:10", "on-hold"), ["pause-clock SLT1"]);
    assert_eq!(ledger.edit("10:20", |ticket| ticket.with("urgent", true)), ["start-clock SLT1"]);
    assert_eq!(ledger.edit("10:30", |ticket| ticket.with("order", 2)), ["stop-clock SLT1", "start-clock SLT1/2"]);
    assert_eq!(ledger.state("10:40", "delivered"), ["stop-clock SLT1/2"]);

    let mut ledger = Ledger::opened(&[with(resolution(60), json!({"cancel": state_is("withdrawn")}))]);
    assert_eq!(ledger.state("09:10", "withdrawn"), ["stop-clock cancelled SLT1"]);
}

#[test]
fn slm_01_working_and_elapsed_minutes_and_a_date_of_the_ticket() {
    let elapsed = with(resolution(600), json!({"type": "ola", "counting": "elapsed"}));
    let date = json!({"title": "On the day", "type": "uc", "metric": "resolution", "due-field": "wanted", "calendar": "office-hours"});
    let mut ledger = Ledger::opened(&[resolution(600), elapsed, date]);

    ledger.due("SLT1", "03 11:00");
    ledger.due("SLT2", "19:00");
    assert_eq!(ledger.clocks.len(), 2, "no date, no clock");
    ledger.edit("09:10", |ticket| ticket.with("wanted", at("07 10:00")));
    ledger.due("SLT3", "09 09:00");
}

#[test]
fn slm_02_the_zone_is_that_of_its_source_and_else_of_the_system() {
    let check = |source: &str, expected: &str| {
        let mut ledger = Ledger::new(&[with(resolution(60), json!({"zone-source": source}))]);
        let bo = Person { zone: "Asia/Tokyo".to_owned(), ..Person::new("bo") };
        ledger.host = std::mem::take(&mut ledger.host)
            .with_person(bo)
            .with_ci(Ci::new("paris", "location").with("zone", "Europe/Paris"))
            .with_ci(Ci::new("router", "device").with("location", "paris"))
            .with_setting("system-zone", "Africa/Lagos");
        ledger.act(
            "09:00",
            customer(),
            |ticket| ticket.with("ci", "router").with("location", "Berlin"),
            Effects::new(),
        );
        let reason = &ledger.clock("SLT1").reason;
        assert!(reason.contains(expected), "{source}: {reason}");
    };

    check("sla", "(calendar office-hours) from");
    check(
        "caller",
        "(calendar office-hours, zone Asia/Tokyo) from 2026-03-02T09:00Z: due 2026-03-02T10:00Z. The zone is that of the caller.",
    );
    check("ci-location", "zone Europe/Paris) from");
    check("task-location", "zone Africa/Lagos) from");
    check("task-location", "The zone is that of the system, as the ticket's location has none.");
    check("caller-location", "The zone is that of the system, as the caller's location has none.");
    check("system", "The zone is that of the system.");
}

#[test]
fn ast_03_a_target_counts_in_the_support_hours_of_the_contract_that_covers_the_item() {
    let check = |ci: &str, expected: &str| {
        let mut ledger = Ledger::new(&[with(resolution(60), json!({"support-hours": true}))]);
        let contract = |id: &str, state: &str, covered: &str| {
            let contract = Record::new(id, "contract", state).with("items", json!(["cabinet", covered]));
            contract.with("calendar", "afternoons")
        };
        ledger.host = std::mem::take(&mut ledger.host)
            .with_calendar("afternoons", FakeCalendar::new(|at| at.second_of_day() >= 13 * 3600))
            .with_record(contract("C1", "expired", "switch"))
            .with_record(contract("C2", "active", "router"));
        ledger.act("09:00", customer(), |ticket| ticket.with("ci", ci), Effects::new());
        ledger.due("SLT1", expected);
    };

    check("router", "14:00");
    check("switch", "10:00");
    check("printer", "10:00");
}

#[test]
fn slm_03_a_calendar_that_is_gone_never_stops_a_ticket() {
    let ledger = Ledger::opened(&[resolution(60)]);
    let host = ledger.host.denying("calendars");
    let change = Change::creating(ledger.ticket.unwrap());
    // Denied is no answer about the calendar: the decision must be made again.
    assert_eq!(guard(&host, &change).unwrap_err().issues[0].code, "denied");

    let closed = FakeHost::of_manifest(include_str!("../plugin.toml"))
        .with_calendar("office-hours", FakeCalendar::new(|_| false));
    let record =
        Record { fields: resolution(60).as_object().unwrap().clone(), ..Record::new("1", "sla-target", "active") };
    let host = closed.with_record(record);
    assert_eq!(guard(&host, &change), Ok(Effects::new()));
    assert!(
        host.logged()[0].1.contains("cannot be counted on #T1: calendar `office-hours` is not open"),
        "{:?}",
        host.logged()
    );
}

#[test]
fn slm_04_the_due_time_moves_by_the_working_part_of_the_pauses() {
    let response = json!({"title": "Respond", "metric": "response", "minutes": 480, "calendar": "office-hours"});
    let never = with(resolution(480), json!({"type": "ola", "pause": "never"}));
    let mut ledger = Ledger::opened(&[response, resolution(480), never]);

    assert_eq!(ledger.state("16:00", "on-hold"), ["pause-clock SLT2"], "each target says what pauses it");
    assert_eq!(ledger.edit("03 08:00", |ticket| ticket.with("note", 1)), [""; 0], "a pause in a pause is none");
    assert_eq!(ledger.state("03 10:00", "in-progress"), ["start-clock SLT2"]);

    ledger.due("SLT2", "03 11:00");
    ledger.due("SLT3", "17:00");
    assert!(ledger.clock("SLT2").reason.contains("paused 120 working minutes"), "{}", ledger.clock("SLT2").reason);
}

#[test]
fn slm_04_a_clock_that_attaches_paused_starts_and_rests() {
    let mut ledger = Ledger::new(&[resolution(60)]);

    let effects = ledger.act("09:00", customer(), |ticket| ticket.in_state("on-hold"), Effects::new());

    assert_eq!(effects, ["start-clock SLT1", "pause-clock SLT1"]);
    assert_eq!(ledger.clock("SLT1").breached_at, None);
    ledger.state("11:00", "in-progress");
    ledger.due("SLT1", "12:00");
}

#[test]
fn slm_05_a_raised_priority_counts_from_creation() {
    let mut ledger = Ledger::opened(&defaults());
    ledger.due("SLT5", "13:00");
    ledger.due("SLT6", "03 17:00");
    ledger.state("10:00", "on-hold");
    ledger.state("10:30", "in-progress");

    let raised = ledger.edit("12:00", |ticket| ticket.with("priority", 1));

    assert_eq!(
        raised,
        ["stop-clock cancelled SLT5", "stop-clock cancelled SLT6", "start-clock SLT1", "start-clock SLT2"]
    );
    // Fifteen minutes from 09:00 are over; four hours and the half hour on hold are not.
    assert_eq!(ledger.clock("SLT1").breached_at.unwrap().to_string(), at("09:15"));
    ledger.due("SLT2", "13:30");

    let back = ledger.edit("12:10", |ticket| ticket.with("priority", 3));
    assert_eq!(
        back,
        ["stop-clock cancelled SLT1", "stop-clock cancelled SLT2", "start-clock SLT5/2", "start-clock SLT6/2"]
    );
    ledger.due("SLT6/2", "04 09:30");
}

#[test]
fn slm_05_on_hold_while_the_priority_changes() {
    let mut ledger = Ledger::opened(&defaults());
    ledger.state("11:00", "on-hold");

    ledger.edit("12:00", |ticket| ticket.with("priority", 1));
    ledger.state("12:30", "in-progress");

    ledger.due("SLT2", "14:30");
}

#[test]
fn slm_05_retroactive_start_and_pause_are_choices() {
    let check = |fields: Value, expected: &str| {
        let p3 = with(resolution(960), json!({"match": {"is": {"field": "priority", "in": [3]}}}));
        let p1 = with(resolution(240), json!({"match": {"is": {"field": "priority", "in": [1]}}}));
        let mut ledger = Ledger::opened(&[p3, with(p1, fields)]);
        ledger.state("10:00", "on-hold");
        ledger.state("10:30", "in-progress");
        ledger.edit("12:00", |ticket| ticket.with("priority", 1));
        ledger.due("SLT2", expected);
    };

    check(json!({}), "13:30");
    check(json!({"start-from": "created"}), "13:30");
    check(json!({"retroactive-pause": false}), "13:00");
    check(json!({"start-from": "change"}), "16:00");
}

#[test]
fn slm_05_what_was_reached_stays_reached_and_a_reopened_ticket_counts_anew() {
    let mut ledger = Ledger::opened(&defaults());
    assert_eq!(ledger.say("09:05", agent()), ["stop-clock SLT5"]);
    assert_eq!(ledger.edit("09:10", |t| t.with("priority", 1)), ["stop-clock cancelled SLT6", "start-clock SLT2"]);
    assert_eq!(ledger.state("10:00", "resolved"), ["stop-clock SLT2"]);
    assert_eq!(ledger.state("11:00", "closed"), [""; 0]);

    assert_eq!(ledger.state("12:00", "in-progress"), ["start-clock SLT2/2"]);
    ledger.due("SLT2/2", "16:00");
}

#[test]
fn slm_05_a_reopened_ticket_counts_from_there_through_all_priorities() {
    let mut ledger = Ledger::opened(&defaults());
    ledger.state("10:00", "resolved");
    ledger.state("11:00", "in-progress");
    ledger.edit("11:30", |ticket| ticket.with("priority", 1));
    ledger.due("SLT2", "15:00");

    ledger.edit("12:00", |ticket| ticket.with("priority", 3));

    assert_eq!(ledger.clock("SLT6/3").started_at.to_string(), at("11:00"));
}

#[test]
fn slm_07_the_first_match_in_both_orders() {
    let target = |title: &str, fields: Value| with(resolution(60), with(json!({"title": title}), fields));
    let chosen = |order: &str, space: &str| {
        let targets = [
            target("fallback", json!({"scope": "default", "order": -1})),
            target("everyone", json!({})),
            target("later", json!({"order": 1})),
            target("here", json!({"scope": "space", "order": 2})),
            target("internal", json!({"type": "ola", "match": {"is": {"field": "priority", "in": [1]}}})),
        ];
        let mut ledger = Ledger::new(&targets);
        ledger.host = std::mem::take(&mut ledger.host).with_setting("policy-order", order);
        ledger.act("09:00", customer(), |ticket| Ticket { space: space.to_owned(), ..ticket }, Effects::new());
        ledger.clocks.iter().map(|clock| clock.reason.split(' ').next().unwrap().to_owned()).collect::<Vec<_>>()
    };

    assert_eq!(chosen("narrowest-first", "it"), ["here"]);
    assert_eq!(chosen("narrowest-first", "hr"), ["everyone"]);
    assert_eq!(chosen("as-listed", "it"), ["fallback"]);
}

#[test]
fn slm_08_met_on_the_dot_and_missed_a_moment_later() {
    let resolved = |time: &str| {
        let mut ledger = Ledger::opened(&[resolution(60)]);
        let now = Context { now: time.parse().unwrap(), ..agent() };
        let ticket = ledger.ticket.clone().unwrap();
        let mut change = Change::of(&ticket, Ticket { closed_at: Some(now.now), ..ticket.clone() }).within(now.clone());
        change.clocks.clone_from(&ledger.clocks);
        for effect in guard(&ledger.host, &change).unwrap() {
            ledger.keep(now.now, &effect);
        }
        let clock = ledger.clock("SLT1");
        (clock.breached_at.is_some(), clock.reason.contains("missed"))
    };

    assert_eq!(resolved("2026-03-02T10:00:00Z"), (false, false));
    assert_eq!(resolved("2026-03-02T10:00:00.000001Z"), (true, true));
}

#[test]
fn slm_11_the_first_word_of_an_agent_that_reaches_the_customer() {
    let respond = json!({"title": "Respond", "metric": "response", "minutes": 60});
    let mut ledger = Ledger::opened(std::slice::from_ref(&respond));
    assert_eq!(ledger.act("09:01", agent(), |t| t, Effects::new().comment_internal("Hm.")), [""; 0]);
    assert_eq!(ledger.say("09:02", customer()), [""; 0]);
    assert_eq!(ledger.say("09:03", Context::of_person("bo", &["agent"])), [""; 0], "an agent who is the requester");
    assert_eq!(ledger.say("09:04", Context::of_plugin("surveys")), [""; 0]);
    assert_eq!(ledger.state("09:05", "in-progress"), [""; 0]);
    assert_eq!(ledger.say("09:06", agent()), ["stop-clock SLT1"]);
    assert_eq!(ledger.say("09:07", agent()), [""; 0]);

    let mut ledger = Ledger::opened(&[respond]);
    ledger.host = std::mem::take(&mut ledger.host).with_setting("response-by", "public-comment-or-work");
    let log = Context::of_plugin("log").with_origin(Origin::Import);
    assert_eq!(ledger.act("09:05", log, |ticket| ticket.in_state("in-progress"), Effects::new()), ["stop-clock SLT1"]);
}

#[test]
fn slm_11_a_further_word_of_the_customer_in_both_modes() {
    let due = |mode: &str| {
        let update = json!({"title": "Update", "metric": "update", "minutes": 60});
        let mut ledger = Ledger::opened(&[update]);
        ledger.host = std::mem::take(&mut ledger.host).with_setting("update-restart", mode);
        ledger.say("09:10", customer());
        let again = ledger.say("09:30", customer());
        (again.len(), ledger.clocks.last().unwrap().due_at.unwrap().to_string())
    };

    assert_eq!(due("first-counts"), (0, at("10:10")));
    assert_eq!(due("each-restarts"), (2, at("10:30")));
}

#[test]
fn slm_11_a_customer_who_waits_goes_on_waiting_under_another_target() {
    let update = |minutes: i64, priority: i64| json!({"title": "Update", "metric": "update", "minutes": minutes, "match": {"is": {"field": "priority", "in": [priority]}}});
    let mut ledger = Ledger::opened(&[update(120, 3), update(60, 1)]);
    ledger.say("09:10", customer());

    assert_eq!(ledger.edit("09:30", |t| t.with("priority", 1)), ["stop-clock cancelled SLT1", "start-clock SLT2"]);

    ledger.due("SLT2", "10:10");
    for minute in 31..59 {
        ledger.say(&format!("09:{minute}"), if minute % 2 == 0 { customer() } else { agent() });
    }
    assert_eq!(ledger.clocks.len(), 4, "old rounds make room");
}

#[test]
fn no_effects_when_nothing_changed() {
    let mut ledger = Ledger::opened(&defaults());
    // What does not change a clock does not even ask for calendars or people.
    ledger.host = std::mem::take(&mut ledger.host).denying("calendars").denying("people").denying("cis");

    assert_eq!(ledger.edit("09:10", |ticket| ticket.with("category", "network")), [""; 0]);
    assert_eq!(ledger.state("09:20", "in-progress"), [""; 0]);
    assert_eq!(ledger.say("09:30", customer()), [""; 0]);
    assert!(ledger.host.logged().is_empty());

    let mut nothing = Ledger::opened(&[]);
    assert_eq!(nothing.state("09:10", "resolved"), [""; 0]);
}

#[test]
fn a_target_that_cannot_be_read_is_logged_and_its_clocks_stay() {
    let mut ledger = Ledger::opened(&[resolution(60)]);
    let broken =
        Record { number: "SLT1".to_owned(), ..Record::new("1", "sla-target", "active").with("metric", "resolution") };
    ledger.host = std::mem::take(&mut ledger.host).with_record(broken);

    assert_eq!(ledger.state("09:10", "in-progress"), [""; 0]);

    assert!(ledger.host.logged()[0].1.contains("neither how many `minutes`"));
    assert_eq!(ledger.clock("SLT1").state, ClockState::Running);
}

#[test]
fn reasons_say_which_target_which_condition_and_how_the_due_time_comes_about() {
    let mut ledger = Ledger::opened(&defaults());
    let mut said = vec![ledger.clock("SLT6").reason.clone()];
    let mut say = |ledger: &Ledger, name: &str| said.push(ledger.clock(name).reason.clone());
    ledger.state("10:00", "on-hold");
    say(&ledger, "SLT6");
    ledger.state("10:30", "in-progress");
    say(&ledger, "SLT6");
    ledger.say("10:40", agent());
    say(&ledger, "SLT5");
    ledger.edit("12:00", |ticket| ticket.with("priority", 1));
    say(&ledger, "SLT6");
    say(&ledger, "SLT2");
    ledger.state("12:30", "resolved");
    say(&ledger, "SLT2");

    assert_eq!(
        said,
        [
            "P3 resolution (SLT6, SLA) applies as priority is 3. Resolution within 960 working minutes (calendar office-hours) from \
             2026-03-02T09:00Z: due 2026-03-03T17:00Z.",
            "P3 resolution (SLT6, SLA) is paused as state is on-hold. Resolution within 960 working minutes (calendar office-hours) \
             from 2026-03-02T09:00Z: paused since 2026-03-02T10:00Z, due again when it resumes.",
            "P3 resolution (SLT6, SLA) counts again as state is in-progress. Resolution within 960 working minutes (calendar \
             office-hours) from 2026-03-02T09:00Z, paused 30 working minutes: due 2026-03-04T09:30Z.",
            "P3 response (SLT5, SLA) ended as an agent answered the customer. Response within 240 working minutes (calendar \
             office-hours) from 2026-03-02T09:00Z: met 2026-03-02T10:40Z after 100 working minutes.",
            "P3 resolution (SLT6, SLA) was cancelled as P1 resolution (SLT2, SLA) takes its place. Resolution within 960 \
             working minutes (calendar office-hours) from 2026-03-02T09:00Z: cancelled 2026-03-02T12:00Z.",
            "P1 resolution (SLT2, SLA) applies as priority is 1. Resolution within 240 minutes from 2026-03-02T09:00Z, paused \
             30 minutes: due 2026-03-02T13:30Z.",
            "P1 resolution (SLT2, SLA) ended as it is done. Resolution within 240 minutes from 2026-03-02T09:00Z: met \
             2026-03-02T12:30Z after 180 minutes.",
        ]
    );
}

#[test]
fn the_default_targets_are_good_records_of_the_kind() {
    let kind: Value = toml::from_str(include_str!("../kinds/sla-target.toml")).unwrap();
    let targets = defaults();
    for target in &targets {
        for field in target["fields"].as_object().unwrap().keys() {
            assert!(kind["field"].get(field).is_some(), "{field}");
        }
    }
    let mut ledger = Ledger::opened(&targets);
    assert_eq!(targets.len(), 8);
    for priority in [1, 2, 4, 5] {
        ledger.edit("09:00", |ticket| ticket.with("priority", priority));
    }
    assert!(ledger.host.logged().is_empty(), "{:?}", ledger.host.logged());
    ledger.due("SLT8", "06 17:00");
}

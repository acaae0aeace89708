//! Timers: dates, durations, cycles, and timers that follow what they depend on.

use crate::driver::setup;
use serde_json::json;
use weft_engine::flow::{Command, Event, Refusal};

#[test]
fn dates_and_durations_fire_once() {
    for on in ["timer:PT2H", "date:2026-03-27T12:00:00+01:00", "\"timer:=wait\"", "\"date:=at\""] {
        let mut run = setup(&format!("s: start\nt: catch on={on}\ne: end\ns -> t -> e"))
            .variables(json!({ "wait": "PT2H", "at": "2026-03-27T11:00:00Z" }))
            .run();
        let (timer, due) = run.timers.iter().map(|(key, due)| (*key, *due)).next().expect("one is armed");
        assert_eq!(due.to_string(), "2026-03-27T11:00:00Z", "{on}");
        assert_eq!(run.try_command(Command::TimerDue { timer }), Err(Refusal::TooEarly { timer, due }));
        run.pass("PT2H");
        assert_eq!(run.completed(), ["t"]);
    }
}

const REMINDERS: &str = "
    s: start
    u: user
    t: boundary at=u on=cycle:CYCLE non-interrupting MISSED
    r: pass
    e: end
    s -> u -> e
    t -> r -> e";

fn reminders(cycle: &str, missed: &str) -> crate::driver::Run {
    setup(&REMINDERS.replace("CYCLE", cycle).replace("MISSED", missed)).run()
}

#[test]
fn r4_fires_four_times_without_drift() {
    let mut run = reminders("R4/PT10S", "");
    run.pass("PT35S");
    assert_eq!(run.completed().len(), 3);
    run.pass("PT1H");
    assert_eq!(run.completed().len(), 4);
    assert_eq!(run.timers.len(), 0);
    run.complete("u", json!({}));
    assert_eq!(run.status(), json!({ "status": "completed" }));
}

#[test]
fn missed_dates_are_made_up_for_or_skipped() {
    for (cycle, missed, fired) in
        [("R4/PT10S", "", 4), ("R4/PT10S", "missed=skip", 1), ("R/PT1H", "", 1), ("R/PT1H", "missed=catch-up", 24)]
    {
        let mut run = reminders(cycle, missed);
        run.sleep("PT24H30M");
        run.pass("PT0S");
        assert_eq!(run.completed().len(), fired, "{cycle} {missed}");
        if cycle == "R/PT1H" {
            let due = run.timers.values().next().expect("the next one is armed");
            assert_eq!(due.to_string(), "2026-03-28T10:00:00Z", "no drift");
        }
    }
}

#[test]
fn a_day_is_a_calendar_day_in_the_zone_of_the_instance() {
    for (duration, due) in [("P2D", "2026-03-29T08:00:00Z"), ("PT48H", "2026-03-29T09:00:00Z")] {
        let mut start = setup(&format!("s: start\nt: catch on=timer:{duration}\ne: end\ns -> t -> e"));
        start.zone = "Europe/Berlin";
        let run = start.run();
        assert_eq!(run.timers.values().next().expect("armed").to_string(), due);
    }
}

#[test]
fn a_timer_moves_with_what_it_depends_on_and_with_nothing_else() {
    let mut start = setup(
        "s: start
        f: and
        a: catch on=\"date:=ticket.due\"
        b: catch on=\"timer:=wait\"
        c: catch on=timer:PT9H
        e: end
        s -> f -> a -> e
        f -> b -> e
        f -> c -> e",
    );
    start.names = json!({ "ticket": { "due": "2026-03-27T15:00:00Z" } });
    start.variables = json!({ "wait": "PT1H" });
    let mut run = start.run();
    run.sleep("PT30M");

    run.command(Command::Reevaluate);
    assert_eq!(run.count(|event| matches!(event, Event::TimerMoved { .. })), 0);

    let ticket = json!({ "due": "2026-03-27T09:45:00Z" });
    run.world.names.insert("ticket".to_owned(), feel::Value::from_json(&ticket));
    run.command(Command::Reevaluate);
    run.set(json!({ "wait": "PT2H" }));
    let moved: Vec<(String, String)> = run
        .events
        .iter()
        .filter_map(|event| match event {
            Event::TimerMoved { from, to, .. } => Some((from.to_string(), to.to_string())),
            _ => None,
        })
        .collect();
    assert_eq!(
        moved,
        [
            ("2026-03-27T15:00:00Z".to_owned(), "2026-03-27T09:45:00Z".to_owned()),
            // Counted from when it was armed.
            ("2026-03-27T10:00:00Z".to_owned(), "2026-03-27T11:00:00Z".to_owned()),
        ]
    );

    run.set(json!({ "wait": 5 }));
    assert_eq!(run.count(|event| matches!(event, Event::TimerKept { .. })), 1, "it is told, and the date stays");
    run.pass("PT10H");
    assert_eq!(run.completed(), ["a", "b", "c"]);
}

#[test]
fn dates_of_open_tasks_move_too() {
    let mut run = setup("s: start\nu: user due==due\ne: end\ns -> u -> e").run();
    assert_eq!(run.tasks.values().next().expect("open").due, None);
    run.set(json!({ "due": "PT3H" }));
    let due = run.tasks.values().next().expect("open").due.expect("it is known now");
    assert_eq!(due.to_string(), "2026-03-27T12:00:00Z");
}

#[test]
fn a_timer_that_can_not_be_read_is_an_incident_that_leaves_nothing_armed() {
    let mut run = setup("s: start\nu: user\na: boundary at=u on=timer:PT1H\nb: boundary at=u on=\"timer:=wait\"\ne: end\ns -> u -> e\na -> e\nb -> e").run();
    assert_eq!((run.incidents().len(), run.timers.len(), run.open().len()), (1, 0, 0));
    run.retry(json!({ "wait": "PT2H" }));
    assert_eq!((run.incidents().len(), run.timers.len(), run.open().len()), (0, 2, 1));
}

#[test]
fn an_interrupting_event_sub_process_can_wait_for_a_timer() {
    let mut run = setup(
        "s: start
        u: user
        e: end
        x: event-sub start=s2
        s2: start in=x on=timer:PT1H
        a: pass in=x
        e2: end in=x
        s -> u -> e
        s2 -> a -> e2",
    )
    .run();
    run.pass("PT1H");
    assert_eq!((run.completed(), run.status()), (vec!["a"], json!({ "status": "completed" })));
}

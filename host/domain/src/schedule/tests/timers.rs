//! Timers of BPMN, armed at a fixed instant and asked for their due times.

use super::*;

const ARMED: &str = "2026-03-27T12:00:00Z";

/// Up to `expected.len()` due times, one more if `ends` is wrong about the end.
#[track_caller]
fn check(text: &str, zone: &str, expected: &[&str]) {
    let timer = TimerExpr::parse(text).expect("it can be read");
    let (armed_at, zone) = (stamp(ARMED), read_zone(zone).expect("a zone"));
    let first = timer.first_due(armed_at, &zone);
    let dues = std::iter::successors(first, |&due| timer.next_due(armed_at, due, &zone));
    // A trailing `…` says that there are more.
    let is_open = expected.last() == Some(&"…");
    let count = if is_open { expected.len() - 1 } else { expected.len() + 1 };
    let dues: Vec<_> = dues.take(count).map(|due| due.to_string()).collect();
    assert_eq!(dues, expected[..expected.len() - usize::from(is_open)], "`{text}`");
}

#[test]
fn dates_and_durations_are_due_once() {
    check("2026-01-01T00:00:00Z", "UTC", &["2026-01-01T00:00:00Z"]);
    check("2026-05-01T09:00:00+02:00", "UTC", &["2026-05-01T07:00:00Z"]);
    check("2026-05-01T09:00:00+02:00[Europe/Berlin]", "UTC", &["2026-05-01T07:00:00Z"]);
    check("2026-05-01T09:00:00", "Europe/Berlin", &["2026-05-01T07:00:00Z"]);
    check("2026-05-01", "Europe/Berlin", &["2026-04-30T22:00:00Z"]);
    check("PT10S", "UTC", &["2026-03-27T12:00:10Z"]);
    check("PT0S", "UTC", &["2026-03-27T12:00:00Z"]);
    check("PT0.5S", "UTC", &["2026-03-27T12:00:00.5Z"]);
    check("P1Y2M3DT4H5M6S", "UTC", &["2027-05-30T16:05:06Z"]);
    check("P2W", "UTC", &["2026-04-10T12:00:00Z"]);
}

#[test]
fn hours_are_exact_and_days_are_days() {
    // The clocks of Berlin change on the 29th at 02:00.
    check("R2/PT24H", "Europe/Berlin", &["2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z"]);
    check("R2/P1D", "Europe/Berlin", &["2026-03-28T12:00:00Z", "2026-03-29T11:00:00Z"]);
    // A day that does not have the time does not move the days after it.
    check(
        "R4/2026-03-28T02:30:00/P1D",
        "Europe/Berlin",
        &["2026-03-28T01:30:00Z", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z", "2026-03-31T00:30:00Z"],
    );
    check(
        "R/2026-03-31T08:00:00Z/P1M",
        "UTC",
        &["2026-03-31T08:00:00Z", "2026-04-30T08:00:00Z", "2026-05-31T08:00:00Z", "…"],
    );
}

#[test]
fn cycles_count_from_where_they_began() {
    check(
        "R4/PT10S",
        "UTC",
        &["2026-03-27T12:00:10Z", "2026-03-27T12:00:20Z", "2026-03-27T12:00:30Z", "2026-03-27T12:00:40Z"],
    );
    check("R/P1D", "UTC", &["2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z", "…"]);
    check("R-1/PT1H", "UTC", &["2026-03-27T13:00:00Z", "…"]);
    check(
        "R3/2026-04-01T00:00:00Z/PT1H",
        "UTC",
        &["2026-04-01T00:00:00Z", "2026-04-01T01:00:00Z", "2026-04-01T02:00:00Z"],
    );
    // Occurrences before it was armed count and are not made up for.
    check("R3/2026-03-27T10:30:00Z/PT1H", "UTC", &["2026-03-27T12:30:00Z"]);
    check("R3/2026-01-01T00:00:00Z/PT1H", "UTC", &[]);
    check("R/2000-01-01T00:00:00Z/PT1S", "UTC", &["2026-03-27T12:00:00Z", "2026-03-27T12:00:01Z", "…"]);
    check("R/1970-01-31T00:00:00Z/P1M", "UTC", &["2026-03-31T00:00:00Z", "2026-04-30T00:00:00Z", "…"]);
    check("0 8 * * MON-FRI", "Europe/Berlin", &["2026-03-30T06:00:00Z", "…"]);
    check("@daily", "UTC", &["2026-03-28T00:00:00Z", "…"]);
}

#[test]
fn what_is_no_timer_is_refused_with_help() {
    let check = |text: &str, part: &str| {
        let problem = TimerExpr::parse(text).expect_err("it must be refused");
        assert!(problem.message.contains(part), "`{text}`: {}", problem.message);
    };
    check("", "is not a timer");
    check("tomorrow", "is not a timer");
    check("-PT1S", "is not a timer");
    check("P", "is not a duration");
    check("PT", "is not a duration");
    check("pt5m", "is not a timer");
    check("PT5m", "is not a duration");
    check("PT-5M", "is not a duration");
    check("P1H", "is not a duration");
    check("P9999Y", "longer than 1000 years");
    check("P99999999999999999999D", "is not a duration");
    check("R", "is not a cycle");
    check("R3", "is not a cycle");
    check("R0/PT1S", "`R0` is not a number of repetitions");
    check("R-2/PT1S", "`R-2`");
    check("R1e3/PT1S", "`R1e3`");
    check("R9999999/PT1S", "`R1` to `R1000000`");
    check("R3/PT0S", "shorter than a second");
    check("R/PT0.5S", "shorter than a second");
    check("R3/PT1S/PT1S", "is not a date");
    check("R3/2026-13-01T00:00:00Z/PT1S", "is not a date");
    check("R3/2026-01-01/PT1S/2027-01-01", "is not a cycle");
    check("2026-02-30T00:00:00Z", "is not a date");
    check("2026-05-01T09:00:00+05:00[Europe/Berlin]", "is not a date");
    check("0 0 L * *", "the last day");
    check(&"P1D".repeat(100), "longer than 200");
}

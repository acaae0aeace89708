//! Schedules, timers and retries as tables: what somebody writes, and when it is due.

mod laws;
mod retries;
mod timers;

use super::*;

fn stamp(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

/// Due times as the clock on the wall of the zone shows them, with the offset.
fn due(schedule: &Schedule, from: &str, count: usize) -> Vec<String> {
    let from = stamp(from);
    let dues = schedule.between(from, Timestamp::MAX, count);
    dues.iter().map(|due| due.to_zoned(schedule.zone.clone()).strftime("%F %T%:z").to_string()).collect()
}

#[track_caller]
fn check(expression: &str, zone: &str, from: &str, expected: &[&str]) {
    let schedule = Schedule::new(expression, zone).expect("it can be read");
    assert_eq!(due(&schedule, from, expected.len()), expected, "`{expression}` in {zone} from {from}");
}

#[track_caller]
fn refused(expression: &str, part: &str) {
    let problem = CronExpr::parse(expression).expect_err("it must be refused");
    assert!(problem.message.contains(part), "`{expression}`: {}", problem.message);
}

#[test]
fn fields_mean_what_crontab_means() {
    let utc = |expression: &str, expected: &[&str]| check(expression, "UTC", "2026-01-01T00:00:00Z", expected);
    utc("*/15 * * * *", &["2026-01-01 00:15:00+00:00", "2026-01-01 00:30:00+00:00"]);
    utc("30 8 * * 1-5", &["2026-01-01 08:30:00+00:00", "2026-01-02 08:30:00+00:00", "2026-01-05 08:30:00+00:00"]);
    utc("0 0 * * 0", &["2026-01-04 00:00:00+00:00"]);
    utc("0 0 * * 7", &["2026-01-04 00:00:00+00:00"]);
    utc("0 0 * * sun", &["2026-01-04 00:00:00+00:00"]);
    utc("0 0 * * FRI-MON", &["2026-01-02 00:00:00+00:00", "2026-01-03 00:00:00+00:00", "2026-01-04 00:00:00+00:00"]);
    utc(
        "0 0 * * 5-7",
        &[
            "2026-01-02 00:00:00+00:00",
            "2026-01-03 00:00:00+00:00",
            "2026-01-04 00:00:00+00:00",
            "2026-01-09 00:00:00+00:00",
        ],
    );
    utc("0 0 * * */3", &["2026-01-03 00:00:00+00:00", "2026-01-04 00:00:00+00:00", "2026-01-07 00:00:00+00:00"]);
    utc("10 0 9 * * 1", &["2026-01-05 09:00:10+00:00"]);
    utc("0 0 9 ? * MON", &["2026-01-05 09:00:00+00:00"]);
    utc("0 0 12 1 1 ? 2028-2030/2", &["2028-01-01 12:00:00+00:00", "2030-01-01 12:00:00+00:00"]);
    utc("0 0 29 2 *", &["2028-02-29 00:00:00+00:00", "2032-02-29 00:00:00+00:00"]);
    utc("0 6 1 JAN,jul *", &["2026-01-01 06:00:00+00:00", "2026-07-01 06:00:00+00:00"]);
    // The first of the month or a Monday, as cron does; a field that begins with a star does not count as restricted.
    utc(
        "0 0 1 * 1",
        &[
            "2026-01-05 00:00:00+00:00",
            "2026-01-12 00:00:00+00:00",
            "2026-01-19 00:00:00+00:00",
            "2026-01-26 00:00:00+00:00",
            "2026-02-01 00:00:00+00:00",
        ],
    );
    utc("0 0 */2 * 1", &["2026-01-05 00:00:00+00:00", "2026-01-19 00:00:00+00:00"]);
    utc("@daily", &["2026-01-02 00:00:00+00:00"]);
    utc("@Weekly", &["2026-01-04 00:00:00+00:00"]);
}

#[test]
fn what_is_refused_comes_with_help() {
    refused("", "0 fields");
    refused("* * * *", "4 fields");
    refused("* * * * * * * *", "8 fields");
    refused("60 * * * *", "`60` is not a minute; write 0 to 59");
    refused("0 24 * * *", "`24` is not a hour");
    refused("0 0 0 * *", "day of the month");
    refused("0 0 32 * *", "1 to 31");
    refused("0 0 * 13 *", "JAN to DEC");
    refused("0 0 * * 8", "0 and 7 are Sunday");
    refused("0 0 * * MOON", "not a weekday");
    refused("*/0 * * * *", "not a minute");
    refused("0 0 * * */0", "not a weekday");
    refused("5-1 * * * *", "not a minute");
    refused("? * * * *", "not a minute");
    refused("a * * * *", "not a minute");
    refused("99999999999999999999 * * * *", "not a minute");
    refused("0 0 L * *", "`L` (the last day) is not known; run on the first");
    refused("0 0 L-3 * ?", "`L`");
    refused("0 0 LW * *", "`W`");
    refused("0 0 15W * *", "`W` (the nearest working day)");
    refused("0 0 * * 5L", "`L`");
    refused("0 0 * * 5#3", "`#` (the n-th weekday of a month)");
    refused("0 0 31 2 *", "never due");
    refused("0 0 30-31 2 *", "never due");
    refused("@reboot", "there is no shorthand `@reboot`; there are `@yearly`");
    refused("@every 5m", "`R/PT5M`");
    refused("0 0 1 1 ? * 1960", "7");
    refused("0 0 0 1 1 ? 1960", "1970 to 2100");
    refused(&"1,".repeat(300), "longer than 200");
    let problem = Schedule::new("@daily", "Europe/Atlantis").expect_err("there is no such zone");
    assert!(problem.message.contains("`Europe/Atlantis`"), "{}", problem.message);
    assert!(Schedule::new("@daily", "+02:00").is_err(), "an offset is right for half of the year");
}

#[test]
fn clocks_that_change_lose_and_repeat_nothing() {
    let berlin = |expression: &str, from: &str, expected: &[&str]| check(expression, "Europe/Berlin", from, expected);
    // In spring 02:30 is missing: once, later by the hour that is skipped.
    berlin("0 30 2 * * *", "2026-03-28T12:00:00Z", &["2026-03-29 03:30:00+02:00", "2026-03-30 02:30:00+02:00"]);
    // In autumn it comes twice: once, the first.
    berlin("0 30 2 * * *", "2026-10-24T12:00:00Z", &["2026-10-25 02:30:00+02:00", "2026-10-26 02:30:00+01:00"]);
    // Every real half hour.
    berlin(
        "0 */30 * * * *",
        "2026-10-24T23:45:00Z",
        &[
            "2026-10-25 02:00:00+02:00",
            "2026-10-25 02:30:00+02:00",
            "2026-10-25 02:00:00+01:00",
            "2026-10-25 02:30:00+01:00",
            "2026-10-25 03:00:00+01:00",
        ],
    );
    berlin(
        "0 */30 * * * *",
        "2026-03-29T00:15:00Z",
        &["2026-03-29 01:30:00+01:00", "2026-03-29 03:00:00+02:00", "2026-03-29 03:30:00+02:00"],
    );
    // What is shifted meets what is there: neither is lost, and one instant is due once.
    berlin("45 2,3 * * *", "2026-03-29T00:00:00Z", &["2026-03-29 03:45:00+02:00", "2026-03-30 02:45:00+02:00"]);
    berlin(
        "0,15 2,3 * * *",
        "2026-03-29T00:00:00Z",
        &["2026-03-29 03:00:00+02:00", "2026-03-29 03:15:00+02:00", "2026-03-30 02:00:00+02:00"],
    );
    // A whole day that a zone skipped: Friday the 30th of December 2011 did not happen in Apia.
    check(
        "0 12 * * *",
        "Pacific/Apia",
        "2011-12-29T00:00:00Z",
        &["2011-12-29 12:00:00-10:00", "2011-12-31 12:00:00+14:00", "2012-01-01 12:00:00+14:00"],
    );
    // Half an hour: Lord Howe.
    check(
        "15 2 * * *",
        "Australia/Lord_Howe",
        "2026-10-03T00:00:00Z",
        &["2026-10-04 02:45:00+11:00", "2026-10-05 02:15:00+11:00"],
    );
}

#[test]
fn missing_and_duplicate_are_choices() {
    let mut schedule = Schedule::new("30 2 * * *", "Europe/Berlin").expect("it can be read");
    schedule.missing = Missing::Skip;
    schedule.duplicate = Duplicate::Both;
    assert_eq!(due(&schedule, "2026-03-28T12:00:00Z", 1), ["2026-03-30 02:30:00+02:00"]);
    assert_eq!(due(&schedule, "2026-10-24T12:00:00Z", 2), ["2026-10-25 02:30:00+02:00", "2026-10-25 02:30:00+01:00"]);
}

#[test]
fn what_was_missed_goes_by_the_policy() {
    let mut schedule = Schedule::new("0 9 * * MON-FRI", "Europe/Berlin").expect("it can be read");
    let (last, now) = (stamp("2026-06-01T07:00:00Z"), stamp("2026-06-06T20:00:00Z"));
    let mut check = |misfire, expected: &[&str]| {
        schedule.misfire = misfire;
        let expected: Vec<_> = expected.iter().map(|text| stamp(text)).collect();
        assert_eq!(schedule.misfires(last, now), expected, "{misfire:?}");
    };
    check(Misfire::Coalesce, &["2026-06-05T07:00:00Z"]);
    check(
        Misfire::All,
        &["2026-06-02T07:00:00Z", "2026-06-03T07:00:00Z", "2026-06-04T07:00:00Z", "2026-06-05T07:00:00Z"],
    );
    check(Misfire::Skip, &[]);

    // A year of seconds is answered with the last of them, and a schedule that was due years ago is still found.
    let every_second = Schedule::new("* * * * * *", "UTC").expect("it can be read");
    assert_eq!(every_second.misfires(stamp("2025-01-01T00:00:00Z"), now), [now]);
    let rare = Schedule::new("0 0 29 2 *", "UTC").expect("it can be read");
    assert_eq!(rare.misfires(stamp("2010-01-01T00:00:00Z"), now), [stamp("2024-02-29T00:00:00Z")]);
    assert_eq!(rare.misfires(stamp("2024-02-29T00:00:00Z"), now), []);
    let over = Schedule::new("0 0 0 1 1 ? 2001", "UTC").expect("it can be read");
    assert_eq!(over.after(now), None);
    assert_eq!(over.misfires(stamp("1990-01-01T00:00:00Z"), now), [stamp("2001-01-01T00:00:00Z")]);
}

#[test]
fn a_schedule_is_written_as_it_was_read() {
    let text =
        r#"{"expression":"30 2 * * *","zone":"Europe/Berlin","missing":"skip","duplicate":"both","misfire":"all"}"#;
    let schedule: Schedule = serde_json::from_str(text).expect("it can be read");
    assert_eq!(serde_json::to_string(&schedule).expect("it can be written"), text);
    let short: Schedule =
        serde_json::from_str(r#"{"expression":"@daily","zone":"UTC"}"#).expect("the rest has defaults");
    assert_eq!((short.missing, short.duplicate, short.misfire), (Missing::Shift, Duplicate::First, Misfire::Coalesce));
    let error =
        serde_json::from_str::<Schedule>(r#"{"expression":"0 0 L * *","zone":"UTC"}"#).expect_err("it is refused");
    assert!(error.to_string().contains("the last day"), "{error}");
}

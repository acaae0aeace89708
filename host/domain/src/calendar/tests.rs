//! Business time against facts, an independent oracle that steps by the minute, and the laws of its arithmetic.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;

mod laws;
mod oracle;

fn calendar(definition: Value) -> Calendar {
    Calendar::from_json(&definition).expect("a valid calendar")
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn office(zone: &str, preset: &str) -> Calendar {
    let day = json!([["09:00", "17:00"]]);
    calendar(json!({
        "key": "office", "title": "Office", "zone": zone, "preset": preset,
        "hours": {"mon": day, "tue": day, "wed": day, "thu": day, "fri": day}
    }))
}

#[test]
fn friday_afternoon_continues_on_monday() {
    let office = office("Europe/Berlin", "weft");

    let due = office.add(at("2026-03-27T15:00:00Z"), 2 * 3600).expect("opens on Monday");

    // Clocks go forward on the Sunday between: 17:00 Berlin is 16:00Z on Friday, 09:00 is 07:00Z on Monday.
    assert_eq!(due, at("2026-03-30T08:00:00Z"));
    assert_eq!(office.between(at("2026-03-27T15:00:00Z"), due), 2 * 3600);
    assert_eq!(office.subtract(due, 2 * 3600), Ok(at("2026-03-27T15:00:00Z")));
}

#[test]
fn a_budget_that_ends_at_closing_lands_as_the_preset_says() {
    let land = |preset| office("UTC", preset).add(at("2026-03-27T16:00:00Z"), 3600).expect("opens");
    let (closing, opening) = (at("2026-03-27T17:00:00Z"), at("2026-03-30T09:00:00Z"));

    assert_eq!(["weft", "servicenow", "znuny"].map(land), [closing; 3]);
    assert_eq!(["biz", "zammad", "glpi", "rt"].map(land), [opening; 4]);
}

#[test]
fn adding_nothing_moves_to_an_opening_only_where_the_source_does() {
    let land = |preset| office("UTC", preset).add(at("2026-03-28T12:00:00Z"), 0).expect("opens");
    let (same, opening) = (at("2026-03-28T12:00:00Z"), at("2026-03-30T09:00:00Z"));

    assert_eq!(["weft", "znuny"].map(land), [same; 2]);
    assert_eq!(["biz", "zammad", "glpi", "rt"].map(land), [opening; 4]);
}

#[test]
fn days_mean_what_the_preset_says() {
    let add = |preset, start: &str, days| {
        let office = office("UTC", preset);
        office.add_days(at(start), days, Clock::SameTime).expect("opens").to_string()
    };

    assert_eq!(add("weft", "2026-03-27T12:00:00Z", 1), "2026-03-30T12:00:00Z");
    assert_eq!(add("weft", "2026-03-27T18:00:00Z", 1), "2026-03-31T09:00:00Z");
    assert_eq!(add("glpi", "2026-03-27T18:00:00Z", 1), "2026-03-30T17:00:00Z");
    assert_eq!(add("glpi", "2026-03-28T18:00:00Z", 1), "2026-03-31T09:00:00Z");
    // 24 working hours are three days of eight.
    assert_eq!(add("znuny", "2026-03-27T12:00:00Z", 1), "2026-04-01T12:00:00Z");

    let office = office("UTC", "glpi");
    let end = office.add_days(at("2026-03-28T12:00:00Z"), 1, Clock::EndOfDay);
    assert_eq!(end, Ok(at("2026-03-31T17:00:00Z")));
}

#[test]
fn the_closing_instant_is_open_only_where_the_source_says_so() {
    let closing = at("2026-03-27T17:00:00Z");

    assert!(!office("UTC", "weft").is_open(closing));
    assert!(!office("UTC", "biz").is_open(closing));
    assert!(office("UTC", "glpi").is_open(closing));
    assert!(!office("UTC", "glpi").is_open(at("2026-03-27T17:00:01Z")));
}

#[test]
fn a_skipped_hour_has_no_work_and_a_repeated_one_has_it_twice() {
    let night = |preset| {
        calendar(json!({"key": "n", "zone": "America/Los_Angeles", "preset": preset,
            "hours": {"sun": [["01:00", "01:30"], ["02:30", "03:15"]]}}))
    };
    let worked = |preset, from, to| night(preset).between(at(from), at(to)) / 60;

    // 2006-04-02: 02:00 becomes 03:00.
    assert_eq!(worked("weft", "2006-04-02T00:00:00Z", "2006-04-03T07:00:00Z"), 30 + 15);
    assert_eq!(worked("biz", "2006-04-02T00:00:00Z", "2006-04-03T07:00:00Z"), 30);
    // 2006-10-29: 02:00 becomes 01:00.
    assert_eq!(worked("weft", "2006-10-29T00:00:00Z", "2006-10-30T07:00:00Z"), 2 * 30 + 45);
    assert_eq!(worked("biz", "2006-10-29T00:00:00Z", "2006-10-30T07:00:00Z"), 30 + 45);
}

#[test]
fn windows_are_whole_even_across_a_change_of_the_clocks() {
    let always = calendar(json!({"key": "a", "zone": "Europe/Berlin", "hours": "always"}));

    let lengths: Vec<_> = always
        .windows(at("2026-03-27T23:00:00Z"))
        .take(3)
        .map(|window| window.close.as_second() - window.open.as_second())
        .collect();

    assert_eq!(lengths, [24 * 3600, 23 * 3600, 24 * 3600]);
}

#[test]
fn two_calendars_in_two_zones_are_open_together() {
    let both = office("Europe/Berlin", "weft").intersect(&office("America/New_York", "weft")).expect("they overlap");

    let first = both.windows(at("2026-01-05T00:00:00Z")).next().expect("a window");

    assert_eq!(first.open, at("2026-01-05T14:00:00Z"));
    assert_eq!(first.close, at("2026-01-05T16:00:00Z"));
    assert_eq!(both.between(at("2026-01-05T00:00:00Z"), at("2026-01-12T00:00:00Z")), 5 * 2 * 3600);
    let apart = office("Asia/Tokyo", "weft").intersect(&office("America/New_York", "weft"));
    assert_eq!(apart.expect_err("the nights are the days"), CalendarError::NeverOpenTogether);
}

#[test]
fn a_definition_reports_every_problem_at_once() {
    let problems = Calendar::from_json(&json!({
        "key": 7, "zone": "Mars/Olympus", "colour": "red", "preset": "sap",
        "options": {"landing": "soft", "speed": 1},
        "hours": {
            "mon": [["09:00", "25:00"], ["17:00", "09:00"]], "mo": [], "tue": [["08:00", "12:00"], ["11:00", "13:00"]]
        },
        "breaks": {"2026-02-30": []},
        "holidays": [{"date": "25 December"}, {"from": "2026-05-02", "to": "2026-05-01"}]
    }))
    .expect_err("it is all wrong");

    let mut places: Vec<_> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
    places.sort_unstable();
    assert_eq!(
        places,
        [
            "/breaks/2026-02-30",
            "/colour",
            "/holidays/0",
            "/holidays/1",
            "/hours/mo",
            "/hours/mon/0/1",
            "/hours/mon/1",
            "/hours/tue/1",
            "/key",
            "/options/landing",
            "/options/speed",
            "/preset",
            "/zone"
        ]
    );
}

#[test]
fn a_calendar_that_never_opens_is_refused() {
    let refused = |definition: Value| Calendar::from_json(&definition).expect_err("it never opens").remove(0);

    let empty = refused(json!({"key": "e", "zone": "UTC", "hours": {}}));
    assert!(empty.message.contains("There are no business hours configured."));
    let every_day_free = refused(json!({"key": "e", "zone": "UTC", "hours": "always",
        "holidays": [{"from": "--01-01", "to": "--12-31"}]}));
    assert_eq!(every_day_free.code, "calendar-never-open");
}

#[test]
fn a_calendar_with_only_past_shifts_says_never_open() {
    let shifts = calendar(json!({"key": "s", "zone": "UTC", "hours": {},
        "shifts": {"2006-01-07": [["09:00", "11:00"]]}}));

    assert_eq!(shifts.add(at("2006-01-07T08:00:00Z"), 3600), Ok(at("2006-01-07T10:00:00Z")));
    let never = CalendarError::NeverOpen { days: Options::SEARCH_DAYS_MAX };
    assert_eq!(shifts.add(at("2006-01-08T00:00:00Z"), 1), Err(never));
}

#[test]
fn a_holiday_feed_becomes_holidays() {
    let feed = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:20261227\r\n\
                RRULE:FREQ=YEARLY\r\nSUMMARY:Christmas\\, both\r\n  days\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\n\
                DTSTART;VALUE=DATE:20260501\r\nSUMMARY:Labour Day\r\nBEGIN:VALARM\r\nSUMMARY:no\r\nEND:VALARM\r\n\
                END:VEVENT\r\nBEGIN:VEVENT\r\nDTSTART:20260601T100000Z\r\nSUMMARY:Party\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

    let reading = read_feed(feed);

    assert_eq!(reading.left_out, ["Party: DTSTART is not a whole day (VALUE=DATE)"]);
    let holidays: Vec<Value> = reading.holidays.iter().map(FeedHoliday::to_definition).collect();
    assert_eq!(holidays[0], json!({"from": "--12-25", "to": "--12-26", "title": "Christmas, both days"}));
    let office = calendar(json!({"key": "f", "zone": "UTC", "hours": "always", "holidays": holidays}));
    assert!(office.is_holiday(at("2031-12-26T12:00:00Z")));
    assert_eq!(office.holiday_title(at("2026-05-01T00:00:00Z")), Some("Labour Day"));
    assert!(!office.is_open(at("2026-05-01T12:00:00Z")));
}

#[test]
fn twenty_years_are_added_in_a_blink() {
    let office = office("Europe/Berlin", "weft");
    let start = at("2026-01-01T00:00:00Z");

    let due = office.add(start, 20 * 260 * 8 * 3600).expect("opens");

    assert_eq!(office.between(start, due), 20 * 260 * 8 * 3600);
}

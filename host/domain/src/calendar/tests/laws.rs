//! Laws that hold for every calendar, zone and instant, with a printed seed.

use super::oracle::{Plain, Random, ZONES};
use super::*;

fn seed() -> u64 {
    // A seed of the environment repeats a failure; otherwise the run is the same every time.
    let seed = option_env!("WEFT_TEST_SEED").and_then(|text| text.parse().ok()).unwrap_or(20_060_402);
    eprintln!("seed {seed}");
    seed
}

fn stamp(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("an instant")
}

#[test]
fn every_minute_agrees_with_the_oracle() {
    let mut random = Random(seed());
    for round in 0..168 {
        let zone = ZONES[round % ZONES.len()];
        // Days that do not exist (Apia, 2011) are only asked of the wall clock: boundaries move onto other days there.
        let preset = if round % 3 == 0 && zone != "Pacific/Apia" { "biz" } else { "weft" };
        let year = [2006, 2011, 2018, 2026][random.below(4) as usize];
        let (plain, calendar) = Plain::random(&mut random, zone, year, preset);
        // Every other round begins just before a change of the clocks, the others anywhere in the year.
        let january = jiff::civil::date(year as i16, 1, 1).to_zoned(TimeZone::UTC).expect("a day");
        let anywhere = january.timestamp().as_second() + random.below(360 * 86_400);
        let changes: Vec<_> = plain.zone.following(stamp(anywhere)).take(1).collect();
        let begin = match changes.first() {
            Some(change) if round % 2 == 0 => change.timestamp().as_second() - 86_400,
            _ => anywhere,
        };
        let begin = begin.div_euclid(60) * 60;
        let minutes = 3 * 1440;
        let open: Vec<bool> = (0..minutes).map(|minute| plain.open(begin + minute * 60)).collect();

        for (minute, open) in open.iter().enumerate() {
            let second = begin + minute as i64 * 60;
            assert_eq!(calendar.is_open(stamp(second)), *open, "{zone} round {round} at {}", stamp(second));
        }
        let total = open.iter().filter(|open| **open).count() as i64 * 60;
        let end = begin + minutes * 60;
        assert_eq!(calendar.between(stamp(begin), stamp(end)), total, "{zone} round {round} {}", stamp(begin));

        if total > 0 {
            let amount = 60 * (1 + random.below(total / 60));
            let mut left = amount;
            let used_up = open.iter().position(|open| {
                left -= if *open { 60 } else { 0 };
                left == 0
            });
            let due = begin + (used_up.expect("enough open minutes") as i64 + 1) * 60;
            let landed = calendar.add(stamp(begin), amount).expect("opens");
            if preset == "weft" {
                assert_eq!(landed, stamp(due), "{zone} round {round} + {amount}");
            } else {
                // Landing at the next opening adds no working time.
                assert!(landed >= stamp(due), "{zone} round {round} + {amount}");
                assert_eq!(calendar.between(stamp(due), landed), 0, "{zone} round {round} + {amount}");
            }
        }
    }
}

#[test]
fn adding_and_measuring_are_inverse_and_monotonic() {
    let mut random = Random(seed());
    for round in 0..3000 {
        let zone = ZONES[round % ZONES.len()];
        let preset = ["weft", "biz", "glpi", "znuny", "rt", "servicenow", "zammad"][round % 7];
        let (_, calendar) = Plain::random(&mut random, zone, 2026, preset);
        let start = stamp(1_767_225_600 + random.below(360 * 86_400));
        let (less, more) = (random.below(2_000_000), random.below(2_000_000));
        let (less, more) = (less.min(more), less.max(more) + 1);

        let due = calendar.add(start, more).expect("opens");

        assert_eq!(calendar.between(start, due), more, "{zone} round {round}");
        assert!(calendar.add(start, less).expect("opens") <= due, "{zone} round {round}");
        let back = calendar.subtract(due, more).expect("opens");
        assert!(back >= start || preset == "glpi", "{zone} round {round} {preset}");
        assert_eq!(calendar.between(back, due), more, "{zone} round {round}");
        let middle = stamp((start.as_second() + due.as_second()) / 2);
        let parts = calendar.between(start, middle) + calendar.between(middle, due);
        assert_eq!(parts, more, "{zone} round {round}");
        let windows: i64 = calendar
            .windows(start)
            .take_while(|window| window.open < due)
            .map(|window| window.close.min(due).as_second() - window.open.as_second())
            .sum();
        assert_eq!(windows, more, "{zone} round {round}");
    }
}

#[test]
fn microseconds_are_exact() {
    let office = office("UTC", "weft");
    let start: Timestamp = "2026-03-27T16:59:59.999999Z".parse().expect("an instant");

    let due = office.add_micros(start, 2).expect("opens");

    assert_eq!(due.to_string(), "2026-03-30T09:00:00.000001Z");
    assert_eq!(office.between_micros(start, due), 2);
    assert_eq!(office.between(start, due), 0);
}

#[test]
fn a_change_at_midnight_orders_the_days_it_mixes() {
    // Newfoundland changed at 00:01 until 2011: 23:01 to 24:00 of the day before comes twice around 00:00.
    let zone = "America/St_Johns";
    let evening = calendar(json!({"key": "e", "zone": zone, "hours": {
        "sat": [["23:30", "24:00"]], "sun": [["00:00", "00:30"]]}}));

    let windows: Vec<_> = evening.windows(at("2006-10-28T12:00:00Z")).take(4).collect();

    assert!(windows.windows(2).all(|pair| pair[0].close <= pair[1].open));
    let worked = evening.between(at("2006-10-28T12:00:00Z"), at("2006-10-29T12:00:00Z"));
    assert_eq!(worked, (30 + 1 + 30 + 30) * 60);
}

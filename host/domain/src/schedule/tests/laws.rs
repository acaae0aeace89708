//! Laws that hold in every zone of the database, and another reader of cron expressions as the oracle.

use super::*;
use chrono::TimeZone as _;
use std::collections::BTreeSet;
use std::str::FromStr;

/// Numbers that look like chance, from a seed that is printed.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

fn seed() -> u64 {
    let seed = option_env!("WEFT_TEST_SEED").and_then(|text| text.parse().ok()).unwrap_or(20_261_122);
    eprintln!("seed {seed}");
    seed
}

fn zones() -> Vec<TimeZone> {
    let zones: Vec<_> = jiff::tz::db().available().filter_map(|name| TimeZone::get(name.as_str()).ok()).collect();
    assert!(zones.len() > 300, "only {} zones: the database of zones is missing", zones.len());
    zones
}

#[test]
fn due_times_rise_and_no_wall_time_comes_twice() {
    let mut numbers = Numbers(seed());
    let (from, to) = (stamp("2026-01-01T00:00:00Z"), stamp("2028-01-01T00:00:00Z"));
    for zone in zones() {
        let name = zone.iana_name().unwrap_or("?").to_owned();
        let (hour, minute) = (numbers.below(24), numbers.below(60));
        for expression in ["30 2 * * *".to_owned(), "0 0 * * *".to_owned(), format!("{minute} {hour} * * *")] {
            let schedule = Schedule::new(&expression, "UTC").expect("it can be read");
            let schedule = Schedule { zone: zone.clone(), ..schedule };
            let dues = schedule.between(from, to, INSTANTS_MAX);
            let walls: BTreeSet<_> = dues.iter().map(|due| zone.to_datetime(*due)).collect();
            assert!(dues.is_sorted_by(|a, b| a < b), "`{expression}` in {name} must rise");
            assert_eq!(walls.len(), dues.len(), "`{expression}` in {name} must not repeat a wall-clock time");
            // Once on each day: nothing is lost to a change of the clocks. The first and last day may be cut by the offset.
            let days: BTreeSet<_> = walls.iter().map(|wall| wall.date()).collect();
            assert!((729..=731).contains(&days.len()), "`{expression}` in {name} is due on {} days", days.len());
            assert_eq!(days.len(), dues.len(), "`{expression}` in {name} is due once a day");
        }
    }
}

#[test]
fn every_real_half_hour_is_due_around_each_change() {
    let mut changes = 0;
    for zone in zones() {
        let schedule = Schedule { zone: zone.clone(), ..Schedule::new("*/30 * * * *", "UTC").expect("it can be read") };
        for change in zone
            .following(stamp("2026-01-01T00:00:00Z"))
            .take_while(|change| change.timestamp() < stamp("2028-01-01T00:00:00Z"))
        {
            changes += 1;
            let at = change.timestamp();
            let dues = schedule.between(at - jiff::Span::new().hours(4), at + jiff::Span::new().hours(4), INSTANTS_MAX);
            // Offsets of all zones that change are whole quarters of hours, so the distance is half an hour, or less at the change.
            let distances: BTreeSet<_> =
                dues.windows(2).map(|pair| pair[1].as_second() - pair[0].as_second()).collect();
            assert_eq!(distances, BTreeSet::from([1_800]), "{:?} at {at}", zone.iana_name());
        }
    }
    assert!(changes > 500, "only {changes} changes were seen");
}

#[test]
fn the_other_reader_agrees_in_utc() {
    let mut numbers = Numbers(seed());
    for _ in 0..2_000 {
        let mut field = |least: u64, most: u64| {
            let (a, b) = (least + numbers.below(most - least + 1), least + numbers.below(most - least + 1));
            match numbers.below(5) {
                0 | 1 => "*".to_owned(),
                2 => a.to_string(),
                3 => format!("{}-{}", a.min(b), a.max(b)),
                _ => format!("*/{}", 1 + a % 7),
            }
        };
        let (second, minute, hour, day, month) = (field(0, 59), field(0, 59), field(0, 23), field(1, 28), field(1, 12));
        // Weekdays only where the day is open: the other reader asks for both.
        let weekday = if day == "*" { ["*", "MON", "TUE-FRI", "SUN"][numbers.below(4) as usize] } else { "*" };
        let expression = format!("{second} {minute} {hour} {day} {month} {weekday}");
        let from = 1_700_000_000 + i64::try_from(numbers.below(100_000_000)).expect("it is small");

        let ours = Schedule::new(&expression, "UTC").expect("it can be read");
        let ours = ours.between(Timestamp::from_second(from).expect("an instant"), Timestamp::MAX, 5);
        let ours: Vec<_> = ours.iter().map(|due| due.as_second()).collect();

        let theirs = ::cron::Schedule::from_str(&expression).expect("it can be read");
        let start = chrono::Utc.timestamp_opt(from, 0).single().expect("an instant");
        let theirs: Vec<_> = theirs.after(&start).take(5).map(|due| due.timestamp()).collect();
        assert_eq!(ours, theirs, "`{expression}` from {from}");
    }
}

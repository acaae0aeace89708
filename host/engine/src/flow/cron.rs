//! Cron expressions that are right about the change of clocks. It must not know cycles or elements.
//!
//! A wall time that the clocks skip runs once, just after the gap; one that they repeat runs once. An expression for every hour means
//! every real hour.

use ::cron::TimeUnitSpec as _;
use jiff::civil::{Date, DateTime};
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use std::str::FromStr as _;

/// Days that are searched for the next run: some expressions name a 29 February.
const DAYS_SEARCHED_MAX: u32 = 366 * 9;
const WEEKDAYS: [&str; 8] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];

#[derive(Debug)]
pub(super) struct Cron {
    schedule: ::cron::Schedule,
    /// The hour field names every hour: real time counts, not the clock on the wall.
    every_hour: bool,
}

impl Cron {
    /// Five fields as in crontab (weekdays 0 to 7), or six or seven with seconds first (and a year last).
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| {
            format!("`{text}` is neither a cycle such as R/PT1H nor a cron expression such as `0 9 * * MON-FRI`{why}")
        };
        let fields: Vec<&str> = text.split_whitespace().collect();
        if fields.iter().any(|field| field.contains('#') || field.ends_with('L') || field.ends_with('W')) {
            return Err(wrong("; L, W and # are not understood, list the days instead"));
        }
        let readable = match fields.as_slice() {
            [minute, hour, day, month, weekday] => {
                format!("0 {minute} {hour} {day} {month} {}", weekday_names(weekday))
            }
            _ => text.to_owned(),
        };
        let schedule = ::cron::Schedule::from_str(&readable).map_err(|_| wrong(""))?;
        let every_hour = schedule.hours().is_all();
        Ok(Self { schedule, every_hour })
    }

    /// The first run after a moment; none when there is none for years.
    pub fn after(&self, moment: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let zone = if self.every_hour { TimeZone::fixed(zone.to_offset(moment)) } else { zone.clone() };
        let mut wall = zone.to_datetime(moment);
        // A wall time that the clocks repeat is found twice; the second time it is not after the moment.
        for _ in 0..4 {
            wall = self.next_wall(wall)?;
            let run = zone.to_ambiguous_zoned(wall).compatible().ok()?.timestamp();
            if run > moment {
                return Some(run);
            }
        }
        None
    }

    fn next_wall(&self, after: DateTime) -> Option<DateTime> {
        let mut from = after.checked_add(1.second()).ok()?.with().subsec_nanosecond(0).build().ok()?;
        let mut day = from.date();
        for _ in 0..DAYS_SEARCHED_MAX {
            if self.includes(day)
                && let Some(found) = self.next_of_day(day, from)
            {
                return Some(found);
            }
            day = day.tomorrow().ok()?;
            from = day.at(0, 0, 0, 0);
        }
        None
    }

    fn includes(&self, day: Date) -> bool {
        let number = |of: i8| u32::try_from(of).unwrap_or(0);
        u32::try_from(day.year()).is_ok_and(|year| self.schedule.years().includes(year))
            && self.schedule.months().includes(number(day.month()))
            && self.schedule.days_of_month().includes(number(day.day()))
            && self.schedule.days_of_week().includes(number(day.weekday().to_sunday_one_offset()))
    }

    fn next_of_day(&self, day: Date, from: DateTime) -> Option<DateTime> {
        let small = |value: u32| i8::try_from(value).ok();
        for hour in self.schedule.hours().iter().filter_map(small).filter(|hour| *hour >= from.hour()) {
            let minute_min = if hour == from.hour() { from.minute() } else { 0 };
            for minute in self.schedule.minutes().iter().filter_map(small).filter(|minute| *minute >= minute_min) {
                let at_start = hour == from.hour() && minute == from.minute();
                let second_min = if at_start { from.second() } else { 0 };
                if let Some(second) =
                    self.schedule.seconds().iter().filter_map(small).find(|second| *second >= second_min)
                {
                    return Some(day.at(hour, minute, second, 0));
                }
            }
        }
        None
    }
}

/// Weekdays of crontab, where 0 and 7 are Sunday, by their names.
fn weekday_names(field: &str) -> String {
    let mut out = String::new();
    let mut in_step = false;
    for letter in field.chars() {
        match letter.to_digit(10).and_then(|digit| WEEKDAYS.get(digit as usize)) {
            Some(name) if !in_step => out.push_str(name),
            _ => out.push(letter),
        }
        in_step = letter == '/' || (in_step && letter.is_ascii_digit());
    }
    out
}

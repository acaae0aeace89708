//! Reading a calendar definition, completely: every problem at once, each with its place and what to do.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::date;
use super::holiday::{Holiday, Holidays, MonthDay};
use super::hours::{self, Hours, read_time};
use super::local::read_zone;
use super::options::{LastMinute, Options, Preset};
use crate::Problem;

/// Most intervals of one day.
const INTERVALS_MAX: usize = 48;
/// Most dates with breaks or shifts, and most holidays.
const DATES_MAX: usize = 20_000;
const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const KNOWN: [&str; 10] =
    ["key", "title", "zone", "hours", "breaks", "shifts", "holidays", "preset", "options", "description"];

/// What a calendar is made of once checked.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) key: String,
    pub(crate) title: String,
    /// Hours of each weekday, Monday first.
    pub(crate) week: [Vec<Hours>; 7],
    pub(crate) breaks: BTreeMap<i64, Vec<Hours>>,
    pub(crate) shifts: BTreeMap<i64, Vec<Hours>>,
    pub(crate) holidays: Holidays,
    pub(crate) options: Options,
    /// No exceptions at all: every week is like any other.
    pub(crate) plain: bool,
}

/// Checks a definition.
///
/// # Errors
/// Every problem found.
pub(crate) fn read(definition: &Value) -> Result<(Rules, TimeZone), Vec<Problem>> {
    let Some(fields) = definition.as_object() else {
        let message = "A calendar definition is a JSON object with at least \"key\", \"zone\" and \"hours\".";
        return Err(vec![Problem::new("", "calendar-not-an-object", message)]);
    };
    let mut reader = Reader { problems: Vec::new(), last_minute: LastMinute::AsWritten };
    for name in fields.keys().filter(|name| !KNOWN.contains(&name.as_str())) {
        let message = format!("A calendar has no field \"{name}\". Known fields: {}.", KNOWN.join(", "));
        reader.report(format!("/{}", escape(name)), "calendar-field-unknown", message);
    }
    let key = reader.text(fields, "key").unwrap_or_default();
    let title = if fields.contains_key("title") { reader.text(fields, "title") } else { None };
    let zone = match reader.text(fields, "zone").map(|name| read_zone(&name)) {
        Some(Ok(zone)) => zone,
        Some(Err(problem)) => {
            reader.problems.push(problem);
            TimeZone::UTC
        }
        None => TimeZone::UTC,
    };
    let options = reader.options(fields);
    reader.last_minute = options.last_minute;
    let week = reader.week(fields.get("hours"));
    let breaks = reader.dates(fields.get("breaks"), "breaks");
    let shifts = reader.dates(fields.get("shifts"), "shifts");
    if week.iter().all(Vec::is_empty) && shifts.is_empty() && reader.problems.is_empty() {
        let message = "There are no business hours configured. A due time could never be found; give at least one \
                       weekday an interval such as [\"09:00\", \"17:00\"].";
        reader.report("/hours", "calendar-no-hours", message);
    }
    let holidays = reader.holidays(fields.get("holidays"));
    if !reader.problems.is_empty() {
        return Err(reader.problems);
    }
    let plain = breaks.is_empty() && shifts.is_empty() && holidays.is_empty();
    let holidays = Holidays::new(holidays);
    let title = title.unwrap_or_else(|| key.clone());
    Ok((Rules { key, title, week, breaks, shifts, holidays, options, plain }, zone))
}

struct Reader {
    problems: Vec<Problem>,
    last_minute: LastMinute,
}

impl Reader {
    fn report(&mut self, pointer: impl Into<String>, code: &'static str, message: impl Into<String>) {
        self.problems.push(Problem::new(pointer, code, message));
    }

    fn text(&mut self, fields: &Map<String, Value>, name: &str) -> Option<String> {
        match fields.get(name) {
            Some(Value::String(text)) if !text.trim().is_empty() => Some(text.clone()),
            Some(_) => {
                let message = format!("\"{name}\" is not a text. Write it as a non-empty JSON string.");
                self.report(format!("/{name}"), "calendar-text-expected", message);
                None
            }
            None => {
                let message = format!("\"{name}\" is missing and nothing can stand in for it. Add it.");
                self.report(format!("/{name}"), "calendar-field-missing", message);
                None
            }
        }
    }

    fn options(&mut self, fields: &Map<String, Value>) -> Options {
        let preset = match fields.get("preset") {
            None => Preset::Weft,
            Some(value) => serde_json::from_value(value.clone()).unwrap_or_else(|_| {
                let message =
                    format!("There is no preset {value}. Use one of weft, biz, zammad, servicenow, glpi, znuny, rt.");
                self.report("/preset", "calendar-preset-unknown", message);
                Preset::Weft
            }),
        };
        let base = Options::of(preset);
        let Some(overrides) = fields.get("options") else {
            return base;
        };
        let Some(overrides) = overrides.as_object() else {
            let message =
                "\"options\" is not an object of named options. Write {\"landing\": \"latest\"} or leave it out.";
            self.report("/options", "calendar-options-expected", message);
            return base;
        };
        let mut merged = serde_json::to_value(&base).unwrap_or_default();
        for (name, value) in overrides {
            let pointer = format!("/options/{}", escape(name));
            let Some(place) = merged.get_mut(name) else {
                self.report(pointer, "calendar-option-unknown", format!("There is no option \"{name}\"."));
                continue;
            };
            let before = std::mem::replace(place, value.clone());
            if let Err(error) = serde_json::from_value::<Options>(merged.clone()) {
                self.report(pointer, "calendar-option-value", format!("Option \"{name}\": {error}."));
                if let Some(place) = merged.get_mut(name) {
                    *place = before;
                }
            }
        }
        serde_json::from_value(merged).unwrap_or(base)
    }

    fn week(&mut self, hours: Option<&Value>) -> [Vec<Hours>; 7] {
        let mut week: [Vec<Hours>; 7] = Default::default();
        match hours {
            Some(Value::String(word)) if word == "always" => week.fill(vec![Hours::WHOLE_DAY]),
            Some(Value::Object(days)) => {
                for (name, intervals) in days {
                    let pointer = format!("/hours/{}", escape(name));
                    match WEEKDAYS.iter().position(|day| day == name) {
                        Some(day) => week[day] = self.intervals(intervals, &pointer),
                        None => {
                            let message =
                                format!("\"{name}\" is not a weekday. Use mon, tue, wed, thu, fri, sat or sun.");
                            self.report(pointer, "calendar-weekday-unknown", message);
                        }
                    }
                }
            }
            Some(_) => {
                let message = "\"hours\" is not an object of weekdays. Write {\"mon\": [[\"09:00\", \"17:00\"]]}, or \
                               \"always\" for a calendar that never closes.";
                self.report("/hours", "calendar-hours-expected", message);
            }
            None => {
                let message = "There are no business hours configured. Add \"hours\" with at least one weekday, or \
                               \"always\" for a calendar that never closes.";
                self.report("/hours", "calendar-no-hours", message);
            }
        }
        week
    }

    fn dates(&mut self, value: Option<&Value>, name: &str) -> BTreeMap<i64, Vec<Hours>> {
        let mut dates = BTreeMap::new();
        let Some(value) = value else { return dates };
        let Some(entries) = value.as_object() else {
            let message =
                format!("\"{name}\" is not an object of dates. Write {{\"2026-01-05\": [[\"12:00\", \"13:00\"]]}}.");
            self.report(format!("/{name}"), "calendar-dates-expected", message);
            return dates;
        };
        if entries.len() > DATES_MAX {
            let message = format!("\"{name}\" has more than {DATES_MAX} dates. Remove past ones.");
            self.report(format!("/{name}"), "calendar-too-many", message);
            return dates;
        }
        for (text, intervals) in entries {
            let pointer = format!("/{name}/{}", escape(text));
            let intervals = self.intervals(intervals, &pointer);
            match text.parse::<Date>() {
                Ok(date) => {
                    dates.insert(date::day_number(date), intervals);
                }
                Err(_) => {
                    let message = format!("\"{text}\" is not a date of the calendar. Write YYYY-MM-DD.");
                    self.report(pointer, "calendar-date-invalid", message);
                }
            }
        }
        dates
    }

    fn intervals(&mut self, value: &Value, pointer: &str) -> Vec<Hours> {
        let Some(list) = value.as_array().filter(|list| list.len() <= INTERVALS_MAX) else {
            let message =
                format!("This is not a list of at most {INTERVALS_MAX} intervals. Write [[\"09:00\", \"17:00\"]].");
            self.report(pointer, "calendar-intervals-expected", message);
            return Vec::new();
        };
        let mut intervals: Vec<Hours> = Vec::new();
        for (index, interval) in list.iter().enumerate() {
            let pointer = format!("{pointer}/{index}");
            let Some(hours) = self.interval(interval, &pointer) else {
                continue;
            };
            if intervals.iter().any(|other| other.open < hours.close && hours.open < other.close) {
                let message = "This interval overlaps another of the same day, so the same work would be written \
                               twice. Join the two into one.";
                self.report(pointer, "calendar-interval-overlap", message);
                continue;
            }
            intervals.push(hours);
        }
        hours::join(intervals)
    }

    fn interval(&mut self, value: &Value, pointer: &str) -> Option<Hours> {
        let ends: Option<Vec<&str>> = value.as_array().map(|pair| pair.iter().filter_map(Value::as_str).collect());
        let Some([open_text, close_text]) = ends.as_deref() else {
            let message = "An interval is a pair of times. Write [\"09:00\", \"17:00\"].";
            self.report(pointer, "calendar-interval-expected", message);
            return None;
        };
        let (open, close) = (read_time(open_text), read_time(close_text));
        for (index, (time, text)) in [(open, open_text), (close, close_text)].into_iter().enumerate() {
            if time.is_none() {
                let message = format!("\"{text}\" is not a time of day. Write HH:MM from 00:00 to 24:00.");
                self.report(format!("{pointer}/{index}"), "calendar-time-invalid", message);
            }
        }
        let (open, mut close) = (open?, close?);
        if self.last_minute == LastMinute::WholeDay && close == date::DAY_SECONDS - 60 {
            close = date::DAY_SECONDS;
        }
        if open >= close {
            let message = format!(
                "The interval closes at {close_text}, not after it opens at {open_text}, so it holds no time. For \
                 hours past midnight write one interval up to 24:00 and one from 00:00 on the next day."
            );
            self.report(pointer, "calendar-interval-empty", message);
            return None;
        }
        Some(Hours { open, close })
    }

    fn holidays(&mut self, value: Option<&Value>) -> Vec<Holiday> {
        let Some(value) = value else {
            return Vec::new();
        };
        let Some(list) = value.as_array().filter(|list| list.len() <= DATES_MAX) else {
            let message = format!(
                "\"holidays\" is not a list of at most {DATES_MAX} holidays. Write [{{\"date\": \"--12-25\"}}]."
            );
            self.report("/holidays", "calendar-holidays-expected", message);
            return Vec::new();
        };
        let mut holidays = Vec::new();
        for (index, entry) in list.iter().enumerate() {
            holidays.extend(self.holiday(entry, &format!("/holidays/{index}")));
        }
        holidays
    }

    /// `{date}` or `{from, to}`, each a date or `--MM-DD`, with `active` and `title`. An entry without `active` counts,
    /// one with `active: false` is checked but a normal day. (Zammad, "an inactive holiday entry is a normal working day")
    fn holiday(&mut self, entry: &Value, pointer: &str) -> Option<Holiday> {
        let text = |name: &str| entry.get(name).and_then(Value::as_str);
        let (first_text, last_text) = match (text("date"), text("from"), text("to")) {
            (Some(date), None, None) => (date, date),
            (None, Some(from), Some(to)) => (from, to),
            _ => {
                let message = "A holiday is either {\"date\": …} or {\"from\": …, \"to\": …}, each as YYYY-MM-DD, or \
                               as --MM-DD for every year.";
                self.report(pointer, "calendar-holiday-expected", message);
                return None;
            }
        };
        let title = text("title").unwrap_or_default().to_owned();
        let active = match entry.get("active") {
            None => true,
            Some(Value::Bool(active)) => *active,
            Some(_) => {
                let message = "\"active\" says whether the day is free. Write true or false.";
                self.report(format!("{pointer}/active"), "calendar-flag-expected", message);
                false
            }
        };
        let holiday = match (read_day(first_text), read_day(last_text)) {
            (Some(Day::Of(first)), Some(Day::Of(last))) if first <= last => Holiday::Once { first, last, title },
            (Some(Day::Yearly(first)), Some(Day::Yearly(last))) => Holiday::Yearly { first, last, title },
            (Some(Day::Of(_)), Some(Day::Of(_))) => {
                let message = format!("The holiday ends on {last_text}, before it begins on {first_text}. Swap them.");
                self.report(pointer, "calendar-holiday-order", message);
                return None;
            }
            _ => {
                let message = format!(
                    "\"{first_text}\" to \"{last_text}\" is not a free day. Write both as YYYY-MM-DD, or both as \
                     --MM-DD for every year."
                );
                self.report(pointer, "calendar-date-invalid", message);
                return None;
            }
        };
        active.then_some(holiday)
    }
}

enum Day {
    Of(i64),
    Yearly(MonthDay),
}

fn read_day(text: &str) -> Option<Day> {
    let Some(month_day) = text.strip_prefix("--") else {
        return text.parse::<Date>().ok().map(|date| Day::Of(date::day_number(date)));
    };
    // 2000 is a leap year: a holiday may fall on 29 February.
    let date = format!("2000-{month_day}").parse::<Date>().ok()?;
    Some(Day::Yearly((date.month(), date.day())))
}

/// A name as a part of a JSON pointer.
fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

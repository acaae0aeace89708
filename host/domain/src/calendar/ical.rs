//! Holiday feeds: the part of iCalendar (RFC 5545) that public holiday calendars use.
//!
//! Read are all-day events (`DTSTART;VALUE=DATE`, `DTEND` exclusive), their `SUMMARY`, and `RRULE:FREQ=YEARLY` with
//! `INTERVAL=1`, `COUNT` or `UNTIL`. Anything else is reported by name and left out, never guessed.

use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::{Value, json};

/// Most characters of a feed that are read.
const FEED_CHARS_MAX: usize = 4_000_000;
/// Most events of a feed.
const EVENTS_MAX: usize = 20_000;
/// Most years a counted repetition is written out for.
const YEARS_MAX: i64 = 200;

/// One free day or range from a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedHoliday {
    /// The first free day.
    pub first: Date,
    /// The last free day.
    pub last: Date,
    /// Whether it returns every year without end.
    pub yearly: bool,
    /// The summary of the event.
    pub title: String,
}

impl FeedHoliday {
    /// The entry of `holidays` in a calendar definition.
    pub fn to_definition(&self) -> Value {
        let write = |date: Date| {
            if self.yearly { format!("--{:02}-{:02}", date.month(), date.day()) } else { date.to_string() }
        };
        json!({"from": write(self.first), "to": write(self.last), "title": self.title})
    }
}

/// What a feed gave, and what of it was left out and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedReading {
    /// In the order of the feed.
    pub holidays: Vec<FeedHoliday>,
    /// One sentence for each event that was left out.
    pub left_out: Vec<String>,
}

/// Reads the holidays of an iCalendar feed.
pub fn read_feed(feed: &str) -> FeedReading {
    let mut reading = FeedReading::default();
    let mut event: Option<Event> = None;
    let mut events = 0;
    for line in unfold(feed) {
        match (line.as_str(), &mut event) {
            ("BEGIN:VEVENT", _) => event = Some(Event::default()),
            ("END:VEVENT", Some(_)) => {
                let done = event.take().unwrap_or_default();
                events += 1;
                if events > EVENTS_MAX {
                    reading.left_out.push(format!("only the first {EVENTS_MAX} events are read"));
                    break;
                }
                match done.holidays() {
                    Ok(holidays) => reading.holidays.extend(holidays),
                    Err(reason) => reading.left_out.push(format!("{}: {reason}", done.title)),
                }
            }
            (line, Some(event)) => event.read(line),
            _ => {}
        }
    }
    reading
}

#[derive(Default)]
struct Event {
    title: String,
    start: Option<String>,
    end: Option<String>,
    rule: Option<String>,
    cancelled: bool,
    nested: u32,
}

impl Event {
    fn read(&mut self, line: &str) {
        let Some((name, value)) = line.split_once(':') else {
            return;
        };
        // An alarm inside the event has properties of its own.
        match name {
            "BEGIN" => self.nested += 1,
            "END" => self.nested = self.nested.saturating_sub(1),
            _ => {}
        }
        if self.nested > 0 {
            return;
        }
        match name.split(';').next().unwrap_or_default() {
            "SUMMARY" => self.title = unescape(value),
            "DTSTART" => self.start = Some(value.to_owned()),
            "DTEND" => self.end = Some(value.to_owned()),
            "RRULE" => self.rule = Some(value.to_owned()),
            "STATUS" => self.cancelled = value == "CANCELLED",
            _ => {}
        }
    }

    fn holidays(&self) -> Result<Vec<FeedHoliday>, String> {
        if self.cancelled {
            return Err("the event is cancelled".to_owned());
        }
        let start = self.start.as_deref().ok_or("the event has no DTSTART")?;
        let first = read_date(start).ok_or("DTSTART is not a whole day (VALUE=DATE)")?;
        let last = match self.end.as_deref() {
            None => first,
            Some(end) => {
                let end = read_date(end).ok_or("DTEND is not a whole day (VALUE=DATE)")?;
                let last = end.yesterday().map_err(|_| "DTEND is out of range")?;
                last.max(first)
            }
        };
        let once = FeedHoliday { first, last, yearly: false, title: self.title.clone() };
        match self.rule.as_deref() {
            None => Ok(vec![once]),
            Some(rule) => repeat(&once, rule),
        }
    }
}

fn repeat(once: &FeedHoliday, rule: &str) -> Result<Vec<FeedHoliday>, String> {
    let (mut yearly, mut count, mut until) = (false, None, None);
    for part in rule.split(';') {
        match part.split_once('=').unwrap_or((part, "")) {
            ("FREQ", "YEARLY") => yearly = true,
            ("INTERVAL", "1") | ("WKST", _) => {}
            ("COUNT", number) => {
                count = Some(number.parse::<i64>().map_err(|_| "COUNT is not a number")?);
            }
            ("UNTIL", day) => until = Some(read_date(day).ok_or("UNTIL is not a date")?),
            ("BYMONTH", month) if month == once.first.month().to_string() => {}
            ("BYMONTHDAY", day) if day == once.first.day().to_string() => {}
            _ => return Err(format!("the repetition \"{part}\" is not read")),
        }
    }
    if !yearly {
        return Err("only yearly repetitions are read".to_owned());
    }
    if count.is_none() && until.is_none() {
        return Ok(vec![FeedHoliday { yearly: true, ..once.clone() }]);
    }
    let mut written = Vec::new();
    for year in 0..count.unwrap_or(YEARS_MAX).clamp(0, YEARS_MAX) {
        // RFC 5545: a 29 February repeats only in leap years, it does not move.
        let (Ok(first), Ok(last)) = (once.first.checked_add(year.years()), once.last.checked_add(year.years())) else {
            break;
        };
        if until.is_some_and(|until| first > until) {
            break;
        }
        if first.day() == once.first.day() {
            written.push(FeedHoliday { first, last, ..once.clone() });
        }
    }
    Ok(written)
}

fn read_date(value: &str) -> Option<Date> {
    let digits = value.get(..8)?;
    // A time that is not midnight UTC-less would be a part of a day.
    let rest = &value[8..];
    if !(rest.is_empty() || rest == "T000000" || rest.starts_with("T235959")) {
        return None;
    }
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    format!("{}-{}-{}", &digits[..4], &digits[4..6], &digits[6..]).parse().ok()
}

/// Lines joined again where the feed folded them.
fn unfold(feed: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let end = feed.char_indices().nth(FEED_CHARS_MAX).map_or(feed.len(), |(at, _)| at);
    for line in feed[..end].lines() {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(rest), Some(last)) => last.push_str(rest),
            _ => lines.push(line.trim_end().to_owned()),
        }
    }
    lines
}

fn unescape(text: &str) -> String {
    text.replace("\\,", ",").replace("\\;", ";").replace("\\n", " ").replace("\\\\", "\\")
}

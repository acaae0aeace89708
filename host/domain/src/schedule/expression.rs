//! Cron expressions: what people write, and which wall-clock times it means. Knows no zone.
//!
//! Five fields are a crontab line, six have seconds before them, seven have years behind. Weekdays are those of crontab in all three
//! forms, 0 and 7 are Sunday; a day that is restricted by date and by weekday is due when either fits, as cron does it. The `cron` crate
//! reads the fields one by one; its own weekdays (1 is Sunday), its `and` of days and its iteration are not used.

use super::excerpt;
use crate::Problem;
use cron::TimeUnitSpec;
use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Time, date};
use std::fmt::Write as _;
use std::str::FromStr;

const EXPRESSION_BYTES_MAX: usize = 200;
/// The last year of the reader's range.
const YEAR_MAX: i16 = 2100;
/// Steps from day to day and month to month while a day is looked for: more than the days of the rarest schedule, the 29th of
/// February that is a certain weekday, and of a whole range of years that is skipped month by month.
const DAY_STEPS_MAX: usize = 20_000;
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const SHORTHANDS: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

/// A cron expression that was read and that is due at least once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CronExpr {
    text: String,
    /// One bit for each value of a field.
    seconds: u64,
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    /// Bit 0 is Sunday.
    weekdays: u64,
    /// All years when absent.
    years: Option<Vec<i16>>,
    /// Both days and weekdays are restricted: one of the two is enough.
    either_day: bool,
    /// The hour is `*` or a step, so it runs by the time that passes.
    runs_by_elapsed_time: bool,
}

impl CronExpr {
    /// Reads an expression of five, six or seven fields, or `@daily` and its like.
    ///
    /// # Errors
    /// What is wrong in which field, and what to write; also when the expression is never due.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let text = text.trim();
        if text.len() > EXPRESSION_BYTES_MAX {
            return Err(wrong(format!("the expression is longer than {EXPRESSION_BYTES_MAX} characters")));
        }
        let line = shorthand(text)?;
        let words: Vec<_> = line.split_ascii_whitespace().collect();
        let [seconds, minutes, hours, days, months, weekdays, years] = match *words.as_slice() {
            [minute, hour, day, month, weekday] => ["0", minute, hour, day, month, weekday, "*"],
            [second, minute, hour, day, month, weekday] => [second, minute, hour, day, month, weekday, "*"],
            [second, minute, hour, day, month, weekday, year] => [second, minute, hour, day, month, weekday, year],
            _ => {
                let message = format!(
                    "`{}` has {} fields; write five (minute hour day month weekday), six (with seconds before them) or seven (with \
                     years behind), for example `30 8 * * MON-FRI`",
                    excerpt(text),
                    words.len()
                );
                return Err(wrong(message));
            }
        };
        let is_open = |field: &str| field.starts_with(['*', '?']);
        let years = FIELDS[5].read(years)?;
        let expression = Self {
            text: text.to_owned(),
            seconds: bits(&FIELDS[0].read(seconds)?),
            minutes: bits(&FIELDS[1].read(minutes)?),
            hours: bits(&FIELDS[2].read(hours)?),
            days: bits(&FIELDS[3].read(days)?),
            months: bits(&FIELDS[4].read(months)?),
            weekdays: read_weekdays(weekdays)?,
            years: (words.len() == 7 && words[6] != "*")
                .then(|| years.iter().filter_map(|&year| i16::try_from(year).ok()).collect()),
            either_day: !is_open(days) && !is_open(weekdays),
            runs_by_elapsed_time: hours.starts_with('*') || (hours.contains('/') && !hours.contains(['-', ','])),
        };
        if expression.first_at(date(1970, 1, 1).at(0, 0, 0, 0)).is_none() {
            return Err(wrong(format!("`{}` is never due: no such day exists in these months", excerpt(text))));
        }
        Ok(expression)
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether its hour is `*` or a step, so that it runs by the time that passes and not by the clock on the wall.
    #[must_use]
    pub fn runs_by_elapsed_time(&self) -> bool {
        self.runs_by_elapsed_time
    }

    /// The first wall-clock second that fits and is not earlier than `wall`.
    #[must_use]
    pub fn first_at(&self, wall: DateTime) -> Option<DateTime> {
        let mut day = wall.date();
        let mut earliest = wall.time();
        if earliest.subsec_nanosecond() > 0 {
            let next = wall.checked_add(1.second()).ok()?;
            (day, earliest) = (next.date(), next.time());
        }
        for _ in 0..DAY_STEPS_MAX {
            if day.year() > YEAR_MAX {
                return None;
            }
            if !has(self.months, day.month()) || !self.has_year(day.year()) {
                day = day.last_of_month().tomorrow().ok()?;
            } else {
                let time = if self.has_day(day) { self.time_from(earliest) } else { None };
                if let Some(time) = time {
                    return Some(day.to_datetime(time));
                }
                day = day.tomorrow().ok()?;
            }
            earliest = Time::midnight();
        }
        None
    }

    fn has_year(&self, year: i16) -> bool {
        self.years.as_ref().is_none_or(|years| years.contains(&year))
    }

    fn has_day(&self, day: Date) -> bool {
        let by_date = has(self.days, day.day());
        let by_weekday = has(self.weekdays, day.weekday().to_sunday_zero_offset());
        if self.either_day { by_date || by_weekday } else { by_date && by_weekday }
    }

    fn time_from(&self, earliest: Time) -> Option<Time> {
        let mut floor = (earliest.hour(), earliest.minute(), earliest.second());
        while let Some(hour) = next_bit(self.hours, floor.0) {
            if hour > floor.0 {
                floor = (hour, 0, 0);
            }
            while let Some(minute) = next_bit(self.minutes, floor.1) {
                if minute > floor.1 {
                    floor = (hour, minute, 0);
                }
                if let Some(second) = next_bit(self.seconds, floor.2) {
                    return Time::new(hour, minute, second, 0).ok();
                }
                floor = (hour, minute + 1, 0);
            }
            floor = (hour + 1, 0, 0);
        }
        None
    }
}

impl std::fmt::Display for CronExpr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for CronExpr {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        Self::parse(text)
    }
}

fn wrong(message: String) -> Problem {
    Problem::new("/expression", "bad-cron", message)
}

fn shorthand(text: &str) -> Result<&str, Problem> {
    if !text.starts_with('@') {
        return Ok(text);
    }
    let known = SHORTHANDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
    known.map(|&(_, line)| line).ok_or_else(|| {
        let mut message = format!("there is no shorthand `{}`; there are", excerpt(text));
        for (name, _) in SHORTHANDS {
            let _ = write!(message, " `{name}`");
        }
        message.push_str(". For a fixed distance write a cycle such as `R/PT5M`");
        wrong(message)
    })
}

struct Field {
    name: &'static str,
    range: &'static str,
    /// The place of the field among the seven of the reader.
    place: usize,
}

const FIELDS: [Field; 6] = [
    Field { name: "second", range: "0 to 59", place: 0 },
    Field { name: "minute", range: "0 to 59", place: 1 },
    Field { name: "hour", range: "0 to 23", place: 2 },
    Field { name: "day of the month", range: "1 to 31", place: 3 },
    Field { name: "month", range: "1 to 12 or JAN to DEC", place: 4 },
    Field { name: "year", range: "1970 to 2100", place: 6 },
];

impl Field {
    /// The values of the field. Each field is read with all others open, so that the message can say which one is wrong.
    fn read(&self, text: &str) -> Result<Vec<u32>, Problem> {
        check_letters(text, self.name)?;
        let problem = || {
            let (text, name, range) = (excerpt(text), self.name, self.range);
            wrong(format!(
                "`{text}` is not a {name}; write {range}, lists `1,2`, ranges `1-5`, steps `*/5`, or `*` for every"
            ))
        };
        if (text.contains('?') && self.place != 3) || !has_sane_steps(text) {
            return Err(problem());
        }
        let mut fields = ["*"; 7];
        fields[self.place] = text;
        let read = cron::Schedule::from_str(&fields.join(" ")).map_err(|_| problem())?;
        let values: Vec<_> = match self.place {
            0 => read.seconds().iter().collect(),
            1 => read.minutes().iter().collect(),
            2 => read.hours().iter().collect(),
            3 => read.days_of_month().iter().collect(),
            4 => read.months().iter().collect(),
            _ => read.years().iter().collect(),
        };
        if values.is_empty() { Err(problem()) } else { Ok(values) }
    }
}

/// What Quartz and its relatives know beyond crontab is refused with the way to say it here.
fn check_letters(text: &str, name: &str) -> Result<(), Problem> {
    let help = if text.contains('#') {
        "`#` (the n-th weekday of a month) is not known; name the days it can fall on and let the flow check the weekday, \
         for example `0 9 8-14 * *` for the second week"
    } else if text.split([',', '-', '/']).any(|part| part.ends_with(['W', 'w']) && part.len() <= 3) {
        "`W` (the nearest working day) is not known; use a calendar of the space for working days"
    } else if text
        .split([',', '-', '/'])
        .any(|part| part.eq_ignore_ascii_case("l") || part.eq_ignore_ascii_case("lw") || is_last_weekday(part))
    {
        "`L` (the last day) is not known; run on the first of the next month, `0 0 1 * *`, or on `28-31` and let the flow check"
    } else {
        return Ok(());
    };
    Err(wrong(format!("the {name} `{}` cannot be used: {help}", excerpt(text))))
}

fn is_last_weekday(part: &str) -> bool {
    part.strip_suffix(['L', 'l']).is_some_and(|number| !number.is_empty() && number.bytes().all(|c| c.is_ascii_digit()))
}

/// Steps of 1 to 999; the reader would not end with a step of 0.
fn has_sane_steps(text: &str) -> bool {
    text.split(',').all(|part| part.split_once('/').is_none_or(|(_, step)| matches!(step.parse::<u32>(), Ok(1..=999))))
}

/// The weekdays as bits, Sunday first. Ranges may go over the end of the week: `FRI-MON`.
fn read_weekdays(text: &str) -> Result<u64, Problem> {
    check_letters(text, "weekday")?;
    let problem = || {
        let text = excerpt(text);
        wrong(format!(
            "`{text}` is not a weekday; write 0 to 7 (0 and 7 are Sunday) or SUN to SAT, lists `1,3`, ranges `MON-FRI`, or `*`"
        ))
    };
    let mut bits = 0;
    for part in text.split(',') {
        let (days, step) = part.split_once('/').map_or((part, None), |(days, step)| (days, Some(step)));
        let step = step.map_or(Ok(1), str::parse::<usize>).map_err(|_| problem())?;
        let (from, to) = match (days, days.split_once('-')) {
            ("*" | "?", _) => (0, 6),
            (_, Some((from, to))) => (weekday(from).ok_or_else(problem)?, weekday(to).ok_or_else(problem)?),
            (_, None) => {
                let day = weekday(days).ok_or_else(problem)?;
                (day, if part.contains('/') { 6 } else { day })
            }
        };
        if step == 0 || step > 7 {
            return Err(problem());
        }
        let to = if to < from { to + 7 } else { to };
        for day in (from..=to).step_by(step) {
            bits |= 1 << (day % 7);
        }
    }
    Ok(bits)
}

/// 0 to 7, or the first letters of the name.
fn weekday(text: &str) -> Option<usize> {
    if let Ok(number) = text.parse::<usize>() {
        return (text.len() == 1 && number <= 7).then_some(number);
    }
    WEEKDAYS.iter().position(|name| name.eq_ignore_ascii_case(text))
}

fn bits(values: &[u32]) -> u64 {
    values.iter().filter(|&&value| value < 64).fold(0, |bits, value| bits | 1 << value)
}

fn has(bits: u64, value: i8) -> bool {
    bits >> value & 1 == 1
}

/// The first value of the field that is not less than `from`.
fn next_bit(bits: u64, from: i8) -> Option<i8> {
    let rest = bits.checked_shr(u32::try_from(from).ok()?)?;
    (rest != 0).then(|| from.saturating_add(i8::try_from(rest.trailing_zeros()).unwrap_or(i8::MAX)))
}

//! The timers of BPMN: a date, a duration, a cycle, or a cron expression, as ISO 8601 writes them.
//!
//! Hours and smaller are exact: `PT24H` is 24 hours also over a change of the clocks. Days and larger are days on the calendar of a zone:
//! `P1D` is the same time tomorrow. Due times of a cycle are counted from where it began, not from when somebody came to run it.

use super::{CronExpr, excerpt};
use crate::Problem;
use jiff::civil::DateTime;
use jiff::fmt::temporal::{DateTimeParser, SpanParser};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Zoned};

const TEXT_BYTES_MAX: usize = 200;
const REPETITIONS_MAX: u32 = 1_000_000;
/// Longer is a mistake of units, and would end after the last year that can be written.
const YEARS_MAX: i64 = 1_000;
/// A shorter cycle would be a busy loop of commits.
const CYCLE_SECONDS_MIN: i64 = 1;
/// Steps of the search for the occurrence that an instant falls into, after a first estimate.
const SEARCH_STEPS_MAX: u32 = 64;

/// When a timer is due.
#[derive(Debug, Clone, PartialEq)]
pub enum TimerExpr {
    Date(Due),
    Duration(Period),
    Cycle(Cycle),
    Cron(CronExpr),
}

/// A point in time as it was written.
#[derive(Debug, Clone, PartialEq)]
pub enum Due {
    Instant(Timestamp),
    /// Without an offset: it is the clock on the wall of the zone that is asked.
    Local(DateTime),
}

/// A length of time that is not negative.
#[derive(Debug, Clone, Copy)]
pub struct Period(Span);

/// A repeated length of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Cycle {
    /// How often it is due in all; without end when absent.
    pub repetitions: Option<u32>,
    pub period: Period,
    /// When it is due first; without it, one period after the timer was armed.
    pub start: Option<Due>,
}

impl TimerExpr {
    /// Reads `2026-01-01T00:00:00Z`, `PT10S`, `R3/PT10S`, `R/2026-01-01T00:00:00Z/P1D` or a cron expression.
    ///
    /// # Errors
    /// What is wrong and what to write instead.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let text = text.trim();
        if text.len() > TEXT_BYTES_MAX {
            return Err(wrong(format!("the timer is longer than {TEXT_BYTES_MAX} characters")));
        }
        if text.starts_with('@') || text.split_ascii_whitespace().count() > 1 {
            return CronExpr::parse(text).map(Self::Cron);
        }
        match text.as_bytes().first() {
            Some(b'R') => Cycle::parse(text).map(Self::Cycle),
            Some(b'P') => Period::parse(text).map(Self::Duration),
            Some(b'0'..=b'9') => Due::parse(text).map(Self::Date),
            _ => Err(wrong(format!(
                "`{}` is not a timer; write a date `2026-01-01T08:00:00Z`, a duration `PT10M`, a cycle `R3/PT10M` or a cron \
                 expression `0 8 * * MON-FRI`",
                excerpt(text)
            ))),
        }
    }

    /// When a timer that was armed at `armed_at` is due for the first time. A date in the past is due at once.
    ///
    /// None when it never is: a cycle whose occurrences are all in the past, a cron expression of past years.
    #[must_use]
    pub fn first_due(&self, armed_at: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::Date(due) => due.instant(zone),
            Self::Duration(period) => period.times_after(1, armed_at, zone),
            Self::Cycle(cycle) => cycle.first(armed_at, zone).map(|(_, due)| due),
            Self::Cron(expression) => cron_after(expression, armed_at, zone),
        }
    }

    /// The due time that follows `previous`, which was a due time of the timer; none when that was the last.
    ///
    /// It depends on what was due and not on when it ran, so a late run moves nothing.
    #[must_use]
    pub fn next_due(&self, armed_at: Timestamp, previous: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::Date(_) | Self::Duration(_) => None,
            Self::Cycle(cycle) => cycle.next(armed_at, previous, zone),
            Self::Cron(expression) => cron_after(expression, previous, zone),
        }
    }
}

/// With the usual answers to what the clocks skip and repeat.
fn cron_after(expression: &CronExpr, instant: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let schedule = super::Schedule {
        expression: expression.clone(),
        zone: zone.clone(),
        missing: super::Missing::default(),
        duplicate: super::Duplicate::default(),
        misfire: super::Misfire::default(),
    };
    schedule.after(instant)
}

impl Due {
    fn parse(text: &str) -> Result<Self, Problem> {
        let parser = DateTimeParser::new();
        if text.contains('[') {
            // RFC 9557, `2026-03-01T08:00:00+01:00[Europe/Berlin]`: jiff refuses an offset that the zone does not have then.
            return parser
                .parse_zoned(text)
                .map(|zoned: Zoned| Self::Instant(zoned.timestamp()))
                .map_err(|_| not_a_date(text));
        }
        if let Ok(instant) = parser.parse_timestamp(text) {
            return Ok(Self::Instant(instant));
        }
        parser.parse_datetime(text).map(Self::Local).map_err(|_| not_a_date(text))
    }

    fn instant(&self, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::Instant(instant) => Some(*instant),
            Self::Local(local) => zone.to_ambiguous_timestamp(*local).compatible().ok(),
        }
    }
}

fn not_a_date(text: &str) -> Problem {
    wrong(format!(
        "`{}` is not a date; write `2026-01-01T08:00:00Z`, with an offset `2026-01-01T09:00:00+01:00`, or without one for the zone \
         of the flow",
        excerpt(text)
    ))
}

impl Period {
    /// Reads an ISO 8601 duration such as `PT10S`, `P1DT12H` or `P3M`.
    ///
    /// # Errors
    /// When it is not one, is negative, or is longer than a thousand years.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let problem = || {
            wrong(format!(
                "`{}` is not a duration; write `PT30S`, `PT10M`, `PT24H` (exact), `P1D` (the same time tomorrow), `P1W`, `P1M` or \
                 a sum such as `P1DT2H`",
                excerpt(text)
            ))
        };
        let is_iso = text.starts_with('P') && text.bytes().all(|c| matches!(c, b'0'..=b'9' | b'.' | b'A'..=b'Z'));
        if !is_iso {
            return Err(problem());
        }
        let span = SpanParser::new().parse_span(text).map_err(|_| problem())?;
        let period = Self(span);
        if period.seconds_about() > YEARS_MAX * 366 * 86_400 {
            return Err(wrong(format!("`{}` is longer than {YEARS_MAX} years", excerpt(text))));
        }
        Ok(period)
    }

    /// The parts of it, for arithmetic.
    #[must_use]
    pub fn span(&self) -> Span {
        self.0
    }

    /// The length in seconds, with 24 hours to a day, 30 days to a month and 365 to a year.
    #[must_use]
    pub fn seconds_about(&self) -> i64 {
        let span = self.0;
        let days = i64::from(span.get_years()) * 365
            + i64::from(span.get_months()) * 30
            + i64::from(span.get_weeks()) * 7
            + i64::from(span.get_days());
        let exact = i64::from(span.get_hours()) * 3_600 + span.get_minutes() * 60 + span.get_seconds();
        // The smaller units only ever hold what is behind the decimal point of the seconds.
        days * 86_400 + exact + span.get_milliseconds() / 1_000
    }

    /// The instant `count` periods after `anchor`: counted at once, so that the 31st of January is followed by the 28th of February and
    /// that by the 31st of March.
    #[must_use]
    pub fn times_after(&self, count: u32, anchor: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let span = self.0.checked_mul(i64::from(count)).ok()?;
        anchor.to_zoned(zone.clone()).checked_add(span).ok().map(|zoned| zoned.timestamp())
    }
}

impl PartialEq for Period {
    /// As written: `PT24H` is not `P1D`.
    fn eq(&self, other: &Self) -> bool {
        self.0.fieldwise() == other.0.fieldwise()
    }
}

impl Cycle {
    fn parse(text: &str) -> Result<Self, Problem> {
        let parts: Vec<_> = text.split('/').collect();
        let (count, start, period) = match *parts.as_slice() {
            [count, period] => (count, None, period),
            [count, start, period] => (count, Some(start), period),
            _ => {
                return Err(wrong(format!(
                    "`{}` is not a cycle; write `R3/PT10M`, `R/P1D` (without end) or `R3/2026-01-01T08:00:00Z/P1D`",
                    excerpt(text)
                )));
            }
        };
        let repetitions = match &count[1..] {
            "" | "-1" => None,
            digits => {
                let number = digits.bytes().all(|c| c.is_ascii_digit()).then(|| digits.parse::<u32>().ok()).flatten();
                Some(number.filter(|number| (1..=REPETITIONS_MAX).contains(number)).ok_or_else(|| {
                    wrong(format!(
                        "`{}` is not a number of repetitions; write `R1` to `R{REPETITIONS_MAX}`, or `R` for no end",
                        excerpt(count)
                    ))
                })?)
            }
        };
        let start = start.map(Due::parse).transpose()?;
        let period = Period::parse(period)?;
        if period.seconds_about() < CYCLE_SECONDS_MIN {
            return Err(wrong(format!("the period of `{}` is shorter than a second", excerpt(text))));
        }
        Ok(Self { repetitions, period, start })
    }

    /// Occurrence 0 is due at `start`, or one period after the timer was armed.
    fn occurrence(&self, index: u32, armed_at: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        if self.repetitions.is_some_and(|repetitions| index >= repetitions) {
            return None;
        }
        match &self.start {
            Some(start) => self.period.times_after(index, start.instant(zone)?, zone),
            None => self.period.times_after(index.checked_add(1)?, armed_at, zone),
        }
    }

    /// The first occurrence that was not over when the timer was armed: those before it are not made up for, but count.
    fn first(&self, armed_at: Timestamp, zone: &TimeZone) -> Option<(u32, Timestamp)> {
        match &self.start {
            Some(start) if start.instant(zone)? < armed_at => self.search(armed_at, zone, |due| due >= armed_at),
            _ => self.occurrence(0, armed_at, zone).map(|due| (0, due)),
        }
    }

    fn next(&self, armed_at: Timestamp, previous: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let armed = (armed_at, previous);
        self.search_from(armed, zone, |due| due > previous).map(|(_, due)| due)
    }

    fn search(&self, at: Timestamp, zone: &TimeZone, fits: impl Fn(Timestamp) -> bool) -> Option<(u32, Timestamp)> {
        self.search_from((at, at), zone, fits)
    }

    /// The first occurrence that `fits`, which is one near `near`.
    fn search_from(
        &self,
        (armed_at, near): (Timestamp, Timestamp),
        zone: &TimeZone,
        fits: impl Fn(Timestamp) -> bool,
    ) -> Option<(u32, Timestamp)> {
        // Due times only grow with the index, so the first that fits is found by halving.
        let anchor = match &self.start {
            Some(start) => start.instant(zone)?,
            None => armed_at,
        };
        let passed = near.as_second().saturating_sub(anchor.as_second()).max(0);
        let guess = u32::try_from(passed / self.period.seconds_about().max(1)).unwrap_or(u32::MAX / 4);
        let last = self.repetitions.unwrap_or(u32::MAX / 2) - 1;
        // Months and years are not as long as the estimate says; a sixteenth on both sides covers that.
        let (mut low, mut high) =
            ((guess - guess / 16).saturating_sub(2).min(last), (guess + guess / 16 + 2).min(last));
        let fits_at = |index: u32| self.occurrence(index, armed_at, zone).is_none_or(&fits);
        for _ in 0..SEARCH_STEPS_MAX {
            if low >= high {
                break;
            }
            let middle = low + (high - low) / 2;
            if fits_at(middle) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        self.occurrence(low, armed_at, zone).filter(|due| fits(*due)).map(|due| (low, due))
    }
}

fn wrong(message: String) -> Problem {
    Problem::new("/timer", "bad-timer", message)
}

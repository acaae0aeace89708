//! What dates, durations and cycles mean. It must not know elements.
//!
//! A day and longer is calendar time in the zone of the instance, an hour and shorter is exact: `P1D` over a change of the clocks is the
//! same time tomorrow, `PT24H` is not. Due number n of a cycle is its base plus n periods, so nothing drifts.

use super::cron::Cron;
use jiff::{Span, Timestamp, tz::TimeZone};

/// Why a text has no moment; a sentence that says what to write.
pub(super) type Reason = String;

/// An ISO 8601 duration that does not go backwards.
pub(super) fn duration(text: &str) -> Result<Span, Reason> {
    let wrong = || format!("`{text}` is not an ISO 8601 duration; write for example PT4H, P3D or P1DT12H");
    if !text.starts_with('P') {
        return Err(wrong());
    }
    let span: Span = text.parse().map_err(|_| wrong())?;
    if span.is_negative() { Err(wrong()) } else { Ok(span) }
}

/// A moment some periods later.
pub(super) fn later(from: Timestamp, span: Span, times: i64, zone: &TimeZone) -> Result<Timestamp, Reason> {
    span.checked_mul(times)
        .and_then(|span| from.to_zoned(zone.clone()).checked_add(span))
        .map(|zoned| zoned.timestamp())
        .map_err(|_| format!("{times} times {span} after {from} is further away than a date can be"))
}

/// A date: RFC 3339 (a zone in brackets may follow), or without an offset in the zone of the instance, or a day.
pub(super) fn date(text: &str, zone: &TimeZone) -> Result<Timestamp, Reason> {
    let wrong = || format!("`{text}` is not a date; write for example 2026-03-01T09:00:00+01:00");
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Ok(timestamp);
    }
    // FEEL writes the zone of a date and time behind an @.
    let (local, named) = text.split_once('@').map_or((text, None), |(local, name)| (local, Some(name)));
    let local = local.split('[').next().unwrap_or(local);
    let civil = local
        .parse::<jiff::civil::DateTime>()
        .or_else(|_| local.parse::<jiff::civil::Date>().map(|day| day.at(0, 0, 0, 0)))
        .map_err(|_| wrong())?;
    let named = named.map(TimeZone::get).transpose().map_err(|_| wrong())?;
    let zone = named.as_ref().unwrap_or(zone);
    zone.to_ambiguous_zoned(civil).compatible().map(|zoned| zoned.timestamp()).map_err(|_| wrong())
}

/// A date, or a duration from a moment on.
pub(super) fn date_or_duration(text: &str, from: Timestamp, zone: &TimeZone) -> Result<Timestamp, Reason> {
    if text.starts_with('P') { later(from, duration(text)?, 1, zone) } else { date(text, zone) }
}

/// `R[n]/[start/]duration`, or a cron expression.
#[derive(Debug)]
pub(super) struct Cycle {
    /// Absent: without end.
    pub times: Option<u32>,
    start: Option<Timestamp>,
    every: Every,
}

#[derive(Debug)]
enum Every {
    Period(Span),
    Cron(Box<Cron>),
}

impl Cycle {
    pub fn parse(text: &str, zone: &TimeZone) -> Result<Self, Reason> {
        let Some(rest) = text.strip_prefix('R') else {
            return Ok(Self { times: None, start: None, every: Every::Cron(Box::new(Cron::parse(text)?)) });
        };
        let wrong =
            || format!("`{text}` is not a cycle; write for example R/PT1H, R3/PT10M or R/2026-03-01T09:00:00Z/P1D");
        let (times, rest) = rest.split_once('/').ok_or_else(wrong)?;
        let times = match times {
            "" | "-1" => None,
            digits => Some(digits.parse().map_err(|_| wrong())?),
        };
        let (start, period) = match rest.split_once('/') {
            Some((start, period)) => (Some(date(start, zone)?), period),
            None => (None, rest),
        };
        let span = duration(period)?;
        if span.is_zero() {
            return Err(format!("the period of `{text}` is zero; write a longer one"));
        }
        Ok(Self { times, start, every: Every::Period(span) })
    }

    /// Where counting starts, for a cycle that begins now.
    pub fn base(&self, now: Timestamp) -> Timestamp {
        self.start.unwrap_or(now)
    }

    /// Due number `number` (counted from 1); none when the cycle is over. A given start is the first due date.
    pub fn due(
        &self,
        base: Timestamp,
        number: u32,
        previous: Timestamp,
        zone: &TimeZone,
    ) -> Result<Option<Timestamp>, Reason> {
        if self.times.is_some_and(|times| number > times) {
            return Ok(None);
        }
        match &self.every {
            Every::Period(span) => {
                let periods = if self.start.is_some() { number - 1 } else { number };
                later(base, *span, i64::from(periods), zone).map(Some)
            }
            Every::Cron(cron) => Ok(cron.after(previous, zone)),
        }
    }

    /// The number of the last due date that is not after `now`, at least `number`.
    pub fn last_missed(&self, base: Timestamp, number: u32, now: Timestamp, zone: &TimeZone) -> Result<u32, Reason> {
        let Every::Period(_) = self.every else { return Ok(number) };
        let due = |number| self.due(base, number, base, zone);
        let missed = |number: u32| -> Result<bool, Reason> { Ok(due(number)?.is_some_and(|due| due <= now)) };
        // Doubling, then halving: a year of seconds takes fifty looks.
        let (mut low, mut step) = (number, 1_u32);
        while let Some(next) = low.checked_add(step).filter(|_| step < 1 << 30)
            && missed(next)?
        {
            low = next;
            step *= 2;
        }
        while step > 1 {
            step /= 2;
            if let Some(next) = low.checked_add(step)
                && missed(next)?
            {
                low = next;
            }
        }
        Ok(low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dues(text: &str, zone: &str, from: &str, count: u32) -> Vec<String> {
        let zone = TimeZone::get(zone).expect("a zone of the database");
        let from: Timestamp = from.parse().expect("a date");
        let cycle = Cycle::parse(text, &zone).expect("a cycle");
        let base = cycle.base(from);
        let mut previous = from;
        let mut all = Vec::new();
        for number in 1..=count {
            let Some(due) = cycle.due(base, number, previous, &zone).expect("a date") else { break };
            previous = due;
            all.push(due.to_string());
        }
        all
    }

    #[test]
    fn a_cycle_counts_from_its_base() {
        assert_eq!(
            dues("R4/PT10S", "UTC", "2026-01-01T00:00:00Z", 9),
            ["2026-01-01T00:00:10Z", "2026-01-01T00:00:20Z", "2026-01-01T00:00:30Z", "2026-01-01T00:00:40Z"]
        );
        // The end of the month does not wear down to the 28th.
        assert_eq!(
            dues("R/P1M", "UTC", "2026-01-31T08:00:00Z", 3),
            ["2026-02-28T08:00:00Z", "2026-03-31T08:00:00Z", "2026-04-30T08:00:00Z"]
        );
        assert_eq!(
            dues("R2/2026-03-01T09:00:00Z/P1D", "UTC", "2026-01-01T00:00:00Z", 9),
            ["2026-03-01T09:00:00Z", "2026-03-02T09:00:00Z"]
        );
    }

    #[test]
    fn a_day_is_a_calendar_day_and_24_hours_are_exact() {
        let from = "2026-03-28T09:00:00+01:00";
        assert_eq!(dues("R1/P1D", "Europe/Berlin", from, 1), ["2026-03-29T07:00:00Z"]);
        assert_eq!(dues("R1/PT24H", "Europe/Berlin", from, 1), ["2026-03-29T08:00:00Z"]);
    }

    #[test]
    fn cron_runs_once_where_the_clocks_change() {
        assert_eq!(
            dues("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 2),
            ["2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"]
        );
        assert_eq!(
            dues("0 30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2),
            ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]
        );
        // Every half hour means every real one.
        assert_eq!(dues("*/30 * * * *", "Europe/Berlin", "2026-10-25T00:00:00Z", 4).len(), 4);
        assert_eq!(
            dues("*/30 * * * *", "Europe/Berlin", "2026-10-25T00:00:00Z", 3),
            ["2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z"]
        );
        assert_eq!(dues("0 9 * * 1", "UTC", "2026-11-22T00:00:00Z", 1), ["2026-11-23T09:00:00Z"]);
    }

    #[test]
    fn missed_dates_are_counted_without_walking_them() {
        let zone = TimeZone::UTC;
        let cycle = Cycle::parse("R/PT1S", &zone).expect("a cycle");
        let base: Timestamp = "2026-01-01T00:00:00Z".parse().expect("a date");
        let now: Timestamp = "2026-12-31T00:00:00Z".parse().expect("a date");
        assert_eq!(cycle.last_missed(base, 1, now, &zone), Ok(364 * 86_400));
        let four = Cycle::parse("R4/PT1S", &zone).expect("a cycle");
        assert_eq!(four.last_missed(base, 1, now, &zone), Ok(4));
    }

    #[test]
    fn what_is_no_moment_is_said() {
        for text in ["", "P", "4H", "-P1D", "PT", "tomorrow"] {
            assert!(duration(text).is_err(), "{text}");
        }
        for text in ["R/PT0S", "R", "Rx/PT1H", "every day", "61 * * * *"] {
            assert!(Cycle::parse(text, &TimeZone::UTC).is_err(), "{text}");
        }
        assert!(date("soon", &TimeZone::UTC).is_err());
    }
}

//! From rows to numbers: groups, percentiles, shares and trends. Pure: rows in, numbers out.

use domain::report::{By, Group, Measure, Report};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use std::collections::BTreeMap;
use store::{ClockFact, Fact};

/// Days or weeks of a trend that are shown; older ones are left out.
const STEPS_MAX: usize = 120;
/// Rows of a report; what is left goes into the total only.
const ROWS_MAX: usize = 200;
/// How long something is open, in days up to which a row goes.
const AGES: [(i64, &str); 5] = [(1, "0-1"), (3, "1-3"), (7, "3-7"), (30, "7-30"), (i64::MAX, "30+")];

/// What the numbers of a report mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Count,
    /// From 0 to 1.
    Share,
    Seconds,
    Number,
}

/// One row: so many items, and what was measured on them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Row {
    /// A value of the column, a range of ages in days, or a date. Empty for what has none.
    pub key: String,
    /// Another name for the key, where the key is none for people.
    pub title: Option<String>,
    pub count: u64,
    /// Count, share, median of times and spread numbers, mean, or sum.
    pub value: Option<f64>,
    /// The 90th percentile of times and numbers.
    pub p90: Option<f64>,
    /// The other percentiles that were asked for.
    pub percentiles: BTreeMap<u8, f64>,
    /// Those that count for a share.
    pub met: Option<u64>,
}

/// A ticket, a clock, a record or a configuration item, as far as a report needs it.
#[derive(Debug, Clone)]
pub(super) struct Item {
    /// The ticket, record or configuration item that it stands for.
    pub subject: String,
    opened_at: Timestamp,
    resolved_at: Option<Timestamp>,
    closed_at: Option<Timestamp>,
    group: Option<String>,
    title: Option<String>,
    value: Option<f64>,
    pub met: Option<bool>,
}

impl Item {
    /// Nothing when there is nothing to measure about it.
    pub(super) fn of_fact(measure: &Measure, fact: Fact, met: Option<bool>) -> Option<Self> {
        let seconds = |until: Option<Timestamp>| Some(until?.duration_since(fact.opened_at).as_secs_f64().max(0.0));
        let value = match measure {
            Measure::Count | Measure::Share { .. } => None,
            Measure::TimeToResolve => Some(seconds(fact.resolved_at)?),
            Measure::TimeToClose => Some(seconds(fact.closed_at)?),
            Measure::Average { .. } | Measure::Sum { .. } | Measure::Spread { .. } => Some(fact.value?),
            Measure::TimeOnClock { .. } | Measure::TargetsMet { .. } => return None,
        };
        // The id of whatever it is about: a store tells facts of tickets, a subject in memory of the others.
        let Fact { ticket: domain::TicketId(subject), opened_at, resolved_at, closed_at, group, value: _ } = fact;
        Some(Self { subject, opened_at, resolved_at, closed_at, group, title: None, value, met })
    }

    /// A clock that ended, or that is overdue and so will not keep its target any more.
    pub(super) fn of_clock(measure: &Measure, clock: ClockFact, now: Timestamp) -> Option<Self> {
        if clock.state == domain::ClockState::Cancelled {
            return None;
        }
        let stopped = clock.state == domain::ClockState::Stopped;
        let late = clock.breached_at.is_some()
            || (!stopped && clock.due_at.is_some_and(|due| due < now))
            || clock.stopped_at.zip(clock.due_at).is_some_and(|(stopped, due)| stopped > due);
        let (value, met) = match measure {
            Measure::TimeOnClock { clock: name } if is_called(name, &clock) && stopped => {
                let seconds = clock.stopped_at?.duration_since(clock.started_at).as_secs_f64();
                (Some(seconds.max(0.0)), None)
            }
            Measure::TargetsMet { clock: name } if name.as_ref().is_none_or(|name| is_called(name, &clock)) => {
                if !stopped && !late {
                    return None;
                }
                (None, Some(!late))
            }
            _ => return None,
        };
        Some(Self {
            subject: clock.ticket.0,
            opened_at: clock.opened_at,
            resolved_at: None,
            closed_at: None,
            group: Some(clock.name),
            title: Some(clock.title),
            value,
            met,
        })
    }
}

/// Clocks have names of their own for each target; what they measure is what the name or the title begins with.
fn is_called(name: &str, clock: &ClockFact) -> bool {
    let begins = |text: &str| text.to_lowercase().starts_with(&name.to_lowercase());
    begins(&clock.name) || begins(&clock.title)
}

pub(super) fn unit(measure: &Measure) -> Unit {
    match measure {
        Measure::Count => Unit::Count,
        Measure::Share { .. } | Measure::TargetsMet { .. } => Unit::Share,
        Measure::TimeToResolve | Measure::TimeToClose | Measure::TimeOnClock { .. } => Unit::Seconds,
        Measure::Average { .. } | Measure::Sum { .. } | Measure::Spread { .. } => Unit::Number,
    }
}

/// The row that an item belongs to.
pub(super) fn key(report: &Report, item: &Item, now: Timestamp, zone: &TimeZone) -> String {
    match &report.group {
        None => String::new(),
        Some(Group::Column(_) | Group::Field(_) | Group::Clock) => item.group.clone().unwrap_or_default(),
        Some(Group::Age) => {
            let days = now.duration_since(item.opened_at).as_secs().max(0) / 86_400;
            AGES.iter().find(|(limit, _)| days < *limit).map_or(AGES[4].1, |(_, name)| name).to_owned()
        }
        Some(Group::Day) => date(report, item, zone).map_or_else(String::new, |date| date.to_string()),
        Some(Group::Week) => date(report, item, zone).map_or_else(String::new, |date| monday(date).to_string()),
        Some(Group::Month) => {
            date(report, item, zone).map_or_else(String::new, |date| date.first_of_month().to_string())
        }
    }
}

fn date(report: &Report, item: &Item, zone: &TimeZone) -> Option<Date> {
    let at = match report.by {
        By::Opened => Some(item.opened_at),
        By::Resolved => item.resolved_at,
        By::Closed => item.closed_at,
    };
    at.map(|at| at.to_zoned(zone.clone()).date())
}

fn monday(date: Date) -> Date {
    let back = i64::from(date.weekday().to_monday_zero_offset());
    date.checked_sub(back.days()).unwrap_or(date)
}

/// All rows in the order in which they are read: trends by time, ages by age, everything else by size.
pub(super) fn rows(
    report: &Report,
    items: &[Item],
    since: Option<Timestamp>,
    now: Timestamp,
    zone: &TimeZone,
) -> Vec<Row> {
    if report.group.is_none() {
        return Vec::new();
    }
    let mut groups: BTreeMap<String, Vec<&Item>> = BTreeMap::new();
    match report.group {
        Some(Group::Age) => groups.extend(AGES.map(|(_, name)| (name.to_owned(), Vec::new()))),
        Some(Group::Day | Group::Week | Group::Month) => {
            groups.extend(steps(report, items, since, now, zone).into_iter().map(|step| (step, Vec::new())));
        }
        _ => {}
    }
    for item in items {
        groups.entry(key(report, item, now, zone)).or_default().push(item);
    }
    let mut rows: Vec<Row> = groups
        .into_iter()
        .map(|(key, items)| {
            let title = items.iter().find_map(|item| item.title.clone());
            Row { key, title, ..measure(report, &items) }
        })
        .collect();
    match report.group {
        Some(Group::Day | Group::Week | Group::Month) => {
            rows.retain(|row| !row.key.is_empty());
            let older = rows.len().saturating_sub(STEPS_MAX);
            rows.drain(..older);
        }
        Some(Group::Age) => rows.sort_by_key(|row| AGES.iter().position(|(_, name)| *name == row.key)),
        _ => {
            rows.sort_by(|left, right| right.count.cmp(&left.count).then_with(|| left.key.cmp(&right.key)));
            rows.truncate(ROWS_MAX);
        }
    }
    rows
}

/// Every day, week or month from the first to now, also those in which nothing happened.
fn steps(report: &Report, items: &[Item], since: Option<Timestamp>, now: Timestamp, zone: &TimeZone) -> Vec<String> {
    let today = now.to_zoned(zone.clone()).date();
    let earliest = items.iter().filter_map(|item| date(report, item, zone)).min();
    let Some(first) = since.map(|since| since.to_zoned(zone.clone()).date()).or(earliest) else { return Vec::new() };
    let (step, mut at) = match report.group {
        Some(Group::Month) => (1.month(), today.first_of_month()),
        Some(Group::Week) => (7.days(), monday(today)),
        _ => (1.day(), today),
    };
    let mut steps = Vec::new();
    let first = if report.group == Some(Group::Month) { first.first_of_month() } else { first };
    while at >= first && steps.len() < STEPS_MAX {
        steps.push(at.to_string());
        match at.checked_sub(step) {
            Ok(before) => at = before,
            Err(_) => break,
        }
    }
    steps
}

/// Everything together.
pub(super) fn total(report: &Report, items: &[Item]) -> Row {
    measure(report, &items.iter().collect::<Vec<_>>())
}

#[expect(clippy::cast_precision_loss, reason = "counts of tickets are far below 2^52")]
fn measure(report: &Report, items: &[&Item]) -> Row {
    let count = items.len() as u64;
    let mut row = Row { count, ..Row::default() };
    match unit(&report.measure) {
        Unit::Count => row.value = Some(count as f64),
        Unit::Share => {
            let met = items.iter().filter(|item| item.met == Some(true)).count() as u64;
            row.met = Some(met);
            row.value = (count > 0).then(|| met as f64 / count as f64);
        }
        Unit::Seconds | Unit::Number => {
            let mut values: Vec<f64> = items.iter().filter_map(|item| item.value).collect();
            values.sort_by(f64::total_cmp);
            let sum: f64 = values.iter().sum();
            match &report.measure {
                Measure::Sum { .. } => row.value = Some(sum),
                Measure::Average { .. } => row.value = (!values.is_empty()).then(|| sum / values.len() as f64),
                _ => {
                    row.value = percentile(&values, 50);
                    row.p90 = percentile(&values, 90);
                    let asked = report.percentiles.iter();
                    row.percentiles =
                        asked.filter_map(|asked| Some((*asked, percentile(&values, (*asked).into())?))).collect();
                }
            }
        }
    }
    row
}

/// The smallest value that at least so many percent are not above (nearest rank).
fn percentile(sorted: &[f64], percent: usize) -> Option<f64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::filter::Field;

    fn at(text: &str) -> Timestamp {
        format!("2026-03-{text}Z").parse().expect("a time")
    }

    fn report(measure: Measure, group: Option<Group>) -> Report {
        Report {
            id: "r".to_owned(),
            title: "R".to_owned(),
            description: String::new(),
            kind: "incident".to_owned(),
            conditions: Vec::new(),
            measure,
            group,
            days: None,
            by: By::Opened,
            percentiles: vec![25],
        }
    }

    fn item(report: &Report, opened: &str, resolved: Option<&str>, group: Option<&str>, met: Option<bool>) -> Item {
        let fact = Fact {
            ticket: opened.into(),
            opened_at: at(opened),
            resolved_at: resolved.map(at),
            closed_at: None,
            group: group.map(str::to_owned),
            value: Some(3.0),
        };
        Item::of_fact(&report.measure, fact, met).expect("something to measure")
    }

    fn check(report: &Report, items: &[Item], expected: &[(&str, u64, Option<f64>)]) {
        let rows = rows(report, items, None, at("20T12:00:00"), &TimeZone::UTC);
        let short: Vec<_> = rows.iter().map(|row| (row.key.as_str(), row.count, row.value)).collect();
        assert_eq!(short, expected);
    }

    #[test]
    fn counts_are_sorted_by_size_and_ages_by_age() {
        let states = report(Measure::Count, Some(Group::Column(Field::State)));
        let items: Vec<Item> = [Some("new"), None, Some("new")]
            .iter()
            .map(|group| item(&states, "19T00:00:00", None, *group, None))
            .collect();
        check(&states, &items, &[("new", 2, Some(2.0)), ("", 1, Some(1.0))]);

        let ages = report(Measure::Count, Some(Group::Age));
        let items = [item(&ages, "01T00:00:00", None, None, None), item(&ages, "20T11:00:00", None, None, None)];
        check(
            &ages,
            &items,
            &[
                ("0-1", 1, Some(1.0)),
                ("1-3", 0, Some(0.0)),
                ("3-7", 0, Some(0.0)),
                ("7-30", 1, Some(1.0)),
                ("30+", 0, Some(0.0)),
            ],
        );
    }

    #[test]
    fn times_are_told_by_median_and_ninetieth_percentile() {
        let times = report(Measure::TimeToResolve, Some(Group::Column(Field::Group)));
        let resolved = ["01T01:00:00", "01T02:00:00", "01T03:00:00", "01T10:00:00"];
        let items: Vec<Item> =
            resolved.iter().map(|until| item(&times, "01T00:00:00", Some(until), Some("desk"), None)).collect();

        let total = total(&times, &items);
        assert_eq!((total.value, total.p90), (Some(7200.0), Some(36000.0)));
        assert_eq!(total.percentiles, BTreeMap::from([(25, 3600.0)]));
        check(&times, &items, &[("desk", 4, Some(7200.0))]);
    }

    #[test]
    fn a_share_of_nothing_is_no_share() {
        let share = report(Measure::Share { of: Vec::new() }, Some(Group::Column(Field::Kind)));
        let items = [
            item(&share, "01T00:00:00", None, Some("a"), Some(true)),
            item(&share, "02T00:00:00", None, Some("a"), Some(false)),
        ];
        check(&share, &items, &[("a", 2, Some(0.5))]);
        assert_eq!(total(&share, &[]).value, None);
    }

    #[test]
    fn a_trend_shows_the_weeks_in_which_nothing_happened() {
        let trend = report(Measure::Count, Some(Group::Week));
        let items = [item(&trend, "03T00:00:00", None, None, None), item(&trend, "18T00:00:00", None, None, None)];
        check(
            &trend,
            &items,
            &[("2026-03-02", 1, Some(1.0)), ("2026-03-09", 0, Some(0.0)), ("2026-03-16", 1, Some(1.0))],
        );
    }

    #[test]
    fn a_clock_that_is_late_counts_before_it_ends() {
        let measure = Measure::TargetsMet { clock: None };
        let clock = |state, due: &str, stopped: Option<&str>| ClockFact {
            ticket: "t1".into(),
            opened_at: at("01T00:00:00"),
            name: "resolution".to_owned(),
            title: "Resolution".to_owned(),
            state,
            started_at: at("01T00:00:00"),
            stopped_at: stopped.map(at),
            due_at: Some(at(due)),
            breached_at: None,
        };
        let met = |clock| Item::of_clock(&measure, clock, at("10T00:00:00")).map(|item| item.met);
        use domain::ClockState::{Cancelled, Running, Stopped};

        assert_eq!(met(clock(Stopped, "05T00:00:00", Some("04T00:00:00"))), Some(Some(true)));
        assert_eq!(met(clock(Stopped, "05T00:00:00", Some("06T00:00:00"))), Some(Some(false)));
        assert_eq!(met(clock(Running, "05T00:00:00", None)), Some(Some(false)));
        assert_eq!(met(clock(Running, "15T00:00:00", None)), None, "still open");
        assert_eq!(met(clock(Cancelled, "05T00:00:00", None)), None);
    }
}

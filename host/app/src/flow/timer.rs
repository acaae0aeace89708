//! When the timer start events of a process are due, and what becomes of starts that were missed. Timers inside an instance are the
//! engine's.
//!
//! A start event says in its task headers in which `zone` a cron expression is read (UTC when it says nothing) and what happens to due
//! times that passed while nothing ran: `missed` is `skip`, `once` (what it is when it says nothing) or `catch-up`.

use bpmn::graph::{Node, NodeKind, TextOrExpression, Timer, Trigger};
use domain::schedule::{TimerExpr, read_zone};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};
use serde::Serialize;

/// Starts that are made up for, at most: the latest ones.
const CATCH_UP_MAX: usize = 100;
/// Due times that are looked through for them.
const MISSED_MAX: usize = 100_000;
/// A start that is this late is one that was missed: less is how long a busy node takes.
const LATE: SignedDuration = SignedDuration::from_mins(1);

/// What happens to due times that passed while nothing ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Missed {
    Skip,
    Once,
    CatchUp,
}

/// A timer start event, read.
#[derive(Debug, Clone)]
pub(super) struct StartTimer {
    text: String,
    expression: Option<TimerExpr>,
    /// For a timer that is a date.
    at: Option<Timestamp>,
    pub(super) zone: TimeZone,
    pub(super) missed: Missed,
}

/// What follows from a due time that is handled now.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fired {
    /// The due times to start for.
    pub(super) starts: Vec<Timestamp>,
    /// When to look again.
    pub(super) next: Option<Timestamp>,
}

/// The timer of a start event; none when it has another trigger, or its text is no timer: the model's check says so before it is deployed.
pub(super) fn start_timer(node: &Node, now: Timestamp) -> Option<StartTimer> {
    let NodeKind::StartEvent { trigger: Trigger::Timer(timer), .. } = &node.kind else { return None };
    let zone = node.headers.get("zone").and_then(|name| read_zone(name.trim()).ok()).unwrap_or(TimeZone::UTC);
    let missed = match node.headers.get("missed").map(|text| text.trim()) {
        Some("skip") => Missed::Skip,
        Some("catch-up") => Missed::CatchUp,
        _ => Missed::Once,
    };
    let text = match timer {
        Timer::Date { at } => at,
        Timer::Duration { after } => after,
        Timer::Cycle { every } => every,
    };
    let text = match text {
        TextOrExpression::Text(text) => text.clone(),
        TextOrExpression::Expression { expression } => constant(expression, now, &zone)?,
    };
    let (at, expression) = if let Timer::Date { .. } = timer {
        let at = text.parse::<Timestamp>().or_else(|_| text.parse::<Zoned>().map(|zoned| zoned.timestamp())).ok()?;
        (Some(at), None)
    } else {
        (None, Some(TimerExpr::parse(&text).ok()?))
    };
    Some(StartTimer { text, expression, at, zone, missed })
}

impl StartTimer {
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The first start of a process that is deployed now.
    pub(super) fn first(&self, now: Timestamp) -> Option<Timestamp> {
        match &self.expression {
            Some(expression) => expression.first_due(now, &self.zone),
            None => self.at.filter(|at| *at > now),
        }
    }

    /// The due time after one of them.
    pub(super) fn following(&self, deployed_at: Timestamp, due: Timestamp) -> Option<Timestamp> {
        self.expression.as_ref()?.next_due(deployed_at, due, &self.zone)
    }

    /// What to do about `due` at `now`, which may be much later.
    pub(super) fn fire(&self, deployed_at: Timestamp, due: Timestamp, now: Timestamp) -> Fired {
        let mut missed = vec![due];
        let mut next = self.following(deployed_at, due);
        // Every due time is looked at, so that where the clocks change in between changes nothing.
        for _ in 0..MISSED_MAX {
            match next.filter(|next| *next <= now) {
                Some(passed) => missed.push(passed),
                None => break,
            }
            if missed.len() > 2 * CATCH_UP_MAX {
                missed.drain(..CATCH_UP_MAX);
            }
            next = self.following(deployed_at, *missed.last().expect("there is always the first"));
        }
        let starts = match self.missed {
            Missed::CatchUp => missed.split_off(missed.len().saturating_sub(CATCH_UP_MAX)),
            Missed::Once => missed.split_off(missed.len() - 1),
            Missed::Skip => {
                missed.split_off(missed.len() - 1).into_iter().filter(|at| now.duration_since(*at) < LATE).collect()
            }
        };
        Fired { starts, next }
    }
}

/// An expression without variables: a start event has none.
fn constant(expression: &bpmn::expression::Expression, now: Timestamp, zone: &TimeZone) -> Option<String> {
    let environment = feel::FixedEnvironment::new(now, zone.clone());
    let mut budget = feel::Budget::default();
    let value = expression.evaluate(&feel::Scope::new(), &environment, &mut budget).ok()?.value;
    match value.to_json() {
        serde_json::Value::String(text) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a timestamp")
    }

    #[track_caller]
    fn check(timer: &str, zone: &str, missed: Missed, (due, now): (&str, &str), starts: &[&str], next: &str) {
        let expression = Some(TimerExpr::parse(timer).expect("a timer"));
        let zone = read_zone(zone).expect("a zone");
        let timer = StartTimer { text: timer.to_owned(), expression, at: None, zone, missed };
        let fired = timer.fire(at("2026-01-01T00:00:00Z"), at(due), at(now));
        let found: Vec<String> = fired.starts.iter().map(ToString::to_string).collect();
        assert_eq!(
            (found.iter().map(String::as_str).collect::<Vec<_>>(), fired.next.map(|at| at.to_string())),
            (starts.to_vec(), Some(next.to_owned()))
        );
    }

    #[test]
    fn what_was_missed_is_skipped_made_up_for_once_or_each() {
        // Three days without a node: due at eight on each of them.
        let late = ("2026-06-01T06:00:00Z", "2026-06-03T10:00:00Z");
        let (eight, berlin, next) = ("0 8 * * *", "Europe/Berlin", "2026-06-04T06:00:00Z");
        check(eight, berlin, Missed::Skip, late, &[], next);
        check(eight, berlin, Missed::Once, late, &["2026-06-03T06:00:00Z"], next);
        let all = ["2026-06-01T06:00:00Z", "2026-06-02T06:00:00Z", "2026-06-03T06:00:00Z"];
        check(eight, berlin, Missed::CatchUp, late, &all, next);
        // In time, each does the same.
        let in_time = ("2026-06-03T06:00:00Z", "2026-06-03T06:00:02Z");
        for missed in [Missed::Skip, Missed::Once, Missed::CatchUp] {
            check(eight, berlin, missed, in_time, &["2026-06-03T06:00:00Z"], next);
        }
    }

    #[test]
    fn a_start_in_the_night_of_the_clocks_comes_once() {
        // 02:30 does not exist on 29 March and exists twice on 25 October.
        let (night, berlin) = ("30 2 * * *", "Europe/Berlin");
        let spring = ("2026-03-28T01:30:00Z", "2026-03-28T01:30:00Z");
        check(night, berlin, Missed::Once, spring, &["2026-03-28T01:30:00Z"], "2026-03-29T01:30:00Z");
        let autumn = ("2026-10-25T00:30:00Z", "2026-10-25T00:30:00Z");
        check(night, berlin, Missed::CatchUp, autumn, &["2026-10-25T00:30:00Z"], "2026-10-26T01:30:00Z");
    }

    #[test]
    fn making_up_is_bounded() {
        let zone = TimeZone::UTC;
        let expression = Some(TimerExpr::parse("* * * * *").expect("a timer"));
        let timer = StartTimer { text: String::new(), expression, at: None, zone, missed: Missed::CatchUp };
        let fired = timer.fire(at("2026-01-01T00:00:00Z"), at("2026-01-01T00:01:00Z"), at("2026-01-08T00:00:30Z"));
        assert_eq!(fired.starts.len(), CATCH_UP_MAX);
        assert_eq!(fired.starts.last(), Some(&at("2026-01-08T00:00:00Z")));
        assert_eq!(fired.next, Some(at("2026-01-08T00:01:00Z")));
    }
}

//! When the timer start events of a process are due. Timers inside an instance are the engine's.

use bpmn::graph::{TextOrExpression, Timer};
use domain::schedule::TimerExpr;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// The first start after a deployment at `from`, when `after` is the same instant; else the one that follows the start at `after`. Absent when there is none any more, or the text is no timer: the
/// model's check says so before it is deployed.
pub(super) fn next_start(timer: &Timer, from: Timestamp, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let text = match timer {
        Timer::Date { at } => at,
        Timer::Duration { after } => after,
        Timer::Cycle { every } => every,
    };
    let text = match text {
        TextOrExpression::Text(text) => text.clone(),
        TextOrExpression::Expression { expression } => constant(expression, after, zone)?,
    };
    if let Timer::Date { .. } = timer {
        let at = text.parse::<Timestamp>().or_else(|_| text.parse::<Zoned>().map(|zoned| zoned.timestamp())).ok()?;
        return (at > after).then_some(at);
    }
    let timer = TimerExpr::parse(&text).ok()?;
    if from == after { timer.first_due(from, zone) } else { timer.next_due(from, after, zone) }
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

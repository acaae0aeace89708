//! What an incident took: how often it was passed on or waited, so that it shows what was resolved at the first contact, and what the time
//! spent on it costs.

use weft_sdk::prelude::*;

const MINUTES: &str = "minutes-spent";

pub(crate) fn decide(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    Ok(hand_overs(change).and(cost(host, change)?))
}

/// From one person or group to another, or into a wait: more than one contact was needed. Being given to somebody at first is none of it.
fn hand_overs(change: &Change) -> Effects {
    let (Some(before), after) = (&change.before, &change.after) else { return Effects::new() };
    let passed = |from: &Option<String>, to: &Option<String>| from.is_some() && to.is_some() && from != to;
    let passed = passed(&before.assignee, &after.assignee) || passed(&before.group, &after.group);
    let count = before.integer("hand-overs").unwrap_or(0) + 1;
    Effects::new().when(passed || change.entered("on-hold"), |effects| effects.set_field("hand-overs", count))
}

/// The rate of that day, to the cent.
fn cost(host: &impl Host, change: &Change) -> Result<Effects, Fault> {
    if !change.changed(MINUTES) {
        return Ok(Effects::new());
    }
    let Some(minutes) = change.after.integer(MINUTES) else { return Ok(Effects::new().clear_field("cost")) };
    let rate: f64 = host.setting("hour-rate")?;
    let cents = (minutes as f64 * rate * 100.0 / 60.0).round();
    Ok(Effects::new().set_field("cost", cents / 100.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{host, incident};

    #[test]
    fn rpt_02_what_was_passed_on_or_waited_is_counted() {
        let given = incident("T1", "new").assigned("desk", Some("ana"));
        let decided = |before: &Ticket, after: Ticket| hand_overs(&Change::of(before, after));
        assert_eq!(decided(&incident("T1", "new"), given.clone()), Effects::new(), "given to somebody at first");
        assert_eq!(decided(&given, given.clone().in_state("resolved")), Effects::new());
        let passed = given.clone().assigned("network", None);
        assert_eq!(decided(&given, passed.clone()), Effects::new().set_field("hand-overs", 1));
        let waits = passed.clone().with("hand-overs", 1).in_state("on-hold");
        assert_eq!(decided(&passed.with("hand-overs", 1), waits), Effects::new().set_field("hand-overs", 2));
    }

    #[test]
    fn rpt_02_time_spent_costs_by_the_hour() {
        let host = host().with_setting("hour-rate", json!(50));
        let spent = |minutes: Value| {
            cost(
                &host,
                &Change::of(&incident("T1", "new").with(MINUTES, 1), incident("T1", "new").with(MINUTES, minutes)),
            )
        };
        assert_eq!(spent(json!(25)), Ok(Effects::new().set_field("cost", 20.83)));
        assert_eq!(spent(Value::Null), Ok(Effects::new().clear_field("cost")));
        assert_eq!(spent(json!(1)), Ok(Effects::new()));
    }
}

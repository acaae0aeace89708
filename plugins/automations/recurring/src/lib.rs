//! Recurring tickets: a record says what, and when next.

use weft_sdk::automation::{Outcome, StepCall};
use weft_sdk::prelude::*;
use weft_sdk::{CreateTicket, Record};

weft_sdk::automation! { run: run }

/// Tickets of one night: what is left is made in the next.
const TICKETS_MAX: usize = 90;
/// Steps from the last day to the next: more than a century of days.
const STEPS_MAX: usize = 40_000;

fn run(host: &impl Host, call: &StepCall) -> Result<Outcome, Fault> {
    let today: String = call.context.now.to_string().chars().take(10).collect();
    let (mut effects, mut made) = (Effects::new(), 0);
    for plan in &host.records("recurring-ticket", Some("active"))? {
        // Dates of ISO 8601 compare as text.
        let due = plan.text("next").is_some_and(|next| next <= today.as_str());
        let Some(next) = next(plan, &today).filter(|_| due && made < TICKETS_MAX) else { continue };
        let over = plan.text("until").is_some_and(|until| next.as_str() > until);
        let count = plan.integer("made").unwrap_or(0) + 1;
        let change = plan.change().field("next", next).field("made", count);
        effects = effects.create_ticket(ticket(plan)).upsert_record(if over { change.state("ended") } else { change });
        made += 1;
    }
    Ok(Outcome::done(json!({"made": made}), effects))
}

fn ticket(plan: &Record) -> CreateTicket {
    let title = plan.text("ticket_title").unwrap_or(&plan.title);
    let mut ticket = CreateTicket::new(plan.text("ticket_kind").unwrap_or_default(), &plan.space, title);
    for (field, value) in plan.field("ticket_fields").as_object().into_iter().flatten() {
        ticket = ticket.field(field, value.clone());
    }
    if let Some(group) = plan.text("group") {
        ticket = ticket.group(group);
    }
    match plan.text("requester") {
        Some(person) => ticket.requester(person),
        None => ticket,
    }
}

/// The first day of the plan after today: days that were missed are not made up for.
fn next(plan: &Record, today: &str) -> Option<String> {
    let every = plan.integer("every").unwrap_or(1).max(1);
    let first = plan.text("next")?;
    (1..=STEPS_MAX as i64)
        .map_while(|step| later(first, plan.text("unit").unwrap_or("month"), every * step))
        .find(|day| day.as_str() > today)
}

/// A month later is the same day, or the last one of a shorter month: from the first day, so that 31 January is not 28 March.
fn later(day: &str, unit: &str, count: i64) -> Option<String> {
    let midnight: Instant = format!("{day}T00:00:00Z").parse().ok()?;
    let days = match unit {
        "day" => count,
        "week" => 7 * count,
        _ => {
            let (year, month, date) = midnight.date();
            let total = year * 12 + i64::from(month) - 1 + count;
            let (year, month) = (total.div_euclid(12), total.rem_euclid(12) + 1);
            return (0..4).find_map(|back| {
                let day = format!("{year:04}-{month:02}-{:02}", date.checked_sub(back)?);
                format!("{day}T00:00:00Z").parse::<Instant>().ok().map(|_| day)
            });
        }
    };
    midnight.plus_days(days).to_string().get(..10).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(next: &str, unit: &str, every: i64) -> Record {
        Record::new("R1", "recurring-ticket", "active")
            .with("ticket_kind", "facility-fault")
            .with("ticket_title", "Check the lift")
            .with("ticket_fields", json!({"location": "Tower"}))
            .with("next", next)
            .with("unit", unit)
            .with("every", every)
    }

    fn night(plan: Record, day: &str) -> (Value, Effects) {
        let mut call = StepCall::new("nightly", json!({}));
        call.context = call.context.at(&format!("{day}T02:00:00Z"));
        let Ok(Outcome::Done { outputs, effects }) = run(&FakeHost::new().with_record(plan), &call) else {
            panic!("done")
        };
        (outputs["made"].clone(), effects)
    }

    fn then(plan: Record, day: &str) -> Option<Value> {
        night(plan, day).1.iter().last().map(|effect| effect.data["fields"]["next"].clone())
    }

    #[test]
    fn esm_maintenance_recurs_on_its_day() {
        assert_eq!(night(plan("2026-03-02", "month", 3), "2026-03-01").0, 0);
        let (made, effects) = night(plan("2026-03-02", "month", 3), "2026-03-02");
        assert_eq!((made, effects.kinds()), (json!(1), vec!["create-ticket", "upsert-record"]));
        let ticket = CreateTicket::new("facility-fault", "it", "Check the lift").field("location", "Tower");
        assert!(effects.include(&Effects::new().create_ticket(ticket)));
        assert_eq!(then(plan("2026-03-02", "month", 3), "2026-03-02"), Some(json!("2026-06-02")));
    }

    #[test]
    fn esm_what_was_missed_is_made_once() {
        assert_eq!(then(plan("2026-03-02", "week", 1), "2026-03-20"), Some(json!("2026-03-23")));
        assert_eq!(then(plan("2026-03-02", "day", 1), "2026-03-20"), Some(json!("2026-03-21")));
    }

    #[test]
    fn esm_months_are_as_long_as_they_are() {
        assert_eq!(then(plan("2026-01-31", "month", 1), "2026-01-31"), Some(json!("2026-02-28")));
        assert_eq!(then(plan("2026-01-31", "month", 1), "2026-02-28"), Some(json!("2026-03-31")));
    }

    #[test]
    fn esm_a_plan_ends_after_its_last_day() {
        let (_, effects) = night(plan("2026-03-02", "month", 1).with("until", "2026-03-31"), "2026-03-02");
        assert_eq!(effects.iter().last().unwrap().text("state"), Some("ended"));
    }
}

//! Continual improvement: from an idea to a measured difference.

use std::collections::BTreeMap;
use weft_sdk::prelude::*;

weft_sdk::practice! { guard: guard, react: react }

fn guard(_host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    let (after, mut refused) = (&change.after, Rejection::none());
    let mut needs = |fields: &[&str], why: &str| {
        for field in fields.iter().filter(|field| after.field(field).is_null()) {
            refused.add(format!("/fields/{field}"), "required", why);
        }
    };
    if change.entered("approved") {
        needs(
            &["objective", "kpi", "baseline", "target"],
            "what is approved says what gets better, and how that is measured",
        );
    }
    if change.entered("closed") {
        needs(&["actual"], "measure it once more: what was the difference?");
    }
    let decides = change.entered("accepted") || change.entered("approved") || change.entered("closed");
    let manager = after.text("manager").filter(|manager| *manager != change.context.actor);
    if decides && change.context.is_person() && manager.is_some() {
        refused.add("/state", "not-the-manager", "the manager of this improvement decides about it");
    }
    let achieved = achieved(after);
    refused.or_ok(Effects::new().when(achieved.is_some() && achieved != after.integer("achieved"), |effects| {
        effects.set_field("achieved", achieved)
    }))
}

/// Percent of the way from the baseline to the target, whichever of them is higher.
fn achieved(ticket: &Ticket) -> Option<i64> {
    let number = |field: &str| ticket.field(field).as_f64();
    let (baseline, target, actual) = (number("baseline")?, number("target")?, number("actual")?);
    (target != baseline).then(|| ((actual - baseline) / (target - baseline) * 100.0).round() as i64)
}

/// A task came, or was done: how far is the whole?
fn react(host: &impl Host, _context: &Context, event: &Event, task: Option<&Ticket>) -> Result<Effects, Fault> {
    let moved = event.kind == "ticket.created"
        || ["state", "days", "phase", "parent"].into_iter().any(|what| event.changed(what));
    let Some(parent) = task.and_then(|task| task.parent.as_deref()).filter(|_| moved) else {
        return Ok(Effects::new());
    };
    let Some(whole) = host.ticket(parent)?.filter(|whole| whole.kind == "improvement") else {
        return Ok(Effects::new());
    };
    let tasks = host.tickets(&TicketFilter::new().kind("improvement-task").parent(parent), 200)?;
    let done: f64 =
        contributions(&tasks).iter().filter(|(task, _)| task.state == "closed").map(|(_, percent)| percent).sum();
    let progress = done.round() as i64;
    let known = whole.integer("progress") == Some(progress);
    Ok(Effects::new().when(!known, |effects| effects.on(parent).set_field("progress", progress)))
}

/// What each task counts, in percent: every phase counts the same, and work on the whole like one more phase; within it, by days.
fn contributions(tasks: &[Ticket]) -> Vec<(&Ticket, f64)> {
    let counted: Vec<&Ticket> = tasks.iter().filter(|task| task.state != "cancelled").collect();
    let days = |task: &Ticket| task.integer("days").unwrap_or(1) as f64;
    let mut parts: BTreeMap<i64, f64> = BTreeMap::new();
    for task in &counted {
        *parts.entry(task.integer("phase").unwrap_or(0)).or_default() += days(task);
    }
    let share = 100.0 / parts.len().max(1) as f64;
    counted.into_iter().map(|task| (task, share * days(task) / parts[&task.integer("phase").unwrap_or(0)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use weft_sdk::fake::KindFile;

    fn host() -> FakeHost {
        FakeHost::new()
    }

    fn improvement(state: &str) -> Ticket {
        Ticket::new("C1", "improvement").in_state(state)
    }

    fn codes(decision: Result<Effects, Rejection>) -> Vec<String> {
        decision.expect_err("a refusal").codes().into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn csi_01_states() {
        let kind = KindFile::read(include_str!("../kinds/improvement.toml"));
        let way = ["new", "accepted", "assess", "approved", "in-progress", "on-hold", "review", "closed", "cancelled"];
        assert_eq!(kind.states(), way);
        assert_eq!(kind.legal("in-progress"), ["on-hold", "review", "cancelled"]);
        assert_eq!(kind.legal("on-hold"), ["in-progress", "cancelled"]);
        assert_eq!(kind.legal("review"), ["closed"]);
    }

    #[test]
    fn csi_01_what_is_approved_can_be_measured() {
        let into = |from: &str, after: Ticket| guard(&host(), &Change::of(&improvement(from), after));
        assert_eq!(codes(into("assess", improvement("approved"))), ["required"; 4]);
        let measured = improvement("approved")
            .with("objective", "Fewer calls.")
            .with("kpi", "calls")
            .with("baseline", 40)
            .with("target", 20);
        assert_eq!(into("assess", measured.clone()), Ok(Effects::new()));
        assert_eq!(codes(into("review", measured.clone().in_state("closed"))), ["required"]);
        let closed = measured.in_state("closed").with("actual", 25);
        assert_eq!(into("review", closed), Ok(Effects::new().set_field("achieved", 75)));
    }

    #[test]
    fn csi_01_its_manager_decides() {
        let accept = |who: &str| {
            let after = improvement("accepted").with("manager", "mona");
            guard(&host(), &Change::of(&improvement("new"), after).within(Context::of_person(who, &["manager"])))
        };
        assert_eq!(codes(accept("ada")), ["not-the-manager"]);
        assert_eq!(accept("mona"), Ok(Effects::new()));
    }

    fn task(id: &str, phase: Option<i64>, days: i64, state: &str) -> Ticket {
        Ticket::new(id, "improvement-task").child_of("C1").with("phase", phase).with("days", days).in_state(state)
    }

    #[test]
    fn csi_01_progress_is_rolled_up_from_tasks_and_phases() {
        let tasks = [task("K1", Some(1), 2, "closed"), task("K2", Some(1), 3, "closed"), task("K3", None, 2, "open")];
        let percent: Vec<_> = contributions(&tasks).into_iter().map(|(_, percent)| percent.round() as i64).collect();
        assert_eq!(percent, [20, 30, 50]);

        let host = tasks.iter().cloned().fold(host(), FakeHost::with_ticket).with_ticket(improvement("in-progress"));
        let event = Event::state_change("K2", "open", "closed");
        let told = react(&host, &Context::of_plugin("improvement"), &event, Some(&tasks[1]));
        assert_eq!(told, Ok(Effects::new().on("C1").set_field("progress", 50)));
    }

    #[test]
    fn csi_01_a_cancelled_task_does_not_count() {
        let tasks = [task("K1", None, 2, "closed"), task("K2", None, 8, "cancelled")];
        assert_eq!(contributions(&tasks).len(), 1);
        assert_eq!(contributions(&tasks)[0].1.round() as i64, 100);
    }
}

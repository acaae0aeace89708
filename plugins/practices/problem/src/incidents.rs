//! What a problem does to its incidents: they hear of its workaround, are resolved by its fix, or move to another problem.
//!
//! A reaction is bounded, so each of these does a batch and goes on by a timer; what is done shows on the incidents themselves.

use std::collections::BTreeSet;
use weft_sdk::Notify;
use weft_sdk::prelude::*;

pub(crate) const TIMER: &str = "more-incidents";
/// Incidents of one batch: a reaction has at most 200 effects, and none of these needs more than five for one.
const BATCH: usize = 35;
const OPEN: [&str; 3] = ["new", "in-progress", "on-hold"];

/// The incidents of a problem in one of these states, by number or by link.
fn related(host: &impl Host, problem: &Ticket, states: &[&str]) -> Result<Vec<Ticket>, Fault> {
    let mut found = host.find(&Search::of("incident").field("problem", problem.number.as_str()).states(states), 200)?;
    let linked = host.tickets(&TicketFilter::new().kind("incident").linked_to(&problem.id), 200)?;
    let known: BTreeSet<String> = found.iter().map(|incident| incident.id.clone()).collect();
    let other = |incident: &Ticket| !known.contains(&incident.id) && states.contains(&incident.state.as_str());
    found.extend(linked.into_iter().filter(other));
    Ok(found)
}

/// Do it to a batch, and come back for the rest.
fn batch(context: &Context, todo: &[Ticket], each: impl Fn(Effects, &Ticket) -> Effects) -> Effects {
    let effects = todo.iter().take(BATCH).fold(Effects::new(), |effects, one| each(effects.on(&one.id), one));
    effects.on_subject().when(todo.len() > BATCH, |effects| effects.schedule(TIMER, context.now, Value::Null))
}

/// Copied to the work notes and to the requester of each open incident; a person with three of them is notified once.
pub(crate) fn tell_workaround(host: &impl Host, context: &Context, problem: &Ticket) -> Result<Effects, Fault> {
    let workaround = problem.text("workaround").unwrap_or_default();
    let (told, todo): (Vec<_>, Vec<_>) = related(host, problem, &OPEN)?
        .into_iter()
        .partition(|incident| incident.text("workaround") == Some(workaround));
    let note = format!("Workaround of {}:\n\n{workaround}", problem.number);
    let tell = |effects: Effects, _: &Ticket| {
        effects
            .set_field("workaround", workaround)
            .comment_internal(note.as_str())
            .comment_public(format!("Until this is fixed:\n\n{workaround}"))
    };
    let effects = batch(context, &todo, tell);
    let before: BTreeSet<&str> = told.iter().filter_map(|incident| incident.requester.as_deref()).collect();
    let now: BTreeSet<&str> = todo.iter().take(BATCH).filter_map(|incident| incident.requester.as_deref()).collect();
    let people: Vec<&str> = now.difference(&before).copied().collect();
    let subject = format!("A workaround for \u{201c}{}\u{201d}", problem.title);
    // The notice hangs on an incident: requesters do not see the problem.
    let effects = match todo.first() {
        Some(first) if !people.is_empty() => effects
            .on(&first.id)
            .notify(Notify { people: &people, groups: &[], subject: &subject, body: workaround })
            .on_subject(),
        _ => effects,
    };
    let text = format!("The workaround was communicated to {} incidents.", told.len() + todo.len());
    Ok(effects.when(todo.len() <= BATCH, |effects| {
        effects.set_field("communicate-workaround", false).comment_internal(text.as_str())
    }))
}

/// The fix is in: what waited for it is resolved, and its requesters hear of it.
pub(crate) fn resolve(host: &impl Host, context: &Context, problem: &Ticket) -> Result<Effects, Fault> {
    let code: String = host.setting("close-code")?;
    let fix = problem.text("fix").unwrap_or(&problem.title);
    let mut todo = Vec::new();
    for incident in related(host, problem, &["on-hold"])? {
        if incident.text("pending-reason") == Some("awaiting-problem") && !waits_for_more(host, &incident)? {
            todo.push(incident);
        }
    }
    Ok(batch(context, &todo, |effects, incident| {
        let effects = effects
            .set_field("close-code", code.as_str())
            .set_field("close-notes", format!("Fixed by {}: {fix}", problem.number))
            .transition("resolved")
            .comment_public(format!("The cause was found and fixed: {fix}"));
        match &incident.requester {
            Some(person) => {
                let subject = format!("{} is resolved", incident.label());
                effects.notify(Notify { people: &[person], groups: &[], subject: &subject, body: fix })
            }
            None => effects,
        }
    }))
}

/// Something else must be done first, so its own practice would refuse to resolve it; the others must not wait for that one.
fn waits_for_more(host: &impl Host, incident: &Ticket) -> Result<bool, Fault> {
    let children = host.tickets(&TicketFilter::new().parent(&incident.id).open(), 200)?;
    if children.iter().any(|child| child.kind != "incident") {
        return Ok(true);
    }
    for id in incident.list("blocked-by") {
        if host.ticket(id)?.is_some_and(|other| other.resolved_at.is_none() && other.closed_at.is_none()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Nobody will fix it: those who work on its incidents read why, and go on as they think best.
pub(crate) fn say_why(host: &impl Host, problem: &Ticket) -> Result<Effects, Fault> {
    let reason = problem.text("risk-reason").unwrap_or("no reason given");
    let text = format!("{} will not be fixed, its risk is accepted: {reason}", problem.number);
    let say = |effects: Effects, one: &Ticket| effects.on(&one.id).comment_internal(text.as_str());
    Ok(related(host, problem, &OPEN)?.iter().fold(Effects::new(), say))
}

/// A duplicate: its incidents belong to the problem that goes on.
pub(crate) fn move_on(host: &impl Host, context: &Context, problem: &Ticket) -> Result<Effects, Fault> {
    let Some(survivor) = host.ticket(problem.text("duplicate-of").unwrap_or_default())? else {
        return Ok(Effects::new());
    };
    let todo: Vec<Ticket> = related(host, problem, &[&OPEN[..], &["resolved"]].concat())?
        .into_iter()
        .filter(|incident| incident.text("problem") != Some(&survivor.number))
        .collect();
    Ok(batch(context, &todo, |effects, _| {
        effects
            .set_field("problem", survivor.number.as_str())
            .unlink("problem", &problem.id)
            .link("problem", &survivor.id)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{ended, host, incident, problem};

    fn on_hold(id: &str, reason: &str) -> Ticket {
        incident(id, "on-hold").with("pending-reason", reason)
    }

    fn touched(effects: &Effects) -> Vec<&str> {
        let mut ids: Vec<&str> = effects.iter().filter_map(|effect| effect.text("ticket")).collect();
        ids.dedup();
        ids
    }

    #[test]
    fn prb_02_a_workaround_goes_to_open_incidents_and_a_person_hears_of_it_once() {
        let host = ["new", "in-progress", "on-hold", "resolved", "closed"]
            .into_iter()
            .zip(["T1", "T2", "T3", "T4", "T5"])
            .fold(host(), |host, (state, id)| host.with_ticket(incident(id, state)))
            .with_ticket(Ticket::new("T6", "incident").for_requester("bo"))
            .with_link("T6", "P1")
            .with_ticket(Ticket::new("T7", "incident").with("problem", "#P9"));
        let effects = tell_workaround(&host, &Context::of_plugin("problem"), &problem("assess")).unwrap();

        let mut comments: Vec<_> = effects
            .iter()
            .filter(|effect| effect.kind == "comment")
            .map(|effect| (effect.text("ticket").unwrap_or("P1"), effect.text("visibility").unwrap()))
            .collect();
        comments.sort_unstable();
        let expected = ["T1", "T2", "T3", "T6"].into_iter().flat_map(|id| [(id, "internal"), (id, "public")]);
        assert_eq!(comments, [("P1", "internal")].into_iter().chain(expected).collect::<Vec<_>>());
        let notices: Vec<_> = effects.iter().filter(|effect| effect.kind == "notify").collect();
        assert_eq!(notices.len(), 1);
        assert_eq!(notices[0].data["people"], json!(["bo", "erin"]));
    }

    #[test]
    fn prb_02_many_incidents_are_told_in_batches_and_nobody_twice() {
        let text = "Use the stairs.";
        let many = |told: usize| {
            (0..80).fold(host(), |host, n| {
                let one = incident(&format!("T{n:02}"), "new");
                host.with_ticket(if n < told { one.with("workaround", text) } else { one })
            })
        };
        let tell =
            |told: usize| tell_workaround(&many(told), &Context::of_plugin("problem"), &problem("assess")).unwrap();
        let first = tell(0);
        assert!(first.iter().count() <= 200 && first.kinds().contains(&"schedule"));
        let last = tell(70);
        assert_eq!(last.iter().filter(|effect| effect.kind == "set-field").count(), 11, "ten incidents and the switch");
        assert!(!last.kinds().contains(&"notify"), "erin has heard of it");
    }

    #[test]
    fn prb_03_a_fix_resolves_what_waited_for_it() {
        let host = host()
            .with_ticket(on_hold("T1", "awaiting-problem"))
            .with_ticket(on_hold("T2", "awaiting-vendor"))
            .with_ticket(incident("T3", "in-progress"))
            .with_ticket(on_hold("T4", "awaiting-problem"))
            .with_ticket(Ticket::new("C1", "change").child_of("T4"));
        let fixed = problem("closed").with("resolution-code", "fix-applied").with("fix", "New belt.");
        let effects = ended(&host, &fixed);
        assert_eq!(touched(&effects), ["T1"], "others wait for something else");
        assert_eq!(effects.kinds(), ["set-field", "set-field", "transition", "comment", "notify"]);
        let first = effects.iter().next().unwrap();
        assert_eq!((first.text("field"), first.text("value")), (Some("close-code"), Some("Resolved by problem")));
    }

    #[test]
    fn prb_03_an_accepted_risk_is_explained_and_changes_nothing_else() {
        let host = host().with_ticket(on_hold("T1", "awaiting-problem")).with_ticket(incident("T2", "closed"));
        let accepted = problem("closed").with("resolution-code", "risk-accepted").with("risk-reason", "Twice a year.");
        let text = "#P1 will not be fixed, its risk is accepted: Twice a year.";
        assert_eq!(ended(&host, &accepted), Effects::new().on("T1").comment_internal(text));
    }

    #[test]
    fn prb_01_incidents_of_a_duplicate_move_to_the_problem_that_goes_on() {
        let host = host().with_ticket(incident("T1", "on-hold")).with_ticket(Ticket::new("P2", "problem"));
        let duplicate = problem("resolved").with("resolution-code", "duplicate").with("duplicate-of", "P2");
        let moved = Effects::new().on("T1").set_field("problem", "#P2").unlink("problem", "P1").link("problem", "P2");
        assert_eq!(ended(&host, &duplicate), moved);
    }
}

//! Parent and child incidents, and what an incident waits for.

use weft_sdk::prelude::*;

/// Goes on with a resolution that had more children than one answer holds.
pub(crate) const TIMER: &str = "resolve-children";
/// What the host answers at most.
const CHILDREN_MAX: u32 = 200;
/// The holds that children share with their parent.
const SHARED_HOLDS: [&str; 3] = ["awaiting-change", "awaiting-problem", "awaiting-vendor"];
const OPEN: [&str; 3] = ["new", "in-progress", "on-hold"];

/// The links of type `blocked-by` as a field: a query cannot ask for the type of a link.
pub(crate) fn keep_blockers(change: &Change) -> Effects {
    let blocked_by = blocked_by_after(change);
    if blocked_by == self::blocked_by(&change.after) {
        Effects::new()
    } else {
        Effects::new().set_field("blocked-by", blocked_by)
    }
}

pub(crate) fn blocked_by(ticket: &Ticket) -> Vec<String> {
    ticket.list("blocked-by").map(str::to_owned).collect()
}

fn blocked_by_after(change: &Change) -> Vec<String> {
    let mut ids = blocked_by(&change.after);
    for effect in change.effects.iter().filter(|effect| effect.text("type") == Some("blocked-by")) {
        let ours = effect.text("ticket").is_none_or(|ticket| ticket == change.after.id);
        let Some(other) = effect.text("other").filter(|_| ours) else {
            continue;
        };
        ids.retain(|id| id != other);
        if effect.kind == "link" {
            ids.push(other.to_owned());
        }
    }
    ids
}

/// The open tickets that must be done first: those it is blocked by, and its children that are not incidents (those follow it).
/// What the actor may not see does not count, because its name could not be told.
pub(crate) fn blockers(host: &impl Host, ticket: &Ticket, blocked_by: &[String]) -> Result<Vec<Ticket>, Fault> {
    let children = host.tickets(&TicketFilter::new().parent(&ticket.id).open(), CHILDREN_MAX)?;
    let mut found: Vec<Ticket> = children.into_iter().filter(|child| child.kind != ticket.kind).collect();
    if !blocked_by.is_empty() {
        let linked = host.tickets(&TicketFilter::new().linked_to(&ticket.id).open(), CHILDREN_MAX)?;
        let known: Vec<String> = found.iter().map(|ticket| ticket.id.clone()).collect();
        found.extend(linked.into_iter().filter(|other| blocked_by.contains(&other.id) && !known.contains(&other.id)));
    }
    Ok(found)
}

/// The first ten by name.
pub(crate) fn waits_for(blockers: &[Ticket]) -> String {
    let names: Vec<_> =
        blockers.iter().take(10).map(|ticket| format!("{} ({})", ticket.label(), ticket.title)).collect();
    let more = if blockers.len() > 10 { format!(" and {} more", blockers.len() - 10) } else { String::new() };
    format!("it waits for {}{more}", names.join(", "))
}

pub(crate) fn decide(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    if change.is_create() || !change.entered("resolved") {
        return Ok(Effects::new());
    }
    let blockers = blockers(host, &change.after, &blocked_by_after(change))?;
    if blockers.is_empty() {
        return Ok(Effects::new());
    }
    let message = format!("{} cannot be resolved: {}", change.after.label(), waits_for(&blockers));
    Err(Rejection::new("/state", "unresolved-dependencies", message))
}

/// What the children do when their parent changed. Closed and cancelled concern the parent alone.
pub(crate) fn cascade(host: &impl Host, context: &Context, event: &Event, parent: &Ticket) -> Result<Effects, Fault> {
    let to_state = event.change("state").map(|change| change.to);
    // A later event is on its way when the parent is somewhere else by now.
    if to_state.is_some_and(|to| *to != parent.state) {
        return Ok(Effects::new());
    }
    let reason = parent.text("pending-reason").filter(|reason| SHARED_HOLDS.contains(reason));
    match (parent.state.as_str(), reason) {
        ("in-progress", _) if to_state.is_some() => start_children(host, parent),
        ("on-hold", Some(reason)) if to_state.is_some() || event.changed("pending-reason") => {
            hold_children(host, parent, reason)
        }
        ("resolved", _) if to_state.is_some() => resolve_children(host, context, parent),
        _ => Ok(Effects::new()),
    }
}

fn children(host: &impl Host, parent: &Ticket, filter: TicketFilter) -> Result<Vec<Ticket>, Fault> {
    let found = host.tickets(&filter.kind(&parent.kind).parent(&parent.id), CHILDREN_MAX)?;
    if found.len() == CHILDREN_MAX as usize {
        host.log(LogLevel::Warn, &format!("{} has {CHILDREN_MAX} children or more", parent.number));
    }
    Ok(found)
}

fn start_children(host: &impl Host, parent: &Ticket) -> Result<Effects, Fault> {
    let follows = |child: &Ticket| match child.state.as_str() {
        "new" | "on-hold" => true,
        // Reopened with the parent only if resolved with it: another may have had a cause of its own.
        "resolved" => child.flag("resolved-with-parent"),
        _ => false,
    };
    let children = children(host, parent, TicketFilter::new())?;
    let start = |effects: Effects, child: &Ticket| effects.on(&child.id).transition("in-progress");
    Ok(children.iter().filter(|child| follows(child)).fold(Effects::new(), start))
}

fn hold_children(host: &impl Host, parent: &Ticket, reason: &str) -> Result<Effects, Fault> {
    let hold = |effects: Effects, child: &Ticket| {
        let effects = effects.on(&child.id).set_field("pending-reason", reason);
        effects.when(child.state != "on-hold", |effects| effects.transition("on-hold"))
    };
    let children = children(host, parent, TicketFilter::new().open())?;
    let differs = |child: &&Ticket| {
        OPEN.contains(&child.state.as_str())
            && (child.state != "on-hold" || child.text("pending-reason") != Some(reason))
    };
    Ok(children.iter().filter(differs).fold(Effects::new(), hold))
}

/// Resolves the open children with the notes of their parent; again after a moment when there were more than one answer holds.
pub(crate) fn resolve_children(host: &impl Host, context: &Context, parent: &Ticket) -> Result<Effects, Fault> {
    if parent.state != "resolved" {
        return Ok(Effects::new());
    }
    let children = children(host, parent, TicketFilter::new().open())?;
    let (mut effects, mut resolved) = (Effects::new(), 0);
    for child in children.iter().filter(|child| OPEN.contains(&child.state.as_str())) {
        effects = effects.on(&child.id);
        let blockers = blockers(host, child, &blocked_by(child))?;
        if !blockers.is_empty() {
            effects = effects.comment_internal(format!("Not resolved with its parent: {}.", waits_for(&blockers)));
            continue;
        }
        // What only a few may read is not copied to where more can.
        let shown = !parent.restricted || child.restricted;
        let note = |field: &str| parent.text(field).filter(|_| shown);
        effects = effects
            .set_field("close-code", note("close-code").unwrap_or("Resolved with its parent"))
            .set_field("close-notes", note("close-notes").unwrap_or("Resolved with its parent incident."))
            .set_field("resolved-with-parent", true)
            .transition("resolved");
        resolved += 1;
    }
    let more = children.len() == CHILDREN_MAX as usize && resolved > 0;
    Ok(effects.on_subject().when(more, |effects| effects.schedule(TIMER, context.now, Value::Null)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{agent, codes, host, incident, plugin};

    fn child(id: &str, state: &str) -> Ticket {
        incident(id, state).child_of("P")
    }

    fn family() -> FakeHost {
        let vendor = child("C3", "on-hold").with("pending-reason", "awaiting-vendor");
        let with_parent = child("C4", "resolved").with("resolved-with-parent", true);
        [
            child("C1", "new"),
            child("C2", "in-progress"),
            vendor,
            with_parent,
            child("C5", "resolved"),
            child("C6", "closed"),
            child("C7", "cancelled"),
            incident("X", "new"),
        ]
        .into_iter()
        .fold(host(), FakeHost::with_ticket)
    }

    fn follow(parent: Ticket) -> Effects {
        let event = Event::state_change("P", "new", &parent.state);
        cascade(&family(), &plugin(), &event, &parent).unwrap()
    }

    fn same(effects: Effects, expected: Effects) {
        assert!(effects.include(&expected) && expected.include(&effects), "{effects:#?}");
    }

    #[test]
    fn inc_06_parent_child_cascade() {
        let started = Effects::new().on("C1").transition("in-progress").on("C3").transition("in-progress");
        same(follow(incident("P", "in-progress")), started.on("C4").transition("in-progress"));

        for reason in SHARED_HOLDS {
            let held = ["C1", "C2"].iter().fold(Effects::new(), |effects, id| {
                effects.on(id).set_field("pending-reason", reason).transition("on-hold")
            });
            let third = held.clone().on("C3").set_field("pending-reason", reason);
            let expected = if reason == "awaiting-vendor" { held } else { third };
            same(follow(incident("P", "on-hold").with("pending-reason", reason)), expected);
        }

        same(follow(incident("P", "on-hold").with("pending-reason", "awaiting-caller")), Effects::new());

        let resolved = ["C1", "C2", "C3"].iter().fold(Effects::new(), |effects, id| {
            let effects = effects.on(id).set_field("close-code", "Solved").set_field("close-notes", "New switch.");
            effects.set_field("resolved-with-parent", true).transition("resolved")
        });
        same(
            follow(incident("P", "resolved").with("close-code", "Solved").with("close-notes", "New switch.")),
            resolved,
        );

        same(follow(incident("P", "closed")), Effects::new());
        same(follow(incident("P", "cancelled")), Effects::new());
    }

    #[test]
    fn inc_06_another_reason_is_passed_on_and_other_changes_are_not() {
        let parent = incident("P", "on-hold").with("pending-reason", "awaiting-problem");
        let changed = |field: &str| Event::about("ticket.changed", "P", json!({"changes": [{"field": field}]}));
        assert!(!cascade(&family(), &plugin(), &changed("fields.pending-reason"), &parent).unwrap().is_empty());
        assert!(cascade(&family(), &plugin(), &changed("fields.impact"), &parent).unwrap().is_empty());
    }

    #[test]
    fn inc_06_an_event_that_was_overtaken_is_left_to_the_next() {
        let event = Event::state_change("P", "new", "in-progress");
        assert!(cascade(&family(), &plugin(), &event, &incident("P", "resolved")).unwrap().is_empty());
    }

    #[test]
    fn inc_06_notes_of_a_restricted_parent_stay_there() {
        let parent = Ticket { restricted: true, ..incident("P", "resolved").with("close-notes", "Insider.") };
        assert!(!format!("{:?}", follow(parent)).contains("Insider"));
    }

    #[test]
    fn inc_06_more_children_than_one_answer_are_resolved_in_turns() {
        let host = (0..250).fold(host(), |host, n| host.with_ticket(child(&format!("C{n}"), "new")));
        let effects = resolve_children(&host, &plugin(), &incident("P", "resolved")).unwrap();
        assert_eq!(effects.iter().filter(|effect| effect.kind == "transition").count(), 200);
        assert!(effects.include(&Effects::new().schedule(TIMER, plugin().now, Value::Null)));
    }

    #[test]
    fn inc_07_unresolved_dependencies() {
        let blocked = incident("T1", "in-progress").with("blocked-by", json!(["B1", "B2"]));
        let resolve =
            |host: &FakeHost| decide(host, &Change::of(&blocked, blocked.clone().in_state("resolved")).within(agent()));
        let world = || host().with_link("T1", "B1").with_link("T1", "B2").with_link("T1", "R");

        let clear = world().with_ticket(incident("B1", "resolved")).with_ticket(incident("R", "new"));
        let clear = clear
            .with_ticket(incident("C", "new").child_of("T1"))
            .with_ticket(Ticket::new("K", "task").in_state("closed").child_of("T1"));
        assert_eq!(resolve(&clear), Ok(Effects::new()), "related tickets and child incidents do not block");

        let open =
            world().with_ticket(incident("B1", "in-progress")).with_ticket(Ticket::new("K", "task").child_of("T1"));
        let refused = resolve(&open).unwrap_err();
        assert_eq!(refused.issues[0].code, "unresolved-dependencies");
        assert!(refused.issues[0].message.contains("#B1") && refused.issues[0].message.contains("#K"));
    }

    #[test]
    fn inc_07_a_child_with_dependencies_is_not_resolved_with_its_parent() {
        let host = host().with_ticket(child("C1", "new")).with_ticket(Ticket::new("K", "task").child_of("C1"));
        let effects = resolve_children(&host, &plugin(), &incident("P", "resolved")).unwrap();
        assert_eq!(effects.kinds(), ["comment"]);
    }

    #[test]
    fn inc_07_links_are_kept_as_blockers() {
        let ticket = incident("T1", "new").with("blocked-by", json!(["B1"]));
        let keep = |effects: Effects| keep_blockers(&Change::of(&ticket, ticket.clone()).asking(effects));
        let two = Effects::new().set_field("blocked-by", json!(["B1", "B2"]));
        assert_eq!(keep(Effects::new().link("blocked-by", "B2").link("caused-by", "B3")), two);
        assert_eq!(keep(Effects::new().unlink("blocked-by", "B1")), Effects::new().set_field("blocked-by", json!([])));
        assert_eq!(keep(Effects::new().link("blocked-by", "B1").on("T2").link("blocked-by", "B4")), Effects::new());

        let after = incident("T1", "resolved");
        let both = Change::of(&incident("T1", "new"), after).asking(Effects::new().link("blocked-by", "B1"));
        let host = host().with_link("T1", "B1").with_ticket(incident("B1", "new"));
        assert_eq!(codes(decide(&host, &both)), ["unresolved-dependencies"]);
    }
}

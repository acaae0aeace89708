//! After the resolution: closing by itself, reopening in time, and what an answer to a closed incident does.

use crate::is_party;
use weft_sdk::CreateTicket;
use weft_sdk::prelude::*;

pub(crate) const TIMER: &str = "auto-close";
/// Before the seed of the decision, so that two answers are two timers.
pub(crate) const ANSWER_TIMER: &str = "closed-answer-";
/// What a new incident takes over from the closed one that it continues.
const COPIED: [&str; 7] = ["impact", "urgency", "category", "subcategory", "symptom", "location", "ci"];

pub(crate) fn decide(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    let after = &change.after;
    if change.left("closed") {
        return Err(Rejection::new(
            "/state",
            "closed",
            "a closed incident is not reopened; open a new one that follows it",
        ));
    }
    let ended = ["closed", "cancelled"].iter().any(|state| change.entered(state));
    if (ended || change.left("resolved")) && !change.is_create() && !is_party(change) {
        let message = "only an agent, the requester, or whoever opened the incident may do this";
        return Err(Rejection::new("/state", "not-a-party", message));
    }
    if change.left("resolved") {
        let effects = Effects::new().unschedule(TIMER);
        return if after.state == "in-progress" { Ok(effects.and(reopen(host, change)?)) } else { Ok(effects) };
    }
    if after.state == "resolved" {
        return Ok(count_down(host, change)?);
    }
    if change.stayed("closed") && host.setting::<String>("closed-answer")? == "new-incident" {
        let keep = |body: &str| {
            let key = format!("{ANSWER_TIMER}{}", change.context.seed);
            Effects::new().schedule(&key, change.context.now, json!({"body": body}))
        };
        return Ok(change.requester_says().map(keep).unwrap_or_default());
    }
    Ok(Effects::new())
}

fn reopen(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    let days: i64 = host.setting("reopen-window-days")?;
    let resolved_at = change.before.as_ref().and_then(|before| before.resolved_at);
    let late = days > 0 && resolved_at.is_some_and(|at| change.context.now > at.plus_days(days));
    // The window binds people; a child follows its parent whenever that was reopened.
    if late && change.context.is_person() {
        let message =
            format!("the {days} days in which it could be reopened are over; open a new incident that follows it");
        return Err(Rejection::new("/state", "window-over", message));
    }
    let reopened = change.after.integer("reopen-count").unwrap_or(0) + 1;
    Ok(Effects::new()
        .set_field("reopen-count", reopened)
        .clear_field("close-code")
        .clear_field("close-notes")
        .when(change.after.flag("resolved-with-parent"), |effects| effects.set_field("resolved-with-parent", false)))
}

/// The timer of a resolved incident: started, started again, or stopped because it is a major one.
fn count_down(host: &impl Host, change: &Change) -> Result<Effects, Fault> {
    let (after, now) = (&change.after, change.context.now);
    let (entered, changed_major) = (change.entered("resolved"), change.changed("major"));
    if after.flag("major") {
        return Ok(Effects::new().when(changed_major && !entered, |effects| effects.unschedule(TIMER)));
    }
    let from_update = host.setting::<String>("auto-close-from")? == "last-update";
    if !entered && !changed_major && !from_update {
        return Ok(Effects::new());
    }
    let since = if entered || from_update { now } else { after.resolved_at.unwrap_or(now) };
    schedule(host, since)
}

fn schedule(host: &impl Host, since: Instant) -> Result<Effects, Fault> {
    let at = since.plus_days(host.setting("auto-close-days")?);
    Ok(Effects::new().schedule(TIMER, at, json!({"since": since})))
}

/// The timer fired: close, unless the days became more meanwhile.
pub(crate) fn auto_close(
    host: &impl Host,
    context: &Context,
    event: &Event,
    ticket: &Ticket,
) -> Result<Effects, Fault> {
    if ticket.state != "resolved" || ticket.flag("major") {
        return Ok(Effects::new());
    }
    let since = event.value("data")["since"].as_str().and_then(|since| since.parse().ok()).or(ticket.resolved_at);
    match since {
        Some(since) if context.now < since.plus_days(host.setting("auto-close-days")?) => schedule(host, since),
        _ => Ok(Effects::new().transition("closed")),
    }
}

/// The requester answered a closed incident: a new one that follows it, or one more answer to that one.
pub(crate) fn continue_closed(host: &impl Host, event: &Event, closed: &Ticket) -> Result<Effects, Fault> {
    let body = event.value("data")["body"].as_str().unwrap_or_default();
    let requester = closed.requester.as_deref().unwrap_or_default();
    let open = host.tickets(&TicketFilter::new().kind("incident").requester(requester).open(), 200)?;
    if let Some(follower) = open.iter().find(|ticket| ticket.text("follows") == Some(&closed.number)) {
        let text = format!("In answer to {}:\n\n{body}", closed.number);
        return Ok(Effects::new().on(&follower.id).comment_public(text));
    }
    let mut new = CreateTicket::new("incident", &closed.space, &closed.title)
        .requester(requester)
        .field("description", body)
        .field("follows", closed.number.as_str());
    for field in COPIED.into_iter().filter(|field| !closed.field(field).is_null()) {
        new = new.field(field, closed.field(field).clone());
    }
    if let Some(group) = &closed.group {
        new = new.group(group);
    }
    if closed.restricted {
        new = new.restricted();
    }
    Ok(Effects::new()
        .create_ticket(new)
        .comment_public("This incident is closed; a new one was opened for the answer."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{NOW, agent, codes, host, incident, plugin, requester};

    fn resolved() -> Ticket {
        let ticket = Ticket { opened_by: Some("di".into()), ..incident("T1", "resolved").resolved(NOW) };
        ticket.with("close-code", "Solved").with("close-notes", "New cable.")
    }

    fn in_days(days: i64) -> Instant {
        NOW.parse::<Instant>().unwrap().plus_days(days)
    }

    fn countdown(days: i64) -> Effects {
        Effects::new().schedule(TIMER, in_days(days), json!({"since": in_days(days - 7)}))
    }

    #[test]
    fn inc_04_closes_n_days_after_resolution() {
        let resolve = Change::of(&incident("T1", "in-progress"), resolved()).within(agent());
        assert_eq!(decide(&host(), &resolve), Ok(countdown(7)));

        let timer = Event::timer("T1", TIMER, json!({"since": NOW}));
        let fire = |host: FakeHost, days: i64| {
            auto_close(&host, &Context { now: in_days(days), ..plugin() }, &timer, &resolved())
        };
        assert_eq!(fire(host(), 7), Ok(Effects::new().transition("closed")));
        let longer = host().with_setting("auto-close-days", 10);
        assert_eq!(fire(longer, 7).unwrap().kinds(), ["schedule"], "the parameter was raised meanwhile");
    }

    #[test]
    fn inc_04_option_after_last_update() {
        let update = || {
            Change::of(&resolved(), resolved().with("category", "network"))
                .within(Context { now: in_days(3), ..agent() })
        };
        assert_eq!(decide(&host(), &update()), Ok(Effects::new()));
        assert_eq!(decide(&host().with_setting("auto-close-from", "last-update"), &update()), Ok(countdown(10)));
    }

    #[test]
    fn inc_04_major_incidents_are_excluded() {
        let major = || resolved().with("major", true);
        let check = |before: Ticket, after: Ticket, expected: Effects| {
            assert_eq!(decide(&host(), &Change::of(&before, after).within(agent())), Ok(expected));
        };

        check(incident("T1", "in-progress").with("major", true), major(), Effects::new());
        check(resolved(), major(), Effects::new().unschedule(TIMER));
        check(major(), resolved(), countdown(7));
        let timer = Event::timer("T1", TIMER, json!({"since": "2020-01-01T00:00:00Z"}));
        assert_eq!(auto_close(&host(), &plugin(), &timer, &major()), Ok(Effects::new()));
    }

    #[test]
    fn inc_05_reopen_by_agent_caller_or_opener_only() {
        let reopen =
            |who: Context| decide(&host(), &Change::of(&resolved(), resolved().in_state("in-progress")).within(who));
        let effects = Effects::new()
            .unschedule(TIMER)
            .set_field("reopen-count", 1)
            .clear_field("close-code")
            .clear_field("close-notes");

        for who in [agent(), requester("bo"), requester("di")] {
            assert_eq!(reopen(who), Ok(effects.clone()));
        }
        assert_eq!(codes(reopen(requester("eve"))), ["not-a-party"]);
    }

    #[test]
    fn inc_05_reopen_within_the_window_only() {
        let reopen = |host: FakeHost, days: i64| {
            let change = Change::of(&resolved(), resolved().in_state("in-progress"));
            decide(&host, &change.within(Context { now: in_days(days).plus_seconds(1), ..agent() }))
        };
        assert!(reopen(host(), 6).is_ok());
        assert_eq!(codes(reopen(host(), 7)), ["window-over"]);
        assert!(reopen(host().with_setting("reopen-window-days", 0), 70).is_ok());
    }

    #[test]
    fn inc_05_closed_never_reopens() {
        let closed = incident("T1", "closed");
        for state in ["in-progress", "resolved", "new"] {
            assert_eq!(codes(decide(&host(), &Change::of(&closed, incident("T1", state)).within(agent()))), ["closed"]);
        }
    }

    #[test]
    fn inc_05_an_answer_to_a_closed_incident_opens_a_new_one() {
        let closed =
            incident("T1", "closed").with("impact", 2).with("close-notes", "New cable.").assigned("network", None);
        let answer = Change::of(&closed, closed.clone()).asking(Effects::new().comment_public("Broken again."));
        let kept = decide(&host(), &answer.clone().within(requester("bo"))).unwrap();
        assert_eq!(kept.kinds(), ["schedule"]);
        assert_eq!(decide(&host(), &answer.clone().within(agent())), Ok(Effects::new()));
        let nothing = host().with_setting("closed-answer", "nothing");
        assert_eq!(decide(&nothing, &answer.within(requester("bo"))), Ok(Effects::new()));

        let timer = Event::timer("T1", ANSWER_TIMER, json!({"body": "Broken again."}));
        let effects = continue_closed(&host(), &timer, &closed).unwrap();
        let new = &effects.iter().next().unwrap().data;
        assert_eq!(new["fields"], json!({"description": "Broken again.", "follows": "#T1", "impact": 2}));
        assert_eq!((&new["requester"], &new["group"]), (&json!("bo"), &json!("network")));

        let follower = incident("T2", "new").with("follows", "#T1");
        let again = continue_closed(&host().with_ticket(follower), &timer, &closed).unwrap();
        assert_eq!(again.kinds(), ["comment"], "one new incident is enough");
    }
}

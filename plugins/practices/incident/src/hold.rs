//! On hold: what an incident waits for, what ends the wait, and the follow-ups meanwhile.

use crate::family;
use serde::Deserialize;
use std::collections::BTreeMap;
use weft_sdk::Notify;
use weft_sdk::prelude::*;

pub(crate) const TIMER: &str = "follow-up";
const CALLER: &str = "awaiting-caller";

/// What is done while an incident waits for one reason.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Plan {
    interval_hours: u32,
    /// Hours of this calendar; elapsed hours without one.
    calendar: Option<String>,
    count: i64,
    message: String,
    resolve: Option<Resolution>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Resolution {
    close_code: String,
    close_notes: String,
}

pub(crate) fn decide(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    let after = &change.after;
    if change.left("on-hold") {
        return Ok(forget(after));
    }
    let reason = after.text("pending-reason");
    if after.state != "on-hold" {
        let misplaced = reason.is_some() && change.changed("pending-reason");
        let refused =
            Rejection::new("/fields/pending-reason", "not-on-hold", "only an incident on hold has a pending reason");
        return if misplaced { Err(refused) } else { Ok(Effects::new()) };
    }
    let reason =
        reason.ok_or_else(|| Rejection::from(after.require_text("pending-reason").expect_err("there is none")))?;
    if change.stayed("on-hold") && change.requester_says().is_some() {
        return Ok(answered(host, change, reason)?);
    }
    if !change.entered("on-hold") && !change.changed("pending-reason") {
        return Ok(Effects::new());
    }
    if reason == CALLER && change.comments(Visibility::Public).next().is_none() {
        return Err(Rejection::new("/comment", "required", "tell the requester in a comment what you wait for"));
    }
    Ok(start(host, change, reason)?)
}

/// Nothing of a hold is left when it ends.
fn forget(ticket: &Ticket) -> Effects {
    let sent = ticket.integer("follow-ups-sent").unwrap_or(0);
    Effects::new()
        .when(ticket.text("pending-reason").is_some(), |effects| effects.clear_field("pending-reason"))
        .when(sent > 0, |effects| effects.set_field("follow-ups-sent", 0))
        .unschedule(TIMER)
}

/// The requester says something: the hold ends, or the follow-ups start again.
fn answered(host: &impl Host, change: &Change, reason: &str) -> Result<Effects, Fault> {
    if reason != CALLER && host.setting::<String>("caller-update")? != "any" {
        return start(host, change, reason);
    }
    let (number, title) = (change.after.label(), &change.after.title);
    let message = |person: &str, effects: Effects| {
        let subject = format!("{number} was answered");
        effects.notify(Notify { people: &[person], groups: &[], subject: &subject, body: title })
    };
    let effects = forget(&change.after).transition("in-progress");
    Ok(match &change.after.assignee {
        Some(person) => message(person, effects),
        None => effects,
    })
}

fn plan(host: &impl Host, reason: &str) -> Result<Option<Plan>, Fault> {
    Ok(host.setting::<BTreeMap<String, Plan>>("follow-ups")?.remove(reason))
}

/// A wait begins, or begins again: no follow-up was sent.
fn start(host: &impl Host, change: &Change, reason: &str) -> Result<Effects, Fault> {
    let sent = change.after.integer("follow-ups-sent").unwrap_or(0);
    let effects = Effects::new().when(sent > 0, |effects| effects.set_field("follow-ups-sent", 0));
    match plan(host, reason)? {
        Some(plan) => Ok(effects.and(next(host, &change.context, &plan, reason)?)),
        None => Ok(effects.when(change.stayed("on-hold"), |effects| effects.unschedule(TIMER))),
    }
}

fn next(host: &impl Host, context: &Context, plan: &Plan, reason: &str) -> Result<Effects, Fault> {
    let seconds = plan.interval_hours.saturating_mul(3600);
    let at = match &plan.calendar {
        Some(calendar) => host.calendar_add(calendar, context.now, seconds, None)?,
        None => context.now.plus_seconds(seconds.into()),
    };
    Ok(Effects::new().schedule(TIMER, at, json!({"reason": reason})))
}

/// The timer: ask again, or resolve what nobody answers.
pub(crate) fn follow_up(host: &impl Host, context: &Context, event: &Event, ticket: &Ticket) -> Result<Effects, Fault> {
    let reason = ticket.text("pending-reason").unwrap_or_default();
    if ticket.state != "on-hold" || event.value("data")["reason"] != reason {
        return Ok(Effects::new());
    }
    let Some(plan) = plan(host, reason)? else {
        return Ok(Effects::new());
    };
    let fill = |text: &str| text.replace("{number}", &ticket.number).replace("{title}", &ticket.title);
    let sent = ticket.integer("follow-ups-sent").unwrap_or(0);
    if sent < plan.count {
        let body = fill(&plan.message);
        let people: Vec<&str> = ticket.requester.as_deref().into_iter().collect();
        let effects = Effects::new().comment_public(body.as_str()).set_field("follow-ups-sent", sent + 1);
        let effects = effects.notify(Notify { people: &people, groups: &[], subject: ticket.label(), body: &body });
        let more = sent + 1 < plan.count || plan.resolve.is_some();
        return Ok(if more { effects.and(next(host, context, &plan, reason)?) } else { effects });
    }
    let Some(resolution) = plan.resolve else {
        return Ok(Effects::new());
    };
    let blockers = family::blockers(host, ticket, &family::blocked_by(ticket))?;
    if !blockers.is_empty() {
        return Ok(Effects::new()
            .comment_internal(format!("Not resolved for want of an answer: {}.", family::waits_for(&blockers))));
    }
    Ok(Effects::new()
        .set_field("close-code", resolution.close_code)
        .set_field("close-notes", fill(&resolution.close_notes))
        .transition("resolved"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{NOW, agent, codes, host, incident, plugin, requester};

    fn on_hold(reason: &str) -> Ticket {
        incident("T1", "on-hold").with("pending-reason", reason).assigned("network", Some("ana"))
    }

    fn later(hours: i64) -> Instant {
        NOW.parse::<Instant>().unwrap().plus_hours(hours)
    }

    #[test]
    fn inc_03_on_hold_needs_a_reason_and_for_the_caller_a_comment() {
        let before = incident("T1", "in-progress");
        let hold =
            |after: Ticket, said: Effects| decide(&host(), &Change::of(&before, after).asking(said).within(agent()));

        assert_eq!(codes(hold(incident("T1", "on-hold"), Effects::new())), ["required"]);
        for reason in ["awaiting-change", "awaiting-problem", "awaiting-vendor", "awaiting-evidence"] {
            assert_eq!(hold(on_hold(reason), Effects::new()), Ok(Effects::new()), "{reason}");
        }
        assert_eq!(codes(hold(on_hold(CALLER), Effects::new())), ["required"]);
        assert_eq!(
            codes(hold(on_hold(CALLER), Effects::new().comment_internal("We ask."))),
            ["required"],
            "not to the caller"
        );
        assert_eq!(hold(on_hold(CALLER), Effects::new().comment_public("Which floor?")), Ok(Effects::new()));
        assert_eq!(codes(hold(before.clone().with("pending-reason", CALLER), Effects::new())), ["not-on-hold"]);
    }

    #[test]
    fn inc_03_a_caller_update_clears_the_reason_and_resumes() {
        let resumed = Effects::new().clear_field("pending-reason").unschedule(TIMER).transition("in-progress");
        let says = |reason: &str, who: Context, said: Effects, host: FakeHost| {
            decide(&host, &Change::of(&on_hold(reason), on_hold(reason)).asking(said).within(who)).unwrap()
        };
        let answer = || Effects::new().comment_public("The third.");
        let own = || host().with_setting("caller-update", CALLER);

        assert!(says(CALLER, requester("bo"), answer(), host()).include(&resumed));
        assert!(says("awaiting-vendor", requester("bo"), answer(), host()).include(&resumed));
        assert!(says(CALLER, requester("bo"), answer(), own()).include(&resumed));
        assert!(!says("awaiting-vendor", requester("bo"), answer(), own()).include(&resumed));
        assert_eq!(says(CALLER, agent(), answer(), host()), Effects::new(), "the agent is not the caller");
        assert_eq!(says(CALLER, requester("bo"), Effects::new(), host()), Effects::new(), "nothing was said");
    }

    #[test]
    fn inc_03_leaving_hold_clears_the_reason() {
        let decision = decide(&host(), &Change::of(&on_hold(CALLER), on_hold(CALLER).in_state("resolved")));
        assert_eq!(decision, Ok(Effects::new().clear_field("pending-reason").unschedule(TIMER)));
    }

    fn with_plan(host: FakeHost) -> FakeHost {
        host.with_setting(
            "follow-ups",
            json!({CALLER: {"interval-hours": 48, "count": 2, "message": "{number} still waits for you.",
                "resolve": {"close-code": "No answer", "close-notes": "Nobody answered."}}}),
        )
    }

    #[test]
    fn inc_09_follow_ups_then_resolved() {
        let host = with_plan(host());
        let asked =
            Change::of(&incident("T1", "new"), on_hold(CALLER)).asking(Effects::new().comment_public("Which floor?"));
        let scheduled = Effects::new().schedule(TIMER, later(48), json!({"reason": CALLER}));
        assert_eq!(decide(&host, &asked.within(agent())), Ok(scheduled.clone()));

        let fire = |sent: i64| {
            let timer = Event::timer("T1", TIMER, json!({"reason": CALLER}));
            follow_up(&host, &plugin(), &timer, &on_hold(CALLER).with("follow-ups-sent", sent)).unwrap()
        };
        for sent in [0, 1] {
            let asks = Effects::new().comment_public("#T1 still waits for you.").set_field("follow-ups-sent", sent + 1);
            assert!(fire(sent).include(&asks.and(scheduled.clone())));
        }
        let resolved = Effects::new()
            .set_field("close-code", "No answer")
            .set_field("close-notes", "Nobody answered.")
            .transition("resolved");
        assert_eq!(fire(2), resolved);
    }

    #[test]
    fn inc_09_counters_reset_when_the_requester_answers() {
        let ticket = on_hold("awaiting-vendor").with("follow-ups-sent", 1);
        let host = with_plan(host()).with_setting("caller-update", CALLER);
        let change = Change::of(&ticket, ticket.clone()).asking(Effects::new().comment_public("Any news?"));
        let expected = Effects::new().set_field("follow-ups-sent", 0).unschedule(TIMER);
        assert_eq!(decide(&host, &change.within(requester("bo"))), Ok(expected));

        let ticket = on_hold(CALLER).with("follow-ups-sent", 2);
        let change = Change::of(&ticket, ticket.clone()).asking(Effects::new().comment_public("The third."));
        assert!(
            decide(&host, &change.within(requester("bo")))
                .unwrap()
                .include(&Effects::new().set_field("follow-ups-sent", 0))
        );
    }

    #[test]
    fn inc_09_a_late_timer_does_nothing() {
        let timer = Event::timer("T1", TIMER, json!({"reason": CALLER}));
        for ticket in [incident("T1", "in-progress"), on_hold("awaiting-vendor")] {
            assert_eq!(follow_up(&with_plan(host()), &plugin(), &timer, &ticket), Ok(Effects::new()));
        }
    }

    #[test]
    fn inc_09_an_incident_with_dependencies_is_not_resolved_for_want_of_an_answer() {
        let host = with_plan(host()).with_ticket(Ticket::new("T9", "task").child_of("T1"));
        let timer = Event::timer("T1", TIMER, json!({"reason": CALLER}));
        let effects = follow_up(&host, &plugin(), &timer, &on_hold(CALLER).with("follow-ups-sent", 2)).unwrap();
        assert_eq!(effects.kinds(), ["comment"]);
    }
}

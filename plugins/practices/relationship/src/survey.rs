//! Surveys: who is asked after a ticket was closed, and what a bad answer leads to.

use serde::Deserialize;
use weft_sdk::prelude::*;
use weft_sdk::{CreateTicket, Notify};

const TIMER: &str = "expire";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Rule {
    kinds: Vec<String>,
    percent: u32,
    repeat_days: i64,
    expire_days: i64,
    low: i64,
}

/// Only whom it is for answers.
pub(crate) fn decide(change: &Change) -> Result<Effects, Rejection> {
    let own = change.after.requester.as_deref() == Some(&change.context.actor);
    if change.entered("answered") && !own {
        return Err(Rejection::new("/state", "not-yours", "only the person who was asked answers"));
    }
    Ok(Effects::new())
}

/// A ticket was closed: some of those whose it was are asked, nobody too often.
pub(crate) fn ask(host: &impl Host, context: &Context, event: &Event, ticket: &Ticket) -> Result<Effects, Fault> {
    let closed = event.kind == "ticket.changed" && event.entered("closed") && ticket.state == "closed";
    let Some(person) = ticket.requester.as_deref().filter(|_| closed) else { return Ok(Effects::new()) };
    let rule: Rule = host.setting("survey")?;
    // A restricted ticket is not spoken of elsewhere.
    if !rule.kinds.contains(&ticket.kind) || ticket.restricted || context.rng().below(100) >= rule.percent {
        return Ok(Effects::new());
    }
    let asked = host.tickets(&TicketFilter::new().kind("survey").requester(person), 1)?;
    let from = context.now.plus_days(-rule.repeat_days);
    if asked.first().is_some_and(|last| last.opened_at > from) {
        return Ok(Effects::new());
    }
    let title = format!("How was it? {} {}", ticket.number, ticket.title);
    let copy = |survey: CreateTicket, field: &str, from: &str| match ticket.text(from) {
        Some(text) => survey.field(field, text),
        None => survey,
    };
    let survey =
        CreateTicket::new("survey", &ticket.space, &title).requester(person).field("about", ticket.id.as_str());
    let survey = copy(copy(survey, "service", "ci"), "supplier", "vendor");
    Ok(Effects::new().create_ticket(survey))
}

pub(crate) fn react(host: &impl Host, context: &Context, event: &Event, survey: &Ticket) -> Result<Effects, Fault> {
    let rule: Rule = host.setting("survey")?;
    if event.kind == "ticket.created" {
        let people: Vec<&str> = survey.requester.as_deref().into_iter().collect();
        let body = format!("It takes a minute, and can be answered for {} days.", rule.expire_days);
        return Ok(Effects::new()
            .schedule(TIMER, context.now.plus_days(rule.expire_days), Value::Null)
            .notify(Notify { people: &people, groups: &[], subject: &survey.title, body: &body }));
    }
    if event.is_timer(TIMER) {
        return Ok(Effects::new().when(survey.state == "sent", |effects| effects.transition("expired")));
    }
    if !event.entered("answered") {
        return Ok(Effects::new());
    }
    let effects = Effects::new().unschedule(TIMER);
    let satisfaction = survey.integer("satisfaction").unwrap_or(0);
    if satisfaction > rule.low {
        return Ok(effects);
    }
    let remark = survey.text("remark").unwrap_or("No remark was made.");
    let improvement = CreateTicket::new("improvement", &survey.space, &format!("Not satisfied: {}", survey.title))
        .field("origin", survey.text("about").unwrap_or_default())
        .field("description", format!("Satisfaction {satisfaction} of 5. {remark}"));
    Ok(effects.create_ticket(improvement))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::host;

    const NOW: &str = "2026-03-02T09:00:00Z";

    fn closed() -> Ticket {
        Ticket::new("T1", "incident").in_state("closed").for_requester("erin").with("vendor", "Acme")
    }

    fn asked(host: &FakeHost, ticket: &Ticket, seed: u32) -> bool {
        let context = Context { seed: format!("{seed:032x}"), ..Context::of_plugin("relationship").at(NOW) };
        let event = Event::state_change("T1", "resolved", "closed");
        crate::react(host, &context, &event, Some(ticket)).unwrap().kinds() == ["create-ticket"]
    }

    fn survey(state: &str) -> Ticket {
        Ticket::new("S1", "survey").in_state(state).for_requester("erin").with("about", "T1").with("satisfaction", 1)
    }

    #[test]
    fn rel_01_a_share_of_closed_tickets_is_asked_about() {
        assert!(asked(&host(), &closed(), 1));
        let rule = |percent: u32| json!({"kinds": ["incident"], "percent": percent, "repeat-days": 14, "expire-days": 7, "low": 2});
        let quarter = host().with_setting("survey", rule(25));
        let share = (0..400).filter(|seed| asked(&quarter, &closed(), *seed)).count();
        assert!((60..140).contains(&share), "{share} of 400");
        assert!(!asked(&host(), &Ticket { restricted: true, ..closed() }, 1));
        assert!(!asked(&host(), &Ticket { kind: "request".into(), ..closed() }, 1));
    }

    #[test]
    fn rel_01_nobody_is_asked_too_often() {
        let last = |days: i64| {
            let opened_at = NOW.parse::<Instant>().unwrap().plus_days(-days);
            host().with_ticket(Ticket { opened_at, ..survey("expired") })
        };
        assert!(!asked(&last(13), &closed(), 1));
        assert!(asked(&last(15), &closed(), 1));
    }

    #[test]
    fn rel_01_a_survey_expires_and_only_whom_it_is_for_answers() {
        let react = |event: Event, state: &str| {
            crate::react(&host(), &Context::of_plugin("relationship").at(NOW), &event, Some(&survey(state))).unwrap()
        };
        let created = react(Event::about("ticket.created", "S1", json!({})), "sent");
        assert_eq!(created.iter().next().unwrap().text("at"), Some("2026-03-09T09:00:00Z"));
        assert_eq!(react(Event::timer("S1", TIMER, Value::Null), "sent"), Effects::new().transition("expired"));
        assert_eq!(react(Event::timer("S1", TIMER, Value::Null), "answered"), Effects::new());
        let answer = |who: &str| {
            let change = Change::of(&survey("sent"), survey("answered"));
            decide(&change.within(Context::of_person(who, &["requester"])))
        };
        assert_eq!(answer("bo").unwrap_err().codes(), ["not-yours"]);
        assert_eq!(answer("erin"), Ok(Effects::new()));
    }

    #[test]
    fn rel_01_a_low_score_proposes_an_improvement() {
        let event = Event::state_change("S1", "sent", "answered");
        let told = |score: i64| {
            let survey = survey("answered").with("satisfaction", score);
            crate::react(&host(), &Context::of_plugin("relationship").at(NOW), &event, Some(&survey)).unwrap()
        };
        assert_eq!(told(2).kinds(), ["unschedule", "create-ticket"]);
        assert_eq!(told(2).iter().last().unwrap().data["fields"]["origin"], "T1");
        assert_eq!(told(3).kinds(), ["unschedule"]);
    }
}

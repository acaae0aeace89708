//! Deflection: an article was shown to somebody who says that it helped, and who then opens no ticket. Known when the time is over.

use weft_sdk::prelude::*;

const TIMER: &str = "deflection";
/// What somebody opens whom an article did not help after all.
const OPENED: [&str; 2] = ["incident", "request"];

pub(crate) fn react(host: &impl Host, context: &Context, event: &Event, feedback: &Ticket) -> Result<Effects, Fault> {
    let low: i64 = host.setting("low-rating")?;
    let helped = feedback.integer("rating").unwrap_or(0) > low;
    if event.kind == "ticket.created" {
        let hours: i64 = host.setting("deflection-hours")?;
        let at = context.now.plus_minutes(hours * 60);
        return Ok(Effects::new().when(helped, |effects| effects.schedule(TIMER, at, Value::Null)));
    }
    let Some(person) = feedback.requester.as_deref().filter(|_| event.is_timer(TIMER)) else {
        return Ok(Effects::new());
    };
    let mut opened = false;
    for kind in OPENED {
        let last = host.tickets(&TicketFilter::new().kind(kind).requester(person), 1)?;
        opened |= last.first().is_some_and(|ticket| ticket.opened_at >= feedback.opened_at);
    }
    Ok(Effects::new().set_field("deflected", !opened))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::host;

    fn feedback(rating: i64) -> Ticket {
        let opened_at = "2026-03-02T09:00:00Z".parse().unwrap();
        Ticket { opened_at, ..Ticket::new("F1", "article-feedback").for_requester("erin").with("rating", rating) }
    }

    #[test]
    fn knw_05_whoever_was_helped_and_opened_nothing_is_deflected() {
        let context = Context::of_plugin("knowledge").at("2026-03-02T09:00:00Z");
        let created = |rating: i64| {
            let event = Event::about("ticket.created", "F1", json!({}));
            crate::react(&host(), &context, &event, Some(&feedback(rating))).unwrap()
        };
        assert_eq!(created(5).iter().next().unwrap().text("at"), Some("2026-03-03T09:00:00Z"));
        assert_eq!(created(2), Effects::new(), "it did not help");
        let over = |host: FakeHost| {
            crate::react(&host, &context, &Event::timer("F1", TIMER, Value::Null), Some(&feedback(5))).unwrap()
        };
        let opened = |at: &str, who: &str| {
            host().with_ticket(Ticket {
                opened_at: at.parse().unwrap(),
                ..Ticket::new("T1", "request").for_requester(who)
            })
        };
        assert_eq!(over(host()), Effects::new().set_field("deflected", true));
        assert_eq!(over(opened("2026-03-02T12:00:00Z", "erin")), Effects::new().set_field("deflected", false));
        assert_eq!(over(opened("2026-03-01T12:00:00Z", "erin")), Effects::new().set_field("deflected", true));
        assert_eq!(over(opened("2026-03-02T12:00:00Z", "bo")), Effects::new().set_field("deflected", true));
    }
}

//! After a change: what went wrong is looked at again, and incidents are linked to the change that caused them.

use weft_sdk::CreateTicket;
use weft_sdk::prelude::*;

/// A change that failed, or that nobody authorised, gets a task for its review. Emergencies are reviewed by their flow.
pub(crate) fn look_again(event: &Event, change: &Ticket) -> Effects {
    let failed = event.entered("closed") && change.text("close_code") == Some("unsuccessful");
    let found = event.kind == "ticket.created" && change.text("type") == Some("unauthorised");
    let title = match (failed, found) {
        (true, _) => format!("Review why {} failed", change.number),
        (_, true) => format!("Review how {} came about", change.number),
        _ => return Effects::new(),
    };
    let task = CreateTicket::new("change-task", &change.space, &title).parent(&change.id).field("type", "review");
    let task = match &change.group {
        Some(group) => task.group(group),
        None => task,
    };
    Effects::new().create_ticket(task)
}

/// An incident names the change that caused it, by number.
pub(crate) fn link_cause(host: &impl Host, event: &Event, incident: &Ticket) -> Result<Effects, Fault> {
    let named = event.kind == "ticket.created" || event.changed("caused-by");
    let Some(number) = incident.text("caused-by").filter(|_| named) else { return Ok(Effects::new()) };
    let change = host.ticket(number)?.filter(|change| change.kind == "change");
    Ok(change.map(|change| Effects::new().link("caused-by", &change.id)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{host, of_type};

    #[test]
    fn chg_11_what_failed_or_was_not_authorised_is_reviewed() {
        let closed = |code: &str| {
            let event = Event::state_change("C1", "review", "closed");
            look_again(&event, &of_type("normal", "closed").with("close_code", code)).kinds().len()
        };
        assert_eq!((closed("unsuccessful"), closed("successful"), closed("successful-with-issues")), (1, 0, 0));
        let created = Event::about("ticket.created", "C1", json!({}));
        let task =
            CreateTicket::new("change-task", "it", "Review how #C1 came about").parent("C1").field("type", "review");
        assert_eq!(look_again(&created, &of_type("unauthorised", "new")), Effects::new().create_ticket(task));
        assert_eq!(look_again(&created, &of_type("normal", "new")), Effects::new());
    }

    #[test]
    fn chg_11_emergencies_are_reviewed_by_their_flow() {
        let flow = include_str!("../flows/change-emergency.bpmn");
        assert!(flow.contains("formId=\"change-pir\""), "the flow asks for a post-implementation review");
    }

    #[test]
    fn chg_11_incidents_are_linked_to_the_change_that_caused_them() {
        let host = host().with_ticket(Ticket { id: "CHG7".into(), ..of_type("normal", "closed") });
        let incident = Ticket::new("I1", "incident").with("caused-by", "CHG7");
        let changed = json!({"changes": [{"field": "fields.caused-by", "from": null, "to": "CHG7"}]});
        let event = Event::about("ticket.changed", "I1", changed);
        assert_eq!(link_cause(&host, &event, &incident), Ok(Effects::new().link("caused-by", "CHG7")));
        let unknown = Ticket::new("I1", "incident").with("caused-by", "CHG9");
        assert_eq!(link_cause(&host, &event, &unknown), Ok(Effects::new()));
    }
}

//! Alert intake: alerts with one key are one trouble, and a trouble is one incident.
//!
//! Finding the incident is part of what the commit checks, so two alerts that come at once do not make two.

use weft_sdk::CreateTicket;
use weft_sdk::prelude::*;

weft_sdk::automation! { guard: guard, react: react }

/// An alert is a message, not work.
fn guard(_host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    if !change.is_create() && change.changed("key") {
        return Err(Rejection::new("/fields/key", "fixed", "an alert keeps its key"));
    }
    Ok(Effects::new())
}

fn react(host: &impl Host, context: &Context, _event: &Event, subject: Option<&Ticket>) -> Result<Effects, Fault> {
    let Some(alert) = subject.filter(|alert| alert.state == "new") else { return Ok(Effects::new()) };
    let key = alert.text("key").unwrap_or_default();
    let open = host.find(&Search::of("incident").field("alert-key", key).open(), 1)?.into_iter().next();
    let effects = match (alert.text("status") == Some("cleared"), open) {
        (true, Some(incident)) => over(host, alert, &incident)?,
        (true, None) => Effects::new(),
        (false, Some(incident)) => again(alert, &incident),
        (false, None) => match flickered(host, context, key)? {
            Some(incident) => Effects::new()
                .on(&incident.id)
                .comment_internal(format!("It is back: {}.", alert.title))
                .transition("in-progress"),
            None => Effects::new().create_ticket(incident(host, alert, key)?),
        },
    };
    Ok(effects.on_subject().transition("done"))
}

/// The same trouble once more. It is only told of when it got worse: what repeats every minute would bury everything else.
fn again(alert: &Ticket, incident: &Ticket) -> Effects {
    let severity = alert.integer("severity").unwrap_or(3);
    let worse = incident.integer("urgency").is_some_and(|urgency| severity < urgency);
    Effects::new().when(worse, |effects| {
        effects
            .on(&incident.id)
            .set_field("urgency", severity)
            .comment_internal(format!("It got worse: {}", alert.title))
    })
}

fn over(host: &impl Host, alert: &Ticket, incident: &Ticket) -> Result<Effects, Fault> {
    let wanted: String = host.setting("auto-resolve")?;
    let untouched = incident.state == "new" && incident.assignee.is_none();
    let text = format!("Monitoring says it is over: {}.", alert.title);
    let effects = Effects::new().on(&incident.id);
    if wanted == "all" || (wanted == "untouched" && untouched) {
        let effects = effects.set_field("close-code", "Solved by itself").set_field("close-notes", text.as_str());
        return Ok(effects.transition("resolved"));
    }
    Ok(effects.comment_internal(text))
}

/// The incident of a trouble that was over a moment ago.
fn flickered(host: &impl Host, context: &Context, key: &str) -> Result<Option<Ticket>, Fault> {
    let minutes: i64 = host.setting("flapping-minutes")?;
    let from = context.now.plus_minutes(-minutes);
    let resolved = host.find(&Search::of("incident").field("alert-key", key).states(&["resolved"]), 1)?;
    Ok(resolved.into_iter().next().filter(|incident| incident.resolved_at.is_some_and(|at| at >= from)))
}

/// The item says whose it is; what it does not say is left to assignment.
fn incident(host: &impl Host, alert: &Ticket, key: &str) -> Result<CreateTicket, Fault> {
    let severity = alert.integer("severity").unwrap_or(2);
    let mut incident = CreateTicket::new("incident", &host.setting::<String>("space")?, &alert.title)
        .field("alert-key", key)
        .field("channel", "monitoring")
        .field("urgency", severity)
        .field("description", alert.text("description").unwrap_or(&alert.title));
    let ci = match alert.text("ci") {
        Some(id) => host.ci(id)?,
        None => None,
    };
    let Some(ci) = ci else { return Ok(incident) };
    let text = |name: &str| ci.attributes.get(name).and_then(Value::as_str);
    incident = incident.field("ci", ci.id.as_str());
    if let Some(criticality) =
        ci.attributes.get("criticality").and_then(Value::as_i64).filter(|one| (1..=3).contains(one))
    {
        incident = incident.field("impact", criticality);
    }
    if let Some(location) = text("location") {
        incident = incident.field("location", location);
    }
    if let Some(service) = text("service") {
        incident = incident.field("category", service);
    }
    Ok(match text("support_group") {
        Some(group) => incident.group(group),
        None => incident,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use weft_sdk::Ci;

    const NOW: &str = "2026-03-02T09:00:00Z";

    fn host() -> FakeHost {
        FakeHost::of_manifest(include_str!("../plugin.toml"))
    }

    fn alert(status: &str) -> Ticket {
        Ticket {
            title: "db-1 is full".into(),
            ..Ticket::new("A1", "alert").with("key", "db-1/disk").with("status", status)
        }
    }

    fn known(state: &str) -> Ticket {
        Ticket::new("T1", "incident").in_state(state).with("alert-key", "db-1/disk").with("urgency", 2)
    }

    fn told(host: &FakeHost, alert: &Ticket) -> Effects {
        let event = Event::about("ticket.created", "A1", json!({}));
        react(host, &Context::of_plugin("alert-intake").at(NOW), &event, Some(alert)).unwrap()
    }

    fn done() -> Effects {
        Effects::new().transition("done")
    }

    #[test]
    fn ops_03_a_trouble_is_one_incident() {
        assert_eq!(told(&host(), &alert("firing")).kinds(), ["create-ticket", "transition"]);
        let again = host().with_ticket(known("in-progress"));
        assert_eq!(told(&again, &alert("firing").with("severity", 2)), done());
        let worse = told(&again, &alert("firing").with("severity", 1));
        let raised = Effects::new().on("T1").set_field("urgency", 1).comment_internal("It got worse: db-1 is full");
        assert_eq!(worse, raised.and(done()));
        let other = host().with_ticket(known("in-progress").with("alert-key", "db-2/disk"));
        assert_eq!(told(&other, &alert("firing")).kinds(), ["create-ticket", "transition"]);
    }

    #[test]
    fn ops_03_when_it_is_over_the_incident_is_resolved_unless_somebody_works_on_it() {
        let resolved = told(&host().with_ticket(known("new")), &alert("cleared"));
        assert_eq!(resolved.kinds(), ["set-field", "set-field", "transition", "transition"]);
        let working = known("in-progress").assigned("db", Some("ada"));
        assert_eq!(told(&host().with_ticket(working.clone()), &alert("cleared")).kinds(), ["comment", "transition"]);
        let all = host().with_setting("auto-resolve", "all").with_ticket(working);
        assert_eq!(told(&all, &alert("cleared")).kinds()[2], "transition");
        assert_eq!(told(&host(), &alert("cleared")), done(), "nothing was wrong");
    }

    #[test]
    fn ops_03_flapping_reopens_instead_of_opening() {
        let back = |minute: &str| {
            told(&host().with_ticket(known("new").resolved(&format!("2026-03-02T08:{minute}:00Z"))), &alert("firing"))
        };
        let reopened = Effects::new().on("T1").comment_internal("It is back: db-1 is full.").transition("in-progress");
        assert_eq!(back("31"), reopened.and(done()));
        assert_eq!(back("29").kinds(), ["create-ticket", "transition"]);
    }

    #[test]
    fn ops_03_the_item_sets_service_group_and_priority() {
        let ci = Ci::new("db-1", "database")
            .with("support_group", "databases")
            .with("criticality", 1)
            .with("service", "ERP");
        let effects = told(&host().with_ci(ci), &alert("firing").with("ci", "db-1").with("severity", 1));
        let created = &effects.iter().next().unwrap().data;
        assert_eq!(created["group"], "databases");
        let fields = &created["fields"];
        assert_eq!((&fields["impact"], &fields["urgency"], &fields["category"]), (&json!(1), &json!(1), &json!("ERP")));
    }
}

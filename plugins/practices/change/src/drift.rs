//! Changes without a change: an item that discovery finds different, and nobody had a change for.

use serde::Deserialize;
use weft_sdk::CreateTicket;
use weft_sdk::prelude::*;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Drift {
    sources: Vec<String>,
    ignored: Vec<String>,
    quiet_hours: i64,
    space: String,
}

pub(crate) fn react(host: &impl Host, context: &Context, event: &Event) -> Result<Effects, Fault> {
    let drift: Drift = host.setting("drift")?;
    if !drift.sources.contains(&event.actor) {
        return Ok(Effects::new());
    }
    let all = event.value("changes").as_array().cloned().unwrap_or_default();
    let name = |change: &Value| change["field"].as_str().unwrap_or_default().rsplit('.').next().map(str::to_owned);
    let told: Vec<String> = all
        .iter()
        .filter(|change| name(change).is_some_and(|name| !drift.ignored.contains(&name)))
        .map(|change| format!("- {}: {} is now {}", name(change).unwrap_or_default(), change["from"], change["to"]))
        .collect();
    if told.is_empty() || is_covered(host, context, event, &drift)? {
        return Ok(Effects::new());
    }
    let ci = host.ci(&event.subject)?;
    let title = ci.map_or_else(|| event.subject.clone(), |ci| ci.name);
    let change = CreateTicket::new("change", &drift.space, &format!("{title} was changed without a change"))
        .field("type", "unauthorised")
        .field("cis", json!([event.subject]))
        .field("planned_start", event.at.to_string())
        .field("planned_end", event.at.plus_seconds(1).to_string())
        .field("description", format!("Found by {}:\n\n{}", event.actor, told.join("\n")));
    Ok(Effects::new().create_ticket(change))
}

/// Somebody is changing it by a change, or it was found so recently that one review is enough: what flaps is found once.
fn is_covered(host: &impl Host, context: &Context, event: &Event, drift: &Drift) -> Result<bool, Fault> {
    let quiet_from = context.now.plus_hours(-drift.quiet_hours);
    let names = |change: &Ticket| change.list("cis").any(|ci| ci == event.subject);
    let open = host.tickets(&TicketFilter::new().kind("change").open(), 200)?;
    let authorised = |change: &Ticket| matches!(change.state.as_str(), "scheduled" | "implement" | "review");
    if open.iter().any(|change| names(change) && (authorised(change) || change.text("type") == Some("unauthorised"))) {
        return Ok(true);
    }
    let found = host.find(&Search::of("change").field("type", "unauthorised"), 200)?;
    Ok(found.iter().any(|change| names(change) && change.opened_at >= quiet_from))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{host, of_type};
    use weft_sdk::Ci;

    const NOW: &str = "2026-03-07T12:00:00Z";

    fn discovering() -> FakeHost {
        let drift = json!({"sources": ["discovery"], "ignored": ["uptime"], "quiet-hours": 24, "space": "it"});
        host().with_setting("drift", drift).with_ci(Ci::new("db", "database"))
    }

    fn found(host: &FakeHost, actor: &str, attribute: &str) -> Vec<String> {
        let change = json!({"field": format!("attributes.{attribute}"), "from": 8, "to": 16});
        let event = Event::about("ci.changed", "db", json!({"changes": [change]}));
        let event = Event { actor: actor.into(), subject_kind: "ci".into(), ..event };
        let effects = react(host, &Context::of_plugin("change").at(NOW), &event).unwrap();
        effects.iter().map(|effect| effect.data["fields"]["description"].as_str().unwrap().to_owned()).collect()
    }

    fn about_db(kind: &str, state: &str, hours_ago: i64) -> Ticket {
        let opened_at = NOW.parse::<Instant>().unwrap().plus_hours(-hours_ago);
        Ticket { opened_at, ..of_type(kind, state).with("cis", json!(["db"])) }
    }

    #[test]
    fn chg_12_drift_without_a_change_opens_one_for_review() {
        assert_eq!(found(&discovering(), "discovery", "memory"), ["Found by discovery:\n\n- memory: 8 is now 16"]);
        assert!(found(&discovering(), "ada", "memory").is_empty(), "a person did it in the configuration");
        assert!(found(&discovering(), "discovery", "uptime").is_empty(), "it changes by itself");
    }

    #[test]
    fn chg_12_an_open_change_or_a_recent_finding_covers_it() {
        let with = |ticket: Ticket| found(&discovering().with_ticket(ticket), "discovery", "memory").len();
        assert_eq!(with(about_db("normal", "implement", 100)), 0);
        assert_eq!(with(about_db("normal", "assess", 100)), 1, "it was not approved yet");
        assert_eq!(with(about_db("unauthorised", "new", 100)), 0, "it is being looked at");
        assert_eq!(with(about_db("unauthorised", "closed", 23)), 0, "quiet hours");
        assert_eq!(with(about_db("unauthorised", "closed", 25)), 1);
    }
}

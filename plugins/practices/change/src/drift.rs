//! Changes without a change: an item that discovery finds different, and nobody had a change for.

use crate::conflict::open_changes;
use serde::Deserialize;
use std::collections::BTreeMap;
use weft_sdk::CreateTicket;
use weft_sdk::prelude::*;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Drift {
    sources: Vec<String>,
    ignored: Vec<String>,
    quiet_hours: i64,
    space: String,
    #[serde(default)]
    flapping: Flapping,
    /// Hours for items of their own.
    #[serde(default)]
    quiet_items: BTreeMap<String, i64>,
}

/// From how often an attribute of an item has to be found within so many days for it to flap.
#[derive(Debug, Deserialize)]
struct Flapping {
    times: usize,
    days: i64,
}

impl Default for Flapping {
    fn default() -> Self {
        Self { times: 3, days: 30 }
    }
}

pub(crate) fn react(host: &impl Host, context: &Context, event: &Event) -> Result<Effects, Fault> {
    let drift: Drift = host.setting("drift")?;
    if !drift.sources.contains(&event.actor) {
        return Ok(Effects::new());
    }
    let all = event.value("changes").as_array().cloned().unwrap_or_default();
    let name = |change: &Value| change["field"].as_str().unwrap_or_default().rsplit('.').next().map(str::to_owned);
    let found = findings(host, &event.subject)?;
    let flaps = |name: &str| {
        let from = context.now.plus_hours(-24 * drift.flapping.days);
        let counts = |one: &&Ticket| one.opened_at >= from && one.list("drift").any(|known| known == name);
        found.iter().filter(counts).count() >= drift.flapping.times
    };
    let counts = |name: &String| !drift.ignored.contains(name) && !flaps(name);
    let different: Vec<(String, &Value)> =
        all.iter().filter_map(|change| Some((name(change).filter(counts)?, change))).collect();
    if different.is_empty() || is_covered(host, context, event, &drift, &found)? {
        return Ok(Effects::new());
    }
    let told: Vec<String> = different
        .iter()
        .map(|(name, change)| format!("- {name}: {} is now {}", change["from"], change["to"]))
        .collect();
    let names: Vec<&str> = different.iter().map(|(name, _)| name.as_str()).collect();
    let ci = host.ci(&event.subject)?;
    let title = ci.map_or_else(|| event.subject.clone(), |ci| ci.name);
    let change = CreateTicket::new("change", &drift.space, &format!("{title} was changed without a change"))
        .field("type", "unauthorised")
        .field("cis", json!([event.subject]))
        .field("drift", json!(names))
        .field("planned_start", event.at.to_string())
        .field("planned_end", event.at.plus_seconds(1).to_string())
        .field("description", format!("Found by {}:\n\n{}", event.actor, told.join("\n")));
    Ok(Effects::new().create_ticket(change))
}

/// The changes of an item that were found without a change, the newest first.
fn findings(host: &impl Host, ci: &str) -> Result<Vec<Ticket>, Fault> {
    let mut found = host.find(&Search::of("change").field("type", "unauthorised"), 200)?;
    found.retain(|change| change.list("cis").any(|one| one == ci));
    Ok(found)
}

/// Somebody is changing it by a change, or it was found so recently that one review is enough.
fn is_covered(
    host: &impl Host,
    context: &Context,
    event: &Event,
    drift: &Drift,
    found: &[Ticket],
) -> Result<bool, Fault> {
    let hours = drift.quiet_items.get(&event.subject).unwrap_or(&drift.quiet_hours);
    let quiet_from = context.now.plus_hours(-hours);
    let names = |change: &Ticket| change.list("cis").any(|ci| ci == event.subject);
    let authorised = |change: &Ticket| matches!(change.state.as_str(), "scheduled" | "implement" | "review");
    if found.iter().any(|change| change.opened_at >= quiet_from) {
        return Ok(true);
    }
    let (open, _) = open_changes(host)?;
    Ok(open.iter().any(|change| names(change) && (authorised(change) || change.text("type") == Some("unauthorised"))))
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
    fn chg_12_an_attribute_that_flaps_is_suppressed_until_it_was_quiet() {
        let earlier = |id: &str, hours_ago: i64, names: Value| Ticket {
            id: id.to_owned(),
            ..about_db("unauthorised", "closed", hours_ago).with("drift", names)
        };
        let host = |count: i64| {
            (1..=count).fold(discovering(), |host, day| {
                host.with_ticket(earlier(&format!("U{day}"), 48 * day, json!(["memory", "disks"])))
            })
        };
        assert_eq!(found(&host(2), "discovery", "memory").len(), 1);
        assert!(found(&host(3), "discovery", "memory").is_empty(), "three times in thirty days");
        assert_eq!(found(&host(3), "discovery", "model").len(), 1, "another attribute does not flap");
        let long_ago = (1..=3).fold(discovering(), |host, day| {
            host.with_ticket(earlier(&format!("U{day}"), 24 * (30 + day), json!(["memory"])))
        });
        assert_eq!(found(&long_ago, "discovery", "memory").len(), 1, "it was quiet since");
    }

    #[test]
    fn chg_12_an_item_may_have_hours_of_its_own() {
        let drift = json!({"sources": ["discovery"], "ignored": [], "quiet-hours": 24, "space": "it", "quiet-items": {"db": 200}});
        let host = discovering().with_setting("drift", drift).with_ticket(about_db("unauthorised", "closed", 100));
        assert!(found(&host, "discovery", "memory").is_empty());
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

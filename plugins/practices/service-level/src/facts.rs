//! What conditions may ask of a ticket and of what just happened to it, and whose zone its targets count in.

use crate::agreement::Agreement;
use crate::time::micros;
use std::collections::BTreeMap;
use timeline::{Target, ZoneSource, Zones};
use weft_sdk::Ci;
use weft_sdk::prelude::*;

/// Values of every ticket, besides the fields of its kind.
const ENVELOPE: [&str; 7] = ["state", "title", "group", "assignee", "requester", "parent", "restricted"];

/// The change as the timeline sees it. Fields are those of the kind and of the envelope, and `done`: resolved or closed.
pub(crate) fn of(host: &impl Host, change: &Change) -> Result<timeline::Change, Fault> {
    let (before, after) = (change.before.as_ref(), &change.after);
    let mut fields = after.fields.clone();
    fields.extend(ENVELOPE.map(|name| (name.to_owned(), after.value(name))));
    fields.insert("kind".to_owned(), after.kind.as_str().into());
    fields.insert("space".to_owned(), after.space.as_str().into());
    fields.insert("done".to_owned(), (after.resolved_at.is_some() || after.closed_at.is_some()).into());
    let named =
        before.into_iter().flat_map(|ticket| ticket.fields.keys()).chain(after.fields.keys()).map(String::as_str);
    let mut changed: Vec<_> = named.chain(ENVELOPE).filter(|name| change.changed(name)).map(str::to_owned).collect();
    changed.sort_unstable();
    changed.dedup();
    Ok(timeline::Change {
        at: micros(change.context.now),
        event: match (change.is_create(), change.is_revisit()) {
            (true, _) => "created",
            (_, true) => timeline::REVISITED,
            _ => "updated",
        }
        .to_owned(),
        also: contacts(host, change)?,
        changed,
        fields,
        instants: instants(change),
    })
}

/// Who reached whom (SLM-11). The first response is an agent's word that the customer can read; where an agent's work counts
/// too, so is the first change of state by an agent. An import does not say who wrote: whoever is not the requester.
fn contacts(host: &impl Host, change: &Change) -> Result<Vec<String>, Fault> {
    let context = &change.context;
    let stated = context.is_import() && !context.is_person();
    let requester = change.after.requester.as_deref() == Some(&context.actor);
    let agent = !requester && (stated || context.is_person() && context.has_role("agent"));
    let written = change.comments(Visibility::Public).next().is_some();
    let mut contacts = Vec::new();
    if written && agent {
        contacts.push("agent-contact".to_owned());
    } else if written && context.is_person() {
        contacts.push("customer-contact".to_owned());
    }
    let worked = agent && !change.is_create() && change.changed("state");
    if worked && host.setting::<String>("response-by")? == "public-comment-or-work" {
        contacts.push("first-response".to_owned());
    }
    Ok(contacts)
}

/// What a target may count from or to: the ticket's opening, its assignment while it happens, and every field with an instant.
fn instants(change: &Change) -> BTreeMap<String, timeline::Micros> {
    let ticket = &change.after;
    let read = |(name, value): (&String, &Value)| Some((name.clone(), micros(value.as_str()?.parse().ok()?)));
    let mut instants: BTreeMap<_, _> = ticket.fields.iter().filter_map(read).collect();
    instants.insert("opened".to_owned(), micros(ticket.opened_at));
    if change.changed("assignee") || change.changed("group") {
        instants.insert("assigned".to_owned(), micros(change.context.now));
    }
    instants
}

/// The zones that some target needs, and no others: each is a question to the host (SLM-02). A location is a CI with the
/// attribute `zone`; tickets, CIs and people name it in `location`.
pub(crate) fn zones(host: &impl Host, ticket: &Ticket, agreements: &[Agreement]) -> Result<Zones, Fault> {
    let needs = |source| agreements.iter().any(|agreement| agreement.target.zone_source == source);
    let mut zones = Zones::default();
    if !agreements.iter().any(|agreement| agreement.target.zone_source != ZoneSource::Sla) {
        return Ok(zones);
    }
    let ci = |id: Option<&str>| id.map_or(Ok(None), |id| host.ci(id));
    let zone_at = |location: Option<&str>| Ok::<_, Fault>(ci(location)?.as_ref().and_then(zone_of));
    zones.system = Some(host.setting("system-zone")?);
    if needs(ZoneSource::Caller) || needs(ZoneSource::CallerLocation) {
        let caller = ticket.requester.as_deref().map_or(Ok(None), |id| host.person(id))?;
        let location = caller.as_ref().and_then(|caller| caller.attributes.get("location")?.as_str());
        zones.caller_location = if needs(ZoneSource::CallerLocation) { zone_at(location)? } else { None };
        zones.caller = caller.map(|caller| caller.zone).filter(|zone| !zone.is_empty());
    }
    if needs(ZoneSource::CiLocation) {
        let item = ci(ticket.text("ci"))?;
        let location = item.as_ref().and_then(|item| item.attributes.get("location")?.as_str());
        zones.ci_location = zone_at(location)?.or_else(|| item.as_ref().and_then(zone_of));
    }
    if needs(ZoneSource::TaskLocation) {
        zones.task_location = zone_at(ticket.text("location"))?;
    }
    Ok(zones)
}

fn zone_of(ci: &Ci) -> Option<String> {
    ci.attributes.get("zone")?.as_str().map(str::to_owned)
}

/// Whose zone it is, for people; nothing where no zone matters.
pub(crate) fn zone_words(target: &Target, zones: &Zones) -> String {
    let (whose, found) = match target.zone_source {
        ZoneSource::System => ("the system", true),
        ZoneSource::Caller => ("the caller", zones.caller.is_some()),
        ZoneSource::CallerLocation => ("the caller's location", zones.caller_location.is_some()),
        ZoneSource::CiLocation => ("the location of the configuration item", zones.ci_location.is_some()),
        ZoneSource::TaskLocation => ("the ticket's location", zones.task_location.is_some()),
        ZoneSource::Sla => return String::new(),
    };
    match target.calendar {
        None => String::new(),
        Some(_) if found => format!(" The zone is that of {whose}."),
        Some(_) => format!(" The zone is that of the system, as {whose} has none."),
    }
}

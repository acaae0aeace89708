//! Merging items that are one: people say which one stays, and the others are retired with a pointer to it.
//!
//! What is done is written into the ticket, value by value, so that it can be undone. The retired items keep everything that they had.

use crate::rules::{KEPT, NAME, Origin, PEOPLE, Rules, is_retired, refusal};
use std::collections::BTreeSet;
use weft_sdk::prelude::*;
use weft_sdk::{Ci, Relation, UpsertCi};

/// Effects that one merge may have, with room for the ticket.
const EFFECTS_MAX: usize = 180;
/// Who has not seen an item for too long is believed after everybody else.
const STALE_RANK: i64 = 100_000;

/// What a merge does: words for the ticket, and the effects.
#[derive(Debug)]
pub(crate) struct Merge {
    pub told: Value,
    pub effects: Effects,
}

/// A person chooses the item that stays, or says that it shall be done: what would happen is shown, or why it cannot.
pub(crate) fn guard(host: &impl Host, change: &Change) -> Result<Effects, Rejection> {
    let after = &change.after;
    let chooses = change.changed("survivor") || change.changed("candidates");
    if !change.entered("merging") && (!chooses || after.state != "new") {
        return Ok(Effects::new());
    }
    if after.text("survivor").is_none() {
        return Ok(if change.is_create() { Effects::new() } else { Effects::new().clear_field("plan") });
    }
    let merge = plan(host, change.context.now, after)?;
    Ok(Effects::new().set_field("plan", merge.told))
}

/// The merge or its undoing is carried out, in one commit with the ticket.
pub(crate) fn react(host: &impl Host, now: Instant, event: &Event, ticket: Option<&Ticket>) -> Result<Effects, Fault> {
    let Some(ticket) = ticket.filter(|ticket| event.entered(&ticket.state)) else { return Ok(Effects::new()) };
    match ticket.state.as_str() {
        "merging" => Ok(match plan(host, now, ticket) {
            Ok(merge) => {
                merge.effects.on(&ticket.id).set_field("result", merge.told).clear_field("plan").transition("merged")
            }
            // It was right when they said so; something has changed since.
            Err(why) => {
                let why: Vec<&str> = why.issues.iter().map(|issue| issue.message.as_str()).collect();
                let told = json!({"refused": why.join("; ")});
                Effects::new().on(&ticket.id).set_field("result", told).transition("new")
            }
        }),
        "undoing" => {
            let undone = undo(host, ticket.field("result"))?;
            Ok(undone.effects.on(&ticket.id).set_field("result", undone.told).transition("new"))
        }
        _ => Ok(Effects::new()),
    }
}

fn plan(host: &impl Host, now: Instant, ticket: &Ticket) -> Result<Merge, Rejection> {
    let items = items(host, ticket)?;
    let rules = Rules::read(host, &ticket.space)?;
    let mut told = json!({"survivor": items[0].id, "origin": items[0].attributes.get(KEPT),
        "retired": items[1..].iter().map(|ci| &ci.id).collect::<Vec<_>>()});
    let (survivor, attributes, left) = attributes(host, &rules, now, &items)?;
    let (related, unrelated) = relations(host, &items)?;
    let count = related.len() + unrelated.len() + items.len();
    if count > EFFECTS_MAX {
        let message = format!(
            "{count} changes are more than one merge makes ({EFFECTS_MAX}): end some relations of the others first"
        );
        return Err(Rejection::new("/fields/candidates", "too-much", message));
    }
    let mut effects = Effects::new().upsert_ci(survivor);
    for one in &unrelated {
        effects = effects.unrelate_cis(text(one, "from"), text(one, "type"), text(one, "to"));
    }
    for one in &related {
        effects = effects.relate_cis(text(one, "from"), text(one, "type"), text(one, "to"));
    }
    for loser in &items[1..] {
        let retired = UpsertCi::new(&loser.name, &loser.class, &loser.space).ci(&loser.id);
        effects = effects.upsert_ci(retired.retire("it was the same as another one", Some(&items[0].id)));
    }
    for (name, list) in [("attributes", attributes), ("left", left), ("related", related), ("unrelated", unrelated)] {
        told[name] = list.into();
    }
    Ok(Merge { told, effects })
}

fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    of[name].as_str().unwrap_or_default()
}

/// The items of a ticket, the one that stays first; everything that is wrong with them at once.
fn items(host: &impl Host, ticket: &Ticket) -> Result<Vec<Ci>, Rejection> {
    let survivor = ticket.text("survivor").unwrap_or_default();
    let mut wrong = Rejection::none();
    let ids: BTreeSet<&str> = ticket.list("candidates").collect();
    if ids.len() < 2 {
        wrong.add("/fields/candidates", "too-few", "name at least two items that are one");
    }
    if !ids.contains(survivor) {
        let message = format!("`{survivor}` is none of the items that it could be; choose one of them");
        wrong.add("/fields/survivor", "not-a-candidate", message);
    }
    let mut items = Vec::new();
    for id in ids {
        let why = match host.ci(id)? {
            None => "is not there",
            Some(ci) if ci.space != ticket.space => "is in another space",
            Some(ci) if is_retired(&ci) => "is retired already",
            Some(ci) => {
                items.push(ci);
                continue;
            }
        };
        wrong.add("/fields/candidates", "unknown-ci", format!("`{id}` {why}; take it out of the list"));
    }
    items.sort_by_key(|ci| ci.id != survivor);
    wrong.or_ok(items)
}

type Attributes = (UpsertCi, Vec<Value>, Vec<Value>);

/// Each attribute from whoever is believed most about it; of equals, as the survivor has it.
fn attributes(host: &impl Host, rules: &Rules, now: Instant, items: &[Ci]) -> Result<Attributes, Fault> {
    let survivor = &items[0];
    let origins: Vec<Origin> = items.iter().map(Origin::of).collect();
    let names: BTreeSet<&str> = items
        .iter()
        .flat_map(|ci| ci.attributes.keys())
        .map(String::as_str)
        .filter(|name| !name.starts_with('_'))
        .collect();
    let (mut origin, mut name) = (origins[0].clone(), survivor.name.clone());
    let (mut changed, mut left, mut whole) = (Vec::new(), Vec::new(), survivor.attributes.clone());
    for attribute in std::iter::once(NAME).chain(names) {
        let rank = |place: usize, value: &Value| {
            let owner = origins[place].owner(attribute, value).to_owned();
            let limit = rules.stale_days(&owner).map(|days| now.plus_days(-days));
            let is_stale = limit.zip(origins[place].seen(&owner)).is_some_and(|(limit, seen)| seen < limit);
            rules.rank(&owner, attribute).saturating_add(if is_stale { STALE_RANK } else { 0 })
        };
        let holders = items.iter().enumerate().filter_map(|(place, ci)| Some((place, value(ci, attribute)?)));
        let Some((place, best)) = holders.min_by_key(|(place, value)| (rank(*place, value), *place)) else { continue };
        let there = value(survivor, attribute);
        if place == 0 || there.as_ref() == Some(&best) {
            continue;
        }
        if attribute == NAME {
            name = best.as_str().unwrap_or_default().to_owned();
        } else if let Some(why) = refusal(host, &survivor.class, &whole, attribute, &best)? {
            left.push(json!({"attribute": attribute, "value": best, "of": items[place].id, "why": why}));
            continue;
        } else {
            whole.insert(attribute.to_owned(), best.clone());
        }
        let owner = origins[place].owner(attribute, &best);
        let source = if owner == PEOPLE { json!(null) } else { owner.into() };
        changed
            .push(json!({"attribute": attribute, "from": there, "to": best, "of": items[place].id, "source": source}));
        origin.take(attribute, &origins[place]);
    }
    origins[1..].iter().for_each(|other| origin.saw_as(other));
    let mut upsert = UpsertCi::new(&name, &survivor.class, &survivor.space).ci(&survivor.id);
    for one in changed.iter().filter(|one| one["attribute"] != NAME) {
        upsert = upsert.attribute(text(one, "attribute"), one["to"].clone());
    }
    Ok((upsert.attribute(KEPT, origin.value()), changed, left))
}

fn value(ci: &Ci, attribute: &str) -> Option<Value> {
    match attribute {
        NAME => Some(ci.name.as_str().into()),
        _ => ci.attributes.get(attribute).filter(|value| !value.is_null()).cloned(),
    }
}

fn ends(item: &str, relation: &Relation) -> (String, String) {
    let (item, other) = (item.to_owned(), relation.other.clone());
    if relation.is_outgoing() { (item, other) } else { (other, item) }
}

/// Relations that begin and that end: those of the others become those of the survivor, once each.
fn relations(host: &impl Host, items: &[Ci]) -> Result<(Vec<Value>, Vec<Value>), Fault> {
    let survivor = items[0].id.as_str();
    let is_one = |id: &str| items.iter().any(|ci| ci.id == id);
    let mut known: BTreeSet<(String, String, String)> = BTreeSet::new();
    for relation in host.related(survivor)? {
        let (from, to) = ends(survivor, &relation);
        known.insert((from, relation.kind, to));
    }
    let (mut related, mut unrelated, mut ended) = (Vec::new(), Vec::new(), BTreeSet::new());
    for loser in &items[1..] {
        for relation in host.related(&loser.id)? {
            let (from, to) = ends(&loser.id, &relation);
            if ended.insert((from.clone(), relation.kind.clone(), to.clone())) {
                unrelated.push(json!({"from": from, "type": relation.kind, "to": to}));
            }
            if is_one(&relation.other) {
                continue;
            }
            let moved = Relation { other: relation.other.clone(), ..relation.clone() };
            let (from, to) = ends(survivor, &moved);
            if known.insert((from.clone(), relation.kind.clone(), to.clone())) {
                related.push(json!({"from": from, "type": relation.kind, "to": to}));
            }
        }
    }
    Ok((related, unrelated))
}

/// Take a merge back: what was changed since stays as it is now, and is told.
fn undo(host: &impl Host, result: &Value) -> Result<Merge, Fault> {
    let id = text(result, "survivor");
    let Some(survivor) = host.ci(id)? else {
        return Ok(Merge {
            told: json!({"refused": format!("there is no item `{id}` any more")}),
            effects: Effects::new(),
        });
    };
    let (mut origin, before) = (Origin::of(&survivor), Origin::read(&result["origin"]));
    let (mut name, mut kept, mut back) = (survivor.name.clone(), Vec::new(), Vec::new());
    for one in result["attributes"].as_array().into_iter().flatten() {
        let attribute = text(one, "attribute");
        if value(&survivor, attribute).as_ref() != Some(&one["to"]) {
            kept.push(attribute.to_owned());
            continue;
        }
        origin.take(attribute, &before);
        if attribute == NAME {
            text(one, "from").clone_into(&mut name);
        } else {
            back.push((attribute, one["from"].clone()));
        }
    }
    origin.only_seen_as(&before);
    let upsert = UpsertCi::new(&name, &survivor.class, &survivor.space).ci(id).attribute(KEPT, origin.value());
    let mut effects =
        Effects::new().upsert_ci(back.into_iter().fold(upsert, |upsert, (name, value)| upsert.attribute(name, value)));
    for loser in result["retired"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if let Some(ci) = host.ci(loser)? {
            effects = effects.upsert_ci(UpsertCi::new(&ci.name, &ci.class, &ci.space).ci(loser).revive());
        }
    }
    let now: BTreeSet<(String, String, String)> = host
        .related(id)?
        .into_iter()
        .map(|relation| {
            let (from, to) = ends(id, &relation);
            (from, relation.kind, to)
        })
        .collect();
    for one in result["related"].as_array().into_iter().flatten() {
        let (from, kind, to) = (text(one, "from"), text(one, "type"), text(one, "to"));
        if now.contains(&(from.to_owned(), kind.to_owned(), to.to_owned())) {
            effects = effects.unrelate_cis(from, kind, to);
        }
    }
    for one in result["unrelated"].as_array().into_iter().flatten() {
        let (from, kind, to) = (text(one, "from"), text(one, "type"), text(one, "to"));
        if host.ci(from)?.is_some() && host.ci(to)?.is_some() {
            effects = effects.relate_cis(from, kind, to);
        }
    }
    Ok(Merge { told: json!({"undone": id, "kept": kept}), effects })
}

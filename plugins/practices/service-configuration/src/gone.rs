//! Items that only one source brought, and that it does not see any more: they are told, marked, or taken out of use.
//!
//! The host keeps an item for its history, so to delete is to retire: its relations end, and lists, searches and impact are without it.

use crate::reconcile::pages;
use crate::rules::{KEPT, Origin, Rules};
use serde::Deserialize;
use weft_sdk::automation::{Outcome, StepCall};
use weft_sdk::prelude::*;
use weft_sdk::{Ci, CiSearch, Record, UpsertCi};

/// Items that one step changes.
const ITEMS_MAX: usize = 50;
/// Effects of one step.
const EFFECTS_MAX: usize = 180;

#[derive(Debug, Deserialize)]
struct Looked {
    space: String,
    source: String,
    after: Option<String>,
}

struct Gone<'a, H> {
    host: &'a H,
    source: &'a Record,
    key: &'a str,
    now: Instant,
    effects: Effects,
    count: usize,
}

/// What became of one item.
#[derive(PartialEq)]
enum Done {
    Told,
    Deleted,
    /// There was too much to do in one step.
    NotYet,
}

pub(crate) fn run(host: &impl Host, call: &StepCall) -> Result<Outcome, Fault> {
    let inputs = call.inputs::<Looked>()?;
    let rules = Rules::read(host, &inputs.space)?;
    let missing =
        || Fault::Permanent(format!("there is no source `{}`; there is {}", inputs.source, rules.source_keys()));
    let source = rules.source(&inputs.source).ok_or_else(missing)?;
    let limit = call.context.now.plus_days(-rules.stale_days(&inputs.source).unwrap_or(60));
    let mut found: Vec<Ci> = Vec::new();
    let search = CiSearch { after: inputs.after.clone(), ..CiSearch::new().space(&inputs.space) };
    let mut next = pages(host, search, |ci| {
        let origin = Origin::of(ci);
        let sightings = origin.sightings();
        let is_own = sightings.iter().any(|(source, _)| **source == inputs.source);
        if is_own && sightings.iter().all(|(_, at)| *at < limit) {
            found.push(ci.clone());
        }
        found.len() < ITEMS_MAX
    })?;
    let now = call.context.now;
    let mut gone = Gone { host, source, key: &inputs.source, now, effects: Effects::new(), count: 0 };
    let (mut told, mut deleted, mut last) = (Vec::new(), Vec::new(), inputs.after);
    for ci in found {
        match gone.one(&ci)? {
            Done::NotYet => {
                // It is begun with the next time, so something comes before it even if nothing did.
                next = Some(last.unwrap_or_default());
                break;
            }
            Done::Deleted => deleted.push(ci.id.clone()),
            Done::Told => {}
        }
        last = Some(ci.id.clone());
        told.push(ci.id);
    }
    Ok(Outcome::done(json!({"gone": told, "deleted": deleted, "next": next}), gone.effects))
}

impl<H: Host> Gone<'_, H> {
    fn one(&mut self, ci: &Ci) -> Result<Done, Fault> {
        let origin = Origin::of(ci);
        match self.source.text("when_gone") {
            Some("update") => self.mark(ci, origin, false),
            Some("delete") => self.delete(ci),
            Some("update-then-delete") => {
                let days = self.source.integer("delete_after_days").unwrap_or(90);
                match origin.gone() {
                    Some(since) if since <= self.now.plus_days(-days) => self.delete(ci),
                    _ => self.mark(ci, origin, true),
                }
            }
            _ => Ok(Done::Told),
        }
    }

    /// Give it the attributes of what is gone, once.
    fn mark(&mut self, ci: &Ci, mut origin: Origin, counts: bool) -> Result<Done, Fault> {
        let attributes = self.source.field("gone").as_object().cloned().unwrap_or_default();
        let is_marked = attributes.iter().all(|(name, value)| ci.attributes.get(name) == Some(value));
        if is_marked && (!counts || origin.gone().is_some()) {
            return Ok(Done::Told);
        }
        if !self.has_room(1) {
            return Ok(Done::NotYet);
        }
        let mut upsert = UpsertCi::new(&ci.name, &ci.class, &ci.space).ci(&ci.id);
        for (name, value) in &attributes {
            origin.wrote(self.key, name, value);
            upsert = upsert.attribute(name, value.clone());
        }
        if counts && origin.gone().is_none() {
            origin.went(self.now);
        }
        self.add(|effects| effects.upsert_ci(upsert.attribute(KEPT, origin.value())));
        Ok(Done::Told)
    }

    fn delete(&mut self, ci: &Ci) -> Result<Done, Fault> {
        for relation in self.host.related(&ci.id)? {
            if !self.has_room(2) {
                return Ok(Done::NotYet);
            }
            let (from, to) = match relation.is_outgoing() {
                true => (ci.id.as_str(), relation.other.as_str()),
                false => (relation.other.as_str(), ci.id.as_str()),
            };
            self.add(|effects| effects.unrelate_cis(from, &relation.kind, to));
        }
        if !self.has_room(1) {
            return Ok(Done::NotYet);
        }
        let why = format!("`{}` does not see it any more", self.key);
        let upsert = UpsertCi::new(&ci.name, &ci.class, &ci.space).ci(&ci.id).retire(&why, None);
        self.add(|effects| effects.upsert_ci(upsert));
        Ok(Done::Deleted)
    }

    fn has_room(&self, effects: usize) -> bool {
        self.count + effects <= EFFECTS_MAX
    }

    fn add(&mut self, more: impl FnOnce(Effects) -> Effects) {
        self.effects = more(std::mem::take(&mut self.effects));
        self.count += 1;
    }
}

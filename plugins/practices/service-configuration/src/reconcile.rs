//! Imports: which item each line is about, what may be changed of it, and what people have to say.
//!
//! What is found is part of what the commit checks: two imports of the same item at once cannot both create it.

use crate::rules::{Brought, Identity, KEPT, NAME, Origin, Rules};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use weft_sdk::automation::{Outcome, StepCall};
use weft_sdk::prelude::*;
use weft_sdk::{Ci, CiSearch, CreateTicket, Record, UpsertCi};

/// A sighting is kept to the day, so that an import that brings nothing new changes nothing.
const SEEN_EVERY_HOURS: i64 = 24;
/// Items that one step looks at, a page at a time.
const LOOKED_AT_MAX: usize = 400;
const PAGE: u32 = 100;
/// Changes that one step makes.
const CHANGES_MAX: usize = 100;

/// What is to be done about the lines of an import.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub lines: Vec<Value>,
    pub effects: Effects,
    /// Some line needs people.
    pub is_open: bool,
}

impl Plan {
    pub(crate) fn counts(&self) -> Value {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for outcome in self.lines.iter().filter_map(|line| line["outcome"].as_str()) {
            *counts.entry(outcome).or_default() += 1;
        }
        json!(counts)
    }
}

/// Decide about an import; without its effects this is the simulation.
pub(crate) fn plan(host: &impl Host, now: Instant, space: &str, source: &str, items: &Value) -> Result<Plan, Fault> {
    let rules = Rules::read(host, space)?;
    let missing = || Fault::Permanent(format!("there is no source `{source}`; there is {}", rules.source_keys()));
    let import =
        Import { host, rules: &rules, source: rules.source(source).ok_or_else(missing)?, key: source, space, now };
    let items: Vec<Brought> = serde_json::from_value(items.clone())
        .map_err(|error| Fault::Permanent(format!("the items of an import: {error}")))?;
    let (mut plan, mut known, mut changed) = (Plan::default(), BTreeSet::new(), BTreeSet::new());
    for (place, brought) in items.iter().enumerate() {
        let (mut line, effects) = import.line(brought, &mut known, &mut changed)?;
        line["line"] = (place + 1).into();
        line["name"] = brought.name.as_str().into();
        plan.is_open |= matches!(line["outcome"].as_str(), Some("ambiguous" | "refused"));
        plan.lines.push(line);
        plan.effects = std::mem::take(&mut plan.effects).and(effects);
    }
    Ok(plan)
}

struct Import<'a, H> {
    host: &'a H,
    rules: &'a Rules,
    source: &'a Record,
    key: &'a str,
    space: &'a str,
    now: Instant,
}

type Line = (Value, Effects);

fn refused(why: impl Into<String>) -> Line {
    (json!({"outcome": "refused", "why": why.into()}), Effects::new())
}

impl<H: Host> Import<'_, H> {
    /// `known` are the identities and `changed` the items of the lines before.
    fn line(
        &self,
        brought: &Brought,
        known: &mut BTreeSet<String>,
        changed: &mut BTreeSet<String>,
    ) -> Result<Line, Fault> {
        let lineage = self.host.ci_lineage(&brought.class)?;
        if lineage.is_empty() {
            return Ok(refused(format!("there is no class `{}`", brought.class)));
        }
        let Identity { keys, mut found } = self.rules.identify(self.host, self.space, &lineage, brought)?;
        let Some(key) = keys.first().cloned() else {
            return Ok(refused("it has none of the attributes by which items of its class are identified"));
        };
        if self.source.text("when_many") == Some("first") {
            found.truncate(1);
        }
        let repeats = keys.iter().any(|key| known.contains(key)) || found.iter().any(|ci| changed.contains(&ci.id));
        known.extend(keys);
        if repeats {
            return Ok((
                json!({"outcome": "repeated", "why": "an earlier line is about the same item"}),
                Effects::new(),
            ));
        }
        changed.extend(found.iter().map(|ci| ci.id.clone()));
        match found.as_slice() {
            [] if self.source.text("when_none") == Some("error") => Ok(refused("there is no such item")),
            [] => self.create(brought),
            [_] if self.source.text("when_one") == Some("error") => Ok(refused("there is such an item already")),
            [ci] => self.update(ci, brought),
            many => self.ask(&key, many),
        }
    }

    fn create(&self, brought: &Brought) -> Result<Line, Fault> {
        if let Some(line) = self.invalid(&brought.class, &brought.attributes)? {
            return Ok(line);
        }
        let mut origin = Origin::of(&Ci::new("", ""));
        origin.saw(self.key, self.now);
        let mut upsert = UpsertCi::new(&brought.name, &brought.class, self.space);
        for (name, value) in brought.attributes.iter().filter(|(_, value)| !value.is_null()) {
            origin.wrote(self.key, name, value);
            upsert = upsert.attribute(name, value.clone());
        }
        origin.wrote(self.key, NAME, &brought.name.as_str().into());
        let effects = Effects::new().upsert_ci(upsert.attribute(KEPT, origin.value()));
        Ok((json!({"outcome": "created"}), effects))
    }

    fn update(&self, ci: &Ci, brought: &Brought) -> Result<Line, Fault> {
        let mut origin = Origin::of(ci);
        let only_new: BTreeSet<&str> = self.source.list("only_new").collect();
        let (mut differences, mut kept, mut after) = (Vec::new(), Vec::new(), Object::new());
        let mut name = ci.name.clone();
        let names = std::iter::once(NAME).chain(brought.attributes.keys().map(String::as_str));
        for attribute in names.filter(|attribute| !only_new.contains(attribute)) {
            let Some(value) = brought.value(attribute) else { continue };
            let there = match attribute {
                NAME => Some(Value::from(ci.name.as_str())),
                _ => ci.attributes.get(attribute).cloned(),
            };
            if there.as_ref() == Some(&value) {
                continue;
            }
            if there.as_ref().is_some_and(|there| !self.prevails(&origin, attribute, there)) {
                kept.push(attribute.to_owned());
                continue;
            }
            differences.push(json!({"attribute": attribute, "from": there, "to": value}));
            origin.wrote(self.key, attribute, &value);
            if attribute == NAME {
                name.clone_from(&brought.name);
            } else {
                after.insert(attribute.to_owned(), value);
            }
        }
        let mut whole: Object = ci.attributes.clone();
        whole.extend(after.clone());
        if !differences.is_empty()
            && let Some(line) = self.invalid(&ci.class, &whole)?
        {
            return Ok(line);
        }
        let seen = origin.seen(self.key).is_some_and(|at| at > self.now.plus_hours(-SEEN_EVERY_HOURS));
        let outcome = if differences.is_empty() { "unchanged" } else { "updated" };
        let line = json!({"outcome": outcome, "ci": ci.id, "differences": differences, "kept": kept});
        if seen && differences.is_empty() {
            return Ok((line, Effects::new()));
        }
        origin.saw(self.key, self.now);
        let upsert = UpsertCi::new(&name, &ci.class, &ci.space).ci(&ci.id).attribute(KEPT, origin.value());
        let upsert = after.into_iter().fold(upsert, |upsert, (name, value)| upsert.attribute(&name, value));
        Ok((line, Effects::new().upsert_ci(upsert)))
    }

    /// Whether this source may replace a value: it is believed at least as much as whose value it is, or that one is stale.
    fn prevails(&self, origin: &Origin, attribute: &str, value: &Value) -> bool {
        let owner = origin.owner(attribute, value);
        if owner == self.key || self.rules.rank(self.key, attribute) <= self.rules.rank(owner, attribute) {
            return true;
        }
        let limit = self.rules.stale_days(owner).map(|days| self.now.plus_days(-days));
        limit.zip(origin.seen(owner)).is_some_and(|(limit, seen)| seen < limit)
    }

    fn invalid(&self, class: &str, attributes: &Object) -> Result<Option<Line>, Fault> {
        let issues = self.host.check_ci(class, attributes)?;
        let why: Vec<String> = issues.iter().map(|issue| format!("{}: {}", issue.pointer, issue.message)).collect();
        Ok((!why.is_empty()).then(|| refused(why.join("; "))))
    }

    /// Several items fit: people say which, and they are asked once.
    fn ask(&self, key: &str, many: &[Ci]) -> Result<Line, Fault> {
        let ids: Vec<&str> = many.iter().map(|ci| ci.id.as_str()).collect();
        let key: String = key.chars().take(500).collect();
        let line = json!({"outcome": "ambiguous", "key": key, "candidates": ids});
        if self.host.find_count(&Search::of("ci-duplicate").field("key", key.as_str()).open())? > 0 {
            return Ok((line, Effects::new()));
        }
        let title = format!("{} items are identified by the same", many.len());
        let ticket = CreateTicket::new("ci-duplicate", self.space, &title)
            .field("key", key)
            .field("candidates", ids)
            .field("source", self.key);
        Ok((line, Effects::new().create_ticket(ticket)))
    }
}

#[derive(Debug, Deserialize)]
struct Looked {
    space: String,
    source: String,
    after: Option<String>,
}

/// Items that only this source brought, and that it does not see any more.
pub(crate) fn gone(host: &impl Host, call: &StepCall) -> Result<Outcome, Fault> {
    let inputs = call.inputs::<Looked>()?;
    let rules = Rules::read(host, &inputs.space)?;
    let missing =
        || Fault::Permanent(format!("there is no source `{}`; there is {}", inputs.source, rules.source_keys()));
    let source = rules.source(&inputs.source).ok_or_else(missing)?;
    let days = rules.stale_days(&inputs.source).unwrap_or(60);
    let limit = call.context.now.plus_days(-days);
    let attributes = source.field("gone").as_object().cloned().unwrap_or_default();
    let does = source.text("when_gone") == Some("update");
    let (mut found, mut effects, mut changes) = (Vec::new(), Effects::new(), 0);
    let search = CiSearch { after: inputs.after, ..CiSearch::new().space(&inputs.space) };
    let next = pages(host, search, |ci| {
        let origin = Origin::of(ci);
        let sightings = origin.sightings();
        let is_gone = sightings.iter().any(|(source, _)| **source == inputs.source)
            && sightings.iter().all(|(_, at)| *at < limit);
        if !is_gone {
            return true;
        }
        found.push(ci.id.clone());
        let is_told = attributes.iter().all(|(name, value)| ci.attributes.get(name) == Some(value));
        if does && !is_told {
            let mut origin = origin.clone();
            let mut upsert = UpsertCi::new(&ci.name, &ci.class, &ci.space).ci(&ci.id);
            for (name, value) in &attributes {
                origin.wrote(&inputs.source, name, value);
                upsert = upsert.attribute(name, value.clone());
            }
            effects = std::mem::take(&mut effects).upsert_ci(upsert.attribute(KEPT, origin.value()));
            changes += 1;
        }
        changes < CHANGES_MAX
    })?;
    Ok(Outcome::done(json!({"gone": found, "next": next}), effects))
}

/// Show items one after the other for as long as they are wanted; the last one shown if there may be more.
pub(crate) fn pages(
    host: &impl Host,
    mut search: CiSearch,
    mut look: impl FnMut(&Ci) -> bool,
) -> Result<Option<String>, Fault> {
    let mut looked = 0;
    loop {
        let page = host.find_cis(&search, PAGE)?;
        for ci in &page {
            looked += 1;
            if !look(ci) || looked >= LOOKED_AT_MAX {
                return Ok(Some(ci.id.clone()));
            }
        }
        match page.last() {
            Some(last) if page.len() >= PAGE as usize => search.after = Some(last.id.clone()),
            _ => return Ok(None),
        }
    }
}

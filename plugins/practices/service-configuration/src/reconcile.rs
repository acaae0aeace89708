//! Imports: which item each line is about, what may be changed of it, and what people have to say.
//!
//! What is found is part of what the commit checks: two imports of the same item at once cannot both create it.

use crate::rules::{Brought, Identity, KEPT, NAME, Origin, Place, Reference, Rules, is_retired};
use std::collections::{BTreeMap, BTreeSet};
use weft_sdk::prelude::*;
use weft_sdk::{Ci, CiSearch, CreateTicket, RELATION_TYPES, Record, Relation, UpsertCi};

/// A sighting is kept to the day, so that an import that brings nothing new changes nothing.
const SEEN_EVERY_HOURS: i64 = 24;
/// Items that one step looks at, a page at a time.
const LOOKED_AT_MAX: usize = 400;
const PAGE: u32 = 100;

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
///
/// A line whose relations name an item that a later line brings waits for that line.
pub(crate) fn plan(host: &impl Host, now: Instant, space: &str, source: &str, items: &Value) -> Result<Plan, Fault> {
    let rules = Rules::read(host, space)?;
    let missing = || Fault::Permanent(format!("there is no source `{source}`; there is {}", rules.source_keys()));
    let source_record = rules.source(source).ok_or_else(missing)?;
    let import = Import { host, rules: &rules, source: source_record, key: source, space, now };
    let items: Vec<Brought> = serde_json::from_value(items.clone())
        .map_err(|error| Fault::Permanent(format!("the items of an import: {error}")))?;
    let (mut plan, mut before) = (Plan::default(), Before::default());
    plan.lines = vec![Value::Null; items.len()];
    let mut waiting: Vec<(usize, &Brought)> = items.iter().enumerate().collect();
    let mut may_wait = true;
    while !waiting.is_empty() {
        let mut left = Vec::new();
        let asked = waiting.len();
        for (place, brought) in waiting {
            let places = import.places(brought, &before)?;
            if may_wait && places.iter().any(|place| matches!(place, Place::Unknown)) {
                left.push((place, brought));
                continue;
            }
            let (mut line, effects) = import.line(place + 1, brought, &places, &mut before)?;
            line["line"] = (place + 1).into();
            line["name"] = brought.name.as_str().into();
            let told = line["relations"].as_array().into_iter().flatten();
            plan.is_open |= matches!(line["outcome"].as_str(), Some("ambiguous" | "refused"))
                || told.into_iter().any(|one| matches!(one["outcome"].as_str(), Some("unknown" | "ambiguous")));
            plan.lines[place] = line;
            plan.effects = std::mem::take(&mut plan.effects).and(effects);
        }
        may_wait = left.len() < asked;
        waiting = left;
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

/// What the lines before were about.
#[derive(Debug, Default)]
struct Before {
    /// Identities, and the handle of the item where a line creates it.
    known: BTreeMap<String, Option<String>>,
    changed: BTreeSet<String>,
}

type Line = (Value, Effects);

fn refused(why: impl Into<String>) -> Line {
    (json!({"outcome": "refused", "why": why.into()}), Effects::new())
}

fn handle(line: usize) -> String {
    format!("import-line-{line}")
}

impl<H: Host> Import<'_, H> {
    fn line(&self, number: usize, brought: &Brought, places: &[Place], before: &mut Before) -> Result<Line, Fault> {
        if self.host.ci_lineage(&brought.class)?.is_empty() {
            return Ok(refused(format!("there is no class `{}`", brought.class)));
        }
        if let Some(named) = brought.relations.iter().find(|named| !RELATION_TYPES.contains(&named.kind.as_str())) {
            let known = RELATION_TYPES.join(", ");
            return Ok(refused(format!("there is no relation `{}`; there is {known}", named.kind)));
        }
        let by: Vec<&str> = self.source.list("reconcile_by").collect();
        let Identity { keys, mut found } = self.rules.identify(self.host, self.space, brought, &by, places)?;
        let Some(key) = keys.first().cloned() else {
            let other = if by.is_empty() { "" } else { ", or this source does not reconcile by them" };
            return Ok(refused(format!("it has none of what items of its class are identified by{other}")));
        };
        if self.source.text("when_many") == Some("first") {
            found.truncate(1);
        }
        let repeats = keys.iter().any(|key| before.known.contains_key(key))
            || found.iter().any(|ci| before.changed.contains(&ci.id));
        let is_new = found.is_empty() && self.source.text("when_none") != Some("error");
        if !repeats {
            before.known.extend(keys.into_iter().map(|key| (key, is_new.then(|| handle(number)))));
        }
        if repeats {
            return Ok((json!({"outcome": "repeated", "why": "another line is about the same item"}), Effects::new()));
        }
        before.changed.extend(found.iter().map(|ci| ci.id.clone()));
        let (mut line, effects) = match found.as_slice() {
            [] if !is_new => refused("there is no such item"),
            [] => self.create(number, brought)?,
            [_] if self.source.text("when_one") == Some("error") => refused("there is such an item already"),
            [ci] => self.update(ci, brought)?,
            many => self.ask(&key, many)?,
        };
        let own = match line["outcome"].as_str() {
            Some("created") => format!("@{}", handle(number)),
            Some("updated" | "unchanged") => found[0].id.clone(),
            _ => {
                // Whoever names it finds out that it is not created.
                before
                    .known
                    .values_mut()
                    .filter(|known| **known == Some(handle(number)))
                    .for_each(|known| *known = None);
                return Ok((line, effects));
            }
        };
        let (told, related) = self.relations(&own, found.first(), brought, places)?;
        if !told.is_empty() {
            line["relations"] = told.into();
        }
        Ok((line, effects.and(related)))
    }

    /// Where the other ends of the relations of a line are.
    fn places(&self, brought: &Brought, before: &Before) -> Result<Vec<Place>, Fault> {
        brought
            .relations
            .iter()
            .map(|named| named.end().map_or(Ok(Place::Unknown), |end| self.place(end, before)))
            .collect()
    }

    fn place(&self, end: &Reference, before: &Before) -> Result<Place, Fault> {
        if let Some(id) = &end.ci {
            let ci = self.host.ci(id)?.filter(|ci| ci.space == self.space && !is_retired(ci));
            return Ok(ci.map_or(Place::Unknown, |ci| Place::There(Box::new(ci))));
        }
        let (name, class, attributes) = (end.name.clone(), end.class.clone(), end.attributes.clone());
        let other = Brought { name, class, attributes, relations: Vec::new() };
        let Identity { keys, mut found } = self.rules.identify(self.host, self.space, &other, &[], &[])?;
        let new = keys.iter().find_map(|key| before.known.get(key).cloned().flatten());
        Ok(match (found.len(), new) {
            (0, Some(handle)) => Place::New(handle),
            (0, None) => Place::Unknown,
            (1, _) => Place::There(Box::new(found.remove(0))),
            _ => Place::Ambiguous,
        })
    }

    /// Relations that are not there yet. None is taken away: a row names what it knows of, and not all that there is.
    fn relations(
        &self,
        own: &str,
        item: Option<&Ci>,
        brought: &Brought,
        places: &[Place],
    ) -> Result<(Vec<Value>, Effects), Fault> {
        let (mut told, mut effects) = (Vec::new(), Effects::new());
        if brought.relations.is_empty() {
            return Ok((told, effects));
        }
        let mut known = item.map_or(Ok(Vec::new()), |ci| self.host.related(&ci.id))?;
        for (named, place) in brought.relations.iter().zip(places) {
            let outward = named.to.is_some();
            let Some(other) = place.id().filter(|other| other != own) else {
                let outcome = if matches!(place, Place::Ambiguous) { "ambiguous" } else { "unknown" };
                told.push(json!({"type": named.kind, "outcome": outcome}));
                continue;
            };
            let relation = Relation::seen_from(outward, &named.kind, &other);
            let outcome = if known.contains(&relation) { "unchanged" } else { "related" };
            if outcome == "related" {
                let (from, to) = if outward { (own, other.as_str()) } else { (other.as_str(), own) };
                effects = effects.relate_cis(from, &named.kind, to);
                known.push(relation);
            }
            told.push(json!({"type": named.kind, "other": other, "outcome": outcome}));
        }
        Ok((told, effects))
    }

    fn create(&self, number: usize, brought: &Brought) -> Result<Line, Fault> {
        if let Some(line) = self.invalid(&brought.class, &brought.attributes)? {
            return Ok(line);
        }
        let mut origin = Origin::of(&Ci::new("", ""));
        origin.saw(self.key, self.now);
        let mut upsert = UpsertCi::new(&brought.name, &brought.class, self.space).handle(&handle(number));
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
        let updates: BTreeSet<&str> = self.source.list("updates").collect();
        let is_updated =
            |attribute: &str| !only_new.contains(attribute) && (updates.is_empty() || updates.contains(attribute));
        let (mut differences, mut kept, mut after) = (Vec::new(), Vec::new(), Object::new());
        let mut name = ci.name.clone();
        let names = std::iter::once(NAME).chain(brought.attributes.keys().map(String::as_str));
        for attribute in names.filter(|attribute| is_updated(attribute)) {
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

/// Show items one after the other for as long as they are wanted; the last one shown if there may be more.
pub(crate) fn pages(
    host: &impl Host,
    search: CiSearch,
    look: impl FnMut(&Ci) -> bool,
) -> Result<Option<String>, Fault> {
    pages_of(host, search, LOOKED_AT_MAX, look)
}

/// The same for at most so many items.
pub(crate) fn pages_of(
    host: &impl Host,
    mut search: CiSearch,
    items_max: usize,
    mut look: impl FnMut(&Ci) -> bool,
) -> Result<Option<String>, Fault> {
    let mut looked = 0;
    loop {
        let page = host.find_cis(&search, PAGE)?;
        for ci in &page {
            looked += 1;
            if !look(ci) || looked >= items_max {
                return Ok(Some(ci.id.clone()));
            }
        }
        match page.last() {
            Some(last) if page.len() >= PAGE as usize => search.after = Some(last.id.clone()),
            _ => return Ok(None),
        }
    }
}

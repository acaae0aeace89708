//! What is known of sources and of identification: the records of the practice, read once for each decision.

use serde::Deserialize;
use std::collections::BTreeMap;
use weft_sdk::prelude::*;
use weft_sdk::{Ci, CiSearch, Record};

/// The attribute in which this practice keeps what it knows of where an item comes from.
pub(crate) const KEPT: &str = "_service-configuration";
/// Stands for the name of an item among its attributes.
pub(crate) const NAME: &str = "name";
/// What people write counts as a source with this key.
pub(crate) const PEOPLE: &str = "people";
/// Candidates of one item that are listed.
const CANDIDATES_MAX: u32 = 20;

#[derive(Debug)]
pub(crate) struct Rules {
    sources: Vec<Record>,
    rules: Vec<Record>,
    people_rank: i64,
}

/// An item as a source describes it.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Brought {
    pub name: String,
    pub class: String,
    #[serde(default)]
    pub attributes: Object,
    #[serde(default)]
    pub relations: Vec<Named>,
}

/// A relation to another item, or from it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Named {
    #[serde(rename = "type")]
    pub kind: String,
    pub to: Option<Reference>,
    pub from: Option<Reference>,
}

/// Another item: its id, or what it is identified by.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Reference {
    pub ci: Option<String>,
    #[serde(default)]
    pub class: String,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub attributes: Object,
}

impl Named {
    pub(crate) fn end(&self) -> Option<&Reference> {
        self.to.as_ref().or(self.from.as_ref())
    }
}

/// One way to identify an item: by attributes of its own, by an item that it is related to, or by both.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub attributes: Vec<String>,
    pub related: Option<RelatedBy>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct RelatedBy {
    #[serde(rename = "type")]
    pub kind: String,
    /// Of the other item, or of what it inherits from.
    pub class: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Own(Vec<String>),
    Hybrid {
        #[serde(default)]
        attributes: Vec<String>,
        related: RelatedBy,
    },
}

impl Entry {
    fn of(written: Written) -> Self {
        match written {
            Written::Own(attributes) => Self { attributes, related: None },
            Written::Hybrid { attributes, related } => Self { attributes, related: Some(related) },
        }
    }

    /// The entries of a rule; nothing when they cannot be read.
    pub(crate) fn list(field: &Value) -> Option<Vec<Self>> {
        let written: Vec<Written> = serde_json::from_value(field.clone()).ok()?;
        Some(written.into_iter().map(Self::of).collect())
    }

    pub(crate) fn is_by_name(&self) -> bool {
        self.related.is_none() && self.attributes == [NAME]
    }
}

/// Where the other end of a relation is.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    There(Box<Ci>),
    /// An item that an earlier line of the import creates, by its handle.
    New(String),
    Unknown,
    Ambiguous,
}

impl Place {
    /// The id, or what effects call it.
    pub(crate) fn id(&self) -> Option<String> {
        match self {
            Self::There(ci) => Some(ci.id.clone()),
            Self::New(handle) => Some(format!("@{handle}")),
            Self::Unknown | Self::Ambiguous => None,
        }
    }
}

impl Brought {
    pub(crate) fn value(&self, attribute: &str) -> Option<Value> {
        if attribute == NAME {
            return Some(self.name.as_str().into());
        }
        self.attributes.get(attribute).filter(|value| !value.is_null()).cloned()
    }

    /// Nothing else identifies.
    pub(crate) fn scalar(&self, attribute: &str) -> Option<Value> {
        self.value(attribute).filter(|value| !value.is_array() && !value.is_object() && *value != "")
    }

    fn values<'e>(&self, entry: &'e Entry) -> Option<BTreeMap<&'e String, Value>> {
        entry.attributes.iter().map(|name| Some((name, self.scalar(name)?))).collect()
    }
}

/// How an item was looked for, and what was found.
#[derive(Debug)]
pub(crate) struct Identity {
    /// Every list of attributes that is whole, with its values.
    pub keys: Vec<String>,
    pub found: Vec<Ci>,
}

impl Rules {
    pub(crate) fn read(host: &impl Host, space: &str) -> Result<Self, Fault> {
        let own = |kind: &str| -> Result<Vec<Record>, Fault> {
            let records = host.records(kind, Some("active"))?;
            Ok(records.into_iter().filter(|record| record.space == space).collect())
        };
        Ok(Self { sources: own("ci-source")?, rules: own("ci-rule")?, people_rank: host.setting("people-rank")? })
    }

    pub(crate) fn source(&self, key: &str) -> Option<&Record> {
        self.sources.iter().find(|source| source.text("key") == Some(key))
    }

    pub(crate) fn source_keys(&self) -> String {
        let keys: Vec<&str> = self.sources.iter().filter_map(|source| source.text("key")).collect();
        if keys.is_empty() { "none".to_owned() } else { keys.join(", ") }
    }

    pub(crate) fn rank(&self, source: &str, attribute: &str) -> i64 {
        let Some(record) = self.source(source) else {
            return if source == PEOPLE { self.people_rank } else { i64::MAX };
        };
        let own = record.field("ranks").get(attribute).and_then(Value::as_i64);
        own.or_else(|| record.integer("rank")).unwrap_or(100)
    }

    pub(crate) fn stale_days(&self, source: &str) -> Option<i64> {
        self.source(source).map(|record| record.integer("stale_days").unwrap_or(60))
    }

    /// The class whose rule holds for a class with these ancestors, and the entries of the rule.
    pub(crate) fn entries(&self, lineage: &[String]) -> (String, Vec<Entry>) {
        let of = |class: &String| self.rules.iter().find(|rule| rule.text("class") == Some(class));
        let by_name = || {
            let entry = Entry { attributes: vec![NAME.to_owned()], related: None };
            (lineage.first().cloned().unwrap_or_default(), vec![entry])
        };
        let Some((class, rule)) = lineage.iter().find_map(|class| Some((class.clone(), of(class)?))) else {
            return by_name();
        };
        Entry::list(rule.field("entries")).map_or_else(by_name, |entries| (class, entries))
    }

    /// Look for an item: the first entry that is whole and finds anything decides. `by` are the attributes by which its source
    /// reconciles, all when there are none; `places` are the other ends of its relations.
    pub(crate) fn identify(
        &self,
        host: &impl Host,
        space: &str,
        brought: &Brought,
        by: &[&str],
        places: &[Place],
    ) -> Result<Identity, Fault> {
        let lineage = host.ci_lineage(&brought.class)?;
        let (class, entries) = self.entries(&lineage);
        let mut identity = Identity { keys: Vec::new(), found: Vec::new() };
        let usable = |entry: &&Entry| by.is_empty() || entry.attributes.iter().all(|name| by.contains(&name.as_str()));
        for entry in entries.iter().filter(usable) {
            let Some(values) = brought.values(entry) else { continue };
            let near = match &entry.related {
                None => None,
                Some(related) => match end(host, brought, related, places)? {
                    None => continue,
                    found => found,
                },
            };
            let of = near.as_ref().and_then(Place::id).unwrap_or_default();
            identity.keys.push(format!("{class} {} {of}", json!(values)));
            if !identity.found.is_empty() {
                continue;
            }
            identity.found = match (&entry.related, near) {
                (Some(related), Some(Place::There(other))) => beside(host, &other, related, space, &class, &values)?,
                (Some(_), _) => Vec::new(),
                (None, _) => host.find_cis(&search(space, &class, values), CANDIDATES_MAX)?,
            };
        }
        Ok(identity)
    }
}

fn search(space: &str, class: &str, values: BTreeMap<&String, Value>) -> CiSearch {
    let search = CiSearch::new().class(class).space(space);
    values.into_iter().fold(search, |search, (name, value)| match value.as_str().filter(|_| name == NAME) {
        Some(name) => search.name(name),
        None => search.attribute(name, value),
    })
}

/// The item that a row names with such a relation, if it is known or about to be.
fn end(host: &impl Host, brought: &Brought, by: &RelatedBy, places: &[Place]) -> Result<Option<Place>, Fault> {
    for (named, place) in brought.relations.iter().zip(places).filter(|(named, _)| named.kind == by.kind) {
        let class = match place {
            Place::There(ci) => &ci.class,
            Place::New(_) => match named.end() {
                Some(end) => &end.class,
                None => continue,
            },
            Place::Unknown | Place::Ambiguous => continue,
        };
        if by.class.as_ref().is_none_or(|wanted| wanted == class)
            || host.ci_lineage(class)?.iter().any(|one| Some(one) == by.class.as_ref())
        {
            return Ok(Some(place.clone()));
        }
    }
    Ok(None)
}

/// Items with such a relation to another one that have these values.
fn beside(
    host: &impl Host,
    other: &Ci,
    by: &RelatedBy,
    space: &str,
    class: &str,
    values: &BTreeMap<&String, Value>,
) -> Result<Vec<Ci>, Fault> {
    let mut found: Vec<Ci> = Vec::new();
    for relation in host.related(&other.id)?.into_iter().filter(|relation| relation.kind == by.kind) {
        let Some(ci) = host.ci(&relation.other)? else { continue };
        let has = |name: &str, value: &Value| match name {
            NAME => *value == ci.name.as_str(),
            _ => ci.attributes.get(name) == Some(value),
        };
        let fits = ci.space == space && !is_retired(&ci) && values.iter().all(|(name, value)| has(name, value));
        if fits && found.iter().all(|one| one.id != ci.id) && host.ci_lineage(&ci.class)?.iter().any(|one| one == class)
        {
            found.push(ci);
        }
    }
    found.truncate(CANDIDATES_MAX as usize);
    Ok(found)
}

/// The host keeps it for its history; it is no candidate any more.
pub(crate) fn is_retired(ci: &Ci) -> bool {
    ci.attributes.contains_key("_retired")
}

/// What is wrong with attributes that was not wrong without this value.
pub(crate) fn refusal(
    host: &impl Host,
    class: &str,
    before: &Object,
    attribute: &str,
    value: &Value,
) -> Result<Option<String>, Fault> {
    let known = host.check_ci(class, before)?;
    let mut after = before.clone();
    after.insert(attribute.to_owned(), value.clone());
    let issues = host.check_ci(class, &after)?;
    Ok(issues.into_iter().find(|issue| !known.contains(issue)).map(|issue| issue.message))
}

/// Where the attributes of an item come from, and when its sources saw it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Origin(Object);

impl Origin {
    pub(crate) fn of(ci: &Ci) -> Self {
        Self::read(ci.attributes.get(KEPT).unwrap_or(&Value::Null))
    }

    pub(crate) fn read(value: &Value) -> Self {
        Self(value.as_object().cloned().unwrap_or_default())
    }

    pub(crate) fn value(self) -> Value {
        Value::Object(self.0)
    }

    pub(crate) fn seen(&self, source: &str) -> Option<Instant> {
        self.0.get("seen")?.get(source)?.as_str()?.parse().ok()
    }

    /// The sources that saw it, and when.
    pub(crate) fn sightings(&self) -> Vec<(&String, Instant)> {
        let seen = self.0.get("seen").and_then(Value::as_object);
        seen.into_iter().flatten().filter_map(|(source, at)| Some((source, at.as_str()?.parse().ok()?))).collect()
    }

    pub(crate) fn saw(&mut self, source: &str, at: Instant) {
        self.part("seen").insert(source.to_owned(), at.to_string().into());
        self.0.remove("gone");
    }

    /// Since when nobody sees it any more.
    pub(crate) fn gone(&self) -> Option<Instant> {
        self.0.get("gone")?.as_str()?.parse().ok()
    }

    pub(crate) fn went(&mut self, at: Instant) {
        self.0.insert("gone".to_owned(), at.to_string().into());
    }

    /// Know of the sightings of another one as of its own.
    pub(crate) fn saw_as(&mut self, other: &Self) {
        for (source, at) in other.sightings() {
            if self.seen(source).is_none_or(|known| known < at) {
                self.saw(source, at);
            }
        }
    }

    /// Who wrote an attribute is who wrote it there.
    pub(crate) fn take(&mut self, attribute: &str, other: &Self) {
        match other.0.get("from").and_then(|from| from.get(attribute)).cloned() {
            Some(from) => self.part("from").insert(attribute.to_owned(), from),
            None => self.part("from").remove(attribute),
        };
    }

    /// Forget the sightings of sources that another one does not know.
    pub(crate) fn only_seen_as(&mut self, other: &Self) {
        self.part("seen").retain(|source, _| other.seen(source).is_some());
    }

    pub(crate) fn wrote(&mut self, source: &str, attribute: &str, value: &Value) {
        self.part("from").insert(attribute.to_owned(), json!([source, fingerprint(value)]));
    }

    /// Whose value it is; that of people when it is not the one that a source wrote.
    pub(crate) fn owner(&self, attribute: &str, value: &Value) -> &str {
        let from = self.0.get("from").and_then(|from| from.get(attribute));
        let is_same = from.is_some_and(|from| from[1] == json!(fingerprint(value)));
        from.filter(|_| is_same).and_then(|from| from[0].as_str()).unwrap_or(PEOPLE)
    }

    fn part(&mut self, name: &str) -> &mut Object {
        let part = self.0.entry(name).or_insert_with(|| json!({}));
        if !part.is_object() {
            *part = json!({});
        }
        part.as_object_mut().expect("it was just made an object")
    }
}

/// Short text that is another for another value, so that a change by hand is seen (FNV-1a).
fn fingerprint(value: &Value) -> String {
    let hash = value
        .to_string()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}

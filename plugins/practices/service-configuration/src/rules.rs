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
#[derive(Debug, Deserialize)]
pub(crate) struct Brought {
    pub name: String,
    pub class: String,
    #[serde(default)]
    pub attributes: Object,
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
        self.value(attribute).filter(|value| !value.is_array() && !value.is_object())
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

    /// The class whose rule holds for a class with these ancestors, and the lists of attributes of the rule.
    pub(crate) fn entries(&self, lineage: &[String]) -> (String, Vec<Vec<String>>) {
        let of = |class: &String| self.rules.iter().find(|rule| rule.text("class") == Some(class));
        let by_name = || (lineage.first().cloned().unwrap_or_default(), vec![vec![NAME.to_owned()]]);
        let Some((class, rule)) = lineage.iter().find_map(|class| Some((class.clone(), of(class)?))) else {
            return by_name();
        };
        let entries = serde_json::from_value(rule.field("entries").clone()).ok();
        entries.map_or_else(by_name, |entries| (class, entries))
    }

    /// Look for an item: the first list of attributes that is whole and finds anything decides.
    pub(crate) fn identify(
        &self,
        host: &impl Host,
        space: &str,
        lineage: &[String],
        brought: &Brought,
    ) -> Result<Identity, Fault> {
        let (class, entries) = self.entries(lineage);
        let mut identity = Identity { keys: Vec::new(), found: Vec::new() };
        for entry in &entries {
            let values: Option<BTreeMap<&String, Value>> =
                entry.iter().map(|name| Some((name, brought.scalar(name)?))).collect();
            let Some(values) = values else { continue };
            identity.keys.push(format!("{class} {}", json!(values)));
            if !identity.found.is_empty() {
                continue;
            }
            let search = values.into_iter().fold(
                CiSearch::new().class(&class).space(space),
                |search, (name, value)| match value.as_str().filter(|_| name == NAME) {
                    Some(name) => search.name(name),
                    None => search.attribute(name, value),
                },
            );
            identity.found = host.find_cis(&search, CANDIDATES_MAX)?;
        }
        Ok(identity)
    }
}

/// Where the attributes of an item come from, and when its sources saw it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Origin(Object);

impl Origin {
    pub(crate) fn of(ci: &Ci) -> Self {
        Self(ci.attributes.get(KEPT).and_then(Value::as_object).cloned().unwrap_or_default())
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

//! Configuration items: attributes by class with inheritance, typed relations.

use crate::wave::{By, Wave, field_changes};
use domain::ci::{RELATION_TYPES, RETIRED, impact_of};
use domain::effect::{RelateCis, UpsertCi};
use domain::{Ci, CiClass, CiId, CiRelation, Object, Problem};
use serde_json::json;

/// Begins the name of an attribute that belongs to a plugin.
const KEPT: char = '_';
/// Begins what an effect calls an item that an earlier one creates.
const HANDLE: char = '@';
const KEPT_BYTES_MAX: usize = 16 * 1024;
/// Classes between a class and its root.
const INHERITANCE_MAX: usize = 20;

impl Wave<'_> {
    pub(crate) fn upsert_ci(&mut self, upsert: &UpsertCi, by: &By, pointer: &str) {
        let existing = upsert.ci.as_ref().and_then(|id| self.cis.get(id)).map(|(_, after)| after.clone());
        if let (Some(id), None) = (&upsert.ci, &existing) {
            return self.problem(&format!("{pointer}/ci"), "unknown-ci", format!("there is no CI `{id}`"));
        }
        self.check_title(&upsert.name, &format!("{pointer}/name"));
        // As with records, an effect changes what it names: null takes an attribute away, and the others stay.
        let mut attributes = existing.as_ref().map(|ci| ci.attributes.clone()).unwrap_or_default();
        for (name, value) in &upsert.attributes {
            if attributes.get(name) == Some(value) {
                continue;
            }
            if let Err(why) = may_keep(name, value, by) {
                self.problem(&format!("{pointer}/attributes/{name}"), "reserved-attribute", why);
            }
            if value.is_null() {
                attributes.remove(name);
            } else {
                attributes.insert(name.clone(), value.clone());
            }
        }
        self.problems.extend(check_attributes(self.classes, &upsert.class, &attributes, pointer));
        if upsert.revive {
            attributes.remove(RETIRED);
        }
        if let Some(retire) = &upsert.retire {
            attributes.insert(RETIRED.to_owned(), json!(retire));
        }
        let ci = Ci {
            id: existing.as_ref().map_or_else(|| CiId(self.ids.next_id()), |ci| ci.id.clone()),
            name: upsert.name.trim().to_owned(),
            class: upsert.class.clone(),
            space: upsert.space.clone(),
            attributes,
            version: existing.as_ref().map_or(0, |ci| ci.version),
        };
        if let Some(handle) = &upsert.handle {
            self.handles.insert(handle.clone(), ci.id.clone());
        }
        if existing.as_ref() == Some(&ci) {
            return;
        }
        let (kind, data) = match &existing {
            None => ("ci.created", json!({ "name": ci.name, "class": ci.class, "attributes": ci.attributes })),
            Some(before) => {
                let mut changes = field_changes(&before.attributes, &ci.attributes);
                for (field, from, to) in [("name", &before.name, &ci.name), ("class", &before.class, &ci.class)] {
                    if from != to {
                        changes.push(json!({ "field": field, "from": from, "to": to }));
                    }
                }
                ("ci.changed", json!({ "changes": changes }))
            }
        };
        let event = self.event("ci", &ci.id.0, &ci.space.0, &by.actor, kind, data);
        self.out.events.push(event);
        let before = self.cis.get(&ci.id).and_then(|(before, _)| before.clone());
        self.cis.insert(ci.id.clone(), (before, ci));
    }

    /// The item that an id names: the one of that id, or the last one that was given the handle.
    fn meant(&self, id: &CiId) -> CiId {
        let handle = id.0.strip_prefix(HANDLE);
        handle.and_then(|handle| self.handles.get(handle)).unwrap_or(id).clone()
    }

    pub(crate) fn relate(&mut self, relate: &RelateCis, by: &By, add: bool, pointer: &str) {
        if impact_of(&relate.relation_type).is_none() {
            let known: Vec<_> = RELATION_TYPES.iter().map(|(name, _)| *name).collect();
            return self.problem(
                &format!("{pointer}/type"),
                "unknown-relation",
                format!("there is no relation `{}`; there is {}", relate.relation_type, known.join(", ")),
            );
        }
        let relate = &RelateCis { from: self.meant(&relate.from), to: self.meant(&relate.to), ..relate.clone() };
        if relate.from == relate.to {
            return self.problem(pointer, "self-relation", "a CI cannot be related to itself");
        }
        for (end, id) in [("from", &relate.from), ("to", &relate.to)] {
            if !self.cis.contains_key(id) {
                self.problem(&format!("{pointer}/{end}"), "unknown-ci", format!("there is no CI `{id}`"));
            }
        }
        let (Some((_, from)), true) = (self.cis.get(&relate.from), self.cis.contains_key(&relate.to)) else { return };
        let space = from.space.0.clone();
        let relation = CiRelation {
            from: relate.from.clone(),
            relation_type: relate.relation_type.clone(),
            to: relate.to.clone(),
        };
        let kind = if add { "ci.related" } else { "ci.unrelated" };
        let event = self.event(
            "ci",
            &relation.from.0,
            &space,
            &by.actor,
            kind,
            json!({ "type": relation.relation_type, "to": relation.to }),
        );
        self.out.events.push(event);
        if add {
            self.out.relations_added.push(relation);
        } else {
            self.out.relations_removed.push(relation);
        }
    }
}

/// What a plugin keeps with an item is called like the plugin, with `_` before it; no class names it, and nobody else writes it.
fn may_keep(name: &str, value: &serde_json::Value, by: &By) -> Result<(), String> {
    let Some(owner) = name.strip_prefix(KEPT) else { return Ok(()) };
    if name == RETIRED {
        return Err(format!("`{name}` says that an item is retired; the effect has `retire` and `revive` for it"));
    }
    if by.plugin.as_ref().is_none_or(|plugin| plugin.0 != owner) {
        return Err(format!("`{name}` is what the plugin `{owner}` keeps with an item; nobody else changes it"));
    }
    let bytes = value.to_string().len();
    if bytes > KEPT_BYTES_MAX {
        return Err(format!("a plugin keeps {KEPT_BYTES_MAX} bytes with an item; these are {bytes}"));
    }
    Ok(())
}

/// The class and its ancestors, nearest first; `None` when one is missing or they form a circle.
#[must_use]
pub fn lineage<'a>(classes: &'a [CiClass], id: &str) -> Option<Vec<&'a CiClass>> {
    let mut line = Vec::new();
    let mut next = Some(id.to_owned());
    while let Some(id) = next.take() {
        let class = classes.iter().find(|class| class.id == id)?;
        next.clone_from(&class.parent);
        line.push(class);
        if line.len() > INHERITANCE_MAX {
            return None;
        }
    }
    Some(line)
}

/// What is wrong with the attributes of an item of a class, without those that plugins keep for themselves.
#[must_use]
pub fn check_attributes(classes: &[CiClass], class: &str, attributes: &Object, pointer: &str) -> Vec<Problem> {
    let class_pointer = format!("{pointer}/class");
    let Some(line) = lineage(classes, class) else {
        let known: Vec<_> = classes.iter().filter(|class| !class.is_abstract).map(|class| class.id.as_str()).collect();
        return vec![Problem::new(
            class_pointer,
            "unknown-class",
            format!("there is no CI class `{class}`; there is {}", known.join(", ")),
        )];
    };
    if line[0].is_abstract {
        return vec![Problem::new(
            class_pointer,
            "abstract-class",
            format!("`{class}` is abstract: choose one of its subclasses"),
        )];
    }
    // A subclass may narrow what it inherits, so the nearest definition of an attribute counts.
    let mut properties = Object::new();
    let mut required = Vec::new();
    for ancestor in line.iter().rev() {
        properties.extend(ancestor.attributes.clone());
        required.extend(ancestor.required.clone());
    }
    let schema =
        json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false });
    let described: Object = attributes
        .iter()
        .filter(|(name, _)| !name.starts_with(KEPT))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    match domain::kind::compile_schema(&schema) {
        Err(message) => vec![Problem::new(class_pointer, "bad-class", message)],
        Ok(validator) => validator
            .iter_errors(&serde_json::Value::Object(described))
            .map(|error| {
                Problem::new(
                    format!("{pointer}/attributes{}", error.instance_path()),
                    "invalid-value",
                    error.to_string(),
                )
            })
            .collect(),
    }
}

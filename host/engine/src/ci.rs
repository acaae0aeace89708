//! Configuration items: attributes by class with inheritance, typed relations.

use crate::wave::{By, Wave, field_changes};
use domain::ci::{RELATION_TYPES, impact_of};
use domain::effect::{RelateCis, UpsertCi};
use domain::{Ci, CiClass, CiId, CiRelation, Object, Problem};
use serde_json::json;

/// Classes between a class and its root.
const INHERITANCE_MAX: usize = 20;

impl Wave<'_> {
    pub(crate) fn upsert_ci(&mut self, upsert: &UpsertCi, by: &By, pointer: &str) {
        let existing = upsert.ci.as_ref().and_then(|id| self.cis.get(id)).map(|(_, after)| after.clone());
        if let (Some(id), None) = (&upsert.ci, &existing) {
            return self.problem(&format!("{pointer}/ci"), "unknown-ci", format!("there is no CI `{id}`"));
        }
        self.check_title(&upsert.name, &format!("{pointer}/name"));
        self.problems.extend(check_attributes(self.classes, &upsert.class, &upsert.attributes, pointer));
        let ci = Ci {
            id: existing.as_ref().map_or_else(|| CiId(self.ids.next_id()), |ci| ci.id.clone()),
            name: upsert.name.trim().to_owned(),
            class: upsert.class.clone(),
            space: upsert.space.clone(),
            attributes: upsert.attributes.clone(),
            version: existing.as_ref().map_or(0, |ci| ci.version),
        };
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

    pub(crate) fn relate(&mut self, relate: &RelateCis, by: &By, add: bool, pointer: &str) {
        if impact_of(&relate.relation_type).is_none() {
            let known: Vec<_> = RELATION_TYPES.iter().map(|(name, _)| *name).collect();
            return self.problem(
                &format!("{pointer}/type"),
                "unknown-relation",
                format!("there is no relation `{}`; there is {}", relate.relation_type, known.join(", ")),
            );
        }
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

/// The class and its ancestors, nearest first; `None` when one is missing or they form a circle.
fn lineage<'a>(classes: &'a [CiClass], id: &str) -> Option<Vec<&'a CiClass>> {
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

fn check_attributes(classes: &[CiClass], class: &str, attributes: &Object, pointer: &str) -> Vec<Problem> {
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
    match domain::kind::compile_schema(&schema) {
        Err(message) => vec![Problem::new(class_pointer, "bad-class", message)],
        Ok(validator) => validator
            .iter_errors(&serde_json::Value::Object(attributes.clone()))
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

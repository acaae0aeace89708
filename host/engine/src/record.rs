//! Records: created and changed whole, by the rules of their kind.

use crate::wave::{By, Wave, field_changes};
use domain::effect::UpsertRecord;
use domain::kind::Noun;
use domain::{Kind, Record, RecordId};
use serde_json::json;

impl Wave<'_> {
    pub(crate) fn upsert_record(&mut self, upsert: &UpsertRecord, by: &By, number: Option<String>, pointer: &str) {
        let Some(kind) = self.kinds.get(&upsert.kind).filter(|kind| kind.noun == Noun::Record) else {
            return self.problem(
                &format!("{pointer}/kind"),
                "unknown-kind",
                format!("there is no kind of record `{}`", upsert.kind),
            );
        };
        self.check_title(&upsert.title, &format!("{pointer}/title"));
        let existing = upsert.record.as_ref().and_then(|id| self.records.get(id)).map(|(_, after)| after.clone());
        if let (Some(id), None) = (&upsert.record, &existing) {
            return self.problem(&format!("{pointer}/record"), "unknown-record", format!("there is no record `{id}`"));
        }
        let Some(state) = self.record_state(kind, existing.as_ref(), upsert.state.as_deref(), by, pointer) else {
            return;
        };
        let mut fields = existing.as_ref().map_or_else(|| kind.defaults(), |record| record.fields.clone());
        for (name, value) in &upsert.fields {
            let changed = fields.get(name) != Some(value);
            if changed {
                self.check_field_write(kind, name, value, by, existing.is_none(), &format!("{pointer}/fields/{name}"));
            }
            if value.is_null() {
                fields.remove(name);
            } else {
                fields.insert(name.clone(), value.clone());
            }
        }
        for (name, rule) in &kind.fields {
            if rule.required && rule.applies(&fields) && !fields.contains_key(name) {
                self.problem(&format!("{pointer}/fields/{name}"), "required", format!("`{}` is needed", rule.title));
            }
        }
        let category = kind.state(&state).expect("`record_state` checked it").category;
        let record = Record {
            id: existing.as_ref().map_or_else(|| RecordId(self.ids.next_id()), |record| record.id.clone()),
            number: existing.as_ref().map_or_else(|| number.unwrap_or_default(), |record| record.number.clone()),
            kind: kind.id.clone(),
            space: upsert.space.clone(),
            state,
            category,
            title: upsert.title.trim().to_owned(),
            version: existing.as_ref().map_or(0, |record| record.version),
            updated_at: self.now,
            fields,
        };
        self.put_record(existing, record, by);
    }

    fn put_record(&mut self, existing: Option<Record>, record: Record, by: &By) {
        let data = match &existing {
            None => {
                json!({ "number": record.number, "kind": record.kind, "state": record.state, "title": record.title, "fields": record.fields })
            }
            Some(before) => {
                let mut changes = field_changes(&before.fields, &record.fields);
                if before.state != record.state {
                    changes.push(json!({ "field": "state", "from": before.state, "to": record.state }));
                }
                if before.title != record.title {
                    changes.push(json!({ "field": "title", "from": before.title, "to": record.title }));
                }
                if changes.is_empty() {
                    return;
                }
                json!({ "changes": changes })
            }
        };
        let kind = if existing.is_some() { "record.changed" } else { "record.created" };
        let event = self.event("record", &record.id.0, &record.space.0, &by.actor, kind, data);
        self.out.events.push(event);
        let before = self.records.get(&record.id).and_then(|(before, _)| before.clone());
        self.records.insert(record.id.clone(), (before, record));
    }

    fn record_state(
        &mut self,
        kind: &Kind,
        existing: Option<&Record>,
        wanted: Option<&str>,
        by: &By,
        pointer: &str,
    ) -> Option<String> {
        let current = existing.map(|record| record.state.as_str());
        let wanted = wanted.or(current).unwrap_or(kind.initial().id.as_str());
        let pointer = format!("{pointer}/state");
        if kind.state(wanted).is_none() {
            let states: Vec<_> = kind.states.iter().map(|state| state.id.as_str()).collect();
            self.problem(
                &pointer,
                "unknown-state",
                format!("`{}` has no state `{wanted}`; it has {}", kind.id, states.join(", ")),
            );
            return None;
        }
        let from = current.unwrap_or(kind.initial().id.as_str());
        if from == wanted {
            return Some(wanted.to_owned());
        }
        let owner = by.plugin.as_ref() == Some(&kind.plugin);
        match kind.transition(from, wanted) {
            Some(rule) if owner || rule.roles.iter().any(|role| by.roles.contains(role)) => Some(wanted.to_owned()),
            Some(rule) => {
                self.problem(&pointer, "transition-not-yours", format!("you may not do `{}`", rule.title));
                None
            }
            None => {
                let legal: Vec<_> = kind.legal_from(from).iter().map(|rule| rule.to.as_str()).collect();
                self.problem(
                    &pointer,
                    "illegal-transition",
                    format!("from `{from}` it can go to {}", legal.join(", ")),
                );
                None
            }
        }
    }
}

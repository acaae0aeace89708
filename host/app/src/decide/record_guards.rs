//! The say of a practice before one of its records is committed.
//!
//! The contract has one guard: a record is shown to it in the envelope of a ticket, with the places empty that a record does not have,
//! and what it adds (`set-field`, `transition`) is about the record. So a practice decides about its documents as about its work.

use super::component::{check_grant, plugin_problem, understood};
use crate::app::App;
use crate::error::{AppError, Result};
use crate::port::plugins::GuardInput;
use crate::registry::{Plugin, Registry, ticket_target};
use crate::snapshot::ReadSet;
use domain::change::Command;
use domain::effect::UpsertRecord;
use domain::{Effect, Record, RecordId, Ticket, TicketId};
use engine::Wave;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

impl App {
    /// Ask every guard that names the kind of a record that is being changed. `*` in a manifest means all tickets.
    pub(super) async fn ask_about_records(
        self: &Arc<Self>,
        command: &Command,
        registry: &Registry,
        wave: &mut Wave<'_>,
        reads: &Arc<Mutex<ReadSet>>,
        applied: &mut Vec<Effect>,
    ) -> Result<()> {
        let asked: BTreeSet<RecordId> = wave.touched_records().into_iter().map(|(_, after)| after.id).collect();
        for id in asked {
            let changed = |wave: &Wave<'_>| wave.touched_records().into_iter().find(|(_, after)| after.id == id);
            let Some((_, record)) = changed(wave) else { continue };
            let names =
                |plugin: &Arc<Plugin>| plugin.manifest.guard.as_ref().is_some_and(|rule| rule.names(&record.kind));
            let guards: Vec<_> = registry.guards(&record.kind).into_iter().filter(names).collect();
            if !guards.is_empty() {
                self.owner_is_ready(registry, &record.kind)?;
            }
            for plugin in guards {
                let owner = registry.kinds.get(&record.kind).is_some_and(|kind| kind.plugin == *plugin.id());
                if !owner && (!plugin.is_active() || self.health.is_quarantined(plugin.id())) {
                    continue;
                }
                let Some((before, after)) = changed(wave) else { continue };
                let input = GuardInput {
                    before: before.as_ref().map(envelope),
                    after: envelope(&after),
                    effects: Vec::new(),
                    clocks: Vec::new(),
                };
                let mut call = self.call(&plugin, command, &after.space, reads);
                if plugin.manifest.guard.as_ref().is_some_and(|rule| rule.definitions) {
                    call.context.extra.insert("kinds".to_owned(), definitions(&plugin, registry));
                }
                let started = self.clock.now();
                let answer = self.plugins.guard(call, input).await;
                let raw = match self.observe(&plugin, started, answer)? {
                    Ok(effects) => effects,
                    Err(problems) => return Err(AppError::Rejected { plugin: plugin.id().0.clone(), problems }),
                };
                let Some(upsert) = added(&plugin, &after, understood(&plugin, raw)?)? else { continue };
                let effect = Effect::UpsertRecord(Box::new(upsert));
                let pointer = format!("/plugins/{}", plugin.id());
                check_grant(&plugin, wave, &effect, None).map_err(|why| plugin_problem(&plugin, &pointer, &why))?;
                let by = self.by_plugin(&plugin, &command.actor, &after.space);
                wave.apply(&effect, None, &by, None, &pointer);
                applied.push(effect);
            }
        }
        Ok(())
    }
}

/// The ticket kinds that a plugin may read: states in their order, the schema of each field, and which fields those
/// may set who work on it, as a plugin may that does not own the kind. Names and no tickets.
fn definitions(plugin: &Plugin, registry: &Registry) -> serde_json::Value {
    let seen = registry.kinds.iter().filter(|kind| kind.noun == domain::kind::Noun::Ticket);
    let seen = seen.filter(|kind| plugin.may_read(&ticket_target(&kind.id)));
    let told = seen.map(|kind| {
        let states: Vec<&str> = kind.states.iter().map(|state| state.id.as_str()).collect();
        let fields: serde_json::Map<_, _> =
            kind.fields.iter().map(|(name, rule)| (name.clone(), rule.schema.clone())).collect();
        let agents = |(_, rule): &&(String, domain::kind::FieldRule)| rule.write.contains(&domain::Role::Agent);
        let settable: Vec<&str> = kind.fields.iter().filter(agents).map(|(name, _)| name.as_str()).collect();
        (kind.id.0.clone(), serde_json::json!({ "states": states, "fields": fields, "settable": settable }))
    });
    serde_json::Value::Object(told.collect())
}

/// What a guard adds, as one change of the record; none when it adds nothing.
fn added(plugin: &Plugin, record: &Record, effects: Vec<Effect>) -> Result<Option<UpsertRecord>> {
    if effects.is_empty() {
        return Ok(None);
    }
    let mut upsert = UpsertRecord {
        record: Some(record.id.clone()),
        kind: record.kind.clone(),
        space: record.space.clone(),
        title: record.title.clone(),
        state: None,
        fields: domain::Object::new(),
    };
    for (index, effect) in effects.into_iter().enumerate() {
        let refused = |message: &str| plugin_problem(plugin, &format!("/plugins/{}/{index}", plugin.id()), message);
        if effect.ticket().is_some_and(|other| other.0 != record.id.0) {
            return Err(refused("a guard may only change the record that it was asked about"));
        }
        match effect {
            Effect::SetField(set) if set.field == "title" => {
                let title = set.value.as_str().ok_or_else(|| refused("a title is text"))?;
                title.clone_into(&mut upsert.title);
            }
            Effect::SetField(set) => {
                upsert.fields.insert(set.field, set.value);
            }
            Effect::Transition(transition) => upsert.state = Some(transition.to),
            other => {
                let message =
                    format!("`{}` is not for records; a guard sets fields and the state of a record", other.name());
                return Err(refused(&message));
            }
        }
    }
    Ok(Some(upsert))
}

/// A record in the envelope that guards know.
fn envelope(record: &Record) -> Ticket {
    Ticket {
        id: TicketId(record.id.0.clone()),
        number: record.number.clone(),
        kind: record.kind.clone(),
        space: record.space.clone(),
        state: record.state.clone(),
        category: record.category,
        title: record.title.clone(),
        requester: None,
        opened_by: None,
        group: None,
        assignee: None,
        parent: None,
        restricted: false,
        version: record.version,
        opened_at: record.updated_at,
        updated_at: record.updated_at,
        resolved_at: None,
        closed_at: None,
        due_at: None,
        fields: record.fields.clone(),
    }
}

//! What a wave begins with: the definition, the instance, its ticket, and the people that expressions may name.

use super::{FlowInput, Running};
use crate::app::App;
use crate::error::{AppError, Result};
use crate::flow::world::Facts;
use crate::registry::Registry;
use domain::change::Command;
use domain::{Actor, FlowInstance, SpaceId};
use engine::Wave;
use engine::flow::Instance;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::changeset::{Noun, QueryScope};
use store::{Expect, QueryRead};

impl App {
    /// Load what the wave begins with. The inner error is an instance that exists already.
    pub(super) async fn flow_load<'a>(
        self: &'a Arc<Self>,
        command: &'a Command,
        input: &FlowInput,
        registry: &'a Registry,
        numbers: &'a mut BTreeMap<String, String>,
        refused: Option<&'a (usize, String)>,
    ) -> Result<Result<Running<'a>, FlowInstance>> {
        let mut facts = Facts::default();
        let (deployed, row, ticket, space, id, business_key) = match input {
            FlowInput::Start { process, version, start, id } => {
                if let Some(key) = &start.business_key {
                    let scope = QueryScope::Instances { process: process.clone(), business_key: key.clone() };
                    let mut read = QueryRead { scope, digest: String::new() };
                    read.digest = self.store.ticket_digest(self.org(), &read).await?;
                    facts.reads.queries.push(read);
                    if let Some(instance) = self.running_instance(process, key).await? {
                        return Ok(Err(instance));
                    }
                }
                let space = start.space.clone().unwrap_or_else(|| Actor::PLATFORM.into());
                let key = start.business_key.clone();
                (self.deployed(process, *version).await?, None, start.ticket.clone(), space, id.clone(), key)
            }
            FlowInput::Step { instance, .. }
            | FlowInput::Resume { instance, .. }
            | FlowInput::Migrate { instance, .. } => {
                let row = self.instance(instance).await?;
                let deployed = self.deployed(&row.process, Some(row.process_version)).await?;
                let (ticket, space, key) = (row.ticket.clone(), row.space.clone(), row.business_key.clone());
                (deployed, Some(row), ticket, space, instance.clone(), key)
            }
        };
        let seed = crate::hash::seed(&command.cause.command);
        let mut wave = Wave::new(&registry.kinds, &registry.classes, command.now, command.cause.clone(), &seed);
        let mut space = space;
        if let Some(id) = &ticket {
            let bundle = self.store.ticket_load(self.org(), &id.0).await?;
            let bundle = bundle.ok_or_else(|| AppError::not_found("ticket", &id.0))?;
            space = bundle.ticket.space.clone();
            if let Some(person) = &bundle.ticket.requester {
                facts.load_person(self, person).await?;
            }
            wave.insert(bundle);
        }
        let zone = self.zone_of(&space).await?;
        let instance = match &row {
            None => None,
            Some(row) => {
                facts.reads.rows.insert(Expect {
                    noun: Noun::FlowInstance,
                    id: row.id.0.clone(),
                    version: row.version,
                });
                let state: Instance = serde_json::from_value(row.state.clone()).map_err(|error| {
                    AppError::Store(store::StoreError::Corrupt {
                        row: format!("flow instance {}", row.id),
                        reason: error.to_string(),
                    })
                })?;
                Some(state)
            }
        };
        Ok(Ok(Running {
            app: self,
            command,
            registry,
            wave,
            deployed,
            instance,
            before: row,
            id,
            ticket,
            business_key,
            space,
            zone,
            facts,
            reads: Arc::default(),
            numbers,
            events: Vec::new(),
            actions: Vec::new(),
            calls: Vec::new(),
            taken: Vec::new(),
            effects: Vec::new(),
            runs: 0,
            refused,
            effective: Vec::new(),
        }))
    }

    /// The zone in which an instance counts days: that of its space's calendar.
    async fn zone_of(&self, space: &SpaceId) -> Result<TimeZone> {
        let calendar = self.calendar_of(space).await?.and_then(|key| self.calendars.get(&key));
        Ok(calendar.map_or(TimeZone::UTC, |(calendar, _)| calendar.zone().clone()))
    }
}

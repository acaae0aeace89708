//! What people and programs do with instances: start, look, correlate, mend, move, migrate, cancel.

use super::decide::{FlowAnswer, FlowInput};
use super::plan;
use crate::app::App;
use crate::authz::SpaceAction;
use crate::error::{AppError, Result};
use domain::change::Command;
use domain::flow::{Definition, DefinitionType, InstanceStatus, Topic};
use domain::{Actor, ActorKind, Event, FlowInstance, InstanceId, Object, SpaceId, TicketId};
use engine::flow::{self, Activation, Instance, Key};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{Changeset, InstanceCounts, InstanceQuery, Page, TaskQuery};

pub(super) const HISTORY_MAX: u32 = 200;

/// What a caller says about a new instance.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NewInstance {
    pub version: Option<u32>,
    /// A start event by id; the one without a trigger when absent.
    pub start: Option<String>,
    pub ticket: Option<TicketId>,
    pub business_key: Option<String>,
    pub space: Option<SpaceId>,
    pub variables: Object,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModifyRequest {
    pub activate: Vec<Activation>,
    pub terminate: Vec<Key>,
    pub reason: String,
}

/// An instance as people look at it.
#[derive(Debug, Clone, Serialize)]
pub struct InstanceView {
    #[serde(flatten)]
    pub row: FlowInstance,
    pub variables: Object,
    /// Elements that live now: key, node, since when they wait for what.
    pub elements: Value,
    pub incident_list: Vec<IncidentReport>,
}

#[derive(Debug, Clone, Serialize)]
pub struct IncidentReport {
    pub incident: Key,
    pub element: Key,
    pub node: String,
    pub code: Value,
    pub message: String,
}

/// A part of what happened to an instance, oldest first.
#[derive(Debug, Clone, Serialize)]
pub struct HistoryPage {
    pub events: Vec<Event>,
    /// Pass it as `after` to go on; absent at the end.
    pub next: Option<i64>,
}

impl App {
    pub(crate) async fn instance(&self, id: &InstanceId) -> Result<FlowInstance> {
        let found = self.store.instance_get(self.org(), id).await?;
        found.ok_or_else(|| AppError::not_found("flow instance", &id.0))
    }

    pub(super) async fn running_instance(&self, process: &str, business_key: &str) -> Result<Option<FlowInstance>> {
        let query = InstanceQuery {
            process: Some(process.to_owned()),
            business_key: Some(business_key.to_owned()),
            status: Some(InstanceStatus::Running),
            ..InstanceQuery::default()
        };
        Ok(self.store.instance_list(self.org(), &query, None, 1).await?.items.pop())
    }

    /// Who may look at an instance: those who may see its ticket; without one, those who work in its space.
    pub(super) async fn may_see(&self, actor: &Actor, row: &FlowInstance) -> Result<bool> {
        if actor.kind != ActorKind::Person {
            return Ok(true);
        }
        match &row.ticket {
            Some(ticket) => {
                let bundle = self.store.ticket_load(self.org(), &ticket.0).await?;
                Ok(bundle.is_some_and(|bundle| self.authz.may_read(actor, &bundle)))
            }
            None => Ok(self.works_or_runs(actor, &row.space).is_ok()),
        }
    }

    /// The instance of a live event, for those who may see it or are asked for something in it.
    ///
    /// # Errors
    /// The store fails.
    pub async fn live_instance(&self, actor: &Actor, event: &Event) -> Result<Option<FlowInstance>> {
        let id = InstanceId(event.subject.clone());
        let Some(row) = self.store.instance_get(self.org(), &id).await? else { return Ok(None) };
        if self.may_see(actor, &row).await? {
            return Ok(Some(row));
        }
        let query =
            TaskQuery { instance: Some(id), person: Some(super::tasks::person_of(actor)), ..TaskQuery::default() };
        let asked = !self.store.task_list(self.org(), &query, None, 1).await?.items.is_empty();
        Ok(asked.then_some(row))
    }

    /// # Errors
    /// The actor neither works in the space nor runs it.
    pub(super) fn works_or_runs(&self, actor: &Actor, space: &SpaceId) -> Result<()> {
        if self.authz.space(actor, SpaceAction::Administer, space) {
            return Ok(());
        }
        self.in_space(actor, SpaceAction::Work, space)
    }

    /// # Errors
    /// There is none that the actor may see, or they do not run its space.
    async fn administered(&self, actor: &Actor, id: &InstanceId) -> Result<FlowInstance> {
        let row = self.instance(id).await?;
        if self.authz.space(actor, SpaceAction::Administer, &row.space) {
            return Ok(row);
        }
        if self.may_see(actor, &row).await? {
            return Err(AppError::Forbidden(format!("moving flows of `{}` is for those who run it", row.space)));
        }
        Err(AppError::not_found("flow instance", &id.0))
    }

    /// Start a process.
    ///
    /// # Errors
    /// No such process or start event, the actor may not, or its first wave is refused.
    pub async fn instance_start(
        self: &Arc<Self>,
        command: &Command,
        process: &str,
        new: NewInstance,
    ) -> Result<FlowAnswer> {
        if let Some(answer) = self.earlier_flow_answer(command).await? {
            return Ok(answer);
        }
        let mut space = new.space.unwrap_or_else(|| Actor::PLATFORM.into());
        if let Some(ticket) = &new.ticket {
            space = self.load_visible(&command.actor, ticket).await?.ticket.space;
        }
        if command.actor.kind == ActorKind::Person {
            self.works_or_runs(&command.actor, &space)?;
        }
        let start = domain::job::FlowStart {
            node: new.start,
            business_key: new.business_key.or_else(|| new.ticket.as_ref().map(|ticket| ticket.0.clone())),
            ticket: new.ticket,
            space: Some(space),
            variables: new.variables,
            by: command.actor.id.clone(),
        };
        let input = FlowInput::Start {
            process: process.to_owned(),
            version: new.version,
            start,
            id: InstanceId(self.new_id()),
        };
        self.flow_submit(command, &input, None).await
    }

    /// An instance with its variables, live elements and incidents. Whoever runs its space and may not see its ticket sees where it stands,
    /// so that it can be mended, and none of its variables.
    ///
    /// # Errors
    /// There is none that the actor may see.
    pub async fn instance_view(&self, actor: &Actor, id: &InstanceId) -> Result<InstanceView> {
        let row = self.instance(id).await?;
        let sees = self.may_see(actor, &row).await?;
        if !sees && !self.authz.space(actor, SpaceAction::Administer, &row.space) {
            return Err(AppError::not_found("flow instance", &id.0));
        }
        let state = state_of(&row)?;
        let deployed = self.deployed(&row.process, Some(row.process_version)).await?;
        let positions = deployed.positions(&state);
        let node = |key: &Key| positions.active.get(key).cloned().unwrap_or_default();
        let incident_list = state
            .incidents()
            .map(|one| IncidentReport {
                incident: one.incident,
                element: one.element,
                node: node(&one.element),
                code: serde_json::to_value(one.code).unwrap_or_default(),
                message: one.message.to_owned(),
            })
            .collect();
        let elements = state
            .elements()
            .map(|view| {
                let variables = if sees { view.variables.clone() } else { Object::new() };
                let mut element =
                    json!({ "key": view.key, "scope": view.scope, "node": node(&view.key), "variables": variables });
                if let Some(called) = view.called {
                    element["called"] = json!(called);
                }
                element
            })
            .collect();
        let row = FlowInstance { state: Value::Null, ..row };
        let variables = if sees { state.variables().clone() } else { Object::new() };
        Ok(InstanceView { variables, elements: Value::Array(elements), incident_list, row })
    }

    /// # Errors
    /// The store cannot be read.
    pub async fn instance_list(
        &self,
        actor: &Actor,
        mut query: InstanceQuery,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<FlowInstance>> {
        match &query.ticket {
            Some(ticket) => drop(self.load_visible(actor, ticket).await?),
            None => query.spaces = Some(self.work_spaces(actor).await?),
        }
        let mut page = self.store.instance_list(self.org(), &query, after, limit).await?;
        let mut visible = Vec::with_capacity(page.items.len());
        for row in page.items {
            if self.may_see(actor, &row).await? || self.authz.space(actor, SpaceAction::Administer, &row.space) {
                visible.push(FlowInstance { state: Value::Null, ..row });
            }
        }
        page.items = visible;
        Ok(page)
    }

    /// The spaces in which a person works, with the platform for those who run it.
    async fn work_spaces(&self, actor: &Actor) -> Result<Vec<String>> {
        let spaces = self.store.space_list(self.org()).await?.into_iter().map(|space| space.id);
        let all = spaces.chain([SpaceId::from(Actor::PLATFORM)]);
        Ok(all.filter(|space| self.works_or_runs(actor, space).is_ok()).map(|space| space.0).collect())
    }

    /// How many run, how many need help, by process.
    ///
    /// # Errors
    /// The actor does not run the platform.
    pub async fn instance_counts(&self, actor: &Actor) -> Result<Vec<InstanceCounts>> {
        self.platform(actor)?;
        Ok(self.store.instance_counts(self.org()).await?)
    }

    /// What happened, oldest first.
    ///
    /// # Errors
    /// There is no instance that the actor may see.
    pub async fn instance_history(&self, actor: &Actor, id: &InstanceId, after: i64) -> Result<HistoryPage> {
        let row = self.instance(id).await?;
        if !self.may_see(actor, &row).await? {
            return Err(AppError::not_found("flow instance", &id.0));
        }
        let events = self.store.event_history(self.org(), "flow", &id.0, after, HISTORY_MAX).await?;
        let full = events.len() >= HISTORY_MAX as usize;
        let next = events.last().filter(|_| full).map(|event| event.subject_seq);
        Ok(HistoryPage { events, next })
    }

    /// Carry out one command on an instance for the person who runs its space.
    ///
    /// # Errors
    /// No such instance, not theirs, or the engine refuses.
    pub async fn instance_command(
        self: &Arc<Self>,
        command: &Command,
        id: &InstanceId,
        wish: flow::Command,
    ) -> Result<FlowAnswer> {
        if let Some(answer) = self.earlier_flow_answer(command).await? {
            return Ok(answer);
        }
        self.administered(&command.actor, id).await?;
        let input = FlowInput::Step { instance: id.clone(), command: wish };
        self.flow_submit(command, &input, None).await
    }

    /// Let a running instance go on in another version of its process. With `dry_run` in the command nothing is kept.
    ///
    /// # Errors
    /// Everything that cannot be mapped, at once.
    pub async fn instance_migrate(
        self: &Arc<Self>,
        command: &Command,
        id: &InstanceId,
        version: Option<u32>,
        mapping: BTreeMap<String, String>,
    ) -> Result<FlowAnswer> {
        if let Some(answer) = self.earlier_flow_answer(command).await? {
            return Ok(answer);
        }
        let row = self.administered(&command.actor, id).await?;
        let target = self.deployed(&row.process, version).await?;
        let input = FlowInput::Migrate { instance: id.clone(), version: target.definition.version, mapping };
        self.flow_submit(command, &input, None).await
    }

    /// Send a message or a signal. What waits for it is found and served by a job.
    ///
    /// # Errors
    /// The actor does not work anywhere, or the store fails.
    pub async fn publish(
        &self,
        command: &Command,
        topic: Topic,
        variables: Object,
        ttl_seconds: Option<i64>,
    ) -> Result<()> {
        self.platform(&command.actor)?;
        let ttl = ttl_seconds.unwrap_or(plan::MESSAGE_SECONDS).clamp(0, 30 * 24 * 3600);
        let mut set = Changeset::new(self.org().clone(), command.now);
        if let Some(key) = &command.idempotency {
            set.answer = Some((key.clone(), Value::Null));
        }
        set.jobs.push(plan::publish(self, topic, variables, ttl, None, &command.cause, command.now));
        match self.commit(set).await {
            Ok(_) | Err(store::CommitError::Answered(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The newest version of every definition of a type.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn definition_list(
        &self,
        definition_type: DefinitionType,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<Definition>> {
        Ok(self.store.definition_list(self.org(), definition_type, after, limit).await?)
    }

    /// One definition with its source.
    ///
    /// # Errors
    /// There is none.
    pub async fn definition_get(
        &self,
        definition_type: DefinitionType,
        key: &str,
        version: Option<u32>,
    ) -> Result<Definition> {
        self.definition(definition_type, key, version).await
    }

    /// All versions of a definition, newest first.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn definition_versions(&self, definition_type: DefinitionType, key: &str) -> Result<Vec<Definition>> {
        Ok(self.store.definition_versions(self.org(), definition_type, key).await?)
    }
}

pub(super) fn state_of(row: &FlowInstance) -> Result<Instance> {
    serde_json::from_value(row.state.clone()).map_err(|error| {
        AppError::Store(store::StoreError::Corrupt {
            row: format!("flow instance {}", row.id),
            reason: error.to_string(),
        })
    })
}

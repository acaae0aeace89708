//! Components inside a decision: on whose account they act, how they are called, and what of their answer may happen.

use crate::app::App;
use crate::error::{AppError, Result};
use crate::port::plugins::{Call, Context, FaultCause, RawEffect};
use crate::registry::{Plugin, Registry, record_target, ticket_target};
use crate::snapshot::{ReadSet, Snapshot};
use domain::change::Command;
use domain::{Actor, ActorKind, Effect, PluginId, Problem, Role, SpaceId, TicketId};
use engine::{By, Wave};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

/// Effects that one call may return.
const EFFECTS_MAX: usize = 200;

impl App {
    /// Who acts, as the lifecycle and the field rules see it.
    pub(crate) fn by(&self, actor: &Actor, space: SpaceId) -> By {
        let roles = match actor.kind {
            ActorKind::Person => actor.roles_in(&space),
            // What a plugin may do is said by its grants, which are checked before.
            ActorKind::Plugin | ActorKind::System => BTreeSet::from([Role::Agent]),
        };
        By {
            actor: actor.id.clone(),
            plugin: (actor.kind == ActorKind::Plugin).then(|| PluginId(actor.id.clone())),
            roles,
            person: (actor.kind == ActorKind::Person).then(|| actor.id.clone()),
        }
    }

    /// Whether the actor may have this effect at all: rights for a person, grants for a plugin.
    pub(crate) fn authorize(
        &self,
        command: &Command,
        registry: &Registry,
        wave: &Wave<'_>,
        effect: &Effect,
        subject: Option<&TicketId>,
    ) -> Result<()> {
        match command.actor.kind {
            ActorKind::System => Ok(()),
            ActorKind::Person => self.authorize_person(&command.actor, registry, wave, effect, subject),
            ActorKind::Plugin => {
                let plugin = registry.plugin(&PluginId(command.actor.id.clone()));
                let plugin = plugin
                    .ok_or_else(|| AppError::Forbidden(format!("plugin `{}` is not installed", command.actor.id)))?;
                check_grant(plugin, wave, effect, subject).map_err(AppError::Forbidden)
            }
        }
    }

    /// The plugin acting in somebody's decision: with its own rules for its own kinds, with their roles for the rest.
    pub(crate) fn by_plugin(&self, plugin: &Plugin, actor: &Actor, space: &SpaceId) -> By {
        By {
            plugin: Some(plugin.id().clone()),
            actor: plugin.id().0.clone(),
            person: None,
            ..self.by(actor, space.clone())
        }
    }

    pub(crate) fn call(
        self: &Arc<Self>,
        plugin: &Arc<Plugin>,
        command: &Command,
        space: &SpaceId,
        reads: &Arc<Mutex<ReadSet>>,
    ) -> Call {
        let actor = &command.actor;
        let kind = match actor.kind {
            ActorKind::Person => "person",
            ActorKind::Plugin => "plugin",
            ActorKind::System => "system",
        };
        Call {
            plugin: plugin.id().clone(),
            digest: plugin.digest.clone(),
            context: Context {
                now: command.now,
                seed: crate::hash::seed(&format!("{}:{}", command.cause.command, plugin.id())),
                actor: actor.id.clone(),
                actor_kind: kind.to_owned(),
                roles: actor.roles_in(space).into_iter().map(|role| role.as_str().to_owned()).collect(),
                locale: actor.locale.clone(),
                zone: actor.zone.clone(),
                space: space.0.clone(),
                depth: command.cause.depth,
                dry_run: command.dry_run,
                origin: command.cause.origin.as_str().to_owned(),
                correlation: command.cause.correlation.clone(),
                extra: std::collections::BTreeMap::new(),
            },
            settings: Arc::clone(&plugin.settings),
            reader: Arc::new(Snapshot {
                app: Arc::clone(self),
                plugin: Arc::clone(plugin),
                actor: actor.clone(),
                reads: Arc::clone(reads),
            }),
        }
    }

    /// Count the call, and turn a fault into what the caller is told; the one that is too many quarantines the plugin.
    pub(crate) fn observe<T>(
        &self,
        plugin: &Plugin,
        started: jiff::Timestamp,
        answer: Result<T, crate::port::plugins::CallFault>,
    ) -> Result<T> {
        let now = self.clock.now();
        match answer {
            Ok(value) => {
                let micros = now.duration_since(started).as_micros();
                self.health.called(plugin.id(), u32::try_from(micros).unwrap_or(u32::MAX));
                Ok(value)
            }
            Err(fault) if fault.cause == FaultCause::Busy => Err(AppError::Busy { retry_seconds: 1 }),
            Err(fault) => {
                tracing::warn!(plugin = %plugin.id(), function = fault.function, cause = %fault.cause, "a component failed");
                if self.health.faulted(&fault, now) {
                    tracing::error!(plugin = %plugin.id(), "the plugin failed too often and is quarantined until an administrator resumes it");
                    metrics::counter!("weft_plugin_quarantines_total", "plugin" => plugin.id().0.clone()).increment(1);
                }
                Err(AppError::Plugin(fault))
            }
        }
    }
}

/// Effects as a component sees them.
pub(super) fn raw(effect: &Effect) -> Option<RawEffect> {
    let value = serde_json::to_value(effect).ok()?;
    Some(RawEffect { kind: effect.name().to_owned(), data: value.get("data")?.to_string() })
}

/// Effects as a component returned them, understood; anything else is the component's fault and stops the decision.
pub(crate) fn understood(plugin: &Plugin, raw: Vec<RawEffect>) -> Result<Vec<Effect>> {
    if raw.len() > EFFECTS_MAX {
        return Err(plugin_problem(
            plugin,
            "",
            &format!("it returned {} effects; {EFFECTS_MAX} is the limit", raw.len()),
        ));
    }
    let mut problems = Vec::new();
    let mut effects = Vec::new();
    for (index, effect) in raw.into_iter().enumerate() {
        let pointer = format!("/plugins/{}/{index}", plugin.id());
        if domain::effect::RESERVED.contains(&effect.kind.as_str()) {
            problems.push(Problem::new(
                &pointer,
                "not-available",
                format!("the effect `{}` is not carried out by this version", effect.kind),
            ));
            continue;
        }
        let data: serde_json::Value = match serde_json::from_str(&effect.data) {
            Ok(data) => data,
            Err(error) => {
                problems.push(Problem::new(
                    &pointer,
                    "bad-effect",
                    format!("data of `{}` is not JSON: {error}", effect.kind),
                ));
                continue;
            }
        };
        match serde_json::from_value(serde_json::json!({ "kind": effect.kind, "data": data })) {
            Ok(effect) => effects.push(effect),
            Err(error) => problems.push(Problem::new(&pointer, "bad-effect", format!("`{}`: {error}", effect.kind))),
        }
    }
    if problems.is_empty() { Ok(effects) } else { Err(AppError::Rejected { plugin: plugin.id().0.clone(), problems }) }
}

pub(crate) fn plugin_problem(plugin: &Plugin, pointer: &str, message: &str) -> AppError {
    let problems = vec![Problem::new(pointer, "plugin-effect-refused", format!("plugin `{}`: {message}", plugin.id()))];
    AppError::Rejected { plugin: plugin.id().0.clone(), problems }
}

/// Whether a grant covers the effect.
pub(crate) fn check_grant(
    plugin: &Plugin,
    wave: &Wave<'_>,
    effect: &Effect,
    subject: Option<&TicketId>,
) -> Result<(), String> {
    let target = match effect {
        Effect::CreateTicket(create) => ticket_target(&create.kind),
        Effect::UpsertRecord(upsert) => record_target(&upsert.kind),
        Effect::UpsertCi(_) | Effect::RelateCis(_) | Effect::UnrelateCis(_) => "ci".to_owned(),
        _ => match effect.ticket().or(subject).and_then(|id| wave.ticket(id)) {
            Some(working) => ticket_target(&working.after.ticket.kind),
            None => "ticket:*".to_owned(),
        },
    };
    if plugin.may_effect(effect.name(), &target) {
        return match effect {
            // The right to ask is one thing, whom to ask another.
            Effect::Call(call) => crate::outbox::allowed(plugin, &call.method, &call.url, call.body.as_deref()),
            _ => Ok(()),
        };
    }
    Err(format!("plugin `{}` has no grant to {} on {target}", plugin.id(), effect.name()))
}

/// The space that decides which roles count.
pub(crate) fn space_of(wave: &Wave<'_>, effect: &Effect, subject: Option<&TicketId>) -> SpaceId {
    match effect {
        Effect::CreateTicket(create) => create.space.clone(),
        Effect::UpsertRecord(upsert) => upsert.space.clone(),
        Effect::UpsertCi(upsert) => upsert.space.clone(),
        _ => effect
            .ticket()
            .or(subject)
            .and_then(|id| wave.ticket(id))
            .map_or_else(|| SpaceId::from(Actor::PLATFORM), |working| working.after.ticket.space.clone()),
    }
}

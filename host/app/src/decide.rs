//! The one door: load, authorize, apply, ask the guards, commit, publish. HTTP, import, jobs and reactions all come through here.

use crate::app::App;
use crate::error::{AppError, Result};
use crate::plan::changeset;
use crate::port::plugins::{Call, Context, GuardInput, RawEffect};
use crate::registry::{Plugin, Registry, record_target, ticket_target};
use crate::snapshot::{ReadSet, Snapshot};
use domain::change::Command;
use domain::event::{Event, Origin};
use domain::ticket::TicketBundle;
use domain::{Actor, ActorKind, Ci, Effect, KindId, PluginId, Problem, Record, Role, SpaceId, Ticket, TicketId};
use engine::{By, Decision, Wave};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::{CommitError, JobDone};

/// Effects in one command, and effects that one guard may add.
const EFFECTS_MAX: usize = 200;

/// What came of a command.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Answer {
    /// Every ticket that changed, as it is after the commit; the subject or the new ticket first.
    pub tickets: Vec<Ticket>,
    pub records: Vec<Record>,
    pub cis: Vec<Ci>,
    pub comments: Vec<domain::Comment>,
    pub attachments: Vec<domain::Attachment>,
    /// Everything that was applied, a person's wishes and the plugins' additions, in order.
    pub effects: Vec<Effect>,
    /// The command was carried out before; this is the answer it got then.
    #[serde(skip)]
    pub replayed: bool,
    #[serde(skip)]
    pub events: Vec<Event>,
}

/// A decision that is ready to be committed.
struct Decided {
    decision: Decision,
    reads: ReadSet,
    effects: Vec<Effect>,
    first: Option<TicketId>,
}

impl App {
    /// Decide a command and commit it, or for a dry run only decide it.
    ///
    /// # Errors
    /// Everything in [`AppError`]; nothing was written then.
    pub async fn submit(self: &Arc<Self>, command: Command) -> Result<Answer> {
        if command.effects.len() > EFFECTS_MAX {
            return Err(AppError::invalid(
                "",
                "too-many-effects",
                format!("a command has at most {EFFECTS_MAX} effects"),
            ));
        }
        if let Some(answer) = self.earlier_answer(&command).await? {
            return Ok(answer);
        }
        let mut numbers = BTreeMap::new();
        let mut what = String::new();
        for attempt in 0..=self.config.retries_max {
            if attempt > 0 {
                metrics::counter!("weft_decision_conflicts_total").increment(1);
                self.back_off(attempt).await;
            }
            let registry = self.registry();
            let decided = self.decide(&command, &registry, &mut numbers, ReadSet::default()).await?;
            let mut answer = answer_of(&decided);
            if command.dry_run || (decided.decision.is_empty() && command.idempotency.is_none()) {
                return Ok(answer);
            }
            let set =
                changeset(self, &registry, &command, decided.decision, decided.reads, Some(&answer), None).await?;
            match self.commit(set).await {
                Ok(events) => {
                    answer.events = events;
                    return Ok(answer);
                }
                Err(CommitError::Conflict { what: conflict }) => what = conflict,
                Err(CommitError::Answered(stored)) => return replay(&command, &stored),
                Err(other) => return Err(other.into()),
            }
        }
        Err(AppError::Contended { what })
    }

    /// Decide once and commit together with the end of a job. What led to the command was read before: it belongs to the decision.
    pub(crate) async fn submit_once(
        self: &Arc<Self>,
        command: &Command,
        reads: Arc<Mutex<ReadSet>>,
        job: JobDone,
    ) -> Result<()> {
        let registry = self.registry();
        let reads = std::mem::take(&mut *reads.lock().expect("nothing panics while it holds this lock"));
        let decided = self.decide(command, &registry, &mut BTreeMap::new(), reads).await?;
        self.commit_decision(&registry, command, decided.decision, decided.reads, Some(job)).await?;
        Ok(())
    }

    pub(crate) async fn commit_decision(
        &self,
        registry: &Registry,
        command: &Command,
        decision: Decision,
        reads: ReadSet,
        job: Option<JobDone>,
    ) -> Result<Vec<Event>> {
        let set = changeset(self, registry, command, decision, reads, None, job).await?;
        Ok(self.commit(set).await?)
    }

    /// Commit and publish: the only place where either happens.
    pub(crate) async fn commit(&self, set: store::Changeset) -> Result<Vec<Event>, CommitError> {
        let relations =
            set.writes.iter().any(|write| matches!(write, store::Write::RelateCis(_) | store::Write::UnrelateCis(_)));
        let committed = self.store.commit(set).await?;
        if relations {
            self.impact_changed();
        }
        self.publisher.publish(&committed.events);
        self.wake.notify_waiters();
        Ok(committed.events)
    }

    /// The answer that a command with the same idempotency key got.
    ///
    /// # Errors
    /// The key was used for another request.
    pub async fn earlier_answer(&self, command: &Command) -> Result<Option<Answer>> {
        let Some(key) = command.idempotency.as_ref().filter(|_| !command.dry_run) else { return Ok(None) };
        match self.store.answer_get(self.org(), &key.scope, &key.key).await? {
            Some(stored) => replay(command, &stored).map(Some),
            None => Ok(None),
        }
    }

    /// Wait a little longer and less predictably with every attempt, so that contenders fall out of step.
    async fn back_off(&self, attempt: u32) {
        let mut byte = [0_u8; 1];
        self.entropy.fill(&mut byte);
        let millis = u64::from(byte[0] % 4) + u64::from(attempt.min(10)) * 2;
        #[expect(clippy::disallowed_methods, reason = "contenders on one machine fall out of step in real time")]
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }

    async fn decide(
        self: &Arc<Self>,
        command: &Command,
        registry: &Registry,
        numbers: &mut BTreeMap<String, String>,
        reads: ReadSet,
    ) -> Result<Decided> {
        let seed = crate::hash::seed(&command.cause.command);
        let mut wave = Wave::new(&registry.kinds, &registry.classes, command.now, command.cause.clone(), &seed);
        let mut subject = None;
        if let Some(id) = &command.subject {
            let bundle = self.load_visible(&command.actor, id).await?;
            if let Some(expected) = command.expected_version
                && bundle.ticket.version != expected
            {
                return Err(AppError::Stale { expected, current: bundle.ticket.version });
            }
            subject = Some(bundle.ticket.id.clone());
            wave.insert(bundle);
        }
        self.load_named(&mut wave, &command.effects).await?;
        let mut first = subject.clone();
        let mut applied = Vec::new();
        for (index, effect) in command.effects.iter().enumerate() {
            self.authorize(command, registry, &wave, effect, subject.as_ref())?;
            let number = self.number_for(registry, effect, numbers, &format!("c{index}")).await?;
            let by = self.by(&command.actor, space_of(&wave, effect, subject.as_ref()));
            let touched = wave.apply(effect, subject.as_ref(), &by, number, &format!("/effects/{index}"));
            first = first.or(touched);
            applied.push(effect.clone());
        }
        if !wave.problems().is_empty() {
            return Err(AppError::Invalid(wave.problems().to_vec()));
        }
        let reads = Arc::new(Mutex::new(reads));
        self.ask_guards(command, registry, &mut wave, &reads, &mut applied).await?;
        if !wave.problems().is_empty() {
            return Err(AppError::Invalid(wave.problems().to_vec()));
        }
        let decision = wave.finish(&command.actor.id).map_err(AppError::Invalid)?;
        let reads = std::mem::take(&mut *reads.lock().expect("nothing panics while it holds this lock"));
        Ok(Decided { decision, reads, effects: applied, first })
    }

    /// A ticket that the actor may see; "not there" and "not yours to see" are one answer.
    pub(crate) async fn load_visible(&self, actor: &Actor, id: &TicketId) -> Result<TicketBundle> {
        let found = self.store.ticket_load(self.org(), &id.0).await?;
        found
            .filter(|bundle| actor.kind != ActorKind::Person || self.authz.may_read(actor, bundle))
            .ok_or_else(|| AppError::not_found("ticket", &id.0))
    }

    /// Load what the effects name, so that they can be applied and checked.
    async fn load_named(&self, wave: &mut Wave<'_>, effects: &[Effect]) -> Result<()> {
        for effect in effects {
            let mut ids: Vec<TicketId> = effect.ticket().cloned().into_iter().collect();
            match effect {
                Effect::Link(link) | Effect::Unlink(link) => ids.push(link.other.clone()),
                Effect::SetParent(set) => ids.extend(self.ancestors(wave, set.parent.clone()).await?),
                Effect::CreateTicket(create) => ids.extend(create.parent.clone()),
                Effect::UpsertRecord(upsert) => {
                    if let Some(id) = &upsert.record
                        && let Some(record) = self.store.record_get(self.org(), &id.0).await?
                    {
                        wave.insert_record(record);
                    }
                }
                Effect::UpsertCi(upsert) => {
                    if let Some(id) = &upsert.ci
                        && let Some(ci) = self.store.ci_get(self.org(), id).await?
                    {
                        wave.insert_ci(ci);
                    }
                }
                Effect::RelateCis(relate) | Effect::UnrelateCis(relate) => {
                    for id in [&relate.from, &relate.to] {
                        if let Some(ci) = self.store.ci_get(self.org(), id).await? {
                            wave.insert_ci(ci);
                        }
                    }
                }
                _ => {}
            }
            for id in ids {
                if !wave.contains(&id)
                    && let Some(bundle) = self.store.ticket_load(self.org(), &id.0).await?
                {
                    wave.insert(bundle);
                }
            }
        }
        Ok(())
    }

    /// A ticket and the chain of its parents, as far as it goes.
    async fn ancestors(&self, wave: &mut Wave<'_>, from: Option<TicketId>) -> Result<Vec<TicketId>> {
        let mut chain = Vec::new();
        let mut next = from;
        while let Some(id) = next {
            if chain.contains(&id) || chain.len() > 20 {
                break;
            }
            let Some(bundle) = self.store.ticket_load(self.org(), &id.0).await? else { break };
            next = bundle.ticket.parent.clone();
            chain.push(id);
            wave.insert(bundle);
        }
        Ok(chain)
    }

    async fn number_for(
        &self,
        registry: &Registry,
        effect: &Effect,
        numbers: &mut BTreeMap<String, String>,
        slot: &str,
    ) -> Result<Option<String>> {
        let kind = match effect {
            Effect::CreateTicket(create) if create.imported.is_none() => &create.kind,
            Effect::UpsertRecord(upsert) if upsert.record.is_none() => &upsert.kind,
            _ => return Ok(None),
        };
        let Some(kind) = registry.kinds.get(kind) else { return Ok(None) };
        // A decision that is made again keeps its number: a conflict must not burn them.
        if let Some(number) = numbers.get(slot) {
            return Ok(Some(number.clone()));
        }
        let number = self.numbers.next(&*self.store, self.org(), kind).await?;
        numbers.insert(slot.to_owned(), number.clone());
        Ok(Some(number))
    }

    /// Who acts, as the lifecycle and the field rules see it.
    fn by(&self, actor: &Actor, space: SpaceId) -> By {
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
    fn authorize(
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

    /// Ask every guard about every ticket that is being changed; what they add is applied and checked like anything else.
    async fn ask_guards(
        self: &Arc<Self>,
        command: &Command,
        registry: &Registry,
        wave: &mut Wave<'_>,
        reads: &Arc<Mutex<ReadSet>>,
        applied: &mut Vec<Effect>,
    ) -> Result<()> {
        for id in wave.touched() {
            let kind = wave.ticket(&id).expect("touched tickets are there").after.ticket.kind.clone();
            self.owner_is_ready(registry, &kind)?;
            for plugin in registry.guards(&kind) {
                let owner = registry.kinds.get(&kind).is_some_and(|kind| kind.plugin == *plugin.id());
                if !owner && (!plugin.is_active() || self.health.is_quarantined(plugin.id())) {
                    metrics::counter!("weft_guards_skipped_total", "plugin" => plugin.id().0.clone()).increment(1);
                    continue;
                }
                let working = wave.ticket(&id).expect("touched tickets are there");
                let input = GuardInput {
                    before: working.before.as_ref().map(|bundle| bundle.ticket.clone()),
                    after: working.after.ticket.clone(),
                    effects: working.effects.iter().filter_map(raw).collect(),
                    clocks: working.before.as_ref().map(|bundle| bundle.clocks.clone()).unwrap_or_default(),
                };
                let space = input.after.space.clone();
                let call = self.call(&plugin, command, &space, reads);
                let started = self.clock.now();
                let answer = self.plugins.guard(call, input).await;
                let raw_effects = match self.observe(&plugin, started, answer)? {
                    Ok(effects) => effects,
                    Err(problems) => return Err(AppError::Rejected { plugin: plugin.id().0.clone(), problems }),
                };
                let by = self.by_plugin(&plugin, &command.actor, &space);
                for (index, effect) in understood(&plugin, raw_effects)?.into_iter().enumerate() {
                    let pointer = format!("/plugins/{}/{index}", plugin.id());
                    if effect.ticket().is_some_and(|other| *other != id) {
                        return Err(plugin_problem(
                            &plugin,
                            &pointer,
                            "a guard may only add effects on the ticket that it was asked about",
                        ));
                    }
                    check_grant(&plugin, wave, &effect, Some(&id))
                        .map_err(|why| plugin_problem(&plugin, &pointer, &why))?;
                    wave.apply(&effect, Some(&id), &by, None, &pointer);
                    applied.push(effect);
                }
            }
        }
        Ok(())
    }

    /// A ticket is only decided about while the practice that owns its kind can.
    fn owner_is_ready(&self, registry: &Registry, kind: &KindId) -> Result<()> {
        let owner = registry.kinds.get(kind).and_then(|kind| registry.plugin(&kind.plugin));
        match owner {
            Some(plugin) if self.health.is_quarantined(plugin.id()) => {
                Err(AppError::Quarantined { plugin: plugin.id().0.clone() })
            }
            Some(plugin) if plugin.is_active() => Ok(()),
            Some(plugin) => Err(AppError::Forbidden(format!(
                "`{kind}` is decided by the plugin `{}`, which is not enabled; an administrator can enable it",
                plugin.id()
            ))),
            None => Err(AppError::not_found("kind", &kind.0)),
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
fn raw(effect: &Effect) -> Option<RawEffect> {
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

fn plugin_problem(plugin: &Plugin, pointer: &str, message: &str) -> AppError {
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
        return Ok(());
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

fn answer_of(decided: &Decided) -> Answer {
    let decision = &decided.decision;
    let mut tickets: Vec<Ticket> = decision.tickets.iter().map(|(ticket, _)| ticket.clone()).collect();
    tickets.sort_by_key(|ticket| decided.first.as_ref() != Some(&ticket.id));
    Answer {
        tickets,
        records: decision.records.iter().map(|(record, _)| record.clone()).collect(),
        cis: decision.cis.iter().map(|(ci, _)| ci.clone()).collect(),
        comments: decision.comments.clone(),
        attachments: decision.attachments.clone(),
        effects: decided.effects.clone(),
        replayed: false,
        events: Vec::new(),
    }
}

fn replay(command: &Command, stored: &store::StoredAnswer) -> Result<Answer> {
    let Some(key) = &command.idempotency else { return Err(AppError::IdempotencyReused) };
    if key.fingerprint != stored.fingerprint {
        return Err(AppError::IdempotencyReused);
    }
    let mut answer: Answer = if stored.answer.is_null() {
        Answer::default()
    } else {
        serde_json::from_value(stored.answer.clone()).map_err(|error| {
            AppError::Store(store::StoreError::Corrupt {
                row: format!("answer {}", key.key),
                reason: error.to_string(),
            })
        })?
    };
    answer.replayed = true;
    Ok(answer)
}

/// Whether an import keeps no copy of its answers: they are many, large, and nobody asks for them again.
pub(crate) fn keeps_answer(origin: Origin) -> bool {
    origin != Origin::Import
}

//! The one door: load, authorize, apply, ask the guards, commit, publish. HTTP, import, jobs and reactions all come through here.

mod component;
mod guards;
mod load;
mod record_guards;

pub(crate) use component::{check_grant, plugin_problem, space_of, understood};

use crate::app::App;
use crate::error::{AppError, Result};
use crate::plan::changeset;
use crate::registry::Registry;
use crate::snapshot::ReadSet;
use domain::change::Command;
use domain::event::{Event, Origin};
use domain::{Ci, Effect, Record, Ticket, TicketId};
use engine::{Decision, Wave};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::{CommitError, JobDone};

/// Effects in one command.
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
                changeset(self, &registry, &command, decided.decision, decided.reads, kept(&command, &answer), None)
                    .await?;
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
    pub(crate) async fn commit(&self, mut set: store::Changeset) -> Result<Vec<Event>, CommitError> {
        crate::outbox::add_notifications(self, &mut set);
        crate::jobs::add_revisits(self, &mut set);
        let touched = crate::impact::Touched::by_writes(&set.writes);
        let makes_work = !set.jobs.is_empty();
        let definitions = set.writes.iter().any(|write| matches!(write, store::Write::Definition(_)));
        let committed = self.store.commit(set).await;
        // Also after an error: it may have been written all the same.
        self.impact.note(touched);
        if definitions {
            self.library.forget_newest();
        }
        let committed = committed?;
        if !self.config.shared {
            self.publisher.publish(&committed.events);
        }
        if makes_work {
            self.wake.notify_waiters();
        }
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
    pub(crate) async fn back_off(&self, attempt: u32) {
        let mut byte = [0_u8; 1];
        self.entropy.fill(&mut byte);
        let millis = u64::from(byte[0] % 4) + u64::from(attempt.min(10)) * 2;
        self.clock.sleep(Duration::from_millis(millis)).await;
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

/// The copy of an answer that is kept for a command that may be repeated.
fn kept(command: &Command, answer: &Answer) -> Option<serde_json::Value> {
    command.idempotency.as_ref().and_then(|_| serde_json::to_value(answer).ok())
}

/// Whether an import keeps no copy of its answers: they are many, large, and nobody asks for them again.
pub(crate) fn keeps_answer(origin: Origin) -> bool {
    origin != Origin::Import
}

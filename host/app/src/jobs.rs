//! Jobs: deliveries of events to plugins, clocks that come due, timers that fire.
//!
//! A job's effect and the end of the job are one commit, so that running it twice equals running it once. Who runs which job when is
//! the business of [`worker`].

mod claims;
mod revisit;
mod worker;

pub(crate) use revisit::add_revisits;

use crate::app::App;
use crate::decide::understood;
use crate::error::{AppError, Result};
use crate::registry::Plugin;
use crate::snapshot::ReadSet;
use domain::change::Command;
use domain::event::{Cause, Event, Origin};
use domain::job::Work;
use domain::{Actor, JobId, PluginId, Ticket, TicketId};
use engine::{By, Wave, flow};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use store::{ClaimedJob, JobDone, Release, StoreError};

/// What could not be tried waits about as long as after its second attempt.
const LATER: u32 = 2;

/// Why a job did not get done.
pub(crate) enum Stop {
    /// Try again later.
    Retry(String),
    /// Try again later, and do not count it: this node or the database could not, whatever was asked.
    Later(String),
    /// Wait until the plugin is back.
    Hold(String),
    /// Give up; a person has to look.
    Bury(String),
}

/// Counts what plugins do to one ticket, so that a loop is stopped with its chain.
#[derive(Debug, Default)]
pub struct LoopGuard {
    recent: Mutex<Recent>,
}

/// What was done within the last minute, and some of what was done before.
#[derive(Debug, Default)]
struct Recent {
    times: HashMap<(PluginId, TicketId), VecDeque<Timestamp>>,
    /// Entries from which on the old ones are looked for; twice what was left the last time, so that it costs each call little.
    sweep_at: usize,
}

impl Recent {
    const SWEEP_AT_MIN: usize = 10_000;

    fn sweep(&mut self, now: Timestamp) {
        if self.times.len() < self.sweep_at.max(Self::SWEEP_AT_MIN) {
            return;
        }
        let is_recent = |last: &Timestamp| now.duration_since(*last) < SignedDuration::from_mins(1);
        self.times.retain(|_, times| times.back().is_some_and(is_recent));
        self.sweep_at = self.times.len() * 2;
    }
}

impl LoopGuard {
    /// True if this reaction is one too many within a minute.
    fn trips(&self, plugin: &PluginId, ticket: &TicketId, now: Timestamp, max: u32) -> bool {
        let mut recent = self.recent.lock().expect("nothing panics while it holds this lock");
        recent.sweep(now);
        let times = recent.times.entry((plugin.clone(), ticket.clone())).or_default();
        while times.front().is_some_and(|first| now.duration_since(*first) >= SignedDuration::from_mins(1)) {
            times.pop_front();
        }
        times.push_back(now);
        times.len() > max as usize
    }
}

impl App {
    /// Do what a job says. Its effect and its end are one commit; where that does not come about, the job is released.
    async fn run_job(self: &Arc<Self>, claimed: ClaimedJob) {
        let (id, fence, attempts) = (claimed.job.id.clone(), claimed.fence, claimed.job.attempts);
        let done = JobDone { id: id.clone(), fence };
        if attempts >= self.config.attempts_max {
            // Attempts that nobody told the end of: the process ended with them, and one more would end it again.
            let error = claimed.job.last_error.unwrap_or_else(|| "no attempt came to an end".to_owned());
            let error = format!("given up after {attempts} attempts: {error}");
            return self.release_failed(&id, fence, attempts, Stop::Bury(error)).await;
        }
        let outcome = match &claimed.job.work {
            Work::React { plugin, seq } => self.deliver(plugin, *seq, done).await,
            Work::ClockDue { ticket, clock, due_at } => self.clock_due(ticket, clock, *due_at, done).await,
            Work::Timer { plugin, ticket, key, data, cause } => {
                self.fire_timer(plugin, ticket, (key, data), cause, claimed.job.due_at, done).await
            }
            Work::Revisit { plugin, after, cause } => self.revisit(plugin, after.as_ref(), cause, done).await,
            Work::RevisitTicket { plugin, ticket, cause } => self.revisit_ticket(plugin, ticket, cause, done).await,
            Work::StartFlow { process, start, cause } => self.start_flow_job(process, start, cause, done).await,
            Work::StartTimer { process, version, node, at } => {
                self.start_timer_job((process, *version, node), at.unwrap_or(claimed.job.due_at), done).await
            }
            Work::FlowTimer { instance, timer } => match crate::flow::key_of(timer) {
                Ok(timer) => self.flow_step_of_job(instance, flow::Command::TimerDue { timer }, done).await,
                Err(error) => Err(Stop::Bury(error)),
            },
            Work::Deliver { instance, subscription, topic, variables } => {
                self.deliver_job(instance, subscription, topic, variables, done).await
            }
            Work::Publish { topic, variables, ttl_seconds, from, cause } => {
                self.publish_job(topic, variables, (*ttl_seconds, from.as_ref()), cause, done).await
            }
            Work::HandOver { person } => self.hand_over_job(person, done).await,
            Work::ExpireMessage { id } => self.expire_message_job(id, done).await,
            Work::Reevaluate { instance } => self.flow_step_of_job(instance, flow::Command::Reevaluate, done).await,
            Work::Send { item, .. } => self.send_job(item, done).await,
            Work::AnswerStep { instance, element, request, answer } => {
                self.answer_step_job(instance, element, request, answer, done).await
            }
        };
        match outcome {
            Ok(()) => metrics::counter!("weft_jobs_done_total").increment(1),
            Err(stop) => self.release_failed(&id, fence, attempts, stop).await,
        }
    }

    /// Give a job back that was not done: to be tried again, to wait, or to be looked at by a person.
    async fn release_failed(&self, id: &JobId, fence: i64, attempts: u32, stop: Stop) {
        let release = match stop {
            Stop::Retry(error) if attempts + 1 < self.config.attempts_max => {
                Release::Retry { due_at: self.retry_at(attempts), error }
            }
            Stop::Later(error) => Release::Later { due_at: self.retry_at(LATER), error },
            Stop::Hold(error) => Release::Hold { error },
            Stop::Retry(error) | Stop::Bury(error) => {
                tracing::error!(job = %id, error, "a job was given up; an administrator can see and retry it");
                Release::Bury { error }
            }
        };
        metrics::counter!("weft_jobs_released_total").increment(1);
        if let Err(error) = self.store.job_release(self.org(), id, fence, release).await {
            tracing::warn!(job = %id, %error, "a job could not be given back; its lease will run out");
        }
    }

    async fn deliver(self: &Arc<Self>, plugin: &PluginId, seq: i64, done: JobDone) -> Result<(), Stop> {
        let plugin = self.ready(plugin)?;
        let event = self.store.event_get(self.org(), seq).await.map_err(retry)?;
        let event = event.ok_or_else(|| Stop::Bury(format!("there is no event {seq}")))?;
        let cause = event.cause.clone();
        let origin = if cause.origin == Origin::Import { Origin::Import } else { Origin::Reaction };
        // History is decided with its own time as now.
        let now = if origin == Origin::Import { event.at } else { self.now() };
        self.react(&plugin, event, cause, origin, now, done).await
    }

    async fn fire_timer(
        self: &Arc<Self>,
        plugin: &PluginId,
        ticket: &TicketId,
        (key, data): (&str, &serde_json::Value),
        cause: &Cause,
        due_at: Timestamp,
        done: JobDone,
    ) -> Result<(), Stop> {
        let plugin = self.ready(plugin)?;
        let event = Event {
            seq: 0,
            subject_kind: "ticket".to_owned(),
            subject: ticket.0.clone(),
            subject_seq: 0,
            space: String::new(),
            at: due_at,
            actor: plugin.id().0.clone(),
            kind: "timer.fired".to_owned(),
            data: serde_json::json!({ "key": key, "data": data }),
            // A timer begins a new chain: waiting is not looping. What it was scheduled for stays known by the correlation.
            cause: Cause { depth: 0, chain: Vec::new(), origin: Origin::Timer, ..cause.clone() },
            hash: String::new(),
        };
        let cause = event.cause.clone();
        self.react(&plugin, event, cause, Origin::Timer, self.now(), done).await
    }

    fn ready(&self, id: &PluginId) -> Result<Arc<Plugin>, Stop> {
        let registry = self.registry();
        let plugin = registry.plugin(id).ok_or_else(|| Stop::Hold(format!("plugin `{id}` is not installed")))?;
        if self.health.is_quarantined(id) {
            return Err(Stop::Hold(format!("plugin `{id}` is quarantined")));
        }
        if !plugin.is_active() {
            return Err(Stop::Hold(format!("plugin `{id}` is not enabled")));
        }
        Ok(Arc::clone(plugin))
    }

    /// Ask the plugin, decide what it wants, commit it together with the end of the job. On a conflict the plugin is asked again,
    /// because what it saw has changed.
    async fn react(
        self: &Arc<Self>,
        plugin: &Arc<Plugin>,
        event: Event,
        cause: Cause,
        origin: Origin,
        now: Timestamp,
        done: JobDone,
    ) -> Result<(), Stop> {
        let mut chain = cause.chain.clone();
        chain.push(format!("{} on {} of {}", plugin.id(), event.kind, event.subject));
        let ticket_id = TicketId(event.subject.clone());
        for _ in 0..=self.config.retries_max {
            let subject = self.subject(&event).await?;
            let mut command = Command {
                actor: Actor::plugin(plugin.id()),
                now,
                subject: subject.as_ref().map(|ticket| ticket.id.clone()),
                // What the plugin is shown is what it decides about: a ticket that changes meanwhile is shown to it again.
                expected_version: subject.as_ref().map(|ticket| ticket.version),
                effects: Vec::new(),
                cause: Cause {
                    command: done.id.0.clone(),
                    correlation: cause.correlation.clone(),
                    depth: cause.depth + 1,
                    origin,
                    chain: chain.clone(),
                },
                idempotency: None,
                dry_run: false,
            };
            let space = subject.as_ref().map_or_else(|| event.space.as_str().into(), |ticket| ticket.space.clone());
            let reads = Arc::new(Mutex::new(ReadSet::default()));
            let call = self.call(plugin, &command, &space, &reads);
            let started = self.now();
            let answer = self.plugins.react(call, event.clone(), subject).await;
            let answer = self.observe(plugin, started, answer).map_err(|error| self.fault(plugin, &error))?;
            let raw = answer.map_err(|fault| match fault {
                crate::port::plugins::Fault::Retry(seconds) => {
                    Stop::Retry(format!("the plugin asked to wait {seconds} s"))
                }
                other => Stop::Bury(other.to_string()),
            })?;
            command.effects = understood(plugin, raw).map_err(|error| Stop::Bury(explain(&error)))?;
            if !command.effects.is_empty() {
                if cause.depth + 1 > self.config.depth_max {
                    return Err(Stop::Bury(AppError::Cascade(chain).to_string()));
                }
                if self.loops.trips(plugin.id(), &ticket_id, self.now(), self.config.reactions_per_minute_max) {
                    return Err(Stop::Bury(AppError::Cascade(chain).to_string()));
                }
            }
            match self.submit_once(&command, reads, done.clone()).await {
                Ok(()) => return Ok(()),
                Err(AppError::Contended { .. } | AppError::Stale { .. }) => {}
                Err(error) => return Err(stop(&error)),
            }
        }
        Err(Stop::Retry("what it depends on kept changing".to_owned()))
    }

    async fn subject(&self, event: &Event) -> Result<Option<Ticket>, Stop> {
        if event.subject_kind != "ticket" {
            return Ok(None);
        }
        let bundle = self.store.ticket_load(self.org(), &event.subject).await.map_err(retry)?;
        Ok(bundle.map(|bundle| bundle.ticket))
    }

    /// A component's failure: wait for the quarantine to end, or try again.
    fn fault(&self, plugin: &Plugin, error: &AppError) -> Stop {
        if self.health.is_quarantined(plugin.id()) {
            Stop::Hold(error.to_string())
        } else if matches!(error, AppError::Busy { .. }) {
            stop(error)
        } else {
            Stop::Retry(explain(error))
        }
    }

    async fn clock_due(
        self: &Arc<Self>,
        ticket: &TicketId,
        clock: &str,
        due_at: Timestamp,
        done: JobDone,
    ) -> Result<(), Stop> {
        for _ in 0..=self.config.retries_max {
            let registry = self.registry();
            let cause = Cause {
                command: done.id.0.clone(),
                correlation: done.id.0.clone(),
                depth: 0,
                origin: Origin::Timer,
                chain: Vec::new(),
            };
            let seed = crate::hash::seed(&done.id.0);
            let mut wave = Wave::new(&registry.kinds, &registry.classes, self.now(), cause.clone(), &seed);
            if let Some(bundle) = self.store.ticket_load(self.org(), &ticket.0).await.map_err(retry)? {
                wave.insert(bundle);
                let by = By { actor: "system".to_owned(), plugin: None, roles: BTreeSet::new(), person: None };
                wave.fire_clock(ticket, clock, due_at, &by);
            }
            let decision = wave.finish("system").map_err(|problems| Stop::Bury(format!("{problems:?}")))?;
            let command = Command {
                actor: Actor::system(),
                now: self.now(),
                subject: Some(ticket.clone()),
                expected_version: None,
                effects: Vec::new(),
                cause,
                idempotency: None,
                dry_run: false,
            };
            match self.commit_decision(&registry, &command, decision, ReadSet::default(), Some(done.clone())).await {
                Ok(_) => return Ok(()),
                Err(AppError::Contended { .. }) => {}
                Err(error) => return Err(stop(&error)),
            }
        }
        Err(Stop::Retry("the ticket kept changing".to_owned()))
    }

    /// Make the held jobs of a plugin run again, and those that may have waited for it: a job of another one's, or of a flow, stops at the
    /// guard of a plugin that is quarantined. Whoever still has to wait is held again.
    pub(crate) async fn unhold(&self, plugin: &PluginId) -> Result<u64> {
        let count = self.store.job_unhold(self.org(), plugin).await?;
        Ok(count + self.unhold_all().await?)
    }

    /// Make everything that is held run again whose plugin can, as this node sees it. A quarantine is known to the node that saw the failures,
    /// and ends with it; what it held does not.
    pub(crate) async fn unhold_all(&self) -> Result<u64> {
        let (registry, mut count) = (self.registry(), 0);
        for plugin in registry.plugins.values() {
            if plugin.is_active() && !self.health.is_quarantined(plugin.id()) {
                count += self.store.job_unhold(self.org(), plugin.id()).await?;
            }
        }
        self.wake.notify_waiters();
        Ok(count)
    }

    /// Jobs in a state, for administrators.
    ///
    /// # Errors
    /// The caller does not run the platform.
    pub async fn job_list(&self, actor: &Actor, state: domain::job::JobState, limit: u32) -> Result<Vec<domain::Job>> {
        self.platform(actor)?;
        Ok(self.store.job_list(self.org(), state, limit).await?)
    }

    /// How many jobs wait, are held or were given up.
    ///
    /// # Errors
    /// The caller does not run the platform.
    pub async fn job_counts(&self, actor: &Actor) -> Result<store::JobCounts> {
        self.platform(actor)?;
        Ok(self.store.job_counts(self.org()).await?)
    }

    /// Have a job that was given up tried again.
    ///
    /// # Errors
    /// The caller does not run the platform, or there is no such job.
    pub async fn job_retry(&self, actor: &Actor, id: &str) -> Result<()> {
        self.platform(actor)?;
        if !self.store.job_retry(self.org(), &id.into(), self.now()).await? {
            return Err(AppError::not_found("job that was given up", id));
        }
        self.wake.notify_waiters();
        Ok(())
    }
}

/// What a read that failed means for the job that needed it.
pub(crate) fn retry(error: StoreError) -> Stop {
    stop(&error.into())
}

pub(crate) fn stop(error: &AppError) -> Stop {
    match error {
        AppError::Quarantined { .. } => Stop::Hold(error.to_string()),
        AppError::Busy { .. }
        | AppError::Store(
            StoreError::Unreachable(_) | StoreError::ReadOnly(_) | StoreError::Busy | StoreError::Closed,
        ) => Stop::Later(explain(error)),
        AppError::Contended { .. } | AppError::Store(_) | AppError::Plugin(_) => Stop::Retry(explain(error)),
        other => Stop::Bury(explain(other)),
    }
}

/// The error with its problems, for the person who looks at the job.
fn explain(error: &AppError) -> String {
    let problems = match error {
        AppError::Invalid(problems) | AppError::Rejected { problems, .. } => problems.as_slice(),
        _ => &[],
    };
    let list: Vec<_> = problems.iter().map(ToString::to_string).collect();
    let mut text = match error {
        AppError::Plugin(fault) => fault.to_string(),
        other => other.to_string(),
    };
    if !list.is_empty() {
        text = format!("{text}: {}", list.join("; "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_trips_within_a_minute_and_what_is_older_is_forgotten() {
        let (guard, plugin) = (LoopGuard::default(), PluginId::from("p"));
        let ticket = |number: usize| TicketId::from(format!("t{number}"));
        let (early, late) = (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH + SignedDuration::from_mins(2));
        assert!(!guard.trips(&plugin, &ticket(0), early, 1));
        assert!(guard.trips(&plugin, &ticket(0), early, 1));
        assert!(!guard.trips(&plugin, &ticket(0), late, 1), "a minute is over");

        let many = Recent::SWEEP_AT_MIN;
        for number in 1..many {
            guard.trips(&plugin, &ticket(number), early, 1);
        }
        guard.trips(&plugin, &ticket(many), late, 1);

        let left = guard.recent.lock().unwrap().times.len();
        assert!(left <= 2, "{left} are left: the loop of before and the last one");
    }
}

//! What wakes a flow: timers, messages, signals, answers and changes. Each is a job, delivered at least once and applied exactly once,
//! because the end of the job is in the same commit as what it did.

use super::decide::FlowInput;
use super::plan::{self, message_key};
use crate::app::App;
use crate::error::AppError;
use crate::jobs::{Stop, stop};
use crate::snapshot::ReadSet;
use domain::change::Command;
use domain::event::{Cause, EventDraft, Origin};
use domain::flow::{BufferedMessage, DefinitionType, Topic};
use domain::job::{FlowStart, OutboundRequest, Work};
use domain::{Actor, InstanceId, JobId, Object, PersonId};
use engine::flow::{self, Key};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use store::changeset::QueryScope;
use store::{Changeset, CommitError, JobDone, NewJob, QueryRead, Write};

impl App {
    /// A command of the host itself, for a job.
    fn flow_command(&self, done: &JobDone, cause: Option<&Cause>) -> Command {
        let own = Cause {
            command: done.id.0.clone(),
            correlation: done.id.0.clone(),
            depth: 0,
            origin: Origin::Timer,
            chain: Vec::new(),
        };
        Command {
            actor: Actor::system(),
            now: self.now(),
            subject: None,
            expected_version: None,
            effects: Vec::new(),
            cause: cause.map_or(own, |cause| Cause { command: done.id.0.clone(), ..cause.clone() }),
            idempotency: None,
            dry_run: false,
        }
    }

    /// Take one step of an instance and end the job with it. What the instance does not wait for any more is dropped.
    pub(crate) async fn flow_step_of_job(
        self: &Arc<Self>,
        instance: &InstanceId,
        command: flow::Command,
        done: JobDone,
    ) -> Result<(), Stop> {
        let input = FlowInput::Step { instance: instance.clone(), command };
        let host = self.flow_command(&done, None);
        match self.flow_submit(&host, &input, Some(&done)).await {
            Ok(_) => Ok(()),
            Err(AppError::NotFound(_)) => self.drop_job(done).await,
            Err(AppError::Invalid(problems)) if problems.iter().any(|one| is_over(&one.code)) => {
                self.drop_job(done).await
            }
            Err(error) => Err(stop(&error)),
        }
    }

    pub(crate) async fn flow_resume(
        self: &Arc<Self>,
        instance: &InstanceId,
        element: Key,
        request: &OutboundRequest,
        response: Value,
        done: JobDone,
    ) -> Result<(), Stop> {
        let input =
            FlowInput::Resume { instance: instance.clone(), element, request: Box::new(request.clone()), response };
        let host = self.flow_command(&done, None);
        match self.flow_submit(&host, &input, Some(&done)).await {
            Ok(_) => Ok(()),
            Err(AppError::NotFound(_)) => self.drop_job(done).await,
            Err(AppError::Invalid(problems)) if problems.iter().any(|one| is_over(&one.code)) => {
                self.drop_job(done).await
            }
            Err(error) => Err(stop(&error)),
        }
    }

    /// End a job that has nothing to do any more.
    pub(crate) async fn drop_job(&self, done: JobDone) -> Result<(), Stop> {
        let mut set = Changeset::new(self.org().clone(), self.now());
        set.job_done = Some(done);
        self.commit(set).await.map(drop).map_err(|error| stop(&error.into()))
    }

    pub(crate) async fn start_flow_job(
        self: &Arc<Self>,
        process: &str,
        start: &FlowStart,
        cause: &Cause,
        done: JobDone,
    ) -> Result<(), Stop> {
        if cause.depth > self.config.depth_max {
            return Err(Stop::Bury(AppError::Cascade(cause.chain.clone()).to_string()));
        }
        let mut host = self.flow_command(&done, Some(cause));
        host.actor = match start.by.as_str() {
            "" | "system" => Actor::system(),
            person => match self.actor(&PersonId::from(person)).await {
                Ok(actor) => (*actor).clone(),
                Err(_) => Actor::system(),
            },
        };
        let input = FlowInput::Start {
            process: process.to_owned(),
            version: None,
            start: start.clone(),
            id: InstanceId(self.new_id()),
        };
        match self.flow_submit(&host, &input, Some(&done)).await {
            Ok(_) => Ok(()),
            Err(error) => Err(stop(&error)),
        }
    }

    /// Start a process by its timer and arm the next start.
    pub(crate) async fn start_timer_job(
        self: &Arc<Self>,
        (process, version, node): (&str, u32, &str),
        due_at: jiff::Timestamp,
        done: JobDone,
    ) -> Result<(), Stop> {
        let definition =
            self.definition(DefinitionType::Process, process, Some(version)).await.map_err(|error| stop(&error))?;
        let deployed = self.deployed(process, Some(version)).await.map_err(|error| stop(&error))?;
        let now = self.now();
        let mut set = Changeset::new(self.org().clone(), now);
        let cause = self.flow_command(&done, None).cause;
        let start = deployed.process.nodes.iter().find(|one| one.id == node);
        if let Some(timer) = start.and_then(|start| super::timer::start_timer(start, now)) {
            let fired = timer.fire(definition.deployed_at, due_at, now);
            for at in fired.starts {
                let begin = FlowStart { node: Some(node.to_owned()), by: "system".to_owned(), ..FlowStart::default() };
                // However often and by whichever node it is decided: one start for each due time.
                let unique_key = Some(format!("started:{process}:{node}:{at}"));
                set.jobs.push(NewJob { unique_key, ..plan::start(self, process, begin, &cause, now) });
            }
            let key = format!("start:{process}:{node}");
            set.jobs.extend(fired.next.map(|next| NewJob {
                id: JobId(self.new_id()),
                work: Work::StartTimer { process: process.to_owned(), version, node: node.to_owned(), at: Some(next) },
                order_key: key.clone(),
                due_at: next,
                unique_key: Some(key),
                event: None,
            }));
        }
        set.job_done = Some(done);
        self.commit(set).await.map(drop).map_err(|error| stop(&error.into()))
    }

    /// Find out who a message or signal is for, and send it there; a message that nobody wants yet is kept for its time.
    pub(crate) async fn publish_job(
        self: &Arc<Self>,
        topic: &Topic,
        variables: &Object,
        (ttl_seconds, from): (i64, Option<&InstanceId>),
        cause: &Cause,
        done: JobDone,
    ) -> Result<(), Stop> {
        for _ in 0..=self.config.retries_max {
            let mut set = Changeset::new(self.org().clone(), self.now());
            let mut reads = ReadSet::default();
            self.plan_publication(topic, variables, (ttl_seconds, from), cause, &mut set, &mut reads)
                .await
                .map_err(|error| stop(&error))?;
            set.reads = reads.queries;
            set.job_done = Some(done.clone());
            match self.commit(set).await {
                Ok(_) => return Ok(()),
                Err(CommitError::Conflict { .. }) => {}
                Err(error) => return Err(stop(&error.into())),
            }
        }
        Err(Stop::Retry("who waits for it kept changing".to_owned()))
    }

    /// The oldest subscription of each process for a message, every one for a signal, and the start events of both.
    async fn plan_publication(
        &self,
        topic: &Topic,
        variables: &Object,
        (ttl_seconds, from): (i64, Option<&InstanceId>),
        cause: &Cause,
        set: &mut Changeset,
        reads: &mut ReadSet,
    ) -> Result<(), AppError> {
        let mut topics = vec![topic.clone()];
        if let Topic::Message { name, key } = topic
            && !key.is_empty()
        {
            // Start events wait for every key.
            topics.push(Topic::Message { name: name.clone(), key: String::new() });
        }
        let mut served = BTreeSet::new();
        for topic in topics {
            let mut read = QueryRead { scope: QueryScope::Subscriptions(topic.clone()), digest: String::new() };
            read.digest = self.store.ticket_digest(self.org(), &read).await?;
            reads.queries.push(read);
            for subscription in self.store.subscription_list(self.org(), &topic).await? {
                let once = matches!(topic, Topic::Message { .. });
                if subscription.instance.as_ref() == from && from.is_some() && !once {
                    continue;
                }
                if once && !served.insert(subscription.process.clone()) {
                    continue;
                }
                set.jobs.push(self.delivery(&subscription, &topic, variables, cause, set.at));
            }
        }
        if served.is_empty()
            && let Topic::Message { name, key } = topic
            && ttl_seconds > 0
        {
            let message = BufferedMessage {
                id: self.new_id(),
                name: name.clone(),
                key: key.clone(),
                variables: variables.clone(),
                at: set.at,
                expires_at: set.at + jiff::SignedDuration::from_secs(ttl_seconds),
            };
            set.jobs.push(NewJob {
                id: JobId(self.new_id()),
                work: Work::ExpireMessage { id: message.id.clone() },
                order_key: message_key(&message.id),
                due_at: message.expires_at,
                unique_key: Some(message_key(&message.id)),
                event: None,
            });
            set.writes.push(Write::BufferMessage(message));
        }
        let (kind, name, key) = topic.parts();
        set.events.push(EventDraft {
            subject_kind: kind.to_owned(),
            subject: name.to_owned(),
            space: Actor::PLATFORM.to_owned(),
            at: set.at,
            actor: "system".to_owned(),
            kind: format!("{kind}.published"),
            data: json!({ "key": key, "receivers": set.jobs.len() }),
            cause: cause.clone(),
        });
        Ok(())
    }

    fn delivery(
        &self,
        subscription: &domain::flow::Subscription,
        topic: &Topic,
        variables: &Object,
        cause: &Cause,
        now: jiff::Timestamp,
    ) -> NewJob {
        let Some(instance) = &subscription.instance else {
            let (_, _, key) = topic.parts();
            let start = FlowStart {
                node: Some(subscription.element.clone()),
                business_key: (!key.is_empty()).then(|| key.to_owned()),
                variables: variables.clone(),
                by: "system".to_owned(),
                ..FlowStart::default()
            };
            return plan::start(self, &subscription.process, start, cause, now);
        };
        NewJob {
            id: JobId(self.new_id()),
            work: Work::Deliver {
                instance: instance.clone(),
                subscription: subscription.element.clone(),
                topic: topic.clone(),
                variables: variables.clone(),
            },
            order_key: plan::order_key(instance),
            due_at: now,
            unique_key: None,
            event: None,
        }
    }

    pub(crate) async fn deliver_job(
        self: &Arc<Self>,
        instance: &InstanceId,
        subscription: &str,
        topic: &Topic,
        variables: &Object,
        done: JobDone,
    ) -> Result<(), Stop> {
        let subscription = super::key_of(subscription).map_err(Stop::Bury)?;
        let command = match topic {
            Topic::Message { name, .. } => {
                flow::Command::Message { subscription, name: name.clone(), variables: variables.clone() }
            }
            Topic::Signal { name } => {
                flow::Command::Signal { subscription, name: name.clone(), variables: variables.clone() }
            }
        };
        let input = FlowInput::Step { instance: instance.clone(), command };
        let host = self.flow_command(&done, None);
        match self.flow_submit(&host, &input, Some(&done)).await {
            Ok(_) => Ok(()),
            // It stopped waiting before the message came: the message looks for another receiver and is lost to nobody.
            Err(AppError::NotFound(_)) => {
                let mut set = Changeset::new(self.org().clone(), self.now());
                if let Topic::Message { .. } = topic {
                    let (variables, ttl) = (variables.clone(), plan::MESSAGE_SECONDS);
                    set.jobs.push(plan::publish(self, topic.clone(), variables, ttl, None, &host.cause, host.now));
                }
                set.job_done = Some(done);
                self.commit(set).await.map(drop).map_err(|error| stop(&error.into()))
            }
            Err(AppError::Invalid(problems)) if problems.iter().any(|one| one.code == "flow-ended") => {
                self.drop_job(done).await
            }
            Err(error) => Err(stop(&error)),
        }
    }

    pub(crate) async fn expire_message_job(&self, id: &str, done: JobDone) -> Result<(), Stop> {
        let mut set = Changeset::new(self.org().clone(), self.now());
        set.writes.push(Write::TakeMessage { id: id.to_owned() });
        set.job_done = Some(done);
        self.commit(set).await.map(drop).map_err(|error| stop(&error.into()))
    }
}

/// The instance or the element does not wait for this any more.
fn is_over(code: &str) -> bool {
    matches!(code, "flow-ended" | "flow-not-waiting")
}

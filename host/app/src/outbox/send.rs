//! One attempt: mark the item, send, write down what came of it. Whatever happens in between, the item never says less than is known.

use super::after::{Peer, after};
use super::{notify, plan};
use crate::app::App;
use crate::jobs::{Stop, retry, stop};
use crate::port::outbound::{Delivery, OutboundHttp, OutboundMail};
use domain::event::EventDraft;
use domain::job::{OutboundRequest, Work};
use domain::manifest::Permission;
use domain::outbox::{Content, Mail, MailPurpose, OutboxItem, OutboxState, StepAnswer};
use domain::schedule::Outcome;
use domain::{Actor, JobId, OutboxId};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use store::{Changeset, CommitError, JobDone, NewJob};

const TIMEOUT_SECONDS_MAX: u32 = 30;
/// Tries to write down what came of an attempt, over half the lease of its job: what is known now would be a guess later.
const CONCLUDE_TRIES_MAX: u32 = 6;
/// Items that one delivery forgets; about one delivery in 256 does so.
const PRUNE_MAX: u32 = 200;

/// How an attempt ended.
struct Ended {
    outcome: Outcome,
    status: Option<u16>,
    /// What the step is told.
    answer: Option<StepAnswer>,
}

/// What is to be done with an item that is due.
enum Ready {
    Http(Box<OutboundHttp>),
    Mail(OutboundMail),
    /// It can be seen without sending that it will not be sent.
    Ended(Outcome),
    /// Nobody wants it.
    Unwanted(String),
}

impl App {
    /// Send an item once, and plan what follows.
    pub(crate) async fn send_job(self: &Arc<Self>, id: &OutboxId, done: JobDone) -> Result<(), Stop> {
        let Some(item) = self.store.outbox_get(self.org(), id).await.map_err(retry)? else {
            return self.end_job(done).await;
        };
        match item.state {
            OutboxState::Waiting => {}
            OutboxState::Sending => {
                // The claim of whoever began it is over: it died, or it was cut off.
                let reason = "the node that sent it ended before it wrote down an answer".to_owned();
                let ended = Ended { outcome: Outcome::Unknown { reason }, status: None, answer: None };
                let request = self.request_of(&item).await?;
                return self.conclude(item, ended, request, &done).await;
            }
            _ => return self.end_job(done).await,
        }
        let content = self.store.outbox_content(self.org(), id).await.map_err(retry)?;
        let content = content.ok_or_else(|| Stop::Bury(format!("the outbox item {id} has no content any more")))?;
        let ready = self.prepare(&item, &content).await?;
        if let Ready::Unwanted(why) = ready {
            return self.drop_item(item, why, done).await;
        }
        let item = self.begin(item).await?;
        let ended = match ready {
            Ready::Http(request) => http_ended(self.outbound.http(*request).await, &item),
            Ready::Mail(mail) => Ended { outcome: self.outbound.mail(mail).await, status: None, answer: None },
            Ready::Ended(outcome) => Ended { outcome, status: None, answer: None },
            Ready::Unwanted(_) => unreachable!("it was dropped above"),
        };
        let request = match content {
            Content::Http { request } => Some(request),
            Content::Mail { .. } => None,
        };
        self.conclude(item, ended, request, &done).await
    }

    async fn request_of(&self, item: &OutboxItem) -> Result<Option<Box<OutboundRequest>>, Stop> {
        match self.store.outbox_content(self.org(), &item.id).await.map_err(retry)? {
            Some(Content::Http { request }) => Ok(Some(request)),
            _ => Ok(None),
        }
    }

    async fn prepare(&self, item: &OutboxItem, content: &Content) -> Result<Ready, Stop> {
        match content {
            Content::Http { request } => {
                let registry = self.registry();
                let plugin = registry.plugin(&request.plugin).filter(|plugin| plugin.is_active());
                let plugin = plugin.ok_or_else(|| Stop::Hold(format!("plugin `{}` is not enabled", request.plugin)))?;
                let grants = plugin.grants.iter().map(|grant| grant.permission.clone());
                let seconds = u64::from(request.timeout_seconds.clamp(1, TIMEOUT_SECONDS_MAX));
                Ok(Ready::Http(Box::new(OutboundHttp {
                    method: request.method.clone(),
                    url: request.url.clone(),
                    headers: request.headers.clone(),
                    body: request.body.clone(),
                    idempotency_key: item.idempotency_key.clone(),
                    timeout: Duration::from_secs(seconds),
                    grants: grants.filter(|permission| matches!(permission, Permission::Http { .. })).collect(),
                })))
            }
            Content::Mail { mail } => self.prepare_mail(item, mail).await,
        }
    }

    async fn prepare_mail(&self, item: &OutboxItem, mail: &Mail) -> Result<Ready, Stop> {
        let refused = |reason: &str| Ok(Ready::Ended(Outcome::Refused { reason: reason.to_owned() }));
        let (mut to, mut to_name) = (mail.to.clone(), mail.to_name.clone());
        if let Some(id) = &mail.person {
            let person = self.store.person_get(self.org(), id).await.map_err(retry)?;
            let Some(person) = person.filter(|person| person.active) else {
                return Ok(Ready::Unwanted("the person is not there any more".to_owned()));
            };
            if mail.purpose == MailPurpose::Notification {
                if !notify::wants_notifications(&person) || person.email.is_empty() {
                    return Ok(Ready::Unwanted(
                        "the person wants no notifications by mail, or has no address".to_owned(),
                    ));
                }
                let max = self.config.mail.per_person_per_hour_max;
                if item.attempts == 0 && self.floods.trips(id, self.now(), max) {
                    metrics::counter!("weft_mail_floods_total").increment(1);
                    return Ok(Ready::Unwanted(format!("the person had more than {max} notifications in an hour")));
                }
            }
            (to, to_name) = (person.email, Some(person.name));
        }
        if to.is_empty() {
            return refused("the person has no mail address");
        }
        // A mail to ourselves would come back as a new one, for ever.
        if to.eq_ignore_ascii_case(&self.config.mail.own_address) {
            return refused("it would go to Weft's own address");
        }
        let (subject, text) = match mail.purpose {
            MailPurpose::Letter => (mail.subject.clone(), mail.text.clone()),
            MailPurpose::Notification => self.notification_text(item, mail).await?,
        };
        Ok(Ready::Mail(OutboundMail { idempotency_key: item.idempotency_key.clone(), to_name, to, subject, text }))
    }

    /// A notification as a mail. Of what is confidential a mail says only that there is something: it may lie in any mailbox for years.
    async fn notification_text(&self, item: &OutboxItem, mail: &Mail) -> Result<(String, String), Stop> {
        let base = self.config.mail.public_url.trim_end_matches('/');
        let link = |path: &str| if base.is_empty() { String::new() } else { format!("\n\n{base}{path}") };
        let footer =
            "\n\n-- \nWeft sends this because it concerns you. Your administrator can switch such mails off for you.";
        let Some(ticket) = &item.ticket else {
            return Ok((mail.subject.clone(), format!("{}{}{footer}", mail.text, link("/"))));
        };
        let link = link(&format!("/tickets/{ticket}"));
        let bundle = self.store.ticket_load(self.org(), &ticket.0).await.map_err(retry)?;
        let Some(bundle) = bundle else { return Ok((mail.subject.clone(), format!("{}{footer}", mail.text))) };
        let space = self.store.space_get(self.org(), &bundle.ticket.space.0).await.map_err(retry)?;
        let number = &bundle.ticket.number;
        if bundle.ticket.restricted || space.is_none_or(|space| space.confidential) {
            let text = format!("There is news about {number}. Sign in to read it.{link}{footer}");
            return Ok((format!("News about {number}"), text));
        }
        Ok((format!("[{number}] {}", mail.subject), format!("{}{link}{footer}", mail.text)))
    }

    /// From here on the item may have left the house. Without this commit nothing is sent.
    async fn begin(&self, item: OutboxItem) -> Result<OutboxItem, Stop> {
        let now = self.now();
        let begun = OutboxItem {
            state: OutboxState::Sending,
            attempts: item.attempts + 1,
            sent_at: Some(now),
            next_at: None,
            version: item.version + 1,
            ..item
        };
        let mut set = Changeset::new(self.org().clone(), now);
        plan::write(begun.clone(), None, &mut set);
        self.commit(set).await.map_err(|error| stop(&error.into()))?;
        Ok(begun)
    }

    async fn conclude(
        self: &Arc<Self>,
        mut item: OutboxItem,
        ended: Ended,
        request: Option<Box<OutboundRequest>>,
        done: &JobDone,
    ) -> Result<(), Stop> {
        let mut failure = String::new();
        for attempt in 0..CONCLUDE_TRIES_MAX {
            if attempt > 0 {
                self.rest(attempt).await;
            }
            let set = self.concluded(&item, &ended, request.as_deref(), done);
            match self.commit(set).await {
                Ok(_) => {
                    self.prune(&item).await;
                    return Ok(());
                }
                Err(CommitError::Conflict { what }) => {
                    // The flow stopped waiting meanwhile, or an operator was faster.
                    failure = what;
                    match self.store.outbox_get(self.org(), &item.id).await {
                        Ok(Some(now)) if now.state == OutboxState::Sending && now.sent_at == item.sent_at => item = now,
                        Ok(_) => return self.end_job(done.clone()).await,
                        Err(error) => failure = error.to_string(),
                    }
                }
                Err(CommitError::Store(error)) => failure = error.to_string(),
                Err(error) => return Err(stop(&error.into())),
            }
        }
        Err(Stop::Retry(format!("what came of it could not be written down: {failure}")))
    }

    /// The item after the attempt, the end of the job, and what follows: another attempt, or the answer to the step.
    fn concluded(
        &self,
        item: &OutboxItem,
        ended: &Ended,
        request: Option<&OutboundRequest>,
        done: &JobDone,
    ) -> Changeset {
        let now = self.now();
        let next = after(item, &ended.outcome, ended.status, self.peer(request), now);
        let mut set = Changeset::new(self.org().clone(), now);
        set.job_done = Some(done.clone());
        if let Some(at) = next.next_at {
            set.jobs.push(plan::job(self, &next.id, next.plugin.clone(), at));
        }
        let answer = match next.state {
            OutboxState::Delivered => ended.answer.clone(),
            // The last answer is the step's to judge, also when it says that the other side cannot.
            OutboxState::Dead if ended.answer.is_some() => ended.answer.clone(),
            OutboxState::Dead => Some(StepAnswer::Failed {
                message: next.reason.clone().unwrap_or_else(|| "it was given up".to_owned()),
            }),
            _ => None,
        };
        if let (Some(answer), Some(request)) = (answer, request) {
            set.jobs.extend(answer_job(self, &next, request, answer, now));
        }
        if next.state != OutboxState::Waiting {
            set.events.push(event(&next, "system", now));
        }
        let state = format!("{:?}", next.state).to_lowercase();
        metrics::counter!("weft_outbox_attempts_total", "state" => state).increment(1);
        plan::write(next, None, &mut set);
        set
    }

    fn peer(&self, request: Option<&OutboundRequest>) -> Peer {
        let host = request.and_then(|request| host_of(&request.url));
        let honours = host.is_some_and(|host| self.config.idempotent_hosts.contains(&host));
        if honours { Peer::HonoursTheKey } else { Peer::IsNotKnownTo }
    }

    async fn drop_item(&self, item: OutboxItem, why: String, done: JobDone) -> Result<(), Stop> {
        let now = self.now();
        let next = OutboxItem {
            state: OutboxState::Cancelled,
            reason: Some(why),
            next_at: None,
            ended_at: Some(now),
            version: item.version + 1,
            ..item
        };
        let mut set = Changeset::new(self.org().clone(), now);
        set.job_done = Some(done);
        plan::write(next, None, &mut set);
        self.commit(set).await.map(drop).map_err(|error| stop(&error.into()))
    }

    /// End a job that has nothing to do any more.
    async fn end_job(&self, done: JobDone) -> Result<(), Stop> {
        let mut set = Changeset::new(self.org().clone(), self.now());
        set.job_done = Some(done);
        self.commit(set).await.map(drop).map_err(|error| stop(&error.into()))
    }

    /// Forget what was delivered long ago: now and then, and a little at a time.
    async fn prune(&self, item: &OutboxItem) {
        if !item.id.0.ends_with("00") {
            return;
        }
        let kept = SignedDuration::from_hours(24 * i64::from(self.config.outbox_days.max(1)));
        if let Err(error) = self.store.outbox_prune(self.org(), self.now() - kept, PRUNE_MAX).await {
            tracing::warn!(%error, "delivered items could not be forgotten");
        }
    }

    async fn rest(&self, attempt: u32) {
        self.clock.sleep(Duration::from_millis(100 << attempt.min(5))).await;
    }
}

/// A job that hands the answer to the step, when one waits. It has what the step needs to go on and nothing that was secret.
pub(super) fn answer_job(
    app: &App,
    item: &OutboxItem,
    request: &OutboundRequest,
    answer: StepAnswer,
    now: Timestamp,
) -> Option<NewJob> {
    let step = item.step.as_ref().filter(|_| !item.abandoned)?;
    let request = OutboundRequest { headers: Vec::new(), body: None, ..request.clone() };
    Some(NewJob {
        id: JobId(app.new_id()),
        work: Work::AnswerStep {
            instance: step.instance.clone(),
            element: step.element.clone(),
            request: Box::new(request),
            answer: Box::new(answer),
        },
        order_key: crate::flow::order_key(&step.instance),
        due_at: now,
        unique_key: None,
        event: None,
    })
}

/// A line in the journal, without content and target.
pub(super) fn event(item: &OutboxItem, actor: &str, now: Timestamp) -> EventDraft {
    let state = serde_json::to_value(item.state).unwrap_or_default();
    EventDraft {
        subject_kind: "outbox".to_owned(),
        subject: item.id.0.clone(),
        space: Actor::PLATFORM.to_owned(),
        at: now,
        actor: actor.to_owned(),
        kind: format!("outbox.{}", state.as_str().unwrap_or("changed")),
        data: json!({ "type": item.item_type, "plugin": item.plugin, "attempts": item.attempts, "status": item.status }),
        cause: item.cause.clone(),
    }
}

fn http_ended(delivery: Delivery, item: &OutboxItem) -> Ended {
    let waits = item.step.is_some();
    match delivery {
        Delivery::Answered { status, headers, body, retry_after_seconds } => {
            let outcome = status_outcome(status, retry_after_seconds, waits);
            let headers: BTreeMap<_, _> = headers.into_iter().collect();
            let response = json!({ "status": status, "headers": headers, "body": body });
            Ended { outcome, status: Some(status), answer: Some(StepAnswer::Answered { response }) }
        }
        // A step cannot go on with half an answer; for everybody else the status says enough.
        Delivery::Broken { status, reason, .. } if waits => {
            Ended { outcome: Outcome::Unknown { reason }, status: Some(status), answer: None }
        }
        Delivery::Broken { status, retry_after_seconds, .. } => {
            Ended { outcome: status_outcome(status, retry_after_seconds, waits), status: Some(status), answer: None }
        }
        Delivery::NotSent { reason, may_retry: true } => {
            Ended { outcome: Outcome::Failed { reason, retry_after_seconds: None }, status: None, answer: None }
        }
        Delivery::NotSent { reason, may_retry: false } => {
            Ended { outcome: Outcome::Refused { reason }, status: None, answer: None }
        }
        Delivery::Unknown { reason } => Ended { outcome: Outcome::Unknown { reason }, status: None, answer: None },
    }
}

/// What a status means. A step decides itself what a refusal means to it.
fn status_outcome(status: u16, retry_after_seconds: Option<u32>, waits: bool) -> Outcome {
    let reason = format!("the other side answered {status}");
    match status {
        408 | 425 | 429 | 500 | 502..=599 => Outcome::Failed { reason, retry_after_seconds },
        200..=299 => Outcome::Delivered,
        _ if waits => Outcome::Delivered,
        _ => Outcome::Refused { reason },
    }
}

/// `host:port` of an address as it is written, in small letters.
fn host_of(url: &str) -> Option<String> {
    let rest = url.split_once("://")?.1;
    let host = rest.split(['/', '?', '#']).next()?;
    Some(host.rsplit('@').next()?.to_ascii_lowercase())
}

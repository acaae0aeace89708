//! From a decision to items: written in the same commit as what was decided, under keys that a repeated decision makes again.

use crate::app::App;
use crate::registry::Plugin;
use domain::change::Command;
use domain::job::{OutboundRequest, Work};
use domain::manifest::Permission;
use domain::outbox::{Content, Mail, MailPurpose, OutboxItem, OutboxState, StepRef};
use domain::schedule::RetryPolicy;
use domain::{FlowInstance, JobId, OutboxId, PluginId, SpaceId, TicketId};
use engine::flow::Key;
use engine::{Outgoing, OutgoingWish};
use jiff::Timestamp;
use store::changeset::Noun;
use store::{Changeset, Expect, NewJob, OutboxQuery, StoreError, Write};

const BODY_BYTES_MAX: usize = 1 << 20;
const TIMEOUT_SECONDS: u32 = 30;
/// Items of one step that can be open at once; there is one.
const OF_STEP_MAX: u32 = 20;

/// Whether one of the plugin's grants covers a request; the exact check is made again where it is sent.
pub(crate) fn allowed(plugin: &Plugin, method: &str, url: &str, body: Option<&str>) -> Result<(), String> {
    if body.is_some_and(|body| body.len() > BODY_BYTES_MAX) {
        return Err(format!("its request has a body of more than {BODY_BYTES_MAX} bytes"));
    }
    let fits = |permission: &Permission| match permission {
        Permission::Http { host, methods, .. } => methods.iter().any(|known| known == method) && url.contains(host),
        _ => false,
    };
    if plugin.grants.iter().any(|grant| fits(&grant.permission)) {
        return Ok(());
    }
    let shown = url.split(['?', '#']).next().unwrap_or_default();
    Err(format!("the plugin `{}` has no grant for {method} {shown}", plugin.id()))
}

/// What a new item is about, apart from what it says.
pub(super) struct About<'a> {
    pub(super) key: String,
    pub(super) policy: RetryPolicy,
    pub(super) plugin: Option<PluginId>,
    pub(super) ticket: Option<&'a TicketId>,
    pub(super) space: SpaceId,
    pub(super) step: Option<StepRef>,
}

/// Items for the requests and mails of a decision.
pub(crate) fn decided(app: &App, command: &Command, outgoing: Vec<Outgoing>, set: &mut Changeset) {
    let mut index = 0_u32;
    for one in outgoing {
        let Outgoing { plugin, ticket, space, wish, .. } = one;
        let mut add = |content: Content, policy: RetryPolicy| {
            // The command is committed once, so its id and the place in it name this item and no other.
            let key = format!("{}:{index}", command.cause.command);
            index += 1;
            let plugin = plugin.clone();
            let about = About { key, policy, plugin, ticket: ticket.as_ref(), space: space.clone(), step: None };
            put(app, &command.cause, about, content, 0, set);
        };
        match wish {
            OutgoingWish::Call(call) => {
                let Some(plugin) = plugin.clone() else { continue };
                let policy = call.backoff.as_deref().and_then(|text| RetryPolicy::listed(text).ok());
                let request = OutboundRequest {
                    headers: call.headers,
                    body: call.body,
                    timeout_seconds: call.timeout_seconds.unwrap_or(TIMEOUT_SECONDS),
                    idempotent: call.idempotent,
                    ..OutboundRequest::new(plugin, call.method, call.url)
                };
                add(Content::Http { request: Box::new(request) }, policy.unwrap_or_default());
            }
            OutgoingWish::Mail(mail) => {
                let letter = |person, to: String| {
                    let (subject, text) = (mail.subject.clone(), mail.text.clone());
                    let purpose = MailPurpose::Letter;
                    Content::Mail { mail: Box::new(Mail { purpose, person, to_name: None, to, subject, text }) }
                };
                for person in &mail.people {
                    add(letter(Some(person.clone()), String::new()), RetryPolicy::default());
                }
                for address in &mail.to {
                    add(letter(None, address.clone()), RetryPolicy::default());
                }
            }
        }
    }
}

/// Put an item into a changeset, with the job that sends it. `known_version` is that of an earlier item with the same key.
pub(super) fn put(
    app: &App,
    cause: &domain::event::Cause,
    about: About<'_>,
    mut content: Content,
    known_version: u32,
    set: &mut Changeset,
) {
    let (id, plugin) = (id_of(&about.key), about.plugin.clone());
    if let Content::Http { request } = &mut content {
        request.idempotency_key.clone_from(&about.key);
    }
    let now = set.at.max(app.now());
    let item = OutboxItem {
        id: id.clone(),
        idempotency_key: about.key,
        item_type: content.item_type(),
        target: content.target(),
        state: OutboxState::Waiting,
        attempts: 0,
        policy: RetryPolicy { on_unknown: content.on_unknown(), ..about.policy },
        plugin: about.plugin,
        ticket: about.ticket.cloned(),
        space: about.space,
        step: about.step,
        abandoned: false,
        created_at: now,
        next_at: Some(now),
        sent_at: None,
        ended_at: None,
        status: None,
        last_error: None,
        reason: None,
        cause: cause.clone(),
        version: known_version + 1,
    };
    write(item, Some(content), set);
    set.jobs.push(job(app, &id, plugin, now));
}

/// The job that sends an item at its time.
pub(super) fn job(app: &App, item: &OutboxId, plugin: Option<PluginId>, due_at: Timestamp) -> NewJob {
    NewJob {
        id: JobId(app.new_id()),
        work: Work::Send { item: item.clone(), plugin },
        order_key: format!("outbox/{item}"),
        due_at,
        unique_key: Some(job_key(item)),
        event: None,
    }
}

pub(crate) fn job_key(item: &OutboxId) -> String {
    format!("outbox:{item}")
}

pub(super) fn write(item: OutboxItem, content: Option<Content>, set: &mut Changeset) {
    set.expects.push(Expect { noun: Noun::Outbox, id: item.id.0.clone(), version: item.version - 1 });
    set.writes.push(Write::Outbox { item: Box::new(item), content: content.map(Box::new) });
}

/// The same key is the same item.
pub(super) fn id_of(key: &str) -> OutboxId {
    OutboxId(crate::hash::seed(&format!("outbox\0{key}")))
}

impl App {
    /// Items for the requests of a flow's steps, and an end to those that it does not wait for any more.
    pub(crate) async fn plan_calls(
        &self,
        command: &Command,
        row: &FlowInstance,
        calls: &[(Key, OutboundRequest)],
        abandoned: &[Key],
        set: &mut Changeset,
    ) -> Result<(), StoreError> {
        for element in abandoned {
            let step = StepRef { process: row.process.clone(), instance: row.id.clone(), element: element.to_string() };
            self.abandon(&step, set).await?;
        }
        for (element, request) in calls {
            // The same request of the same attempt has the same key also when a person has the step tried again; a request that was
            // changed meanwhile is another one.
            let body = request.body.as_deref().unwrap_or_default();
            let content = [request.method.as_str(), &request.url, body].join("\0");
            let content = &crate::hash::sha256(content.as_bytes())[..12];
            let key = format!("{}:{element}:{}:{}:{content}", row.id, request.attempt, request.call);
            let known = self.store.outbox_get(self.org(), &id_of(&key)).await?;
            let about = About {
                key,
                policy: request.policy.clone().unwrap_or_default(),
                plugin: Some(request.plugin.clone()),
                ticket: row.ticket.as_ref(),
                space: row.space.clone(),
                step: Some(StepRef {
                    process: row.process.clone(),
                    instance: row.id.clone(),
                    element: element.to_string(),
                }),
            };
            let content = Content::Http { request: Box::new(request.clone()) };
            put(self, &command.cause, about, content, known.map_or(0, |known| known.version), set);
        }
        Ok(())
    }

    /// What was not sent yet is cancelled; what is being sent, or may have been, is seen to its end without the flow.
    async fn abandon(&self, step: &StepRef, set: &mut Changeset) -> Result<(), StoreError> {
        let query = OutboxQuery { step_key: Some(step.key()), ..OutboxQuery::default() };
        for item in self.store.outbox_list(self.org(), &query, None, OF_STEP_MAX).await?.items {
            let mut next = OutboxItem { abandoned: true, version: item.version + 1, ..item };
            match next.state {
                OutboxState::Waiting => {
                    next.state = OutboxState::Cancelled;
                    next.next_at = None;
                    next.ended_at = Some(set.at);
                    next.reason = Some("the flow does not wait for it any more".to_owned());
                    set.writes.push(Write::CancelJob { unique_key: job_key(&next.id) });
                }
                OutboxState::Sending | OutboxState::Unknown => {}
                OutboxState::Delivered | OutboxState::Dead | OutboxState::Cancelled => continue,
            }
            write(next, None, set);
        }
        Ok(())
    }
}

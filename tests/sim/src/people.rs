//! Those who use the simulated company: callers with commands that are sent again until they are answered, rivals who begin at the same
//! moment, agents with tasks, a payer, and an operator who looks after what failed.

use crate::cluster::{Cluster, Serving};
use crate::company::{AGENTS, GROUPS};
use crate::fault::Bug;
use crate::history::Told;
use app::AppError;
use app::flow::{InstanceQuery, NewInstance, TaskCompletion, VoteRequest, model};
use domain::change::{Command, IdempotencyKey};
use domain::flow::{InstanceStatus, TaskState, Topic};
use domain::outbox::OutboxState;
use domain::{Effect, Object, TicketId};
use futures_util::future::{Either, join, select};
use serde_json::json;
use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::OutboxQuery;
use store::conformance::data::Dice;

const LOCK: &str = "nothing panics while it holds this lock";
/// Commands of one caller.
const COMMANDS_MAX: usize = 10;
/// Longest that a caller thinks between two commands.
const THINK_SECONDS_MAX: usize = 300;
/// How often two take the next case of a group at the same moment.
const RIVALRIES_MAX: usize = 12;
/// Longest time between two of these.
const RIVALRY_SECONDS_MAX: usize = 300;

/// What the callers know together.
#[derive(Debug, Default)]
pub struct Known {
    tickets: Mutex<Vec<TicketId>>,
    /// Callers that are not done.
    busy: Mutex<usize>,
}

impl Known {
    /// # Panics
    /// Never.
    #[must_use]
    pub fn is_done(&self) -> bool {
        *self.busy.lock().expect(LOCK) == 0
    }

    fn ticket(&self, dice: &mut Dice) -> Option<TicketId> {
        let tickets = self.tickets.lock().expect(LOCK);
        // Mostly the newest ones: callers get in each other's way.
        let from = if dice.one_in(3) { 0 } else { tickets.len().saturating_sub(3) };
        tickets.get(from + dice.below(tickets.len() - from)).cloned()
    }
}

/// Let everybody begin.
pub fn spawn(cluster: &Arc<Cluster>, known: &Arc<Known>, seed: u64, callers: usize) {
    // The rivals count as one.
    *known.busy.lock().expect(LOCK) = callers + 1;
    let dice = |number: u64| Dice(seed.wrapping_mul(31).wrapping_add(number));
    for (number, place) in (1..=callers).zip(1..) {
        let (cluster, known) = (Arc::clone(cluster), Arc::clone(known));
        tokio::spawn(Caller { number, cluster, known, dice: dice(place) }.live());
    }
    let rival = |number: usize, place| {
        let (cluster, known) = (Arc::clone(cluster), Arc::clone(known));
        Caller { number, cluster, known, dice: dice(place) }
    };
    tokio::spawn(rivals([rival(11, 400), rival(12, 401)]));
    for (number, login) in (100..).zip(AGENTS) {
        tokio::spawn(agent(Arc::clone(cluster), login, dice(number)));
    }
    tokio::spawn(payer(Arc::clone(cluster), dice(200)));
    tokio::spawn(operator(Arc::clone(cluster), dice(300)));
}

struct Caller {
    number: usize,
    cluster: Arc<Cluster>,
    known: Arc<Known>,
    dice: Dice,
}

#[derive(Debug, Clone)]
enum Wish {
    Effects { subject: Option<TicketId>, effects: serde_json::Value },
    StartOrder(TicketId),
}

impl Caller {
    async fn live(mut self) {
        for number in 0..COMMANDS_MAX {
            let think = Duration::from_millis(self.dice.below(THINK_SECONDS_MAX * 1_000) as u64);
            self.cluster.shared.timeline.sleep(think).await;
            if self.dice.one_in(2) {
                // Many press the button at the full minute: that is when they get in each other's way.
                let left = 60_000_000 - self.cluster.shared.now_micros().rem_euclid(60_000_000);
                self.cluster.shared.timeline.sleep(Duration::from_micros(left.unsigned_abs())).await;
            }
            if self.cluster.shared.heals() {
                break;
            }
            let marker = format!("c{}-{number}", self.number);
            let wish = self.wish(&marker);
            self.carry_out(&marker, &wish).await;
        }
        *self.known.busy.lock().expect(LOCK) -= 1;
    }

    fn wish(&mut self, marker: &str) -> Wish {
        let create = || {
            json!([{ "kind": "create-ticket", "data": { "kind": "case", "space": "it", "title": marker,
                "fields": { "marker": marker, "level": 0 } } }])
        };
        let Some(ticket) = (!self.dice.one_in(5)).then(|| self.known.ticket(&mut self.dice)).flatten() else {
            let mut effects = create();
            effects[0]["data"]["group"] = json!(GROUPS[usize::from(self.dice.one_in(5))]);
            return Wish::Effects { subject: None, effects };
        };
        // Everything else says who it was, so that it can be counted.
        let said = json!({ "kind": "comment", "data": { "visibility": "internal", "body": marker } });
        let also = match self.dice.below(10) {
            0 | 1 => None,
            2 => Some(json!({ "kind": "set-field", "data": { "field": "level", "value": self.dice.below(1_000) } })),
            3..=6 => Some(
                json!({ "kind": "transition", "data": { "to": self.dice.pick(&["active", "active", "done", "done", "closed"]) } }),
            ),
            7 => {
                let other = self.known.ticket(&mut self.dice).filter(|other| *other != ticket);
                other.map(|other| json!({ "kind": "link", "data": { "type": "relates-to", "other": other } }))
            }
            _ => return Wish::StartOrder(ticket),
        };
        let effects = std::iter::once(said).chain(also).collect();
        Wish::Effects { subject: Some(ticket), effects }
    }

    async fn move_to(&mut self, marker: &str, ticket: &TicketId, state: &str) {
        let effects = json!([
            { "kind": "comment", "data": { "visibility": "internal", "body": marker } },
            { "kind": "transition", "data": { "to": state } },
        ]);
        self.carry_out(marker, &Wish::Effects { subject: Some(ticket.clone()), effects }).await;
    }

    /// Send it until it is answered.
    async fn carry_out(&mut self, marker: &str, wish: &Wish) {
        for attempt in 0_u32.. {
            let wait = Duration::from_millis(200 + self.dice.below(3_000) as u64);
            let Some(Serving { life, app }) = self.cluster.pick(&mut self.dice) else {
                self.cluster.shared.timeline.sleep(wait).await;
                continue;
            };
            let key = match self.cluster.shared.bug {
                Some(Bug::RetryAsNew) => format!("{marker}#{attempt}"),
                _ => marker.to_owned(),
            };
            let sent = pin!(send(&app, marker, key, wish));
            let outcome = match select(sent, pin!(life.ended())).await {
                Either::Left((outcome, _)) => Some(outcome),
                Either::Right(_) => None,
            };
            let outcome_text = match &outcome {
                None => "no answer".to_owned(),
                Some(Ok(_)) => "done".to_owned(),
                Some(Err(error)) => error.to_string(),
            };
            self.cluster.shared.log(format_args!("caller {marker} of {}: {outcome_text}", life.name));
            match outcome {
                Some(Ok(events)) => {
                    if let Wish::Effects { .. } = wish {
                        self.cluster.shared.history().tell_done(marker.to_owned(), &events.1);
                    }
                    self.known.tickets.lock().expect(LOCK).extend(events.0);
                    return;
                }
                Some(Err(error)) if is_final(&error) => {
                    let mut history = self.cluster.shared.history();
                    if let AppError::NotFound(what) = &error {
                        history.violated(format!("{marker}: there is no {what}, which its creator was told of"));
                    }
                    if let Wish::Effects { .. } = wish {
                        history.told.insert(marker.to_owned(), Told::Refused);
                    }
                    return;
                }
                _ => self.cluster.shared.timeline.sleep(wait).await,
            }
        }
    }
}

/// Two of the same group begin with different cases at the same moment. Each alone is right, both together are more than the group may work on:
/// no ticket is written twice, so nothing but what each of them read keeps the second away.
async fn rivals([mut first, mut second]: [Caller; 2]) {
    let (cluster, known) = (Arc::clone(&first.cluster), Arc::clone(&first.known));
    for round in 0..RIVALRIES_MAX {
        let think = Duration::from_secs(30 + first.dice.below(RIVALRY_SECONDS_MAX) as u64);
        cluster.shared.timeline.sleep(think).await;
        if cluster.shared.heals() {
            break;
        }
        let Some((active, next)) = cases_of_a_group(&cluster) else { continue };
        for (number, ticket) in active.iter().enumerate() {
            first.move_to(&format!("r{round}-done-{number}"), ticket, "done").await;
        }
        let (one, other) = (format!("r{round}-one"), format!("r{round}-other"));
        Box::pin(join(first.move_to(&one, &next[0], "active"), second.move_to(&other, &next[1], "active"))).await;
    }
    *known.busy.lock().expect(LOCK) -= 1;
}

/// Of a group that has enough of them: the cases that it works on, and the newest two that it could.
fn cases_of_a_group(cluster: &Cluster) -> Option<(Vec<TicketId>, [TicketId; 2])> {
    let shared = &cluster.shared;
    shared.database.look(&shared.org, |data| {
        GROUPS.iter().find_map(|group| {
            let of_group =
                || data.tickets.rows().filter(|ticket| ticket.group.as_ref().is_some_and(|id| id.0 == *group));
            let active = of_group().filter(|ticket| ticket.state == "active").map(|ticket| ticket.id.clone()).collect();
            let mut free: Vec<_> =
                of_group().filter(|ticket| matches!(ticket.state.as_str(), "new" | "done")).collect();
            free.sort_by_key(|ticket| (std::cmp::Reverse(ticket.opened_at), ticket.id.clone()));
            let [one, other, ..] = free.as_slice() else { return None };
            Some((active, [one.id.clone(), other.id.clone()]))
        })
    })
}

/// A new ticket, and the events.
type Sent = (Option<TicketId>, Vec<domain::Event>);

async fn send(app: &Arc<app::App>, marker: &str, key: String, wish: &Wish) -> Result<Sent, AppError> {
    let actor = app.actor_by_login("ada").await?;
    let fingerprint = marker.to_owned();
    let command = Command {
        idempotency: Some(IdempotencyKey { scope: "sim".to_owned(), key, fingerprint }),
        ..app.command(&actor)
    };
    match wish {
        Wish::Effects { subject, effects } => {
            let effects: Vec<Effect> = serde_json::from_value(effects.clone()).expect("the wishes are valid");
            let answer = app.submit(Command { subject: subject.clone(), effects, ..command }).await?;
            let made = answer.tickets.first().filter(|_| subject.is_none()).map(|ticket| ticket.id.clone());
            Ok((made, answer.events))
        }
        Wish::StartOrder(ticket) => {
            let new = NewInstance { ticket: Some(ticket.clone()), ..NewInstance::default() };
            app.instance_start(&command, "order", new).await?;
            Ok((None, Vec::new()))
        }
    }
}

/// Whether the command was not carried out and never will be.
fn is_final(error: &AppError) -> bool {
    matches!(
        error,
        AppError::NotFound(_)
            | AppError::Forbidden(_)
            | AppError::Invalid(_)
            | AppError::Rejected { .. }
            | AppError::Stale { .. }
            | AppError::Taken { .. }
            | AppError::IdempotencyReused
    )
}

/// Does what is in somebody's list.
async fn agent(cluster: Arc<Cluster>, login: &'static str, mut dice: Dice) {
    loop {
        let seconds = if cluster.shared.heals() { 30 } else { 60 + dice.below(600) as u64 };
        cluster.shared.timeline.sleep(Duration::from_secs(seconds)).await;
        let Some(Serving { life, app }) = cluster.pick(&mut dice) else { continue };
        let work = pin!(do_tasks(&app, login));
        let (Either::Left(_) | Either::Right(_)) = select(work, pin!(life.ended())).await;
    }
}

async fn do_tasks(app: &Arc<app::App>, login: &str) -> Result<(), AppError> {
    let actor = app.actor_by_login(login).await?;
    for task in app.task_list(&actor, None, Some(TaskState::Open), None, 50).await?.items {
        let key =
            IdempotencyKey { scope: login.to_owned(), key: format!("task {}", task.id), fingerprint: String::new() };
        let command = Command { idempotency: Some(key), ..app.command(&actor) };
        // What somebody else has done meanwhile, or what failed, is still in the list next time or is not.
        if task.rule.is_some() {
            let vote = VoteRequest { answer: model::Answer::Approve, comment: None, person: None };
            let _ = app.task_vote(&command, &task.id, vote).await;
        } else {
            let done = TaskCompletion::Complete { variables: Object::new() };
            let _ = app.task_complete(&command, &task.id, done).await;
        }
    }
    Ok(())
}

/// Sends the messages that flows wait for, sometimes before they do.
async fn payer(cluster: Arc<Cluster>, mut dice: Dice) {
    loop {
        let seconds = if cluster.shared.heals() { 30 } else { 60 + dice.below(300) as u64 };
        cluster.shared.timeline.sleep(Duration::from_secs(seconds)).await;
        let shared = &cluster.shared;
        let wanted: BTreeSet<Topic> = shared.database.look(&shared.org, |data| {
            let waited = data.subscriptions.rows().map(|row| row.topic.clone());
            let early = data.instances.rows().filter(|row| row.status == InstanceStatus::Running && !shared.heals());
            let early = early.filter_map(|row| row.business_key.clone());
            waited.chain(early.map(|key| Topic::Message { name: "paid".to_owned(), key })).collect()
        });
        let wanted: Vec<Topic> = wanted.into_iter().filter(|_| shared.heals() || dice.one_in(4)).collect();
        for topic in wanted {
            let Some(Serving { life, app }) = cluster.pick(&mut dice) else { continue };
            let work = pin!(async {
                let max = app.actor_by_login("max").await?;
                app.publish(&app.command(&max), topic, Object::new(), Some(300)).await
            });
            let (Either::Left(_) | Either::Right(_)) = select(work, pin!(life.ended())).await;
        }
    }
}

/// Resumes what is quarantined, retries what was given up, mends incidents.
async fn operator(cluster: Arc<Cluster>, mut dice: Dice) {
    loop {
        let seconds = if cluster.shared.heals() { 60 } else { 600 };
        cluster.shared.timeline.sleep(Duration::from_secs(seconds)).await;
        // One node is enough: what is done there has to count everywhere.
        if let Some(Serving { life, app }) = cluster.pick(&mut dice) {
            let (Either::Left(_) | Either::Right(_)) = select(pin!(look_after(&app)), pin!(life.ended())).await;
        }
    }
}

async fn look_after(app: &Arc<app::App>) -> Result<(), AppError> {
    let max = app.actor_by_login("max").await?;
    for view in app.plugin_list(&max)? {
        if view.health.quarantined {
            app.plugin_resume(&max, &view.id).await?;
        }
    }
    for job in app.job_list(&max, domain::job::JobState::Dead, 200).await? {
        app.job_retry(&max, job.id.as_str()).await?;
    }
    // Of what was sent and not answered somebody asks the other side: sometimes it has it, and sending it again under its key does no harm.
    let unknown = OutboxQuery { states: vec![OutboxState::Unknown], ..OutboxQuery::default() };
    for item in app.outbox_list(&max, &unknown, None, 100).await?.items {
        let _ = app.outbox_retry(&max, &item.id).await;
    }
    let troubled = InstanceQuery { troubled: true, status: Some(InstanceStatus::Running), ..InstanceQuery::default() };
    for row in app.instance_list(&max, troubled, None, 200).await?.items {
        for incident in app.instance_view(&max, &row.id).await?.incident_list {
            let retry = model::Command::Retry { incident: incident.incident, variables: Object::new() };
            let _ = app.instance_command(&app.command(&max), &row.id, retry).await;
        }
    }
    Ok(())
}

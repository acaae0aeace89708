//! Faults that the simulator found, each by its name. What happened there once in thousands of seeds happens here at every call of the store at
//! which it can: one thing is done by a node, and the other comes between any two of its calls.
#![expect(clippy::unwrap_used, reason = "a panic is a failed case")]

use app::App;
use app::flow::{InstanceQuery, NewInstance, TaskCompletion, VoteRequest, model};
use app::port::clock::Clock;
use domain::change::Command;
use domain::flow::TaskState;
use domain::job::{JobState, Work};
use domain::{Actor, Effect, Object, PersonId, Role, SpaceId, TaskId, TicketId};
use futures_util::future::{Either, select};
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use store::Release;
use store::conformance::data::Dice;
use tokio_util::sync::CancellationToken;
use weft_sim::company::{TICKS, company, config, org};
use weft_sim::double::{DoubleOutbound, DoublePlugins};
use weft_sim::fault::Faults;
use weft_sim::log::Log;
use weft_sim::memory::Database;
use weft_sim::node_store::{Life, NodeStore};
use weft_sim::time::{SimClock, SimEntropy};
use weft_sim::world::Shared;

/// Calls between which something else may come; what is done here needs fewer.
const CALLS_MAX: usize = 400;
/// Nothing here takes so long.
const WATCHDOG: Duration = Duration::from_secs(30 * 86_400);

/// A world without faults.
fn play(story: impl AsyncFnOnce(&Arc<Shared>)) {
    let database = Database::fork(company());
    let shared = Arc::new(Shared::new(org(), database, Faults::default(), None, Dice(1), Log::default()));
    let timeline = Arc::clone(&shared.timeline);
    let runtime =
        tokio::runtime::Builder::new_current_thread().on_thread_park(move || timeline.advance()).build().unwrap();
    runtime.block_on(async {
        let watchdog = shared.timeline.sleep(WATCHDOG);
        if let Either::Right(_) = select(pin!(story(&shared)), watchdog).await {
            panic!("nothing moves any more");
        }
        assert_eq!(shared.history().violation, None);
    });
}

struct Node {
    life: Arc<Life>,
    app: Arc<App>,
}

/// A node whose clock is so many seconds ahead.
async fn node(shared: &Arc<Shared>, number: u64, ahead_seconds: i64) -> Node {
    let (life, started) = begin(shared, number, ahead_seconds);
    Node { life, app: started.await.unwrap() }
}

fn begin(
    shared: &Arc<Shared>,
    number: u64,
    ahead_seconds: i64,
) -> (Arc<Life>, impl Future<Output = Result<Arc<App>, app::AppError>>) {
    let life = Arc::new(Life::new(format!("n{number}")));
    let clock = Arc::new(SimClock::new(Arc::clone(&shared.timeline)));
    clock.skew(ahead_seconds * 1_000_000);
    let clock: Arc<dyn Clock> = clock;
    let store = Arc::new(NodeStore::new(Arc::clone(shared), Arc::clone(&life), Arc::clone(&clock)));
    let plugins = Arc::new(DoublePlugins { shared: Some(Arc::clone(shared)) });
    let outbound = Arc::new(DoubleOutbound { shared: Some(Arc::clone(shared)) });
    let start = App::start(config(), store, plugins, clock, Arc::new(SimEntropy::new(number)), outbound);
    (life, start)
}

/// Do one thing, and the other when so many calls of the first are answered. Whether it came to that.
async fn between<T>(life: &Life, calls: usize, one: impl Future<Output = T>, other: impl AsyncFnOnce()) -> (T, bool) {
    let (is_there, go_on) = life.stop_after(calls);
    let mut one = pin!(one);
    match select(one.as_mut(), is_there).await {
        Either::Left((done, _)) => (done, false),
        Either::Right(_) => {
            other().await;
            let _ = go_on.send(());
            (one.await, true)
        }
    }
}

/// Play it with the other thing at each call, until the one is done before the other comes.
fn at_every_call(story: impl AsyncFn(&Arc<Shared>, usize) -> bool) {
    for calls in 0..CALLS_MAX {
        let mut came_between = false;
        play(async |shared| came_between = story(shared, calls).await);
        if !came_between {
            assert!(calls > 1, "nothing was asked of the store");
            return;
        }
    }
    panic!("there are more than {CALLS_MAX} calls");
}

async fn submit(app: &Arc<App>, login: &str, subject: Option<&TicketId>, effects: Value) -> Option<TicketId> {
    let actor = app.actor_by_login(login).await.unwrap();
    let effects: Vec<Effect> = serde_json::from_value(effects).unwrap();
    let command = Command { subject: subject.cloned(), effects, ..app.command(&actor) };
    app.submit(command).await.unwrap().tickets.first().map(|ticket| ticket.id.clone())
}

async fn open_case(app: &Arc<App>, title: &str) -> TicketId {
    let case = json!({ "kind": "case", "space": "it", "title": title, "group": "red", "fields": { "marker": title, "level": 0 } });
    submit(app, "ada", None, json!([{ "kind": "create-ticket", "data": case }])).await.unwrap()
}

fn comment(text: &str) -> Value {
    json!([{ "kind": "comment", "data": { "visibility": "internal", "body": text } }])
}

/// The open tasks of somebody, with whether each is a vote.
async fn tasks(app: &Arc<App>, login: &str) -> Vec<(TaskId, bool)> {
    let actor = app.actor_by_login(login).await.unwrap();
    let page = app.task_list(&actor, None, Some(TaskState::Open), None, 50).await.unwrap();
    page.items.into_iter().map(|task| (task.id, task.rule.is_some())).collect()
}

/// An order that waits for two votes, and the task of both.
async fn order_to_approve(shared: &Arc<Shared>, app: &Arc<App>) -> TaskId {
    let ada = app.actor_by_login("ada").await.unwrap();
    // The step of an order may go several ways, by its ticket: one of a few leads straight on.
    for number in 0..40 {
        let ticket = open_case(app, &format!("order {number}")).await;
        let new = NewInstance { ticket: Some(ticket), ..NewInstance::default() };
        app.instance_start(&app.command(&ada), "order", new).await.unwrap();
        app.drain().await.unwrap();
        let check = tasks(app, "ada").await;
        let Some((check, _)) = check.first() else { continue };
        let done = TaskCompletion::Complete { variables: Object::new() };
        app.task_complete(&app.command(&ada), check, done).await.unwrap();
        shared.timeline.sleep(Duration::from_secs(21 * 60)).await;
        app.drain().await.unwrap();
        if let Some((vote, true)) = tasks(app, "ada").await.into_iter().next() {
            return vote;
        }
    }
    panic!("no order came as far as its approval");
}

async fn vote(app: &Arc<App>, login: &str, task: &TaskId) {
    let actor = app.actor_by_login(login).await.unwrap();
    let answer = VoteRequest { answer: model::Answer::Approve, comment: None, person: None };
    app.task_vote(&app.command(&actor), task, answer).await.unwrap();
}

/// The state of an instance was read, and again for its version: of two who voted at once one was forgotten, and the approval waited for ever.
#[test]
fn two_votes_at_once_both_count() {
    at_every_call(async |shared, calls| {
        let (one, other) = (node(shared, 1, 0).await, node(shared, 2, 0).await);
        let task = order_to_approve(shared, &one.app).await;

        let ((), came_between) = Box::pin(between(&one.life, calls, vote(&one.app, "ada", &task), async || {
            vote(&other.app, "ben", &task).await
        }))
        .await;
        if !came_between {
            vote(&other.app, "ben", &task).await;
        }

        assert_eq!(tasks(&other.app, "ada").await, [], "after call {calls}: everybody answered");
        came_between
    });
}

/// The place of a delivery among those of its subject was its due time, and so the clock of whoever committed: of two nodes whose clocks
/// differ, the later event was delivered first. What was delivered is watched by the world.
#[test]
fn events_are_delivered_in_the_order_of_the_journal_whatever_clocks_say() {
    play(async |shared| {
        let (ahead, right) = (node(shared, 1, 90).await, node(shared, 2, 0).await);
        let ticket = open_case(&right.app, "case").await;
        right.app.drain().await.unwrap();

        submit(&ahead.app, "ada", Some(&ticket), comment("first")).await;
        submit(&right.app, "ada", Some(&ticket), comment("second")).await;
        right.app.drain().await.unwrap();
        shared.timeline.sleep(Duration::from_secs(120)).await;
        right.app.drain().await.unwrap();

        let events = right.app.store().event_history(&org(), "ticket", ticket.as_str(), 0, 100).await.unwrap();
        let comments = || events.iter().filter(|event| event.kind == "comment.added" && event.actor != "desk");
        let answers =
            comments().filter(|event| shared.history().has_said(ticket.as_str(), &format!("answer to {}", event.seq)));
        assert_eq!((comments().count(), answers.count()), (2, 2));
    });
}

/// A read that failed while a node loaded what is installed left the plugin out of its picture, until the next change.
#[test]
fn a_failed_read_takes_no_plugin_away() {
    let whole = async |app: &Arc<App>, calls: usize| {
        let max = app.actor_by_login("max").await.unwrap();
        let plugins = app.plugin_list(&max).unwrap();
        let active = plugins.iter().filter(|one| one.enabled && !one.health.quarantined).map(|one| one.id.0.clone());
        assert_eq!(active.collect::<Vec<_>>(), ["desk", "robot"], "call {calls} failed");
    };
    for calls in 0..30 {
        play(async |shared| {
            let (one, other) = (node(shared, 1, 0).await, node(shared, 2, 0).await);
            let stop = CancellationToken::new();
            let follows = tokio::spawn(Arc::clone(&other.app).follow(stop.clone()));
            shared.timeline.sleep(Duration::from_secs(1)).await;
            let max = one.app.actor_by_login("max").await.unwrap();

            one.app.plugin_disable(&max, &"robot".into()).await.unwrap();
            other.life.fail_after(calls);
            one.app.plugin_enable(&max, &"robot".into()).await.unwrap();
            shared.timeline.sleep(Duration::from_secs(300)).await;

            other.life.plan_nothing();
            whole(&other.app, calls).await;
            stop.cancel();
            follows.await.unwrap();
        });
        play(async |shared| {
            let (life, start) = begin(shared, 1, 0);
            life.fail_after(calls);
            // A start that fails is done again by whoever looks after the process.
            let started = start.await;
            life.plan_nothing();
            if let Ok(app) = started {
                whole(&app, calls).await;
            }
        });
    }
}

/// The ticket was loaded once for the plugin and again for the decision: a change between the two went unnoticed. The desk says which version
/// it saw, and the world compares it with the one that is committed.
#[test]
fn a_reaction_is_committed_on_the_version_that_it_was_decided_on() {
    at_every_call(async |shared, calls| {
        let (one, other) = (node(shared, 1, 0).await, node(shared, 2, 0).await);
        let ticket = open_case(&one.app, "case").await;

        let change = json!([{ "kind": "set-field", "data": { "field": "level", "value": 7 } }]);
        let (ran, came_between) = between(&one.life, calls, one.app.drain(), async || {
            submit(&other.app, "ben", Some(&ticket), change).await;
        })
        .await;
        ran.unwrap();
        other.app.drain().await.unwrap();

        let created = one.app.store().event_history(&org(), "ticket", ticket.as_str(), 0, 1).await.unwrap();
        assert!(shared.history().has_said(ticket.as_str(), &format!("answer to {}", created[0].seq)));
        came_between
    });
}

/// A load of somebody's roles that began before they were taken and ended after it put them back into the memory of the node, for good.
#[test]
fn roles_that_were_taken_do_not_come_back() {
    at_every_call(async |shared, calls| {
        let node = node(shared, 1, 0).await;
        let (ben, it) = (PersonId::from("ben"), SpaceId::from("it"));
        // Known before, so that a change has to make the node forget.
        assert!(node.app.actor(&ben).await.unwrap().roles[&it].contains(&Role::Agent));
        node.app.roles_put(&Actor::system(), &ben, vec![(it.clone(), Role::Agent)]).await.unwrap();

        let (loaded, came_between) = between(&node.life, calls, node.app.actor(&ben), async || {
            node.app.roles_put(&Actor::system(), &ben, Vec::new()).await.unwrap();
        })
        .await;
        loaded.unwrap();
        if !came_between {
            node.app.roles_put(&Actor::system(), &ben, Vec::new()).await.unwrap();
        }

        assert!(node.app.actor(&ben).await.unwrap().roles.is_empty(), "after call {calls}");
        came_between
    });
}

/// Claim everything that is due, and hold it: a node did so whose plugin was quarantined, and that is gone.
async fn hold_what_is_due(app: &Arc<App>) {
    let lease = app.now() + SignedDuration::from_secs(15);
    for one in app.store().job_claim(&org(), app.now(), lease, "gone", 50).await.unwrap() {
        let hold = Release::Hold { error: "plugin `desk` is quarantined".to_owned() };
        app.store().job_release(&org(), &one.job.id, one.fence, hold).await.unwrap();
    }
}

async fn held(app: &Arc<App>) -> u64 {
    app.store().job_counts(&org()).await.unwrap().held
}

/// A quarantine is in the memory of a node. What was held for it stayed so when the node was gone: nobody knew that somebody waited.
#[test]
fn what_a_node_held_runs_when_the_next_one_starts() {
    play(async |shared| {
        let gone = node(shared, 1, 0).await;
        open_case(&gone.app, "case").await;
        hold_what_is_due(&gone.app).await;
        assert!(held(&gone.app).await > 0);

        let next = node(shared, 2, 0).await;
        let works = tokio::spawn(Arc::clone(&next.app).work(CancellationToken::new()));
        shared.timeline.sleep(Duration::from_secs(60)).await;

        works.abort();
        assert_eq!(held(&next.app).await, 0);
    });
}

/// A timer of a flow belongs to no plugin, and stops at the guard of one that is quarantined: when that one was resumed, the timer stayed held.
#[test]
fn a_timer_that_waited_for_another_ones_guard_runs_when_that_is_resumed() {
    play(async |shared| {
        let node = node(shared, 1, 0).await;
        for number in 0..20 {
            let (ada, ticket) =
                (node.app.actor_by_login("ada").await.unwrap(), open_case(&node.app, &number.to_string()).await);
            let new = NewInstance { ticket: Some(ticket), ..NewInstance::default() };
            node.app.instance_start(&node.app.command(&ada), "order", new).await.unwrap();
        }
        node.app.drain().await.unwrap();
        shared.timeline.sleep(Duration::from_secs(15 * 60)).await;
        hold_what_is_due(&node.app).await;
        let waiting = node.app.store().job_list(&org(), JobState::Held, 200).await.unwrap();
        assert!(waiting.iter().any(|job| matches!(job.work, Work::FlowTimer { .. })), "{waiting:?}");

        let max = node.app.actor_by_login("max").await.unwrap();
        node.app.plugin_resume(&max, &"desk".into()).await.unwrap();

        assert_eq!(held(&node.app).await, 0);
    });
}

/// A retry moves the time of a job. What a schedule had missed was reckoned from there, and what came before was lost.
#[test]
fn a_failed_start_by_time_loses_none_that_were_missed() {
    for calls in 0..20 {
        play(async |shared| {
            let node = node(shared, 1, 0).await;
            // All starts of the schedule pass while nobody works.
            shared.timeline.sleep(Duration::from_secs(3_600)).await;

            node.life.fail_after(calls);
            let _ = node.app.drain().await;
            node.life.plan_nothing();
            for _ in 0..10 {
                shared.timeline.sleep(Duration::from_secs(60)).await;
                node.app.drain().await.unwrap();
            }

            let max = node.app.actor_by_login("max").await.unwrap();
            let instances = node.app.instance_list(&max, InstanceQuery::default(), None, 200).await.unwrap().items;
            let ticks = instances.iter().filter(|one| one.process == "tick").count();
            assert_eq!(ticks, TICKS, "call {calls} failed");
        });
    }
}

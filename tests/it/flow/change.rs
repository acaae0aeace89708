//! Changes: normal ones by risk, with a window that moves; emergencies by their board.

use app::flow::model::Answer;
use domain::{Ticket, TicketId};
use jiff::SignedDuration;
use serde_json::json;
use weft_tests::world::World;

async fn change(world: &World, kind: &str, risk: &str) -> Ticket {
    let create = json!([{ "kind": "create-ticket", "data": { "kind": "change", "space": "it", "title": "Replace the switch",
        "fields": { "type": kind, "risk": risk, "planned_start": "2026-03-04T20:00:00Z", "planned_end": "2026-03-04T22:00:00Z",
            "implementer": "ben", "implementation_plan": "One by one.", "backout_plan": "Plug it in again.",
            "justification": "It restarts by itself.", "description": "The core switch." } } }]);
    let answer = world.submit("ada", None, create).await.expect("ada may ask");
    world.settle().await;
    answer.tickets[0].clone()
}

async fn state(world: &World, id: &TicketId) -> String {
    world.load(id).await.ticket.state
}

#[tokio::test(flavor = "multi_thread")]
async fn chg_01_a_normal_change_is_assessed_approved_and_waits_for_its_window() {
    let world = World::new().await;
    world.company().await;
    let change = change(&world, "normal", "high").await;
    let flow = world.flow_of(&change.id).await;
    assert_eq!(state(&world, &change.id).await, "assess");

    world.complete("carla", "Assess risk and impact", json!({ "risk": "high" })).await;
    assert_eq!(state(&world, &change.id).await, "authorize");
    world.vote("carla", "Advisory board approves", Answer::Approve).await;
    assert_eq!(state(&world, &change.id).await, "scheduled");
    let moved = json!([{ "kind": "set-field", "data": { "field": "planned_start", "value": "2026-03-06T20:00:00Z" } },
        { "kind": "set-field", "data": { "field": "planned_end", "value": "2026-03-06T22:00:00Z" } }]);
    world.submit("ada", Some(&change.id), moved).await.expect("the window may move");
    world.settle().await;
    world.advance(SignedDuration::from_hours(72)).await;
    assert_eq!(state(&world, &change.id).await, "scheduled", "the window is on the 6th now");
    world.advance(SignedDuration::from_hours(48)).await;
    assert_eq!(state(&world, &change.id).await, "implement");

    world.complete("ben", "Implement the change", json!({})).await;
    assert_eq!(state(&world, &change.id).await, "review");
    world.complete("carla", "Review the change", json!({})).await;
    assert_eq!(state(&world, &change.id).await, "closed");
    world.transcript(&flow.id, "change-normal").await;
    world.nothing_left(&flow.id).await;
    world.no_dead_jobs().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chg_01_an_emergency_skips_the_assessment_and_a_silent_board_ends_it() {
    let world = World::new().await;
    world.company().await;
    let change = change(&world, "emergency", "high").await;
    let flow = world.flow_of(&change.id).await;
    assert_eq!(state(&world, &change.id).await, "authorize");

    world.advance(SignedDuration::from_hours(5)).await;

    assert_eq!(world.load(&change.id).await.ticket.category, domain::kind::StateCategory::Cancelled);
    world.transcript(&flow.id, "change-emergency-expired").await;
    world.nothing_left(&flow.id).await;
    world.no_dead_jobs().await;
}

/// What waits for somebody, by name.
async fn asked(world: &World, login: &str) -> Vec<String> {
    world.tasks_of(login).await.into_iter().map(|task| task.name).collect()
}

async fn hold(world: &World, id: &TicketId, on_hold: bool) {
    let effects = json!([{ "kind": "set-field", "data": { "field": "on_hold", "value": on_hold } },
        { "kind": "set-field", "data": { "field": "on_hold_reason", "value": "No parts." } }]);
    world.submit("ada", Some(id), effects).await.expect("ada may hold it");
    world.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chg_10_on_hold_no_approval_is_required_and_it_is_asked_for_anew_when_the_change_goes_on() {
    let world = World::new().await;
    world.company().await;
    let change = change(&world, "normal", "high").await;
    world.complete("carla", "Assess risk and impact", json!({ "risk": "high" })).await;
    assert_eq!(asked(&world, "carla").await, ["Advisory board approves"]);
    let before = world.tasks_of("carla").await[0].id.clone();

    hold(&world, &change.id, true).await;
    assert_eq!(asked(&world, "carla").await, Vec::<String>::new(), "no longer required");
    let late = world.app.task_view(&world.actor("carla").await, &before).await.expect("it was hers");
    assert_eq!((late.task.state, late.actions.len()), (domain::flow::TaskState::Cancelled, 0));
    world.advance(SignedDuration::from_hours(24 * 40)).await;
    assert_eq!(state(&world, &change.id).await, "authorize", "what nobody is asked for does not expire");

    hold(&world, &change.id, false).await;
    assert_eq!(asked(&world, "carla").await, ["Advisory board approves"]);
    assert_ne!(world.tasks_of("carla").await[0].id, before);
    world.vote("carla", "Advisory board approves", Answer::Approve).await;
    let flow = world.flow_of(&change.id).await;
    assert_eq!(flow.incidents, 0);

    // The window is long over: it would begin at once, and does when it goes on.
    assert_eq!(state(&world, &change.id).await, "implement");
    hold(&world, &change.id, true).await;
    world.complete("ben", "Implement the change", json!({})).await;
    assert_eq!(state(&world, &change.id).await, "implement", "while it is on hold it can only be cancelled");
    hold(&world, &change.id, false).await;
    assert_eq!(state(&world, &change.id).await, "review");
    let flow = world.flow_of(&change.id).await;
    assert_eq!(flow.incidents, 0);
    world.transcript(&flow.id, "change-on-hold").await;

    hold(&world, &change.id, true).await;
    let cancel = json!([{ "kind": "comment", "data": { "visibility": "public", "body": "Not now." } },
        { "kind": "transition", "data": { "to": "cancelled" } }]);
    world.submit("ada", Some(&change.id), cancel).await.expect_err("a change is not cancelled in its review");
    world.no_dead_jobs().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chg_10_an_emergency_on_hold_does_not_expire_and_can_be_cancelled() {
    let world = World::new().await;
    world.company().await;
    let change = change(&world, "emergency", "high").await;
    hold(&world, &change.id, true).await;
    world.advance(SignedDuration::from_hours(5)).await;
    assert_eq!(state(&world, &change.id).await, "authorize", "the silent board is not asked");
    let cancel = json!([{ "kind": "comment", "data": { "visibility": "public", "body": "Not now." } },
        { "kind": "transition", "data": { "to": "cancelled" } }]);
    world.submit("ada", Some(&change.id), cancel).await.expect("the only way out");
    world.settle().await;
    let flow = world.flow_of(&change.id).await;
    assert_eq!(state(&world, &change.id).await, "cancelled");
    world.nothing_left(&flow.id).await;
    world.no_dead_jobs().await;
}

/// An approval definition of the change managers.
async fn define(world: &World, title: &str, fields: serde_json::Value) {
    let record = json!([{ "kind": "upsert-record", "data": { "kind": "approval-definition", "space": "it", "title": title, "fields": fields } }]);
    world.submit("mona", None, record).await.expect("mona may define it");
}

#[tokio::test(flavor = "multi_thread")]
async fn chg_03_a_definition_says_who_is_asked_and_for_how_many_answers() {
    let world = World::new().await;
    world.company().await;
    // Half of three is two, rounded half up; the requester and the implementer are never asked.
    let two = json!({ "people": ["ada", "ben", "carla", "mona"], "from_change": true, "wait": "percent", "percent": 50, "risks": ["high"], "order": 1 });
    define(&world, "Half of those concerned", two).await;
    define(&world, "Nothing to fear", json!({ "auto": "approve", "risks": ["low"], "order": 2 })).await;
    define(&world, "Not any more", json!({ "auto": "reject", "risks": ["moderate"], "types": ["normal"], "order": 3 }))
        .await;

    let change_at = async |risk: &str| {
        let change = change(&world, "normal", risk).await;
        world.complete("carla", "Assess risk and impact", json!({ "risk": risk })).await;
        change
    };
    let low = change_at("low").await;
    assert_eq!(state(&world, &low.id).await, "scheduled", "nobody was asked");
    let moderate = change_at("moderate").await;
    assert_eq!(world.load(&moderate.id).await.ticket.category, domain::kind::StateCategory::Cancelled);

    let high = change(&world, "normal", "high").await;
    let erin_too = json!([{ "kind": "set-field", "data": { "field": "approvers", "value": ["erin", "carla"] } }]);
    world.submit("ada", Some(&high.id), erin_too).await.expect("an agent names who is concerned");
    world.settle().await;
    world.complete("carla", "Assess risk and impact", json!({ "risk": "high" })).await;
    assert_eq!(asked(&world, "ada").await, Vec::<String>::new(), "she asked for it");
    assert_eq!(asked(&world, "ben").await, Vec::<String>::new(), "he carries it out");
    for login in ["carla", "mona", "erin"] {
        assert_eq!(asked(&world, login).await, ["Approved as defined"], "{login}");
    }
    world.vote("erin", "Approved as defined", Answer::Approve).await;
    assert_eq!(state(&world, &high.id).await, "authorize", "half of three is two");
    world.vote("mona", "Approved as defined", Answer::Approve).await;
    assert_eq!(state(&world, &high.id).await, "scheduled");
    let flow = world.flow_of(&high.id).await;
    assert_eq!(flow.incidents, 0);
    world.transcript(&flow.id, "change-defined-approval").await;
    world.no_dead_jobs().await;
}

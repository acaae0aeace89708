//! A hire over five departments: nothing before its day, dates that move with the start date, and a withdrawal that undoes what was done.

use domain::{Ticket, TicketId};
use jiff::SignedDuration;
use serde_json::json;
use weft_tests::world::World;

/// The test's company stands still at 2026-03-02.
async fn hire(world: &World, start_date: &str) -> Ticket {
    let create = json!([{ "kind": "create-ticket", "data": { "kind": "onboarding", "space": "hr", "title": "Nia starts",
        "fields": { "employee_name": "Nia Okoro", "start_date": start_date, "manager": "mona", "laptop_model": "standard" } } }]);
    let answer = world.submit("hana", None, create).await.expect("hana may hire");
    world.settle().await;
    answer.tickets[0].clone()
}

async fn stock(world: &World) {
    let put = json!([{ "kind": "upsert-record", "data": { "kind": "stock-item", "space": "it", "title": "Laptop 1",
        "fields": { "class": "laptop", "model": "standard" } } }]);
    world.submit("mona", None, put).await.expect("something for the shelf");
}

async fn shelf(world: &World) -> Vec<String> {
    let records = world
        .app
        .store()
        .record_list(&world.app.config.org, &"stock-item".into(), None, &domain::RecordScope::everything(), None, 50)
        .await;
    records.expect("a list").items.into_iter().map(|item| item.state).collect()
}

async fn state(world: &World, id: &TicketId) -> String {
    world.load(id).await.ticket.state
}

async fn names(world: &World, login: &str) -> Vec<String> {
    world.tasks_of(login).await.into_iter().map(|task| task.name).collect()
}

const DAY: i64 = 24;

#[tokio::test(flavor = "multi_thread")]
async fn cat_04_an_onboarding_runs_over_five_departments_around_its_date() {
    let world = World::new().await;
    world.company().await;
    stock(&world).await;
    let hired = hire(&world, "2026-04-01").await;
    let flow = world.flow_of(&hired.id).await;

    assert_eq!(state(&world, &hired.id).await, "preparing");
    assert_eq!(names(&world, "lena").await, ["Have the contract signed"]);
    assert!(names(&world, "wanda").await.is_empty(), "ten days before the first day is the 22nd");
    world.complete("lena", "Have the contract signed", json!({})).await;

    world.advance(SignedDuration::from_hours(20 * DAY)).await;
    assert_eq!(names(&world, "wanda").await, ["Create account, set up laptop"]);
    assert_eq!(shelf(&world).await, ["reserved"]);
    assert!(names(&world, "felix").await.is_empty());
    world.complete("wanda", "Create account, set up laptop", json!({})).await;
    world.advance(SignedDuration::from_hours(5 * DAY)).await;
    let mut facilities = names(&world, "felix").await;
    facilities.sort();
    assert_eq!(facilities, ["Issue the badge", "Prepare the desk"]);
    world.complete("felix", "Issue the badge", json!({})).await;
    world.complete("felix", "Prepare the desk", json!({})).await;
    world.complete("fred", "Set up the cost centre", json!({})).await;

    world.advance(SignedDuration::from_hours(6 * DAY)).await;
    world.complete("mona", "Go through the manager's checklist", json!({})).await;
    assert_eq!(
        (state(&world, &hired.id).await, shelf(&world).await),
        ("settling-in".to_owned(), vec!["in-use".to_owned()])
    );
    world.advance(SignedDuration::from_hours(31 * DAY)).await;
    world.complete("mona", "Answer the survey", json!({ "satisfaction": 4 })).await;

    assert_eq!(world.load(&hired.id).await.ticket.category, domain::kind::StateCategory::Closed);
    world.transcript(&flow.id, "onboarding").await;
    world.nothing_left(&flow.id).await;
    world.no_dead_jobs().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cat_04_a_start_date_that_moves_takes_what_is_not_done_with_it() {
    let world = World::new().await;
    world.company().await;
    stock(&world).await;
    let hired = hire(&world, "2026-04-01").await;

    let later = json!([{ "kind": "set-field", "data": { "field": "start_date", "value": "2026-05-01" } }]);
    world.submit("hana", Some(&hired.id), later).await.expect("hana may move it");
    world.settle().await;
    world.advance(SignedDuration::from_hours(25 * DAY)).await;
    assert!(names(&world, "wanda").await.is_empty(), "the tenth day before has moved to 21 April");
    world.advance(SignedDuration::from_hours(26 * DAY)).await;

    assert_eq!(names(&world, "wanda").await, ["Create account, set up laptop"]);
    world.no_dead_jobs().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cat_05_a_withdrawn_hire_is_undone_in_reverse() {
    let world = World::new().await;
    world.company().await;
    stock(&world).await;
    let hired = hire(&world, "2026-04-01").await;
    let flow = world.flow_of(&hired.id).await;
    world.complete("lena", "Have the contract signed", json!({})).await;
    world.advance(SignedDuration::from_hours(20 * DAY)).await;
    world.complete("wanda", "Create account, set up laptop", json!({})).await;
    assert_eq!(shelf(&world).await, ["reserved"]);

    let withdraw = json!([
        { "kind": "comment", "data": { "visibility": "public", "body": "She took another offer." } },
        { "kind": "transition", "data": { "to": "cancelled" } },
    ]);
    world.submit("hana", Some(&hired.id), withdraw).await.expect("hana may withdraw it");
    world.settle().await;

    // What was done last is undone first: the account, then the laptop, then the contract.
    assert_eq!(names(&world, "wanda").await, ["Disable the account"]);
    world.complete("wanda", "Disable the account", json!({})).await;
    assert_eq!(shelf(&world).await, ["available"]);
    world.complete("lena", "Void the contract", json!({})).await;
    world.transcript(&flow.id, "onboarding-withdrawn").await;
    world.nothing_left(&flow.id).await;
    world.no_dead_jobs().await;
    let done = world.completed(&flow.id).await;
    let place = |node: &str| done.iter().position(|one| one == node).unwrap_or_else(|| panic!("{node} in {done:?}"));
    assert!(place("disable-account") < place("put-back") && place("put-back") < place("void-contract"), "{done:?}");
}

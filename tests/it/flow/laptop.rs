//! A laptop request with the manager's approval and fulfilment, and one that is rescinded.

use app::flow::model::Answer;
use domain::flow::InstanceStatus;
use domain::{Ticket, TicketId};
use jiff::SignedDuration;
use serde_json::json;
use weft_tests::world::World;

async fn stock(world: &World, name: &str) {
    let put = json!([{ "kind": "upsert-record", "data": { "kind": "stock-item", "space": "it", "title": name,
        "fields": { "class": "laptop", "model": "standard" } } }]);
    world.submit("mona", None, put).await.expect("something for the shelf");
}

async fn order(world: &World, price: u32) -> Ticket {
    let create = json!([{ "kind": "create-ticket", "data": { "kind": "request", "space": "it", "title": "A laptop, please",
        "fields": { "item": "laptop", "model": "standard", "price": price } } }]);
    let answer = world.submit("erin", None, create).await.expect("erin may ask");
    world.settle().await;
    answer.tickets[0].clone()
}

async fn state(world: &World, id: &TicketId) -> String {
    world.load(id).await.ticket.state
}

async fn shelf(world: &World) -> Vec<String> {
    let records = world
        .app
        .store()
        .record_list(&world.app.config.org, &"stock-item".into(), None, &domain::RecordScope::everything(), None, 50)
        .await;
    records.expect("a list").items.into_iter().map(|item| item.state).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn cat_03_a_laptop_is_approved_then_fulfilled_and_confirmed() {
    let world = World::new().await;
    world.company().await;
    stock(&world, "Laptop 1").await;

    let request = order(&world, 900).await;
    assert_eq!(state(&world, &request.id).await, "approval");
    let flow = world.flow_of(&request.id).await;

    world.vote("mona", "Manager approves", Answer::Approve).await;
    assert_eq!(state(&world, &request.id).await, "fulfilment");
    assert_eq!(shelf(&world).await, ["reserved"]);

    world.complete("wanda", "Prepare the laptop", json!({})).await;
    world.complete("rita", "Hand over the laptop", json!({})).await;
    assert_eq!(
        (state(&world, &request.id).await, shelf(&world).await),
        ("fulfilled".to_owned(), vec!["in-use".to_owned()])
    );

    world.complete("erin", "Confirm receipt", json!({ "received": true })).await;
    assert_eq!(state(&world, &request.id).await, "closed");
    let row = world.flow_of(&request.id).await;
    assert_eq!((row.id.clone(), row.status), (flow.id.clone(), InstanceStatus::Completed));
    world.transcript(&flow.id, "laptop-request").await;
    world.nothing_left(&flow.id).await;
    world.no_dead_jobs().await;
    let done = world.completed(&flow.id).await;
    let order: Vec<_> = ["manager-approves", "decide-level", "reserve", "prepare", "hand-over", "confirm"]
        .iter()
        .map(|node| done.iter().position(|one| one == node).unwrap_or_else(|| panic!("{node} in {done:?}")))
        .collect();
    assert!(order.is_sorted(), "{done:?}");
    assert!(!done.contains(&"finance-approves".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn cat_03_above_the_limit_finance_approves_too_and_a_no_ends_it() {
    let world = World::new().await;
    world.company().await;
    stock(&world, "Laptop 1").await;

    let request = order(&world, 4_000).await;
    world.vote("mona", "Manager approves", Answer::Approve).await;
    assert_eq!(state(&world, &request.id).await, "approval");
    let flow = world.flow_of(&request.id).await;
    world.vote("fred", "Finance approves", Answer::Reject).await;

    assert_eq!(state(&world, &request.id).await, "cancelled");
    assert_eq!(shelf(&world).await, ["available"]);
    world.nothing_left(&flow.id).await;
    world.no_dead_jobs().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cat_05_a_rescinded_request_puts_the_laptop_back() {
    let world = World::new().await;
    world.company().await;
    stock(&world, "Laptop 1").await;
    let request = order(&world, 900).await;
    world.vote("mona", "Manager approves", Answer::Approve).await;
    assert_eq!(shelf(&world).await, ["reserved"]);
    let flow = world.flow_of(&request.id).await;

    let cancel = json!([
        { "kind": "comment", "data": { "visibility": "public", "body": "I found my old one." } },
        { "kind": "transition", "data": { "to": "cancelled" } },
    ]);
    world.submit("erin", Some(&request.id), cancel).await.expect("erin may rescind");
    world.settle().await;

    assert_eq!(
        (state(&world, &request.id).await, shelf(&world).await),
        ("cancelled".to_owned(), vec!["available".to_owned()])
    );
    assert!(world.tasks_of("wanda").await.is_empty());
    world.nothing_left(&flow.id).await;
    world.no_dead_jobs().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unanswered_delivery_is_confirmed_by_its_timer_also_after_a_restart() {
    let world = World::new().await;
    world.company().await;
    stock(&world, "Laptop 1").await;
    let request = order(&world, 900).await;
    world.vote("mona", "Manager approves", Answer::Approve).await;
    world.complete("wanda", "Prepare the laptop", json!({})).await;
    world.complete("rita", "Hand over the laptop", json!({})).await;
    let flow = world.flow_of(&request.id).await;

    let world = world.restart().await;
    world.advance(SignedDuration::from_hours(4 * 24)).await;
    assert_eq!(state(&world, &request.id).await, "fulfilled");
    world.advance(SignedDuration::from_hours(25)).await;

    assert_eq!(state(&world, &request.id).await, "closed");
    world.nothing_left(&flow.id).await;
    world.no_dead_jobs().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_requests_never_get_the_same_laptop() {
    let world = World::new().await;
    world.company().await;
    stock(&world, "Laptop 1").await;
    let first = order(&world, 900).await;
    let second = order(&world, 900).await;

    for _ in 0..2 {
        world.vote("mona", "Manager approves", Answer::Approve).await;
    }

    assert_eq!(shelf(&world).await, ["reserved"]);
    let purchases = world.tasks_of("paul").await;
    assert_eq!(purchases.iter().map(|task| task.name.as_str()).collect::<Vec<_>>(), ["Buy a laptop"]);
    let prepared: Vec<_> = world.tasks_of("wanda").await.into_iter().filter_map(|task| task.ticket).collect();
    assert_eq!(prepared.len(), 1);
    assert!([first.id, second.id].contains(&prepared[0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn chg_05_a_delegate_answers_for_the_manager_and_only_while_it_lasts() {
    let world = World::new().await;
    world.company().await;
    stock(&world, "Laptop 1").await;
    let first = order(&world, 900).await;
    let mona = world.actor("mona").await;
    let delegation = |days: i64| app::flow::Delegation {
        to: "dora".into(),
        from: world.app.now(),
        until: world.app.now() + SignedDuration::from_hours(24 * days),
    };
    assert!(
        world
            .app
            .delegation_put(&mona, Some(app::flow::Delegation { to: "mona".into(), ..delegation(1) }))
            .await
            .is_err()
    );

    // What waits already is taken along, and what comes later too.
    world.app.delegation_put(&mona, Some(delegation(7))).await.expect("mona may");
    let second = order(&world, 900).await;
    assert_eq!(world.tasks_of("dora").await.len(), 2);
    world.vote("dora", "Manager approves", Answer::Approve).await;
    // Which of the two was answered is nobody's concern.
    let mut answered = None;
    for (order, other) in [(&first, &second), (&second, &first)] {
        let flow = world.flow_of(&order.id).await;
        let vote = world.happened(&flow.id).await.into_iter().find_map(|event| match event {
            app::flow::model::Event::Voted { vote, .. } => Some(vote),
            _ => None,
        });
        answered = answered.or(vote.map(|vote| (vote, other.id.clone())));
    }
    let (vote, open) = answered.expect("there was a vote");
    assert_eq!((vote.person.as_str(), vote.delegate.as_deref()), ("mona", Some("dora")));

    world.app.delegation_put(&mona, None).await.expect("mona may");
    assert!(world.tasks_of("dora").await.is_empty());
    world.vote("mona", "Manager approves", Answer::Reject).await;
    assert_eq!(state(&world, &open).await, "cancelled");
    world.no_dead_jobs().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chg_05_a_delegation_begins_and_ends_by_itself_and_both_hear_of_it() {
    let world = World::new().await;
    world.company().await;
    let told = async |login: &str| {
        let actor = world.actor(login).await;
        let notes = world.app.notification_list(&actor, 50).await.expect("a list");
        notes.into_iter().map(|note| note.subject).rev().collect::<Vec<_>>()
    };
    let count = async |login: &str, subject: &str| told(login).await.iter().filter(|one| *one == subject).count();
    order(&world, 900).await;
    let mona = world.actor("mona").await;
    let delegation = app::flow::Delegation {
        to: "dora".into(),
        from: world.app.now() + SignedDuration::from_hours(2),
        until: world.app.now() + SignedDuration::from_hours(10),
    };
    world.app.delegation_put(&mona, Some(delegation)).await.expect("mona may");
    assert_eq!(told("dora").await, ["You answer approvals for mona"]);
    assert!(world.tasks_of("dora").await.is_empty(), "not yet");

    // What waits is handed over when it begins, and what comes meanwhile when it comes.
    world.advance(SignedDuration::from_hours(2)).await;
    assert_eq!(world.tasks_of("dora").await.len(), 1);
    order(&world, 900).await;
    assert_eq!(world.tasks_of("dora").await.len(), 2);
    assert_eq!(count("dora", "For mona: Manager approves").await, 2);

    // What she did not answer goes back when it ends.
    world.vote("dora", "Manager approves", Answer::Approve).await;
    assert_eq!(count("mona", "Yours again: Manager approves").await, 0);
    world.advance(SignedDuration::from_hours(8)).await;
    assert!(world.tasks_of("dora").await.is_empty());
    assert_eq!(world.tasks_of("mona").await.len(), 1);
    assert_eq!(count("mona", "Yours again: Manager approves").await, 1);
    assert_eq!(told("dora").await.last().map(String::as_str), Some("You answer approvals for mona no more"));

    // One that is taken back before it begins leaves nothing behind.
    let later = app::flow::Delegation {
        to: "dora".into(),
        from: world.app.now() + SignedDuration::from_hours(1),
        until: world.app.now() + SignedDuration::from_hours(3),
    };
    world.app.delegation_put(&mona, Some(later)).await.expect("mona may");
    world.app.delegation_put(&mona, None).await.expect("mona may");
    world.advance(SignedDuration::from_hours(5)).await;
    assert!(world.tasks_of("dora").await.is_empty());
    world.no_dead_jobs().await;
}

//! A contract review: rounds of changes with a limit, approvals in order by a table of amounts.

use app::flow::model::{Answer, Event};
use domain::{Ticket, TicketId};
use serde_json::json;
use weft_tests::world::World;

async fn contract(world: &World, amount: u32) -> Ticket {
    let create = json!([{ "kind": "create-ticket", "data": { "kind": "contract-review", "space": "legal", "title": "Cables",
        "fields": { "counterparty": "Northern Cables", "contract_type": "purchase", "amount": amount } } }]);
    let answer = world.submit("lena", None, create).await.expect("lena may ask");
    world.settle().await;
    answer.tickets[0].clone()
}

async fn state(world: &World, id: &TicketId) -> String {
    world.load(id).await.ticket.state
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_contract_is_approved_in_order_by_the_table_of_amounts() {
    let world = World::new().await;
    world.company().await;
    let contract = contract(&world, 2_000_000).await;
    let flow = world.flow_of(&contract.id).await;

    world.complete("lena", "Review the contract", json!({ "outcome": "accept" })).await;
    world.vote("lena", "Approvals in order", Answer::Approve).await;
    world.vote("fred", "Approvals in order", Answer::Approve).await;
    assert_ne!(state(&world, &contract.id).await, "signature", "the management has not answered");
    world.vote("dora", "Approvals in order", Answer::Approve).await;

    let events = world.happened(&flow.id).await;
    let why = events.iter().find_map(|event| match event {
        Event::Decided { place, explanation, .. } if place.node == "who-approves" => Some(explanation.to_string()),
        _ => None,
    });
    let why = why.expect("the table was asked");
    assert!(why.contains("Amount 2,000,000") && why.contains("rules 1, 3, 4"), "{why}");
    world.complete("lena", "Sign the contract", json!({})).await;
    world.transcript(&flow.id, "contract-review").await;
    world.nothing_left(&flow.id).await;
    world.no_dead_jobs().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_one_needs_its_lawyer_only_and_a_no_ends_it() {
    let world = World::new().await;
    world.company().await;
    let contract = contract(&world, 500).await;
    let flow = world.flow_of(&contract.id).await;

    world.complete("lena", "Review the contract", json!({ "outcome": "accept" })).await;
    assert!(world.tasks_of("fred").await.is_empty());
    world.vote("lena", "Approvals in order", Answer::Reject).await;

    world.nothing_left(&flow.id).await;
    world.no_dead_jobs().await;
}

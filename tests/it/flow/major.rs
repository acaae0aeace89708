//! A major incident: proposed, accepted, told about again and again while it lasts, looked back on.

use domain::PluginId;
use jiff::SignedDuration;
use serde_json::json;
use weft_tests::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn inc_08_a_major_incident_is_accepted_and_told_about_until_it_is_over() {
    let world = World::new().await;
    world.company().await;
    let settings = json!({ "major-candidates": "priority-1" }).as_object().cloned().expect("an object");
    let max = world.actor("max").await;
    world.app.plugin_configure(&max, &PluginId::from("incident"), settings).await.expect("it can be set");
    let incident = world.incident("ada", json!({ "impact": 1, "urgency": 1 })).await;
    world.settle().await;
    let flow = world.flow_of(&incident.id).await;
    assert_eq!(world.load(&incident.id).await.ticket.fields["major-state"], "candidate");

    world.complete("mira", "Accept as major incident?", json!({ "decision": "accept" })).await;
    assert_eq!(world.load(&incident.id).await.ticket.fields["major-state"], "accepted");
    for _ in 0..3 {
        world.advance(SignedDuration::from_mins(31)).await;
    }
    let updates = world.tasks_of("ada").await.iter().filter(|task| task.name == "Write an update").count();
    assert_eq!(updates, 3, "one every half hour");

    let resolve = json!([
        { "kind": "transition", "data": { "to": "in-progress" } },
        { "kind": "set-field", "data": { "field": "close-code", "value": "solved-permanently" } },
        { "kind": "set-field", "data": { "field": "close-notes", "value": "The switch was replaced." } },
        { "kind": "transition", "data": { "to": "resolved" } },
    ]);
    let resolved = world.submit("ada", Some(&incident.id), resolve).await;
    resolved.unwrap_or_else(|error| panic!("{error:?}"));
    world.settle().await;
    while world.tasks_of("ada").await.iter().any(|task| task.name == "Write an update") {
        world.complete("ada", "Write an update", json!({})).await;
    }
    world.complete("mira", "Hold the post-incident review", json!({})).await;

    world.transcript(&flow.id, "major-incident").await;
    world.nothing_left(&flow.id).await;
    world.no_dead_jobs().await;
}

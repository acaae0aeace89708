//! What is old goes or is archived; what is not stays.

use app::retention::{Retained, RetentionPolicy};
use domain::filter::{Field, Filter};
use jiff::SignedDuration;
use serde_json::json;
use weft_tests::fsck;
use weft_tests::world::World;

const POLICY: RetentionPolicy = RetentionPolicy {
    answers_days: 30,
    sessions_days: 30,
    read_notifications_days: 90,
    notifications_days: 365,
    dead_jobs_days: 0,
    closed_tickets_days: 730,
};

fn rows(done: &[Retained], rule: &str) -> u64 {
    done.iter().find(|one| one.rule == rule).expect("there is such a rule").rows
}

#[tokio::test(flavor = "multi_thread")]
async fn old_closed_tickets_are_archived_and_found_by_their_number() {
    let world = World::bare().await;
    world.install(bundle::plugin("incident").expect("it is bundled").bytes.to_vec()).await;
    let (old, open) = (world.incident("ada", json!({})).await, world.incident("ada", json!({})).await);
    let cancel = json!([{ "kind": "comment", "data": { "visibility": "public", "body": "It works again." } },
        { "kind": "transition", "data": { "to": "cancelled" } }]);
    world.submit("ada", Some(&old.id), cancel).await.expect("ada may cancel");
    let org = &world.app.config.org;
    let app = &world.app;
    let count = |filter: Filter| async move { app.store().ticket_count(org, &filter).await.expect("counted") };
    let both = Filter::In(Field::Id, vec![old.id.0.clone(), open.id.0.clone()]);
    assert_eq!(count(Filter::True).await, 2);
    assert_eq!(rows(&world.app.retention_run(POLICY).await.expect("run"), "closed-tickets"), 0, "nothing is old yet");

    world.clock.advance(SignedDuration::from_hours(24 * 731));
    let would = world.app.retention_count(POLICY).await.expect("counted");
    assert_eq!((rows(&would, "closed-tickets"), count(Filter::True).await), (1, 2), "a dry run changes nothing");
    let done = world.app.retention_run(POLICY).await.expect("run");
    assert_eq!(rows(&done, "closed-tickets"), 1);
    assert_eq!(rows(&world.app.retention_run(POLICY).await.expect("again"), "closed-tickets"), 0, "twice is once");

    assert_eq!(count(Filter::True).await, 1, "lists and counts leave it out");
    assert_eq!(count(Filter::eq(Field::Category, "cancelled")).await, 0);
    assert_eq!(count(both).await, 2, "asked for by id it is there");
    assert_eq!(world.load(&old.id).await.ticket.number, old.number);
    let comment = json!([{ "kind": "comment", "data": { "visibility": "internal", "body": "It was the cable." } }]);
    world.submit("ada", Some(&old.id), comment).await.expect("ada may comment");
    assert_eq!(count(Filter::True).await, 2, "a change brings it back");
    world.app.store().close().await;
    fsck::assert_clean(&fsck::sqlite(&world.folder.path().join("weft.db")).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_ended_long_ago_are_forgotten() {
    let world = World::bare().await;
    let ada = world.actor("ada").await;
    world.app.token_create(&ada, "short", 1).await.expect("a token");
    world.app.token_create(&ada, "long", 300).await.expect("a token");

    world.clock.advance(SignedDuration::from_hours(24 * 40));
    let done = world.app.retention_run(POLICY).await.expect("run");

    assert_eq!(rows(&done, "sessions"), 1);
    let events = world.app.store().event_list(&world.app.config.org, 0, 1_000).await.expect("events");
    let said: Vec<_> = events.iter().filter(|event| event.kind == "retention.applied").collect();
    assert_eq!(said.len(), 1);
    assert_eq!((said[0].subject.as_str(), &said[0].data["rows"]), ("sessions", &json!(1)));
}

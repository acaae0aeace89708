//! The search index within a running host: it answers when it is there, hears of every change, and tells nobody what is not theirs.

use app::retention::RetentionPolicy;
use jiff::SignedDuration;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use weft_tests::cluster::pause;
use weft_tests::world::World;

const SOON: Duration = Duration::from_secs(20);

/// Titles that somebody finds, and how many there are.
async fn find(app: &app::App, world: &World, login: &str, text: &str) -> (Vec<String>, u64) {
    let found = app.search(&world.actor(login).await, text, 8).await.expect("the search answers");
    (found.tickets.into_iter().map(|ticket| ticket.title).collect(), found.tickets_total)
}

async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !is_so().await {
        assert!(started.elapsed() < SOON, "{what} is not so after {SOON:?}");
        pause(Duration::from_millis(20)).await;
    }
}

async fn report(world: &World, title: &str) -> domain::TicketId {
    let create = json!([{ "kind": "create-ticket", "data": { "kind": "incident", "space": "it", "title": title, "fields": {} } }]);
    world.submit("ada", None, create).await.expect("ada may report it").tickets[0].id.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_is_answered_from_the_index_of_each_node_and_by_the_database_without_one() {
    let world = World::bare().await;
    world.install(bundle::plugin("incident").expect("it is bundled").bytes.to_vec()).await;
    let houses = report(&world, "Häuser ohne Strom").await;
    // The database knows words as they are written.
    assert_eq!(find(&world.app, &world, "ada", "strom").await, (vec!["Häuser ohne Strom".to_owned()], 1));
    assert_eq!(find(&world.app, &world, "ada", "haus").await, (vec![], 0));

    let stop = CancellationToken::new();
    let other = world.twin().await;
    let folder = world.folder.path().join("weft.search");
    let mut kept = tokio::task::JoinSet::new();
    for app in [&world.app, &other] {
        kept.spawn(Arc::clone(app).keep_search_index(folder.clone(), stop.clone()));
    }
    for app in [&world.app, &other] {
        eventually("the index is built", async || find(app, &world, "ada", "haus").await.1 == 1).await;
        assert_eq!(find(app, &world, "erin", "haus").await, (vec![], 0), "nobody told erin of it");
        assert_eq!(find(app, &world, "erin", "strom").await, (vec![], 0));
    }

    // What one node commits, the other one hears from the journal.
    let server = report(&world, "Mailserver startet nicht").await;
    for app in [&world.app, &other] {
        eventually("the new ticket is known", async || find(app, &world, "ada", "mailserver").await.1 == 1).await;
        assert_eq!(find(app, &world, "ada", "server").await.0, ["Mailserver startet nicht"], "a part of a word");
    }
    let rename = json!([{ "kind": "set-field", "data": { "field": "title", "value": "Postfach startet nicht" } }]);
    world.submit("ada", Some(&server), rename).await.expect("ada may rename it");
    eventually("the new title is known", async || find(&other, &world, "ada", "postfach").await.1 == 1).await;
    assert_eq!(find(&other, &world, "ada", "mailserver").await.1, 0);

    // What is archived is in no list.
    let cancel = json!([{ "kind": "comment", "data": { "visibility": "public", "body": "There is power again." } },
        { "kind": "transition", "data": { "to": "cancelled" } }]);
    world.submit("ada", Some(&houses), cancel).await.expect("ada may cancel");
    world.clock.advance(SignedDuration::from_hours(24 * 731));
    let policy = RetentionPolicy {
        answers_days: 0,
        sessions_days: 0,
        read_notifications_days: 0,
        notifications_days: 0,
        dead_jobs_days: 0,
        closed_tickets_days: 730,
    };
    world.app.retention_run(policy).await.expect("it runs");
    for app in [&world.app, &other] {
        eventually("what is archived is gone", async || find(app, &world, "ada", "haus").await.1 == 0).await;
    }
    stop.cancel();
    kept.join_all().await;
    assert!(folder.join("0/index").is_dir() && folder.join("1/index").is_dir(), "each has a place of its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_cannot_be_written_leaves_words_to_the_database() {
    let world = World::bare().await;
    world.install(bundle::plugin("incident").expect("it is bundled").bytes.to_vec()).await;
    report(&world, "Häuser ohne Strom").await;
    let file = world.folder.path().join("a-file");
    std::fs::write(&file, "no folder").expect("it can be written");

    let stop = CancellationToken::new();
    let kept = tokio::spawn(Arc::clone(&world.app).keep_search_index(file.join("weft.search"), stop.clone()));
    pause(Duration::from_millis(300)).await;
    assert!(!kept.is_finished(), "it is tried again later");
    assert_eq!(find(&world.app, &world, "ada", "strom").await, (vec!["Häuser ohne Strom".to_owned()], 1));
    assert_eq!(find(&world.app, &world, "ada", "haus").await, (vec![], 0), "this only an index would know");

    stop.cancel();
    kept.await.expect("it ends when told to");
}

//! A database with something of everything in it: tickets with clocks, a flow that waits for people, history, files.

use app::flow::InstanceQuery;
use app::flow::model::Command;
use domain::event::{Cause, Origin};
use domain::outbox::{Content, ItemType, Mail, MailPurpose, OutboxItem, OutboxState};
use domain::schedule::RetryPolicy;
use jiff::Timestamp;
use serde_json::json;
use std::path::{Path, PathBuf};
use weft_tests::world::World;

/// SHA-256 of `hello`.
const HELLO: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

/// Make the database, closed, in a folder.
pub async fn make(folder: &Path) -> PathBuf {
    let world = World::new().await;
    world.company().await;
    let shelf = json!([{ "kind": "upsert-record", "data": { "kind": "stock-item", "space": "it", "title": "Laptop 1",
        "fields": { "class": "laptop", "model": "standard" } } }]);
    world.submit("mona", None, shelf).await.expect("something for the shelf");
    let order = json!([{ "kind": "create-ticket", "data": { "kind": "request", "space": "it", "title": "A laptop, please",
        "fields": { "item": "laptop", "model": "standard", "price": 900 } } }]);
    world.submit("erin", None, order.clone()).await.expect("erin may ask");
    world.settle().await;
    // One flow has ended, one waits.
    let max = world.actor("max").await;
    let flows = world.app.instance_list(&max, InstanceQuery::default(), None, 10).await.expect("a list").items;
    for flow in flows {
        let command = world.command("max", None, json!([])).await;
        let cancel = Command::Cancel { reason: "not needed".to_owned() };
        world.app.instance_command(&command, &flow.id, cancel).await.expect("it can be cancelled");
    }
    world.submit("erin", None, order).await.expect("erin may ask again");
    world.settle().await;
    let incident = world.incident("ada", json!({ "impact": 2, "urgency": 2 })).await;
    let comment = json!([{ "kind": "comment", "data": { "visibility": "public", "body": "We look at it." } }]);
    world.submit("ada", Some(&incident.id), comment).await.expect("ada may comment");
    world.settle().await;
    world.app.store().close().await;

    let file = folder.join("weft.db");
    std::fs::copy(world.folder.path().join("weft.db"), &file).expect("copied");
    let cause = Cause {
        command: "c".to_owned(),
        correlation: "c".to_owned(),
        depth: 0,
        origin: Origin::Person,
        chain: Vec::new(),
    };
    let item = OutboxItem {
        id: "o1".into(),
        idempotency_key: "c:0".to_owned(),
        item_type: ItemType::Mail,
        target: "mail to b.example".to_owned(),
        state: OutboxState::Waiting,
        attempts: 0,
        policy: RetryPolicy::default(),
        plugin: None,
        ticket: None,
        space: "it".into(),
        step: None,
        abandoned: false,
        created_at: Timestamp::UNIX_EPOCH,
        next_at: Some(Timestamp::UNIX_EPOCH),
        sent_at: None,
        ended_at: None,
        status: None,
        last_error: None,
        reason: None,
        cause,
        version: 1,
    };
    let mail = Mail {
        purpose: MailPurpose::Letter,
        person: None,
        to_name: None,
        to: "partner@b.example".to_owned(),
        subject: "Hello".to_owned(),
        text: "It is here.".to_owned(),
    };
    let item = serde_json::to_string(&item).expect("an item has text keys");
    let content = serde_json::to_string(&Content::Mail { mail: Box::new(mail) }).expect("content has text keys");
    let work = json!({ "type": "send", "item": "o1", "plugin": null });
    let attach = format!(
        "INSERT INTO blob (org_id, digest, content) VALUES ('default', '{HELLO}', CAST('hello' AS BLOB));
         INSERT INTO attachment (org_id, id, ticket, name, media_type, size, digest, author, at)
         SELECT 'default', 'a1', id, 'hello.txt', 'text/plain', 5, '{HELLO}', 'ada', 0 FROM ticket WHERE number LIKE 'INC%';
         INSERT INTO outbox (org_id, id, item_type, state, created_at, details, version) VALUES ('default', 'o1', 'mail', 'waiting', 0, '{item}', 1);
         INSERT INTO outbox_content (org_id, id, content) VALUES ('default', 'o1', '{content}');
         INSERT INTO job (org_id, id, order_key, order_at, ordinal, unique_key, work, due_at, state, attempts, fence) VALUES
         ('default', 'send', 'outbox/o1', 0, 999999, 'outbox:o1', '{work}', 0, 'ready', 0, 0);
         INSERT INTO answer (org_id, scope, command_key, fingerprint, answer, at) VALUES ('default', 's', 'k', 'f', '{{}}', 0);"
    );
    store_sqlite::testing::execute(&file, &attach).await;
    file
}

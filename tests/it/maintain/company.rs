//! A database with something of everything in it: tickets with clocks, a flow that waits for people, history, files.

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
    world.submit("erin", None, order).await.expect("erin may ask");
    world.settle().await;
    let incident = world.incident("ada", json!({ "impact": 2, "urgency": 2 })).await;
    let comment = json!([{ "kind": "comment", "data": { "visibility": "public", "body": "We look at it." } }]);
    world.submit("ada", Some(&incident.id), comment).await.expect("ada may comment");
    world.settle().await;
    world.app.store().close().await;

    let file = folder.join("weft.db");
    std::fs::copy(world.folder.path().join("weft.db"), &file).expect("copied");
    let attach = format!(
        "INSERT INTO blob (org_id, digest, content) VALUES ('default', '{HELLO}', CAST('hello' AS BLOB));
         INSERT INTO attachment (org_id, id, ticket, name, media_type, size, digest, author, at)
         SELECT 'default', 'a1', id, 'hello.txt', 'text/plain', 5, '{HELLO}', 'ada', 0 FROM ticket WHERE number LIKE 'INC%';
         INSERT INTO answer (org_id, scope, command_key, fingerprint, answer, at) VALUES ('default', 's', 'k', 'f', '{{}}', 0);"
    );
    store_sqlite::testing::execute(&file, &attach).await;
    file
}

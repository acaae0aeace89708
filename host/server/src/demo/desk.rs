//! What the demo's service desk has at hand: canned replies, a macro and a view that its groups share.

use crate::failure::Failure;
use app::App;
use domain::effect::UpsertRecord;
use domain::{Effect, KindId, SpaceId};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) async fn seed(app: &Arc<App>, at: Timestamp) -> Result<(), Failure> {
    let mona = app.actor_by_login("mona").await?;
    for (kind, title, fields) in records() {
        let kind = KindId::from(kind);
        if app.registry().kinds.get(&kind).is_none() {
            continue;
        }
        let mut command = app.command(&mona);
        command.now = at;
        command.effects = vec![Effect::UpsertRecord(Box::new(UpsertRecord {
            record: None,
            kind,
            space: SpaceId::from("it"),
            title: title.to_owned(),
            state: None,
            fields: fields.as_object().cloned().unwrap_or_default(),
        }))];
        app.submit(command).await?;
    }
    Ok(())
}

fn records() -> [(&'static str, &'static str, Value); 4] {
    [
        (
            "reply",
            "Which device?",
            json!({ "visibility": "public", "body": "Dear {requester},\n\nwhich device is it, and what is written on its label?" }),
        ),
        (
            "reply",
            "Restarted it already?",
            json!({ "visibility": "public", "kind": "incident", "body": "Dear {requester},\n\nplease switch it off and on again, and tell us whether that helped." }),
        ),
        (
            "reply",
            "I take this",
            json!({ "visibility": "public", "state": "in-progress", "assign": true, "body": "Dear {requester},\n\nI have {number} and am looking into it." }),
        ),
        ("saved-view", "New and nobody's", json!({ "query": "?category=new&assignee=none" })),
    ]
}

//! The demo's service level targets, if there is a plugin that knows what they are.

use crate::failure::Failure;
use app::App;
use domain::effect::UpsertRecord;
use domain::{Effect, KindId, SpaceId};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;

/// Priorities, minutes to respond, minutes to resolve, in working time.
const TARGETS: [(&str, &[u32], u32, u32, bool); 4] = [
    ("P1", &[1], 15, 240, false),
    ("P2", &[2], 60, 480, false),
    ("P3", &[3], 240, 960, true),
    ("P4", &[4, 5], 480, 2400, true),
];

pub(super) async fn seed(app: &Arc<App>, at: Timestamp) -> Result<(), Failure> {
    let kind = KindId::from("sla-target");
    if app.registry().kinds.get(&kind).is_none() {
        return Ok(());
    }
    let mona = app.actor_by_login("mona").await?;
    for (name, priorities, respond, resolve, working) in TARGETS {
        for (metric, minutes) in [("response", respond), ("resolution", resolve)] {
            let mut command = app.command(&mona);
            command.now = at;
            command.effects = vec![Effect::UpsertRecord(Box::new(UpsertRecord {
                record: None,
                kind: kind.clone(),
                space: SpaceId::from("it"),
                title: format!("{name} {metric}"),
                state: Some("active".to_owned()),
                fields: fields(metric, priorities, minutes, working).as_object().cloned().unwrap_or_default(),
            }))];
            app.submit(command).await?;
        }
    }
    Ok(())
}

fn fields(metric: &str, priorities: &[u32], minutes: u32, working: bool) -> Value {
    let mut fields = json!({
        "type": "sla", "metric": metric, "applies-to": ["incident"], "scope": "space", "minutes": minutes,
        "match": { "is": { "field": "priority", "in": priorities } },
        "counting": if working { "working" } else { "elapsed" },
        "cancel": { "is": { "field": "state", "in": ["cancelled"] } },
    });
    if working {
        fields["calendar"] = json!("office-hours");
    }
    if metric == "resolution" {
        fields["pause"] = json!({ "is": { "field": "state", "in": ["on-hold"] } });
    }
    fields
}

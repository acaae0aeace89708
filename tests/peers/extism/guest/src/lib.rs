//! A guard as an Extism plugin: takes the change as JSON, reads it into types, and adds one comment.

#![expect(
    dead_code,
    reason = "every field is parsed, as the typed call of the component model lowers it; none is used"
)]

use extism_pdk::{FnResult, plugin_fn};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Change {
    context: Context,
    before: Option<Ticket>,
    after: Ticket,
    effects: Vec<Effect>,
    clocks: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Context {
    now: String,
    seed: String,
    actor: String,
    actor_kind: String,
    roles: Vec<String>,
    locale: String,
    zone: String,
    space: String,
    depth: u32,
    dry_run: bool,
    origin: String,
    correlation: String,
}

#[derive(Deserialize)]
struct Ticket {
    id: String,
    number: String,
    kind: String,
    space: String,
    state: String,
    title: String,
    requester: Option<String>,
    opened_by: Option<String>,
    group: Option<String>,
    assignee: Option<String>,
    parent: Option<String>,
    restricted: bool,
    version: u32,
    opened_at: String,
    updated_at: String,
    resolved_at: Option<String>,
    closed_at: Option<String>,
    /// JSON text in JSON, as the contract of Weft has it.
    fields: String,
}

#[derive(Serialize, Deserialize)]
struct Effect {
    kind: String,
    data: String,
}

#[plugin_fn]
pub fn guard(change: String) -> FnResult<String> {
    let change: Change = serde_json::from_str(&change)?;
    let mut effects = change.effects;
    effects.push(Effect { kind: "comment".to_owned(), data: "{}".to_owned() });
    Ok(serde_json::to_string(&effects)?)
}

//! One story for each practice, told over the API by the people involved; its decisions are tested beside its source.

mod asset;
mod catalogue;
mod change;
mod command_line;
mod confidential;
mod configuration;
mod departments;
mod financial;
mod improvement;
mod knowledge;
mod measured;
mod monitoring;
mod problem;
mod queries;
mod relationship;
mod rules;
mod stories;

use serde_json::{Value, json};
use weft_tests::app::{Caller, TestApp};

/// Create a ticket in `it`.
async fn open(caller: &Caller, kind: &str, title: &str, fields: Value) -> Value {
    let body = json!({ "kind": kind, "space": "it", "title": title, "fields": fields });
    caller.post("/tickets", body).await.expect(201).value()
}

/// Create a record in `it`.
async fn file(caller: &Caller, kind: &str, title: &str, fields: Value) -> Value {
    let body = json!({ "kind": kind, "space": "it", "title": title, "fields": fields });
    caller.post("/records", body).await.expect(201).value()
}

async fn change_ticket(caller: &Caller, ticket: &Value, body: Value) -> Value {
    caller.patch(&format!("/tickets/{}", id(ticket)), body).await.expect(200).value()
}

async fn change_record(caller: &Caller, record: &Value, body: Value) -> Value {
    caller.patch(&format!("/records/{}", id(record)), body).await.expect(200).value()
}

/// The codes of a refusal.
async fn refused(caller: &Caller, path: &str, body: Value) -> Vec<String> {
    let reply = caller.patch(path, body).await;
    assert_eq!(reply.status, 422, "{}", String::from_utf8_lossy(&reply.bytes));
    let errors = reply.value()["errors"].as_array().cloned().unwrap_or_default();
    errors.iter().filter_map(|error| error["code"].as_str().map(str::to_owned)).collect()
}

async fn ticket(caller: &Caller, ticket: &Value) -> Value {
    caller.get(&format!("/tickets/{}", id(ticket))).await.expect(200).value()
}

async fn record(caller: &Caller, record: &Value) -> Value {
    caller.get(&format!("/records/{}", id(record))).await.expect(200).value()
}

async fn list(caller: &Caller, path: &str) -> Vec<Value> {
    caller.get(path).await.expect(200).value()["items"].as_array().cloned().unwrap_or_default()
}

fn id(of: &Value) -> &str {
    of["id"].as_str().expect("it has an id")
}

/// What an administrator sets.
async fn set(app: &TestApp, plugin: &str, settings: Value) {
    app.caller("max").await.put(&format!("/plugins/{plugin}/settings"), settings).await.expect(200);
}

/// Everything that follows has happened, and nothing was given up.
async fn settled(app: &TestApp) {
    app.world.settle().await;
    app.world.no_dead_jobs().await;
}

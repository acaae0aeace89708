//! `weft outbox`: on the database when no server runs, through a server's API otherwise.

use crate::cli::OutboxCommand;
use crate::config::Settings;
use crate::failure::Failure;
use crate::open::{Durability, open, operator};
use crate::out;
use crate::remote::Client;
use app::{App, OutboxQuery, Settlement};
use domain::outbox::{ItemType, OutboxState};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::Arc;

const ITEMS_MAX: u32 = 200;

enum Door {
    Here(Arc<App>),
    There(Client),
}

pub(super) async fn run(command: OutboxCommand, client: Option<Client>, settings: Settings) -> Result<(), Failure> {
    let door = match client {
        Some(client) => Door::There(client),
        None => Door::Here(open(&settings, false, Durability::Full).await?),
    };
    let outcome = carry_out(command, &door).await;
    if let Door::Here(app) = door {
        app.store().close().await;
    }
    outcome
}

async fn carry_out(command: OutboxCommand, door: &Door) -> Result<(), Failure> {
    match command {
        OutboxCommand::List { state, r#type, json } => list(door, &state, r#type.as_deref(), json).await,
        OutboxCommand::Show { id, json: as_json } => {
            let item = match door {
                Door::Here(app) => json!(app.outbox_get(&operator(), &id.as_str().into()).await?),
                Door::There(client) => client.get(&format!("/outbox/{id}")).await?,
            };
            show(&item, as_json);
            Ok(())
        }
        OutboxCommand::Retry { id } => {
            let item = match door {
                Door::Here(app) => json!(app.outbox_retry(&operator(), &id.as_str().into()).await?),
                Door::There(client) => client.send("POST", &format!("/outbox/{id}/retry"), &json!({})).await?,
            };
            out::note(&format!(
                "{} is sent again, under the key {}.",
                text(&item, "id"),
                text(&item, "idempotency_key")
            ));
            Ok(())
        }
        OutboxCommand::Settle { id, settlement } => {
            let item = match door {
                Door::Here(app) => {
                    let settlement: Settlement = word("settlement", &settlement)?;
                    json!(app.outbox_settle(&operator(), &id.as_str().into(), settlement).await?)
                }
                Door::There(client) => {
                    let body = json!({ "settlement": settlement });
                    client.send("POST", &format!("/outbox/{id}/settle"), &body).await?
                }
            };
            out::note(&format!("{} is {} now.", text(&item, "id"), text(&item, "state")));
            Ok(())
        }
    }
}

async fn list(door: &Door, states: &str, item_type: Option<&str>, as_json: bool) -> Result<(), Failure> {
    let items: Vec<Value> = match door {
        Door::Here(app) => {
            let states =
                states.split(',').map(|state| word::<OutboxState>("state", state.trim())).collect::<Result<_, _>>()?;
            let item_type = item_type.map(|one| word::<ItemType>("type", one)).transpose()?;
            let query = OutboxQuery { states, item_type, ..OutboxQuery::default() };
            let page = app.outbox_list(&operator(), &query, None, ITEMS_MAX).await?;
            page.items.iter().map(|item| json!(item)).collect()
        }
        Door::There(client) => {
            let item_type = item_type.map_or_else(String::new, |one| format!("&type={one}"));
            let path = format!("/outbox?limit={ITEMS_MAX}&state={states}{item_type}");
            client.get(&path).await?["items"].as_array().cloned().unwrap_or_default()
        }
    };
    if as_json {
        out::json(&Value::Array(items));
        return Ok(());
    }
    let header = ["ID", "STATE", "TARGET", "TRIES", "CREATED", "NEXT", "WHY"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    rows.extend(items.iter().map(|item| {
        let why = [text(item, "reason"), text(item, "last_error")].into_iter().find(|why| !why.is_empty());
        vec![
            text(item, "id"),
            text(item, "state"),
            text(item, "target"),
            item["attempts"].to_string(),
            instant(item, "created_at"),
            instant(item, "next_at"),
            why.unwrap_or_default(),
        ]
    }));
    out::table(&rows);
    Ok(())
}

fn show(item: &Value, as_json: bool) {
    if as_json {
        return out::json(item);
    }
    let known = [
        "id",
        "state",
        "target",
        "reason",
        "last_error",
        "status",
        "attempts",
        "idempotency_key",
        "plugin",
        "ticket",
        "instance",
        "created_at",
        "sent_at",
        "next_at",
        "ended_at",
    ];
    let rows = known.into_iter().filter(|name| !item[*name].is_null()).map(|name| {
        let value = &item[name];
        vec![name.to_owned(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)]
    });
    out::table(&rows.collect::<Vec<_>>());
}

fn word<T: DeserializeOwned>(what: &str, word: &str) -> Result<T, Failure> {
    serde_json::from_value(Value::from(word))
        .map_err(|error| Failure::of(&format!("there is no {what} `{word}`"), &error))
}

fn text(item: &Value, name: &str) -> String {
    item[name].as_str().unwrap_or_default().to_owned()
}

fn instant(item: &Value, name: &str) -> String {
    text(item, name).chars().take(19).collect()
}

//! `weft node`: who serves a database.

use crate::cli::NodeCommand;
use crate::config::Settings;
use crate::failure::Failure;
use crate::open::{Durability, open_store};
use crate::out;
use crate::platform::WallClock;
use crate::remote::Client;
use app::AppConfig;
use app::port::clock::Clock;
use serde_json::{Value, json};

pub(super) async fn run(command: NodeCommand, client: Option<Client>, settings: Settings) -> Result<(), Failure> {
    let NodeCommand::List { json: as_json } = command;
    let nodes: Vec<Value> = match client {
        Some(client) => client.get("/nodes").await?["items"].as_array().cloned().unwrap_or_default(),
        None => {
            let store = open_store(&settings, Durability::Full).await?;
            let nodes = store.node_list(&AppConfig::default().org).await;
            store.close().await;
            let nodes = nodes.map_err(|error| Failure::of("the nodes cannot be read", &error))?;
            nodes
                .iter()
                .map(|node| {
                    json!({
                        "id": node.id, "name": node.name, "version": node.version, "started_at": node.started_at,
                        "seen_at": node.seen_at, "lease_until": node.lease_until,
                    })
                })
                .collect()
        }
    };
    if as_json {
        out::json(&Value::Array(nodes));
        return Ok(());
    }
    let now = WallClock.now().to_string();
    let text = |node: &Value, name: &str| node[name].as_str().unwrap_or_default().to_owned();
    let mut rows = vec![["NODE", "NAME", "VERSION", "STARTED", "SEEN", "ALIVE"].map(str::to_owned).to_vec()];
    rows.extend(nodes.iter().map(|node| {
        let at = |name: &str| text(node, name).chars().take(19).collect::<String>();
        let alive = if text(node, "lease_until") > now { "yes" } else { "no" };
        vec![
            text(node, "id"),
            text(node, "name"),
            text(node, "version"),
            at("started_at"),
            at("seen_at"),
            alive.to_owned(),
        ]
    }));
    out::table(&rows);
    Ok(())
}

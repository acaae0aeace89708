//! `weft plugin`: on the database when no server runs, through a server's API otherwise.

use crate::cli::PluginCommand;
use crate::config::Settings;
use crate::failure::Failure;
use crate::open::{Durability, open, open_runtime, operator};
use crate::out;
use crate::remote::Client;
use app::port::plugins::Plugins;
use app::{App, PluginView};
use domain::{Object, PluginId};
use serde_json::{Value, json};
use std::io::{BufRead, IsTerminal};
use std::path::Path;
use std::sync::Arc;

/// Where the command takes effect.
enum Door {
    Here(Arc<App>),
    There(Client),
}

pub(super) async fn run(command: PluginCommand, client: Option<Client>, settings: Settings) -> Result<(), Failure> {
    if let PluginCommand::Inspect { file, json } = command {
        return inspect(&settings, &file, json);
    }
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

async fn carry_out(command: PluginCommand, door: &Door) -> Result<(), Failure> {
    match command {
        PluginCommand::List { json } => list(door, json).await,
        PluginCommand::Inspect { .. } => unreachable!("handled before a database is opened"),
        PluginCommand::Install { file } => {
            let plugin = door.install(component(&file)?).await?;
            out::line(&format!("Installed {} {}.", text(&plugin, "id"), text(&plugin, "version")));
            if plugin["state"] == "consent-needed" {
                print_grants(&plugin);
                out::line(&format!("It runs after `weft plugin enable {}`.", text(&plugin, "id")));
            }
            Ok(())
        }
        PluginCommand::Enable { id, yes } => {
            print_grants(&door.get(&id).await?);
            if !yes && !agreed()? {
                return Err(Failure::new("nothing was changed"));
            }
            let plugin = door.act(&id, "enable", json!({ "grants": "all" })).await?;
            out::line(&format!("{id} is {}.", text(&plugin, "state")));
            Ok(())
        }
        PluginCommand::Disable { id } => {
            door.act(&id, "disable", json!({})).await?;
            out::line(&format!("{id} is disabled; its deliveries wait."));
            Ok(())
        }
        PluginCommand::Remove { id } => {
            door.remove(&id).await?;
            out::line(&format!("{id} is removed."));
            Ok(())
        }
        PluginCommand::Settings { id, set } => {
            let plugin = match set {
                None => door.get(&id).await?,
                Some(text) => {
                    let values = serde_json::from_str(&text)
                        .map_err(|error| Failure::of("--set takes a JSON object", &error))?;
                    door.configure(&id, values).await?
                }
            };
            out::json(&plugin["settings"]);
            Ok(())
        }
    }
}

impl Door {
    async fn list(&self) -> Result<Vec<Value>, Failure> {
        match self {
            Self::Here(app) => Ok(app.plugin_list(&operator())?.into_iter().map(|plugin| json!(plugin)).collect()),
            Self::There(client) => Ok(client.get("/plugins").await?["items"].as_array().cloned().unwrap_or_default()),
        }
    }

    async fn get(&self, id: &str) -> Result<Value, Failure> {
        match self {
            Self::Here(app) => Ok(json!(app.plugin_get(&operator(), &PluginId::from(id))?)),
            Self::There(client) => client.get(&format!("/plugins/{id}")).await,
        }
    }

    async fn install(&self, wasm: Vec<u8>) -> Result<Value, Failure> {
        match self {
            Self::Here(app) => Ok(json!(app.plugin_install(&operator(), wasm).await?)),
            Self::There(client) => client.request("POST", "/plugins", "application/wasm", &wasm).await,
        }
    }

    async fn act(&self, id: &str, action: &str, body: Value) -> Result<Value, Failure> {
        let known = PluginId::from(id);
        match self {
            Self::There(client) => client.send("POST", &format!("/plugins/{id}/{action}"), &body).await,
            Self::Here(app) => {
                let view: PluginView = if action == "enable" {
                    app.plugin_enable(&operator(), &known).await?
                } else {
                    app.plugin_disable(&operator(), &known).await?
                };
                Ok(json!(view))
            }
        }
    }

    async fn remove(&self, id: &str) -> Result<(), Failure> {
        match self {
            Self::Here(app) => Ok(app.plugin_remove(&operator(), &PluginId::from(id)).await?),
            Self::There(client) => client.send("DELETE", &format!("/plugins/{id}"), &json!({})).await.map(drop),
        }
    }

    async fn configure(&self, id: &str, values: Object) -> Result<Value, Failure> {
        match self {
            Self::Here(app) => Ok(json!(app.plugin_configure(&operator(), &PluginId::from(id), values).await?)),
            Self::There(client) => client.send("PUT", &format!("/plugins/{id}/settings"), &Value::Object(values)).await,
        }
    }
}

async fn list(door: &Door, as_json: bool) -> Result<(), Failure> {
    let plugins = door.list().await?;
    if as_json {
        out::json(&Value::Array(plugins));
        return Ok(());
    }
    let mut rows = vec![["ID", "VERSION", "STATE", "TITLE"].map(str::to_owned).to_vec()];
    rows.extend(
        plugins.iter().map(|plugin| ["id", "version", "state", "title"].map(|name| text(plugin, name)).to_vec()),
    );
    out::table(&rows);
    Ok(())
}

/// A file, or what comes with Weft under this id.
fn component(file: &Path) -> Result<Vec<u8>, Failure> {
    let bundled = file.to_str().and_then(bundle::plugin).filter(|_| !file.exists());
    if let Some(bundled) = bundled {
        return Ok(bundled.bytes.to_vec());
    }
    std::fs::read(file).map_err(|error| {
        let known: Vec<_> = bundle::PLUGINS.iter().map(|plugin| plugin.id).collect();
        Failure::of(
            &format!(
                "`{}` cannot be read, and the plugins that come with Weft are {}",
                file.display(),
                known.join(", ")
            ),
            &error,
        )
    })
}

/// Everything that a file says about itself. Nothing of it runs, and no database is needed.
fn inspect(settings: &Settings, file: &Path, as_json: bool) -> Result<(), Failure> {
    let wasm = component(file)?;
    let refused = |problems: &[domain::Problem]| {
        if as_json {
            out::json(&json!({ "problems": problems }));
        }
        Failure::problems(&format!("`{}` is not a plugin that could be installed", file.display()), problems)
    };
    let found = open_runtime(&Settings {
        plugins: crate::config::Plugins { cache_dir: String::new(), ..settings.plugins.clone() },
        ..settings.clone()
    })?
    .inspect(&wasm)
    .map_err(|problems| refused(&problems))?;
    let manifest =
        domain::manifest::read::read(&found.manifest, &found.assets).map_err(|problems| refused(&problems))?;
    let kinds: Vec<_> = manifest.kinds.iter().map(|kind| kind.id.0.clone()).collect();
    let grants: Vec<_> = manifest
        .grants
        .iter()
        .map(|grant| json!({ "sentence": grant.permission.sentence(), "reason": grant.reason }))
        .collect();
    let report = json!({
        "id": manifest.id, "version": manifest.version, "title": manifest.title, "summary": manifest.summary, "digest": found.digest,
        "size": found.size, "grants": grants, "imports": found.imports, "exports": found.exports, "kinds": kinds, "problems": [],
    });
    if as_json {
        out::json(&report);
        return Ok(());
    }
    out::line(&format!("{} {}: {}\n{}\n", manifest.id, manifest.version, manifest.title, manifest.summary));
    out::line(&format!("digest  {}\nsize    {} bytes", found.digest, found.size));
    for (title, items) in [("kinds", &kinds), ("exports", &found.exports), ("imports", &found.imports)] {
        out::line(&format!("{title:7} {}", if items.is_empty() { "none".to_owned() } else { items.join(", ") }));
    }
    out::line("");
    print_grants(&report);
    Ok(())
}

fn print_grants(plugin: &Value) {
    let grants = plugin["grants"].as_array().map(Vec::as_slice).unwrap_or_default();
    if grants.is_empty() {
        return out::line("It asks for nothing.");
    }
    out::line("It asks for:");
    for grant in grants {
        out::line(&format!("  {}.\n      {}", text(grant, "sentence"), text(grant, "reason")));
    }
}

fn agreed() -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::new("give --yes to consent where nobody can be asked"));
    }
    out::line("Consent to all of this and switch it on? [y/N]");
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

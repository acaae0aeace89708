//! `weft flow`: on the database when no server runs, through a server's API otherwise.

use crate::cli::FlowCommand;
use crate::config::Settings;
use crate::failure::Failure;
use crate::open::{Durability, open, operator};
use crate::out;
use crate::remote::Client;
use app::App;
use app::flow::model::{Command, Key};
use app::flow::{InstanceQuery, Report, Resource, Simulation, import};
use domain::flow::{DefinitionType, InstanceStatus};
use domain::{InstanceId, Problem};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the command takes effect.
enum Door {
    Here(Arc<App>),
    There(Client),
}

pub(super) async fn run(command: FlowCommand, client: Option<Client>, settings: Settings) -> Result<(), Failure> {
    match &command {
        FlowCommand::Lint { files, offline: true, json } => {
            let resources = read_all(files)?;
            let errors = app::flow::check(&resources);
            return lint_result(errors, *json);
        }
        FlowCommand::Import { file, out } => return bring_over(file, out.as_deref()),
        _ => {}
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

async fn carry_out(command: FlowCommand, door: &Door) -> Result<(), Failure> {
    match command {
        FlowCommand::Lint { files, json, .. } => lint(door, &files, json).await,
        FlowCommand::Deploy { files } => deploy(door, &files).await,
        FlowCommand::Diff { old, new } => diff(door, &old, &new).await,
        FlowCommand::Run { files, simulate, with, json } => {
            if !simulate {
                return Err(Failure::new(
                    "give --simulate to try it with mocked steps; in earnest a process is started by tickets, messages and POST /api/v1/flows/process/KEY/instances",
                ));
            }
            simulation(door, &files, with.as_deref(), json).await
        }
        FlowCommand::List { r#type } => list(door, &r#type).await,
        FlowCommand::Instances { process, troubled, all, json } => instances(door, process, troubled, all, json).await,
        FlowCommand::Show { id, json, picture } => show(door, &id, json, picture.as_deref()).await,
        FlowCommand::Migrate { id, to, mapping, dry_run } => migrate(door, &id, to, &mapping, dry_run).await,
        FlowCommand::Retry { id, set } => retry(door, &id, set.as_deref()).await,
        FlowCommand::Cancel { id, reason } => {
            let outcome = door
                .act(&id, "cancel", json!({ "reason": reason }), Command::Cancel { reason: reason.clone() })
                .await?;
            out::line(&format!("{id} is {}.", text(&outcome["instance"], "status")));
            Ok(())
        }
        FlowCommand::Import { .. } => unreachable!("handled before a database is opened"),
    }
}

fn read_all(files: &[PathBuf]) -> Result<Vec<Resource>, Failure> {
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::of(&format!("`{}` cannot be read", path.display()), &error))?;
        Ok(Resource { file: path.display().to_string(), text })
    };
    files.iter().map(read).collect()
}

fn body(resources: &[Resource]) -> Value {
    let files = resources.iter().map(|one| json!({ "file": one.file, "text": one.text }));
    json!({ "files": files.collect::<Vec<_>>() })
}

async fn lint(door: &Door, files: &[PathBuf], as_json: bool) -> Result<(), Failure> {
    let resources = read_all(files)?;
    let report = match door {
        Door::Here(app) => app.flow_lint(&resources).await?,
        Door::There(client) => {
            let found = client.send("POST", "/flows/lint", &body(&resources)).await?;
            let list = |name: &str| serde_json::from_value::<Vec<Problem>>(found[name].clone()).unwrap_or_default();
            Report { errors: list("errors"), warnings: list("warnings") }
        }
    };
    lint_result(report, as_json)
}

fn lint_result(report: Report, as_json: bool) -> Result<(), Failure> {
    if as_json {
        out::json(&json!({ "errors": report.errors, "warnings": report.warnings }));
    } else {
        for problem in &report.warnings {
            out::line(&format!("warning: {problem}"));
        }
        for problem in &report.errors {
            out::line(&format!("error: {problem}"));
        }
    }
    match report.errors.len() {
        0 => {
            if !as_json {
                out::line("Nothing is wrong.");
            }
            Ok(())
        }
        1 => Err(Failure::new("1 thing is wrong")),
        number => Err(Failure::new(format!("{number} things are wrong"))),
    }
}

async fn deploy(door: &Door, files: &[PathBuf]) -> Result<(), Failure> {
    let resources = read_all(files)?;
    let deployment = match door {
        Door::Here(app) => json!(app.flow_deploy(&operator(), &resources).await?),
        Door::There(client) => client.send("POST", "/flows", &body(&resources)).await?,
    };
    for one in deployment["definitions"].as_array().into_iter().flatten() {
        let changed = if one["changed"] == true { "deployed" } else { "unchanged" };
        out::line(&format!("{} {} version {}: {changed}", text(one, "type"), text(one, "key"), one["version"]));
    }
    Ok(())
}

/// A file, or a deployed process.
async fn model(door: &Door, name: &str) -> Result<String, Failure> {
    if Path::new(name).exists() {
        return std::fs::read_to_string(name).map_err(|error| Failure::of(&format!("`{name}` cannot be read"), &error));
    }
    let (key, version) = match name.rsplit_once('@') {
        Some((key, version)) => {
            let version = version.parse::<u32>();
            (key, Some(version.map_err(|_| Failure::new(format!("`{name}`: a version is a number")))?))
        }
        None => (name, None),
    };
    match door {
        Door::Here(app) => Ok(app.definition_get(DefinitionType::Process, key, version).await?.source),
        Door::There(client) => {
            let query = version.map(|version| format!("?version={version}")).unwrap_or_default();
            let found = client.get(&format!("/flows/process/{key}{query}")).await?;
            Ok(text(&found, "source"))
        }
    }
}

async fn diff(door: &Door, old: &str, new: &str) -> Result<(), Failure> {
    let (old, new) = (model(door, old).await?, model(door, new).await?);
    let lines: Vec<String> = match door {
        Door::Here(app) => app.flow_diff(&old, &new)?.iter().map(ToString::to_string).collect(),
        Door::There(client) => {
            let found = client.send("POST", "/flows/diff", &json!({ "old": old, "new": new })).await?;
            found["items"].as_array().into_iter().flatten().map(|one| text(one, "text")).collect()
        }
    };
    if lines.is_empty() {
        out::line("Nothing differs that is executed.");
    }
    lines.iter().for_each(|line| out::line(line));
    Ok(())
}

async fn simulation(door: &Door, files: &[PathBuf], with: Option<&Path>, as_json: bool) -> Result<(), Failure> {
    let resources = read_all(files)?;
    let wanted: Simulation = match with {
        None => Simulation::default(),
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|error| Failure::of(&format!("`{}` cannot be read", path.display()), &error))?;
            serde_json::from_str(&text).map_err(|error| Failure::of(&format!("`{}`", path.display()), &error))?
        }
    };
    match door {
        Door::Here(app) => {
            let simulated = app.flow_simulate(&resources, &wanted).await?;
            if as_json { out::json(&json!(simulated)) } else { out::line(&simulated.to_string()) }
        }
        Door::There(client) => {
            let mut request = body(&resources);
            request["simulation"] = json!(wanted);
            out::json(&client.send("POST", "/flows/simulate", &request).await?);
        }
    }
    Ok(())
}

async fn list(door: &Door, wanted: &str) -> Result<(), Failure> {
    let definition_type: DefinitionType = serde_json::from_value(json!(wanted))
        .map_err(|_| Failure::new(format!("--type is process, decision or form, not `{wanted}`")))?;
    let items: Vec<Value> = match door {
        Door::Here(app) => {
            let page = app.definition_list(definition_type, None, 200).await?;
            page.items.iter().map(|one| json!(one)).collect()
        }
        Door::There(client) => {
            let found = client.get(&format!("/flows?type={wanted}&limit=200")).await?;
            found["items"].as_array().cloned().unwrap_or_default()
        }
    };
    let mut rows = vec![["KEY", "VERSION", "PLUGIN", "NAME"].map(str::to_owned).to_vec()];
    rows.extend(
        items
            .iter()
            .map(|one| vec![text(one, "key"), one["version"].to_string(), text(one, "plugin"), text(one, "name")]),
    );
    out::table(&rows);
    Ok(())
}

async fn instances(
    door: &Door,
    process: Option<String>,
    troubled: bool,
    all: bool,
    as_json: bool,
) -> Result<(), Failure> {
    let items: Vec<Value> = match door {
        Door::Here(app) => {
            let status = (!all).then_some(InstanceStatus::Running);
            let query = InstanceQuery { process, status, troubled, ..InstanceQuery::default() };
            let page = app.instance_list(&operator(), query, None, 200).await?;
            page.items.iter().map(|one| json!(one)).collect()
        }
        Door::There(client) => {
            let mut query = format!("/instances?limit=200&troubled={troubled}");
            if let Some(process) = &process {
                query.push_str(&format!("&process={process}"));
            }
            if !all {
                query.push_str("&status=running");
            }
            client.get(&query).await?["items"].as_array().cloned().unwrap_or_default()
        }
    };
    if as_json {
        out::json(&Value::Array(items));
        return Ok(());
    }
    let header = ["ID", "PROCESS", "VERSION", "STATUS", "INCIDENTS", "STUCK", "STARTED", "TICKET"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    rows.extend(items.iter().map(|one| {
        vec![
            text(one, "id"),
            text(one, "process"),
            one["process_version"].to_string(),
            text(one, "status"),
            one["incidents"].to_string(),
            if one["stuck"] == true { "yes".to_owned() } else { String::new() },
            text(one, "started_at").chars().take(19).collect(),
            text(one, "ticket"),
        ]
    }));
    out::table(&rows);
    Ok(())
}

async fn show(door: &Door, id: &str, as_json: bool, picture: Option<&Path>) -> Result<(), Failure> {
    let instance = InstanceId::from(id);
    let (view, history, svg) = match door {
        Door::Here(app) => {
            let view = json!(app.instance_view(&operator(), &instance).await?);
            let page = app.instance_history(&operator(), &instance, 0).await?;
            let svg = app.instance_picture(&operator(), &instance, None).await?;
            (view, page.events.iter().map(|event| json!(event)).collect::<Vec<_>>(), svg)
        }
        Door::There(client) => {
            let view = client.get(&format!("/instances/{id}")).await?;
            let history = client.get(&format!("/instances/{id}/history")).await?;
            let svg =
                if picture.is_some() { client.text(&format!("/instances/{id}/picture")).await? } else { String::new() };
            (view, history["entries"].as_array().cloned().unwrap_or_default(), svg)
        }
    };
    if let Some(path) = picture {
        std::fs::write(path, svg).map_err(|error| Failure::of(&format!("`{}`", path.display()), &error))?;
    }
    if as_json {
        out::json(&json!({ "instance": view, "history": history }));
        return Ok(());
    }
    out::line(&format!(
        "{} of {} version {}: {}{}",
        text(&view, "id"),
        text(&view, "process"),
        view["process_version"],
        text(&view, "status"),
        if view["stuck"] == true { ", stuck" } else { "" }
    ));
    for incident in view["incident_list"].as_array().into_iter().flatten() {
        out::line(&format!(
            "  incident {} at {}: {}",
            incident["incident"],
            text(incident, "node"),
            text(incident, "message")
        ));
    }
    for element in view["elements"].as_array().into_iter().flatten() {
        out::line(&format!("  at {} (element {})", text(element, "node"), element["key"]));
    }
    out::line(&format!("  variables {}", view["variables"]));
    for wave in history {
        for event in wave["data"]["events"].as_array().into_iter().flatten() {
            let at: String = text(&wave, "at").chars().take(19).collect();
            out::line(&format!("{at}  {:<18} {:<24} {}", text(event, "event"), text(event, "node"), rest(event)));
        }
    }
    Ok(())
}

/// What an event says besides what and where.
fn rest(event: &Value) -> String {
    let known = ["event", "node", "element", "scope"];
    let more = event.as_object().into_iter().flatten().filter(|(name, _)| !known.contains(&name.as_str()));
    more.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}

async fn migrate(door: &Door, id: &str, to: Option<u32>, mapping: &[String], dry_run: bool) -> Result<(), Failure> {
    let mut renames = BTreeMap::new();
    for one in mapping {
        let (old, new) =
            one.split_once('=').ok_or_else(|| Failure::new(format!("--map takes OLD=NEW, not `{one}`")))?;
        renames.insert(old.to_owned(), new.to_owned());
    }
    let outcome = match door {
        Door::Here(app) => {
            let mut command = app.command(&operator());
            command.dry_run = dry_run;
            json!(app.instance_migrate(&command, &InstanceId::from(id), to, renames).await?.instance)
        }
        Door::There(client) => {
            let path = format!("/instances/{id}/migrate?dry_run={dry_run}");
            client.send("POST", &path, &json!({ "version": to, "mapping": renames })).await?["instance"].clone()
        }
    };
    let verb = if dry_run { "would go on" } else { "goes on" };
    out::line(&format!("{id} {verb} in version {}.", outcome["process_version"]));
    Ok(())
}

async fn retry(door: &Door, id: &str, set: Option<&str>) -> Result<(), Failure> {
    let variables: Value = match set {
        None => json!({}),
        Some(text) => serde_json::from_str(text).map_err(|error| Failure::of("--set takes a JSON object", &error))?,
    };
    let object = variables.as_object().cloned().ok_or_else(|| Failure::new("--set takes a JSON object"))?;
    let view = match door {
        Door::Here(app) => json!(app.instance_view(&operator(), &InstanceId::from(id)).await?),
        Door::There(client) => client.get(&format!("/instances/{id}")).await?,
    };
    let incidents: Vec<u64> =
        view["incident_list"].as_array().into_iter().flatten().filter_map(|one| one["incident"].as_u64()).collect();
    if incidents.is_empty() {
        out::line(&format!("{id} has no incident."));
    }
    for incident in incidents {
        let body = json!({ "incident": incident, "variables": variables });
        let wish = Command::Retry { incident: Key(incident), variables: object.clone() };
        let outcome = door.act(id, "retry", body, wish).await?;
        out::line(&format!("Incident {incident}: tried again; {} left.", outcome["instance"]["incidents"]));
    }
    Ok(())
}

fn bring_over(file: &Path, target: Option<&Path>) -> Result<(), Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::of(&format!("`{}` cannot be read", file.display()), &error))?;
    let name = file.display().to_string();
    let imported = import(&name, &text)
        .map_err(|problems| Failure::problems(&format!("`{name}` cannot be imported"), &problems))?;
    for line in &imported.report {
        out::note(&line.to_string());
    }
    for problem in imported.check.errors.iter().chain(&imported.check.warnings) {
        out::note(&problem.to_string());
    }
    match target {
        None => out::line(&imported.xml),
        Some(path) => std::fs::write(path, &imported.xml)
            .map_err(|error| Failure::of(&format!("`{}`", path.display()), &error))?,
    }
    if imported.is_deployable() {
        out::note("It can be deployed.");
        return Ok(());
    }
    Err(Failure::new("it cannot be deployed yet; what was refused has to be replaced first"))
}

impl Door {
    async fn act(&self, id: &str, action: &str, body: Value, wish: Command) -> Result<Value, Failure> {
        match self {
            Self::There(client) => client.send("POST", &format!("/instances/{id}/{action}"), &body).await,
            Self::Here(app) => {
                let command = app.command(&operator());
                let answer = app.instance_command(&command, &InstanceId::from(id), wish).await?;
                Ok(json!({ "instance": answer.instance }))
            }
        }
    }
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

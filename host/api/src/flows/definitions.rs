//! What is deployed: processes, decisions and forms, their versions, and deploying more.

use crate::extract::{Body, Caller, Params};
use crate::page::{self, Page};
use crate::problem::Result;
use crate::schema;
use crate::state::ApiState;
use app::flow::Resource;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use domain::flow::{Definition, DefinitionType};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListDefinitions {
    /// `process` when absent.
    #[param(inline)]
    r#type: Option<schema::DefinitionType>,
    after: Option<String>,
    /// 1 to 200; 50 when absent.
    limit: Option<u32>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WhichVersion {
    /// The newest when absent.
    version: Option<u32>,
}

/// A file to deploy: BPMN 2.0 or DMN XML, or a form as JSON Schema.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FlowFile {
    /// Its name, for the problems and for forms.
    file: String,
    text: String,
}

/// Files that belong together.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FlowFiles {
    files: Vec<FlowFile>,
}

fn resources(files: FlowFiles) -> Vec<Resource> {
    files.files.into_iter().map(|one| Resource { file: one.file, text: one.text }).collect()
}

fn type_of(given: Option<schema::DefinitionType>) -> DefinitionType {
    match given {
        None | Some(schema::DefinitionType::Process) => DefinitionType::Process,
        Some(schema::DefinitionType::Decision) => DefinitionType::Decision,
        Some(schema::DefinitionType::Form) => DefinitionType::Form,
    }
}

fn show(definition: Definition) -> schema::Definition {
    schema::Definition {
        definition_type: match definition.definition_type {
            DefinitionType::Process => schema::DefinitionType::Process,
            DefinitionType::Decision => schema::DefinitionType::Decision,
            DefinitionType::Form => schema::DefinitionType::Form,
        },
        key: definition.key,
        version: definition.version,
        name: definition.name,
        version_tag: definition.version_tag,
        digest: definition.digest.0,
        plugin: definition.plugin.map(|plugin| plugin.0),
        deployed_at: definition.deployed_at,
        deployed_by: definition.deployed_by,
    }
}

/// The newest version of everything that is deployed of a type, by key.
#[utoipa::path(get, path = "/flows", tag = "flows", params(ListDefinitions), responses((status = 200, body = Page<schema::Definition>)))]
pub(crate) async fn list_flows(
    State(state): State<ApiState>,
    _caller: Caller,
    uri: Uri,
    Params(query): Params<ListDefinitions>,
) -> Result<Response> {
    let wanted = type_of(query.r#type);
    let list = format!("flows/{wanted:?}");
    let after: Option<app::Cursor> = page::open(&list, query.after.as_deref())?;
    let limit = page::limit(query.limit)?;
    let found = state.app.definition_list(wanted, after.as_ref().map(|cursor| cursor.id.as_str()), limit).await?;
    Ok(page::answer(&list, &uri, found, show))
}

/// One definition with its text. `type` is `process`, `decision` or `form`.
#[utoipa::path(get, path = "/flows/{type}/{key}", tag = "flows", params(("type" = schema::DefinitionType, Path), ("key" = String, Path), WhichVersion), responses((status = 200, body = schema::DefinitionSource)))]
pub(crate) async fn get_flow(
    State(state): State<ApiState>,
    _caller: Caller,
    Path((wanted, key)): Path<(schema::DefinitionType, String)>,
    Params(query): Params<WhichVersion>,
) -> Result<Json<schema::DefinitionSource>> {
    let definition = state.app.definition_get(type_of(Some(wanted)), &key, query.version).await?;
    let bindings = serde_json::to_value(&definition.bindings).unwrap_or_default();
    let source = definition.source.clone();
    Ok(Json(schema::DefinitionSource { definition: show(definition), source, bindings }))
}

/// Every version of a definition, newest first, at most 200.
#[utoipa::path(get, path = "/flows/{type}/{key}/versions", tag = "flows", params(("type" = schema::DefinitionType, Path), ("key" = String, Path)), responses((status = 200, body = Page<schema::Definition>)))]
pub(crate) async fn list_flow_versions(
    State(state): State<ApiState>,
    _caller: Caller,
    Path((wanted, key)): Path<(schema::DefinitionType, String)>,
) -> Result<Response> {
    let versions = state.app.definition_versions(type_of(Some(wanted)), &key).await?;
    Ok(Page::whole(versions.into_iter().map(show).collect()).into_response())
}

/// Check files as a deployment would, and say everything that is wrong.
#[utoipa::path(post, path = "/flows/lint", tag = "flows", request_body = FlowFiles, responses((status = 200, body = schema::FlowReport)))]
pub(crate) async fn lint_flows(
    State(state): State<ApiState>,
    _caller: Caller,
    body: Body<FlowFiles>,
) -> Result<Json<serde_json::Value>> {
    let report = state.app.flow_lint(&resources(body.value)).await?;
    Ok(Json(serde_json::json!({ "errors": report.errors, "warnings": report.warnings })))
}

/// Deploy files together, all or none. What did not change keeps its version.
#[utoipa::path(post, path = "/flows", tag = "flows", request_body = FlowFiles, responses((status = 201, body = schema::Deployment)))]
pub(crate) async fn deploy_flows(
    State(state): State<ApiState>,
    caller: Caller,
    body: Body<FlowFiles>,
) -> Result<Response> {
    let deployment = state.app.flow_deploy(&caller.actor, &resources(body.value)).await?;
    Ok((StatusCode::CREATED, Json(deployment)).into_response())
}

/// A process as a picture.
#[utoipa::path(get, path = "/flows/process/{key}/picture", tag = "flows", params(("key" = String, Path), WhichVersion), responses((status = 200, content_type = "image/svg+xml", body = String)))]
pub(crate) async fn get_process_picture(
    State(state): State<ApiState>,
    _caller: Caller,
    Path(key): Path<String>,
    Params(query): Params<WhichVersion>,
) -> Result<Response> {
    Ok(super::svg(state.app.process_picture(&key, query.version).await?))
}

/// A process to try: files, and how the world behaves meanwhile.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TryFlow {
    #[serde(default)]
    files: Vec<FlowFile>,
    /// `{process, variables, names, zone, at, mocks, messages, seconds_per_task}`.
    #[serde(default)]
    #[schema(value_type = Object)]
    simulation: app::flow::Simulation,
}

/// Try a process with mocked steps and people and a clock that jumps. Nothing is stored or sent.
#[utoipa::path(post, path = "/flows/simulate", tag = "flows", request_body = TryFlow, responses((status = 200, body = schema::Simulated)))]
pub(crate) async fn simulate_flow(
    State(state): State<ApiState>,
    _caller: Caller,
    body: Body<TryFlow>,
) -> Result<Response> {
    let TryFlow { files, simulation } = body.value;
    let simulated = state.app.flow_simulate(&resources(FlowFiles { files }), &simulation).await?;
    Ok(Json(simulated).into_response())
}

/// Two models as BPMN XML.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TwoModels {
    old: String,
    new: String,
}

/// What differs between two models, element by element, for what is executed.
#[utoipa::path(post, path = "/flows/diff", tag = "flows", request_body = TwoModels, responses((status = 200, body = Page<schema::FlowChange>)))]
pub(crate) async fn diff_flows(
    State(state): State<ApiState>,
    _caller: Caller,
    body: Body<TwoModels>,
) -> Result<Response> {
    let changes = state.app.flow_diff(&body.value.old, &body.value.new)?;
    Ok(Page::whole(changes.into_iter().map(change).collect()).into_response())
}

fn change(change: app::flow::Change) -> schema::FlowChange {
    use app::flow::Change;
    let text = change.to_string();
    match change {
        Change::Added { id, .. } => plain(schema::FlowChangeType::Added, id, text),
        Change::Removed { id, .. } => plain(schema::FlowChangeType::Removed, id, text),
        Change::Changed { id, attribute, from, to, .. } => schema::FlowChange {
            attribute: Some(attribute),
            from,
            to,
            ..plain(schema::FlowChangeType::Changed, id, text)
        },
    }
}

fn plain(change: schema::FlowChangeType, id: String, text: String) -> schema::FlowChange {
    schema::FlowChange { change, id, attribute: None, from: None, to: None, text }
}

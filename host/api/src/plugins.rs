//! Plugins: install, consent, switch, configure, remove. For administrators.

use crate::extract::{Body, Caller, Params, Raw};
use crate::page::Page;
use crate::problem::{ApiError, Result};
use crate::schema;
use crate::state::ApiState;
use app::PluginView;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::job::JobState;
use domain::{Actor, Object, PluginId};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::{IntoParams, ToSchema};

/// Held jobs that are counted.
const HELD_MAX: u32 = 10_000;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct InstallPlugin {
    /// Only look at it: answers 200 with what it says about itself, and how that differs from the version that it would replace.
    #[serde(default)]
    inspect: bool,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AllGrants {
    All,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnablePlugin {
    /// Consent to everything that it asks for: there is no part of it that would work alone.
    #[expect(dead_code, reason = "it has one value, and leaving it out is refused")]
    grants: AllGrants,
}

#[utoipa::path(get, path = "/plugins", tag = "plugins", summary = "All installed plugins", responses((status = 200, body = Page<schema::Plugin>)))]
pub(crate) async fn list_plugins(State(state): State<ApiState>, caller: Caller) -> Result<Json<Page<Value>>> {
    let plugins = state.app.plugin_list(&caller.actor)?;
    let held = held_jobs(&state, &caller.actor).await?;
    Ok(Page::whole(plugins.into_iter().map(|plugin| view(plugin, &held)).collect()))
}

/// Install a component, or another version of one. It runs when an administrator consents to its grants.
#[utoipa::path(post, path = "/plugins", tag = "plugins", params(InstallPlugin), request_body(content = Vec<u8>, content_type = "application/wasm"), responses((status = 201, body = schema::Plugin), (status = 200, body = schema::Inspection)))]
pub(crate) async fn install_plugin(
    State(state): State<ApiState>,
    caller: Caller,
    Params(query): Params<InstallPlugin>,
    headers: HeaderMap,
    Raw(wasm): Raw,
) -> Result<Response> {
    if headers.get(header::CONTENT_TYPE).is_none_or(|value| value != "application/wasm") {
        let detail = "Send the component with `Content-Type: application/wasm`.";
        return Err(ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported-media-type",
            "This content type is not understood",
            detail,
        ));
    }
    if query.inspect {
        // The same right as for installing: a component is hostile input and costs time to read.
        state.app.plugin_list(&caller.actor)?;
        let (inspection, manifest) = state.app.plugin_inspect(&wasm)?;
        let known = state.app.plugin_get(&caller.actor, &manifest.id).ok();
        return Ok(Json(inspection_view(inspection, &manifest, known)).into_response());
    }
    let plugin = state.app.plugin_install(&caller.actor, wasm.to_vec()).await?;
    Ok((StatusCode::CREATED, Json(view(plugin, &BTreeMap::new()))).into_response())
}

#[utoipa::path(get, path = "/plugins/{id}", tag = "plugins", summary = "One plugin", params(("id" = String, Path)), responses((status = 200, body = schema::Plugin)))]
pub(crate) async fn get_plugin(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>> {
    let plugin = state.app.plugin_get(&caller.actor, &PluginId(id))?;
    answer(&state, &caller, plugin).await
}

/// Remove a plugin. One whose kinds still have tickets stays: disable it instead.
#[utoipa::path(delete, path = "/plugins/{id}", tag = "plugins", params(("id" = String, Path)), responses((status = 204, description = "Removed")))]
pub(crate) async fn delete_plugin(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode> {
    state.app.plugin_remove(&caller.actor, &PluginId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Consent to everything that the plugin asks for, and switch it on.
#[utoipa::path(post, path = "/plugins/{id}/enable", tag = "plugins", params(("id" = String, Path)), request_body = EnablePlugin, responses((status = 200, body = schema::Plugin)))]
pub(crate) async fn enable_plugin(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
    _consent: Body<EnablePlugin>,
) -> Result<Json<Value>> {
    let plugin = state.app.plugin_enable(&caller.actor, &PluginId(id)).await?;
    answer(&state, &caller, plugin).await
}

/// Switch a plugin off. Its deliveries wait, and its tickets stay readable.
#[utoipa::path(post, path = "/plugins/{id}/disable", tag = "plugins", params(("id" = String, Path)), responses((status = 200, body = schema::Plugin)))]
pub(crate) async fn disable_plugin(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>> {
    let plugin = state.app.plugin_disable(&caller.actor, &PluginId(id)).await?;
    answer(&state, &caller, plugin).await
}

/// End a quarantine: what waited for the plugin runs now.
#[utoipa::path(post, path = "/plugins/{id}/resume", tag = "plugins", params(("id" = String, Path)), responses((status = 200, body = schema::Plugin)))]
pub(crate) async fn resume_plugin(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>> {
    let plugin = state.app.plugin_resume(&caller.actor, &PluginId(id)).await?;
    answer(&state, &caller, plugin).await
}

/// Replace a plugin's settings. Keys that are absent go back to their defaults.
#[utoipa::path(put, path = "/plugins/{id}/settings", tag = "plugins", params(("id" = String, Path)), request_body(content = Object, description = "Values by key"), responses((status = 200, body = schema::Plugin)))]
pub(crate) async fn put_plugin_settings(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body<Object>,
) -> Result<Json<Value>> {
    let plugin = state.app.plugin_configure(&caller.actor, &PluginId(id), body.value).await?;
    answer(&state, &caller, plugin).await
}

async fn answer(state: &ApiState, caller: &Caller, plugin: PluginView) -> Result<Json<Value>> {
    let held = held_jobs(state, &caller.actor).await?;
    Ok(Json(view(plugin, &held)))
}

fn view(plugin: PluginView, held: &BTreeMap<PluginId, u64>) -> Value {
    let waiting = held.get(&plugin.id).copied().unwrap_or(0);
    let mut view = json!(plugin);
    view["health"]["held_jobs"] = json!(waiting);
    view
}

fn inspection_view(
    inspection: app::port::plugins::Inspection,
    manifest: &domain::Manifest,
    known: Option<PluginView>,
) -> schema::Inspection {
    let given = known.iter().flat_map(|known| &known.grants).filter(|grant| grant.granted);
    let given: BTreeSet<String> = given.map(|grant| grant.sentence.clone()).collect();
    let grants = manifest.grants.iter().map(|grant| (grant.permission.sentence(), &grant.reason));
    let settings = manifest.settings.iter().cloned();
    let replaces = known.map(|known| replaced(known, manifest));
    schema::Inspection {
        id: manifest.id.0.clone(),
        version: manifest.version.clone(),
        title: manifest.title.clone(),
        summary: manifest.summary.clone(),
        digest: inspection.digest.0,
        size: inspection.size,
        grants: grants
            .map(|(sentence, reason)| schema::Grant {
                granted: given.contains(&sentence),
                sentence,
                reason: reason.clone(),
            })
            .collect(),
        kinds: manifest.kinds.iter().map(|kind| kind.id.0.clone()).collect(),
        imports: inspection.imports,
        exports: inspection.exports,
        settings_schema: settings
            .map(|setting| schema::Setting {
                key: setting.key,
                title: setting.title,
                description: setting.description,
                schema: setting.schema,
                default: setting.default,
            })
            .collect(),
        replaces,
    }
}

/// What an installed version has that another one does not bring any more.
fn replaced(known: PluginView, manifest: &domain::Manifest) -> schema::Replaced {
    let asked: BTreeSet<String> = manifest.grants.iter().map(|grant| grant.permission.sentence()).collect();
    let gone = known.grants.into_iter().filter(|grant| !asked.contains(&grant.sentence));
    let kinds = known.kinds.into_iter().filter(|kind| manifest.kinds.iter().all(|one| one.id.0 != *kind));
    let keys = known.settings_schema.into_iter().map(|setting| setting.key);
    schema::Replaced {
        version: known.version,
        digest: known.digest.0,
        grants: gone
            .map(|grant| schema::Grant { sentence: grant.sentence, reason: grant.reason, granted: grant.granted })
            .collect(),
        kinds: kinds.collect(),
        settings: keys.filter(|key| manifest.settings.iter().all(|one| one.key != *key)).collect(),
    }
}

async fn held_jobs(state: &ApiState, actor: &Actor) -> Result<BTreeMap<PluginId, u64>> {
    let mut held = BTreeMap::new();
    for job in state.app.job_list(actor, JobState::Held, HELD_MAX).await? {
        if let Some(plugin) = job.work.plugin() {
            *held.entry(plugin.clone()).or_default() += 1;
        }
    }
    Ok(held)
}

//! Kinds: what tickets and records there are, and their rules.

use crate::extract::Caller;
use crate::page::Page;
use crate::problem::Result;
use crate::schema;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use domain::Kind;
use serde::Serialize;

/// A kind, and what the plugin that brought it is called.
#[derive(Debug, Serialize)]
pub(crate) struct Listed {
    #[serde(flatten)]
    kind: Kind,
    plugin_title: Option<String>,
}

/// The kinds of all installed plugins, with states, transitions and fields.
#[utoipa::path(get, path = "/kinds", tag = "tickets", responses((status = 200, body = Page<schema::Kind>)))]
pub(crate) async fn list_kinds(State(state): State<ApiState>, _caller: Caller) -> Result<Json<Page<Listed>>> {
    let registry = state.app.registry();
    let titled = registry.kinds.iter().map(|kind| {
        let plugin_title = registry.plugin(&kind.plugin).map(|plugin| plugin.manifest.title.clone());
        Listed { kind: kind.clone(), plugin_title }
    });
    Ok(Page::whole(titled.collect()))
}

//! Kinds: what tickets and records there are, and their rules.

use crate::extract::Caller;
use crate::page::Page;
use crate::problem::Result;
use crate::schema;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use domain::Kind;

/// The kinds of all installed plugins, with states, transitions and fields.
#[utoipa::path(get, path = "/kinds", tag = "tickets", responses((status = 200, body = Page<schema::Kind>)))]
pub(crate) async fn list_kinds(State(state): State<ApiState>, _caller: Caller) -> Result<Json<Page<Kind>>> {
    let registry = state.app.registry();
    Ok(Page::whole(registry.kinds.iter().cloned().collect()))
}

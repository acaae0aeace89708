//! The settings of this node and where each came from, as `weft config show --origin` tells them. For administrators.

use crate::extract::Caller;
use crate::page::Page;
use crate::problem::Result;
use crate::schema;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;

/// Every setting with its value, what it is for and where it came from.
#[utoipa::path(get, path = "/settings", tag = "operations", responses((status = 200, body = Page<schema::ServerSetting>)))]
pub(crate) async fn list_settings(
    State(state): State<ApiState>,
    caller: Caller,
) -> Result<Json<Page<schema::ServerSetting>>> {
    state.app.runs_platform(&caller.actor)?;
    Ok(Page::whole(state.settings.to_vec()))
}

//! Spaces: the areas of departments.

use crate::extract::{Body, Caller};
use crate::page::Page;
use crate::problem::Result;
use crate::schema;
use crate::state::ApiState;
use app::SpaceChange;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::{Space, SpaceId};
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PutSpace {
    /// Short lower-case word.
    id: String,
    title: String,
    /// Every ticket in it is seen only by the people involved and the space's own agents.
    #[serde(default)]
    confidential: bool,
    /// Key of its calendar.
    calendar: Option<String>,
}

#[utoipa::path(get, path = "/spaces", tag = "organisation", summary = "All spaces", responses((status = 200, body = Page<schema::Space>)))]
pub(crate) async fn list_spaces(State(state): State<ApiState>, _caller: Caller) -> Result<Json<Page<Space>>> {
    Ok(Page::whole(state.app.space_list().await?))
}

/// Create a space, or change the one with this id.
#[utoipa::path(post, path = "/spaces", tag = "organisation", request_body = PutSpace, responses((status = 201, body = schema::Space)))]
pub(crate) async fn create_space(
    State(state): State<ApiState>,
    caller: Caller,
    body: Body<PutSpace>,
) -> Result<(StatusCode, Json<Space>)> {
    let PutSpace { id, title, confidential, calendar } = body.value;
    let space =
        state.app.space_put(&caller.actor, SpaceChange { id: SpaceId(id), title, confidential, calendar }).await?;
    Ok((StatusCode::CREATED, Json(space)))
}

//! Groups of people.

use crate::extract::{Body, Caller};
use crate::page::Page;
use crate::problem::Result;
use crate::schema;
use crate::state::ApiState;
use app::GroupChange;
use axum::Json;
use axum::extract::{Path, State};
use domain::{Group, GroupId, PersonId, SpaceId};
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PutGroup {
    title: String,
    space: String,
    /// Ids of people; replaces the list.
    members: Vec<String>,
    /// True when absent.
    active: Option<bool>,
}

#[utoipa::path(get, path = "/groups", tag = "organisation", summary = "All groups with their members", responses((status = 200, body = Page<schema::Group>)))]
pub(crate) async fn list_groups(State(state): State<ApiState>, _caller: Caller) -> Result<Json<Page<Group>>> {
    Ok(Page::whole(state.app.group_list().await?))
}

/// Create a group, or replace its title and members.
#[utoipa::path(put, path = "/groups/{id}", tag = "organisation", params(("id" = String, Path)), request_body = PutGroup, responses((status = 200, body = schema::Group)))]
pub(crate) async fn put_group(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body<PutGroup>,
) -> Result<Json<Group>> {
    let PutGroup { title, space, members, active } = body.value;
    let members = members.into_iter().map(PersonId).collect();
    let change = GroupChange { title, space: SpaceId(space), members, active: active.unwrap_or(true) };
    Ok(Json(state.app.group_put(&caller.actor, &GroupId(id), change).await?))
}

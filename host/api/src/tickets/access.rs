//! `PUT /tickets/{id}/access`: who may see a restricted ticket.

use crate::extract::{Body, Caller};
use crate::problem::Result;
use crate::state::ApiState;
use crate::tickets::command::{Pointers, check_named, submit};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use domain::effect::SetAccess;
use domain::{Effect, GroupId, PersonId, TicketId};
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PutAccess {
    people: Vec<String>,
    groups: Vec<String>,
}

/// Name the people and groups who may see a restricted ticket: replaces the list.
#[utoipa::path(put, path = "/tickets/{id}/access", tag = "tickets", params(("id" = String, Path)), request_body = PutAccess, responses((status = 204, description = "Replaced")))]
pub(crate) async fn put_access(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body<PutAccess>,
) -> Result<StatusCode> {
    let people: Vec<PersonId> = body.value.people.into_iter().map(PersonId).collect();
    let groups: Vec<GroupId> = body.value.groups.into_iter().map(GroupId).collect();
    let named: Vec<_> = people.iter().enumerate().map(|(index, person)| (format!("/people/{index}"), person)).collect();
    let named_groups: Vec<_> =
        groups.iter().enumerate().map(|(index, group)| (format!("/groups/{index}"), group)).collect();
    check_named(&state, &named, &named_groups).await?;
    let mut command = state.app.command(&caller.actor);
    command.subject = Some(TicketId(id));
    command.effects = vec![Effect::SetAccess(SetAccess { ticket: None, people, groups, because: None })];
    submit(&state, command, &Pointers::whole()).await?;
    Ok(StatusCode::NO_CONTENT)
}

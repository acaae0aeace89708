//! `PUT /tickets/{id}/watchers`.

use crate::extract::{Body, Caller};
use crate::problem::Result;
use crate::state::ApiState;
use crate::tickets::command::{Pointers, check_named, submit};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use domain::effect::Watch;
use domain::{Effect, PersonId, TicketId};
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeWatchers {
    #[serde(default)]
    add: Vec<String>,
    #[serde(default)]
    remove: Vec<String>,
}

/// Add and remove watchers. Everybody who sees a ticket may watch it; adding others is for those who may change it.
#[utoipa::path(put, path = "/tickets/{id}/watchers", tag = "tickets", params(("id" = String, Path)), request_body = ChangeWatchers, responses((status = 204, description = "Changed")))]
pub(crate) async fn put_watchers(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body<ChangeWatchers>,
) -> Result<StatusCode> {
    let add: Vec<PersonId> = body.value.add.into_iter().map(PersonId).collect();
    let remove = body.value.remove.into_iter().map(PersonId).collect();
    let named: Vec<_> = add.iter().enumerate().map(|(index, person)| (format!("/add/{index}"), person)).collect();
    check_named(&state, &named, &[]).await?;
    let mut command = state.app.command(&caller.actor);
    command.subject = Some(TicketId(id));
    command.effects = vec![Effect::Watch(Watch { ticket: None, add, remove })];
    submit(&state, command, &Pointers::whole()).await?;
    Ok(StatusCode::NO_CONTENT)
}

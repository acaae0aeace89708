//! `/tickets/{id}/links`.

use crate::extract::{Body, Caller, Precondition, idempotency};
use crate::problem::Result;
use crate::state::ApiState;
use crate::tickets::command::{Pointers, mark, submit, ticket_id};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::effect::LinkChange;
use domain::{Effect, TicketId};
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinkTo {
    /// For example `caused-by`.
    #[serde(rename = "type")]
    link_type: String,
    /// Id or number of the other ticket.
    other: String,
}

/// Link a ticket to another one.
#[utoipa::path(post, path = "/tickets/{id}/links", tag = "tickets", params(("id" = String, Path)), request_body = LinkTo, responses((status = 204, description = "Linked")))]
pub(crate) async fn create_link(
    State(state): State<ApiState>,
    caller: Caller,
    precondition: Precondition,
    Path(id): Path<String>,
    body: Body<LinkTo>,
) -> Result<Response> {
    change(&state, &caller, &precondition, id, body, Effect::Link).await
}

/// Remove a link.
#[utoipa::path(delete, path = "/tickets/{id}/links", tag = "tickets", params(("id" = String, Path)), request_body = LinkTo, responses((status = 204, description = "Removed")))]
pub(crate) async fn delete_link(
    State(state): State<ApiState>,
    caller: Caller,
    precondition: Precondition,
    Path(id): Path<String>,
    body: Body<LinkTo>,
) -> Result<Response> {
    change(&state, &caller, &precondition, id, body, Effect::Unlink).await
}

async fn change(
    state: &ApiState,
    caller: &Caller,
    precondition: &Precondition,
    id: String,
    body: Body<LinkTo>,
    effect: fn(LinkChange) -> Effect,
) -> Result<Response> {
    let other = ticket_id(state, &caller.actor, &body.value.other, "/other").await?;
    let mut command = state.app.command(&caller.actor);
    command.subject = Some(TicketId(id));
    command.effects = vec![effect(LinkChange { ticket: None, link_type: body.value.link_type, other })];
    command.idempotency = idempotency(caller, precondition, &body.bytes);
    let answer = submit(state, command, &Pointers::whole()).await?;
    Ok(mark(StatusCode::NO_CONTENT.into_response(), answer.replayed))
}

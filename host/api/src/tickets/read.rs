//! `GET /tickets/{id}`.

use crate::extract::Caller;
use crate::problem::Result;
use crate::schema;
use crate::state::ApiState;
use crate::tickets::command::with_etag;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

/// One ticket by id or number, with what the caller may do with it.
#[utoipa::path(get, path = "/tickets/{id}", tag = "tickets", params(("id" = String, Path, description = "Id or number")), responses((status = 200, body = schema::TicketDetail)))]
pub(crate) async fn get_ticket(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response> {
    let found = state.app.ticket(&caller.actor, &id).await?;
    Ok(with_etag(StatusCode::OK, found.ticket.version, &found, false))
}

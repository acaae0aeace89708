//! `GET /tickets/{id}/clocks`.

use crate::extract::Caller;
use crate::page::Page;
use crate::problem::Result;
use crate::schema;
use crate::state::ApiState;
use axum::Json;
use axum::extract::{Path, State};
use domain::Clock;

/// The time measurements of a ticket.
#[utoipa::path(get, path = "/tickets/{id}/clocks", tag = "tickets", params(("id" = String, Path)), responses((status = 200, body = Page<schema::Clock>)))]
pub(crate) async fn list_clocks(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Page<Clock>>> {
    Ok(Page::whole(state.app.ticket(&caller.actor, &id).await?.clocks))
}

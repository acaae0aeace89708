//! `POST /tickets/bulk`: the same change on many tickets, each a commit of its own with an outcome of its own.

use crate::extract::{Body, Caller, Precondition, idempotency};
use crate::problem::Result;
use crate::schema;
use crate::state::ApiState;
use crate::tickets::patch::{PatchTicket, change};
use app::AppError;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use futures_util::StreamExt;
use serde::Deserialize;
use utoipa::ToSchema;

const TICKETS_MAX: usize = 500;
/// Tickets that are changed at once: commits share their syncs, and one caller does not take all there is.
const AT_ONCE: usize = 8;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BulkChange {
    /// Ids or numbers, at most 500.
    ids: Vec<String>,
    change: PatchTicket,
}

/// Change many tickets. Each is changed or not on its own; the answer says which.
#[utoipa::path(post, path = "/tickets/bulk", tag = "tickets", request_body = BulkChange, responses((status = 200, body = schema::Bulk)))]
pub(crate) async fn bulk_change_tickets(
    State(state): State<ApiState>,
    caller: Caller,
    precondition: Precondition,
    body: Body<BulkChange>,
) -> Result<Json<schema::Bulk>> {
    let BulkChange { ids, change: wanted } = body.value;
    if ids.len() > TICKETS_MAX {
        return Err(AppError::invalid(
            "/ids",
            "too-many",
            format!("one request changes at most {TICKETS_MAX} tickets, this one names {}", ids.len()),
        )
        .into());
    }
    let key = idempotency(&caller, &precondition, &body.bytes);
    let changes = ids.into_iter().enumerate().map(|(index, id)| {
        let (state, actor, wanted) = (&state, &caller.actor, wanted.clone());
        let key = key.clone().map(|key| domain::change::IdempotencyKey { key: format!("{}#{index}", key.key), ..key });
        async move {
            match change(state, actor, &id, wanted, None, key).await {
                Ok((ticket, _)) => {
                    schema::BulkResult { id, status: StatusCode::OK.as_u16(), ticket: Some(ticket), problem: None }
                }
                Err(error) => {
                    schema::BulkResult { id, status: error.status.as_u16(), ticket: None, problem: Some(error.body()) }
                }
            }
        }
    });
    let results = futures_util::stream::iter(changes).buffered(AT_ONCE).collect().await;
    Ok(Json(schema::Bulk { results }))
}

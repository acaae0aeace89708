//! Who answers approvals in the caller's place.

use crate::extract::{Body, Caller};
use crate::problem::Result;
use crate::schema;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PutDelegation {
    to: String,
    from: Timestamp,
    until: Timestamp,
}

/// Who answers approvals in the caller's place.
#[utoipa::path(get, path = "/session/delegation", tag = "session", responses((status = 200, body = schema::OwnDelegation)))]
pub(crate) async fn get_delegation(
    State(state): State<ApiState>,
    caller: Caller,
) -> Result<Json<schema::OwnDelegation>> {
    let delegation = state.app.delegation(&caller.actor).await?.map(|one| schema::Delegation {
        to: one.to.0,
        from: one.from,
        until: one.until,
    });
    Ok(Json(schema::OwnDelegation { delegation }))
}

/// Name who answers in the caller's place between two instants. Approvals that wait already are taken along.
#[utoipa::path(put, path = "/session/delegation", tag = "session", request_body = PutDelegation, responses((status = 204, description = "It counts from its beginning")))]
pub(crate) async fn put_delegation(
    State(state): State<ApiState>,
    caller: Caller,
    body: Body<PutDelegation>,
) -> Result<StatusCode> {
    let PutDelegation { to, from, until } = body.value;
    let delegation = app::flow::Delegation { to: to.into(), from, until };
    state.app.delegation_put(&caller.actor, Some(delegation)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End the delegation: what nobody answered yet is the caller's again.
#[utoipa::path(delete, path = "/session/delegation", tag = "session", responses((status = 204, description = "It has ended")))]
pub(crate) async fn delete_delegation(State(state): State<ApiState>, caller: Caller) -> Result<StatusCode> {
    state.app.delegation_put(&caller.actor, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

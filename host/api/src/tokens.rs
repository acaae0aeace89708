//! API tokens of the caller.

use crate::extract::{Body, Caller};
use crate::page::Page;
use crate::problem::Result;
use crate::schema;
use crate::state::ApiState;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateToken {
    /// What it is for.
    name: String,
    /// 1 to 366.
    expires_in_days: u32,
}

/// The caller's API tokens, without their secrets.
#[utoipa::path(get, path = "/tokens", tag = "session", responses((status = 200, body = Page<schema::Token>)))]
pub(crate) async fn list_tokens(State(state): State<ApiState>, caller: Caller) -> Result<Json<Page<schema::Token>>> {
    let tokens = state.app.token_list(&caller.actor).await?.into_iter().map(|(id, session)| schema::Token {
        id,
        name: session.name,
        created_at: session.created_at,
        expires_at: session.expires_at,
    });
    Ok(Page::whole(tokens.collect()))
}

/// Make an API token. It has the caller's rights; its secret is shown this once.
#[utoipa::path(post, path = "/tokens", tag = "session", request_body = CreateToken, responses((status = 201, body = schema::NewToken)))]
pub(crate) async fn create_token(
    State(state): State<ApiState>,
    caller: Caller,
    body: Body<CreateToken>,
) -> Result<(StatusCode, Json<schema::NewToken>)> {
    let token = state.app.token_create(&caller.actor, &body.value.name, body.value.expires_in_days).await?;
    let view = schema::NewToken { token: token.token, id: token.id, name: token.name, expires_at: token.expires_at };
    Ok((StatusCode::CREATED, Json(view)))
}

/// End an API token; it does not work from then on.
#[utoipa::path(delete, path = "/tokens/{id}", tag = "session", params(("id" = String, Path)), responses((status = 204, description = "Ended")))]
pub(crate) async fn delete_token(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode> {
    state.app.token_delete(&caller.actor, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

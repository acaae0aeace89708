//! `/tickets/{id}/comments`.

use crate::extract::{Body, Caller, Params, Precondition, idempotency};
use crate::page::{self, Page, PageParams};
use crate::problem::{ApiError, Result};
use crate::schema;
use crate::state::ApiState;
use crate::tickets::command::{Pointers, mark, submit};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use domain::effect::AddComment;
use domain::ticket::Visibility;
use domain::{Effect, TicketId};
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewComment {
    pub visibility: schema::Visibility,
    /// Markdown, at most 64 KiB.
    pub body: String,
}

impl From<schema::Visibility> for Visibility {
    fn from(visibility: schema::Visibility) -> Self {
        match visibility {
            schema::Visibility::Public => Self::Public,
            schema::Visibility::Internal => Self::Internal,
        }
    }
}

/// Comments, oldest first. Internal ones are only for those who work on the ticket.
#[utoipa::path(get, path = "/tickets/{id}/comments", tag = "tickets", params(("id" = String, Path), PageParams), responses((status = 200, body = Page<schema::Comment>)))]
pub(crate) async fn list_comments(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
    Params(query): Params<PageParams>,
) -> Result<Response> {
    let after: Option<usize> = page::open("comments", query.after.as_deref())?;
    let limit = page::limit(query.limit)? as usize;
    let start = after.unwrap_or(0);
    let all = state.app.comment_list(&caller.actor, &id).await?;
    let next = (start.saturating_add(limit) < all.len()).then(|| page::seal("comments", start + limit));
    let items = all.into_iter().skip(start).take(limit).collect();
    Ok(page::respond(&uri, Page { items, next }))
}

#[utoipa::path(post, path = "/tickets/{id}/comments", tag = "tickets", summary = "Comment on a ticket", params(("id" = String, Path)), request_body = NewComment, responses((status = 201, body = schema::Comment)))]
pub(crate) async fn create_comment(
    State(state): State<ApiState>,
    caller: Caller,
    precondition: Precondition,
    Path(id): Path<String>,
    body: Body<NewComment>,
) -> Result<Response> {
    let NewComment { visibility, body: text } = body.value;
    let mut command = state.app.command(&caller.actor);
    command.subject = Some(TicketId(id));
    command.expected_version = precondition.version;
    command.effects = vec![Effect::Comment(AddComment { ticket: None, visibility: visibility.into(), body: text })];
    command.idempotency = idempotency(&caller, &precondition, &body.bytes);
    let answer = submit(&state, command, &Pointers::whole()).await?;
    // Plugins may have commented too, and come after.
    let comment = answer
        .comments
        .into_iter()
        .next()
        .ok_or_else(|| ApiError::not_found("The comment was written and is gone."))?;
    Ok(mark((StatusCode::CREATED, Json(comment)).into_response(), answer.replayed))
}

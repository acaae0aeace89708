//! Questions that people keep, and those that are asked once. What they say is a report: `GET /reports/saved/{id}`.

use crate::extract::{Body, Caller};
use crate::page::Page;
use crate::problem::Result;
use crate::reports::{choice, result};
use crate::schema;
use crate::state::ApiState;
use app::reports::Kept;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use domain::report::Audience;
use serde_json::Value;

/// The saved questions that the caller may ask.
#[utoipa::path(get, path = "/saved-queries", tag = "reports", responses((status = 200, body = Page<schema::SavedQuery>)))]
pub(crate) async fn list_saved_queries(
    State(state): State<ApiState>,
    caller: Caller,
) -> Result<Json<Page<schema::SavedQuery>>> {
    let kept = state.app.saved_queries(&caller.actor).await?;
    Ok(Page::whole(kept.into_iter().map(saved_query).collect()))
}

#[utoipa::path(get, path = "/saved-queries/{id}", tag = "reports", summary = "One saved question", params(("id" = String, Path)), responses((status = 200, body = schema::SavedQuery)))]
pub(crate) async fn get_saved_query(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<schema::SavedQuery>> {
    Ok(Json(saved_query(state.app.saved_query(&caller.actor, &id).await?)))
}

/// Keep a question for oneself, for a space that one works in, or for everybody, which is for administrators. Only its owner changes it.
#[utoipa::path(put, path = "/saved-queries/{id}", tag = "reports", params(("id" = String, Path)), request_body = schema::SavedQueryChange, responses((status = 200, body = schema::SavedQuery)))]
pub(crate) async fn put_saved_query(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body<schema::SavedQueryChange>,
) -> Result<Json<schema::SavedQuery>> {
    let schema::SavedQueryChange { question, audience } = body.value;
    let kept = state.app.saved_query_put(&caller.actor, &id, &Value::Object(question), asked_by(audience)).await?;
    Ok(Json(saved_query(kept)))
}

#[utoipa::path(delete, path = "/saved-queries/{id}", tag = "reports", summary = "Remove a saved question", params(("id" = String, Path)), responses((status = 204)))]
pub(crate) async fn delete_saved_query(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode> {
    state.app.saved_query_remove(&caller.actor, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a question says that is not kept.
#[utoipa::path(post, path = "/question-trials", tag = "reports", request_body = schema::QuestionTrial, responses((status = 200, body = schema::ReportResult)))]
pub(crate) async fn try_question(
    State(state): State<ApiState>,
    caller: Caller,
    body: Body<schema::QuestionTrial>,
) -> Result<Json<schema::ReportResult>> {
    let schema::QuestionTrial { question, space, days, as_of } = body.value;
    let choice = choice(space, days, as_of)?;
    let computed = state.app.question_try(&caller.actor, &Value::Object(question), &choice).await?;
    Ok(Json(result(computed)))
}

/// A saved question with whose it is.
fn saved_query(kept: Kept) -> schema::SavedQuery {
    let question = kept.query.question.as_object().cloned().unwrap_or_default();
    let audience = match kept.query.audience {
        Audience::Owner => schema::Audience::Owner,
        Audience::Space(space) => schema::Audience::Space { space: space.0 },
        Audience::Everyone => schema::Audience::Everyone,
    };
    schema::SavedQuery { id: kept.id, owner: kept.query.owner.0, audience, question, version: kept.version }
}

/// Who may ask it, as it is given.
#[must_use]
pub fn asked_by(audience: Option<schema::Audience>) -> Audience {
    match audience {
        None | Some(schema::Audience::Owner) => Audience::Owner,
        Some(schema::Audience::Space { space }) => Audience::Space(space.into()),
        Some(schema::Audience::Everyone) => Audience::Everyone,
    }
}

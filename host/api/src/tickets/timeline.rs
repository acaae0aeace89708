//! `GET /tickets/{id}/timeline`.

use crate::extract::{Caller, Params};
use crate::page::{self, Page, PageParams};
use crate::problem::Result;
use crate::schema;
use crate::state::ApiState;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;

/// What happened to a ticket, oldest first, as the caller may know it. A page can be short because of what they may not.
#[utoipa::path(get, path = "/tickets/{id}/timeline", tag = "tickets", params(("id" = String, Path), PageParams), responses((status = 200, body = Page<schema::TimelineEntry>)))]
pub(crate) async fn list_timeline(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
    Params(query): Params<PageParams>,
) -> Result<Response> {
    let after: Option<i64> = page::open("timeline", query.after.as_deref())?;
    let (items, next) = state.app.timeline(&caller.actor, &id, after.unwrap_or(0), page::limit(query.limit)?).await?;
    let next = next.map(|seq| page::seal("timeline", seq));
    Ok(page::respond(&uri, Page { items, next }))
}

//! What the product tells the caller.

use crate::extract::Caller;
use crate::page::Page;
use crate::problem::Result;
use crate::schema;
use crate::state::ApiState;
use app::Notification;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;

/// Notifications in one answer.
const NOTIFICATIONS_MAX: u32 = 200;

/// The caller's notifications, newest first, at most 200.
#[utoipa::path(get, path = "/notifications", tag = "session", responses((status = 200, body = Page<schema::Notification>)))]
pub(crate) async fn list_notifications(
    State(state): State<ApiState>,
    caller: Caller,
) -> Result<Json<Page<Notification>>> {
    Ok(Page::whole(state.app.notification_list(&caller.actor, NOTIFICATIONS_MAX).await?))
}

/// Mark a notification of the caller as read.
#[utoipa::path(post, path = "/notifications/{id}/read", tag = "session", params(("id" = String, Path)), responses((status = 204, description = "Marked")))]
pub(crate) async fn read_notification(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode> {
    state.app.notification_read(&caller.actor, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

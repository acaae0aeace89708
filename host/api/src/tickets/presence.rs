//! `PUT /tickets/{id}/presence`.

use crate::extract::{Body, Caller};
use crate::page::Page;
use crate::problem::Result;
use crate::schema;
use crate::state::ApiState;
use app::{Doing, Watcher};
use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum PresenceDoing {
    Looking,
    Writing,
    /// Gone.
    Nothing,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PutPresence {
    doing: PresenceDoing,
}

/// Say what the caller does at a ticket, for 40 seconds, and learn who else is there. For those who work on it.
#[utoipa::path(put, path = "/tickets/{id}/presence", tag = "tickets", params(("id" = String, Path)), request_body = PutPresence, responses((status = 200, body = Page<schema::Watching>)))]
pub(crate) async fn put_presence(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body<PutPresence>,
) -> Result<Json<Page<schema::Watching>>> {
    let doing = match body.value.doing {
        PresenceDoing::Looking => Doing::Looking,
        PresenceDoing::Writing => Doing::Writing,
        PresenceDoing::Nothing => Doing::Nothing,
    };
    let there = state.app.presence_put(&caller.actor, &id, doing).await?;
    Ok(Page::whole(there.into_iter().map(watching).collect()))
}

pub(crate) fn watching(watcher: Watcher) -> schema::Watching {
    schema::Watching { person: watcher.person.0, name: watcher.name, writes: watcher.writes }
}

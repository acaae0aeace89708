//! `GET /planned`: what a calendar shows.

use crate::extract::{Caller, Params};
use crate::problem::{ApiError, Result};
use crate::schema;
use crate::state::ApiState;
use app::Stretch;
use axum::Json;
use axum::extract::State;
use domain::KindId;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::IntoParams;

/// Days that one question may be about.
const DAYS_MAX: i64 = 400;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListPlanned {
    /// A kind with a calendar.
    kind: String,
    start: Timestamp,
    end: Timestamp,
}

/// The tickets or records of a kind that are planned between two instants, as its calendar shows them, at most 2,000.
#[utoipa::path(get, path = "/planned", tag = "calendars", params(ListPlanned), responses((status = 200, body = schema::Planned)))]
pub(crate) async fn list_planned(
    State(state): State<ApiState>,
    caller: Caller,
    Params(query): Params<ListPlanned>,
) -> Result<Json<schema::Planned>> {
    let days = query.end.duration_since(query.start).as_hours() / 24;
    if query.end < query.start || days > DAYS_MAX {
        let message = format!("`end` is at most {DAYS_MAX} days after `start`.");
        return Err(ApiError::bad_request("bad-parameter", message));
    }
    let stretch = Stretch { start: query.start, end: query.end };
    let planned = state.app.planned(&caller.actor, &KindId(query.kind), stretch).await?;
    let items = planned.entries.into_iter().map(|entry| schema::PlannedEntry {
        id: entry.id,
        number: entry.number,
        kind: entry.kind.0,
        space: entry.space.0,
        state: entry.state,
        category: entry.category.into(),
        title: entry.title,
        fields: entry.fields,
    });
    Ok(Json(schema::Planned { items: items.collect(), complete: planned.complete }))
}

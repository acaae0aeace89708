//! `GET /tickets/{id}/breakdown`.

use crate::extract::{Caller, Params};
use crate::problem::Result;
use crate::schema;
use crate::state::ApiState;
use app::breakdown::Breakdown;
use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct GetBreakdown {
    /// Key of the calendar that working time is counted by; that of the space when absent.
    calendar: Option<String>,
}

/// Where the time of a ticket went: who held it, in which state, which clocks rested.
#[utoipa::path(get, path = "/tickets/{id}/breakdown", tag = "tickets", params(("id" = String, Path), GetBreakdown), responses((status = 200, body = schema::Breakdown)))]
pub(crate) async fn get_breakdown(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
    Params(query): Params<GetBreakdown>,
) -> Result<Json<Breakdown>> {
    Ok(Json(state.app.breakdown(&caller.actor, &id, query.calendar.as_deref()).await?))
}

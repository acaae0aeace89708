//! Calendars and business time.

use crate::extract::{Body, Caller, Params};
use crate::page::Page;
use crate::problem::{ApiError, Result};
use crate::schema;
use crate::state::ApiState;
use axum::Json;
use axum::extract::{Path, State};
use domain::Object;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

/// Windows of one answer.
const WINDOWS_MAX: usize = 500;
/// Days that one question may be about.
const WINDOW_DAYS_MAX: i64 = 400;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AddTime {
    start: Timestamp,
    /// Business time to add.
    #[param(minimum = 0, maximum = 315360000)]
    seconds: u32,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct BetweenTimes {
    start: Timestamp,
    end: Timestamp,
}

/// All calendars with their definitions.
#[utoipa::path(get, path = "/calendars", tag = "calendars", responses((status = 200, body = Page<schema::Calendar>)))]
pub(crate) async fn list_calendars(
    State(state): State<ApiState>,
    _caller: Caller,
) -> Result<Json<Page<schema::Calendar>>> {
    Ok(Page::whole(state.app.calendar_list().await?.into_iter().map(view).collect()))
}

#[utoipa::path(get, path = "/calendars/{key}", tag = "calendars", summary = "One calendar", params(("key" = String, Path)), responses((status = 200, body = schema::Calendar)))]
pub(crate) async fn get_calendar(
    State(state): State<ApiState>,
    _caller: Caller,
    Path(key): Path<String>,
) -> Result<Json<schema::Calendar>> {
    let found = state.app.calendar_list().await?.into_iter().find(|(known, _, _)| *known == key);
    found.map(view).map(Json).ok_or_else(|| ApiError::not_found(format!("There is no calendar `{key}`.")))
}

/// Create a calendar, or replace its definition. For administrators.
#[utoipa::path(put, path = "/calendars/{key}", tag = "calendars", params(("key" = String, Path)), request_body(content = Object, description = "zone, hours, breaks, shifts, holidays, preset, options"), responses((status = 200, body = schema::Calendar)))]
pub(crate) async fn put_calendar(
    State(state): State<ApiState>,
    caller: Caller,
    Path(key): Path<String>,
    body: Body<Object>,
) -> Result<Json<schema::Calendar>> {
    state.app.calendar_put(&caller.actor, &key, &Value::Object(body.value)).await?;
    get_calendar(State(state), caller, Path(key)).await
}

/// When an amount of business time after an instant is over.
#[utoipa::path(get, path = "/calendars/{key}/add", tag = "calendars", params(("key" = String, Path), AddTime), responses((status = 200, body = schema::Due)))]
pub(crate) async fn add_business_time(
    State(state): State<ApiState>,
    _caller: Caller,
    Path(key): Path<String>,
    Params(query): Params<AddTime>,
) -> Result<Json<schema::Due>> {
    let due = state.app.calendar(&key)?.add(query.start, i64::from(query.seconds));
    let due_at =
        due.map_err(|error| ApiError::from(app::AppError::invalid("/seconds", "out-of-range", error.to_string())))?;
    Ok(Json(schema::Due { due_at }))
}

/// The same on a calendar that is not kept: for whoever writes one.
#[utoipa::path(post, path = "/calendar-trials", tag = "calendars", params(AddTime), request_body(content = Object, description = "The definition, as it would be put"), responses((status = 200, body = schema::Due)))]
pub(crate) async fn try_calendar(
    State(state): State<ApiState>,
    caller: Caller,
    Params(query): Params<AddTime>,
    body: Body<Object>,
) -> Result<Json<schema::Due>> {
    let (definition, seconds) = (Value::Object(body.value), i64::from(query.seconds));
    let due_at = state.app.calendar_try(&caller.actor, &definition, query.start, seconds)?;
    Ok(Json(schema::Due { due_at }))
}

/// Business time between two instants.
#[utoipa::path(get, path = "/calendars/{key}/between", tag = "calendars", params(("key" = String, Path), BetweenTimes), responses((status = 200, body = schema::Elapsed)))]
pub(crate) async fn get_business_time(
    State(state): State<ApiState>,
    _caller: Caller,
    Path(key): Path<String>,
    Params(query): Params<BetweenTimes>,
) -> Result<Json<schema::Elapsed>> {
    Ok(Json(schema::Elapsed { seconds: state.app.calendar(&key)?.between(query.start, query.end) }))
}

/// When a calendar is open between two instants, at most 500 windows.
#[utoipa::path(get, path = "/calendars/{key}/windows", tag = "calendars", params(("key" = String, Path), BetweenTimes), responses((status = 200, body = Page<schema::CalendarWindow>)))]
pub(crate) async fn list_calendar_windows(
    State(state): State<ApiState>,
    _caller: Caller,
    Path(key): Path<String>,
    Params(query): Params<BetweenTimes>,
) -> Result<Json<Page<schema::CalendarWindow>>> {
    // A calendar that opens once in a century is searched day by day: the question is about a year at most.
    let days = query.end.duration_since(query.start).as_hours() / 24;
    if !(0..=WINDOW_DAYS_MAX).contains(&days) {
        let message = format!("`end` is at most {WINDOW_DAYS_MAX} days after `start`.");
        return Err(ApiError::bad_request("bad-parameter", message));
    }
    let calendar = state.app.calendar(&key)?;
    let windows = calendar.windows(query.start).take_while(|window| window.open < query.end).take(WINDOWS_MAX);
    let cut = windows.map(|window| schema::CalendarWindow { open: window.open, close: window.close.min(query.end) });
    Ok(Page::whole(cut.collect()))
}

fn view((key, definition, version): (String, Value, u32)) -> schema::Calendar {
    let text = |name: &str| definition.get(name).and_then(Value::as_str).map(str::to_owned);
    schema::Calendar {
        title: text("title").unwrap_or_else(|| key.clone()),
        zone: text("zone").unwrap_or_default(),
        key,
        definition,
        version,
    }
}

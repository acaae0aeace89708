//! For those who run the server: is it alive, is it ready, how is it doing, what is the API.

use crate::openapi;
use crate::problem::ApiError;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde_json::json;
use std::sync::atomic::Ordering;

/// The process answers.
#[utoipa::path(get, path = "/healthz", tag = "operations", security(()), responses((status = 200, description = "The process answers")))]
pub(crate) async fn get_health() -> Response {
    Json(json!({ "status": "ok" })).into_response()
}

/// The store answers: requests can be served.
#[utoipa::path(get, path = "/readyz", tag = "operations", security(()), responses((status = 200, description = "Requests can be served")))]
pub(crate) async fn get_readiness(State(state): State<ApiState>) -> Result<Response, ApiError> {
    let wait = |detail: &str| {
        let busy = ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "The server is busy", detail);
        ApiError { retry_after: Some(1), ..busy }
    };
    if state.stop.is_cancelled() {
        return Err(wait("The server is stopping."));
    }
    if !state.ready.load(Ordering::Acquire) {
        return Err(wait("The server is preparing itself."));
    }
    state.app.store().ping().await.map_err(|_| wait("The database does not answer."))?;
    Ok(Json(json!({ "status": "ready" })).into_response())
}

/// Metrics as Prometheus text: counts and times, nothing about anybody.
#[utoipa::path(get, path = "/metrics", tag = "operations", security(()), responses((status = 200, content_type = "text/plain", body = String)))]
pub(crate) async fn get_metrics(State(state): State<ApiState>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], (state.metrics)()).into_response()
}

/// The API as a page for people.
#[utoipa::path(get, path = "/api", tag = "operations", security(()), responses((status = 200, content_type = "text/html", body = String)))]
pub(crate) async fn get_api_page() -> Response {
    // One page without a script, with its style inside.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(openapi::page())).into_response()
}

/// The API as an OpenAPI 3.1 document.
#[utoipa::path(get, path = "/openapi.json", tag = "operations", security(()), responses((status = 200, description = "The OpenAPI document")))]
pub(crate) async fn get_openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], openapi::json()).into_response()
}

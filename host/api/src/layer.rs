//! What happens around every request: id, span, metrics, security headers, time limit, panics.

use crate::problem::{ApiError, REQUEST_ID, internal};
use crate::state::ApiState;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::time::Instant;
use tracing::Instrument;

const HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
];

/// Around everything. The id is ours and not the caller's: it goes into logs, where nobody else writes.
pub(crate) async fn around(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let id = state.app.new_id();
    let method = request.method().clone();
    // The pattern, not the path: ids in a label would make a series for each.
    let route = request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str).to_owned();
    let is_api = request.uri().path().starts_with("/api/");
    #[expect(clippy::disallowed_methods, reason = "how long an answer takes is a metric, not a decision")]
    let started = Instant::now();
    let span = tracing::info_span!("request", %id, %method, route);
    let answer = REQUEST_ID.scope(id.clone(), bounded(&state, request, next)).instrument(span.clone()).await;
    let mut response = REQUEST_ID.sync_scope(id.clone(), || answer.unwrap_or_else(IntoResponse::into_response));
    let status = response.status();
    metrics::histogram!("weft_http_request_seconds", "route" => route).record(started.elapsed().as_secs_f64());
    metrics::counter!("weft_http_requests_total", "method" => method.as_str().to_owned(), "status" => status.as_str().to_owned()).increment(1);
    span.in_scope(|| tracing::debug!(status = status.as_u16(), millis = started.elapsed().as_millis(), "answered"));
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::try_from(id) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if state.config.is_https() {
        headers
            .insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000; includeSubDomains"));
    }
    if is_api {
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
    response
}

async fn bounded(state: &ApiState, request: Request, next: Next) -> Result<Response, ApiError> {
    tokio::time::timeout(state.config.request_timeout, next.run(request)).await.map_err(|_| {
        let detail = "The request took too long and was ended. If you were changing something, look whether it happened, or repeat it with the same idempotency key.";
        let late = ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "timeout", "The server took too long", detail);
        ApiError { retry_after: Some(2), ..late }
    })
}

/// A panic ends one request and nothing else.
pub(crate) fn on_panic(panic: Box<dyn std::any::Any + Send>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(panic = text.unwrap_or("of an unknown type"), "a handler panicked");
    internal().into_response()
}

/// An address below `/api` that does not exist.
pub(crate) async fn no_such_route(request: Request) -> ApiError {
    ApiError::not_found(format!("There is no address `{}`. `/api` lists what there is.", request.uri().path()))
}

pub(crate) async fn no_such_method(request: Request) -> ApiError {
    let detail = format!(
        "`{}` does not take {}; the header `Allow` says what it takes.",
        request.uri().path(),
        request.method()
    );
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "This method is not for this address", detail)
}

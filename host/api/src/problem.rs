//! Errors as RFC 9457 problems: a closed list of codes, each with what the caller can do. Nothing of the inside is told; the trace id
//! leads an operator to the log line that has it.

use crate::schema;
use app::{AppError, StoreError};
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::Problem;

tokio::task_local! {
    /// Id of the request that is being answered.
    pub(crate) static REQUEST_ID: String;
}

pub(crate) type Result<T, E = ApiError> = std::result::Result<T, E>;

/// A problem, ready to be told.
#[derive(Debug, Clone)]
pub struct ApiError {
    pub status: StatusCode,
    pub code: &'static str,
    pub title: &'static str,
    pub detail: Box<str>,
    pub errors: Vec<Problem>,
    pub legal: Option<Vec<schema::NextState>>,
    /// The version that a stale caller should have named.
    pub current: Option<u32>,
    pub retry_after: Option<u32>,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            title,
            detail: detail.into().into_boxed_str(),
            errors: Vec::new(),
            legal: None,
            current: None,
            retry_after: None,
        }
    }

    pub(crate) fn with_errors(mut self, errors: Vec<Problem>) -> Self {
        self.errors = errors;
        self
    }

    pub(crate) fn bad_request(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, "The request cannot be understood", detail)
    }

    pub(crate) fn forbidden(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, "You may not do this", detail)
    }

    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "There is no such thing", detail)
    }

    pub(crate) fn unauthenticated() -> Self {
        let detail = "Sign in, or send an API token as `Authorization: Bearer …`.";
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", "You are not signed in", detail)
    }

    /// The body of the answer.
    #[must_use]
    pub fn body(&self) -> schema::ProblemBody {
        let error = |problem: &Problem| schema::FieldProblem {
            pointer: problem.pointer.clone(),
            code: problem.code.clone(),
            message: problem.message.clone(),
            file: problem.file.clone(),
            line: problem.line,
        };
        schema::ProblemBody {
            problem_type: format!("/api#problem-{}", self.code),
            title: self.title.to_owned(),
            status: self.status.as_u16(),
            detail: self.detail.to_string(),
            code: self.code.to_owned(),
            trace_id: REQUEST_ID.try_with(Clone::clone).unwrap_or_default(),
            errors: self.errors.iter().map(error).collect(),
            legal: self.legal.clone(),
            current: self.current,
            retry_after: self.retry_after,
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body())).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"weft\""));
        }
        if let Some(version) = self.current.and_then(|version| HeaderValue::try_from(format!("\"{version}\"")).ok()) {
            headers.insert(header::ETAG, version);
        }
        response
    }
}

impl From<AppError> for ApiError {
    fn from(error: AppError) -> Self {
        let said = sentence(&error.to_string());
        let new = |status, code, title| Self::new(status, code, title, said.clone());
        match error {
            AppError::NotFound(_) => new(StatusCode::NOT_FOUND, "not-found", "There is no such thing"),
            AppError::Unauthenticated => Self::unauthenticated(),
            AppError::BadCredentials => new(StatusCode::UNAUTHORIZED, "bad-credentials", "You could not be signed in"),
            AppError::Forbidden(_) => new(StatusCode::FORBIDDEN, "forbidden", "You may not do this"),
            AppError::Invalid(problems) => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid",
                "Something about this is not right",
                first(&problems, &said),
            )
            .with_errors(problems),
            AppError::Rejected { problems, .. } => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "rejected",
                "This is not allowed here",
                first(&problems, &said),
            )
            .with_errors(problems),
            AppError::Stale { current, .. } => {
                let detail = format!(
                    "Somebody has changed it since: it has version {current} now. Load it again and repeat your change."
                );
                let stale = Self::new(
                    StatusCode::PRECONDITION_FAILED,
                    "stale-version",
                    "It has changed in the meantime",
                    detail,
                );
                Self { current: Some(current), ..stale }
            }
            AppError::Contended { .. } => {
                let busy = new(StatusCode::CONFLICT, "contended", "Others keep changing this");
                Self { retry_after: Some(1), ..busy }
            }
            AppError::IdempotencyReused => {
                let detail = "This idempotency key was used for another request. Use a new key for every request.";
                Self::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "idempotency-key-reused",
                    "The idempotency key was used before",
                    detail,
                )
            }
            AppError::Taken { what, value } => {
                let detail = sentence(&format!("{what} `{value}` is taken; choose another one"));
                Self::new(StatusCode::CONFLICT, "taken", "This is taken", detail)
            }
            AppError::RateLimited { seconds } => {
                let limited = new(StatusCode::TOO_MANY_REQUESTS, "rate-limited", "Too many tries");
                Self { retry_after: Some(seconds), ..limited }
            }
            AppError::Cascade(_) => {
                new(StatusCode::UNPROCESSABLE_ENTITY, "cascade", "A chain of reactions was stopped")
            }
            AppError::Plugin(fault) => {
                // The cause is in the log and on the plugin's page, for administrators; here it would tell about the inside.
                let detail = format!(
                    "The plugin `{}` failed while it decided about this. Nothing was changed; an administrator can see why.",
                    fault.plugin
                );
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "plugin-failed", "A plugin failed", detail)
            }
            AppError::Quarantined { .. } => {
                let waits = new(StatusCode::SERVICE_UNAVAILABLE, "quarantined", "A plugin is quarantined");
                Self { retry_after: Some(60), ..waits }
            }
            AppError::Busy { retry_seconds } => {
                let busy = new(StatusCode::SERVICE_UNAVAILABLE, "busy", "The server is busy");
                Self { retry_after: Some(retry_seconds), ..busy }
            }
            AppError::Store(error) => store(&error),
        }
    }
}

fn store(error: &StoreError) -> ApiError {
    tracing::error!(error = %Chain(error), "the store failed");
    match error {
        StoreError::ReadOnly(_) => {
            let detail =
                "Nothing can be written at the moment; reading works. An operator has to make room on the disk.";
            ApiError::new(StatusCode::INSUFFICIENT_STORAGE, "read-only", "The store cannot be written", detail)
        }
        StoreError::Deadline(_) => {
            let detail = "The database did not answer in time. If you were changing something, look whether it happened, or repeat it with the same idempotency key.";
            let slow = ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "The server is busy", detail);
            ApiError { retry_after: Some(2), ..slow }
        }
        StoreError::Unreachable(_) => {
            let detail = "The database cannot be reached at the moment. Nothing was changed; try again shortly.";
            let away = ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "The server is busy", detail);
            ApiError { retry_after: Some(2), ..away }
        }
        _ => internal(),
    }
}

/// What is said when there is nothing that the caller could do.
pub(crate) fn internal() -> ApiError {
    let detail = "Something went wrong inside. Nothing was changed; tell an operator the trace id.";
    ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong", detail)
}

/// An error with its sources, on one line.
struct Chain<'a>(&'a dyn std::error::Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}

fn first(problems: &[Problem], otherwise: &str) -> String {
    problems.first().map_or_else(|| otherwise.to_owned(), |problem| sentence(&problem.message))
}

/// Errors are written in lower case without a full stop, because they are joined; alone they are read as sentences.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let mut sentence: String =
        chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default();
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}

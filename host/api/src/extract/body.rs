//! JSON bodies: everything that is wrong at once, with JSON Pointers, and unknown fields never ignored.

use crate::problem::{ApiError, Result};
use crate::state::ApiState;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use bytes::Bytes;
use domain::Problem;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

/// Problems that are looked for in one body.
const PROBLEMS_MAX: usize = 20;

/// A JSON body of a known shape, with its bytes for the fingerprint of an idempotency key.
#[derive(Debug)]
pub(crate) struct Body<T> {
    pub value: T,
    pub bytes: Bytes,
}

impl<T: DeserializeOwned> FromRequest<ApiState> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self> {
        need_type(request.headers(), "application/json")?;
        let Raw(bytes) = Raw::from_request(request, state).await?;
        let value = parse(&bytes)?;
        Ok(Self { value, bytes })
    }
}

/// The bytes of a body, within the limit of its route.
#[derive(Debug)]
pub(crate) struct Raw(pub Bytes);

impl FromRequest<ApiState> for Raw {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self> {
        Bytes::from_request(request, state).await.map(Self).map_err(|rejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                return too_large();
            }
            ApiError::bad_request("unreadable-body", "The body could not be read to its end.")
        })
    }
}

fn too_large() -> ApiError {
    let detail = "The body is larger than this address takes. Send less at once.";
    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large", detail)
}

fn need_type(headers: &HeaderMap, wanted: &str) -> Result<()> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = given.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case(wanted) {
        return Ok(());
    }
    let given = if given.is_empty() { "none" } else { given };
    let detail = format!("Send `Content-Type: {wanted}`; this request has {given}.");
    Err(ApiError::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported-media-type",
        "This content type is not understood",
        detail,
    ))
}

/// Read JSON of a known shape.
///
/// Serde stops at the first thing that is wrong. What it names is taken out and the rest is read again, so that all of it is told.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    let text = if bytes.is_empty() { b"{}".as_slice() } else { bytes };
    let mut value: Value = serde_json::from_slice(text).map_err(|error| {
        let detail = format!("The body is not JSON: line {}, column {}: {error}.", error.line(), error.column());
        ApiError::bad_request("malformed-json", detail)
    })?;
    let mut problems: Vec<Problem> = Vec::new();
    let mut removed: Vec<String> = Vec::new();
    for _ in 0..PROBLEMS_MAX {
        let error = match serde_path_to_error::deserialize::<_, T>(value.clone()) {
            Ok(parsed) if problems.is_empty() => return Ok(parsed),
            Ok(_) => break,
            Err(error) => error,
        };
        let path: Vec<Segment> = error.path().iter().cloned().collect();
        let message = error.inner().to_string();
        let Some(found) = understand(&path, &message) else {
            problems.push(Problem::new(pointer(&path), "wrong-type", message));
            break;
        };
        // A field that was taken out because its value was wrong is missing now: that is our doing.
        if found.code != "missing-field" || !removed.contains(&found.pointer) {
            problems.push(found.clone());
        }
        if found.code == "missing-field" || !remove(&mut value, &found.pointer) {
            break;
        }
        removed.push(found.pointer);
    }
    problems.sort_by(|left, right| left.pointer.cmp(&right.pointer));
    let detail = problems.iter().map(|problem| problem.message.clone()).collect::<Vec<_>>().join("; ");
    Err(ApiError::bad_request("invalid-body", format!("The body has another shape than this address takes: {detail}."))
        .with_errors(problems))
}

fn understand(path: &[Segment], message: &str) -> Option<Problem> {
    let quoted = || message.split('`').nth(1).map(str::to_owned);
    let at = pointer(path);
    if message.starts_with("unknown field") {
        let name = quoted()?;
        // The path of an unknown field already ends with it.
        let at = if at.ends_with(&format!("/{}", escape(&name))) { at } else { format!("{at}/{}", escape(&name)) };
        return Some(Problem::new(at, "unknown-field", message));
    }
    if message.starts_with("missing field") {
        let name = quoted()?;
        return Some(Problem::new(format!("{at}/{}", escape(&name)), "missing-field", message));
    }
    (!at.is_empty()).then(|| Problem::new(at, "wrong-type", message))
}

fn pointer(path: &[Segment]) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => text.push_str(&format!("/{index}")),
            Segment::Map { key } => text.push_str(&format!("/{}", escape(key))),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    text
}

fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn remove(value: &mut Value, pointer: &str) -> bool {
    let Some((parent, last)) = pointer.rsplit_once('/') else { return false };
    let last = last.replace("~1", "/").replace("~0", "~");
    match value.pointer_mut(parent) {
        Some(Value::Object(object)) => object.remove(&last).is_some(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its shape is used")]
    struct Sample {
        title: String,
        count: Option<u32>,
        inner: Option<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its shape is used")]
    struct Inner {
        body: String,
    }

    fn check(json: &str, expected: &[(&str, &str)]) {
        let error = parse::<Sample>(json.as_bytes()).unwrap_err();
        let mut found: Vec<_> =
            error.errors.iter().map(|problem| (problem.pointer.as_str(), problem.code.as_str())).collect();
        found.sort_unstable();
        assert_eq!(found, expected, "{json}");
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        check(r#"{"title": "x", "tile": 1, "other": 2}"#, &[("/other", "unknown-field"), ("/tile", "unknown-field")]);
        check(
            r#"{"count": "many", "inner": {"body": "b", "bod": 1}}"#,
            &[("/count", "wrong-type"), ("/inner/bod", "unknown-field"), ("/title", "missing-field")],
        );
        check(r#"{"title": 1}"#, &[("/title", "wrong-type")]);
        check("[]", &[("", "wrong-type")]);
        check("", &[("/title", "missing-field")]);
        assert_eq!(parse::<Sample>(b"{").unwrap_err().code, "malformed-json");
    }
}

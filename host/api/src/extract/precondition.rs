//! `If-Match` and `Idempotency-Key`.

use crate::extract::Caller;
use crate::problem::{ApiError, Result};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::change::IdempotencyKey;

/// Characters of an idempotency key.
const KEY_MAX: usize = 200;

/// What a change depends on, besides its body.
#[derive(Debug, Clone, Default)]
pub(crate) struct Precondition {
    /// The version that the caller has seen; absent for `*` and without the header.
    pub version: Option<u32>,
    key: Option<String>,
    /// Method and path: what the key stands for, together with the body.
    target: String,
}

impl<S: Sync> FromRequestParts<S> for Precondition {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let text = |name: &str| parts.headers.get(name).map(|value| value.to_str().unwrap_or("\u{0}"));
        let version = match text("if-match") {
            None | Some("*") => None,
            Some(etag) => {
                let number = etag.trim().trim_start_matches("W/").trim_matches('"');
                let detail = || format!("`If-Match` takes the `ETag` of the thing, for example \"3\"; this is {etag}.");
                Some(number.parse().map_err(|_| ApiError::bad_request("bad-if-match", detail()))?)
            }
        };
        let key = text("idempotency-key").map(str::to_owned);
        if let Some(key) = &key
            && (key.is_empty() || key.len() > KEY_MAX || !key.chars().all(|c| c.is_ascii_graphic()))
        {
            let detail = format!("An idempotency key has 1 to {KEY_MAX} visible ASCII characters.");
            return Err(ApiError::bad_request("bad-idempotency-key", detail));
        }
        let target = format!("{} {}", parts.method, parts.uri);
        Ok(Self { version, key, target })
    }
}

/// The key under which the answer to a request is kept; nobody can use another's.
pub(crate) fn idempotency(caller: &Caller, precondition: &Precondition, body: &[u8]) -> Option<IdempotencyKey> {
    let key = precondition.key.clone()?;
    let asked = [precondition.target.as_bytes(), b"\n", body].concat();
    Some(IdempotencyKey { scope: caller.person().0.clone(), key, fingerprint: app::sha256(&asked) })
}

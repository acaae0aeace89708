//! The headers of a request, and the one header of an answer that decides something.

use hyper::header::{CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use jiff::Timestamp;

use super::{BODY_BYTES_MAX, HEADER_BYTES_MAX, HEADERS_MAX, Request};
use crate::error::Refusal;

const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
/// They belong to the connection, or to us.
const RESERVED: [&str; 15] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authorization",
    "proxy-authenticate",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "http2-settings",
    "idempotency-key",
    "user-agent",
];
const AGENT: HeaderValue = HeaderValue::from_static("weft");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const KEY_BYTES_MAX: usize = 255;

/// The headers to send, if everything about the request can be sent.
pub(super) fn of_request(request: &Request) -> Result<HeaderMap, Refusal> {
    if !METHODS.contains(&request.method.as_str()) {
        return Err(Refusal::NotGranted {
            method: request.method.chars().filter(char::is_ascii_graphic).take(20).collect(),
            host: "any host".to_owned(),
            path: String::new(),
        });
    }
    if request.body.len() > BODY_BYTES_MAX {
        return Err(Refusal::TooLarge { what: "its body", bytes_max: BODY_BYTES_MAX });
    }
    let bytes: usize = request.headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
    if bytes > HEADER_BYTES_MAX || request.headers.len() > HEADERS_MAX {
        return Err(Refusal::TooLarge { what: "its headers", bytes_max: HEADER_BYTES_MAX });
    }
    let mut headers = of_another_origin();
    for (name, value) in &request.headers {
        let refused =
            |why| Refusal::Header { name: name.chars().filter(char::is_ascii_graphic).take(60).collect(), why };
        let key: HeaderName = name.parse().map_err(|_| refused("it is not a name of a header"))?;
        if RESERVED.contains(&key.as_str()) {
            return Err(refused("the host sets it"));
        }
        headers.append(
            key,
            text(value).ok_or_else(|| refused("its value contains line breaks or other control characters"))?,
        );
    }
    let key = text(&request.idempotency_key).filter(|key| !key.is_empty() && key.len() <= KEY_BYTES_MAX);
    let key =
        key.ok_or(Refusal::Header { name: IDEMPOTENCY_KEY.to_string(), why: "a key has 1 to 255 plain characters" })?;
    headers.insert(IDEMPOTENCY_KEY, key);
    if request.body.is_empty() && matches!(request.method.as_str(), "POST" | "PUT" | "PATCH") {
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    Ok(headers)
}

/// What is sent to somebody whom the caller did not name.
pub(super) fn of_another_origin() -> HeaderMap {
    HeaderMap::from_iter([(USER_AGENT, AGENT)])
}

/// A value of visible ASCII, spaces and tabs; more is read differently by different servers.
fn text(value: &str) -> Option<HeaderValue> {
    let is_plain = value.bytes().all(|c| c == b'\t' || (b' '..=b'~').contains(&c));
    is_plain.then(|| HeaderValue::from_str(value).ok()).flatten()
}

/// `Retry-After` as seconds from `now`: it is a number of seconds or a date.
pub(super) fn retry_after_seconds(value: &str, now: Timestamp) -> Option<u32> {
    let value = value.trim();
    if value.bytes().all(|c| c.is_ascii_digit()) && !value.is_empty() {
        return Some(value.parse().unwrap_or(u32::MAX));
    }
    let at = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    Some(u32::try_from(at.as_second().saturating_sub(now.as_second()).max(0)).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_a_number_or_a_date() {
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().expect("an instant");
        let check =
            |value: &str, expected: Option<u32>| assert_eq!(retry_after_seconds(value, now), expected, "{value}");
        check("120", Some(120));
        check(" 0 ", Some(0));
        check("99999999999", Some(u32::MAX));
        check("Thu, 01 Jan 2026 00:02:00 GMT", Some(120));
        check("Wed, 31 Dec 2025 00:00:00 GMT", Some(0));
        check("soon", None);
        check("-5", None);
        check("", None);
    }
}

//! Address, path and query as one URL. The path comes from a flow's data, so whatever could leave the address is refused and
//! everything else is encoded.

use std::fmt::Write;
use weft_sdk::{Fault, Issue, Object, Value};

/// `base` is an administrator's; `path` begins with `/`.
pub(crate) fn join(base: &str, path: &str, query: Option<&Object>) -> Result<String, Fault> {
    let refused = |why: &str| Fault::from(Issue::new("/inputs/path", "bad-path", format!("the path `{path}` {why}")));
    if !path.starts_with('/') || path.starts_with("//") {
        return Err(refused("must begin with one `/`"));
    }
    if path.contains(['\\', '?', '#', '%']) || path.chars().any(char::is_control) {
        return Err(refused("must not contain \\ ? # % or control characters; a query goes into `query`"));
    }
    if path.split('/').any(|part| part == "." || part == "..") {
        return Err(refused("must not contain the parts `.` or `..`"));
    }
    let mut url = base.trim_end_matches('/').to_owned();
    encode(&mut url, path, b"-._~/:@!$&'()*+,;=");
    let mut separator = '?';
    for (name, value) in query.into_iter().flatten() {
        let text = match value {
            Value::Null => continue,
            Value::String(text) => text.clone(),
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            Value::Array(_) | Value::Object(_) => {
                let message = format!("`{name}` is a list or an object; write texts, numbers and truth values");
                return Err(Issue::new(format!("/inputs/query/{name}"), "bad-query", message).into());
            }
        };
        url.push(separator);
        encode(&mut url, name, b"-._~");
        url.push('=');
        encode(&mut url, &text, b"-._~");
        separator = '&';
    }
    Ok(url)
}

/// Percent-encoding (RFC 3986) of everything but letters, digits and `kept`.
fn encode(url: &mut String, text: &str, kept: &[u8]) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || kept.contains(&byte) {
            url.push(char::from(byte));
        } else {
            write!(url, "%{byte:02X}").expect("a string can be written to");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weft_sdk::json;

    fn check(path: &str, query: Value, expected: &str) {
        let query = query.as_object().cloned();
        assert_eq!(join("https://api.example.com/v1/", path, query.as_ref()), Ok(expected.to_owned()));
    }

    #[test]
    fn path_and_query_are_encoded() {
        check("/people/7", Value::Null, "https://api.example.com/v1/people/7");
        check("/people/Inês Ç", Value::Null, "https://api.example.com/v1/people/In%C3%AAs%20%C3%87");
        check("/", json!({"a b": "x&y=z", "n": 7, "none": null}), "https://api.example.com/v1/?a%20b=x%26y%3Dz&n=7");
    }

    #[test]
    fn nothing_leaves_the_address() {
        for path in
            ["", "people", "//evil.example", "/a/../b", "/./a", "/a?b", "/a#b", "/a%2e%2e", "/a\r\nHost: b", "/\\evil"]
        {
            assert!(join("https://api.example.com", path, None).is_err(), "{path:?}");
        }
        let nested = json!({"a": [1]});
        assert!(join("https://api.example.com", "/", nested.as_object()).is_err());
    }
}

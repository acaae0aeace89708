//! What leaves the house: requests and mails. The host sends them after the commit, as often as it takes, under one key each.

use crate::Object;
use serde_json::json;

/// An HTTP request that the host makes after the commit. For its answer, ask from a step of a flow.
///
/// ```
/// use weft_sdk::{Call, Effects};
///
/// let hook = Call::new("POST", "https://hooks.example.com/it").header("content-type", "text/plain").body("A server is down.");
/// assert_eq!(Effects::new().call(hook).iter().count(), 1);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Call(pub(super) Object);

impl Call {
    /// `method` in capitals.
    #[must_use]
    pub fn new(method: &str, url: &str) -> Self {
        Self(Object::from_iter([("method".to_owned(), method.into()), ("url".to_owned(), url.into())]))
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let headers = self.0.entry("headers").or_insert_with(|| json!([]));
        headers.as_array_mut().expect("only this function writes it").push(json!([name, value]));
        self
    }

    #[must_use]
    pub fn body(mut self, body: &str) -> Self {
        self.0.insert("body".to_owned(), body.into());
        self
    }

    /// For the whole exchange, 1 to 30; 30 when nothing is said.
    #[must_use]
    pub fn timeout_seconds(mut self, seconds: u32) -> Self {
        self.0.insert("timeout_seconds".to_owned(), seconds.into());
        self
    }

    /// Making it twice does no harm: it is made again when no answer came.
    #[must_use]
    pub fn idempotent(mut self) -> Self {
        self.0.insert("idempotent".to_owned(), true.into());
        self
    }

    /// How long to wait between attempts, such as `PT10S,PT1M,PT10M`.
    #[must_use]
    pub fn backoff(mut self, delays: &str) -> Self {
        self.0.insert("backoff".to_owned(), delays.into());
        self
    }
}

/// A mail in plain text that the host sends after the commit, one to each recipient.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mail<'a> {
    /// People of the organisation, by id.
    pub people: &'a [&'a str],
    /// Addresses of others.
    pub to: &'a [&'a str],
    pub subject: &'a str,
    pub text: &'a str,
}

//! The port to the outside: requests that components asked for, and mail. What delivers them knows nothing of flows and keeps nothing.

use async_trait::async_trait;
use domain::manifest::Permission;
use domain::schedule::Outcome;
use std::time::Duration;

/// One attempt at a request.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboundHttp {
    pub method: String,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Option<String>,
    /// The same for every attempt.
    pub idempotency_key: String,
    pub timeout: Duration,
    /// What the plugin was granted: one of them must fit.
    pub grants: Vec<Permission>,
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// An answer came, whatever it says.
    Answered { status: u16, headers: Vec<(String, String)>, body: String, retry_after_seconds: Option<u32> },
    /// An answer came, and the end of it is missing.
    Broken { status: u16, reason: String, retry_after_seconds: Option<u32> },
    /// Surely not delivered: trying again cannot do it twice.
    NotSent { reason: String, may_retry: bool },
    /// Sent, and nobody knows whether it arrived.
    Unknown { reason: String },
}

/// One attempt at a mail to one address. It says of itself that a machine wrote it (RFC 3834).
#[derive(Clone, PartialEq, Eq)]
pub struct OutboundMail {
    /// The same for every attempt; the Message-ID is made from it.
    pub idempotency_key: String,
    pub to_name: Option<String>,
    pub to: String,
    pub subject: String,
    pub text: String,
}

impl std::fmt::Debug for OutboundMail {
    /// Without people and texts.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OutboundMail").field("idempotency_key", &self.idempotency_key).finish_non_exhaustive()
    }
}

#[async_trait]
pub trait Outbound: Send + Sync + std::fmt::Debug {
    async fn http(&self, request: OutboundHttp) -> Delivery;

    async fn mail(&self, _mail: OutboundMail) -> Outcome {
        Outcome::Refused { reason: "no mail server is set; set mail.url, or mail.folder to look at mails".to_owned() }
    }
}

/// Nothing goes out: for tests, simulations and installations that want it so.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoOutbound;

#[async_trait]
impl Outbound for NoOutbound {
    async fn http(&self, _request: OutboundHttp) -> Delivery {
        Delivery::NotSent { reason: "outbound requests are switched off here".to_owned(), may_retry: false }
    }
}

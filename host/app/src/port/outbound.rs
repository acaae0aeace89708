//! The port to the outside: requests that components asked for. What delivers them knows nothing of flows.

use async_trait::async_trait;
use domain::manifest::Permission;
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
    /// Surely not delivered: trying again cannot do it twice.
    NotSent { reason: String, may_retry: bool },
    /// Sent, and nobody knows whether it arrived.
    Unknown { reason: String },
}

#[async_trait]
pub trait Outbound: Send + Sync + std::fmt::Debug {
    async fn http(&self, request: OutboundHttp) -> Delivery;
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

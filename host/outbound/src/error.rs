//! How a delivery ends, in the words that decide what happens next: surely not delivered, nobody knows, or answered.

use std::net::IpAddr;

use domain::schedule::Outcome;

use crate::address::Forbidden;

/// What may not be sent, before anything was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the URL cannot be used: {0}")]
    Url(String),
    #[error("the request is not encrypted; write `https://`, or let an administrator allow plain HTTP")]
    Transport,
    #[error("{method} {host}{path} is not granted")]
    NotGranted { method: String, host: String, path: String },
    #[error(
        "{host} is at {address}, {why}; requests go to the public internet only, unless an administrator allows more"
    )]
    Address { host: String, address: IpAddr, why: Forbidden },
    #[error("the header `{name}` cannot be sent: {why}")]
    Header { name: String, why: &'static str },
    #[error("the request is too large: {what} may have {bytes_max} bytes")]
    TooLarge { what: &'static str, bytes_max: usize },
}

/// Why nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    /// As it is, it will never be sent.
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("the name {host} cannot be resolved: {why}")]
    Resolve { host: String, why: String },
    #[error("no connection to {host}: {why}")]
    Connect { host: String, why: String },
    #[error("no encrypted connection to {host}: {why}")]
    Tls { host: String, why: String },
}

/// Why an HTTP request has no complete answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The other side surely has not seen it.
    #[error(transparent)]
    NotSent(#[from] NotSent),
    /// It was sent, at least in part, and no answer came: it may have had its effect.
    #[error("{host} was sent the request and did not answer: {why}")]
    Unknown { host: String, why: String },
    /// It was answered, but the rest of the answer is missing or was cut.
    #[error("{host} answered {status}, but {why}")]
    Answered { host: String, status: u16, why: String, retry_after_seconds: Option<u32> },
}

impl NotSent {
    /// What it means for the next attempt.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        let reason = self.to_string();
        match self {
            Self::Refused(_) => Outcome::Refused { reason },
            Self::Resolve { .. } | Self::Connect { .. } | Self::Tls { .. } => {
                Outcome::Failed { reason, retry_after_seconds: None }
            }
        }
    }
}

impl SendError {
    /// What it means for the next attempt.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::NotSent(not_sent) => not_sent.outcome(),
            Self::Unknown { .. } => Outcome::Unknown { reason: self.to_string() },
            Self::Answered { status, retry_after_seconds, .. } => {
                status_outcome(*status, *retry_after_seconds, || self.to_string())
            }
        }
    }
}

/// What a status means for the next attempt: 408, 425, 429 and 5xx may do better later; other refusals will not.
pub(crate) fn status_outcome(
    status: u16,
    retry_after_seconds: Option<u32>,
    reason: impl FnOnce() -> String,
) -> Outcome {
    match status {
        200..=299 => Outcome::Delivered,
        408 | 425 | 429 | 500..=599 => Outcome::Failed { reason: reason(), retry_after_seconds },
        _ => Outcome::Refused { reason: reason() },
    }
}

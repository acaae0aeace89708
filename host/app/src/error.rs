//! What a use case answers when it cannot do what was asked: a closed list, each with what a caller can do about it.

use crate::port::plugins::CallFault;
use domain::Problem;
use store::{CommitError, StoreError};

#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// It does not exist, or the caller may not know that it does: the answer is the same.
    #[error("there is no {0}")]
    NotFound(String),
    #[error("you are not signed in")]
    Unauthenticated,
    #[error("login or password is wrong")]
    BadCredentials,
    /// The caller may know of it and may not do this.
    #[error("{0}")]
    Forbidden(String),
    /// Something about the request is wrong; every problem is listed.
    #[error("the request is not valid")]
    Invalid(Vec<Problem>),
    /// A guard said no.
    #[error("plugin `{plugin}` rejected the change")]
    Rejected { plugin: String, problems: Vec<Problem> },
    #[error("it has version {current} now, not {expected}")]
    Stale { expected: u32, current: u32 },
    /// Others kept changing what the decision depends on.
    #[error("{what} kept changing while this was decided")]
    Contended { what: String },
    #[error("the idempotency key was used for another request")]
    IdempotencyReused,
    #[error("{what} `{value}` is taken")]
    Taken { what: String, value: String },
    #[error("too many tries; wait {seconds} s")]
    RateLimited { seconds: u32 },
    /// A chain of reactions went too deep or too fast; the chain is named.
    #[error("a chain of reactions was stopped: {}", .0.join(" → "))]
    Cascade(Vec<String>),
    /// A component failed where its answer is needed.
    #[error("a plugin failed")]
    Plugin(#[from] CallFault),
    #[error("the plugin `{plugin}` is quarantined; its decisions wait until an administrator resumes it")]
    Quarantined { plugin: String },
    /// The host is stopping or has too much to do.
    #[error("the server is busy")]
    Busy { retry_seconds: u32 },
    #[error("the store failed")]
    Store(#[source] StoreError),
}

pub type Result<T, E = AppError> = std::result::Result<T, E>;

impl AppError {
    #[must_use]
    pub fn invalid(pointer: &str, code: &str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![Problem::new(pointer, code, message)])
    }

    /// Whether the same may succeed a moment later: it is about the store or the host and not about what was asked.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Store(StoreError::Corrupt { .. }) => false,
            Self::Store(_) | Self::Busy { .. } => true,
            _ => false,
        }
    }

    #[must_use]
    pub fn not_found(what: &str, id: &str) -> Self {
        Self::NotFound(format!("{what} `{id}`"))
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy | StoreError::Closed => Self::Busy { retry_seconds: 1 },
            other => Self::Store(other),
        }
    }
}

impl From<CommitError> for AppError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Conflict { what } => Self::Contended { what },
            CommitError::Fenced(job) => Self::Contended { what: format!("job `{job}`") },
            CommitError::Taken { what, value } => Self::Taken { what, value },
            CommitError::Answered(_) => Self::IdempotencyReused,
            CommitError::Store(error) => error.into(),
        }
    }
}

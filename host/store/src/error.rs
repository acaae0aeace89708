//! What can go wrong in a store, by what a caller can do about it.

use crate::StoredAnswer;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database did not answer in time. Whether it did what was asked is unknown.
    #[error("the database did not answer within {0} ms")]
    Deadline(u64),
    /// A row that Weft did not write, or that was damaged.
    #[error("row `{row}` cannot be read: {reason}")]
    Corrupt { row: String, reason: String },
    /// The disk is full or read-only: reads still work.
    #[error("the database cannot be written")]
    ReadOnly(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the database failed")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Nobody answers at its address, or the connection broke and could not be made again. Nothing was written.
    #[error("the database cannot be reached")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The store is being closed.
    #[error("the store is closed")]
    Closed,
    #[error("too much is waiting to be written")]
    Busy,
}

#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Something that the decision read is not as it was. Nothing was written.
    #[error("{what} has changed since it was read")]
    Conflict { what: String },
    /// The command was carried out before. Nothing was written now.
    #[error("the command was answered before")]
    Answered(Box<StoredAnswer>),
    /// A job's claim is not ours any more. Nothing was written.
    #[error("job `{0}` is claimed by another worker")]
    Fenced(String),
    /// A value that must be unique is taken, for example a login. Nothing was written.
    #[error("{what} `{value}` is taken")]
    Taken { what: String, value: String },
    #[error(transparent)]
    Store(#[from] StoreError),
}

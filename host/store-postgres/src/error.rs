//! What a failure of PostgreSQL means: to a caller, and to who has to decide whether the same may be tried again.

use store::StoreError;

/// What became of a statement that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The server refused it. The same again is refused again.
    Refused,
    /// The server took it back because of somebody else: the same again may succeed.
    TakenBack,
    /// It ran longer than the deadline.
    TooLong,
    /// The connection is gone; whether the statement was carried out is unknown.
    Lost,
}

/// Classes and codes of <https://www.postgresql.org/docs/15/errcodes-appendix.html>.
pub(crate) fn outcome(error: &sqlx::Error) -> Outcome {
    let code = error.as_database_error().and_then(|error| error.code());
    match code.as_deref() {
        // Serialization failure, deadlock, lock not available.
        Some("40001" | "40P01" | "55P03") => Outcome::TakenBack,
        Some("57014") => Outcome::TooLong,
        // Connection exceptions, too many connections, shut down, crashed, starting up, idle for too long in a transaction.
        Some("53300" | "57P01" | "57P02" | "57P03" | "57P05" | "25P03") => Outcome::Lost,
        Some(code) if code.starts_with("08") => Outcome::Lost,
        Some(_) => Outcome::Refused,
        None => match error {
            sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed | sqlx::Error::Tls(_) => {
                Outcome::Lost
            }
            _ => Outcome::Refused,
        },
    }
}

/// What became of the statement behind an error of [`of`].
pub(crate) fn outcome_of(error: &StoreError) -> Outcome {
    match error {
        StoreError::Database(source) | StoreError::Unreachable(source) => {
            source.downcast_ref::<sqlx::Error>().map_or(Outcome::Refused, outcome)
        }
        StoreError::Deadline(_) => Outcome::TooLong,
        _ => Outcome::Refused,
    }
}

pub(crate) fn of(error: sqlx::Error) -> StoreError {
    let code = error.as_database_error().and_then(|error| error.code()).map(|code| code.into_owned());
    match code.as_deref() {
        // Disk full, out of memory or quota, read-only transaction: a standby, or a disk without room. Reads still work.
        Some("53100" | "25006" | "58030") => StoreError::ReadOnly(Box::new(error)),
        _ if outcome(&error) == Outcome::Lost => StoreError::Unreachable(Box::new(error)),
        _ => StoreError::Database(Box::new(error)),
    }
}

/// The same failure for one more caller of the same batch.
pub(crate) fn again(error: &StoreError) -> StoreError {
    match error {
        StoreError::Deadline(ms) => StoreError::Deadline(*ms),
        StoreError::Corrupt { row, reason } => StoreError::Corrupt { row: row.clone(), reason: reason.clone() },
        StoreError::ReadOnly(source) => StoreError::ReadOnly(source.to_string().into()),
        StoreError::Database(source) => StoreError::Database(source.to_string().into()),
        StoreError::Unreachable(source) => StoreError::Unreachable(source.to_string().into()),
        StoreError::Closed => StoreError::Closed,
        StoreError::Busy => StoreError::Busy,
    }
}

//! What a failure of SQLite means to a caller.

use store::StoreError;

/// Primary result codes after which nothing can be written until somebody makes room or repairs the disk.
const CANNOT_WRITE: [i32; 4] = [8, 10, 13, 14];

/// SQLITE_READONLY, SQLITE_IOERR, SQLITE_FULL and SQLITE_CANTOPEN are about the disk; everything else is about the database.
pub(crate) fn of(error: sqlx::Error) -> StoreError {
    let code = error
        .as_database_error()
        .and_then(|error| error.code())
        .and_then(|code| code.parse::<i32>().ok())
        .map(|code| code & 0xff);
    match code {
        Some(code) if CANNOT_WRITE.contains(&code) => StoreError::ReadOnly(Box::new(error)),
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

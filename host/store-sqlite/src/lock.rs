//! One process at a time: two writers that each believe to be alone would give wrong chain heads and numbers.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use store::StoreError;

/// Held as long as the store lives; the operating system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct ProcessLock {
    _file: File,
}

impl ProcessLock {
    /// # Errors
    /// When another process, or another store of this one, has the database open.
    pub(crate) fn acquire(database: &Path) -> Result<Self, StoreError> {
        let mut name = database.as_os_str().to_owned();
        name.push(".lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&name)
            .map_err(|error| StoreError::Database(Box::new(error)))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::Database(
                format!(
                    "another Weft has `{}` open: one SQLite file serves one process; several nodes need PostgreSQL",
                    database.display()
                )
                .into(),
            )),
            Err(TryLockError::Error(error)) => Err(StoreError::Database(Box::new(error))),
        }
    }
}

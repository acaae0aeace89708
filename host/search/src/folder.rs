//! The folder of an index, held by one process at a time. Several servers of one machine may be given the same one: each takes a place
//! of its own in it.

use crate::SearchError;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Servers that may share a folder.
const PLACES_MAX: usize = 8;

/// A place for an index. Nobody else has it until this is dropped; a process that dies lets go of it.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Take the first place that is free.
    ///
    /// # Errors
    /// The folder cannot be written, or every place is taken.
    pub fn take(folder: &Path) -> Result<Self, SearchError> {
        let failed = |error| SearchError::Folder { folder: folder.display().to_string(), error };
        for place in 0..PLACES_MAX {
            let path = folder.join(place.to_string());
            fs::create_dir_all(&path).map_err(failed)?;
            let lock =
                File::options().create(true).truncate(false).write(true).open(path.join("lock")).map_err(failed)?;
            match lock.try_lock() {
                Ok(()) => return Ok(Self { path: path.join("index"), _lock: lock }),
                Err(fs::TryLockError::WouldBlock) => {}
                Err(fs::TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
        Err(SearchError::Taken { folder: folder.display().to_string() })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Throw away what is there.
    pub(crate) fn clear(&self) -> Result<(), SearchError> {
        let failed = |error| SearchError::Folder { folder: self.path.display().to_string(), error };
        if self.path.exists() {
            fs::remove_dir_all(&self.path).map_err(failed)?;
        }
        fs::create_dir_all(&self.path).map_err(failed)
    }
}

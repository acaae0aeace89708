//! What can be wrong with a plugin's files, in words for its author.

use std::{io, path::PathBuf};

use crate::toolchain;

#[derive(Debug, thiserror::Error)]
pub enum PackError {
    #[error("cannot read {path}")]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot write {path}")]
    Write { path: PathBuf, source: io::Error },
    #[error("{path} is neither a regular file nor a folder; links and devices are not packed")]
    NotRegular { path: PathBuf },
    #[error("{path} is not valid TOML: {problem}")]
    Toml { path: PathBuf, problem: String },
    #[error("the manifest {0}")]
    Manifest(String),
    #[error("asset `{path}` {problem}")]
    Asset { path: String, problem: String },
    #[error("{what} has {actual} bytes, at most {limit} are allowed")]
    TooLarge { what: String, actual: usize, limit: usize },
    #[error("{actual} assets, at most {limit} are allowed")]
    TooManyAssets { actual: usize, limit: usize },
    #[error("the core module cannot become a component: {0}")]
    Encode(String),
    #[error("not a component: {0}")]
    NotComponent(String),
    #[error(
        "plugin `{plugin}` imports {imports}, and only `weft:` interfaces are offered: a dependency expects an operating system"
    )]
    ForeignImports { plugin: String, imports: String },
    #[error("plugin id `{id}` is used by both {first} and {second}")]
    DuplicateId { id: String, first: PathBuf, second: PathBuf },
    #[error(transparent)]
    Toolchain(#[from] toolchain::Missing),
    #[error("`{command}` {problem}")]
    Cargo { command: String, problem: String },
    #[error("prebuilt components in {path}: {problem}")]
    Prebuilt { path: PathBuf, problem: String },
    #[error("in {path}")]
    In { path: PathBuf, source: Box<PackError> },
}

#[cfg(feature = "component")]
impl PackError {
    /// Says in which plugin the error was found.
    pub(crate) fn within(self, path: impl Into<PathBuf>) -> Self {
        Self::In { path: path.into(), source: Box::new(self) }
    }
}

//! What the tests share: actors, guests, acceptance runs and benchmarks.

pub mod accept;
pub mod app;
pub mod bench;
pub mod binary;
pub mod cluster;
pub mod company;
pub mod components;
pub mod fsck;
pub mod guests;
pub mod postgres;
pub mod promise;
pub mod requirements;
pub mod transcript;
pub mod world;

use std::path::PathBuf;

/// A file of the shared test data, if it is there; otherwise a line says that the test has nothing to read.
#[expect(clippy::print_stderr, reason = "a test that is left out says so")]
#[must_use]
pub fn shared(name: &str) -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let found = root.ancestors().map(|folder| folder.join("shared/data").join(name)).find(|path| path.exists());
    if found.is_none() {
        eprintln!("SKIPPED: the shared test data `{name}` is not beside the project");
    }
    found
}

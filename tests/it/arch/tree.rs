//! The files of the project: what is committed, and what is new and not ignored.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

pub(super) struct File {
    /// From the root, with `/` between the parts.
    pub(super) path: String,
    /// Nothing if the file is not text.
    pub(super) text: Option<String>,
}

pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the project").to_owned()
}

/// Every file, sorted by path.
pub(super) fn files() -> Vec<File> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git runs");
    assert!(output.status.success(), "git ls-files failed: {}", String::from_utf8_lossy(&output.stderr));
    let names = String::from_utf8(output.stdout).expect("paths are UTF-8");
    let mut paths = names.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    paths.sort();
    paths.dedup();
    // A file can be in the index and deleted in the tree.
    paths.retain(|path| root().join(path).is_file());
    assert!(paths.len() > 20, "the tree has files");
    let read = |path: &String| fs::read(root().join(path)).expect("a listed file can be read");
    paths.into_iter().map(|path| File { text: String::from_utf8(read(&path)).ok(), path }).collect()
}

/// Every Rust file with its text.
pub(super) fn rust_files() -> Vec<(String, String)> {
    let rust = files().into_iter().filter(|file| file.path.ends_with(".rs"));
    rust.map(|file| (file.path, file.text.expect("Rust source is UTF-8"))).collect()
}

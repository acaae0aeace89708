//! Other systems, built in workspaces of their own below `tests/peers/` and run in the same minute as ours.

use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// Build and run the Extism peer: what it printed.
///
/// # Errors
/// It cannot be built here, or it failed: why.
pub fn extism() -> Result<Value, String> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/extism");
    let target = std::env::current_exe().map_err(|error| error.to_string())?;
    let target = target.parent().and_then(Path::parent).ok_or("no target folder")?.join("peers");
    let run = Command::new("cargo")
        .args(["run", "--quiet", "--release", "--manifest-path"])
        .arg(project.join("Cargo.toml"))
        .env("CARGO_TARGET_DIR", target)
        .output()
        .map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&run.stdout);
    let line = said.lines().rev().find(|line| line.starts_with('{')).unwrap_or_default();
    serde_json::from_str(line)
        .map_err(|_| String::from_utf8_lossy(&run.stderr).lines().last().unwrap_or("it printed nothing").to_owned())
}

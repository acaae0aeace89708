//! The screens of the demo in a real browser: what passes between a key or a click and what is painted for it.

use crate::binary::Server;
use std::process::Stdio;
use tokio::process::Command;

/// Run the actions of `tests/e2e/speed.mjs` against a server of this build; its lines go to the terminal.
///
/// # Errors
/// There is no browser, or an action did not work.
pub async fn run() -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
    let server = Server::company(folder.path()).await;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/e2e/speed.mjs");
    let status = Command::new("node")
        .args([script, &format!("http://{}", server.address)])
        .stdin(Stdio::null())
        .status()
        .await
        .map_err(|error| format!("node cannot be run: {error}"))?;
    server.stop().await;
    if status.success() { Ok(()) } else { Err(format!("the browser ended with {status}")) }
}

//! The screens as people use them: the demo in a real browser, by persona, with an accessibility check of every page.

use std::process::Stdio;
use tokio::process::Command;
use weft_tests::binary::Server;

/// Everything that the browser says, behind one test: it is one story in one company.
#[tokio::test(flavor = "multi_thread")]
async fn the_screens_work_for_everybody() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let built = std::path::Path::new(root).join("host/web/dist/index.html");
    assert!(built.exists(), "the screens are not built: `cargo dev test` builds them, `cargo dev ui` alone too");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = Server::demo(folder.path()).await;
    let shots = folder.path().join("screens");

    let run = Command::new("node")
        .args(["tests/e2e/run.mjs", &format!("http://{}", server.address)])
        .arg(&shots)
        .current_dir(root)
        .stdin(Stdio::null())
        .output()
        .await
        .expect("node is there: the screens were built with it");

    let said = String::from_utf8_lossy(&run.stdout);
    let failed: Vec<_> = said.lines().filter(|line| !line.starts_with("ok ")).collect();
    assert!(run.status.success(), "{}\n{}", failed.join("\n"), String::from_utf8_lossy(&run.stderr));
    assert!(said.lines().filter(|line| line.starts_with("ok ")).count() > 50, "the browser ran: {said}");
    server.stop().await;
}

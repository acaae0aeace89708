//! The screens as people use them: the demo in a real browser, by persona, with an accessibility check of every page.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::process::Command;
use weft_tests::binary::Server;

/// Everything that the browser says, behind one test: it is one story in one company.
#[tokio::test(flavor = "multi_thread")]
async fn the_screens_work_for_everybody() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let built = Path::new(root).join("host/web/dist/index.html");
    assert!(built.exists(), "the screens are not built: `cargo dev test` builds them, `cargo dev ui` alone too");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = Server::company(folder.path()).await;
    let run = async |script: &str, into: &Path| {
        Command::new("node")
            .args([script, &format!("http://{}", server.address)])
            .arg(into)
            .current_dir(root)
            .stdin(Stdio::null())
            .output()
            .await
            .expect("node is there: the screens were built with it")
    };

    // First, while the company is as it was founded: these are the pictures of the documentation.
    let pictures = run("tests/e2e/pictures.mjs", &pictures()).await;
    assert!(pictures.status.success(), "{}", String::from_utf8_lossy(&pictures.stdout));
    let run = run("tests/e2e/run.mjs", &folder.path().join("screens")).await;

    let said = String::from_utf8_lossy(&run.stdout);
    let failed: Vec<_> = said.lines().filter(|line| !line.starts_with("ok ")).collect();
    assert!(run.status.success(), "{}\n{}", failed.join("\n"), String::from_utf8_lossy(&run.stderr));
    assert!(said.lines().filter(|line| line.starts_with("ok ")).count() > 50, "the browser ran: {said}");
    server.stop().await;
}

/// `<target>/<profile>/screens`, from where `cargo dev pictures` takes them.
fn pictures() -> PathBuf {
    let binary = std::env::current_exe().expect("a running program has a path");
    binary.parent().and_then(Path::parent).expect("it is in `deps`").join("screens")
}

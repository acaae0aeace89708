//! The screens as people use them: the demo in a real browser, by persona, with an accessibility check of every page.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::process::Command;
use weft_tests::binary::Server;
use weft_tests::guests::{self, Function, Guest};

/// Everything that the browser says, behind one test: it is one story in one company.
#[tokio::test(flavor = "multi_thread")]
async fn the_screens_work_for_everybody() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let built = Path::new(root).join("host/web/dist/index.html");
    assert!(built.exists(), "the screens are not built: `cargo dev test` builds them, `cargo dev ui` alone too");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = Server::company(folder.path()).await;
    let run = async |script: &str, folders: &[&Path]| {
        Command::new("node")
            .args([script, &format!("http://{}", server.address)])
            .args(folders)
            .current_dir(root)
            .stdin(Stdio::null())
            .output()
            .await
            .expect("node is there: the screens were built with it")
    };

    // First, while the company is as it was founded: these are the pictures of the documentation.
    let pictures = run("tests/e2e/pictures.mjs", &[&beside("screens")]).await;
    assert!(pictures.status.success(), "{}", String::from_utf8_lossy(&pictures.stdout));
    for (version, component) in greeters() {
        let file = folder.path().join(format!("greeter-{version}.wasm"));
        std::fs::write(file, component).expect("a file of the temporary folder");
    }
    let run = run("tests/e2e/run.mjs", &[&beside("browser"), folder.path()]).await;

    let said = String::from_utf8_lossy(&run.stdout);
    let failed: Vec<_> = said.lines().filter(|line| !line.starts_with("ok ")).collect();
    assert!(run.status.success(), "{}\n{}", failed.join("\n"), String::from_utf8_lossy(&run.stderr));
    assert!(said.lines().filter(|line| line.starts_with("ok ")).count() > 50, "the browser ran: {said}");
    server.stop().await;
}

/// What a plugin author brings: one that says hello to new incidents, its next version, which asks for more and fails, and the one that
/// mends it and does without what was more.
fn greeters() -> [(&'static str, Vec<u8>); 3] {
    let grant = |grant: &str, reason: &str| format!("[[grant]]\n{grant}\nreason = \"{reason}\"\n");
    let sees = grant("read = \"ticket:incident\"", "See whom to greet.");
    let says = grant("effect = [\"comment\"]\non = \"ticket:incident\"", "Say hello.");
    let tells = grant("effect = [\"notify\"]\non = \"ticket:incident\"", "Tell the group.");
    let guest = |version: &str, grants: [&String; 3]| {
        let manifest = format!(
            "id = \"greeter\"\nversion = \"{version}\"\nwit = \"0.1\"\ntitle = \"Greeter\"\nsummary = \"Says hello to new incidents.\"\n\
             [react]\nevents = [\"ticket.created\"]\nkinds = [\"incident\"]\nhistory = false\n{}\
             [[setting]]\nkey = \"greeting\"\ntitle = \"Greeting\"\ndescription = \"The first words.\"\ndefault = \"Hello\"\n\
             schema = {{ type = \"string\", minLength = 1, maxLength = 80 }}\n",
            grants.map(String::as_str).concat()
        );
        Guest::new("greeter").manifest(Some(&manifest))
    };
    let nothing = String::new();
    let hello = [("comment", "{\"visibility\":\"public\",\"body\":\"Hello from the greeter.\"}")];
    let first = guests::returning(guest("1.0.0", [&sees, &says, &nothing]), Function::React, &hello);
    let broken = guest("1.1.0", [&sees, &says, &tells]).exporting(Function::React, "unreachable").build();
    let mended = guests::returning(guest("1.2.0", [&sees, &says, &nothing]), Function::React, &hello);
    [("1.0.0", first), ("1.1.0", broken), ("1.2.0", mended)]
}

/// A folder in `<target>/<profile>`: `screens`, from where `cargo dev pictures` takes them, and `browser`, where whoever wants to read or look
/// finds what people did.
fn beside(name: &str) -> PathBuf {
    let binary = std::env::current_exe().expect("a running program has a path");
    binary.parent().and_then(Path::parent).expect("it is in `deps`").join(name)
}

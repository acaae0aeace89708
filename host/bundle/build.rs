//! Builds the first-party plugins with one nested cargo and writes the list that `src/lib.rs` includes.
//!
//! What was built, std included, stays in `<target>/wasm` and is shared by all profiles, so that a change of one plugin costs
//! seconds and no change costs nothing.
#![expect(clippy::disallowed_methods, reason = "cargo talks to a build script by the environment")]

use std::{
    env, error, fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Cargo shows this, and nothing else of a build script that fails.
            let mut text = format!("error: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                text.push_str(&format!("\n  because: {error}"));
                cause = error.source();
            }
            let _ = io::Write::write_all(&mut io::stderr(), text.as_bytes());
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn error::Error>> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    // As cargo says now, and not as it was when this program was built: clones that share a target folder share it too.
    let package = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or("cargo sets CARGO_MANIFEST_DIR")?);
    let root = package.ancestors().nth(2).ok_or("the package lies in host/bundle")?;
    watch(root)?;
    let built = pack::build(&root.join("plugins"), &target(&out)?.join("wasm"))?;
    let mut list = String::from("pub const PLUGINS: &[Bundled] = &[\n");
    for plugin in &built {
        let file = format!("{}.wasm", plugin.id);
        write_if_changed(&out.join(&file), &plugin.bytes)?;
        list.push_str(&format!(
            "    Bundled {{ id: {:?}, version: {:?}, digest: {:?}, bytes: include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{file}\")) }},\n",
            plugin.id, plugin.version, plugin.digest
        ));
    }
    list.push_str("];\n");
    write_if_changed(&out.join("plugins.rs"), list.as_bytes())?;
    Ok(())
}

/// Tells cargo when to run this again. Folders are named one by one: `plugins/target` and `node_modules` would cost a second
/// and run it for nothing.
fn watch(root: &Path) -> io::Result<()> {
    let mut lines = Vec::new();
    let plugins = root.join("plugins");
    let parts = ["Cargo.toml", "Cargo.lock", ".cargo"].into_iter().chain(pack::GROUPS);
    let present = parts.map(|part| plugins.join(part)).filter(|path| path.exists()).collect::<Vec<_>>();
    if present.is_empty() {
        // Before the first plugin exists. If not even the folder does, cargo takes that as a change each time.
        lines.push(changed(&plugins));
    }
    lines.extend(present.iter().map(|path| changed(path)));
    lines.push(changed(&root.join("wit")));
    lines.push(changed(&root.join("sdk/rust")));
    lines.push(changed(&root.join("host/bundle/build.rs")));
    // Debug builds read the screens from the disk while running; only a release has them inside.
    if env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        lines.push(changed(&root.join("host/web/dist")));
    }
    for name in [pack::PREBUILT_VARIABLE, pack::toolchain::COMPILER_VARIABLE, "CARGO_HOME"] {
        lines.push(format!("cargo::rerun-if-env-changed={name}"));
    }
    if let Some(folder) = env::var_os(pack::PREBUILT_VARIABLE).filter(|folder| !folder.is_empty()) {
        lines.push(changed(Path::new(&folder)));
    }
    io::Write::write_all(&mut io::stdout(), (lines.join("\n") + "\n").as_bytes())
}

fn changed(path: &Path) -> String {
    format!("cargo::rerun-if-changed={}", path.display())
}

/// The target folder of the outer build: the one that cargo marks as a cache.
fn target(out: &Path) -> Result<&Path, Box<dyn error::Error>> {
    let marked = out.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file());
    // <target>/<profile>/build/<package>-<hash>/out, if a future cargo leaves the mark away.
    let target = marked.or_else(|| out.ancestors().nth(4)).ok_or("OUT_DIR lies inside the target folder")?;
    Ok(target)
}

/// Leaves the time of an unchanged file alone, so that what includes it is not compiled again.
fn write_if_changed(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::read(path).is_ok_and(|present| present == bytes) {
        return Ok(());
    }
    fs::write(path, bytes)
}

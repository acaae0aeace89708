//! What the machine or the tree may lack: a compiler for Wasm, npm packages, the built screens, a browser.
//!
//! Each part first looks and is silent if nothing is to be done; otherwise it says what it does. A stamp lies inside the folder
//! it vouches for, so that it goes when that goes: the target folder may be shared by several trees.

use std::{
    collections::hash_map::DefaultHasher,
    env, fs,
    hash::Hasher as _,
    path::{Path, PathBuf},
};

use pack::toolchain;

use crate::{
    project::Project,
    run::{self, Failure, say},
};

/// Where a folder of prebuilt components has FEEL for the browser.
pub(crate) const BROWSER_FEEL: &str = "browser/feel.wasm";
const BROWSERS: &[&str] = &["chromium", "chromium-browser", "google-chrome"];
/// The distribution's compiler with its library sources. It does not replace the one that builds the host.
const WASM_PACKAGES: &[&str] = &["rustc-web", "cargo-web", "rust-web-src"];

/// Everything that `cargo build` needs.
pub(crate) fn for_build(project: &Project) -> Result<(), Failure> {
    wasm(project)?;
    ui(project)
}

/// Everything that the tests need.
pub(crate) fn for_tests(project: &Project) -> Result<(), Failure> {
    for_build(project)?;
    browser(project)
}

/// A compiler that can build plugins.
pub(crate) fn wasm(project: &Project) -> Result<(), Failure> {
    let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    if is_set("WEFT_PLUGINS_PREBUILT") {
        return Ok(());
    }
    let missing = match toolchain::find() {
        Ok(_) => return Ok(()),
        Err(missing) => Failure::new(missing.to_string()),
    };
    // Whoever names a compiler wants that one, and no other installed.
    if is_set(toolchain::COMPILER_VARIABLE) {
        return Err(missing);
    }
    if on_path("rustup").is_some() {
        say(&format!("Plugins need the target {}: asking rustup for it.", toolchain::TARGET));
        let mut rustup = project.command("rustup");
        rustup.args(["target", "add", toolchain::TARGET]);
        if let Err(failure) = run::run(rustup) {
            say(&format!("That did not work: {failure}"));
        }
    }
    if toolchain::find().is_err() && may_install() {
        say("Plugins need a compiler for Wasm: installing the distribution's, which comes with its library sources.");
        install(project, WASM_PACKAGES)?;
    }
    let found = toolchain::find().map_err(|missing| Failure::new(missing.to_string()))?;
    say(&format!("Plugins are built by {found}."));
    Ok(())
}

/// The built screens in `host/web/dist`.
pub(crate) fn ui(project: &Project) -> Result<(), Failure> {
    let web = project.root.join("host/web");
    if !web.join("package.json").is_file() {
        return Ok(());
    }
    packages(project, &web)?;
    expressions(project, &web)?;
    let mut hash = DefaultHasher::new();
    hash_folder(&web, &web, &mut hash)?;
    let stamp = web.join("node_modules/.weft-dist");
    if web.join("dist/index.html").is_file() && is_stamped(&stamp, hash.finish()) {
        return Ok(());
    }
    say("The screens are older than their sources: building them into host/web/dist.");
    let mut build = npm(project, &web);
    build.args(["run", "build"]);
    run::run(build)?;
    if !web.join("dist/index.html").is_file() {
        return Err(Failure::new("the build of the screens left no host/web/dist/index.html"));
    }
    write_stamp(&stamp, hash.finish())
}

/// FEEL for the browser, among the sources of the screens.
fn expressions(project: &Project, web: &Path) -> Result<(), Failure> {
    let to = web.join("src/shared/feel/feel.wasm");
    let from = browser_feel(project)?;
    let built = fs::read(&from).map_err(|error| {
        Failure::new(format!("expressions cannot be tried in the browser without {}: {error}", from.display()))
    })?;
    if fs::read(&to).is_ok_and(|present| present == built) {
        return Ok(());
    }
    fs::write(&to, built).map_err(|error| Failure::new(format!("cannot write {}: {error}", to.display())))
}

/// The module with FEEL for the browser: the prebuilt one, else built with the plugins, by the same command, so that neither builds
/// anew what the other has built.
pub(crate) fn browser_feel(project: &Project) -> Result<PathBuf, Failure> {
    if let Some(folder) = env::var_os("WEFT_PLUGINS_PREBUILT").filter(|folder| !folder.is_empty()) {
        return Ok(PathBuf::from(folder).join(BROWSER_FEEL));
    }
    wasm(project)?;
    let toolchain = toolchain::find().map_err(|missing| Failure::new(missing.to_string()))?;
    let target = project.target.join("wasm");
    let mut build = toolchain.cargo_build(&project.root);
    build.args(["--quiet", "--workspace", "--lib", "--target-dir"]).arg(&target);
    build.current_dir(project.root.join("plugins"));
    run::run(build)?;
    Ok(target.join(toolchain::TARGET).join("release/weft_feel_browser.wasm"))
}

fn packages(project: &Project, web: &Path) -> Result<(), Failure> {
    let mut hash = DefaultHasher::new();
    for file in ["package.json", "package-lock.json"] {
        let path = web.join(file);
        let bytes =
            fs::read(&path).map_err(|error| Failure::new(format!("cannot read {}: {error}", path.display())))?;
        hash.write(&bytes);
    }
    let stamp = web.join("node_modules/.weft-packages");
    if is_stamped(&stamp, hash.finish()) {
        return Ok(());
    }
    if on_path("npm").is_none() {
        return Err(Failure::new(
            "the screens are built with npm, which was not found: install Node.js 20 or later with npm",
        ));
    }
    say("The npm packages differ from the lock file: installing them, without running their scripts.");
    let mut install = npm(project, web);
    install.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    run::run(install)?;
    write_stamp(&stamp, hash.finish())
}

pub(crate) fn npm(project: &Project, web: &Path) -> std::process::Command {
    let mut npm = project.command("npm");
    npm.current_dir(web);
    npm
}

/// A browser for the tests that look at the screens as a person does; only wanted once there are such tests.
fn browser(project: &Project) -> Result<(), Failure> {
    if !project.root.join("tests/e2e").is_dir() || BROWSERS.iter().any(|name| on_path(name).is_some()) {
        return Ok(());
    }
    if may_install() {
        say("The browser tests need Chromium: installing the distribution's.");
        return install(project, &["chromium"]);
    }
    Err(Failure::new(
        "the browser tests need Chromium on the PATH: install it, on Debian by `apt-get install chromium`",
    ))
}

fn install(project: &Project, packages: &[&str]) -> Result<(), Failure> {
    let apt = |arguments: &[&str]| {
        let mut apt = project.command("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive").args(arguments);
        apt
    };
    run::run(apt(&["update", "--quiet"]))?;
    let mut install = apt(&["install", "--yes", "--quiet", "--no-install-recommends"]);
    install.args(packages);
    run::run(install)
}

/// Only what root can do without asking anybody; a password prompt has no place in a build.
fn may_install() -> bool {
    is_root() && on_path("apt-get").is_some()
}

#[cfg(unix)]
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

fn is_stamped(stamp: &Path, hash: u64) -> bool {
    fs::read_to_string(stamp).is_ok_and(|text| text == hash.to_string())
}

fn write_stamp(stamp: &Path, hash: u64) -> Result<(), Failure> {
    let written = fs::create_dir_all(stamp.parent().unwrap_or(stamp)).and_then(|()| fs::write(stamp, hash.to_string()));
    written.map_err(|error| Failure::new(format!("cannot write {}: {error}", stamp.display())))
}

/// Names and contents of all files that can change the built screens, in a fixed order.
fn hash_folder(folder: &Path, root: &Path, hash: &mut DefaultHasher) -> Result<(), Failure> {
    let mut paths =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with('.') || (folder == root && ["node_modules", "dist"].contains(&name.as_str())) {
            continue;
        }
        if path.is_dir() {
            hash_folder(&path, root, hash)?;
        } else {
            hash.write(path.strip_prefix(root).unwrap_or(&path).to_string_lossy().as_bytes());
            hash.write_u8(0);
            let bytes = fs::read(&path)?;
            hash.write_usize(bytes.len());
            hash.write(&bytes);
        }
    }
    Ok(())
}

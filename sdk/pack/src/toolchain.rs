//! Which compiler builds the plugins, and how it is called. Only looks at what is installed; never downloads or installs.
//!
//! The order, first fit wins:
//! 1. `WEFT_WASM_RUSTC`, if set: what somebody asked for by name is used or refused, not silently passed over;
//! 2. the active toolchain, if it has the Wasm target;
//! 3. the system's own compiler, if it has the target, or the library sources to build it from;
//! 4. the active toolchain, if it has the library sources;
//! 5. none: the error says what to install.
#![expect(clippy::disallowed_methods, reason = "a build tool is told by the environment which compiler to use")]

use std::{
    env,
    ffi::OsString,
    fmt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

pub const TARGET: &str = "wasm32-unknown-unknown";
/// Names a compiler that can build for the target, with its cargo beside it.
pub const COMPILER_VARIABLE: &str = "WEFT_WASM_RUSTC";
/// Where distributions put theirs.
const SYSTEM_COMPILER: &str = "/usr/bin/rustc";
/// The stack is part of the memory image that every fresh instance starts from: 1 MiB, the default, doubles the cost of a call.
const STACK_BYTES: u32 = 128 << 10;

/// A compiler with everything it needs, and how to call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toolchain {
    compiler: Compiler,
    /// True if std is built from source in the same run.
    pub build_std: bool,
    linker: PathBuf,
}

/// What is installed in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiler {
    rustc: PathBuf,
    cargo: PathBuf,
    sysroot: PathBuf,
    has_target: bool,
    has_sources: bool,
    linker: Option<PathBuf>,
}

/// No installed compiler can build the plugins; its text is what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing(String);

impl fmt::Display for Missing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Missing {}

/// Finds the toolchain for the plugins. Three short processes at most.
///
/// # Errors
/// If nothing that is installed can build for the target; the text says what to install.
pub fn find() -> Result<Toolchain, Missing> {
    let active = env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
    let active = Compiler::inspect(Path::new(&active));
    if let Some(path) = env::var_os(COMPILER_VARIABLE).filter(|path| !path.is_empty()) {
        let named = Compiler::inspect(Path::new(&path)).ok_or_else(|| {
            Missing(format!(
                "{COMPILER_VARIABLE} names {}, which is not a compiler with a cargo beside it",
                path.display()
            ))
        })?;
        return choose_named(named, active.as_ref());
    }
    let system = Compiler::inspect(Path::new(SYSTEM_COMPILER));
    choose(active, system, linker_on_path())
}

fn choose_named(named: Compiler, active: Option<&Compiler>) -> Result<Toolchain, Missing> {
    if !named.has_target && !named.has_sources {
        return Err(Missing(format!(
            "{COMPILER_VARIABLE} names {}, which has neither the target {TARGET} nor the library sources in {}",
            named.rustc.display(),
            named.library_lock().display()
        )));
    }
    let linker = active.and_then(|active| active.linker.clone()).or_else(linker_on_path);
    named.into_toolchain(linker)
}

fn choose(
    active: Option<Compiler>,
    system: Option<Compiler>,
    linker_on_path: Option<PathBuf>,
) -> Result<Toolchain, Missing> {
    let other_linker = active.as_ref().and_then(|active| active.linker.clone()).or(linker_on_path);
    let with_target = |compiler: &Compiler| compiler.has_target;
    let with_sources = |compiler: &Compiler| compiler.has_sources;
    active
        .clone()
        .filter(with_target)
        .or_else(|| system.clone().filter(with_target))
        .or_else(|| system.filter(with_sources))
        .or_else(|| active.filter(with_sources))
        .ok_or_else(|| Missing(advice()))?
        .into_toolchain(other_linker)
}

fn advice() -> String {
    format!(
        "no installed Rust compiler can build plugins for {TARGET}. One of these helps:\n\
         - `rustup target add {TARGET}`;\n\
         - on Debian or Ubuntu, as root: `apt-get install rustc-web cargo-web rust-web-src` (the distribution's compiler with its library sources; the one in use stays as it is);\n\
         - set {COMPILER_VARIABLE} to a compiler that has the target or its library sources;\n\
         - set WEFT_PLUGINS_PREBUILT to a folder of built components with their SHA256SUMS.\n\
         `cargo dev plugins` does one of the first two by itself where it can."
    )
}

impl Compiler {
    /// What is known about a compiler, or nothing if it does not run or has no cargo beside it.
    #[must_use]
    pub fn inspect(rustc: &Path) -> Option<Self> {
        let output = Command::new(rustc)
            .args(["--print=sysroot", "--print=target-libdir", "--print=host-tuple", "--target", TARGET])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .ok()
            .filter(|output| output.status.success())?;
        let text = String::from_utf8(output.stdout).ok()?;
        let mut lines = text.lines();
        let (sysroot, libraries, host) = (PathBuf::from(lines.next()?), PathBuf::from(lines.next()?), lines.next()?);
        // The compiler in the sysroot and not the one asked: a proxy of rustup chooses again by folder and environment.
        let rustc = Some(sysroot.join("bin/rustc")).filter(|path| path.is_file()).unwrap_or_else(|| rustc.to_owned());
        let cargo = rustc.with_file_name("cargo");
        let linker = sysroot.join("lib/rustlib").join(host).join("bin/rust-lld");
        let mut compiler = Self {
            rustc,
            cargo,
            has_target: has_std(&libraries),
            has_sources: false,
            linker: linker.is_file().then_some(linker),
            sysroot,
        };
        compiler.has_sources = compiler.library_lock().is_file();
        compiler.cargo.is_file().then_some(compiler)
    }

    fn library_lock(&self) -> PathBuf {
        self.sysroot.join("lib/rustlib/src/rust/library/Cargo.lock")
    }

    fn into_toolchain(self, other_linker: Option<PathBuf>) -> Result<Toolchain, Missing> {
        let linker = self.linker.clone().or(other_linker).ok_or_else(|| {
            Missing(format!(
                "{} can build for {TARGET}, but no linker for it was found: neither rust-lld in a Rust toolchain nor wasm-ld on the PATH (package `lld`)",
                self.rustc.display()
            ))
        })?;
        Ok(Toolchain { build_std: !self.has_target, compiler: self, linker })
    }
}

impl Toolchain {
    /// `cargo build --release` for the target, in a clean environment. The caller adds the packages and the target folder.
    ///
    /// `project` is the folder whose name must not end up in the components: panic messages carry file names, and the same
    /// sources must give the same digest wherever they lie.
    #[must_use]
    pub fn cargo_build(&self, project: &Path) -> Command {
        let mut command = Command::new(&self.compiler.cargo);
        clean_environment(&mut command);
        command.env("RUSTC", &self.compiler.rustc);
        command.env("CARGO_ENCODED_RUSTFLAGS", self.flags(project));
        command.args(["build", "--release", "--target", TARGET]);
        if self.build_std {
            command.env("RUSTC_BOOTSTRAP", "1").arg("-Zbuild-std=std,panic_abort");
        }
        command
    }

    fn flags(&self, project: &Path) -> OsString {
        let remap = |from: &Path, to: &str| {
            let mut flag = OsString::from("--remap-path-prefix=");
            flag.push(from);
            flag.push(format!("={to}"));
            flag
        };
        let mut linker = OsString::from("-Clinker=");
        linker.push(&self.linker);
        let mut flags = vec![linker, format!("-Clink-arg=-zstack-size={STACK_BYTES}").into()];
        flags.push(remap(project, "weft"));
        // The last rule that fits wins, so the more special one comes later.
        flags.push(remap(&self.compiler.sysroot.join("lib/rustlib/src/rust"), "rust"));
        if let Some(real) = self.library_sources() {
            flags.push(remap(&real, "rust"));
        }
        flags.extend(cargo_homes().iter().map(|home| remap(home, "cargo")));
        flags.join(&OsString::from("\u{1f}"))
    }

    /// Distributions link the library sources to another folder, and that one is in the messages.
    fn library_sources(&self) -> Option<PathBuf> {
        let lock = self.compiler.library_lock().canonicalize().ok()?;
        lock.parent()?.parent().map(Path::to_owned)
    }
}

impl fmt::Display for Toolchain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = if self.build_std { "with std built from its sources" } else { "with its installed std" };
        write!(formatter, "{} {how}", self.compiler.rustc.display())
    }
}

/// The folders in which packages of a registry are unpacked, down to the one whose name differs from machine to machine.
fn cargo_homes() -> Vec<PathBuf> {
    let home = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")));
    let Some(home) = home else { return Vec::new() };
    let mut homes = vec![home.clone()];
    let sources = std::fs::read_dir(home.join("registry/src")).into_iter().flatten().flatten();
    let mut unpacked = sources.map(|entry| entry.path()).collect::<Vec<_>>();
    unpacked.sort();
    homes.extend(unpacked);
    homes
}

fn has_std(libraries: &Path) -> bool {
    let entries = std::fs::read_dir(libraries).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name()).any(|name| name.to_string_lossy().starts_with("libstd-"))
}

fn linker_on_path() -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .flat_map(|folder| ["rust-lld", "wasm-ld"].map(|name| folder.join(name)))
        .find(|file| file.is_file())
}

/// Removes what an outer cargo, or its user, meant for the outer build: wrappers, flags, profiles, a toolchain, a job server
/// that the child could not reach, and the variables that describe the package being built. Where packages come from stays.
fn clean_environment(command: &mut Command) {
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(is_of_the_outer_build) {
            command.env_remove(name);
        }
    }
}

fn is_of_the_outer_build(name: &str) -> bool {
    const KEPT: &[&str] = &[
        "CARGO_HOME",
        "CARGO_NET_",
        "CARGO_HTTP_",
        "CARGO_REGISTRY_",
        "CARGO_REGISTRIES_",
        "CARGO_SOURCE_",
        "CARGO_TERM_",
    ];
    const REMOVED: &[&str] = &[
        "RUSTC",
        "RUSTC_BOOTSTRAP",
        "RUSTC_LINKER",
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTDOC",
        "RUSTDOCFLAGS",
        "RUSTFLAGS",
        "RUSTUP_TOOLCHAIN",
        "MAKEFLAGS",
        "MFLAGS",
        "TARGET",
        "HOST",
        "OUT_DIR",
        "OPT_LEVEL",
        "DEBUG",
        "PROFILE",
        "NUM_JOBS",
        "LD_LIBRARY_PATH",
        "CLIPPY_ARGS",
        "CLIPPY_CONF_DIR",
        "__CARGO_DEFAULT_LIB_METADATA",
    ];
    if name == "CARGO" || name.starts_with("CARGO_") {
        return !KEPT.iter().any(|kept| name.starts_with(kept));
    }
    REMOVED.contains(&name) || name.starts_with("DEP_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compiler(name: &str) -> Compiler {
        Compiler {
            rustc: Path::new(name).join("bin/rustc"),
            cargo: Path::new(name).join("bin/cargo"),
            sysroot: name.into(),
            has_target: false,
            has_sources: false,
            linker: None,
        }
    }

    fn check(active: Option<Compiler>, system: Option<Compiler>, expected: &str) {
        let actual = match choose(active, system, None) {
            Ok(toolchain) => {
                format!(
                    "{} std:{} {}",
                    toolchain.compiler.sysroot.display(),
                    toolchain.build_std,
                    toolchain.linker.display()
                )
            }
            Err(missing) => missing.to_string().chars().take(33).collect(),
        };
        assert_eq!(actual, expected);
    }

    #[test]
    fn the_order_is_target_then_system_then_sources() {
        let active = Compiler { linker: Some("/a/lld".into()), ..compiler("active") };
        let target = Compiler { has_target: true, ..active.clone() };
        let sources = Compiler { has_sources: true, ..active.clone() };
        let system = Compiler { has_sources: true, ..compiler("system") };
        let system_target = Compiler { has_target: true, ..compiler("system") };

        check(Some(target.clone()), Some(system_target.clone()), "active std:false /a/lld");
        check(Some(sources.clone()), Some(system_target), "system std:false /a/lld");
        check(Some(sources.clone()), Some(system.clone()), "system std:true /a/lld");
        check(Some(sources), None, "active std:true /a/lld");
        check(Some(active), Some(compiler("system")), "no installed Rust compiler can bu");
        check(None, Some(system), "system/bin/rustc can build for wa");
        check(None, None, "no installed Rust compiler can bu");
    }

    #[test]
    fn a_named_compiler_is_used_or_refused() {
        let named = Compiler { has_sources: true, linker: Some("/n/lld".into()), ..compiler("named") };
        assert!(choose_named(named, None).unwrap().build_std);
        let refused = choose_named(compiler("named"), None).unwrap_err().to_string();
        assert!(refused.contains("neither the target"), "{refused}");
    }

    #[test]
    fn only_the_outer_build_is_cleaned_away() {
        for name in
            ["CARGO", "CARGO_PKG_NAME", "CARGO_MAKEFLAGS", "CARGO_PROFILE_RELEASE_LTO", "RUSTC_WRAPPER", "DEP_Z_ROOT"]
        {
            assert!(is_of_the_outer_build(name), "{name}");
        }
        for name in
            ["CARGO_HOME", "CARGO_NET_OFFLINE", "CARGO_REGISTRIES_X_INDEX", "HOME", "PATH", "RUSTUP_HOME", "DEPLOY"]
        {
            assert!(!is_of_the_outer_build(name), "{name}");
        }
    }
}

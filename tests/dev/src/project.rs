//! Where things are, and how cargo is called so that no two commands build the same thing with other features.

use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Command,
};

use crate::run::{self, Failure};

#[derive(Debug)]
pub(crate) struct Project {
    pub(crate) root: PathBuf,
    /// The target folder that this very program was built in.
    pub(crate) target: PathBuf,
    cargo: PathBuf,
}

impl Project {
    pub(crate) fn find() -> Result<Self, Failure> {
        // The folder that cargo runs us from comes first: clones that share a target folder also share this program.
        let package =
            env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
        let root = package.ancestors().nth(2);
        let root = root.filter(|root| root.join("Cargo.toml").is_file());
        let root = root.ok_or_else(|| Failure::new("the source folder has moved; run this by `cargo dev`"))?;
        let program = env::current_exe()?;
        // `<target>/<profile>/weft-dev`: the same on every machine, also where the folder was there before cargo was.
        let target = program.parent().and_then(Path::parent);
        let target =
            target.ok_or_else(|| Failure::new("this program must be run where cargo built it, by `cargo dev`"))?;
        let cargo = env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from);
        Ok(Self { root: root.to_owned(), target: target.to_owned(), cargo })
    }

    /// A program run in the project's folder, without the variables that describe this package and not the one being run.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        for (name, _) in env::vars_os() {
            let text = name.to_string_lossy();
            if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"].iter().any(|of| text.starts_with(of)) {
                command.env_remove(&name);
            }
        }
        command
    }

    pub(crate) fn cargo<const COUNT: usize>(&self, arguments: [&str; COUNT]) -> Command {
        let mut command = self.command(&self.cargo);
        command.env("CARGO_TARGET_DIR", &self.target).args(arguments);
        command
    }

    /// Cargo for the workspace of the plugins, natively, with a target folder of its own: the flags and perhaps the compiler
    /// differ from those of the Wasm build, and sharing would build everything again each time.
    pub(crate) fn plugins_cargo<const COUNT: usize>(&self, arguments: [&str; COUNT]) -> Command {
        let mut command = self.cargo(arguments);
        command.env("CARGO_TARGET_DIR", self.target.join("guest-tests")).current_dir(self.root.join("plugins"));
        command
    }

    pub(crate) fn has_plugins(&self) -> bool {
        self.root.join("plugins/Cargo.toml").is_file()
    }

    /// All binaries with the features of the whole workspace. With `--package`, wasmtime and half of its dependencies would be
    /// built once more with fewer features.
    pub(crate) fn build_binaries(&self, profile: &str) -> Result<(), Failure> {
        let mut build = self.cargo(["build", "--workspace", "--exclude", "weft-dev", "--bins", "--profile"]);
        build.arg(profile);
        run::run(build)
    }

    pub(crate) fn binary(&self, profile: &str, name: &str) -> PathBuf {
        let folder = if profile == "dev" { "debug" } else { profile };
        self.target.join(folder).join(format!("{name}{}", env::consts::EXE_SUFFIX))
    }
}

//! `cargo dev`: the only automation of the project. Sets up what the machine lacks, builds, tests, checks.
//!
//! Every command prints what it runs and stops at the first failure with its exit code. Nothing here goes through a shell. A
//! step that is already done costs nothing the second time. Dependencies stay light: this is built before anything else.
#![expect(clippy::disallowed_methods, reason = "a build tool talks to cargo and to the shell by the environment")]

mod check;
mod dependencies;
mod generated;
mod licence;
mod project;
mod run;
mod setup;
mod test;

use std::{env, process::ExitCode};

use self::{
    project::Project,
    run::{Failure, say},
};

const HELP: &str = "cargo dev demo [ARG…]         set up, build and start the demo company; ARG goes to `weft demo`
cargo dev test [ARG…]         set up and run every test; with ARG only the host's tests, and ARG goes to the test runner
cargo dev check               test, and also format, lints, dependencies and licences, generated files; what CI runs
cargo dev dependencies        the check of dependencies alone: licences, bans, versions
cargo dev ui                  build the screens into host/web/dist
cargo dev plugins             build and pack the plugins into <target>/plugins, with their digests
cargo dev regen               write the generated files again
cargo dev pictures            run the browser's cases and keep the pictures of the main pages in host/docs/screens
cargo dev bench NAME [ARG…]   run a benchmark in a release build; without NAME, list them
cargo dev accept ID [FILE]    run an acceptance check by its id, full promises in a release build; without ID, list them

Missing pieces are installed where that is possible and said: the Wasm target by rustup or else the distribution's compiler,
npm packages, and for the browser tests Chromium. WEFT_PLUGINS_PREBUILT and WEFT_WASM_RUSTC choose how plugins are built.";

fn main() -> ExitCode {
    let arguments = env::args().skip(1).collect::<Vec<_>>();
    let (command, rest) = arguments.split_first().map_or(("help", &[][..]), |(first, rest)| (first.as_str(), rest));
    match Project::find().and_then(|project| dispatch(&project, command, rest)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say(&format!("cargo dev {command}: {}", failure.text));
            ExitCode::from(failure.code)
        }
    }
}

fn dispatch(project: &Project, command: &str, rest: &[String]) -> Result<(), Failure> {
    match command {
        "demo" => demo(project, rest),
        "test" => test::run(project, rest),
        "check" => check::run(project),
        "dependencies" => dependencies::check(project),
        "ui" => setup::ui(project),
        "plugins" => plugins(project),
        "regen" => generated::write(project),
        "pictures" => generated::pictures(project),
        "bench" => bench(project, rest),
        "accept" => accept(project, rest),
        "help" | "--help" | "-h" => {
            say(HELP);
            Ok(())
        }
        _ => Err(Failure { text: format!("there is no such command.\n\n{HELP}"), code: 2 }),
    }
}

fn demo(project: &Project, arguments: &[String]) -> Result<(), Failure> {
    setup::for_build(project)?;
    project.build_binaries("dev")?;
    let mut weft = project.command(project.binary("dev", "weft"));
    weft.arg("demo").args(arguments);
    run::replace(weft)
}

fn plugins(project: &Project) -> Result<(), Failure> {
    setup::wasm(project)?;
    let mut packer = project.cargo(["run", "--quiet", "--package", "weft-pack", "--bin", "weft-pack", "--", "build"]);
    packer.arg(project.root.join("plugins")).arg(project.target.join("wasm")).arg(project.target.join("plugins"));
    run::run(packer)?;
    // Whoever builds from this folder later has no Wasm compiler, and needs what the browser runs too.
    let feel = setup::browser_feel(project)?;
    let to = project.target.join("plugins").join(setup::BROWSER_FEEL);
    let copied = std::fs::create_dir_all(to.parent().unwrap_or(&to)).and_then(|()| std::fs::copy(&feel, &to));
    copied
        .map(drop)
        .map_err(|error| Failure::new(format!("cannot copy {} to {}: {error}", feel.display(), to.display())))
}

/// A benchmark is told its name and the remaining arguments, and runs in the project's folder. Numbers of a build that is not
/// a release would be about the compiler.
fn bench(project: &Project, arguments: &[String]) -> Result<(), Failure> {
    setup::for_build(project)?;
    project.build_binaries("release")?;
    let mut bench = project.command(project.binary("release", "bench"));
    bench.args(arguments);
    run::replace(bench)
}

/// A check is told its id and perhaps a file, as they were typed, and runs in the project's folder. Promises in full size are measured
/// in a release build, as benchmarks are; what only counts cases, and the quick sizes of the test run, need none.
fn accept(project: &Project, arguments: &[String]) -> Result<(), Failure> {
    let is_promise = |id: &String| id == "all" || id.bytes().all(|byte| byte.is_ascii_digit());
    let profile = match arguments {
        [id] if is_promise(id) => "release",
        _ => "dev",
    };
    setup::for_build(project)?;
    project.build_binaries(profile)?;
    let mut accept = project.command(project.binary(profile, "accept"));
    accept.args(arguments);
    run::replace(accept)
}

//! Every test: the host's, the plugins' on the native target, the screens'.

use std::fs;

use crate::{
    project::Project,
    run::{self, Failure},
    setup,
};

pub(crate) fn run(project: &Project, arguments: &[String]) -> Result<(), Failure> {
    setup::for_tests(project)?;
    if arguments.is_empty() {
        web(project)?;
        plugins(project)?;
        documentation(project)?;
    }
    host(project, arguments)
}

/// Last, because its summary is the one to look at.
fn host(project: &Project, arguments: &[String]) -> Result<(), Failure> {
    // Some tests are about the binaries as people run them.
    project.build_binaries("dev")?;
    let mut tests = if has_nextest(project) {
        project.cargo(["nextest", "run", "--workspace"])
    } else {
        project.cargo(["test", "--workspace", "--lib", "--bins", "--tests"])
    };
    tests.args(arguments);
    run::run(tests)
}

fn documentation(project: &Project) -> Result<(), Failure> {
    run::run(project.cargo(["test", "--workspace", "--doc"]))
}

fn plugins(project: &Project) -> Result<(), Failure> {
    if !project.has_plugins() {
        return Ok(());
    }
    run::run(project.plugins_cargo(["test", "--workspace"]))
}

fn web(project: &Project) -> Result<(), Failure> {
    web_script(project, "test")
}

/// Runs a script of `host/web/package.json`, if there is one of this name.
pub(crate) fn web_script(project: &Project, script: &str) -> Result<(), Failure> {
    let web = project.root.join("host/web");
    let Ok(text) = fs::read_to_string(web.join("package.json")) else {
        return Ok(());
    };
    let package: serde_json::Value = serde_json::from_str(&text)
        .map_err(|error| Failure::new(format!("host/web/package.json is not valid JSON: {error}")))?;
    if package["scripts"][script].is_null() {
        return Ok(());
    }
    let mut npm = setup::npm(project, &web);
    npm.args(["run", script]);
    run::run(npm)
}

fn has_nextest(project: &Project) -> bool {
    run::works(project.cargo(["nextest", "--version"]))
}

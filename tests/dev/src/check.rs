//! What must hold before a change lands: the cheap and frequent failures first.

use crate::{
    dependencies, generated,
    project::Project,
    run::{self, Failure, say},
    setup, test,
};

pub(crate) fn run(project: &Project) -> Result<(), Failure> {
    run::run(project.cargo(["fmt", "--all", "--check"]))?;
    if project.has_plugins() {
        run::run(project.plugins_cargo(["fmt", "--all", "--check"]))?;
    }
    dependencies::check(project)?;
    setup::for_tests(project)?;
    test::web_script(project, "check")?;
    run::run(project.cargo(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    if project.has_plugins() {
        run::run(project.plugins_cargo(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    }
    generated::check(project)?;
    test::run(project, &[])?;
    say("cargo dev check: everything holds.");
    Ok(())
}

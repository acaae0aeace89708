//! Files that are generated and committed: the OpenAPI document, the types that the screens derive from it, reference pages.
//!
//! The binary `regen` of the package weft-tests writes each of them below the folder it is given, at its path in the project.
//! This module compares that with the tree, or copies it there; pictures of the screens are only copied.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    project::Project,
    run::{self, Failure, say},
    setup, test,
};

/// Fails if a committed file differs from what would be generated now.
pub(crate) fn check(project: &Project) -> Result<(), Failure> {
    let stale = stale(project)?;
    if stale.is_empty() {
        return Ok(());
    }
    let names = stale.iter().map(|path| format!("\n  {}", path.display())).collect::<String>();
    Err(Failure::new(format!("these generated files are stale, run `cargo dev regen`:{names}")))
}

/// Writes what differs.
pub(crate) fn write(project: &Project) -> Result<(), Failure> {
    setup::for_build(project)?;
    for path in stale(project)? {
        say(&format!("writing {}", path.display()));
        let place = project.root.join(&path);
        fs::create_dir_all(place.parent().unwrap_or(&project.root))?;
        fs::copy(output(project).join(&path), place)?;
    }
    Ok(())
}

/// Takes the pictures of the documentation from the browser's cases. They differ from run to run, as times do, so that nothing compares them.
pub(crate) fn pictures(project: &Project) -> Result<(), Failure> {
    // A bare name is a filter for both runners of tests.
    test::run(project, &["the_screens_work_for_everybody".to_owned()])?;
    let (from, to) = (project.target.join("debug/screens"), project.root.join("host/docs/screens"));
    fs::create_dir_all(&to)?;
    for picture in fs::read_dir(&from)? {
        let picture = picture?;
        fs::copy(picture.path(), to.join(picture.file_name()))?;
    }
    say(&format!("The pictures are in {}.", to.display()));
    Ok(())
}

fn output(project: &Project) -> PathBuf {
    project.target.join("regen")
}

fn stale(project: &Project) -> Result<Vec<PathBuf>, Failure> {
    if !project.root.join("tests/src/bin/regen.rs").is_file() {
        say("There are no generated files yet: tests/src/bin/regen.rs does not exist.");
        return Ok(Vec::new());
    }
    let output = output(project);
    if output.exists() {
        fs::remove_dir_all(&output)?;
    }
    fs::create_dir_all(&output)?;
    project.build_binaries("dev")?;
    let mut regen = project.command(project.binary("dev", "regen"));
    regen.arg(&output);
    run::run(regen)?;
    let mut paths = Vec::new();
    files(&output, &output, &mut paths)?;
    if paths.is_empty() {
        return Err(Failure::new("`regen` wrote no file"));
    }
    paths.sort();
    paths.retain(|path| fs::read(output.join(path)).ok() != fs::read(project.root.join(path)).ok());
    Ok(paths)
}

fn files(folder: &Path, root: &Path, paths: &mut Vec<PathBuf>) -> Result<(), Failure> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files(&path, root, paths)?;
        } else if let Ok(relative) = path.strip_prefix(root) {
            paths.push(relative.to_owned());
        }
    }
    Ok(())
}

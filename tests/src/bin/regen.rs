//! Writes every generated file below the folder that it is given, at its path in the project; `cargo dev regen` compares and copies.

#![expect(clippy::print_stderr, reason = "a program for a terminal")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("name the folder that the generated files go to");
        return ExitCode::from(2);
    };
    match write(&folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn write(folder: &Path) -> Result<(), String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("the tests lie in the project")?;
    let pages = [
        (weft_tests::requirements::PAGE, weft_tests::requirements::page(root)?),
        (weft_tests::components::PAGE, weft_tests::components::page(root)?),
    ];
    for (name, page) in pages {
        let path = folder.join(name);
        let parent = path.parent().ok_or("the page lies in a folder")?;
        std::fs::create_dir_all(parent).map_err(|error| error.to_string())?;
        std::fs::write(&path, page).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

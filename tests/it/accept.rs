//! The shared suites of cases, where they are there: told, not failed, in a clone without them.

#![expect(clippy::print_stderr, reason = "a skipped suite is told")]

use std::path::{Path, PathBuf};

fn shared(name: &str) -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = here.ancestors().map(|above| above.join("shared/data").join(name)).find(|folder| folder.is_dir());
    if found.is_none() {
        eprintln!("skipped: there is no folder shared/data/{name} above this project");
    }
    found
}

#[test]
fn the_bpmn_suite_runs_and_refuses_as_it_should() {
    if let Some(folder) = shared("bpmn-conformance") {
        assert!(weft_tests::accept::bpmn::run(&folder));
    }
}

#[test]
fn the_dmn_kit_passes() {
    if let Some(folder) = shared("dmn-tck") {
        assert!(weft_tests::accept::dmn::run(&folder));
    }
}

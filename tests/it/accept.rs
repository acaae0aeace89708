//! The shared suites of cases, where they are there: told, not failed, in a clone without them.

#![expect(clippy::print_stderr, reason = "a skipped suite is told")]

use std::path::{Path, PathBuf};

/// A promise at its quick size: kept, and its control broken.
fn promise(id: &str) {
    let promise = weft_tests::promise::find(id).expect("it is listed");
    let verdict = (promise.check)(weft_tests::promise::Size::Quick).expect("it can be checked");
    assert!(verdict.pass(), "{}", verdict.line(id));
}

#[test]
fn effects_survive_lost_replies_and_kills() {
    promise("04");
}

#[test]
fn no_trick_reaches_what_must_not_be_reached() {
    promise("29");
}

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

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

/// A promise at the size for every test run.
fn keeps(id: &str) {
    let promise = weft_tests::promise::find(id).expect("there is such a promise");
    let verdict = (promise.check)(weft_tests::promise::Size::Quick).expect("the machine has what the check needs");
    assert!(verdict.pass(), "{}", verdict.line(id));
}

/// Power cuts and full disks need a file system of one's own.
#[expect(clippy::print_stderr, reason = "a test that is left out says so")]
fn keeps_where_one_can_mount(id: &str) {
    if weft_tests::promise::can_mount() {
        keeps(id);
    } else {
        eprintln!("SKIPPED: {id} needs root and loop devices");
    }
}

#[test]
fn promise_01_survives_kills() {
    keeps("01");
}

#[test]
fn promise_02_survives_power_cuts() {
    keeps_where_one_can_mount("02");
}

#[test]
fn promise_10_survives_full_and_failing_disks() {
    keeps_where_one_can_mount("10");
}

#[test]
fn promise_15_backs_up_under_load_and_restores() {
    keeps("15");
}

#[test]
fn promise_25_asks_both_databases_alike() {
    keeps("25");
}

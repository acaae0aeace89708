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

#[test]
fn the_facts_of_the_practices_hold() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = here.ancestors().map(|above| above.join("shared/data/practice-facts.json")).find(|file| file.is_file());
    match found {
        Some(file) => assert!(weft_tests::accept::facts::run(&file)),
        None => eprintln!("skipped: there is no file shared/data/practice-facts.json above this project"),
    }
}

/// A promise at its small size: it is kept, and its negative control fails.
#[track_caller]
fn promised(id: &str) {
    let promise = weft_tests::promise::find(id).unwrap_or_else(|| panic!("there is no promise {id}"));
    let verdict = (promise.check)(weft_tests::promise::Size::Quick).unwrap_or_else(|error| panic!("{id}: {error}"));
    assert!(verdict.pass(), "{}", verdict.line(id));
}

#[test]
fn effects_survive_lost_replies_and_kills() {
    promised("04");
}

#[test]
fn commits_share_the_flushes_of_the_disk() {
    promised("17");
}

#[test]
fn sleeping_instances_cost_nothing() {
    promised("22");
}

#[test]
fn words_are_found_by_whoever_may_see_them() {
    promised("19");
}

#[test]
fn work_that_can_never_be_done_harms_nobody() {
    promised("12");
}

#[test]
fn a_held_snapshot_neither_slows_nor_bloats_the_queue() {
    promised("14");
}

#[test]
fn nothing_grows_that_should_not() {
    promised("24");
}

#[test]
fn a_node_that_is_asked_too_much_does_what_it_can() {
    promised("23");
}

#[test]
fn no_trick_reaches_what_must_not_be_reached() {
    promised("29");
}

#[test]
fn commits_without_an_answer_happen_once() {
    promised("05");
}

#[test]
fn a_job_belongs_to_one_node() {
    promised("06");
}

#[test]
fn two_nodes_that_race_complete_every_job_once() {
    promised("07");
}

#[test]
fn kills_and_conflicts_of_the_database_lose_nothing() {
    promised("09");
}

/// Power cuts and full disks need a file system of one's own.
#[track_caller]
#[expect(clippy::print_stderr, reason = "a test that is left out says so")]
fn promised_where_one_can_mount(id: &str) {
    if weft_tests::promise::can_mount() {
        promised(id);
    } else {
        eprintln!("SKIPPED: {id} needs root and loop devices");
    }
}

#[test]
fn what_was_acknowledged_survives_kills() {
    promised("01");
}

#[test]
fn what_was_acknowledged_survives_power_cuts() {
    promised_where_one_can_mount("02");
}

#[test]
fn full_and_failing_disks_take_nothing_back() {
    promised_where_one_can_mount("10");
}

#[test]
fn a_backup_under_load_is_whole_and_comes_back() {
    promised("15");
}

#[test]
fn both_databases_answer_alike() {
    promised("25");
}

#[test]
fn an_outsider_cannot_tell_that_a_hidden_case_exists() {
    promised("34");
}

#[test]
fn what_falls_with_a_ci_is_told_at_once() {
    promised("20");
}

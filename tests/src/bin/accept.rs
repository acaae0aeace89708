//! `cargo dev accept ID [FILE]`: one promise checked, its figures printed, its last line JSON `{id, figure, limit, pass}`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for a terminal")]

use std::path::PathBuf;
use std::process::ExitCode;

const IDS: &str = "business-time FILE    cases of calendars and SLAs, by the preset of their source
bpmn FOLDER           cases of the BPMN conformance suite: models that must run, and that must be refused
dmn FOLDER            cases of the DMN compatibility kit, by level";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next().map(PathBuf::from)) {
        (Some("business-time"), Some(file)) => {
            let report = weft_tests::accept::business_time::run(&file);
            if report.pass() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        (Some("bpmn"), Some(folder)) => {
            if weft_tests::accept::bpmn::run(&folder) {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        (Some("dmn"), Some(folder)) => {
            if weft_tests::accept::dmn::run(&folder) {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        (None, _) => {
            println!("{IDS}");
            ExitCode::SUCCESS
        }
        (Some(id), file) => {
            let missing = if file.is_none() { " or its FILE is missing" } else { "" };
            eprintln!("there is no acceptance check `{id}`{missing}. There is:\n{IDS}");
            ExitCode::from(2)
        }
    }
}

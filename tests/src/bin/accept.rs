//! `cargo dev accept ID [FILE]`: one promise checked, its figures printed, its last line JSON `{id, figure, limit, pass}`.
//! `cargo dev accept 03 --seed N` prints the log of one simulated world, `11 --seed N` of one with set clocks.
//! `cargo dev accept NN [quick]` checks the promise NN of `promise.rs` with real faults; `cargo dev accept all` checks all of them.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for a terminal")]

use std::path::PathBuf;
use std::process::ExitCode;
use weft_tests::promise::{self, Promise, Size};

const IDS: &str = "business-time FILE    cases of calendars and SLAs, by the preset of their source
facts FILE            facts of the practices (matrices, state machines, rules), put to the shipped components
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
        (Some("facts"), Some(file)) => {
            if weft_tests::accept::facts::run(&file) {
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
        (Some(id @ ("03" | "11")), Some(word)) if word.as_os_str() == "--seed" => replay(id, arguments.next()),
        (Some("all"), size) => size_of(size).map_or_else(refused, |size| check(promise::ALL, size)),
        (Some(id), size) if promise::find(id).is_some() => size_of(size)
            .map_or_else(refused, |size| check(promise::find(id).map(std::slice::from_ref).unwrap_or_default(), size)),
        (None, _) => {
            println!("{}", list());
            ExitCode::SUCCESS
        }
        (Some(id), file) => {
            let missing = if file.is_none() { " or its FILE is missing" } else { "" };
            eprintln!("there is no acceptance check `{id}`{missing}. There is:\n{}", list());
            ExitCode::from(2)
        }
    }
}

fn replay(id: &str, seed: Option<String>) -> ExitCode {
    let Some(seed) = seed.and_then(|text| text.parse().ok()) else {
        return refused("after `--seed` comes the number of a seed".to_owned());
    };
    for line in promise::simulation::replay(id, seed) {
        println!("{line}");
    }
    ExitCode::SUCCESS
}

fn list() -> String {
    let promises = promise::ALL.iter().map(|promise| format!("\n{} [quick]            {}", promise.id, promise.title));
    format!(
        "{IDS}{}\nall [quick]           every numbered one\n03 | 11 --seed N      the log of one simulated world",
        promises.collect::<String>()
    )
}

fn size_of(word: Option<PathBuf>) -> Result<Size, String> {
    match word.as_deref().and_then(std::path::Path::to_str) {
        None => Ok(Size::Full),
        Some("quick") => Ok(Size::Quick),
        Some(other) => Err(format!("a promise is checked whole, or `quick`; `{other}` is neither")),
    }
}

fn refused(error: String) -> ExitCode {
    eprintln!("{error}");
    ExitCode::from(2)
}

/// Each prints its line; all are checked even when one is broken.
fn check(promises: &[Promise], size: Size) -> ExitCode {
    let mut kept = true;
    for promise in promises {
        eprintln!("{} {}", promise.id, promise.title);
        match (promise.check)(size) {
            Ok(verdict) => {
                kept &= verdict.pass();
                println!("{}", verdict.line(promise.id));
            }
            Err(error) => {
                kept = false;
                eprintln!("{} could not be checked: {error}", promise.id);
            }
        }
    }
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

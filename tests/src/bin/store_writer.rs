//! A process that does nothing but commit, and says on its output what was acknowledged: what the promises about power and disks cut off.
//!
//! `store_writer FILE full|normal CLIENTS FIRST`: lines `ack ID`, `refused ID why`; after a refusal the same is tried again.

#![expect(clippy::print_stderr, reason = "its output is its result")]

use std::process::ExitCode;
use weft_tests::promise::writer;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(plan) = writer::Plan::read(&arguments) else {
        eprintln!("usage: store_writer FILE full|normal CLIENTS FIRST");
        return ExitCode::from(2);
    };
    let outcome = weft_tests::promise::block_on(writer::run(plan, |line| {
        use std::io::Write;
        let mut out = std::io::stdout().lock();
        let _ = writeln!(out, "{line}").and_then(|()| out.flush());
    }));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

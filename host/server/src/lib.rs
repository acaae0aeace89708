//! The binary `weft`: arguments, settings, telemetry, wiring.
//!
//! *Architecture Invariant:* the only crate that builds concrete types (store, runtime, clock) and the only one that reads the
//! environment. What a command does is a file in `command/`; a section of the settings is a file in `config/`.

mod cli;
mod command;
pub mod config;
mod demo;
mod failure;
mod listen;
pub mod open;
mod out;
mod outbound;
mod platform;
mod remote;
mod serve;
mod telemetry;

pub use demo::{Past, build};
pub use platform::{OsEntropy, WallClock};

use failure::Failure;
use std::process::ExitCode;

/// Run the command that the process was started with.
#[must_use]
pub fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            out::error(&failure.to_string());
            ExitCode::from(failure.code())
        }
    }
}

fn run() -> Result<(), Failure> {
    let (command, settings) = cli::read()?;
    if let cli::Command::Completions { shell } = command {
        return command::completions(shell);
    }
    let settings = settings?;
    telemetry::start(&settings.values.log, command.logs_by_default())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(format!("the process cannot start its threads: {error}")))?;
    let outcome = runtime.block_on(command::run(command, settings));
    // Whatever still runs in the background has been told to stop.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    outcome
}

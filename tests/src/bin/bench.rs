//! `cargo dev bench NAME`: prints ratios against something measured in the same run; the last line is JSON.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for a terminal")]

use std::process::ExitCode;

const NAMES: &str = "call      a guard in a fresh instance, beside the bare engine and another plugin system
commit    durable commits at 1, 16, 64 and 256 waiting clients, beside the bare disk
ticket    incidents created over HTTP with every component on";

#[tokio::main]
async fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("call") => {
            let incident = bundle::plugin("incident").expect("the incident practice is bundled");
            let report = weft_tests::bench::call::run(incident.bytes).await;
            println!("{}", serde_json::to_string(&report).expect("a report is JSON"));
        }
        Some("commit") => {
            let folder = tempfile::tempdir().expect("a temporary folder");
            println!("{}", weft_tests::bench::commit::run(folder.path()).await);
        }
        Some("ticket") => println!("{}", weft_tests::bench::ticket::run().await),
        None => println!("{NAMES}"),
        Some(other) => {
            eprintln!("there is no benchmark `{other}`. There is:\n{NAMES}");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

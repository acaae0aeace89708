//! `cargo dev bench NAME`: prints ratios against something measured in the same run; the last line is JSON.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for a terminal")]

use std::process::ExitCode;

const NAMES: &str = "call      a guard in a fresh instance, beside the bare engine and another plugin system
commit [sqlite|postgres|both]  durable commits at 1, 16, 64 and 256 waiting clients, beside the bare disk
components  every component: size, grants, lines, and how long it decided in ninety days of the demo's company
feel      nanoseconds of parsed expressions, and what the length of a list costs
flow [FOLDER]  flows of two and ten steps over HTTP, beside the disk and other durable engines installed into FOLDER
nodes     two nodes against one on the same PostgreSQL, with the share of each
population  a step beside 10,000 to 1,000,000 sleeping instances
screens   from a key or a click to what is painted for it, in a browser on the demo
ticket    incidents created over HTTP with every component on";

#[tokio::main]
async fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("call") => {
            let incident = bundle::plugin("incident").expect("the incident practice is bundled");
            let small = weft_tests::guests::guard_returning("bench", &[("comment", "{}")]);
            let small = weft_tests::bench::call::run(&small).await;
            let incident = weft_tests::bench::call::run(incident.bytes).await;
            for (name, report) in [("a guard that adds one effect", &small), ("the guard of `incident`", &incident)] {
                println!(
                    "{name}: {:.1} us in a fresh instance, {:.1} us on the bare engine, {:.2}x",
                    report.weft_p50_us, report.floor_p50_us, report.ratio
                );
            }
            let peer = weft_tests::bench::peer::extism();
            if let Ok(peer) = &peer {
                let fresh = peer["fresh_p50_us"].as_f64().unwrap_or_default();
                println!(
                    "Extism, one effect, the same ticket as JSON: {fresh:.1} us, {:.1}x ours",
                    fresh / small.weft_p50_us
                );
            }
            let peer = peer.unwrap_or_else(|why| serde_json::json!({ "missing": why }));
            println!("{}", serde_json::json!({ "id": "call", "small": small, "incident": incident, "extism": peer }));
        }
        Some("commit") => {
            let folder = tempfile::tempdir().expect("a temporary folder");
            match weft_tests::bench::commit::Databases::read(std::env::args().nth(2).as_deref()) {
                Ok(databases) => println!("{}", weft_tests::bench::commit::run(folder.path(), databases).await),
                Err(error) => return refused(&error),
            }
        }
        Some("components") => match weft_tests::bench::components::run().await {
            Ok((lines, report)) => {
                println!("{}\n{report}", lines.join("\n"));
            }
            Err(error) => return refused(&error),
        },
        Some("feel") => println!("{}", weft_tests::bench::feel::run()),
        Some("flow") => {
            let peers = std::env::args().nth(2).map(std::path::PathBuf::from);
            println!("{}", weft_tests::bench::flow::run(peers.as_deref()).await);
        }
        Some("nodes") => match weft_tests::bench::nodes::run().await {
            Ok(report) => println!("{report}"),
            Err(error) => return refused(&error),
        },
        Some("population") => println!("{}", weft_tests::bench::population::run().await),
        Some("screens") => {
            if let Err(error) = weft_tests::bench::screens::run().await {
                return refused(&error);
            }
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

fn refused(error: &str) -> ExitCode {
    eprintln!("{error}");
    ExitCode::from(2)
}

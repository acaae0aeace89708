//! `cargo run -p weft-sim --example seed -- FROM [TO] [BUG] [set-clocks]`: runs seeds and says what was wrong.
#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a program for a terminal")]

use weft_sim::{Bug, Plan, run};

fn main() {
    let arguments: Vec<u64> = std::env::args().skip(1).filter_map(|text| text.parse().ok()).collect();
    let from = arguments.first().copied().unwrap_or(1);
    let to = arguments.get(1).copied().unwrap_or(from);
    let bug = arguments.get(2).and_then(|place| Bug::ALL.get(usize::try_from(*place).unwrap_or(99))).copied();
    let clock_steps = std::env::args().any(|text| text == "set-clocks");
    let started = std::time::Instant::now();
    let mut hours = 0.0;
    for seed in from..=to {
        let outcome = run(Plan { bug, clock_steps, keeps_log: from == to, ..Plan::of(seed) });
        hours += outcome.simulated.as_secs_f64() / 3600.0;
        for line in &outcome.lines {
            println!("{line}");
        }
        if from == to || outcome.violation.is_some() {
            println!(
                "{seed}: {:?} {} events {} timers {} {:?}",
                outcome.simulated, outcome.commits, outcome.timers, outcome.hash, outcome.violation
            );
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    println!("{} seeds, {hours:.0} h simulated in {seconds:.1} s", to - from + 1);
}

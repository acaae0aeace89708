//! Promise 03: thousands of simulated worlds with faults, in which nothing is lost, nothing happens twice, and everything comes to its end.
//!
//! The control plants bugs around the same application: each has to be found within a thousand seeds.

use super::{Promise, Size, Verdict};
use sim::{Bug, Plan, campaign};

pub const PROMISE: Promise = Promise {
    id: "03",
    title: "simulation: faults from a seed lose nothing, double nothing, and everything drains",
    check,
};

/// Seeds within which a planted bug has to be found.
const HUNT_MAX: u64 = 1_000;
const HOURS_PER_MINUTE_MIN: f64 = 1_000.0;

#[expect(clippy::print_stderr, reason = "what was found is shown while the rest runs")]
#[expect(clippy::unnecessary_wraps, reason = "the type of every check")]
fn check(size: Size) -> Result<Verdict, String> {
    let (seeds, twice) = size.pick((200, 10), (10_000, 100));
    let report = campaign::campaign(Plan::of, seeds, twice);
    for (seed, violation) in &report.first {
        eprintln!("seed {seed}: {violation}");
    }
    let mut found = Vec::new();
    for bug in Bug::ALL {
        let first = campaign::hunt(bug, HUNT_MAX);
        if let Some((seed, violation)) = &first {
            eprintln!("planted `{}`: seed {seed}: {violation}", bug.name());
        }
        found.push((bug, first.map(|(seed, _)| seed)));
    }
    let seconds = report.took.as_secs_f64();
    let figure = format!(
        "{seeds} seeds in {seconds:.1} s ({:.0} a second), {:.0} h simulated, {:.0} h a minute; {} events, {} timers; {} violations; {} of {twice} \
         seeds went another way the second time",
        report.seeds as f64 / seconds,
        report.hours(),
        report.hours_per_minute(),
        report.events,
        report.timers,
        report.violations,
        report.unequal.len(),
    );
    // How fast it is depends on what else the machine does: held only where the whole is measured.
    let is_fast = size == Size::Quick || report.hours_per_minute() >= HOURS_PER_MINUTE_MIN;
    let control: Vec<String> = found
        .iter()
        .map(|(bug, seed)| {
            format!("{}: {}", bug.name(), seed.map_or("not found".to_owned(), |seed| format!("seed {seed}")))
        })
        .collect();
    Ok(Verdict {
        figure,
        limit: format!(
            "0 violations, 0 other ways, {HOURS_PER_MINUTE_MIN:.0} h a minute, each planted bug within {HUNT_MAX} seeds"
        ),
        kept: report.violations == 0 && report.unequal.is_empty() && is_fast,
        control: control.join("; "),
        control_failed: found.iter().all(|(_, seed)| seed.is_some()),
    })
}

/// The whole log of one seed, for whoever wants to know why it went wrong; with the plan of the promise that it went wrong in.
#[must_use]
pub fn replay(promise: &str, seed: u64) -> Vec<String> {
    let plan = if promise == super::time::PROMISE.id { super::time::plan(seed) } else { Plan::of(seed) };
    let outcome = sim::run(Plan { keeps_log: true, ..plan });
    let end = format!("seed {seed}: {:?}, hash {}", outcome.violation, outcome.hash);
    outcome.lines.into_iter().chain([end]).collect()
}

//! Promise 11: due times are exact wherever the clocks change, and a clock that is set, a month ahead or an hour back, neither loses a
//! timer nor fires one twice.
//!
//! The control of the first is a calendar that is asked at the offset of the start, as if clocks never changed; of the second, a flow's timer
//! that is removed before its wave is committed.

use super::{Promise, Size, Verdict};
use sim::business_time::{self, Asked};
use sim::{Bug, Plan, campaign, run};

pub const PROMISE: Promise = Promise {
    id: "11",
    title: "time: due times equal an oracle in 60 zones, and set clocks lose and double no timer",
    check,
};

const SEED: u64 = 20_261_122;
const HUNT_MAX: u64 = 1_000;

/// A world in which clocks are set.
pub(super) fn plan(seed: u64) -> Plan {
    Plan { clock_steps: true, ..Plan::of(seed) }
}

#[expect(clippy::unnecessary_wraps, reason = "the type of every check")]
fn check(size: Size) -> Result<Verdict, String> {
    let cases = size.pick(2_000, 100_000);
    let (due, seeds) = (business_time::check(SEED, cases, Asked::InItsZone), size.pick(20, 1_000));
    let report = campaign::campaign(plan, seeds, 0);
    let wrong = due.first_wrong.or_else(|| report.first.first().map(|(seed, text)| format!("seed {seed}: {text}")));
    let blind = business_time::check(SEED, cases.min(5_000), Asked::AtTheFirstOffset);
    let lost = (1..=HUNT_MAX).find(|seed| run(plan(*seed).with(Bug::TimerRemovedFirst)).violation.is_some());
    let figure = format!(
        "{cases} due times (seed {SEED}), {} around a change of the clocks, {} wrong; {seeds} simulated worlds with set clocks, {} flow timers and {} \
         events, {} wrong{}",
        due.edges,
        due.wrong,
        report.timers,
        report.events,
        report.violations,
        wrong.map_or(String::new(), |text| format!(": {text}")),
    );
    let seed = lost.map_or("not found".to_owned(), |seed| format!("seed {seed}"));
    Ok(Verdict {
        figure,
        limit: "0 wrong of both".to_owned(),
        kept: due.wrong == 0 && report.violations == 0,
        control: format!(
            "clocks that never change: {} of {} wrong; a timer removed first: {seed}",
            blind.wrong, blind.cases
        ),
        control_failed: blind.wrong > 0 && lost.is_some(),
    })
}

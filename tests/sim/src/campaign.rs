//! Many seeds on all processors, and the hunt for planted bugs.

use crate::fault::Bug;
use crate::run::{Outcome, Plan, run};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Violations that are kept to be shown.
const SHOWN_MAX: usize = 20;

/// What a campaign found.
#[derive(Debug, Clone, Default)]
pub struct Report {
    pub seeds: u64,
    pub simulated: Duration,
    /// Of real time.
    pub took: Duration,
    pub events: u64,
    pub timers: u64,
    pub violations: u64,
    pub first: Vec<(u64, String)>,
    /// Seeds that were run twice, and those of them that did not go the same way.
    pub twice: u64,
    pub unequal: Vec<u64>,
}

impl Report {
    #[must_use]
    pub fn hours(&self) -> f64 {
        self.simulated.as_secs_f64() / 3_600.0
    }

    #[must_use]
    pub fn hours_per_minute(&self) -> f64 {
        self.hours() / (self.took.as_secs_f64() / 60.0).max(1e-6)
    }

    fn add(&mut self, outcome: Outcome) {
        self.seeds += 1;
        self.simulated += outcome.simulated;
        self.events += outcome.commits;
        self.timers += outcome.timers as u64;
        if let Some(violation) = outcome.violation {
            self.violations += 1;
            if self.first.len() < SHOWN_MAX {
                self.first.push((outcome.seed, violation));
            }
        }
    }
}

/// Run so many seeds; the first ones twice.
///
/// # Panics
/// A run panics: its seed is the one that is missing in the report of the threads.
#[must_use]
pub fn campaign(plan: impl Fn(u64) -> Plan + Sync, seeds: u64, twice: u64) -> Report {
    #[expect(clippy::disallowed_methods, reason = "how much is simulated in a minute is a figure of the real clock")]
    let started = std::time::Instant::now();
    let next = AtomicU64::new(1);
    let report = Mutex::new(Report { twice, ..Report::default() });
    on_all_processors(|| {
        loop {
            let seed = next.fetch_add(1, Ordering::SeqCst);
            if seed > seeds {
                return;
            }
            let outcome = run(plan(seed));
            let is_equal = seed > twice || run(plan(seed)).hash == outcome.hash;
            let mut report = report.lock().expect("a run that panics ends the campaign");
            if !is_equal {
                report.unequal.push(seed);
            }
            report.add(outcome);
        }
    });
    let mut report = report.into_inner().expect("a run that panics ends the campaign");
    report.first.sort();
    report.took = started.elapsed();
    report
}

/// The first seed that finds a planted bug, and what it says.
///
/// # Panics
/// A run panics.
#[must_use]
pub fn hunt(bug: Bug, seeds: u64) -> Option<(u64, String)> {
    (1..=seeds).find_map(|seed| run(Plan::of(seed).with(bug)).violation.map(|violation| (seed, violation)))
}

fn on_all_processors(work: impl Fn() + Sync) {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..processors {
            scope.spawn(&work);
        }
    });
}

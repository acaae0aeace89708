//! Jobs step back while people wait: as long as requests wait for their turn, a node runs a quarter of the jobs that it may.
//!
//! Never none: what was promised for later must not wait for a quiet day.

use crate::app::App;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The part of the slots that jobs keep.
const PART: usize = 4;

/// How many requests wait.
#[derive(Debug, Default)]
pub struct Pressure(AtomicUsize);

impl Pressure {
    /// Slots of so many that jobs may use now.
    fn slots(&self, all: usize) -> usize {
        if self.0.load(Ordering::Relaxed) == 0 { all } else { all.div_ceil(PART) }
    }

    /// True if nothing waits any more, and something did.
    fn is_over(&self, count: usize) -> bool {
        self.0.swap(count, Ordering::Relaxed) > 0 && count == 0
    }
}

impl App {
    /// Tell how many requests wait for their turn on this node.
    pub fn requests_waiting(&self, count: usize) {
        if self.pressure.is_over(count) {
            self.wake.notify_one();
        }
    }

    /// Jobs that may run at once now.
    pub(crate) fn job_slots(&self) -> usize {
        self.pressure.slots(self.config.concurrency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_keep_a_quarter_of_their_slots_while_requests_wait() {
        let pressure = Pressure::default();
        assert_eq!(pressure.slots(8), 8);

        assert!(!pressure.is_over(3));

        assert_eq!((pressure.slots(8), pressure.slots(1)), (2, 1));
        assert!(!pressure.is_over(1), "one still waits");
        assert!(pressure.is_over(0));
        assert!(!pressure.is_over(0), "told once");
        assert_eq!(pressure.slots(8), 8);
    }
}

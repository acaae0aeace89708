//! The demo's time and chance while its past is made: a clock that stands where the story is, and dice that fall the same every time.
//!
//! Neither is used once the company is served: sessions and tokens come from the operating system.

use app::port::clock::{Clock, Entropy};
use jiff::Timestamp;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// Shows the instant that the story has come to.
#[derive(Debug)]
pub(super) struct StoryClock(AtomicI64);

impl StoryClock {
    pub(super) fn at(instant: Timestamp) -> Self {
        Self(AtomicI64::new(instant.as_microsecond()))
    }

    /// Time goes on, and never back.
    pub(super) fn reach(&self, instant: Timestamp) {
        self.0.fetch_max(instant.as_microsecond(), Ordering::SeqCst);
    }
}

impl Clock for StoryClock {
    fn now(&self) -> Timestamp {
        let micros = self.0.load(Ordering::SeqCst);
        Timestamp::from_microsecond(micros).expect("it was an instant when it was set")
    }
}

/// Numbers that look random and follow from a seed (SplitMix64).
#[derive(Debug)]
pub(super) struct Dice(AtomicU64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    fn roll(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut state = self.0.fetch_add(STEP, Ordering::SeqCst).wrapping_add(STEP);
        state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        state ^ (state >> 31)
    }

    /// From `low` up to and including `high`.
    pub(super) fn between(&self, low: i64, high: i64) -> i64 {
        let width = u64::try_from(high - low + 1).expect("the higher end is not below the lower one");
        low + i64::try_from(self.roll() % width).expect("it is below a width that came of two numbers")
    }

    /// True so many times of a hundred.
    pub(super) fn percent(&self, percent: i64) -> bool {
        self.between(1, 100) <= percent
    }

    pub(super) fn one_of<'a, T>(&self, choices: &'a [T]) -> &'a T {
        let place = self.roll() % u64::try_from(choices.len()).expect("lists of the demo are short");
        &choices[usize::try_from(place).expect("it is below a length")]
    }
}

impl Entropy for Dice {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let random = self.roll().to_le_bytes();
            chunk.copy_from_slice(&random[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_rolls_the_same_and_another_one_differs() {
        let rolls = |seed| {
            let dice = Dice::new(seed);
            (0..50).map(|_| dice.between(-3, 3)).collect::<Vec<_>>()
        };
        assert_eq!(rolls(1), rolls(1));
        assert_ne!(rolls(1), rolls(2));
        assert_eq!((rolls(1).iter().min(), rolls(1).iter().max()), (Some(&-3), Some(&3)));
    }

    #[test]
    fn a_story_does_not_go_back() {
        let clock = StoryClock::at(Timestamp::UNIX_EPOCH);
        let later = Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_mins(5);
        clock.reach(later);
        clock.reach(Timestamp::UNIX_EPOCH);
        assert_eq!(clock.now(), later);
    }
}

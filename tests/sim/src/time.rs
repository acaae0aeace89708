//! Simulated time: it stands still while anything can run, and jumps to the next wait when nothing can.

use app::port::clock::{Clock, Entropy, Sleep};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use store::conformance::data::Dice;

const LOCK: &str = "nothing panics while it holds this lock";

/// When the simulation begins: a Monday.
pub const BEGIN: &str = "2026-03-02T09:00:00Z";

/// What waits for which instant. One for a whole simulated world.
#[derive(Debug)]
pub struct Timeline(Mutex<Waits>);

#[derive(Debug)]
struct Waits {
    now_micros: i64,
    next: u64,
    wakers: BTreeMap<(i64, u64), Waker>,
}

impl Default for Timeline {
    fn default() -> Self {
        let begin: Timestamp = BEGIN.parse().expect("an instant");
        Self(Mutex::new(Waits { now_micros: begin.as_microsecond(), next: 0, wakers: BTreeMap::new() }))
    }
}

impl Timeline {
    fn waits(&self) -> MutexGuard<'_, Waits> {
        self.0.lock().expect(LOCK)
    }

    /// # Panics
    /// Never.
    #[must_use]
    pub fn now_micros(&self) -> i64 {
        self.waits().now_micros
    }

    /// Jump to the earliest wait and end it. Called when nothing else can run.
    ///
    /// # Panics
    /// Nothing waits: the simulation could never go on.
    pub fn advance(&self) {
        let waker = {
            let mut waits = self.waits();
            let ((at, _), waker) = waits.wakers.pop_first().expect("somebody always waits: the watchdog does");
            waits.now_micros = waits.now_micros.max(at);
            waker
        };
        waker.wake();
    }

    #[must_use]
    pub fn sleep(self: &Arc<Self>, duration: Duration) -> Sleep {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX / 4);
        Box::pin(Wait { timeline: Arc::clone(self), at: self.now_micros().saturating_add(micros), key: None })
    }
}

struct Wait {
    timeline: Arc<Timeline>,
    at: i64,
    key: Option<u64>,
}

impl Future for Wait {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let timeline = Arc::clone(&self.timeline);
        let mut waits = timeline.waits();
        if let Some(key) = self.key.take() {
            waits.wakers.remove(&(self.at, key));
        }
        if waits.now_micros >= self.at {
            return Poll::Ready(());
        }
        waits.next += 1;
        let key = waits.next;
        waits.wakers.insert((self.at, key), context.waker().clone());
        self.key = Some(key);
        Poll::Pending
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.timeline.waits().wakers.remove(&(self.at, key));
        }
    }
}

/// The clock of one machine, which may be wrong.
#[derive(Debug)]
pub struct SimClock {
    timeline: Arc<Timeline>,
    /// Microseconds that it is ahead.
    skew: AtomicI64,
}

impl SimClock {
    #[must_use]
    pub fn new(timeline: Arc<Timeline>) -> Self {
        Self { timeline, skew: AtomicI64::new(0) }
    }

    /// Set how far it is ahead, in microseconds.
    pub fn skew(&self, micros: i64) {
        self.skew.store(micros, Ordering::SeqCst);
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        let micros = self.timeline.now_micros() + self.skew.load(Ordering::SeqCst);
        Timestamp::from_microsecond(micros).expect("a simulation is short")
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        self.timeline.sleep(duration)
    }
}

/// Randomness from a seed.
#[derive(Debug)]
pub struct SimEntropy(Mutex<Dice>);

impl SimEntropy {
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(Dice(seed)))
    }
}

impl Entropy for SimEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        let mut dice = self.0.lock().expect(LOCK);
        for chunk in bytes.chunks_mut(8) {
            let roll = dice.roll().to_le_bytes();
            chunk.copy_from_slice(&roll[..chunk.len()]);
        }
    }
}

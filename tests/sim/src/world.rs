//! What all nodes of a simulated world share: the database, time, chance, the log, and what must be true.

use crate::fault::{Bug, Faults};
use crate::history::History;
use crate::log::Log;
use crate::memory::Database;
use crate::time::Timeline;
use domain::OrgId;
use std::fmt::Arguments;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use store::conformance::data::Dice;

const LOCK: &str = "nothing panics while it holds this lock";

/// How a call of a plugin or of the outside goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Luck {
    Good,
    Slow(u64),
    /// It asks to be called later.
    Later,
    Trap,
    Deadline,
}

#[derive(Debug)]
pub struct Shared {
    pub org: OrgId,
    pub database: Database,
    pub timeline: Arc<Timeline>,
    pub bug: Option<Bug>,
    faults: Faults,
    /// No faults any more: everything has to come to its end.
    heals: AtomicBool,
    /// Until then the database itself is away.
    away_until: AtomicI64,
    dice: Mutex<Dice>,
    log: Mutex<Log>,
    history: Mutex<History>,
}

impl Shared {
    #[must_use]
    pub fn new(org: OrgId, database: Database, faults: Faults, bug: Option<Bug>, dice: Dice, log: Log) -> Self {
        Self {
            org,
            database,
            timeline: Arc::default(),
            bug,
            faults,
            heals: AtomicBool::new(false),
            away_until: AtomicI64::new(0),
            dice: Mutex::new(dice),
            log: Mutex::new(log),
            history: Mutex::default(),
        }
    }

    #[must_use]
    pub fn faults(&self) -> Faults {
        if self.heals.load(Ordering::SeqCst) { Faults::default() } else { self.faults }
    }

    pub fn heal(&self) {
        self.heals.store(true, Ordering::SeqCst);
        self.away_until.store(0, Ordering::SeqCst);
    }

    #[must_use]
    pub fn heals(&self) -> bool {
        self.heals.load(Ordering::SeqCst)
    }

    #[must_use]
    pub fn now_micros(&self) -> i64 {
        self.timeline.now_micros()
    }

    /// One in so many; never for 0.
    ///
    /// # Panics
    /// Never.
    pub fn strikes(&self, one_in: usize) -> bool {
        one_in > 0 && self.dice.lock().expect(LOCK).one_in(one_in)
    }

    /// A number below a bound.
    ///
    /// # Panics
    /// Never.
    pub fn below(&self, bound: u64) -> u64 {
        self.dice.lock().expect(LOCK).roll() % bound.max(1)
    }

    pub fn plugin_luck(&self, function: &str) -> Luck {
        if !self.strikes(self.faults().plugin) {
            return Luck::Good;
        }
        let luck = match self.below(8) {
            0..=3 => Luck::Slow(self.below(3_000)),
            4 | 5 => Luck::Later,
            6 => Luck::Trap,
            _ => Luck::Deadline,
        };
        self.log(format_args!("plugin {function} {luck:?}"));
        luck
    }

    /// The database goes away for some seconds.
    pub fn power_cut(&self) {
        let seconds = 1 + i64::try_from(self.below(20)).unwrap_or(0);
        self.away_until.store(self.now_micros() + seconds * 1_000_000, Ordering::SeqCst);
    }

    #[must_use]
    pub fn is_away(&self) -> bool {
        self.away_until.load(Ordering::SeqCst) > self.now_micros()
    }

    /// # Panics
    /// Never.
    pub fn log(&self, text: Arguments<'_>) {
        let now = self.now_micros();
        self.log.lock().expect(LOCK).write(now, text);
    }

    /// # Panics
    /// Never.
    #[must_use]
    pub fn take_log(&self) -> Log {
        std::mem::take(&mut *self.log.lock().expect(LOCK))
    }

    /// # Panics
    /// Never.
    pub fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().expect(LOCK)
    }
}

//! The nodes: each a real application with its workers, started again after every crash.

use crate::company::config;
use crate::double::{DoubleOutbound, DoublePlugins};
use crate::node_store::{Life, NodeStore};
use crate::time::{SimClock, SimEntropy};
use crate::world::Shared;
use app::App;
use app::port::clock::Clock;
use futures_util::future::{Either, select};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::conformance::data::Dice;
use tokio_util::sync::CancellationToken;

const LOCK: &str = "nothing panics while it holds this lock";
const DAY_MICROS: i64 = 86_400_000_000;

/// A node that serves.
#[derive(Debug, Clone)]
pub struct Serving {
    pub life: Arc<Life>,
    pub app: Arc<App>,
}

#[derive(Debug)]
struct Slot {
    number: usize,
    clock: Arc<SimClock>,
    skew_micros: Mutex<i64>,
    /// By how much the clock was set back, all in all.
    set_back_micros: Mutex<i64>,
    serving: Mutex<Option<Serving>>,
}

#[derive(Debug)]
pub struct Cluster {
    pub shared: Arc<Shared>,
    seed: u64,
    slots: Vec<Slot>,
}

impl Cluster {
    #[must_use]
    pub fn new(shared: Arc<Shared>, seed: u64, nodes: usize) -> Arc<Self> {
        let slots = (1..=nodes).map(|number| Slot {
            number,
            clock: Arc::new(SimClock::new(Arc::clone(&shared.timeline))),
            skew_micros: Mutex::new(0),
            set_back_micros: Mutex::new(0),
            serving: Mutex::new(None),
        });
        Arc::new(Self { seed, slots: slots.collect(), shared })
    }

    /// Start every node and what goes wrong with them.
    pub fn spawn(self: &Arc<Self>) {
        for place in 0..self.slots.len() {
            tokio::spawn(Arc::clone(self).keep(place));
        }
        tokio::spawn(Arc::clone(self).trouble());
    }

    /// The nodes that serve now.
    ///
    /// # Panics
    /// Never.
    #[must_use]
    pub fn serving(&self) -> Vec<Serving> {
        self.slots.iter().filter_map(|slot| slot.serving.lock().expect(LOCK).clone()).collect()
    }

    /// One of them.
    pub fn pick(&self, dice: &mut Dice) -> Option<Serving> {
        let mut serving = self.serving();
        if serving.is_empty() { None } else { Some(serving.swap_remove(dice.below(serving.len()))) }
    }

    /// Every clock is right again.
    pub fn set_clocks_right(&self) {
        for slot in &self.slots {
            slot.clock.skew(0);
        }
    }

    /// By how much a clock was set back, at most: a timer that was to fire before is still to come for so long.
    ///
    /// # Panics
    /// Never.
    #[must_use]
    pub fn set_back(&self) -> Duration {
        let most = self.slots.iter().map(|slot| *slot.set_back_micros.lock().expect(LOCK)).max().unwrap_or(0);
        Duration::from_micros(most.unsigned_abs())
    }

    /// Start a node, wait for its crash, start it again.
    async fn keep(self: Arc<Self>, place: usize) {
        let slot = &self.slots[place];
        let mut lives: u64 = 0;
        loop {
            lives += 1;
            let life = Arc::new(Life::new(format!("n{}.{lives}", slot.number)));
            self.shared.log(format_args!("{} starts", life.name));
            let clock: Arc<dyn Clock> = Arc::clone(&slot.clock) as Arc<dyn Clock>;
            let store = Arc::new(NodeStore::new(Arc::clone(&self.shared), Arc::clone(&life), Arc::clone(&clock)));
            let plugins = Arc::new(DoublePlugins { shared: Some(Arc::clone(&self.shared)) });
            let outbound = Arc::new(DoubleOutbound { shared: Some(Arc::clone(&self.shared)) });
            let entropy = Arc::new(SimEntropy::new(self.seed ^ (lives << 8 | slot.number as u64).wrapping_mul(0x9e37)));
            let start = App::start(config(), store, plugins, clock, entropy, outbound);
            let started = match select(pin!(start), pin!(life.ended())).await {
                Either::Left((started, _)) => started.ok(),
                Either::Right(_) => None,
            };
            if let Some(app) = started {
                self.serve(slot, &life, app).await;
            }
            let rest = if self.shared.heals() { 1 } else { 1 + self.shared.below(40) };
            self.shared.timeline.sleep(Duration::from_secs(rest)).await;
        }
    }

    async fn serve(&self, slot: &Slot, life: &Arc<Life>, app: Arc<App>) {
        *slot.serving.lock().expect(LOCK) = Some(Serving { life: Arc::clone(life), app: Arc::clone(&app) });
        let stop = CancellationToken::new();
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(Arc::clone(&app).work(stop.clone()));
        tasks.spawn(Arc::clone(&app).follow(stop.clone()));
        tasks.spawn(Arc::clone(&app).attend(life.name.clone(), "simulated".to_owned(), stop));
        match select(pin!(life.ended()), pin!(tasks.join_next())).await {
            Either::Left(_) => {}
            Either::Right((ended, _)) => {
                let text = format!("a task of {} ended by itself: {:?}", life.name, ended.map(|one| one.is_ok()));
                self.shared.history().violated(text);
            }
        }
        *slot.serving.lock().expect(LOCK) = None;
        // A crash: whatever was being done is dropped where it stands.
        tasks.abort_all();
    }

    /// Partitions, pauses and clocks that jump.
    async fn trouble(self: Arc<Self>) {
        loop {
            self.shared.timeline.sleep(Duration::from_secs(60)).await;
            let faults = self.shared.faults();
            if self.shared.heals() {
                return;
            }
            for slot in &self.slots {
                let Some(serving) = slot.serving.lock().expect(LOCK).clone() else { continue };
                let now = self.shared.now_micros();
                let until = |seconds: u64| now + i64::try_from(seconds).unwrap_or(0) * 1_000_000;
                if self.shared.strikes(faults.partition) {
                    let seconds = 5 + self.shared.below(120);
                    self.shared.log(format_args!("{} is cut off for {seconds} s", serving.life.name));
                    serving.life.cut_until(until(seconds));
                }
                if self.shared.strikes(faults.pause) {
                    let seconds = 5 + self.shared.below(90);
                    self.shared.log(format_args!("{} stands still for {seconds} s", serving.life.name));
                    serving.life.pause_until(until(seconds));
                }
                if faults.clock_steps && self.shared.strikes(8) {
                    self.step(slot, if self.shared.below(4) == 0 { 30 * DAY_MICROS } else { -3_600_000_000 });
                } else if self.shared.strikes(faults.clock_jump) {
                    let range = u64::try_from(faults.skew_seconds_max).unwrap_or(0) * 2 + 1;
                    let seconds = i64::try_from(self.shared.below(range)).unwrap_or(0) - faults.skew_seconds_max;
                    self.shared.log(format_args!("{}'s clock is {seconds} s ahead", serving.life.name));
                    slot.clock.skew(seconds * 1_000_000);
                }
            }
        }
    }

    fn step(&self, slot: &Slot, micros: i64) {
        let mut skew = slot.skew_micros.lock().expect(LOCK);
        *skew += micros;
        *slot.set_back_micros.lock().expect(LOCK) += micros.min(0).abs();
        self.shared.log(format_args!("the clock of n{} steps by {} s", slot.number, micros / 1_000_000));
        slot.clock.skew(*skew);
    }
}

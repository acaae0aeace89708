//! One seed from its beginning to its end: a time with faults, in which nothing wrong may happen, then a time without, in which everything
//! has to come to its end.

use crate::check;
use crate::cluster::Cluster;
use crate::company::{company, org};
use crate::fault::{Bug, Faults};
use crate::log::Log;
use crate::memory::Database;
use crate::people::{self, Known};
use crate::world::Shared;
use futures_util::future::{Either, select};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use store::conformance::data::Dice;

/// How long faults last.
const SAFETY: Duration = Duration::from_secs(40 * 60);
/// How long everything may take to come to its end afterwards: the longest timer, and time to mend what failed. What was due before a clock
/// was set back is due that much later.
const HEAL_MAX: Duration = Duration::from_secs(4 * 3600);
const LOOK: Duration = Duration::from_secs(30);
/// Nothing waits longer: what keeps time going when everybody else is stuck.
const WATCHDOG: Duration = Duration::from_secs(400 * 86_400);

/// What to run.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub seed: u64,
    pub bug: Option<Bug>,
    pub clock_steps: bool,
    /// Keep the log as text.
    pub keeps_log: bool,
}

impl Plan {
    #[must_use]
    pub fn of(seed: u64) -> Self {
        Self { seed, bug: None, clock_steps: false, keeps_log: false }
    }

    #[must_use]
    pub fn with(self, bug: Bug) -> Self {
        Self { bug: Some(bug), ..self }
    }
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Outcome {
    pub seed: u64,
    /// What was wrong.
    pub violation: Option<String>,
    /// The same for the same seed.
    pub hash: String,
    pub simulated: Duration,
    pub commits: u64,
    pub timers: usize,
    pub lines: Vec<String>,
}

/// Run a seed.
///
/// # Panics
/// The system gives no runtime.
#[must_use]
pub fn run(plan: Plan) -> Outcome {
    let mut dice = Dice(plan.seed);
    // Neighbouring seeds begin alike.
    dice.0 = dice.roll() ^ plan.seed.rotate_left(32);
    let mut faults = Faults::random(&mut dice);
    let mut nodes = 1 + dice.below(3);
    if plan.clock_steps {
        // Nothing but steps: a clock that jumps is set right now and then, by a month.
        faults = Faults { clock_steps: true, clock_jump: 0, skew_seconds_max: 0, ..faults };
        nodes = 1;
    }
    let log = if plan.keeps_log { Log::keeping() } else { Log::default() };
    let database = Database::fork(company());
    let shared = Arc::new(Shared::new(org(), database, faults, plan.bug, Dice(dice.roll()), log));
    shared.log(format_args!("seed {} with {nodes} nodes and {faults:?}, planted: {:?}", plan.seed, plan.bug));
    let timeline = Arc::clone(&shared.timeline);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .on_thread_park(move || timeline.advance())
        .build()
        .expect("a runtime without I/O and time can be built");
    let begin = shared.now_micros();
    let violation = runtime.block_on(story(Arc::clone(&shared), dice.roll(), nodes));
    // What still runs is dropped here, and must not write into a log that is read.
    drop(runtime);
    let simulated = Duration::from_micros((shared.now_micros() - begin).unsigned_abs());
    if plan.keeps_log {
        let events = shared.database.look(&shared.org, |data| data.events.rows().cloned().collect::<Vec<_>>());
        for event in events {
            let (seq, subject, place) = (event.seq, &event.subject, event.subject_seq);
            shared.log(format_args!("event {seq}: {} {subject} {place} by {} {}", event.kind, event.actor, event.data));
        }
    }
    let (commits, journal) = shared.database.look(&shared.org, |data| {
        (data.head.unsigned_abs(), data.events.rows().next_back().map(|event| event.hash.clone()).unwrap_or_default())
    });
    shared.log(format_args!("the end: {violation:?} after {commits} events, the last with {journal}"));
    let timers = shared.history().timers_fired();
    let log = shared.take_log();
    Outcome { seed: plan.seed, violation, hash: log.hash(), simulated, commits, timers, lines: log.into_lines() }
}

async fn story(shared: Arc<Shared>, seed: u64, nodes: usize) -> Option<String> {
    let watchdog = shared.timeline.sleep(WATCHDOG);
    match select(pin!(phases(shared, seed, nodes)), watchdog).await {
        Either::Left((violation, _)) => violation,
        Either::Right(_) => Some("nothing moves any more".to_owned()),
    }
}

async fn phases(shared: Arc<Shared>, seed: u64, nodes: usize) -> Option<String> {
    let cluster = Cluster::new(Arc::clone(&shared), seed, nodes);
    let known = Arc::new(Known::default());
    let callers = 2 + usize::try_from(shared.below(3)).unwrap_or(0);
    cluster.spawn();
    people::spawn(&cluster, &known, seed, callers);
    let looks = |duration: Duration| duration.as_secs() / LOOK.as_secs();
    for _ in 0..looks(SAFETY) {
        shared.timeline.sleep(LOOK).await;
        if let Some(violation) = shared.history().violation.take() {
            return Some(violation);
        }
    }
    if let Err(violation) = shared.database.look(&shared.org, check::always) {
        return Some(violation);
    }
    shared.log(format_args!("faults end"));
    // A clock that was set stays as it is: what it made due is due by it.
    let is_set = shared.faults().clock_steps;
    shared.heal();
    if !is_set {
        cluster.set_clocks_right();
    }
    let mut left = None;
    let heal_max = HEAL_MAX + cluster.set_back();
    for _ in 0..looks(heal_max) {
        shared.timeline.sleep(LOOK).await;
        if let Some(violation) = shared.history().violation.take() {
            return Some(violation);
        }
        left = shared.database.look(&shared.org, check::left);
        if left.is_none() && known.is_done() {
            let history = shared.history();
            return shared.database.look(&shared.org, |data| check::at_the_end(data, &history)).err();
        }
    }
    let waiting = if known.is_done() { "" } else { "; callers wait" };
    let also = shared.database.look(&shared.org, check::always).err();
    Some(format!("not everything came to its end within {} h: {left:?}{waiting} {also:?}", heal_max.as_secs() / 3600))
}

//! How plugins behave: calls, faults, time used; and quarantine for those that keep failing.

use crate::port::plugins::CallFault;
use domain::PluginId;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

/// Faults within the window that quarantine a plugin.
const FAULTS_MAX: usize = 5;
const WINDOW: SignedDuration = SignedDuration::from_secs(60);
/// Call times kept for the percentiles.
const SAMPLES: usize = 512;

#[derive(Debug, Default)]
pub struct Health {
    plugins: Mutex<BTreeMap<PluginId, State>>,
}

#[derive(Debug, Default)]
struct State {
    calls: u64,
    faults: u64,
    recent: VecDeque<Timestamp>,
    last: Option<LastFault>,
    quarantined: bool,
    micros: VecDeque<u32>,
    total_micros: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LastFault {
    pub at: Timestamp,
    pub function: String,
    pub cause: String,
}

/// What the plugin page shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct HealthReport {
    pub calls: u64,
    pub faults: u64,
    pub last_fault: Option<LastFault>,
    pub p50_micros: Option<u32>,
    pub p99_micros: Option<u32>,
    /// All calls together, since the server was started.
    pub total_micros: u64,
    pub quarantined: bool,
}

impl Health {
    pub(crate) fn called(&self, plugin: &PluginId, micros: u32) {
        self.with(plugin, |state| {
            state.calls += 1;
            state.total_micros += u64::from(micros);
            state.micros.push_back(micros);
            if state.micros.len() > SAMPLES {
                state.micros.pop_front();
            }
        });
    }

    /// Count a fault; true if it is the one that quarantines the plugin.
    pub(crate) fn faulted(&self, fault: &CallFault, now: Timestamp) -> bool {
        self.with(&fault.plugin, |state| {
            state.calls += 1;
            state.faults += 1;
            state.last =
                Some(LastFault { at: now, function: fault.function.to_owned(), cause: fault.cause.to_string() });
            state.recent.push_back(now);
            while state.recent.front().is_some_and(|first| now.duration_since(*first) > WINDOW) {
                state.recent.pop_front();
            }
            let trips = !state.quarantined && state.recent.len() >= FAULTS_MAX;
            state.quarantined |= trips;
            trips
        })
    }

    pub(crate) fn is_quarantined(&self, plugin: &PluginId) -> bool {
        self.with(plugin, |state| state.quarantined)
    }

    /// End the quarantine: an administrator looked at it, or another version was installed.
    pub(crate) fn resume(&self, plugin: &PluginId) {
        self.with(plugin, |state| {
            state.quarantined = false;
            state.recent.clear();
        });
    }

    #[must_use]
    pub fn report(&self, plugin: &PluginId) -> HealthReport {
        self.with(plugin, |state| {
            let mut sorted: Vec<u32> = state.micros.iter().copied().collect();
            sorted.sort_unstable();
            let at = |percent: usize| sorted.get((sorted.len().saturating_sub(1)) * percent / 100).copied();
            HealthReport {
                calls: state.calls,
                faults: state.faults,
                last_fault: state.last.clone(),
                p50_micros: at(50),
                p99_micros: at(99),
                total_micros: state.total_micros,
                quarantined: state.quarantined,
            }
        })
    }

    fn with<T>(&self, plugin: &PluginId, f: impl FnOnce(&mut State) -> T) -> T {
        let mut plugins = self.plugins.lock().expect("nothing panics while it holds this lock");
        if !plugins.contains_key(plugin) {
            plugins.insert(plugin.clone(), State::default());
        }
        f(plugins.get_mut(plugin).expect("inserted above"))
    }
}

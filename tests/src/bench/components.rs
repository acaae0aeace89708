//! How long each component decides, by what a company really asks of it: the ninety days of the demo, every call of every component
//! measured around the runtime, beside a guard that does next to nothing on the bare engine.

use crate::components::{self, Component};
use crate::guests::guard_returning;
use app::port::plugins::{
    ApprovalInput, Call, CallFault, Capability, Fault, GuardInput, Inspection, Plugins, RawEffect, Rejection,
    StepInput, StepOutcome, Verdict,
};
use async_trait::async_trait;
use domain::{Digest, Event, PluginId, Problem, Ticket};
use jiff::Timestamp;
use runtime::{Runtime, RuntimeConfig};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use store_sqlite::{SqliteConfig, SqliteStore, Synchronous};
use tokio::time::Instant;

/// Passes everything on and remembers how long each answer took, in microseconds by plugin.
#[derive(Debug)]
struct Timed {
    runtime: Runtime,
    micros: Mutex<BTreeMap<PluginId, Vec<f64>>>,
}

impl Timed {
    fn took(&self, plugin: &PluginId, started: Instant) {
        let micros = started.elapsed().as_secs_f64() * 1e6;
        self.micros.lock().unwrap_or_else(PoisonError::into_inner).entry(plugin.clone()).or_default().push(micros);
    }
}

#[async_trait]
impl Plugins for Timed {
    fn inspect(&self, wasm: &[u8]) -> Result<Inspection, Vec<Problem>> {
        self.runtime.inspect(wasm)
    }

    async fn prepare(
        &self,
        plugin: &PluginId,
        digest: &Digest,
        wasm: Arc<[u8]>,
    ) -> Result<Vec<Capability>, Vec<Problem>> {
        self.runtime.prepare(plugin, digest, wasm).await
    }

    fn forget(&self, digest: &Digest) {
        self.runtime.forget(digest);
    }

    async fn guard(&self, call: Call, input: GuardInput) -> Result<Result<Vec<RawEffect>, Rejection>, CallFault> {
        let (plugin, started) = (call.plugin.clone(), Instant::now());
        let answer = self.runtime.guard(call, input).await;
        self.took(&plugin, started);
        answer
    }

    async fn react(
        &self,
        call: Call,
        event: Event,
        subject: Option<Ticket>,
    ) -> Result<Result<Vec<RawEffect>, Fault>, CallFault> {
        let (plugin, started) = (call.plugin.clone(), Instant::now());
        let answer = self.runtime.react(call, event, subject).await;
        self.took(&plugin, started);
        answer
    }

    async fn run_step(&self, call: Call, input: StepInput) -> Result<Result<StepOutcome, Fault>, CallFault> {
        let (plugin, started) = (call.plugin.clone(), Instant::now());
        let answer = self.runtime.run_step(call, input).await;
        self.took(&plugin, started);
        answer
    }

    async fn decide(&self, call: Call, input: ApprovalInput) -> Result<Result<Verdict, Fault>, CallFault> {
        let (plugin, started) = (call.plugin.clone(), Instant::now());
        let answer = self.runtime.decide(call, input).await;
        self.took(&plugin, started);
        answer
    }
}

/// The table as lines for a terminal, and the same as JSON.
///
/// # Errors
/// The company cannot be made, or a plugin's folder cannot be read.
pub async fn run() -> Result<(Vec<String>, Value), String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("the tests lie in the project")?;
    let nothing = super::call::run(&guard_returning("bench", &[("comment", "{}")])).await;
    let micros = measured().await?;
    let mut lines = vec![
        format!(
            "a guard that adds one effect: {:.1} us on the bare engine, {:.1} us here",
            nothing.floor_p50_us, nothing.weft_p50_us
        ),
        format!(
            "{:<24}{:>6}{:>8}{:>8}{:>9}{:>10}{:>10}{:>8}",
            "component", "KiB", "grants", "lines", "calls", "p50 us", "p99 us", "times"
        ),
    ];
    let mut rows = Vec::new();
    for Component { id, kib, grants, lines: code, .. } in components::list(root)? {
        let mut times = micros.get(&PluginId::from(id.as_str())).cloned().unwrap_or_default();
        times.sort_by(f64::total_cmp);
        let at = |percent: usize| times.get(times.len().saturating_sub(1) * percent / 100).copied();
        let shown = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.1}"));
        let ratio = at(50).map(|p50| p50 / nothing.floor_p50_us);
        lines.push(format!(
            "{id:<24}{kib:>6}{grants:>8}{code:>8}{:>9}{:>10}{:>10}{:>8}",
            times.len(),
            shown(at(50)),
            shown(at(99)),
            shown(ratio)
        ));
        rows.push(json!({ "id": id, "kib": kib, "grants": grants, "lines": code, "calls": times.len(), "p50_us": at(50), "p99_us": at(99) }));
    }
    lines.push(
        "times: p50 over that of the small guard on the bare engine; - was not asked in these ninety days".to_owned(),
    );
    Ok((lines, json!({ "id": "components", "floor_p50_us": nothing.floor_p50_us, "components": rows })))
}

/// Microseconds of every call of every plugin while the demo's company is made.
async fn measured() -> Result<BTreeMap<PluginId, Vec<f64>>, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let config = SqliteConfig { synchronous: Synchronous::Off, ..SqliteConfig::new(folder.path().join("weft.db")) };
    let store = Arc::new(SqliteStore::open(config).await.map_err(|error| error.to_string())?);
    let runtime = Runtime::new(RuntimeConfig::default()).map_err(|error| error.to_string())?;
    let timed = Arc::new(Timed { runtime, micros: Mutex::default() });
    let now: Timestamp = "2026-03-02T09:00:00Z".parse().map_err(|error: jiff::Error| error.to_string())?;
    let plugins = Arc::clone(&timed) as Arc<dyn Plugins>;
    let app = server::build(store, plugins, now, server::Past::default()).await.map_err(|error| error.to_string())?;
    app.store().close().await;
    drop(app);
    Ok(timed.micros.lock().unwrap_or_else(PoisonError::into_inner).clone())
}

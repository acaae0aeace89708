//! What a guard call costs through the runtime, against the bare engine: instantiate, call, drop.

use crate::guests::{FakeSnapshot, sample_call, sample_context, sample_ticket};
use app::port::plugins::{GuardInput, Plugins};
use domain::PluginId;
use metrics_exporter_prometheus::PrometheusBuilder;
use runtime::{Runtime, RuntimeConfig, engine_config};
use serde::Serialize;
use std::sync::Arc;
use tokio::time::Instant;
use wasmtime::component::{Component, InstancePre, Linker};
use wasmtime::{Engine, Store};

mod bindings {
    wasmtime::component::bindgen!({
        path: [
            "../wit/types@0.1.0",
            "../wit/host@0.1.0",
            "../wit/practice@0.1.0",
            "../wit/approval@0.1.0",
            "../wit/automation@0.1.0",
            "../wit/form@0.1.0",
            "../wit/sdk@0.1.0",
        ],
        world: "weft:sdk/cap-guard@0.1.0",
        exports: { default: async },
    });
}

use bindings::exports::weft::practice::guard::{Change, GuestIndices};
use bindings::weft::types::types as wit;

/// Rounds, each with this many calls of both kinds in turn.
const ROUNDS: usize = 9;
const CALLS: usize = 2000;

/// Medians over all rounds, in microseconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Bytes of the ticket as JSON.
    pub ticket_bytes: usize,
    pub calls: usize,
    pub weft_p50_us: f64,
    pub floor_p50_us: f64,
    /// Weft over floor.
    pub ratio: f64,
}

/// Measure a component that exports a guard.
///
/// # Panics
/// The component is not a guard that answers.
pub async fn run(wasm: &[u8]) -> Report {
    // Metrics are collected, as they are in production.
    let recorder = PrometheusBuilder::new().build_recorder();
    let _installed = metrics::set_default_local_recorder(&recorder);
    let config = RuntimeConfig::default();
    let floor = Floor::new(&config, wasm);
    let runtime = Runtime::new(config).expect("the runtime starts");
    let inspection = runtime.inspect(wasm).expect("the component is valid");
    let plugin = PluginId::new("bench");
    runtime.prepare(&plugin, &inspection.digest, wasm.into()).await.expect("the component can be prepared");
    let input = GuardInput { before: None, after: sample_ticket(), effects: Vec::new(), clocks: Vec::new() };
    let change = change();
    let snapshot = Arc::new(FakeSnapshot::default());

    let (mut weft, mut bare) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        for _ in 0..CALLS {
            let call = sample_call(&plugin, &inspection.digest, &snapshot);
            let input = input.clone();
            let started = Instant::now();
            runtime.guard(call, input).await.expect("the guard answers").expect("the guard agrees");
            let weft_us = started.elapsed().as_secs_f64() * 1e6;
            let started = Instant::now();
            floor.call(&change).await;
            let bare_us = started.elapsed().as_secs_f64() * 1e6;
            if round > 0 {
                weft.push(weft_us);
                bare.push(bare_us);
            }
        }
    }
    let ticket_bytes = serde_json::to_vec(&sample_ticket()).expect("a ticket is JSON").len();
    let (weft_p50_us, floor_p50_us) = (median(&mut weft), median(&mut bare));
    Report { ticket_bytes, calls: weft.len(), weft_p50_us, floor_p50_us, ratio: weft_p50_us / floor_p50_us }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The engine with nothing around it: what no wrapper can be faster than.
struct Floor {
    engine: Engine,
    instance: InstancePre<()>,
    indices: GuestIndices,
}

impl Floor {
    fn new(config: &RuntimeConfig, wasm: &[u8]) -> Self {
        let engine = Engine::new(&engine_config(config)).expect("the engine starts");
        let component = Component::new(&engine, wasm).expect("the component compiles");
        let mut linker = Linker::<()>::new(&engine);
        linker.define_unknown_imports_as_traps(&component).expect("its imports can be stubbed");
        let instance = linker.instantiate_pre(&component).expect("the component links");
        let indices = GuestIndices::new(&instance).expect("the component is a guard");
        Self { engine, instance, indices }
    }

    async fn call(&self, change: &Change) {
        let mut store = Store::new(&self.engine, ());
        store.set_epoch_deadline(1 << 40);
        let instance = self.instance.instantiate_async(&mut store).await.expect("the component starts");
        let guest = self.indices.load(&mut store, &instance).expect("the guard has its type");
        guest.call_guard(&mut store, change).await.expect("the guard answers").expect("the guard agrees");
    }
}

/// The same call as the engine takes it, made once.
fn change() -> Change {
    let (context, ticket) = (sample_context(), sample_ticket());
    Change {
        context: wit::Context {
            now: context.now.to_string(),
            seed: context.seed,
            actor: context.actor,
            actor_kind: context.actor_kind,
            roles: context.roles,
            locale: context.locale,
            zone: context.zone,
            space: context.space,
            depth: context.depth,
            dry_run: context.dry_run,
            origin: context.origin,
            correlation: context.correlation,
            extra: Vec::new(),
        },
        before: None,
        after: wit::Ticket {
            id: ticket.id.0,
            number: ticket.number,
            kind: ticket.kind.0,
            space: ticket.space.0,
            state: ticket.state,
            title: ticket.title,
            requester: ticket.requester.map(|id| id.0),
            opened_by: ticket.opened_by.map(|id| id.0),
            group: ticket.group.map(|id| id.0),
            assignee: ticket.assignee.map(|id| id.0),
            parent: None,
            restricted: ticket.restricted,
            version: ticket.version,
            opened_at: ticket.opened_at.to_string(),
            updated_at: ticket.updated_at.to_string(),
            resolved_at: None,
            closed_at: None,
            fields: serde_json::to_string(&ticket.fields).expect("fields are JSON"),
        },
        effects: Vec::new(),
        clocks: Vec::new(),
    }
}

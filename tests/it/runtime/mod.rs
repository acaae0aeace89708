//! The component runtime: what it loads, what it refuses, what ends a call, and that nothing ends more than that.

mod capability;
mod hostile;
mod inspect;
mod observe;
mod prepare;

use app::port::plugins::{Call, CallFault, GuardInput, Plugins, RawEffect, Rejection};
use domain::{Digest, PluginId};
use runtime::{Runtime, RuntimeConfig};
use std::sync::Arc;
use weft_tests::guests::{self, FakeSnapshot};

type Answer = Result<Result<Vec<RawEffect>, Rejection>, CallFault>;

/// A runtime small enough to have many of at once.
fn config() -> RuntimeConfig {
    RuntimeConfig { calls_max: 8, ..RuntimeConfig::default() }
}

fn start() -> Runtime {
    Runtime::new(config()).expect("the runtime starts")
}

/// Inspect and prepare a component, as an install does.
async fn install(runtime: &Runtime, wasm: &[u8]) -> Digest {
    let inspection = runtime.inspect(wasm).expect("the component is valid");
    let plugin = PluginId::new("guest");
    runtime.prepare(&plugin, &inspection.digest, wasm.into()).await.expect("the component can be prepared");
    inspection.digest
}

fn call(digest: &Digest, snapshot: &Arc<FakeSnapshot>) -> Call {
    guests::sample_call(&PluginId::new("guest"), digest, snapshot)
}

fn input() -> GuardInput {
    GuardInput { before: None, after: guests::sample_ticket(), effects: Vec::new(), clocks: Vec::new() }
}

/// Call the guard of a component with nothing granted.
async fn guard(runtime: &Runtime, digest: &Digest) -> Answer {
    runtime.guard(call(digest, &Arc::default()), input()).await
}

fn effect(kind: &str, data: &str) -> RawEffect {
    RawEffect { kind: kind.to_owned(), data: data.to_owned() }
}

/// The number that counts is measured in release; this says that the measurement works and nothing is grossly wrong.
#[tokio::test]
async fn a_guard_call_costs_little_more_than_the_bare_engine() {
    let report = weft_tests::bench::call::run(&guests::guard_returning("bench", &[("comment", "{}")])).await;
    assert!(report.ratio < 3.0, "{report:?}");
}

//! From bytes to loaded code: compile off the request path, start once in a throw-away store, load every capability.

use crate::bindings::exports::weft::{approval::rule, automation::step, form::form, practice::guard, practice::react};
use crate::bindings::{FORM, GUARD, REACT, RULE, STEP};
use crate::cache;
use crate::call;
use crate::fault;
use crate::inspect;
use crate::plugins::Runtime;
use crate::state::State;
use app::port::plugins::{Capability, FaultCause};
use domain::{Digest, Object, PluginId, Problem};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use wasmtime::component::{Component, Instance, InstancePre};
use wasmtime::{Engine, Store};

/// A component that is ready to be called.
pub(crate) struct Loaded {
    pub(crate) instance: InstancePre<State>,
    pub(crate) guard: Option<guard::GuestIndices>,
    pub(crate) react: Option<react::GuestIndices>,
    pub(crate) rule: Option<rule::GuestIndices>,
    pub(crate) step: Option<step::GuestIndices>,
    pub(crate) form: Option<form::GuestIndices>,
    /// Places for calls of this component.
    pub(crate) places: Arc<Semaphore>,
    /// Names of the metrics of this component, made once.
    pub(crate) meters: call::Meters,
}

impl Loaded {
    pub(crate) fn capabilities(&self) -> Vec<Capability> {
        [
            (self.guard.is_some(), Capability::Guard),
            (self.react.is_some(), Capability::React),
            (self.rule.is_some(), Capability::Approval),
            (self.step.is_some(), Capability::Automation),
            (self.form.is_some(), Capability::Form),
        ]
        .into_iter()
        .filter_map(|(exported, capability)| exported.then_some(capability))
        .collect()
    }

    /// Load every capability into an instance: only now the engine compares the types inside of the signatures.
    fn load_all(&self, store: &mut Store<State>, instance: &Instance) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut check = |name, result: Option<wasmtime::Result<()>>| {
            if let Some(Err(error)) = result {
                let message = format!("`{name}` has another shape than the contract: {}", error.root_cause());
                problems.push(Problem::new("/exports", "export-shape", message));
            }
        };
        check(GUARD, self.guard.as_ref().map(|it| it.load(&mut *store, instance).map(drop)));
        check(REACT, self.react.as_ref().map(|it| it.load(&mut *store, instance).map(drop)));
        check(RULE, self.rule.as_ref().map(|it| it.load(&mut *store, instance).map(drop)));
        check(STEP, self.step.as_ref().map(|it| it.load(&mut *store, instance).map(drop)));
        check(FORM, self.form.as_ref().map(|it| it.load(&mut *store, instance).map(drop)));
        problems
    }
}

/// Compile, or take from the cache, then start once. The component is not yet offered for calls.
pub(crate) async fn prepare(
    runtime: &Runtime,
    plugin: &PluginId,
    digest: &Digest,
    wasm: Arc<[u8]>,
) -> Result<Loaded, Vec<Problem>> {
    inspect::check_size(&wasm, &runtime.config)?;
    let component = compile(runtime, digest, wasm).await?;
    let loaded = link(runtime, plugin, &component).map_err(|problem| vec![problem])?;
    start(runtime, plugin, &loaded).await?;
    Ok(loaded)
}

/// The compilation runs on a thread of its own to its end, even if nobody waits for it any more, and keeps its place so long:
/// the engine cannot interrupt it.
async fn compile(runtime: &Runtime, digest: &Digest, wasm: Arc<[u8]>) -> Result<Component, Vec<Problem>> {
    let problem = |code: &str, message: String| vec![Problem::new("", code, message)];
    let limit = Duration::from_millis(runtime.config.compile_ms_max);
    let place = runtime.compilations.clone().acquire_owned().await.expect("the semaphore is never closed");
    let (engine, cache, digest) = (runtime.engine.clone(), Arc::clone(&runtime.cache), digest.clone());
    let work = tokio::task::spawn_blocking(move || {
        let _place = place;
        compile_blocking(&engine, &cache, &digest, &wasm)
    });
    match tokio::time::timeout(limit, work).await {
        Ok(Ok(result)) => result,
        Ok(Err(_panic)) => Err(problem("compile-panic", "the compiler failed on this component".to_owned())),
        Err(_elapsed) => {
            Err(problem("compile-time", format!("compiling took longer than {} ms", runtime.config.compile_ms_max)))
        }
    }
}

fn compile_blocking(
    engine: &Engine,
    cache: &cache::Cache,
    digest: &Digest,
    wasm: &[u8],
) -> Result<Component, Vec<Problem>> {
    if pack::digest(wasm) != digest.0 {
        let message = format!("the file is not the one with the digest {digest}");
        return Err(vec![Problem::new("", "digest-mismatch", message)]);
    }
    if let Some(component) = cache.load(engine, digest) {
        return Ok(component);
    }
    let compiled = engine.precompile_component(wasm).and_then(|code| {
        let component = cache::deserialize(engine, &code)?;
        cache.store(digest, &code);
        Ok(component)
    });
    compiled.map_err(|error| {
        vec![Problem::new("", "does-not-compile", format!("does not compile: {}", error.root_cause()))]
    })
}

fn link(runtime: &Runtime, plugin: &PluginId, component: &Component) -> Result<Loaded, Problem> {
    let instance = runtime.linker.instantiate_pre(component).map_err(|error| {
        Problem::new("/imports", "does-not-link", format!("does not fit what Weft offers: {}", error.root_cause()))
    })?;
    let has = |name: &str| component.get_export_index(None, name).is_some();
    let shape = |error: wasmtime::Error| Problem::new("/exports", "export-shape", error.root_cause().to_string());
    let loaded = Loaded {
        guard: has(GUARD).then(|| guard::GuestIndices::new(&instance)).transpose().map_err(shape)?,
        react: has(REACT).then(|| react::GuestIndices::new(&instance)).transpose().map_err(shape)?,
        rule: has(RULE).then(|| rule::GuestIndices::new(&instance)).transpose().map_err(shape)?,
        step: has(STEP).then(|| step::GuestIndices::new(&instance)).transpose().map_err(shape)?,
        form: has(FORM).then(|| form::GuestIndices::new(&instance)).transpose().map_err(shape)?,
        places: Arc::new(Semaphore::new(crate::config::count(runtime.config.calls_per_component_max.max(1)))),
        meters: call::Meters::new(plugin),
        instance,
    };
    Ok(loaded)
}

/// Start the component once and load everything it exports, in a store that is thrown away.
async fn start(runtime: &Runtime, plugin: &PluginId, loaded: &Loaded) -> Result<(), Vec<Problem>> {
    let until = call::deadline(&runtime.config);
    let _place = runtime.calls.acquire().await.expect("the semaphore is never closed");
    let state = State::new(&runtime.config, None, Arc::new(Object::new()));
    let compute_ms = runtime.config.start_compute_ms_max;
    let mut store = call::store(runtime, state, compute_ms);
    match call::guarded(loaded.instance.instantiate_async(&mut store), until).await {
        Ok(instance) => {
            let problems = loaded.load_all(&mut store, &instance);
            if problems.is_empty() { Ok(()) } else { Err(problems) }
        }
        Err(end) => {
            let cause = match end {
                call::End::Error(error) => {
                    fault::classify(&error, &runtime.config, compute_ms, store.data().last_error())
                }
                call::End::Panic => FaultCause::Trap(call::PANIC.to_owned()),
                call::End::Elapsed => FaultCause::Deadline(runtime.config.call_wall_ms_max),
            };
            let message = format!("plugin `{plugin}` does not start: it {cause}");
            Err(vec![Problem::new("", "does-not-start", message)])
        }
    }
}

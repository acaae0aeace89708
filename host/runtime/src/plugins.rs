//! The runtime as the port wants it.

use crate::bindings::{GUARD, REACT, RULE, STEP};
use crate::cache::Cache;
use crate::call::{self, Running};
use crate::capability;
use crate::config::{RuntimeConfig, count};
use crate::convert;
use crate::engine;
use crate::inspect;
use crate::prepare::{self, Loaded};
use crate::state::State;
use app::port::plugins::{
    ApprovalInput, Call, CallFault, Capability, Fault, FaultCause, GuardInput, Inspection, Plugins, RawEffect,
    Rejection, StepInput, StepOutcome, Verdict,
};
use async_trait::async_trait;
use domain::{Digest, Event, PluginId, Problem, Ticket};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::Semaphore;
use wasmtime::Engine;
use wasmtime::component::{Instance, Linker};

/// Loads components and calls them.
pub struct Runtime {
    pub(crate) config: RuntimeConfig,
    pub(crate) engine: Engine,
    pub(crate) linker: Linker<State>,
    pub(crate) cache: Arc<Cache>,
    /// Places for calls: as many as the pool has.
    pub(crate) calls: Semaphore,
    /// Room for calls that wait for a place.
    pub(crate) waiting: Semaphore,
    pub(crate) compilations: Arc<Semaphore>,
    loaded: RwLock<HashMap<Digest, Arc<Loaded>>>,
}

/// Why there is no runtime.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the component engine does not start")]
    Engine(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the folder for compiled code cannot be used")]
    Cache(#[source] std::io::Error),
}

impl Runtime {
    /// Start an engine.
    ///
    /// # Errors
    /// The settings contradict each other, or the folder for compiled code cannot be created.
    pub fn new(config: RuntimeConfig) -> Result<Self, StartError> {
        let failed = |error: wasmtime::Error| StartError::Engine(error.into());
        let engine = engine::start(&config).map_err(failed)?;
        let linker = capability::linker(&engine).map_err(failed)?;
        let cache = Cache::open(&config, &engine).map_err(StartError::Cache)?;
        Ok(Self {
            calls: Semaphore::new(count(config.calls_max.max(1))),
            waiting: Semaphore::new(count(config.calls_waiting_max)),
            compilations: Arc::new(Semaphore::new(count(config.compile_concurrency.max(1)))),
            cache: Arc::new(cache),
            loaded: RwLock::default(),
            config,
            engine,
            linker,
        })
    }

    pub(crate) fn loaded(&self, digest: &Digest) -> Option<Arc<Loaded>> {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner).get(digest).cloned()
    }
}

impl std::fmt::Debug for Runtime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runtime").field("config", &self.config).finish_non_exhaustive()
    }
}

/// A call's function in a fresh instance: instantiate, load, call.
macro_rules! in_fresh_instance {
    ($loaded:ident, $store:ident, $indices:ident, $name:ident, |$guest:ident| $call:expr) => {
        Box::pin(async move {
            let Some(indices) = &$loaded.$indices else {
                return Ok(Err(NotExported($name)));
            };
            let instance: Instance = $loaded.instance.instantiate_async(&mut *$store).await?;
            let $guest = indices.load(&mut *$store, &instance)?;
            $call.await.map(Ok)
        })
    };
}

/// The component has no such function.
struct NotExported(&'static str);

impl From<NotExported> for FaultCause {
    fn from(missing: NotExported) -> Self {
        Self::NotExported(missing.0.to_owned())
    }
}

#[async_trait]
impl Plugins for Runtime {
    fn inspect(&self, wasm: &[u8]) -> Result<Inspection, Vec<Problem>> {
        inspect::inspect(wasm, &self.config)
    }

    async fn prepare(
        &self,
        plugin: &PluginId,
        digest: &Digest,
        wasm: Arc<[u8]>,
    ) -> Result<Vec<Capability>, Vec<Problem>> {
        if let Some(loaded) = self.loaded(digest) {
            return Ok(loaded.capabilities());
        }
        let loaded = prepare::prepare(self, plugin, digest, wasm).await?;
        let capabilities = loaded.capabilities();
        self.loaded.write().unwrap_or_else(PoisonError::into_inner).insert(digest.clone(), Arc::new(loaded));
        Ok(capabilities)
    }

    fn forget(&self, digest: &Digest) {
        self.loaded.write().unwrap_or_else(PoisonError::into_inner).remove(digest);
    }

    async fn guard(&self, call: Call, input: GuardInput) -> Result<Result<Vec<RawEffect>, Rejection>, CallFault> {
        call::call(
            self,
            call,
            "guard",
            |loaded, store, context| -> Running<'_, _> {
                let change = convert::change(context, input);
                in_fresh_instance!(loaded, store, guard, GUARD, |guest| guest.call_guard(&mut *store, &change))
            },
            |answer, config| match answer? {
                Ok(effects) => Ok(Ok(convert::effects(effects, config)?)),
                Err(rejection) => Ok(Err(convert::problems(rejection.issues, config)?)),
            },
        )
        .await
    }

    async fn react(
        &self,
        call: Call,
        event: Event,
        subject: Option<Ticket>,
    ) -> Result<Result<Vec<RawEffect>, Fault>, CallFault> {
        call::call(
            self,
            call,
            "react",
            |loaded, store, context| -> Running<'_, _> {
                let (context, event) = (convert::context(context), convert::event(event));
                let subject = subject.map(convert::ticket);
                in_fresh_instance!(loaded, store, react, REACT, |guest| {
                    guest.call_react(&mut *store, &context, &event, subject.as_ref())
                })
            },
            |answer, config| match answer? {
                Ok(effects) => Ok(Ok(convert::effects(effects, config)?)),
                Err(fault) => Ok(Err(convert::fault_from_guest(fault, config)?)),
            },
        )
        .await
    }

    async fn run_step(&self, call: Call, input: StepInput) -> Result<Result<StepOutcome, Fault>, CallFault> {
        call::call(
            self,
            call,
            "run",
            |loaded, store, context| -> Running<'_, _> {
                let step = convert::step_call(context, input);
                in_fresh_instance!(loaded, store, step, STEP, |guest| guest.call_run(&mut *store, &step))
            },
            |answer, config| match answer? {
                Ok(outcome) => Ok(Ok(convert::step_outcome(outcome, config)?)),
                Err(fault) => Ok(Err(convert::fault_from_guest(fault, config)?)),
            },
        )
        .await
    }

    async fn decide(&self, call: Call, input: ApprovalInput) -> Result<Result<Verdict, Fault>, CallFault> {
        call::call(
            self,
            call,
            "decide",
            |loaded, store, context| -> Running<'_, _> {
                let (request, votes) = convert::request(context, input);
                in_fresh_instance!(loaded, store, rule, RULE, |guest| guest.call_decide(&mut *store, &request, &votes))
            },
            |answer, config| match answer? {
                Ok(verdict) => Ok(Ok(convert::verdict(verdict, config)?)),
                Err(fault) => Ok(Err(convert::fault_from_guest(fault, config)?)),
            },
        )
        .await
    }
}

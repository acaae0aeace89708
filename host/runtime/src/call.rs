//! One call: a place, a fresh store with its limits, the call itself, and what came of it.

use crate::config::{RuntimeConfig, count, size};
use crate::engine::EPOCH_TICK_MS;
use crate::fault;
use crate::limiter::Stop;
use crate::plugins::Runtime;
use crate::prepare::Loaded;
use crate::state::State;
use app::port::plugins::{Call, CallFault, FaultCause};
use domain::PluginId;
use futures_util::FutureExt as _;
use metrics::{Label, SharedString};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::SemaphorePermit;
use tokio::time::Instant as Deadline;
use tracing::Instrument as _;
use wasmtime::{Store, UpdateDeadline};

/// What a panic of the host below a call is called; the panic hook has its details.
pub(crate) const PANIC: &str = "the host failed during the call";

/// What a call asks of its store. Boxed: the generated futures are large.
pub(crate) type Running<'a, T> = Pin<Box<dyn Future<Output = wasmtime::Result<T>> + Send + 'a>>;

/// Why a guarded future has no answer.
pub(crate) enum End {
    Error(wasmtime::Error),
    Panic,
    Elapsed,
}

/// A fresh store with every limit set.
pub(crate) fn store(runtime: &Runtime, state: State, compute_ms: u64) -> Store<State> {
    let mut store = Store::new(&runtime.engine, state);
    store.limiter(|state| &mut state.limiter);
    store.set_hostcall_fuel(size(runtime.config.transfer_bytes_max));
    store.set_max_component_handles(count(runtime.config.handles_max));
    store.set_epoch_deadline(1);
    // A guest gives its thread back at every tick, and the next tick counts from when it has the thread again: what is counted
    // is time it computed, however busy the machine is. It yields the way of tokio, behind the I/O driver: the engine's own way
    // puts it back into the queue at once, and one spinning guest keeps a worker from its sockets for 61 ticks.
    let mut ticks_left = compute_ms.div_ceil(EPOCH_TICK_MS);
    store.epoch_deadline_callback(move |_| {
        if ticks_left == 0 {
            return Err(Stop::Compute.into());
        }
        ticks_left -= 1;
        Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
    });
    store
}

/// Run with a wall limit, and turn a panic into an ordinary end. The store of the future is dead after every end but an answer.
pub(crate) async fn guarded<T>(running: impl Future<Output = wasmtime::Result<T>>, until: Deadline) -> Result<T, End> {
    match tokio::time::timeout_at(until, AssertUnwindSafe(running).catch_unwind()).await {
        Ok(Ok(Ok(answer))) => Ok(answer),
        Ok(Ok(Err(error))) => Err(End::Error(error)),
        Ok(Err(_panic)) => Err(End::Panic),
        Err(_elapsed) => Err(End::Elapsed),
    }
}

/// Call a function of a component in a fresh instance.
///
/// `run` makes the call; `read` checks and translates its answer.
///
/// # Errors
/// The component is not loaded, or it ended without an answer.
pub(crate) async fn call<T, U>(
    runtime: &Runtime,
    call: Call,
    function: &'static str,
    run: impl for<'a> FnOnce(&'a Loaded, &'a mut Store<State>, app::port::plugins::Context) -> Running<'a, T> + Send,
    read: impl FnOnce(T, &RuntimeConfig) -> Result<U, FaultCause> + Send,
) -> Result<U, CallFault>
where
    T: Send,
{
    let Call { plugin, digest, context, settings, reader } = call;
    let span = tracing::info_span!("plugin call", %plugin, %digest, function, micros = tracing::field::Empty);
    let started = Deadline::now();
    let config = &runtime.config;
    let loaded = runtime.loaded(&digest).ok_or_else(|| CallFault {
        plugin: plugin.clone(),
        function,
        cause: FaultCause::NotLoaded(digest.0.clone()),
    })?;

    let mut memory_bytes = 0;
    let outcome = async {
        let _places = places(runtime, &loaded).await?;
        // From here: a component that had to wait for others is not at fault, and gets all its time.
        let until = deadline(config);
        let state = State::new(config, Some(reader), settings);
        let mut store = store(runtime, state, config.call_compute_ms_max);
        let end = guarded(run(&loaded, &mut store, context), until).await;
        let state = store.data();
        memory_bytes = state.limiter.memory_bytes();
        if state.log_dropped() > 0 {
            tracing::debug!(lines = state.log_dropped(), "lines of the plugin were dropped");
        }
        match end {
            Ok(answer) => read(answer, config),
            Err(End::Error(error)) => {
                Err(fault::classify(&error, config, config.call_compute_ms_max, state.last_error()))
            }
            Err(End::Panic) => Err(FaultCause::Trap(PANIC.to_owned())),
            Err(End::Elapsed) => Err(FaultCause::Deadline(config.call_wall_ms_max)),
        }
    }
    .instrument(span.clone())
    .await;

    let elapsed = started.elapsed();
    span.record("micros", u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX));
    loaded.meters.record(function, outcome.as_ref().err(), elapsed, memory_bytes);
    outcome.map_err(|cause| CallFault { plugin, function, cause })
}

/// A place in the pool, and one of the component's own. Waiting for the component's own comes first, so that the calls of one
/// slow plugin queue there and not in the pool.
async fn places<'a>(runtime: &'a Runtime, loaded: &'a Loaded) -> Result<[SemaphorePermit<'a>; 2], FaultCause> {
    const OPEN: &str = "the semaphore is never closed";
    if let (Ok(own), Ok(pool)) = (loaded.places.try_acquire(), runtime.calls.try_acquire()) {
        return Ok([own, pool]);
    }
    let _waiting = runtime.waiting.try_acquire().map_err(|_| FaultCause::Busy)?;
    let both = async {
        let own = loaded.places.acquire().await.expect(OPEN);
        let pool = runtime.calls.acquire().await.expect(OPEN);
        [own, pool]
    };
    tokio::time::timeout_at(deadline(&runtime.config), both).await.map_err(|_| FaultCause::Busy)
}

/// The instant at which a call that begins now is given up.
pub(crate) fn deadline(config: &RuntimeConfig) -> Deadline {
    Deadline::now() + Duration::from_millis(config.call_wall_ms_max)
}

/// Where the calls of a component are counted.
pub(crate) struct Meters {
    plugin: SharedString,
}

impl Meters {
    pub(crate) fn new(plugin: &PluginId) -> Self {
        Self { plugin: SharedString::from(Arc::<str>::from(plugin.as_str())) }
    }

    fn record(&self, function: &'static str, cause: Option<&FaultCause>, elapsed: Duration, memory_bytes: usize) {
        let labels = [Label::new("plugin", self.plugin.clone()), Label::from_static_parts("function", function)];
        let [plugin, function] = labels.clone();
        let outcome = Label::from_static_parts("outcome", cause.map_or("ok", outcome));
        metrics::counter!("weft_plugin_calls_total", vec![plugin, function, outcome]).increment(1);
        metrics::histogram!("weft_plugin_call_seconds", labels.to_vec()).record(elapsed.as_secs_f64());
        #[expect(clippy::cast_precision_loss, reason = "memory is far below 2^52 bytes")]
        metrics::histogram!("weft_plugin_memory_bytes", labels.to_vec()).record(memory_bytes as f64);
    }
}

fn outcome(cause: &FaultCause) -> &'static str {
    match cause {
        FaultCause::Trap(_) => "trap",
        FaultCause::Deadline(_) => "deadline",
        FaultCause::Busy => "busy",
        FaultCause::Memory(_) => "memory",
        FaultCause::Stack => "stack",
        FaultCause::ResultTooLarge(_) => "result-too-large",
        FaultCause::HostCallBytes(_) => "host-call-bytes",
        FaultCause::BadAnswer(_) => "bad-answer",
        FaultCause::NotExported(_) => "not-exported",
        FaultCause::NotLoaded(_) => "not-loaded",
    }
}

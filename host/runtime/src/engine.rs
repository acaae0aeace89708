//! The engine: what a guest may be made of, where its memory comes from, and the ticker that interrupts it.
//!
//! Fuel belongs into a second engine, built from the same settings with `consume_fuel(true)`, for replay and metering with
//! bit-exact budgets. It costs 27 % of every call, an epoch 17 %, so the engine of live calls has none.

use crate::config::{RuntimeConfig, size};
use std::time::Duration;
use wasmtime::{Config, Enabled, Engine, EngineWeak, InstanceAllocationStrategy, PoolingAllocationConfig};

/// Milliseconds between two epochs: how exactly compute time is measured, and how long a guest keeps a thread.
pub const EPOCH_TICK_MS: u64 = 10;

/// The settings of the engine, also for measurements that need the bare engine to compare with.
#[must_use]
pub fn engine_config(config: &RuntimeConfig) -> Config {
    let mut engine = Config::new();
    engine
        .epoch_interruption(true)
        .cranelift_nan_canonicalization(true)
        .max_wasm_stack(size(config.stack_bytes_max))
        .async_stack_size(2 << 20)
        .memory_init_cow(true)
        .parallel_compilation(true)
        .compiler_inlining(wasmtime::Inlining::No);
    restrict(&mut engine);
    if config.pooling {
        engine.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(config)));
    } else {
        engine.allocation_strategy(InstanceAllocationStrategy::OnDemand);
    }
    engine
}

/// What no plugin needs is switched off: most advisories of the engine are about these. The collector stays compiled in
/// (without it the engine aborts, RUSTSEC-2026-0570) but no guest may use its types.
fn restrict(engine: &mut Config) {
    engine
        .wasm_gc(false)
        .wasm_function_references(false)
        .wasm_exceptions(false)
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        .wasm_relaxed_simd(false)
        .wasm_wide_arithmetic(false)
        .wasm_custom_page_sizes(false)
        .shared_memory(false)
        .concurrency_support(false);
}

/// Room for every call that may run at once, each at its limits.
fn pool(config: &RuntimeConfig) -> PoolingAllocationConfig {
    let calls = config.calls_max;
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(calls)
        .total_core_instances(calls.saturating_mul(config.core_instances_max))
        .total_memories(calls.saturating_mul(config.memories_max))
        .total_tables(calls.saturating_mul(config.tables_max))
        .total_stacks(calls)
        .max_core_instances_per_component(config.core_instances_max)
        .max_memories_per_component(config.memories_max)
        .max_tables_per_component(config.tables_max)
        .max_memories_per_module(config.memories_max)
        .max_tables_per_module(config.tables_max.min(4))
        .table_elements(size(config.table_elements_max))
        .max_memory_size(size(config.memory_bytes_max))
        .max_component_instance_size(8 << 20)
        .max_core_instance_size(4 << 20)
        .linear_memory_keep_resident(1 << 20)
        .table_keep_resident(64 << 10)
        .async_stack_keep_resident(64 << 10)
        .pagemap_scan(Enabled::Auto);
    pool
}

/// The engine with its pool, or without one where the address space does not suffice.
pub(crate) fn start(config: &RuntimeConfig) -> wasmtime::Result<Engine> {
    let engine = match Engine::new(&engine_config(config)) {
        Ok(engine) => engine,
        Err(error) if config.pooling => {
            tracing::warn!(%error, "no room for the instance pool, every call maps its own memory");
            Engine::new(&engine_config(&RuntimeConfig { pooling: false, ..config.clone() }))?
        }
        Err(error) => return Err(error),
    };
    tick(engine.weak())?;
    Ok(engine)
}

/// Advance the epoch for as long as the engine lives.
fn tick(engine: EngineWeak) -> wasmtime::Result<()> {
    std::thread::Builder::new().name("weft-epoch".to_owned()).spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            // Nobody unparks this thread; waking early once would only shorten one tick.
            std::thread::park_timeout(Duration::from_millis(EPOCH_TICK_MS));
        }
    })?;
    Ok(())
}

//! How much memory an instance may have: counted over all its memories and tables, with the peak kept for the metrics.
//!
//! A growth that is refused ends the call. Guests that see -1 from `memory.grow` behave oddly afterwards, and the host could not
//! tell why.

use crate::config::{RuntimeConfig, count, size};
use wasmtime::ResourceLimiter;

/// Why the host ended a call in the middle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Stop {
    #[error("no compute time left")]
    Compute,
    #[error("memory limit of {0} bytes")]
    Memory(u64),
    #[error("wanted more than {0} table elements")]
    Tables(u64),
    #[error("made more than {0} host calls")]
    HostCalls(u32),
}

#[derive(Debug)]
pub(crate) struct Limiter {
    memory_bytes: usize,
    memory_bytes_max: usize,
    table_elements: usize,
    table_elements_max: usize,
    instances_max: usize,
    memories_max: usize,
    tables_max: usize,
}

impl Limiter {
    pub(crate) fn new(config: &RuntimeConfig) -> Self {
        Self {
            memory_bytes: 0,
            memory_bytes_max: size(config.memory_bytes_max),
            table_elements: 0,
            table_elements_max: size(config.table_elements_max),
            instances_max: count(config.core_instances_max),
            memories_max: count(config.memories_max),
            tables_max: count(config.tables_max),
        }
    }

    /// Bytes of memory: linear memory never shrinks, so what it has now is the most it had.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.memory_bytes
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let total = self.memory_bytes.saturating_add(desired.saturating_sub(current));
        if total > self.memory_bytes_max || maximum.is_some_and(|maximum| desired > maximum) {
            return Err(Stop::Memory(self.memory_bytes_max as u64).into());
        }
        self.memory_bytes = total;
        Ok(true)
    }

    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        Err(error.context(Stop::Memory(self.memory_bytes_max as u64)))
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let total = self.table_elements.saturating_add(desired.saturating_sub(current));
        if total > self.table_elements_max || maximum.is_some_and(|maximum| desired > maximum) {
            return Err(Stop::Tables(self.table_elements_max as u64).into());
        }
        self.table_elements = total;
        Ok(true)
    }

    fn table_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        Err(error.context(Stop::Tables(self.table_elements_max as u64)))
    }

    fn instances(&self) -> usize {
        self.instances_max
    }

    fn tables(&self) -> usize {
        self.tables_max
    }

    fn memories(&self) -> usize {
        self.memories_max
    }
}

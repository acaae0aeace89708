//! Every limit of the runtime, with its default and its reason.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Limits and sizes. All of them hold for each call or each component, never for all plugins together, unless they say so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RuntimeConfig {
    /// Folder for compiled code, created with mode 0700. It must belong to the service alone: what is in it is executed.
    /// Default: none, code is compiled again after every start.
    pub cache_dir: Option<PathBuf>,

    /// Bytes of a component file. Default 32 MiB, which is also the most that the packer makes: Python guests are 18 MB, Rust
    /// guests 0.1 MB. Validation time grows with it.
    pub component_bytes_max: u64,
    /// Compilations at the same time. Default 2. Compiling is not bounded by the engine, so the host bounds it.
    pub compile_concurrency: u32,
    /// Wall time of one compilation before the install is given up. Default 120 s: Python guests take 48 s on a busy machine.
    pub compile_ms_max: u64,

    /// Calls that run at the same time; more wait for their turn. Default 64. Pools are sized by it, so they never run out.
    pub calls_max: u32,
    /// Calls of one component that run at the same time, so that a slow plugin cannot occupy every place. Default 32.
    pub calls_per_component_max: u32,
    /// Time that a call may compute, in steps of the 10 ms epoch. Default 100 ms. Waiting for the host does not count.
    pub call_compute_ms_max: u64,
    /// Calls of all components that wait for their turn; one more is refused. Default 1024.
    pub calls_waiting_max: u32,
    /// Wall time of a call with all its waiting for the host. Waiting for its turn has the same limit again. Default 5 s.
    pub call_wall_ms_max: u64,
    /// Time that the first start of a component may compute. Default 1 s: interpreters start slowly.
    pub start_compute_ms_max: u64,

    /// Bytes of linear memory of an instance, all its memories together. Default 64 MiB; interpreters need 16 MiB.
    pub memory_bytes_max: u64,
    /// Elements in all tables of an instance. Default 100 000.
    pub table_elements_max: u64,
    /// Core instances of a component. Default 32: Python links that many libraries.
    pub core_instances_max: u32,
    /// Memories of a component. Default 2.
    pub memories_max: u32,
    /// Tables of a component. Default 16.
    pub tables_max: u32,
    /// Handles of a component. Default 100: the contract has no resources.
    pub handles_max: u32,
    /// Bytes of stack that a guest may use. Default 512 KiB; the engine's own stacks have 2 MiB.
    pub stack_bytes_max: u64,

    /// Bytes that may cross from guest to host in one host call, and in the answer. Default 1 MiB.
    pub transfer_bytes_max: u64,
    /// Bytes of the answer after it was read. Default 1 MiB.
    pub result_bytes_max: u64,
    /// Items of each list in an answer. Default 1000.
    pub list_items_max: u32,
    /// Host calls of one call. Default 10 000.
    pub host_calls_max: u32,
    /// Lines that a call may log; more are dropped and counted. Default 64, as the contract says.
    pub log_lines_max: u32,
    /// Bytes of a log line; the rest is cut off. Default 2048, as the contract says.
    pub log_line_bytes_max: u32,

    /// Keep instances in a pool (fast) or map memory for each call (works with little address space). Default true; when the
    /// pool cannot be reserved, the runtime says so and goes on without.
    pub pooling: bool,
}

impl Default for RuntimeConfig {
    fn default() -> Self {
        Self {
            cache_dir: None,
            component_bytes_max: 32 << 20,
            compile_concurrency: 2,
            compile_ms_max: 120_000,
            calls_max: 64,
            calls_per_component_max: 32,
            calls_waiting_max: 1024,
            call_compute_ms_max: 100,
            call_wall_ms_max: 5_000,
            start_compute_ms_max: 1_000,
            memory_bytes_max: 64 << 20,
            table_elements_max: 100_000,
            core_instances_max: 32,
            memories_max: 2,
            tables_max: 16,
            handles_max: 100,
            stack_bytes_max: 512 << 10,
            transfer_bytes_max: 1 << 20,
            result_bytes_max: 1 << 20,
            list_items_max: 1000,
            host_calls_max: 10_000,
            log_lines_max: 64,
            log_line_bytes_max: 2048,
            pooling: true,
        }
    }
}

/// A configured number as a size of this machine; what does not fit is no limit that could be reached.
pub(crate) fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The same for counts.
pub(crate) fn count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

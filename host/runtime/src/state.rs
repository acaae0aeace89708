//! What the host keeps for one call: whom the guest may ask, and what it has used up.

use crate::config::{RuntimeConfig, count};
use crate::limiter::{Limiter, Stop};
use app::port::plugins::{LogLevel, SnapshotReader};
use domain::Object;
use std::sync::Arc;

pub(crate) struct State {
    pub(crate) limiter: Limiter,
    pub(crate) reader: Option<Arc<dyn SnapshotReader>>,
    pub(crate) settings: Arc<Object>,
    host_calls: u32,
    host_calls_max: u32,
    log: Log,
}

/// What a call said, within its budget.
#[derive(Debug)]
struct Log {
    lines: u32,
    lines_max: u32,
    line_bytes_max: usize,
    dropped: u32,
    /// The last line of level error: where a guest's panic hook leaves its message.
    last_error: Option<String>,
}

impl State {
    /// The state of a call; without a reader, that of a trial start, which may ask nothing.
    pub(crate) fn new(config: &RuntimeConfig, reader: Option<Arc<dyn SnapshotReader>>, settings: Arc<Object>) -> Self {
        Self {
            limiter: Limiter::new(config),
            reader,
            settings,
            host_calls: 0,
            host_calls_max: config.host_calls_max,
            log: Log {
                lines: 0,
                lines_max: config.log_lines_max,
                line_bytes_max: count(config.log_line_bytes_max),
                dropped: 0,
                last_error: None,
            },
        }
    }

    /// Count a host call.
    ///
    /// # Errors
    /// The guest used up its host calls: its call ends.
    pub(crate) fn enter(&mut self) -> wasmtime::Result<()> {
        if self.host_calls >= self.host_calls_max {
            return Err(Stop::HostCalls(self.host_calls_max).into());
        }
        self.host_calls += 1;
        Ok(())
    }

    /// Count a host call that asks the snapshot. Returns the one to ask.
    ///
    /// # Errors
    /// As [`Self::enter`]; and a component asked while it started, when there is no decision yet.
    pub(crate) fn ask(&mut self) -> wasmtime::Result<Arc<dyn SnapshotReader>> {
        self.enter()?;
        self.reader.clone().ok_or_else(|| wasmtime::format_err!("asked the host while it started"))
    }

    /// Take a line, shortened to its limit; lines past the budget are dropped and counted.
    pub(crate) fn log(&mut self, level: LogLevel, mut message: String) {
        if self.log.lines >= self.log.lines_max {
            self.log.dropped = self.log.dropped.saturating_add(1);
            return;
        }
        self.log.lines += 1;
        let end = message.floor_char_boundary(self.log.line_bytes_max);
        message.truncate(end);
        if let Some(reader) = &self.reader {
            reader.log(level, &message);
        }
        if level == LogLevel::Error {
            self.log.last_error = Some(message);
        }
    }

    pub(crate) fn log_dropped(&self) -> u32 {
        self.log.dropped
    }

    pub(crate) fn last_error(&self) -> Option<&str> {
        self.log.last_error.as_deref()
    }
}

//! `weft:host/log`: lines for whoever looks after the plugin, within a budget.
//!
//! A flood is dropped and counted, not punished: the lines of a plugin in trouble are the ones that somebody needs.

use crate::bindings::weft::host::log::{Host, Level};
use crate::state::State;
use app::port::plugins::LogLevel;

impl Host for State {
    fn write(&mut self, level: Level, message: String) -> wasmtime::Result<()> {
        self.enter()?;
        let level = match level {
            Level::Debug => LogLevel::Debug,
            Level::Info => LogLevel::Info,
            Level::Warn => LogLevel::Warn,
            Level::Error => LogLevel::Error,
        };
        self.log(level, message);
        Ok(())
    }
}

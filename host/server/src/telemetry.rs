//! Logs to standard error, so that standard output is the command's answer.

use crate::config::Log;
use crate::failure::Failure;
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

pub(crate) fn start(log: &Log, by_default: bool) -> Result<(), Failure> {
    let filter = if log.filter.is_empty() { if by_default { "info" } else { "error" } } else { &log.filter };
    let filter = EnvFilter::try_new(filter)
        .map_err(|error| Failure::new(format!("log.filter is not a filter such as `info,weft_app=debug`: {error}")))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match log.format.as_str() {
        "json" => builder.json().try_init(),
        "text" => builder.with_ansi(std::io::stderr().is_terminal()).try_init(),
        other => return Err(Failure::new(format!("log.format is text or json, not `{other}`"))),
    };
    started.map_err(|error| Failure::new(format!("logging cannot start: {error}")))
}

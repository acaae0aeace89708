//! What ended a call, in the words of the port.

use crate::config::RuntimeConfig;
use crate::limiter::Stop;
use app::port::plugins::FaultCause;
use wasmtime::{Error, Trap, WasmBacktrace};

/// Text of a cause that is kept and shown, in bytes.
const TEXT_BYTES_MAX: usize = 1024;

/// Translate the engine's error. `last_error` is the last error line of the guest: its panic message, if it has a hook.
pub(crate) fn classify(error: &Error, config: &RuntimeConfig, compute_ms: u64, last_error: Option<&str>) -> FaultCause {
    // The engine adds a backtrace to what happens below a frame of the guest. What has none happened outside of it: while the
    // host read the answer or handed over the arguments.
    let inside = error.downcast_ref::<WasmBacktrace>().is_some();
    match error.downcast_ref::<Stop>() {
        Some(Stop::Compute) => return FaultCause::Deadline(compute_ms),
        Some(Stop::Memory(bytes)) => return FaultCause::Memory(*bytes),
        Some(stop @ (Stop::Tables(_) | Stop::HostCalls(_))) => {
            return FaultCause::Trap(stop.to_string());
        }
        None => {}
    }
    if error.downcast_ref::<Trap>() == Some(&Trap::StackOverflow) {
        return FaultCause::Stack;
    }
    if is_transfer_limit(error) {
        return if inside {
            FaultCause::HostCallBytes(config.transfer_bytes_max)
        } else {
            FaultCause::ResultTooLarge(config.transfer_bytes_max)
        };
    }
    let root = error.root_cause().to_string();
    if !inside && error.downcast_ref::<Trap>().is_none_or(|trap| is_lifting(*trap)) {
        return FaultCause::BadAnswer(short(root));
    }
    match last_error {
        Some(message) => FaultCause::Trap(short(format!("{root}: {message}"))),
        None => FaultCause::Trap(short(root)),
    }
}

/// The engine's error for its transfer budget has no public type.
fn is_transfer_limit(error: &Error) -> bool {
    error.chain().any(|cause| cause.to_string().contains("fuel allocated for hostcalls has been exhausted"))
}

/// Traps that say that a value was not of its type.
fn is_lifting(trap: Trap) -> bool {
    matches!(
        trap,
        Trap::StringOutOfBounds
            | Trap::ListOutOfBounds
            | Trap::InvalidDiscriminant
            | Trap::UnalignedPointer
            | Trap::InvalidChar
    )
}

fn short(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(TEXT_BYTES_MAX));
    text
}

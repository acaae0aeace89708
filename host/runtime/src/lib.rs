//! The component runtime: loads plugins and calls them, one fresh instance for each call.
//!
//! *Architecture Invariants:* this is the only crate that names wasmtime. A call is pure: the same component, context, input
//! and answers of the snapshot give the same output. Nothing that a component does ends more than its own call: every trap,
//! limit and panic becomes a [`CallFault`](app::port::plugins::CallFault), and the store it happened in is thrown away.
//!
//! | File | What it holds |
//! |---|---|
//! | `config` | every limit, with its default and its reason |
//! | `engine` | the engine's settings, the allocator, the epoch ticker |
//! | `bindings` | the Rust face of `wit/`; one `bindgen` for each served version |
//! | `inspect` | what a file says about itself, without running it |
//! | `prepare`, `cache` | from bytes to loaded code, off the request path |
//! | `call`, `fault`, `limiter`, `state` | one call: its store, its limits, what ended it |
//! | `capability` | what a component may ask, one file for each interface |
//! | `convert` | WIT values to words of the domain and back |

mod bindings;
mod cache;
mod call;
mod capability;
mod config;
mod convert;
mod engine;
mod fault;
mod inspect;
mod limiter;
mod plugins;
mod prepare;
mod state;

pub use config::RuntimeConfig;
pub use engine::{EPOCH_TICK_MS, engine_config};
pub use plugins::{Runtime, StartError};

//! BPMN 2.0: read a model, say everything that is wrong with it, and compile it to a graph that the engine walks.
//!
//! *Architecture Invariant:* pure; no I/O, no clock, no randomness. What cannot be executed is refused by name when a model is
//! deployed, never skipped; everything wrong with a model is reported at once, with its place.

mod canonical;
mod compile;
pub mod conformance;
mod context;
mod diagram;
mod diff;
pub mod dmn;
mod element;
pub mod expression;
pub mod graph;
pub mod import;
mod json;
mod layout;
mod moment;
mod outline;
mod report;
mod rule;
mod rules;
mod source;
pub mod svg;
pub mod value_chain;
mod xml;

pub use canonical::canonical_xml;
pub use compile::{Compiled, compile, validate};
pub use diagram::{Bounds, Diagram, Edge, Point, Shape};
pub use diff::{Change, diff};
pub use json::compile_json;
pub use outline::{Outline, Process, outline};
pub use report::Report;
pub use rule::Rule;
pub use xml::MODEL_MAX;

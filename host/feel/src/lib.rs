//! FEEL, the expression language of DMN 1.3 to 1.5: parse once, evaluate often, explain every result.
//!
//! An expression that fails gives null and a [`Note`] that says why; one that asks for too much work ends as [`Exceeded`], which
//! is an incident. It can never end the process.
//!
//! *Architecture Invariant:* no clock, zone, file, network or randomness; [`Environment`] brings what an expression may know of
//! the world. No XML and no crate of ours, so that the same code runs in the browser.

mod budget;
mod builtin;
mod context;
mod environment;
mod explain;
mod expression;
mod fold;
mod function;
mod machine;
mod names;
mod node;
mod note;
mod number;
mod parser;
mod problem;
mod range;
mod scope;
mod temporal;
mod trial;
mod types;
mod unary;
mod value;

pub use budget::{Budget, Exceeded};
pub use context::Context;
pub use environment::{Environment, FixedEnvironment};
pub use explain::explain;
pub use expression::{Evaluation, Expression};
pub use function::{Call, Fault, Function, FunctionBody};
pub use names::Names;
pub use note::{Note, Notes};
pub use number::{Number, NumberError, Rounding};
pub use problem::SyntaxProblem;
pub use range::{Range, RangeForm};
pub use scope::Scope;
pub use temporal::{Date, DateTime, DaysTime, Offset, Time, YearsMonths};
pub use trial::trial;
pub use types::Type;
pub use unary::UnaryTests;
pub use value::Value;

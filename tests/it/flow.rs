//! Flows on the whole host: the shipped ones as their people live them, and what the door promises about every flow.

mod laptop;
mod operations;
mod waits;

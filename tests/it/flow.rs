//! Flows on the whole host: the shipped ones as their people live them, and what the door promises about every flow.

mod approve;
mod change;
mod contract;
mod laptop;
mod major;
mod onboarding;
mod operations;
mod waits;

//! Stories of flows: each kind of element, told with a process in a few lines and a host with a virtual clock.

mod activities;
mod administration;
mod compensation;
mod driver;
mod errors;
mod events;
mod gateways;
mod limits;
mod model;
mod properties;
mod repeat;
mod tasks;
mod timers;

//! The API as its callers see it.

mod access;
mod admission;
mod edge;
mod events;
mod insight;
mod inventory;
mod planned;
mod plugins;
mod session;
mod tickets;

//! The one integration test binary: one link of the whole host, and every test can use every actor.

mod accept;
mod api;
mod arch;
mod binary;
mod browser;
mod contract;
mod door;
mod flow;
mod import;
mod maintain;
mod runtime;

//! The one integration test binary: one link of the whole host, and every test can use every actor.

mod accept;
mod api;
mod arch;
mod binary;
mod browser;
mod contract;
mod demo;
mod door;
mod feel;
mod flow;
mod import;
mod indexed;
mod mail;
mod maintain;
mod nodes;
mod outbox;
mod practice;
mod runtime;

//! Deliveries against real peers on this machine: what arrives, what never does, and what is said about it.

mod http;
mod mail;
mod peer;
mod ssrf;

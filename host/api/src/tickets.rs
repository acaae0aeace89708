//! Tickets and what hangs on them.

pub(crate) mod access;
pub(crate) mod breakdown;
pub(crate) mod bulk;
pub(crate) mod clocks;
pub(crate) mod command;
pub(crate) mod comments;
pub(crate) mod counts;
pub(crate) mod create;
pub(crate) mod filter;
pub(crate) mod links;
pub(crate) mod list;
pub(crate) mod patch;
pub(crate) mod presence;
pub(crate) mod read;
pub(crate) mod related;
pub(crate) mod repair;
pub(crate) mod timeline;
pub(crate) mod watchers;

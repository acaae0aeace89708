//! The suite that every store passes: one set of cases, run on each implementation.

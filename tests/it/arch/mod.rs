//! The architecture, checked. `host/ARCHITECTURE.md` states the invariants; each has its test here.
//!
//! Every checker is a function of text to violations, and is also fed a synthetic violation that it must find: a checker that
//! cannot fail proves nothing. Allow-lists name today's exceptions and only shrink: an entry that is no longer needed fails.

mod absences;
mod edges;
mod layout;
mod migrations;
mod requirements;
mod rust_source;
mod tree;
mod wit;

use std::collections::BTreeSet;

/// Fails on a violation that is not in the list, and on an entry of the list that is not violated any more.
#[track_caller]
fn ratchet(rule: &str, found: impl IntoIterator<Item = String>, allowed: &[&str]) {
    let found = found.into_iter().collect::<BTreeSet<_>>();
    let allowed = allowed.iter().map(|&entry| entry.to_owned()).collect::<BTreeSet<_>>();
    let list = |entries: BTreeSet<&String>| entries.into_iter().map(|entry| format!("\n  {entry}")).collect::<String>();
    let new = list(found.difference(&allowed).collect());
    let gone = list(allowed.difference(&found).collect());
    assert!(new.is_empty(), "{rule}:{new}");
    assert!(gone.is_empty(), "{rule}: no longer needed in the list of exceptions, remove:{gone}");
}

#[test]
#[should_panic(expected = "remove:\n  old")]
fn an_exception_that_is_not_needed_fails() {
    ratchet("rule", [], &["old"]);
}

#[test]
#[should_panic(expected = "rule:\n  new")]
fn a_violation_that_is_no_exception_fails() {
    ratchet("rule", ["new".to_owned()], &[]);
}

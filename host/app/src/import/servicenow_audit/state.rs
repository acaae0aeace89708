//! What the states of the source are called here.

/// A state of our incident, with the reason if it is on hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceState {
    pub state: &'static str,
    pub pending_reason: Option<&'static str>,
}

/// Name in the log, state, reason for being on hold.
const STATES: [(&str, &str, Option<&str>); 10] = [
    ("New", "new", None),
    ("Active", "in-progress", None),
    ("Awaiting User Info", "on-hold", Some("awaiting-caller")),
    ("Awaiting Vendor", "on-hold", Some("awaiting-vendor")),
    ("Awaiting Problem", "on-hold", Some("awaiting-problem")),
    ("Awaiting Evidence", "on-hold", Some("awaiting-evidence")),
    ("Awaiting Change", "on-hold", Some("awaiting-change")),
    ("Resolved", "resolved", None),
    ("Closed", "closed", None),
    ("Canceled", "cancelled", None),
];

/// The state that a word of the log stands for.
///
/// # Errors
/// Why the word stands for none.
pub fn state(word: &str) -> Result<SourceState, String> {
    let known = STATES.iter().find(|(name, _, _)| name.eq_ignore_ascii_case(word));
    if let Some((_, state, pending_reason)) = known {
        return Ok(SourceState { state, pending_reason: *pending_reason });
    }
    if word.parse::<i64>().is_ok() {
        return Err("a number that the source wrote where it lost the state".to_owned());
    }
    let names: Vec<_> = STATES.iter().map(|(name, _, _)| *name).collect();
    Err(format!("not a known state; known are {}", names.join(", ")))
}

/// Whether work on it is done, so that what is said about its end counts. The log writes the end into every row, also into
/// those of a time when nobody could know it.
pub(super) fn is_done(state: &str) -> bool {
    matches!(state, "resolved" | "closed")
}

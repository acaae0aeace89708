//! The hash chain of a subject's journal.

use crate::digest;
use domain::event::EventDraft;

/// An event's parts as they are stored, so that a row can be verified without being understood.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    pub subject_kind: &'a str,
    pub subject: &'a str,
    pub space: &'a str,
    /// Microseconds since 1970, UTC.
    pub at: i64,
    pub actor: &'a str,
    pub kind: &'a str,
    /// JSON text, exactly as stored.
    pub data: &'a str,
    /// JSON text, exactly as stored.
    pub cause: &'a str,
}

/// SHA-256 over the previous hash and every part of the event, each with its length, hexadecimal. The first event of a subject has the
/// empty text as its previous hash.
#[must_use]
pub fn hash_parts(previous: &str, subject_seq: i64, parts: &Parts<'_>) -> String {
    let at = parts.at.to_string();
    let seq = subject_seq.to_string();
    digest::of_parts(&[
        previous,
        &seq,
        parts.subject_kind,
        parts.subject,
        parts.space,
        &at,
        parts.actor,
        parts.kind,
        parts.data,
        parts.cause,
    ])
}

/// The hash of an event that is not stored yet.
#[must_use]
pub fn hash(previous: &str, subject_seq: i64, draft: &EventDraft) -> String {
    let (data, cause) = texts(draft);
    hash_parts(previous, subject_seq, &parts(draft, &data, &cause))
}

/// The JSON texts of an event, as a store keeps them: data, cause.
#[must_use]
pub fn texts(draft: &EventDraft) -> (String, String) {
    (draft.data.to_string(), serde_json::to_string(&draft.cause).expect("a cause has only text keys"))
}

/// The parts of an event with its JSON texts.
#[must_use]
pub fn parts<'a>(draft: &'a EventDraft, data: &'a str, cause: &'a str) -> Parts<'a> {
    Parts {
        subject_kind: &draft.subject_kind,
        subject: &draft.subject,
        space: &draft.space,
        at: draft.at.as_microsecond(),
        actor: &draft.actor,
        kind: &draft.kind,
        data,
        cause,
    }
}

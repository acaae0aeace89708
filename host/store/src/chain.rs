//! The hash chain of a subject's journal.

use domain::event::EventDraft;
use sha2::{Digest, Sha256};

/// SHA-256 over the previous hash and every part of the event, each with its length, hexadecimal. The first event of a subject has the
/// empty text as its previous hash. Parts are hashed as they are stored, so that a row can be verified without being understood.
#[must_use]
pub fn hash(previous: &str, subject_seq: i64, draft: &EventDraft) -> String {
    let mut hasher = Sha256::new();
    let at = draft.at.as_microsecond().to_string();
    let seq = subject_seq.to_string();
    let data = draft.data.to_string();
    let cause = serde_json::to_string(&draft.cause).expect("a cause has only text keys");
    for part in [
        previous,
        &seq,
        &draft.subject_kind,
        &draft.subject,
        &draft.space,
        &at,
        &draft.actor,
        &draft.kind,
        &data,
        &cause,
    ] {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

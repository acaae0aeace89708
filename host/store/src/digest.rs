//! Digests that every store computes alike: content, and what a query answered.

use sha2::{Digest, Sha256};

/// SHA-256, hexadecimal.
#[must_use]
pub fn of_bytes(content: &[u8]) -> String {
    hex(&Sha256::digest(content))
}

/// SHA-256 over texts, each with its length, hexadecimal.
#[must_use]
pub fn of_parts(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hex(&hasher.finalize())
}

/// What a query answered: ids and versions, in order.
#[must_use]
pub fn of_rows<'a>(rows: impl IntoIterator<Item = (&'a str, i64)>) -> String {
    let mut hasher = Sha256::new();
    for (id, version) in rows {
        hasher.update((id.len() as u64).to_be_bytes());
        hasher.update(id.as_bytes());
        hasher.update(version.to_be_bytes());
    }
    hex(&hasher.finalize())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

//! SHA-256 as text.

use sha2::{Digest, Sha256};

/// 64 hexadecimal digits.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The seed of a decision: 32 hexadecimal digits, the same for the same command.
#[must_use]
pub fn seed(command: &str) -> String {
    let mut text = sha256(command.as_bytes());
    text.truncate(32);
    text
}

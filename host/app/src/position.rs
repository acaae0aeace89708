//! Positions in the journal, sealed: whoever holds one can go on from there, and cannot read from it how much happened that they may not
//! know of. Each sealing of the same position looks different, so that not even standing still is told from going on.
//!
//! The key is made of the first event's hash, which is of random ids and told only to those who set up the platform: so every node and
//! every start of the same journal has the same one, and nothing has to be kept.

use crate::app::App;
use crate::error::Result;
use crate::port::clock::Entropy;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt::Write;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

const NONCE_BYTES: usize = 8;
const POSITION_BYTES: usize = size_of::<i64>();
const TAG_BYTES: usize = 8;
const BYTES: usize = NONCE_BYTES + POSITION_BYTES + TAG_BYTES;

/// What positions are sealed with. Live streams seal whenever they get to it, so nonces are drawn from a source of their own, begun once:
/// otherwise the ids of what others make meanwhile would be other ones for each position that somebody was told.
#[derive(Debug)]
pub(crate) struct Sealing {
    /// Known once the journal has its first event.
    key: OnceLock<String>,
    seed: [u8; 32],
    sealed: AtomicU64,
}

impl Sealing {
    pub(crate) fn new(entropy: &dyn Entropy) -> Self {
        let mut seed = [0; 32];
        entropy.fill(&mut seed);
        Self { key: OnceLock::new(), seed, sealed: AtomicU64::new(0) }
    }

    /// Never the same twice, and not to be foretold.
    fn nonce(&self) -> [u8; NONCE_BYTES] {
        let count = self.sealed.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        mac(&self.seed, "nonce", [&count, &[]])
    }
}

impl App {
    /// A position as text that says nothing to who reads it.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn position_seal(&self, position: i64) -> Result<String> {
        Ok(seal(&self.position_key().await?, self.sealing.nonce(), position))
    }

    /// The position that was sealed; nothing for any other text.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn position_open(&self, sealed: &str) -> Result<Option<i64>> {
        Ok(open(&self.position_key().await?, sealed))
    }

    async fn position_key(&self) -> Result<String> {
        if let Some(key) = self.sealing.key.get() {
            return Ok(key.clone());
        }
        let first = self.store.event_list(self.org(), 0, 1).await?;
        match first.into_iter().next() {
            Some(first) => Ok(self.sealing.key.get_or_init(|| first.hash).clone()),
            // In an empty journal there is nothing to tell, and the key is another one as soon as there is.
            None => Ok(String::new()),
        }
    }
}

fn mac(key: &[u8], word: &str, parts: [&[u8]; 2]) -> [u8; 8] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(word.as_bytes());
    parts.iter().for_each(|part| mac.update(part));
    let bytes = mac.finalize().into_bytes();
    std::array::from_fn(|place| bytes[place])
}

fn seal(key: &str, nonce: [u8; NONCE_BYTES], position: i64) -> String {
    let key = key.as_bytes();
    let pad = mac(key, "journal position", [&nonce, &[]]);
    let covered: [u8; POSITION_BYTES] = std::array::from_fn(|place| position.to_be_bytes()[place] ^ pad[place]);
    let tag = mac(key, "journal position tag", [&nonce, &covered]);
    let mut text = String::with_capacity(2 * BYTES);
    for byte in nonce.iter().chain(&covered).chain(&tag) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn open(key: &str, sealed: &str) -> Option<i64> {
    if sealed.len() != 2 * BYTES || !sealed.is_ascii() {
        return None;
    }
    let bytes: Vec<u8> = (0..BYTES)
        .map(|place| u8::from_str_radix(&sealed[2 * place..2 * place + 2], 16).ok())
        .collect::<Option<_>>()?;
    let (nonce, rest) = bytes.split_at(NONCE_BYTES);
    let (covered, tag) = rest.split_at(POSITION_BYTES);
    let key = key.as_bytes();
    let pad = mac(key, "journal position", [nonce, &[]]);
    let expected = mac(key, "journal position tag", [nonce, covered]);
    let is_ours = bool::from(subtle::ConstantTimeEq::ct_eq(&expected[..], tag));
    let position = i64::from_be_bytes(std::array::from_fn(|place| covered[place] ^ pad[place]));
    is_ours.then_some(position).filter(|position| *position >= 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_comes_back_and_says_nothing() {
        for position in [0, 1, 41, i64::MAX] {
            let sealed = seal("key", *b"nonce 12", position);
            assert_eq!(open("key", &sealed), Some(position));
            assert_eq!(open("other key", &sealed), None);
            assert_ne!(seal("key", *b"nonce 13", position), sealed, "the same twice is not seen");
            let changed = sealed.replacen(|digit| digit != '0', "0", 1);
            assert_eq!(open("key", &changed), None, "{changed}");
        }
        for text in ["", "41", "yesterday", "é", &"é".repeat(24), &"+1".repeat(24)] {
            assert_eq!(open("key", text), None, "{text}");
        }
    }
}

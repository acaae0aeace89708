//! Tokens in reply addresses: `support+<token>@…`. A mail belongs to a thread only by a token that was signed here; numbers in subjects and
//! senders can be written by anybody.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::Mailbox;

/// 80 bits of the signature: nobody guesses that by mail, and an address has only 64 characters before its `@`.
const SIGNATURE_CHARS: usize = 20;
const LOCAL_CHARS_MAX: usize = 64;
const KEY_BYTES_MIN: usize = 32;

/// The key of the installation for its reply addresses.
#[derive(Clone)]
pub struct ReplyKey(Vec<u8>);

impl ReplyKey {
    /// Takes at least 32 random bytes; none when there are fewer.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Option<Self> {
        (bytes.len() >= KEY_BYTES_MIN).then_some(Self(bytes))
    }

    /// The address with a token for `subject`, an id of small letters, digits and `-`; none when it does not fit into an address.
    #[must_use]
    pub fn address(&self, mailbox: &Mailbox, subject: &str) -> Option<Mailbox> {
        let (local, domain) = mailbox.address.rsplit_once('@')?;
        let local = format!("{local}+{subject}-{}", self.signature(subject));
        let fits = is_plain(subject) && local.len() <= LOCAL_CHARS_MAX;
        fits.then(|| Mailbox { name: mailbox.name.clone(), address: format!("{local}@{domain}") })
    }

    /// The subject of an address that was made by [`Self::address`]; none when the token is missing or not ours. Large letters count as
    /// small ones, because some servers write them so.
    #[must_use]
    pub fn subject(&self, address: &str) -> Option<String> {
        let (local, _) = address.rsplit_once('@')?;
        let (_, token) = local.rsplit_once('+')?;
        let token = token.to_ascii_lowercase();
        let (subject, signature) = token.rsplit_once('-')?;
        let is_ours = bool::from(self.signature(subject).as_bytes().ct_eq(signature.as_bytes()));
        (is_plain(subject) && is_ours).then(|| subject.to_owned())
    }

    fn signature(&self, subject: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(b"weft reply address\0");
        mac.update(subject.as_bytes());
        mac.finalize().into_bytes().iter().take(SIGNATURE_CHARS / 2).fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }
}

fn is_plain(subject: &str) -> bool {
    !subject.is_empty() && subject.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-')
}

impl std::fmt::Debug for ReplyKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReplyKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_tokens_lead_to_a_subject() {
        let key = ReplyKey::new(vec![7; 32]).expect("it is long enough");
        let other = ReplyKey::new(vec![8; 32]).expect("it is long enough");
        let address = key.address(&Mailbox::new("support@example.com"), "inc-1042").expect("it fits").address;
        assert!(address.starts_with("support+inc-1042-"), "{address}");
        assert_eq!(key.subject(&address), Some("inc-1042".to_owned()));
        assert_eq!(key.subject(&address.to_uppercase()), Some("inc-1042".to_owned()));
        assert_eq!(other.subject(&address), None);
        assert_eq!(key.subject(&address.replace("1042", "1043")), None);
        for bad in
            ["support@example.com", "support+inc-1042@example.com", "+-@", "", "a+b", "support+inc-1042-@example.com"]
        {
            assert_eq!(key.subject(bad), None, "{bad}");
        }
        for bad in ["", "INC", "a b", "a\r\nb", &"x".repeat(40)] {
            assert_eq!(key.address(&Mailbox::new("support@example.com"), bad), None, "{bad:?}");
        }
        assert!(ReplyKey::new(vec![7; 31]).is_none());
    }
}

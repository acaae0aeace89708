//! Signatures of webhooks by the Standard Webhooks scheme, version 1.0: who sent a body, when, and that it is unchanged.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;

pub const ID_HEADER: &str = "webhook-id";
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";
pub const SIGNATURE_HEADER: &str = "webhook-signature";
/// How far the clocks of two sides may differ.
pub const TOLERANCE_SECONDS: i64 = 300;
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// Old and new secrets while they are exchanged; more is noise.
const SIGNATURES_MAX: usize = 16;

/// The key that both sides know.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    #[error("a webhook secret is `whsec_` and the base64 form of 24 to 64 bytes")]
    Secret,
    #[error("an id of a webhook has 1 to 255 visible characters without a dot")]
    Id,
    #[error("the timestamp of the webhook is not a number of seconds")]
    Timestamp,
    #[error("the webhook is older or newer than {TOLERANCE_SECONDS} seconds")]
    Time,
    #[error("no signature of the webhook fits")]
    Mismatch,
}

impl Secret {
    /// Reads `whsec_…`.
    ///
    /// # Errors
    /// When it is not base64 or has another length than the scheme allows.
    pub fn parse(text: &str) -> Result<Self, SignatureError> {
        let bytes = STANDARD.decode(text.strip_prefix("whsec_").unwrap_or(text)).map_err(|_| SignatureError::Secret)?;
        Self::from_bytes(bytes)
    }

    /// Takes random bytes from whoever makes them.
    ///
    /// # Errors
    /// When they are fewer than 24 or more than 64.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, SignatureError> {
        if SECRET_BYTES.contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(SignatureError::Secret) }
    }

    /// As it is shown once to the person who sets up the other side.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("whsec_{}", STANDARD.encode(&self.0))
    }

    fn mac(&self, id: &str, seconds: i64, body: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(format!("{id}.{seconds}.").as_bytes());
        mac.update(body);
        mac
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// The three headers of a webhook. `id` is the same for each attempt, `at` is the time of this one.
///
/// # Errors
/// When the id has a dot, which would let two messages share a signature, or is not plain text.
pub fn sign(secret: &Secret, id: &str, at: Timestamp, body: &[u8]) -> Result<[(String, String); 3], SignatureError> {
    check_id(id)?;
    let signature = STANDARD.encode(secret.mac(id, at.as_second(), body).finalize().into_bytes());
    Ok([
        (ID_HEADER.to_owned(), id.to_owned()),
        (TIMESTAMP_HEADER.to_owned(), at.as_second().to_string()),
        (SIGNATURE_HEADER.to_owned(), format!("v1,{signature}")),
    ])
}

/// Whether a body came from who knows the secret, and now: `signatures` may hold several, of which one must fit.
///
/// # Errors
/// What does not fit. Comparing takes the same time wherever the difference is.
pub fn verify(
    secret: &Secret,
    (id, timestamp, signatures): (&str, &str, &str),
    body: &[u8],
    now: Timestamp,
) -> Result<(), SignatureError> {
    check_id(id)?;
    let is_number = (1..=12).contains(&timestamp.len()) && timestamp.bytes().all(|c| c.is_ascii_digit());
    let seconds = timestamp.parse::<i64>().ok().filter(|_| is_number).ok_or(SignatureError::Timestamp)?;
    if seconds.abs_diff(now.as_second()) > TOLERANCE_SECONDS.unsigned_abs() {
        return Err(SignatureError::Time);
    }
    let fits = |part: &str| {
        let bytes = part.strip_prefix("v1,").and_then(|code| STANDARD.decode(code).ok());
        bytes.is_some_and(|bytes| secret.mac(id, seconds, body).verify_slice(&bytes).is_ok())
    };
    if signatures.split(' ').take(SIGNATURES_MAX).any(fits) { Ok(()) } else { Err(SignatureError::Mismatch) }
}

fn check_id(id: &str) -> Result<(), SignatureError> {
    let is_plain = (1..=255).contains(&id.len()) && id.bytes().all(|c| c.is_ascii_graphic() && c != b'.');
    if is_plain { Ok(()) } else { Err(SignatureError::Id) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example that the libraries of the scheme test themselves with.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).expect("an instant")
    }

    #[test]
    fn the_known_example_is_signed_as_others_sign_it() {
        let secret = Secret::parse(SECRET).expect("it can be read");
        let headers = sign(&secret, ID, at(1_614_265_330), BODY).expect("it is signed");
        assert_eq!(headers[1].1, "1614265330");
        assert_eq!(headers[2].1, SIGNATURE);
        assert_eq!(secret.to_text(), SECRET);
        assert_eq!(format!("{secret:?}"), "Secret");
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let secret = Secret::parse(SECRET).expect("it can be read");
        let now = at(1_614_265_330);
        let check =
            |parts, body: &[u8], now, expected| assert_eq!(verify(&secret, parts, body, now), expected, "{parts:?}");
        let other_version = SIGNATURE.replace("v1,", "v2,");
        let good = (ID, "1614265330", SIGNATURE);
        check(good, BODY, now, Ok(()));
        check(good, BODY, at(1_614_265_630), Ok(()));
        check(good, BODY, at(1_614_265_631), Err(SignatureError::Time));
        check(good, BODY, at(1_614_265_029), Err(SignatureError::Time));
        check(good, b"{}", now, Err(SignatureError::Mismatch));
        check(("msg_x", "1614265330", SIGNATURE), BODY, now, Err(SignatureError::Mismatch));
        check((ID, "1614265331", SIGNATURE), BODY, now, Err(SignatureError::Mismatch));
        check((ID, "+1614265330", SIGNATURE), BODY, now, Err(SignatureError::Timestamp));
        check((ID, "", SIGNATURE), BODY, now, Err(SignatureError::Timestamp));
        check(("a.b", "1614265330", SIGNATURE), BODY, now, Err(SignatureError::Id));
        check((ID, "1614265330", ""), BODY, now, Err(SignatureError::Mismatch));
        check((ID, "1614265330", "v1,"), BODY, now, Err(SignatureError::Mismatch));
        check((ID, "1614265330", &other_version), BODY, now, Err(SignatureError::Mismatch));
        let exchanged = format!("v1a,AAAA v1,AAAA {SIGNATURE}");
        check((ID, "1614265330", &exchanged), BODY, now, Ok(()));
        let buried = format!("{}{SIGNATURE}", "v1,AAAA ".repeat(16));
        check((ID, "1614265330", &buried), BODY, now, Err(SignatureError::Mismatch));
        for bad in ["whsec_", "whsec_AAAA", "whsec_!", ""] {
            assert_eq!(Secret::parse(bad).map(|_| ()), Err(SignatureError::Secret), "{bad}");
        }
    }
}

//! From a message to the bytes of RFC 5322. Everything that others wrote is cleaned or refused here, so no text can become a header.

use std::fmt::Write as _;
use std::time::SystemTime;

use jiff::Timestamp;
use lettre::address::Envelope;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox as LettreMailbox, MultiPart, SinglePart};
use lettre::{Address, Message as LettreMessage};
use sha2::{Digest, Sha256};

use super::{MailError, Mailbox, Message, Origin, RECIPIENTS_MAX, REFERENCES_MAX, SUBJECT_CHARS_MAX, TEXT_BYTES_MAX};

const MESSAGE_ID_BYTES_MAX: usize = 250;

/// A mail as it goes over the line.
pub(super) struct Composed {
    pub(super) message_id: String,
    pub(super) envelope: Envelope,
    pub(super) bytes: Vec<u8>,
}

pub(super) fn compose(message: &Message, now: Timestamp) -> Result<Composed, MailError> {
    let recipients = message.to.len() + message.cc.len();
    if message.to.is_empty() || recipients > RECIPIENTS_MAX {
        return Err(wrong(format!("it has {recipients} recipients; 1 to {RECIPIENTS_MAX} are possible")));
    }
    if message.text.len() > TEXT_BYTES_MAX || message.html.as_ref().is_some_and(|html| html.len() > TEXT_BYTES_MAX) {
        return Err(wrong(format!("its text is longer than {TEXT_BYTES_MAX} bytes")));
    }
    let message_id = message_id(&message.idempotency_key, &message.domain)?;
    let mut builder = LettreMessage::builder()
        .date(SystemTime::from(now))
        .message_id(Some(message_id.clone()))
        .from(mailbox(&message.from)?)
        .subject(cleaned(&message.subject, SUBJECT_CHARS_MAX));
    let mut envelope_to = Vec::new();
    for to in &message.to {
        let to = mailbox(to)?;
        envelope_to.push(to.email.clone());
        builder = builder.to(to);
    }
    for cc in &message.cc {
        let cc = mailbox(cc)?;
        envelope_to.push(cc.email.clone());
        builder = builder.cc(cc);
    }
    if let Some(reply_to) = &message.reply_to {
        builder = builder.reply_to(mailbox(reply_to)?);
    }
    if let Some(id) = &message.in_reply_to {
        builder = builder.in_reply_to(checked_id(id)?.to_owned());
    }
    builder = builder.references(references(&message.references, &message_id)?);
    for (name, value) in origin_headers(message) {
        builder = builder.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(name), value));
    }
    let return_path = message.return_path.as_deref().filter(|_| message.origin != Origin::Replied);
    let envelope =
        Envelope::new(return_path.map(address).transpose()?, envelope_to).map_err(|error| wrong(error.to_string()))?;
    builder = builder.envelope(envelope.clone());

    let text = normal_lines(&message.text);
    let mail = match &message.html {
        None => builder.singlepart(SinglePart::plain(text)),
        Some(html) => {
            // Made from the id, so that a mail that is sent again is the same to the byte.
            let boundary = format!("weft-{}", &hash(&message_id)[..32]);
            let parts = MultiPart::alternative().boundary(boundary);
            builder
                .multipart(parts.singlepart(SinglePart::plain(text)).singlepart(SinglePart::html(normal_lines(html))))
        }
    };
    let mail = mail.map_err(|error| wrong(error.to_string()))?;
    Ok(Composed { message_id, envelope, bytes: mail.formatted() })
}

fn wrong(why: String) -> MailError {
    MailError::Message(why)
}

fn origin_headers(message: &Message) -> Vec<(&'static str, String)> {
    let submitted = match message.origin {
        Origin::Person => return Vec::new(),
        Origin::Generated => "auto-generated",
        Origin::Replied => "auto-replied",
    };
    vec![
        ("Auto-Submitted", submitted.to_owned()),
        ("X-Auto-Response-Suppress", "All".to_owned()),
        // Recognised when one of our own mails comes back by way of a list or a forwarding.
        ("X-Loop", message.domain.clone()),
    ]
}

/// `<key@domain>`. A key that does not fit on the left of an id is replaced by its hash: stable is what counts.
fn message_id(key: &str, domain: &str) -> Result<String, MailError> {
    let is_plain = |text: &str| {
        let fits = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
        !text.is_empty() && text.split('.').all(|part| !part.is_empty() && part.bytes().all(fits))
    };
    if !is_plain(domain) || domain.len() > 150 {
        return Err(wrong("the domain of the installation is not one".to_owned()));
    }
    if key.is_empty() {
        return Err(wrong("it has no idempotency key".to_owned()));
    }
    let left = if is_plain(key) && key.len() <= 64 { key.to_owned() } else { hash(key) };
    Ok(format!("<{left}@{domain}>"))
}

/// Two ids are never joined by anything but a space, and each is one pair of angle brackets around plain characters.
fn references(given: &[String], own: &str) -> Result<String, MailError> {
    let mut kept: Vec<&str> = Vec::new();
    for (at, id) in given.iter().enumerate() {
        // The first leads to the thread, the latest to its place in it (RFC 5322 allows to drop what is between).
        if at == 0 || at + REFERENCES_MAX > given.len() + 1 {
            kept.push(checked_id(id)?);
        }
    }
    kept.push(own);
    Ok(kept.join(" "))
}

fn checked_id(id: &str) -> Result<&str, MailError> {
    let inner = id.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    let is_plain =
        |inner: &str| !inner.is_empty() && inner.bytes().all(|c| c.is_ascii_graphic() && !b"<>".contains(&c));
    if id.len() <= MESSAGE_ID_BYTES_MAX && inner.is_some_and(is_plain) {
        return Ok(id);
    }
    Err(wrong("an id of the mail that it answers is not one; it has the form `<left@right>`".to_owned()))
}

fn mailbox(mailbox: &Mailbox) -> Result<LettreMailbox, MailError> {
    let name = mailbox.name.as_deref().map(|name| cleaned(name, 100)).filter(|name| !name.is_empty());
    Ok(LettreMailbox::new(name, address(&mailbox.address)?))
}

fn address(text: &str) -> Result<Address, MailError> {
    // The reader knows quoted local parts with almost anything in them; plain ones are all that people have.
    let is_plain =
        text.len() <= 254 && !text.chars().any(|c| c.is_control() || c.is_whitespace() || "\"<>(),;:\\[]".contains(c));
    let read = if is_plain { text.parse().ok() } else { None };
    read.ok_or_else(|| {
        let shown: String = text.chars().filter(|c| !c.is_control()).take(100).collect();
        wrong(format!("`{shown}` is not a mail address"))
    })
}

/// One line without control characters and without marks that turn the direction of what follows.
fn cleaned(text: &str, chars_max: usize) -> String {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let spaced: String =
        text.chars().map(|c| if c.is_control() || "\u{2028}\u{2029}".contains(c) { ' ' } else { c }).collect();
    let line: String = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().filter(|&c| !turns(c)).take(chars_max).collect()
}

/// CRLF everywhere: a lone CR or LF is what smuggling is made of. The last line break comes with the format.
fn normal_lines(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "");
    text.trim_end_matches('\n').replace('\n', "\r\n")
}

fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests;

//! Outgoing mail: one message, and the two ways it leaves, by SMTP and into a folder. Knows no ticket; whose mail answers what is decided
//! elsewhere.

mod compose;
mod file;
mod smtp;
pub mod token;

pub use file::FileMail;
pub use smtp::{Credentials, Security, SmtpSender, SmtpSettings};

use domain::schedule::Outcome;
use jiff::Timestamp;

use crate::error::NotSent;

pub const RECIPIENTS_MAX: usize = 100;
pub const TEXT_BYTES_MAX: usize = 1 << 20;
pub const SUBJECT_CHARS_MAX: usize = 250;
/// Of a longer thread the first and the latest are kept.
pub const REFERENCES_MAX: usize = 20;

/// A mail address with the name that is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    pub name: Option<String>,
    /// `local@domain`.
    pub address: String,
}

/// What wrote the mail, so that machines do not answer machines (RFC 3834).
///
/// `Auto-Submitted` says it by the standard, `X-Auto-Response-Suppress` says it to Exchange, which does not read the standard.
/// `Precedence` is not sent: RFC 3834 advises against it, it has no agreed meaning, and `bulk` costs the mail its place in the inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Origin {
    /// A person wrote the text; an answer of an absent recipient is of interest to them.
    Person,
    /// Something happened, and Weft tells it.
    #[default]
    Generated,
    /// Weft answers a mail by itself. Such a mail must also have no return path.
    Replied,
}

/// One mail. What people wrote may contain anything: line breaks and control characters in what becomes a header are made spaces.
#[derive(Clone)]
pub struct Message {
    /// The same for each attempt; it becomes the left side of the Message-ID, so that a mail that came twice is seen as one.
    pub idempotency_key: String,
    /// The right side of the Message-ID: the domain of the installation.
    pub domain: String,
    pub from: Mailbox,
    /// Where bounces go; nowhere (`<>`) when absent, as automatic replies must have it.
    pub return_path: Option<String>,
    pub to: Vec<Mailbox>,
    pub cc: Vec<Mailbox>,
    /// With a token in it, see [`token`].
    pub reply_to: Option<Mailbox>,
    pub subject: String,
    pub text: String,
    /// The same for readers of HTML. It must have been made safe.
    pub html: Option<String>,
    /// With angle brackets, as in the mail that is answered.
    pub in_reply_to: Option<String>,
    /// Oldest first. The own id is put behind them: some providers replace the Message-ID but keep the references.
    pub references: Vec<String>,
    pub origin: Origin,
}

/// Who took the mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub message_id: String,
    /// Recipients that the server refused while it took the mail for the others.
    pub refused: Vec<RefusedRecipient>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedRecipient {
    pub address: String,
    pub verdict: Verdict,
}

/// What a server said against it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// 4xx: it may do better later.
    ForNow(String),
    /// 5xx: it will not.
    ForGood(String),
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Self::ForNow(text) | Self::ForGood(text)) = self;
        f.write_str(text)
    }
}

/// Why a mail is not known to be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// As it is, it cannot be a mail.
    #[error("the mail cannot be sent: {0}")]
    Message(String),
    /// The server was not reached.
    #[error(transparent)]
    NotSent(#[from] NotSent),
    /// The server was reached, and the mail was surely not taken: at what stage, and why.
    #[error("the mail server does not take the mail at {stage}: {verdict}")]
    Rejected { stage: &'static str, verdict: Verdict },
    /// All of it was sent and no answer came: it may have been taken.
    #[error("the mail server was sent the mail and did not answer: {0}")]
    Unknown(String),
}

impl MailError {
    /// What it means for the next attempt.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        let reason = self.to_string();
        match self {
            Self::Rejected { verdict: Verdict::ForNow(_), .. } => Outcome::Failed { reason, retry_after_seconds: None },
            Self::Message(_) | Self::Rejected { .. } => Outcome::Refused { reason },
            Self::NotSent(not_sent) => not_sent.outcome(),
            Self::Unknown(_) => Outcome::Unknown { reason },
        }
    }
}

/// Sends mail.
#[async_trait::async_trait]
pub trait MailSender: Send + Sync + std::fmt::Debug {
    /// Sends one mail, dated `now`.
    ///
    /// # Errors
    /// When the mail is not known to be taken; the cases of [`MailError`] say what that means.
    async fn send(&self, message: &Message, now: Timestamp) -> Result<Receipt, MailError>;
}

impl Mailbox {
    #[must_use]
    pub fn new(address: impl Into<String>) -> Self {
        Self { name: None, address: address.into() }
    }

    #[must_use]
    pub fn named(name: impl Into<String>, address: impl Into<String>) -> Self {
        Self { name: Some(name.into()), address: address.into() }
    }
}

impl std::fmt::Debug for Message {
    /// Without people and texts.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message").field("idempotency_key", &self.idempotency_key).finish_non_exhaustive()
    }
}

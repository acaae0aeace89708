//! The outbox: what shall leave the house, from the commit that decided it to the word about how it ended.
//!
//! An item is the one row of truth about a delivery; a job works on it. What it says and to whom is kept beside it only as long as it
//! may still have to be sent.

use crate::event::Cause;
use crate::job::OutboundRequest;
use crate::schedule::{OnUnknown, RetryPolicy};
use crate::{InstanceId, OutboxId, PersonId, PluginId, SpaceId, TicketId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Characters of a reason that are kept.
pub const REASON_CHARS_MAX: usize = 500;
/// Characters of what an operator reads as the target.
const TARGET_CHARS_MAX: usize = 200;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutboxItem {
    pub id: OutboxId,
    /// From the cause and the place in it: the same for every attempt, and for a repeated decision.
    pub idempotency_key: String,
    pub item_type: ItemType,
    /// Method and address without query, or the person or domain that a mail goes to: nothing that a person wrote.
    pub target: String,
    pub state: OutboxState,
    /// Attempts that were begun.
    pub attempts: u32,
    pub policy: RetryPolicy,
    pub plugin: Option<PluginId>,
    pub ticket: Option<TicketId>,
    pub space: SpaceId,
    /// The step of a flow that waits for the answer.
    pub step: Option<StepRef>,
    /// Nobody waits for the answer any more; it is not tried again.
    pub abandoned: bool,
    pub created_at: Timestamp,
    /// Of the next attempt, while it waits for one.
    pub next_at: Option<Timestamp>,
    /// When the last attempt began.
    pub sent_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    /// What the other side answered last.
    pub status: Option<u16>,
    pub last_error: Option<String>,
    /// Why it is dead or unknown, or who settled it.
    pub reason: Option<String>,
    pub cause: Cause,
    pub version: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ItemType {
    Http,
    Mail,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutboxState {
    /// For its first attempt or the next one.
    Waiting,
    /// A node is at it.
    Sending,
    Delivered,
    /// It may have happened, and nothing repeats it on its own: an operator decides.
    Unknown,
    /// It surely did not happen and will not be tried again; an operator can send it again.
    Dead,
    /// What wanted it does not want it any more.
    Cancelled,
}

impl OutboxState {
    pub const ALL: [Self; 6] =
        [Self::Waiting, Self::Sending, Self::Delivered, Self::Unknown, Self::Dead, Self::Cancelled];

    /// Whether somebody or something still has to do with it.
    #[must_use]
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Delivered | Self::Cancelled)
    }

    /// Whether a step still waits for it: as long as it is not known how it ended. A step of an item that was given up has been told.
    #[must_use]
    pub fn is_awaited(self) -> bool {
        matches!(self, Self::Waiting | Self::Sending | Self::Unknown)
    }
}

/// The element of an instance that waits for an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRef {
    pub process: String,
    pub instance: InstanceId,
    pub element: String,
}

impl StepRef {
    /// The one key under which its waiting request is found.
    #[must_use]
    pub fn key(&self) -> String {
        format!("flow:{}:call:{}", self.instance, self.element)
    }
}

/// What is sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Content {
    Http { request: Box<OutboundRequest> },
    Mail { mail: Box<Mail> },
}

/// One mail to one address: so each recipient has its own attempts, and nobody reads who else got it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    pub purpose: MailPurpose,
    /// One of ours: the address is looked up when it is sent.
    pub person: Option<PersonId>,
    pub to_name: Option<String>,
    /// Empty for a person.
    pub to: String,
    pub subject: String,
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MailPurpose {
    /// A plugin writes to somebody.
    Letter,
    /// What the product tells a person, for those who want it by mail too.
    Notification,
}

impl Content {
    #[must_use]
    pub fn item_type(&self) -> ItemType {
        match self {
            Self::Http { .. } => ItemType::Http,
            Self::Mail { .. } => ItemType::Mail,
        }
    }

    /// What an operator reads as the target: no query, no name, no text.
    #[must_use]
    pub fn target(&self) -> String {
        match self {
            Self::Http { request } => {
                let url = request.url.split(['?', '#']).next().unwrap_or_default();
                format!("{} {url}", request.method).chars().take(TARGET_CHARS_MAX).collect()
            }
            Self::Mail { mail } => {
                let to = match &mail.person {
                    Some(person) => format!("mail to person {person}"),
                    None => format!("mail to {}", mail.to.rsplit_once('@').map_or("?", |(_, domain)| domain)),
                };
                to.chars().take(TARGET_CHARS_MAX).collect()
            }
        }
    }

    /// Whether repeating it does no harm by what is known of it alone: the method's meaning (RFC 9110 9.2.2), or what it says of itself.
    #[must_use]
    pub fn on_unknown(&self) -> OnUnknown {
        match self {
            Self::Http { request } if request.idempotent || is_idempotent(&request.method) => OnUnknown::Retry,
            // A second mail with the same Message-ID is shown once by most programs and twice by some: a person decides.
            _ => OnUnknown::Ask,
        }
    }
}

fn is_idempotent(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "PUT" | "DELETE" | "OPTIONS" | "TRACE")
}

/// What a step is told about its request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum StepAnswer {
    Answered { response: serde_json::Value },
    Failed { message: String },
}

/// A text that others had a hand in, short enough to keep.
#[must_use]
pub fn reason(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(REASON_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn http(method: &str, url: &str, idempotent: bool) -> Content {
        let request = OutboundRequest { idempotent, ..OutboundRequest::new("identity".into(), method, url) };
        Content::Http { request: Box::new(request) }
    }

    #[test]
    fn a_target_shows_no_content() {
        let content = http("POST", "https://idp.example.com/scim/v2/Users?token=secret#x", false);
        assert_eq!(content.target(), "POST https://idp.example.com/scim/v2/Users");
        let mail = Mail {
            purpose: MailPurpose::Letter,
            person: None,
            to_name: Some("Ana".into()),
            to: "ana@example.com".into(),
            subject: "Salary".into(),
            text: "secret".into(),
        };
        assert_eq!(Content::Mail { mail: Box::new(mail) }.target(), "mail to example.com");
    }

    #[test]
    fn only_what_does_no_harm_is_repeated_after_silence() {
        for (method, idempotent, expected) in [
            ("GET", false, OnUnknown::Retry),
            ("PUT", false, OnUnknown::Retry),
            ("POST", false, OnUnknown::Ask),
            ("POST", true, OnUnknown::Retry),
            ("PATCH", false, OnUnknown::Ask),
        ] {
            assert_eq!(http(method, "https://a.example/", idempotent).on_unknown(), expected, "{method} {idempotent}");
        }
    }

    #[test]
    fn a_reason_is_one_short_line() {
        assert_eq!(reason("a\r\nb\u{1b}[0m"), "a  b [0m");
        assert_eq!(reason(&"x".repeat(9_000)).len(), REASON_CHARS_MAX);
    }
}

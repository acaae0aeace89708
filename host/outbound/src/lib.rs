//! What leaves the house: HTTP requests, webhooks and mail, one item at a time, each with an honest word about how it ended.
//!
//! *Architecture Invariant:* no other crate opens a connection outwards, so what may be reached is decided here and nowhere else. Knows no
//! outbox, no retry, no ticket and no plugin; takes the time, keys and certificates as arguments. Reads no proxy variables.

pub mod address;
pub mod connect;
pub mod error;
pub mod http;
pub mod mail;
pub mod policy;
pub mod signature;
mod stream;
pub mod target;
pub mod tls;

pub use address::Reach;
pub use connect::{Resolve, SystemResolver};
pub use error::{NotSent, Refusal, SendError};
pub use http::{HttpSender, Request, Response};
pub use mail::{FileMail, MailError, MailSender, Message, Receipt, SmtpSender};
pub use policy::{HostRule, Policy, Redirects, Rule, Transport};
pub use target::Target;
pub use tls::Trust;

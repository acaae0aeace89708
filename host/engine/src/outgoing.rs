//! Effects that leave the house. A decision sends nothing: it says what is to be sent, and the commit keeps it.

use crate::decision::{Outgoing, OutgoingWish};
use crate::wave::{By, Wave};
use domain::effect::{Call, Mail};
use domain::schedule::RetryPolicy;
use domain::{Actor, SpaceId, TicketId};

const BODY_BYTES_MAX: usize = 1 << 20;
const HEADERS_MAX: usize = 50;
const TIMEOUT_SECONDS_MAX: u32 = 30;
const TEXT_BYTES_MAX: usize = 64 << 10;
const SUBJECT_CHARS_MAX: usize = 250;
/// Of one effect.
const RECIPIENTS_MAX: usize = 100;
const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

impl Wave<'_> {
    pub(crate) fn call(&mut self, call: &Call, ticket: Option<TicketId>, by: &By, pointer: &str) {
        let Some(plugin) = by.plugin.clone() else { return self.plugins_only(pointer, "call") };
        if !METHODS.contains(&call.method.as_str()) {
            let message = format!("a request is one of {}, in capitals", METHODS.join(", "));
            self.problem(&format!("{pointer}/method"), "unknown-method", message);
        }
        if call.body.as_ref().is_some_and(|body| body.len() > BODY_BYTES_MAX) || call.headers.len() > HEADERS_MAX {
            let message = format!("a request has at most {BODY_BYTES_MAX} bytes and {HEADERS_MAX} headers");
            self.problem(pointer, "too-large", message);
        }
        if call.timeout_seconds.is_some_and(|seconds| !(1..=TIMEOUT_SECONDS_MAX).contains(&seconds)) {
            let message = format!("a request has 1 to {TIMEOUT_SECONDS_MAX} seconds");
            self.problem(&format!("{pointer}/timeout_seconds"), "bad-timeout", message);
        }
        if let Some(Err(problem)) = call.backoff.as_deref().map(RetryPolicy::listed) {
            self.problem(&format!("{pointer}/backoff"), "bad-retries", problem.message);
        }
        if let Some(space) = self.outgoing_space(ticket.as_ref(), pointer) {
            let wish = OutgoingWish::Call(Box::new(call.clone()));
            self.send(Outgoing { from: by.actor.clone(), plugin: Some(plugin), ticket, space, wish });
        }
    }

    pub(crate) fn mail(&mut self, mail: &Mail, ticket: Option<TicketId>, by: &By, pointer: &str) {
        let Some(plugin) = by.plugin.clone() else { return self.plugins_only(pointer, "mail") };
        let recipients = mail.people.len() + mail.to.len();
        if !(1..=RECIPIENTS_MAX).contains(&recipients) {
            let message = format!("a mail has 1 to {RECIPIENTS_MAX} recipients, in `people` and `to` together");
            self.problem(pointer, "bad-recipients", message);
        }
        for (index, address) in mail.to.iter().enumerate() {
            let is_address = address.split_once('@').is_some_and(|(local, domain)| {
                !local.is_empty() && domain.contains('.') && !domain.contains('@') && address.len() <= 254
            });
            if !is_address {
                let message = "this is no mail address; write it as `name@example.com`";
                self.problem(&format!("{pointer}/to/{index}"), "bad-address", message);
            }
        }
        let subject_chars = mail.subject.trim().chars().count();
        if !(1..=SUBJECT_CHARS_MAX).contains(&subject_chars) || mail.text.len() > TEXT_BYTES_MAX {
            let message = format!(
                "a mail has a subject of at most {SUBJECT_CHARS_MAX} characters and a text of at most {TEXT_BYTES_MAX} bytes"
            );
            self.problem(pointer, "bad-mail", message);
        }
        if let Some(space) = self.outgoing_space(ticket.as_ref(), pointer) {
            let wish = OutgoingWish::Mail(Box::new(mail.clone()));
            self.send(Outgoing { from: by.actor.clone(), plugin: Some(plugin), ticket, space, wish });
        }
    }

    fn send(&mut self, outgoing: Outgoing) {
        // History is stated, not lived through again: nobody is written to about what was over years ago.
        if !self.is_import() {
            self.out.outgoing.push(outgoing);
        }
    }

    /// The space on whose account it is sent.
    fn outgoing_space(&mut self, ticket: Option<&TicketId>, pointer: &str) -> Option<SpaceId> {
        let Some(id) = ticket else { return Some(SpaceId::from(Actor::PLATFORM)) };
        let space = self.ticket(id).map(|working| working.after.ticket.space.clone());
        if space.is_none() {
            self.problem(pointer, "unknown-ticket", format!("there is no ticket `{id}`"));
        }
        space
    }
}

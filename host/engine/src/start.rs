//! Effects that reach flows. A flow decides in waves of its own, so both become jobs of the same commit.

use crate::decision::JobPlan;
use crate::wave::{By, Wave};
use domain::TicketId;
use domain::effect::{SendMessage, StartFlow};
use domain::event::Cause;
use domain::flow::Topic;
use domain::job::{FlowStart, Work};

/// Seconds that a message is kept when nobody waits for it yet.
const MESSAGE_SECONDS: i64 = 3_600;

impl Wave<'_> {
    pub(crate) fn start_flow(&mut self, start: &StartFlow, ticket: Option<TicketId>, by: &By, pointer: &str) {
        // History is stated, not lived through again: its flows ran elsewhere.
        if self.is_import() {
            return;
        }
        let Some(ticket) = ticket else {
            return self.problem(pointer, "no-ticket", "`start-flow` must name a ticket here");
        };
        let Some(working) = self.tickets.get(&ticket) else {
            return self.problem(pointer, "unknown-ticket", format!("there is no ticket `{ticket}`"));
        };
        let begin = FlowStart {
            node: None,
            business_key: Some(ticket.0.clone()),
            space: Some(working.after.ticket.space.clone()),
            ticket: Some(ticket.clone()),
            variables: start.variables.clone(),
            by: by.actor.clone(),
        };
        let key = format!("start/{}/{ticket}", start.process);
        self.out.jobs.push(JobPlan {
            work: Work::StartFlow { process: start.process.clone(), start: begin, cause: self.next_cause() },
            order_key: key.clone(),
            due_at: self.now,
            unique_key: key,
        });
    }

    pub(crate) fn send_message(&mut self, send: &SendMessage) {
        if self.is_import() {
            return;
        }
        let topic = Topic::Message { name: send.name.clone(), key: send.correlation_key.clone() };
        let order_key = format!("message/{}/{}", send.name, send.correlation_key);
        let unique_key = format!("publish:{}", self.ids.next_id());
        self.out.jobs.push(JobPlan {
            work: Work::Publish {
                topic,
                variables: send.variables.clone(),
                ttl_seconds: MESSAGE_SECONDS,
                from: None,
                cause: self.next_cause(),
            },
            order_key,
            due_at: self.now,
            unique_key,
        });
    }

    /// One step further from what a person did.
    fn next_cause(&self) -> Cause {
        Cause { depth: self.cause.depth + 1, ..self.cause.clone() }
    }
}

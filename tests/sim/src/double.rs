//! Plugins without components: what they decide is a function of what they are told, and sometimes they are slow, ask to wait, or trap.
//!
//! The desk is a practice: it limits how many tickets of a group are worked on at once, starts a clock and a timer on each new ticket,
//! starts a flow for some, and answers every comment, timer and due clock with one comment of its own that says what it answers and
//! which version of the ticket it saw. The robot has a step for flows and an approval rule.

use crate::world::{Luck, Shared};
use app::port::outbound::{Delivery, Outbound, OutboundHttp};
use app::port::plugins::{
    ApprovalInput, Call, CallFault, Capability, Fault, FaultCause, GuardInput, Inspection, Plugins, RawEffect,
    Rejection, StepInput, StepOutcome, Verdict,
};
use async_trait::async_trait;
use domain::filter::{Field, Filter};
use domain::{Digest, Event, PluginId, Problem, Ticket};
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use store::digest;

/// Tickets of one group that may be worked on at the same time.
pub const ACTIVE_MAX: u32 = 1;

const DESK: &str = include_str!("double/desk.toml");
const CASE: &str = include_str!("double/case.toml");
const ROBOT: &str = include_str!("double/robot.toml");

/// A component is the name of a plugin.
pub const COMPONENTS: [&str; 2] = ["desk", "robot"];

/// The plugins of one node. Without luck everything goes well.
#[derive(Debug)]
pub struct DoublePlugins {
    pub shared: Option<Arc<Shared>>,
}

impl DoublePlugins {
    /// What happens to a call before it is answered.
    async fn luck(&self, call: &Call, function: &'static str) -> Result<Option<Fault>, CallFault> {
        let Some(shared) = &self.shared else { return Ok(None) };
        let fault = |cause| CallFault { plugin: call.plugin.clone(), function, cause };
        match shared.plugin_luck(function) {
            Luck::Good => Ok(None),
            Luck::Slow(millis) => {
                shared.timeline.sleep(Duration::from_millis(millis)).await;
                Ok(None)
            }
            Luck::Later => Ok(Some(Fault::Retry(7))),
            Luck::Trap => Err(fault(FaultCause::Trap("unreachable".to_owned()))),
            Luck::Deadline => {
                shared.timeline.sleep(Duration::from_secs(1)).await;
                Err(fault(FaultCause::Deadline(1_000)))
            }
        }
    }
}

/// A number that follows from a text and looks like chance.
pub fn number_of(text: &str, below: u64) -> u64 {
    let hash = digest::of_bytes(text.as_bytes());
    u64::from_str_radix(&hash[..12], 16).expect("a digest is hexadecimal") % below
}

fn effect(kind: &str, data: Value) -> RawEffect {
    RawEffect { kind: kind.to_owned(), data: data.to_string() }
}

fn say(ticket: &Ticket, text: &str) -> RawEffect {
    let body = format!("{text} v{}", ticket.version);
    effect("comment", json!({ "visibility": "internal", "body": body }))
}

#[async_trait]
impl Plugins for DoublePlugins {
    fn inspect(&self, wasm: &[u8]) -> Result<Inspection, Vec<Problem>> {
        let (manifest, assets) = match wasm {
            b"desk" => (DESK, BTreeMap::from([("kinds/case.toml".to_owned(), CASE.as_bytes().to_vec())])),
            b"robot" => (ROBOT, BTreeMap::new()),
            _ => return Err(vec![Problem::new("", "not-a-component", "it is neither the desk nor the robot")]),
        };
        Ok(Inspection {
            digest: Digest(digest::of_bytes(wasm)),
            size: wasm.len() as u64,
            manifest: manifest.to_owned(),
            assets,
            imports: Vec::new(),
            exports: Vec::new(),
        })
    }

    async fn prepare(
        &self,
        plugin: &PluginId,
        _digest: &Digest,
        _wasm: Arc<[u8]>,
    ) -> Result<Vec<Capability>, Vec<Problem>> {
        Ok(match plugin.as_str() {
            "desk" => vec![Capability::Guard, Capability::React],
            _ => vec![Capability::Automation, Capability::Approval],
        })
    }

    fn forget(&self, _digest: &Digest) {}

    async fn guard(&self, call: Call, input: GuardInput) -> Result<Result<Vec<RawEffect>, Rejection>, CallFault> {
        // A guard cannot ask to wait: its commands are tried again by those who sent them.
        self.luck(&call, "guard").await?;
        let ticket = &input.after;
        let Some(before) = &input.before else {
            let minutes = i64::try_from(number_of(ticket.id.as_str(), 40)).unwrap_or(0) + 1;
            let at = call.context.now + SignedDuration::from_mins(minutes);
            let due = call.context.now + SignedDuration::from_mins(42 - minutes);
            return Ok(Ok(vec![
                effect("schedule", json!({ "key": "follow-up", "at": at, "data": {} })),
                effect(
                    "start-clock",
                    json!({ "name": "answer", "title": "Answer", "started_at": call.context.now, "due_at": due,
                        "reason": "the desk answers within the hour", "data": {} }),
                ),
            ]));
        };
        if before.state != "active" && ticket.state == "active" {
            let group = ticket.group.as_ref().map(|group| group.0.clone()).unwrap_or_default();
            let busy = Filter::And(vec![
                Filter::eq(Field::Kind, "case"),
                Filter::eq(Field::State, "active"),
                Filter::eq(Field::Group, group),
            ]);
            let count = call.reader.ticket_count(&busy).await;
            if !count.is_ok_and(|count| count < ACTIVE_MAX) {
                return Ok(Err(vec![Problem::new("", "too-much", "the group has enough to do")]));
            }
        }
        Ok(Ok(Vec::new()))
    }

    async fn react(
        &self,
        call: Call,
        event: Event,
        subject: Option<Ticket>,
    ) -> Result<Result<Vec<RawEffect>, Fault>, CallFault> {
        if let Some(fault) = self.luck(&call, "react").await? {
            return Ok(Err(fault));
        }
        let Some(ticket) = subject else { return Ok(Ok(Vec::new())) };
        let mut effects = Vec::new();
        match event.kind.as_str() {
            "ticket.created" => {
                effects.push(say(&ticket, &format!("answer to {}", event.seq)));
                if number_of(ticket.id.as_str(), 3) == 0 {
                    effects.push(effect("start-flow", json!({ "process": "order", "variables": {} })));
                }
            }
            "comment.added" if event.actor != "desk" => {
                effects.push(say(&ticket, &format!("answer to {}", event.seq)));
            }
            "timer.fired" => effects.push(say(&ticket, &format!("timer {}", event.data["key"]))),
            "clock.due" => effects.push(say(&ticket, "clock due")),
            _ => {}
        }
        Ok(Ok(effects))
    }

    async fn run_step(&self, call: Call, input: StepInput) -> Result<Result<StepOutcome, Fault>, CallFault> {
        if let Some(fault) = self.luck(&call, "step").await? {
            return Ok(Err(fault));
        }
        let ticket = input.ticket.as_ref().map(|ticket| ticket.id.0.clone()).unwrap_or_default();
        if call.context.extra.contains_key("answer") {
            return Ok(Ok(done(&input, "called")));
        }
        Ok(Ok(match number_of(&format!("{}{ticket}", input.step), 6) {
            0 => StepOutcome::Call {
                method: "POST".to_owned(),
                url: "https://shop.example/orders".to_owned(),
                headers: Vec::new(),
                body: Some(ticket),
            },
            1 => StepOutcome::Wait { name: "stocked".to_owned(), correlation_key: ticket, timeout_seconds: None },
            2 => StepOutcome::BpmnError { code: "sold-out".to_owned(), message: "there is none left".to_owned() },
            _ => done(&input, "done"),
        }))
    }

    async fn decide(&self, call: Call, input: ApprovalInput) -> Result<Result<Verdict, Fault>, CallFault> {
        if let Some(fault) = self.luck(&call, "rule").await? {
            return Ok(Err(fault));
        }
        let needed: Vec<_> = input
            .approvers
            .iter()
            .filter(|person| !input.votes.iter().any(|vote| vote.person == **person))
            .cloned()
            .collect();
        Ok(Ok(if needed.is_empty() {
            Verdict::Approved("everybody answered".to_owned())
        } else {
            Verdict::Pending { needed, reason: "not everybody answered".to_owned() }
        }))
    }
}

fn done(input: &StepInput, how: &str) -> StepOutcome {
    let effects = input.ticket.as_ref().map(|ticket| say(ticket, &format!("step {how}")));
    StepOutcome::Done { outputs: json!({ "how": how }).to_string(), effects: effects.into_iter().collect() }
}

/// The outside: a shop that counts what arrives, by idempotency key.
#[derive(Debug)]
pub struct DoubleOutbound {
    pub shared: Option<Arc<Shared>>,
}

#[async_trait]
impl Outbound for DoubleOutbound {
    async fn http(&self, request: OutboundHttp) -> Delivery {
        let answered = |status| Delivery::Answered {
            status,
            headers: Vec::new(),
            body: "{}".to_owned(),
            retry_after_seconds: None,
        };
        let Some(shared) = &self.shared else { return answered(200) };
        match shared.plugin_luck("http") {
            Luck::Later => Delivery::NotSent { reason: "no route".to_owned(), may_retry: true },
            Luck::Trap => answered(503),
            luck => {
                shared.history().ordered(&request.idempotency_key);
                match luck {
                    Luck::Slow(millis) => {
                        shared.timeline.sleep(Duration::from_millis(millis)).await;
                        answered(201)
                    }
                    Luck::Deadline => Delivery::Unknown { reason: "the reply was lost".to_owned() },
                    _ => answered(201),
                }
            }
        }
    }
}

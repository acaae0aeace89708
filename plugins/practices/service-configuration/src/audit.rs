//! Audits: items against the policies of their space, a page at a time, and one ticket for each item that fails.

use crate::policy::{Policies, worst};
use crate::reconcile::pages_of;
use serde::Deserialize;
use std::collections::BTreeMap;
use weft_sdk::automation::{Outcome, StepCall};
use weft_sdk::prelude::*;
use weft_sdk::{Ci, CiSearch, CreateTicket};

const DEVIATION: &str = "ci-deviation";
/// Items that one audit looks at before it says where to go on.
const LOOKED_AT_MAX: usize = 200;
/// Open tickets that one answer holds.
const OPEN_MAX: u32 = 200;
/// Tickets that one audit opens, changes or closes.
const CHANGES_MAX: usize = 100;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Question {
    space: Option<String>,
    class: Option<String>,
    items: Option<Vec<String>>,
    after: Option<String>,
}

/// What an audit found, and what follows.
#[derive(Debug, Default)]
pub(crate) struct Audit {
    checked: usize,
    compliant: usize,
    failing: Vec<Value>,
    opened: usize,
    closed: usize,
    next: Option<String>,
    pub effects: Effects,
}

/// The open tickets of deviations, by item: all of them in one question where one answer holds them.
struct OpenDeviations(Option<BTreeMap<String, Ticket>>);

impl OpenDeviations {
    fn read(host: &impl Host) -> Result<Self, Fault> {
        let found = host.find(&Search::of(DEVIATION).open(), OPEN_MAX)?;
        let all = found.len() < OPEN_MAX as usize;
        let by_item = |ticket: Ticket| Some((ticket.text("ci")?.to_owned(), ticket));
        Ok(Self(all.then(|| found.into_iter().filter_map(by_item).collect())))
    }

    fn are_none(&self) -> bool {
        self.0.as_ref().is_some_and(BTreeMap::is_empty)
    }

    fn of(&self, host: &impl Host, ci: &Ci) -> Result<Option<Ticket>, Fault> {
        match &self.0 {
            Some(known) => Ok(known.get(&ci.id).cloned()),
            None => Ok(host.find(&Search::of(DEVIATION).field("ci", ci.id.as_str()).open(), 1)?.into_iter().next()),
        }
    }
}

impl Audit {
    pub(crate) fn told(&self) -> [(&'static str, Value); 6] {
        [
            ("checked", self.checked.into()),
            ("compliant", self.compliant.into()),
            ("failing", self.failing.clone().into()),
            ("opened", self.opened.into()),
            ("closed", self.closed.into()),
            ("next", json!(self.next)),
        ]
    }
}

pub(crate) fn step(host: &impl Host, call: &StepCall) -> Result<Outcome, Fault> {
    let audit = audit(host, call.inputs()?)?;
    let outputs = Object::from_iter(audit.told().map(|(name, value)| (name.to_owned(), value)));
    Ok(Outcome::done(Value::Object(outputs), audit.effects))
}

/// What the record of an audit asks for, within its space.
pub(crate) fn asked(space: &str, field: impl Fn(&'static str) -> Value) -> Result<Question, Fault> {
    let read = json!({"space": space, "class": field("class"), "items": field("items"), "after": field("after")});
    serde_json::from_value(read).map_err(|error| Fault::Permanent(format!("what an audit asks for: {error}")))
}

pub(crate) fn audit(host: &impl Host, asked: Question) -> Result<Audit, Fault> {
    let policies = Policies::read(host, asked.space.as_deref())?;
    let open = OpenDeviations::read(host)?;
    let mut audit = Audit::default();
    let Some(items) = asked.items else {
        // Where nothing is wanted and nothing is open there is nothing to compare.
        if policies.is_empty() && open.are_none() {
            return Ok(audit);
        }
        let search = CiSearch { class: asked.class, space: asked.space, after: asked.after, ..CiSearch::new() };
        let mut failed = None;
        let next = pages_of(host, search, LOOKED_AT_MAX, |ci| match audit.look(host, &policies, &open, ci) {
            Ok(()) => audit.opened + audit.closed < CHANGES_MAX,
            Err(fault) => {
                failed = Some(fault);
                false
            }
        })?;
        audit.next = next;
        return failed.map_or(Ok(audit), Err);
    };
    for id in items {
        let found = host.ci(&id)?.filter(|ci| asked.space.as_ref().is_none_or(|space| ci.space == *space));
        if let Some(ci) = found {
            audit.look(host, &policies, &open, &ci)?;
        }
    }
    Ok(audit)
}

impl Audit {
    /// One item: its ticket is opened, kept up to date, or closed.
    fn look(&mut self, host: &impl Host, policies: &Policies, open: &OpenDeviations, ci: &Ci) -> Result<(), Fault> {
        self.checked += 1;
        let findings = policies.findings(host, ci)?;
        let open = open.of(host, ci)?;
        let effects = std::mem::take(&mut self.effects);
        self.effects = match (findings.is_empty(), open) {
            (true, None) => effects,
            (true, Some(ticket)) => {
                self.closed += 1;
                effects.on(&ticket.id).transition("done").on_subject()
            }
            (false, None) => {
                self.opened += 1;
                effects.create_ticket(deviation(ci, &findings))
            }
            (false, Some(ticket)) if *ticket.field("findings") != json!(findings) => effects
                .on(&ticket.id)
                .set_field("findings", findings.clone())
                .set_field("severity", worst(&findings))
                .on_subject(),
            (false, Some(_)) => effects,
        };
        if findings.is_empty() {
            self.compliant += 1;
        } else {
            self.failing.push(json!({"ci": ci.id, "name": ci.name, "findings": findings}));
        }
        Ok(())
    }
}

fn deviation(ci: &Ci, findings: &[Value]) -> CreateTicket {
    let mut attributes: Vec<&str> = findings.iter().filter_map(|finding| finding["attribute"].as_str()).collect();
    attributes.dedup();
    let title: String =
        format!("{} is not as it must be: {}", ci.name, attributes.join(", ")).chars().take(200).collect();
    CreateTicket::new(DEVIATION, &ci.space, &title)
        .field("ci", ci.id.as_str())
        .field("severity", worst(findings))
        .field("findings", findings.to_vec())
}

//! The working set of one decision.

use crate::decision::Decision;
use domain::event::{Cause, EventDraft, Origin};
use domain::kind::{Kinds, TransitionRule};
use domain::ticket::TicketBundle;
use domain::{
    Attachment, CiClass, CiId, Comment, Effect, IdSource, Kind, Object, PluginId, Problem, Record, RecordId, Role,
    TicketId,
};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// On whose account an effect is applied: what the lifecycle and the field rules of the kind allow them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    /// Person id, plugin id or `system`: the actor in the journal.
    pub actor: String,
    /// The plugin, when a plugin decided.
    pub plugin: Option<PluginId>,
    /// Roles that count in the space of the ticket.
    pub roles: BTreeSet<Role>,
    /// It is for this person that the ticket exists: the role requester, on this ticket.
    pub person: Option<String>,
}

/// A ticket in the wave: as it was, and as it is becoming.
#[derive(Debug, Clone)]
pub struct Working {
    /// Absent for a ticket that the wave creates.
    pub before: Option<TicketBundle>,
    pub after: TicketBundle,
    pub comments: Vec<Comment>,
    pub attachments: Vec<Attachment>,
    /// Everything applied to it so far, in order: what a guard gets to see.
    pub effects: Vec<Effect>,
    pub(crate) transitions: Vec<(TransitionRule, usize)>,
    pub(crate) changed_clocks: BTreeSet<String>,
    /// A flow began about it: that counts as a change, although no effect was applied.
    pub(crate) is_noted: bool,
}

#[derive(Debug, Clone)]
pub struct Wave<'a> {
    pub(crate) kinds: &'a Kinds,
    pub(crate) classes: &'a [CiClass],
    pub(crate) now: Timestamp,
    pub(crate) cause: Cause,
    pub(crate) ids: IdSource,
    pub(crate) tickets: BTreeMap<TicketId, Working>,
    pub(crate) records: BTreeMap<RecordId, (Option<Record>, Record)>,
    pub(crate) cis: BTreeMap<CiId, (Option<domain::Ci>, domain::Ci)>,
    /// What effects call the items that they create.
    pub(crate) handles: BTreeMap<String, CiId>,
    pub(crate) out: Decision,
    pub(crate) problems: Vec<Problem>,
}

impl<'a> Wave<'a> {
    /// A wave for one decision. `seed` makes the ids that it gives out.
    #[must_use]
    pub fn new(kinds: &'a Kinds, classes: &'a [CiClass], now: Timestamp, cause: Cause, seed: &str) -> Self {
        Self {
            kinds,
            classes,
            now,
            cause,
            ids: IdSource::new(seed),
            tickets: BTreeMap::new(),
            records: BTreeMap::new(),
            cis: BTreeMap::new(),
            handles: BTreeMap::new(),
            out: Decision::default(),
            problems: Vec::new(),
        }
    }

    /// Put a loaded ticket into the wave.
    pub fn insert(&mut self, bundle: TicketBundle) {
        let id = bundle.ticket.id.clone();
        self.tickets.entry(id).or_insert_with(|| Working {
            before: Some(bundle.clone()),
            after: bundle,
            comments: Vec::new(),
            attachments: Vec::new(),
            effects: Vec::new(),
            transitions: Vec::new(),
            changed_clocks: BTreeSet::new(),
            is_noted: false,
        });
    }

    /// Put a loaded record into the wave.
    pub fn insert_record(&mut self, record: Record) {
        self.records.entry(record.id.clone()).or_insert_with(|| (Some(record.clone()), record));
    }

    /// Put a loaded CI into the wave.
    pub fn insert_ci(&mut self, ci: domain::Ci) {
        self.cis.entry(ci.id.clone()).or_insert_with(|| (Some(ci.clone()), ci));
    }

    #[must_use]
    pub fn contains(&self, ticket: &TicketId) -> bool {
        self.tickets.contains_key(ticket)
    }

    #[must_use]
    pub fn ticket(&self, id: &TicketId) -> Option<&Working> {
        self.tickets.get(id)
    }

    /// A record of the wave as it was loaded.
    #[must_use]
    pub fn record(&self, id: &RecordId) -> Option<&Record> {
        self.records.get(id).and_then(|(before, _)| before.as_ref())
    }

    /// A CI of the wave as it was loaded.
    #[must_use]
    pub fn ci(&self, id: &CiId) -> Option<&domain::Ci> {
        self.cis.get(id).and_then(|(before, _)| before.as_ref())
    }

    /// Tickets that something was applied to, in order of their ids.
    #[must_use]
    pub fn touched(&self) -> Vec<TicketId> {
        self.tickets.iter().filter(|(_, working)| !working.effects.is_empty()).map(|(id, _)| id.clone()).collect()
    }

    /// Records that something was applied to, in order of their ids: as each was, and as it is becoming.
    #[must_use]
    pub fn touched_records(&self) -> Vec<(Option<Record>, Record)> {
        self.records.values().filter(|(before, after)| before.as_ref() != Some(after)).cloned().collect()
    }

    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Apply one effect. `subject` is the ticket meant when the effect names none; `number` is the human number for what the effect
    /// creates; `pointer` is where the effect stands in the command. Problems are collected; see [`Wave::finish`].
    pub fn apply(
        &mut self,
        effect: &Effect,
        subject: Option<&TicketId>,
        by: &By,
        number: Option<String>,
        pointer: &str,
    ) -> Option<TicketId> {
        let target = effect.ticket().or(subject).cloned();
        match effect {
            Effect::CreateTicket(create) => return self.create_ticket(create, by, number, pointer),
            Effect::UpsertRecord(upsert) => self.upsert_record(upsert, by, number, pointer),
            Effect::UpsertCi(upsert) => self.upsert_ci(upsert, by, pointer),
            Effect::RelateCis(relate) => self.relate(relate, by, true, pointer),
            Effect::UnrelateCis(relate) => self.relate(relate, by, false, pointer),
            Effect::Notify(notify) => self.notify(notify, target.as_ref(), by, pointer),
            Effect::Call(call) => self.call(call, target, by, pointer),
            Effect::Mail(mail) => self.mail(mail, target, by, pointer),
            Effect::StartFlow(start) => self.start_flow(start, target, by, pointer),
            Effect::SendMessage(send) => self.send_message(send),
            _ => match target {
                None => self.problem(pointer, "no-ticket", format!("`{}` must name a ticket here", effect.name())),
                Some(id) if !self.tickets.contains_key(&id) => {
                    self.problem(pointer, "unknown-ticket", format!("there is no ticket `{id}`"));
                }
                Some(id) => {
                    self.apply_to_ticket(&id, effect, by, pointer);
                    return Some(id);
                }
            },
        }
        None
    }

    /// A flow begins about a ticket. Its version goes up, so that whoever changes it at the same moment sees the flow.
    pub fn note_flow(&mut self, ticket: &TicketId, process: &str, instance: &domain::InstanceId, actor: &str) {
        if let Some(working) = self.tickets.get_mut(ticket) {
            working.is_noted = true;
            let space = working.after.ticket.space.0.clone();
            let data = json!({ "process": process, "instance": instance });
            let event = self.event("ticket", &ticket.0, &space, actor, "ticket.flow-started", data);
            self.out.events.push(event);
        }
    }

    /// The kind of a ticket in the wave.
    pub(crate) fn kind_of(&self, id: &TicketId) -> Option<&'a Kind> {
        self.kinds.get(&self.tickets.get(id)?.after.ticket.kind)
    }

    pub(crate) fn problem(&mut self, pointer: &str, code: &str, message: impl Into<String>) {
        self.problems.push(Problem::new(pointer, code, message));
    }

    pub(crate) fn is_import(&self) -> bool {
        self.cause.origin == Origin::Import
    }

    pub(crate) fn event(
        &self,
        subject_kind: &str,
        subject: &str,
        space: &str,
        by: &str,
        kind: &str,
        data: Value,
    ) -> EventDraft {
        EventDraft {
            subject_kind: subject_kind.to_owned(),
            subject: subject.to_owned(),
            space: space.to_owned(),
            at: self.now,
            actor: by.to_owned(),
            kind: kind.to_owned(),
            data,
            cause: self.cause.clone(),
        }
    }

    pub(crate) fn ticket_event(&mut self, id: &TicketId, by: &By, kind: &str, data: Value) {
        let space = self.tickets[id].after.ticket.space.0.clone();
        let event = self.event("ticket", &id.0, &space, &by.actor, kind, data);
        self.out.events.push(event);
    }

    /// Check what only the whole can tell, and close the wave.
    ///
    /// # Errors
    /// Every problem that was found, from the first effect to the last check. Nothing of the wave may be committed then.
    pub fn finish(mut self, actor: &str) -> Result<Decision, Vec<Problem>> {
        let ids: Vec<_> = self.tickets.keys().cloned().collect();
        for id in &ids {
            self.check_transitions(id);
        }
        if !self.problems.is_empty() {
            return Err(self.problems);
        }
        let mut head = Vec::new();
        for id in ids {
            let working = self.tickets.remove(&id).expect("the id is from the map");
            self.close_ticket(working, actor, &mut head);
        }
        for (_, (before, mut after)) in std::mem::take(&mut self.records) {
            if before.as_ref() != Some(&after) {
                let version = before.as_ref().map_or(0, |record| record.version);
                after.version = version + 1;
                self.out.records.push((after, version));
            }
        }
        for (_, (before, mut after)) in std::mem::take(&mut self.cis) {
            if before.as_ref() != Some(&after) {
                let version = before.as_ref().map_or(0, |ci| ci.version);
                after.version = version + 1;
                self.out.cis.push((after, version));
            }
        }
        head.append(&mut self.out.events);
        self.out.events = head;
        Ok(self.out)
    }

    fn close_ticket(&mut self, mut working: Working, actor: &str, head: &mut Vec<EventDraft>) {
        let before_version = working.before.as_ref().map_or(0, |bundle| bundle.ticket.version);
        working.after.ticket.due_at = working
            .after
            .clocks
            .iter()
            .filter(|clock| clock.state == domain::ClockState::Running)
            .filter_map(|clock| clock.due_at)
            .min();
        let id = working.after.ticket.id.clone();
        if working.effects.is_empty() && !working.is_noted {
            if before_version > 0 {
                self.out.read.push((id, before_version));
            }
            return;
        }
        self.out.flows.extend(working.before.iter().flat_map(|before| before.flows.iter().cloned()));
        let ticket = &working.after.ticket;
        let space = ticket.space.0.clone();
        match &working.before {
            None => {
                let data = created_data(ticket);
                head.push(self.event("ticket", &id.0, &space, actor, "ticket.created", data));
            }
            Some(before) => {
                let changes = changes(&before.ticket, ticket);
                if !changes.is_empty() {
                    head.push(self.event(
                        "ticket",
                        &id.0,
                        &space,
                        actor,
                        "ticket.changed",
                        json!({ "changes": changes }),
                    ));
                }
            }
        }
        let clocks: Vec<_> =
            working.after.clocks.iter().filter(|clock| working.changed_clocks.contains(&clock.name)).cloned().collect();
        self.out.clocks.extend(clocks);
        self.out.comments.append(&mut working.comments);
        self.out.attachments.append(&mut working.attachments);
        let mut ticket = working.after.ticket;
        ticket.version = before_version + 1;
        ticket.updated_at = self.now;
        self.out.tickets.push((ticket, before_version));
    }
}

fn created_data(ticket: &domain::Ticket) -> Value {
    json!({
        "number": ticket.number,
        "kind": ticket.kind,
        "state": ticket.state,
        "title": ticket.title,
        "group": ticket.group,
        "assignee": ticket.assignee,
        "requester": ticket.requester,
        "parent": ticket.parent,
        "restricted": ticket.restricted,
        "fields": ticket.fields,
    })
}

/// The differences between two states of a ticket: `{field, from, to}`, kind-specific ones as `fields.<name>`.
fn changes(before: &domain::Ticket, after: &domain::Ticket) -> Vec<Value> {
    let envelope = |ticket: &domain::Ticket| {
        [
            ("state", json!(ticket.state)),
            ("title", json!(ticket.title)),
            ("requester", json!(ticket.requester)),
            ("group", json!(ticket.group)),
            ("assignee", json!(ticket.assignee)),
            ("parent", json!(ticket.parent)),
            ("restricted", json!(ticket.restricted)),
        ]
    };
    let mut all: Vec<Value> = envelope(before)
        .into_iter()
        .zip(envelope(after))
        .filter(|((_, from), (_, to))| from != to)
        .map(|((field, from), (_, to))| json!({ "field": field, "from": from, "to": to }))
        .collect();
    all.extend(field_changes(&before.fields, &after.fields));
    all
}

pub(crate) fn field_changes(before: &Object, after: &Object) -> Vec<Value> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name))
        .map(|name| json!({ "field": format!("fields.{name}"), "from": before.get(name), "to": after.get(name) }))
        .collect()
}

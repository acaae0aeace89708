//! What must be true of every commit, checked as it happens, and what callers were told, for the end.

use crate::double::ACTIVE_MAX;
use crate::memory::Database;
use crate::memory::data::JobRow;
use domain::job::Work;
use domain::{Event, FlowInstance, JobId, OrgId, Ticket};
use engine::flow::Instance;
use std::collections::{BTreeMap, BTreeSet};
use store::{Changeset, JobDone, Write};

/// What became of a command, as its caller knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// It was carried out; with the places and hashes of its events, when they were told.
    Done(Vec<(i64, String)>),
    /// It was not, and never will be.
    Refused,
}

#[derive(Debug, Default)]
pub struct History {
    /// Jobs that ended, by id.
    ended_jobs: BTreeSet<String>,
    /// Jobs that were given up: the others went on, so what becomes of them when somebody has them tried again comes late.
    buried_jobs: BTreeSet<String>,
    /// Place of the last event that was delivered, by plugin and subject.
    delivered: BTreeMap<(String, String), i64>,
    /// What the desk has said: ticket, and for what.
    said: BTreeSet<(String, String)>,
    versions: BTreeMap<String, u32>,
    /// Timers that fired, by instance and timer.
    fired: BTreeSet<(String, String)>,
    /// Orders that arrived at the shop, by idempotency key.
    orders: BTreeMap<String, u32>,
    /// Comments that commands were to write, by their marker.
    pub told: BTreeMap<String, Told>,
    pub violation: Option<String>,
}

impl History {
    pub fn violated(&mut self, text: String) {
        self.violation.get_or_insert(text);
    }

    pub fn buried(&mut self, job: &JobId) {
        self.buried_jobs.insert(job.0.clone());
    }

    pub fn ordered(&mut self, key: &str) {
        *self.orders.entry(key.to_owned()).or_default() += 1;
    }

    pub(crate) fn committed(
        &mut self,
        database: &Database,
        org: &OrgId,
        changeset: &Changeset,
        done: Option<&JobDone>,
        job: Option<JobRow>,
    ) {
        if let Some(done) = done
            && !self.ended_jobs.insert(done.id.0.clone())
        {
            self.violated(format!(
                "job `{}` was carried out twice, the second time with fence {}",
                done.id, done.fence
            ));
        }
        let in_turn = job.filter(|job| !self.buried_jobs.contains(job.id.as_str()));
        if let Some(Work::React { plugin, seq }) = in_turn.and_then(|job| job.work) {
            let subject = database.look(org, |data| data.events.get(&seq).map(|event| event.subject.clone()));
            self.reacted(plugin.0, subject.unwrap_or_default(), seq);
        }
        let mut groups = BTreeSet::new();
        for write in &changeset.writes {
            match write {
                Write::Ticket(ticket) => {
                    self.wrote_ticket(ticket);
                    groups.extend(ticket.group.clone());
                }
                Write::Comment(comment) if comment.author == "desk" => {
                    self.desk_said(comment.ticket.as_str(), &comment.body, changeset);
                }
                Write::FlowInstance(row) => self.wrote_instance(row),
                _ => {}
            }
        }
        for draft in changeset.events.iter().filter(|draft| draft.subject_kind == "flow") {
            self.flow_moved(&draft.subject, &draft.data);
        }
        for group in groups {
            let is_active = |ticket: &&Ticket| ticket.state == "active" && ticket.group.as_ref() == Some(&group);
            let count = database.look(org, |data| data.tickets.rows().filter(is_active).count());
            if count > ACTIVE_MAX as usize {
                self.violated(format!("group `{group}` works on {count} tickets at once; {ACTIVE_MAX} are allowed"));
            }
        }
    }

    fn reacted(&mut self, plugin: String, subject: String, seq: i64) {
        let last = self.delivered.insert((plugin, subject.clone()), seq);
        if let Some(last) = last.filter(|last| *last >= seq) {
            self.violated(format!("event {seq} of `{subject}` was delivered after event {last}"));
        }
    }

    fn wrote_ticket(&mut self, ticket: &Ticket) {
        let before = self.versions.insert(ticket.id.0.clone(), ticket.version).unwrap_or(0);
        if ticket.version != before + 1 {
            self.violated(format!("version {} of ticket `{}` follows version {before}", ticket.version, ticket.id));
        }
    }

    /// The desk says everything once, and about the ticket as it is.
    fn desk_said(&mut self, ticket: &str, body: &str, changeset: &Changeset) {
        let (what, seen) = body.rsplit_once(" v").unwrap_or((body, ""));
        if !self.said.insert((ticket.to_owned(), what.to_owned())) {
            self.violated(format!("the desk said `{what}` twice on ticket `{ticket}`"));
        }
        let written = changeset.writes.iter().find_map(|write| match write {
            Write::Ticket(one) if one.id.as_str() == ticket => Some(one.version),
            _ => None,
        });
        if written.map(|version| (version - 1).to_string()).as_deref() != Some(seen) {
            self.violated(format!(
                "the desk decided `{what}` on version {seen} of ticket `{ticket}`, and it was committed as {written:?}"
            ));
        }
    }

    fn wrote_instance(&mut self, row: &FlowInstance) {
        let state: Result<Instance, _> = serde_json::from_value(row.state.clone());
        match state {
            Err(error) => self.violated(format!("the state of instance `{}` cannot be read: {error}", row.id)),
            Ok(state) => {
                let problems = state.inconsistencies();
                if !problems.is_empty() {
                    self.violated(format!("instance `{}`: {}", row.id, problems.join("; ")));
                }
            }
        }
    }

    fn flow_moved(&mut self, instance: &str, data: &serde_json::Value) {
        for event in data["events"].as_array().into_iter().flatten() {
            if event["event"] == "timer-fired" && !self.fired.insert((instance.to_owned(), event["timer"].to_string()))
            {
                self.violated(format!("timer {} of instance `{instance}` fired twice", event["timer"]));
            }
        }
    }

    /// How many timers of flows fired.
    #[must_use]
    pub fn timers_fired(&self) -> usize {
        self.fired.len()
    }

    /// Whether the desk said it.
    #[must_use]
    pub fn has_said(&self, ticket: &str, what: &str) -> bool {
        self.said.contains(&(ticket.to_owned(), what.to_owned()))
    }

    /// Remember what a caller was told of a command.
    pub fn tell_done(&mut self, marker: String, events: &[Event]) {
        let events = events.iter().map(|event| (event.seq, event.hash.clone())).collect();
        self.told.insert(marker, Told::Done(events));
    }
}

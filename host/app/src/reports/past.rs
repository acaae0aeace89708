//! What a report would have said at a time that is over: everything that changed since is taken back from the journal.
//!
//! What did not change since then is asked of the store as ever, so the cost is that of the changes. Only what the caller may see now
//! counts, as it was; a record or configuration item also has to be one that they would have seen then.

use super::subject::Subject;
use crate::app::App;
use crate::error::Result;
use domain::filter::{Field, Filter};
use domain::report::{self, Report};
use domain::{ClockState, Event, Ticket};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;
use store::insight::{EVENTS_MAX, FACTS_MAX};
use store::{ClockFact, Fact, Sort, TicketQuery};

/// Events of one ticket that are read to tell when it had ended.
const HISTORY_MAX: usize = 50_000;
const PAGE: usize = 200;

impl App {
    /// What a report counts of tickets as they were, with which of them meet the conditions of a share. `filter` is what may be seen and
    /// does not change: the caller's, the kind, the space.
    pub(super) async fn facts_at(
        &self,
        filter: &Filter,
        report: &Report,
        of: Option<&[report::Condition]>,
        since: Option<Timestamp>,
        at: Timestamp,
    ) -> Result<(Vec<(Fact, Option<bool>)>, bool)> {
        let conditions = filter.clone().and(report::all(&report.conditions));
        let facts = self.facts(&conditions, report, since).await?;
        let complete = facts.len() <= FACTS_MAX as usize;
        let met = match of {
            Some(of) => {
                let filter = conditions.and(report::all(of));
                let met = self.facts(&filter, report, since).await?;
                Some(met.into_iter().map(|fact| fact.ticket).collect::<std::collections::BTreeSet<_>>())
            }
            None => None,
        };
        // Read after the facts: what changes between the two readings is taken back as well.
        let changes = self.changes_from("ticket", "ticket.", filter, Some(self.after(at)?)).await?;
        let stayed = |fact: &Fact| fact.opened_at <= at && !changes.contains_key(&fact.ticket.0);
        let mut all: Vec<(Fact, Option<bool>)> = facts
            .into_iter()
            .filter(stayed)
            .map(|fact| {
                let met = met.as_ref().map(|met| met.contains(&fact.ticket));
                (fact, met)
            })
            .collect();
        let registry = self.registry();
        let ids: Vec<String> = changes.keys().cloned().collect();
        for ids in ids.chunks(PAGE) {
            let query = TicketQuery {
                filter: filter.clone().and(Filter::In(Field::Id, ids.to_vec())),
                sort: Sort::OpenedAt,
                descending: true,
                after: None,
                limit: u32::try_from(PAGE).unwrap_or(u32::MAX),
            };
            for ticket in self.store.ticket_list(self.org(), &query).await?.items {
                if ticket.opened_at > at {
                    continue;
                }
                let kind = registry.kinds.get(&ticket.kind);
                let now = ticket.clone();
                let mut then = Subject::of_ticket(ticket);
                let moved = then.undo(changes.get(&then.id).map(Vec::as_slice).unwrap_or_default());
                then.settle(kind);
                if moved && then.has_ended() {
                    // It went on and ended again since: when it had ended is told by its beginning.
                    then = Subject::of_ticket(self.ticket_at(now, at).await?);
                }
                if then.meets(&report.conditions) && then.is_since(report.by, since) {
                    let met = of.map(|of| then.meets(of));
                    all.push((then.fact(report), met));
                }
            }
        }
        Ok((all, complete))
    }

    /// The clocks, as they were, of the tickets that a report counts of that time. Clocks to which nothing happened since are as they are; the others
    /// are told by their history from its beginning.
    pub(super) async fn clocks_at(
        &self,
        filter: &Filter,
        report: &Report,
        since: Option<Timestamp>,
        at: Timestamp,
    ) -> Result<(Vec<ClockFact>, bool)> {
        let (facts, complete) = self.facts_at(filter, report, None, since, at).await?;
        let opened: BTreeMap<String, Timestamp> =
            facts.into_iter().map(|(fact, _)| (fact.ticket.0, fact.opened_at)).collect();
        let now = self.store.clock_facts(self.org(), filter, None, FACTS_MAX).await?;
        let complete = complete && now.len() <= FACTS_MAX as usize;
        // Read after the clocks: what changes between the two readings is taken back as well.
        let changes = self.changes_from("ticket", "clock.", filter, Some(self.after(at)?)).await?;
        let stayed = |clock: &ClockFact| opened.contains_key(&clock.ticket.0) && !changes.contains_key(&clock.ticket.0);
        let mut clocks: Vec<ClockFact> = now.into_iter().filter(stayed).collect();
        for (ticket, opened_at) in opened.iter().filter(|(ticket, _)| changes.contains_key(*ticket)) {
            clocks.extend(self.clocks_of(ticket, *opened_at, at).await?);
        }
        Ok((clocks, complete))
    }

    async fn clocks_of(&self, ticket: &str, opened_at: Timestamp, at: Timestamp) -> Result<Vec<ClockFact>> {
        let mut clocks: BTreeMap<String, ClockFact> = BTreeMap::new();
        let mut after = 0;
        loop {
            let page = self.store.event_history(self.org(), "ticket", ticket, after, EVENTS_MAX).await?;
            let is_last = page.len() < EVENTS_MAX as usize;
            for event in &page {
                if event.at > at {
                    return Ok(clocks.into_values().collect());
                }
                after = event.subject_seq;
                tell_clock(&mut clocks, ticket, opened_at, event);
            }
            if is_last {
                return Ok(clocks.into_values().collect());
            }
        }
    }

    /// A ticket as its history tells it, from its beginning up to a time.
    async fn ticket_at(&self, ticket: Ticket, at: Timestamp) -> Result<Ticket> {
        let mut then = Ticket { resolved_at: None, closed_at: None, ..ticket };
        let (mut after, mut count) = (0, 0);
        loop {
            let page = self.store.event_history(self.org(), "ticket", &then.id.0, after, EVENTS_MAX).await?;
            let is_last = page.len() < EVENTS_MAX as usize;
            count += page.len();
            for event in &page {
                if event.at > at {
                    return Ok(then);
                }
                after = event.subject_seq;
                if matches!(event.kind.as_str(), "ticket.created" | "ticket.changed") {
                    self.tell(&mut then, event);
                }
            }
            if is_last || count > HISTORY_MAX {
                return Ok(then);
            }
        }
    }
}

/// Carry out on the clocks of a ticket what an event says.
fn tell_clock(clocks: &mut BTreeMap<String, ClockFact>, ticket: &str, opened_at: Timestamp, event: &Event) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let time = |value: &Value| value.as_str().and_then(|text| text.parse().ok());
    if event.kind == "clock.repaired" {
        for repaired in event.data["clocks"].as_array().into_iter().flatten() {
            let clock = clocks.entry(text(&repaired["clock"])).or_insert_with(|| ClockFact {
                ticket: ticket.into(),
                opened_at,
                name: text(&repaired["clock"]),
                title: text(&repaired["title"]),
                state: ClockState::Running,
                started_at: event.at,
                stopped_at: None,
                due_at: None,
                breached_at: None,
            });
            for change in repaired["changes"].as_array().into_iter().flatten() {
                let to = &change["to"];
                match change["field"].as_str().unwrap_or_default() {
                    "state" => clock.state = serde_json::from_value(to.clone()).unwrap_or(clock.state),
                    "started_at" => clock.started_at = time(to).unwrap_or(clock.started_at),
                    "due_at" => clock.due_at = time(to),
                    "stopped_at" => clock.stopped_at = time(to),
                    "breached_at" => clock.breached_at = time(to),
                    _ => {}
                }
            }
        }
        return;
    }
    let name = text(&event.data["clock"]);
    if event.kind == "clock.started" {
        clocks.insert(
            name.clone(),
            ClockFact {
                ticket: ticket.into(),
                opened_at,
                name,
                title: text(&event.data["title"]),
                state: ClockState::Running,
                // Journals from before this was told have the time at which the clock was started.
                started_at: time(&event.data["started"]).unwrap_or(event.at),
                stopped_at: None,
                due_at: time(&event.data["due"]),
                breached_at: None,
            },
        );
        return;
    }
    let Some(clock) = clocks.get_mut(&name) else { return };
    match event.kind.as_str() {
        "clock.due" => clock.breached_at = time(&event.data["due"]),
        "clock.paused" => (clock.state, clock.due_at) = (ClockState::Paused, None),
        "clock.stopped" => {
            (clock.state, clock.stopped_at) = (ClockState::Stopped, time(&event.data["at"]));
            clock.breached_at = time(&event.data["breached"]);
        }
        "clock.cancelled" => (clock.state, clock.due_at) = (ClockState::Cancelled, None),
        _ => {}
    }
}

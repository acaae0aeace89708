//! What a report would have said at a time that is over: everything that changed since is taken back from the journal.
//!
//! What did not change since then is asked of the store as ever, so the cost is that of the changes. Only what the caller may see now
//! counts, as it was; a record or configuration item also has to be one that they would have seen then.

use super::subject::Subject;
use crate::app::App;
use crate::error::{AppError, Result};
use domain::filter::{Field, Filter};
use domain::report::{self, Report};
use domain::{Event, Ticket};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use store::insight::{EVENTS_MAX, FACTS_MAX};
use store::{EventQuery, EventScope, Fact, Sort, TicketQuery};

/// Events that one question reads.
const CHANGES_MAX: usize = 200_000;
/// Events of one ticket that are read to tell when it had ended.
const HISTORY_MAX: usize = 50_000;
const PAGE: usize = 200;

/// What happened to subjects after an instant, by id, newest first.
pub(crate) type Changes = BTreeMap<String, Vec<Event>>;

impl App {
    /// The events of one kind of subject from an instant on; `family` is an event's kind, or a part of it that ends with a dot.
    pub(crate) async fn changes_from(
        &self,
        subject_kind: &str,
        family: &str,
        tickets: &Filter,
        from: Option<Timestamp>,
    ) -> Result<Changes> {
        let scope = EventScope { tickets: tickets.clone(), spaces: None, setup: false };
        let mut query = EventQuery {
            scope,
            actor: None,
            kind: Some(family.to_owned()),
            subject_kind: Some(subject_kind.to_owned()),
            subject: None,
            from,
            until: None,
            before: None,
            limit: EVENTS_MAX,
        };
        let (mut changes, mut count) = (Changes::new(), 0);
        loop {
            let page = self.store.event_search(self.org(), &query).await?;
            let is_last = page.len() < EVENTS_MAX as usize;
            count += page.len();
            query.before = page.last().map(|event| event.seq);
            for event in page {
                changes.entry(event.subject.clone()).or_default().push(event);
            }
            if is_last {
                return Ok(changes);
            }
            if count >= CHANGES_MAX {
                let message = format!(
                    "more than {CHANGES_MAX} changes came after that time; ask for a later one, a single kind or a single space"
                );
                return Err(AppError::invalid("/as_of", "too-far-back", message));
            }
        }
    }

    /// A time that is over, with the next instant after it.
    pub(crate) fn after(&self, at: Timestamp) -> Result<Timestamp> {
        if at > self.now() {
            let message = format!("what will be at {at} is not known; ask for a time that is over");
            return Err(AppError::invalid("/as_of", "not-yet", message));
        }
        Ok(at.checked_add(SignedDuration::from_micros(1)).unwrap_or(at))
    }

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
        let changes = self.changes_from("ticket", "ticket.", filter, Some(self.after(at)?)).await?;
        let stayed = |fact: &Fact| fact.opened_at <= at && !changes.contains_key(&fact.ticket.0);
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

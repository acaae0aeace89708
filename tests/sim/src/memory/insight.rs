//! Questions across nouns, answered by looking at every row.

use super::ticket::{field_of, matching};
use super::{Data, MemoryStore};
use async_trait::async_trait;
use domain::filter::Filter;
use domain::{Event, OrgId, Record, Ticket};
use jiff::Timestamp;
use store::insight::{EVENTS_MAX, FACTS_MAX, spellings};
use store::{ClockFact, EventQuery, EventScope, Fact, FactColumn, FactQuery, FactTime, Insight, RecordSearch, Result};

fn known(data: &Data, scope: &EventScope, event: &Event) -> bool {
    let ticket = |id: &str| data.tickets.get(id).is_some_and(|ticket| scope.tickets.matches(&data.bundle(ticket)));
    match event.subject_kind.as_str() {
        "ticket" => ticket(&event.subject),
        "flow" => {
            let instance = data.instances.get(event.subject.as_str());
            instance.and_then(|row| row.ticket.as_ref()).is_some_and(|id| ticket(&id.0))
        }
        "record" | "ci" => scope.spaces.as_ref().is_none_or(|spaces| spaces.contains(&event.space)),
        _ => scope.setup,
    }
}

fn asked(query: &EventQuery, event: &Event) -> bool {
    let is = |wanted: &Option<String>, have: &str| wanted.as_ref().is_none_or(|wanted| wanted == have);
    query.before.is_none_or(|before| event.seq < before)
        && is(&query.actor, &event.actor)
        && is(&query.subject_kind, &event.subject_kind)
        && is(&query.subject, &event.subject)
        && query.kind.as_ref().is_none_or(|kind| {
            if kind.ends_with('.') { event.kind.starts_with(kind.as_str()) } else { *kind == event.kind }
        })
        && query.from.is_none_or(|from| event.at >= from)
        && query.until.is_none_or(|until| event.at < until)
}

/// Newest first.
fn newest<'a>(data: &'a Data, filter: &'a Filter) -> Vec<&'a Ticket> {
    let mut tickets: Vec<&Ticket> = matching(data, filter).collect();
    tickets.sort_by(|left, right| (right.opened_at, &right.id).cmp(&(left.opened_at, &left.id)));
    tickets
}

fn rows(limit: u32) -> usize {
    limit.clamp(1, FACTS_MAX) as usize + 1
}

#[async_trait]
impl Insight for MemoryStore {
    async fn event_search(&self, org: &OrgId, query: &EventQuery) -> Result<Vec<Event>> {
        self.look(org, |data| {
            let mut found: Vec<Event> = data.events.rows().filter(|one| asked(query, one)).cloned().collect();
            found.retain(|event| known(data, &query.scope, event));
            found.reverse();
            found.truncate(query.limit.clamp(1, EVENTS_MAX) as usize);
            found
        })
    }

    async fn record_search(&self, org: &OrgId, query: &RecordSearch) -> Result<Vec<Record>> {
        let words = spellings(&query.text);
        let fits = |record: &&Record| {
            (query.kinds.is_empty() || query.kinds.contains(&record.kind))
                && query.scope.allows(record)
                && words.iter().all(|word| {
                    word.iter().any(|spelling| record.title.contains(spelling)) || record.number.contains(&word[1])
                })
        };
        self.look(org, |data| {
            let mut found: Vec<Record> = data.records.rows().filter(fits).cloned().collect();
            found.sort_by(|left, right| (right.updated_at, &left.id).cmp(&(left.updated_at, &right.id)));
            found.truncate(query.limit.clamp(1, 200) as usize);
            found
        })
    }

    async fn ticket_facts(&self, org: &OrgId, query: &FactQuery) -> Result<Vec<Fact>> {
        let since = |ticket: &&&Ticket| match query.since {
            None => true,
            Some((FactTime::Opened, at)) => ticket.opened_at >= at,
            Some((FactTime::Resolved, at)) => ticket.resolved_at.is_some_and(|time| time >= at),
            Some((FactTime::Closed, at)) => ticket.closed_at.is_some_and(|time| time >= at),
        };
        let word = |json: &serde_json::Value| match json {
            serde_json::Value::Null => None,
            serde_json::Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        let fact = |ticket: &&Ticket| Fact {
            ticket: ticket.id.clone(),
            opened_at: ticket.opened_at,
            resolved_at: ticket.resolved_at,
            closed_at: ticket.closed_at,
            group: match &query.group {
                None => None,
                Some(FactColumn::Column(column)) => field_of(ticket, *column),
                Some(FactColumn::Custom(name)) => ticket.fields.get(name).and_then(word),
            },
            value: query.value.as_ref().and_then(|name| ticket.fields.get(name)?.as_f64()),
        };
        self.look(org, |data| {
            newest(data, &query.filter).iter().filter(since).take(rows(query.limit)).map(fact).collect()
        })
    }

    async fn clock_facts(
        &self,
        org: &OrgId,
        filter: &Filter,
        since: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<ClockFact>> {
        self.look(org, |data| {
            let tickets = newest(data, filter);
            let tickets = tickets.iter().filter(|ticket| since.is_none_or(|since| ticket.opened_at >= since));
            let clocks = tickets.flat_map(|ticket| {
                let mut clocks = data.bundle(ticket).clocks;
                clocks.sort_by(|left, right| left.name.cmp(&right.name));
                clocks.into_iter().map(|clock| ClockFact {
                    ticket: ticket.id.clone(),
                    opened_at: ticket.opened_at,
                    name: clock.name,
                    title: clock.title,
                    state: clock.state,
                    started_at: clock.started_at,
                    stopped_at: clock.stopped_at,
                    due_at: clock.due_at,
                    breached_at: clock.breached_at,
                })
            });
            clocks.take(rows(limit)).collect()
        })
    }
}

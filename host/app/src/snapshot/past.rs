//! Definitions as they were: the records and calendars that a guard depends on, told by the journal, for a decision about the past.

use super::{Snapshot, in_zone, unavailable};
use crate::app::App;
use crate::error::Result;
use crate::port::plugins::{CiCriteria, Fault, LogLevel, RelatedCi, SnapshotReader};
use async_trait::async_trait;
use domain::calendar::Calendar;
use domain::ci::Direction;
use domain::filter::Filter;
use domain::kind::StateCategory;
use domain::manifest::RevisitRule;
use domain::{
    Ci, CiId, Clock, Event, GroupId, KindId, Object, Person, PersonId, Problem, Record, RecordId, RecordScope, Ticket,
    TicketId,
};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Events of one definition, and definitions of one kind.
const EVENTS_MAX: u32 = 1_000;
const RECORDS_MAX: u32 = 500;

/// Every version of what a guard depends on, oldest first, with when it came to be.
#[derive(Default)]
pub(crate) struct Past {
    records: HashMap<KindId, Vec<Vec<(Timestamp, Record)>>>,
    calendars: HashMap<String, Vec<(Timestamp, Arc<Calendar>)>>,
    /// When something of it changed.
    pub(crate) changed_at: BTreeSet<Timestamp>,
}

fn as_of<T>(versions: &[(Timestamp, T)], at: Timestamp) -> Option<&T> {
    versions.iter().rev().find(|(since, _)| *since <= at).map(|(_, version)| version)
}

impl App {
    /// What a rule names, as it was at any time.
    pub(crate) async fn past(&self, rule: &RevisitRule) -> Result<Past> {
        let mut past = Past::default();
        for kind in &rule.records {
            let kind = KindId(kind.clone());
            let scope = RecordScope::everything();
            let page = self.store.record_list(self.org(), &kind, None, &scope, None, RECORDS_MAX).await?;
            let mut all = Vec::new();
            for record in page.items {
                let events = self.store.event_history(self.org(), "record", &record.id.0, 0, EVENTS_MAX).await?;
                all.push(self.versions(record, &events));
            }
            past.changed_at.extend(all.iter().flatten().map(|(at, _)| *at));
            past.records.insert(kind, all);
        }
        for key in self.calendars.keys().into_iter().filter(|_| rule.calendars) {
            let events = self.store.event_history(self.org(), "calendar", &key, 0, EVENTS_MAX).await?;
            let told = events.iter().filter(|event| event.kind == "calendar.set");
            let read = |event: &Event| Some((event.at, Arc::new(Calendar::from_json(&event.data).ok()?)));
            let mut versions: Vec<_> = told.filter_map(read).collect();
            if versions.is_empty() {
                // From before there was a journal of it.
                versions.extend(self.calendars.get(&key).map(|(calendar, _)| (Timestamp::MIN, calendar)));
            }
            past.changed_at.extend(versions.iter().map(|(at, _)| *at));
            past.calendars.insert(key, versions);
        }
        Ok(past)
    }

    fn versions(&self, record: Record, events: &[Event]) -> Vec<(Timestamp, Record)> {
        let mut versions: Vec<(Timestamp, Record)> = Vec::new();
        for event in events {
            let mut next = match (event.kind.as_str(), versions.last()) {
                ("record.created", _) => Record { fields: Object::new(), ..record.clone() },
                ("record.changed", Some((_, last))) => last.clone(),
                _ => continue,
            };
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            if event.kind == "record.created" {
                (next.state, next.title) = (text(&event.data["state"]), text(&event.data["title"]));
                next.fields = event.data["fields"].as_object().cloned().unwrap_or_default();
            }
            for change in event.data["changes"].as_array().into_iter().flatten() {
                let field = change["field"].as_str().unwrap_or_default();
                match field.strip_prefix("fields.") {
                    Some(name) if change["to"].is_null() => drop(next.fields.remove(name)),
                    Some(name) => drop(next.fields.insert(name.to_owned(), change["to"].clone())),
                    None if field == "state" => next.state = text(&change["to"]),
                    None if field == "title" => next.title = text(&change["to"]),
                    None => {}
                }
            }
            next.category = self.category_of(&record.kind, &next.state).unwrap_or(next.category);
            versions.push((event.at, next));
        }
        if versions.is_empty() {
            versions.push((Timestamp::MIN, record));
        }
        versions
    }

    /// What a state of a kind means.
    pub(crate) fn category_of(&self, kind: &KindId, state: &str) -> Option<StateCategory> {
        self.registry().kinds.get(kind)?.state(state).map(|state| state.category)
    }
}

/// A snapshot in which some definitions are those of another time. Everything else is as it is now.
pub(crate) struct PastSnapshot {
    pub now: Snapshot,
    pub past: Arc<Past>,
    pub at: Timestamp,
}

impl PastSnapshot {
    fn calendar(&self, key: &str, zone: Option<&str>) -> Result<Option<Arc<Calendar>>, Fault> {
        let Some(versions) = self.past.calendars.get(key) else { return Ok(None) };
        self.now.need("calendar")?;
        let calendar = as_of(versions, self.at)
            .ok_or_else(|| Fault::Permanent(format!("there was no calendar `{key}` at {}", self.at)))?;
        in_zone(calendar, zone).map(Some)
    }
}

#[async_trait]
impl SnapshotReader for PastSnapshot {
    async fn ticket(&self, id: &TicketId) -> Result<Option<Ticket>, Fault> {
        self.now.ticket(id).await
    }

    async fn tickets(&self, filter: &Filter, limit: u32) -> Result<Vec<Ticket>, Fault> {
        self.now.tickets(filter, limit).await
    }

    async fn ticket_count(&self, filter: &Filter) -> Result<u32, Fault> {
        self.now.ticket_count(filter).await
    }

    async fn clocks(&self, ticket: &TicketId) -> Result<Vec<Clock>, Fault> {
        self.now.clocks(ticket).await
    }

    async fn ci(&self, id: &CiId) -> Result<Option<Ci>, Fault> {
        self.now.ci(id).await
    }

    async fn related(&self, id: &CiId) -> Result<Vec<RelatedCi>, Fault> {
        self.now.related(id).await
    }

    async fn impact(&self, id: &CiId, direction: Direction) -> Result<Vec<Ci>, Fault> {
        self.now.impact(id, direction).await
    }

    async fn find_cis(&self, criteria: &CiCriteria, limit: u32) -> Result<Vec<Ci>, Fault> {
        self.now.find_cis(criteria, limit).await
    }

    fn ci_lineage(&self, class: &str) -> Result<Vec<String>, Fault> {
        self.now.ci_lineage(class)
    }

    fn check_ci(&self, class: &str, attributes: &Object) -> Result<Vec<Problem>, Fault> {
        self.now.check_ci(class, attributes)
    }

    async fn record(&self, id: &RecordId) -> Result<Option<Record>, Fault> {
        let Some(record) = self.now.record(id).await? else { return Ok(None) };
        let Some(known) = self.past.records.get(&record.kind) else { return Ok(Some(record)) };
        let versions = known.iter().find(|versions| versions.first().is_some_and(|(_, first)| first.id == *id));
        Ok(versions.and_then(|versions| as_of(versions, self.at)).cloned())
    }

    async fn records(&self, kind: &KindId, state: Option<&str>) -> Result<Vec<Record>, Fault> {
        let Some(known) = self.past.records.get(kind) else { return self.now.records(kind, state).await };
        self.now.need(&crate::registry::record_target(kind))?;
        let then = known.iter().filter_map(|versions| as_of(versions, self.at));
        let wanted = then.filter(|record| state.is_none_or(|state| record.state == state)).cloned();
        Ok(wanted.filter_map(|record| self.now.seen(record)).collect())
    }

    async fn person(&self, id: &PersonId) -> Result<Option<Person>, Fault> {
        self.now.person(id).await
    }

    async fn manager(&self, id: &PersonId) -> Result<Option<Person>, Fault> {
        self.now.manager(id).await
    }

    async fn members(&self, group: &GroupId) -> Result<Vec<Person>, Fault> {
        self.now.members(group).await
    }

    async fn is_member(&self, person: &PersonId, group: &GroupId) -> Result<bool, Fault> {
        self.now.is_member(person, group).await
    }

    async fn calendar_add(
        &self,
        calendar: &str,
        start: Timestamp,
        seconds: u32,
        zone: Option<&str>,
    ) -> Result<Timestamp, Fault> {
        match self.calendar(calendar, zone)? {
            Some(then) => then.add(start, i64::from(seconds)).map_err(|error| Fault::Permanent(error.to_string())),
            None => self.now.calendar_add(calendar, start, seconds, zone).await,
        }
    }

    async fn calendar_between(
        &self,
        calendar: &str,
        start: Timestamp,
        end: Timestamp,
        zone: Option<&str>,
    ) -> Result<u32, Fault> {
        match self.calendar(calendar, zone)? {
            Some(then) => u32::try_from(then.between(start, end)).map_err(unavailable),
            None => self.now.calendar_between(calendar, start, end, zone).await,
        }
    }

    async fn calendar_is_open(&self, calendar: &str, at: Timestamp, zone: Option<&str>) -> Result<bool, Fault> {
        match self.calendar(calendar, zone)? {
            Some(then) => Ok(then.is_open(at)),
            None => self.now.calendar_is_open(calendar, at, zone).await,
        }
    }

    fn log(&self, level: LogLevel, message: &str) {
        self.now.log(level, message);
    }
}

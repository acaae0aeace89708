//! What a component may ask while it decides: grants *and* rights, with everything it read kept for the commit to check.

mod past;

pub(crate) use past::{Past, PastSnapshot};

use crate::app::App;
use crate::port::plugins::{CiCriteria, Fault, LogLevel, RelatedCi, SnapshotReader};
use crate::registry::{Plugin, record_target, ticket_target};
use async_trait::async_trait;
use domain::calendar::Calendar;
use domain::ci::Direction;
use domain::filter::{Field, Filter};
use domain::{
    Actor, ActorKind, Ci, CiClass, CiId, Clock, GroupId, KindId, Object, Person, PersonId, Problem, Record, RecordId,
    RecordScope, SpaceId, Ticket, TicketId,
};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use store::changeset::{Noun, QueryScope};
use store::{CiQuery, Expect, QueryRead, Sort, TicketQuery};

/// CIs that one impact question may return.
const IMPACT_MAX: usize = 1000;
const TICKETS_MAX: u32 = 200;
/// Pages that one answer may read until it is full.
const CI_PAGES_MAX: usize = 20;
const RECORDS_MAX: u32 = 500;

/// What a decision depended on.
#[derive(Debug, Default)]
pub struct ReadSet {
    pub rows: BTreeSet<Expect>,
    pub queries: Vec<QueryRead>,
}

/// The reader for one plugin in one decision.
pub(crate) struct Snapshot {
    pub app: Arc<App>,
    pub plugin: Arc<Plugin>,
    pub actor: Actor,
    pub reads: Arc<Mutex<ReadSet>>,
}

impl Snapshot {
    fn saw(&self, noun: Noun, id: &str, version: u32) {
        let mut reads = self.reads.lock().expect("nothing panics while it holds this lock");
        reads.rows.insert(Expect { noun, id: id.to_owned(), version });
    }

    /// Remember what a query ranged over. The digest is taken before the rows are read: if they change in between, the commit
    /// sees another digest and the decision is made again.
    async fn saw_query(&self, scope: QueryScope) -> Result<(), Fault> {
        let mut read = QueryRead { scope, digest: String::new() };
        read.digest = self.app.store.ticket_digest(self.app.org(), &read).await.map_err(unavailable)?;
        let mut reads = self.reads.lock().expect("nothing panics while it holds this lock");
        if !reads.queries.contains(&read) {
            reads.queries.push(read);
        }
        Ok(())
    }

    fn need(&self, target: &str) -> Result<(), Fault> {
        if self.plugin.may_read(target) {
            return Ok(());
        }
        Err(Fault::Denied(format!("`{}` has no grant to read {target}", self.plugin.id())))
    }

    /// The kinds a filter can only mean, or all of them when the plugin may read every kind.
    fn check_filter(&self, filter: &Filter) -> Result<Filter, Fault> {
        if let Some(kind) = kind_of(filter) {
            self.need(&ticket_target(&KindId(kind)))?;
        } else {
            self.need("ticket:*")?;
        }
        Ok(match self.actor.kind {
            ActorKind::Person => self.app.authz.ticket_filter(&self.actor).and(filter.clone()),
            ActorKind::Plugin | ActorKind::System => filter.clone(),
        })
    }
}

/// The kind that a filter demands, if it demands one.
fn kind_of(filter: &Filter) -> Option<String> {
    match filter {
        Filter::In(Field::Kind, values) if values.len() == 1 => values.first().cloned(),
        Filter::And(all) => all.iter().find_map(kind_of),
        _ => None,
    }
}

fn unavailable(error: impl std::fmt::Display) -> Fault {
    tracing::warn!(%error, "a component's question could not be answered");
    Fault::Retry(5)
}

#[async_trait]
impl SnapshotReader for Snapshot {
    async fn ticket(&self, id: &TicketId) -> Result<Option<Ticket>, Fault> {
        let found = self.app.store.ticket_load(self.app.org(), &id.0).await.map_err(unavailable)?;
        let Some(bundle) = found else {
            self.saw(Noun::Ticket, &id.0, 0);
            return Ok(None);
        };
        self.need(&ticket_target(&bundle.ticket.kind))?;
        if self.actor.kind == ActorKind::Person && !self.app.authz.may_read(&self.actor, &bundle) {
            return Ok(None);
        }
        self.saw(Noun::Ticket, &bundle.ticket.id.0, bundle.ticket.version);
        Ok(Some(bundle.ticket))
    }

    async fn tickets(&self, filter: &Filter, limit: u32) -> Result<Vec<Ticket>, Fault> {
        let filter = self.check_filter(filter)?;
        let query = TicketQuery {
            filter,
            sort: Sort::OpenedAt,
            descending: true,
            after: None,
            limit: limit.clamp(1, TICKETS_MAX),
        };
        self.saw_query(QueryScope::Tickets(query.clone())).await?;
        Ok(self.app.store.ticket_list(self.app.org(), &query).await.map_err(unavailable)?.items)
    }

    async fn ticket_count(&self, filter: &Filter) -> Result<u32, Fault> {
        let filter = self.check_filter(filter)?;
        self.saw_query(QueryScope::TicketCount(filter.clone())).await?;
        let count = self.app.store.ticket_count(self.app.org(), &filter).await.map_err(unavailable)?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    async fn clocks(&self, ticket: &TicketId) -> Result<Vec<Clock>, Fault> {
        if self.ticket(ticket).await?.is_none() {
            return Ok(Vec::new());
        }
        let bundle = self.app.store.ticket_load(self.app.org(), &ticket.0).await.map_err(unavailable)?;
        Ok(bundle.map(|bundle| bundle.clocks).unwrap_or_default())
    }

    async fn ci(&self, id: &CiId) -> Result<Option<Ci>, Fault> {
        self.need("ci")?;
        let ci = self.app.store.ci_get(self.app.org(), id).await.map_err(unavailable)?;
        self.saw(Noun::Ci, &id.0, ci.as_ref().map_or(0, |ci| ci.version));
        Ok(ci.filter(|ci| self.actor.kind != ActorKind::Person || self.app.authz.may_read_ci(&self.actor, ci)))
    }

    async fn related(&self, id: &CiId) -> Result<Vec<RelatedCi>, Fault> {
        if self.ci(id).await?.is_none() {
            return Ok(Vec::new());
        }
        let relations = self.app.store.ci_relations(self.app.org(), id).await.map_err(unavailable)?;
        Ok(relations
            .into_iter()
            .map(|relation| RelatedCi {
                direction: relation.direction_from(id),
                other: if relation.from == *id { relation.to } else { relation.from },
                relation_type: relation.relation_type,
            })
            .collect())
    }

    async fn impact(&self, id: &CiId, direction: Direction) -> Result<Vec<Ci>, Fault> {
        self.need("ci")?;
        let may_see =
            |space: &SpaceId| self.actor.kind != ActorKind::Person || self.app.authz.may_read_space(&self.actor, space);
        let reach = self.app.impact_of(id, direction, may_see, IMPACT_MAX).await.map_err(unavailable)?;
        let mut cis = Vec::new();
        for node in reach.shown {
            if let Some(ci) = self.ci(&node.id).await? {
                cis.push(ci);
            }
        }
        Ok(cis)
    }

    async fn find_cis(&self, criteria: &CiCriteria, limit: u32) -> Result<Vec<Ci>, Fault> {
        self.need("ci")?;
        let classes = match &criteria.class {
            None => Vec::new(),
            Some(class) => self.classes_below(class),
        };
        let mut spaces = match self.actor.kind {
            ActorKind::Person => self.app.visible_spaces(&self.actor).await.map_err(unavailable)?,
            ActorKind::Plugin | ActorKind::System => None,
        };
        if let Some(space) = &criteria.space {
            let visible = spaces.is_none_or(|visible| visible.contains(&space.0));
            spaces = Some(if visible { vec![space.0.clone()] } else { Vec::new() });
        }
        let mut query = CiQuery {
            classes,
            spaces,
            name: criteria.name.clone(),
            attributes: criteria.attributes.clone(),
            after: criteria.after.clone(),
            limit,
        };
        if criteria.class.is_some() && query.classes.is_empty() {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        // What only looks as if it matched leaves a page with room for more.
        for _ in 0..CI_PAGES_MAX {
            self.saw_query(QueryScope::Cis(query.clone())).await?;
            let page = self.app.store.ci_candidates(self.app.org(), &query).await.map_err(unavailable)?;
            let last = page.last().map(|ci| ci.id.clone());
            let is_full = page.len() >= limit as usize;
            found.extend(page.into_iter().filter(|ci| query.matches(ci)));
            if !is_full || found.len() >= limit as usize {
                found.truncate(limit as usize);
                return Ok(found);
            }
            query.after = last;
        }
        Err(Fault::Permanent(
            "too many items only look like those that were asked for; name more attributes".to_owned(),
        ))
    }

    fn ci_lineage(&self, class: &str) -> Result<Vec<String>, Fault> {
        self.need("ci")?;
        let registry = self.app.registry();
        let line = engine::lineage(&registry.classes, class).unwrap_or_default();
        self.saw_classes(class, &line);
        Ok(line.into_iter().map(|class| class.id.clone()).collect())
    }

    fn check_ci(&self, class: &str, attributes: &Object) -> Result<Vec<Problem>, Fault> {
        self.need("ci")?;
        let registry = self.app.registry();
        self.saw_classes(class, &engine::lineage(&registry.classes, class).unwrap_or_default());
        Ok(engine::check_attributes(&registry.classes, class, attributes, ""))
    }

    async fn record(&self, id: &RecordId) -> Result<Option<Record>, Fault> {
        let record = self.app.store.record_get(self.app.org(), &id.0).await.map_err(unavailable)?;
        self.saw(Noun::Record, &id.0, record.as_ref().map_or(0, |record| record.version));
        if let Some(record) = &record {
            self.need(&record_target(&record.kind))?;
        }
        Ok(record.and_then(|record| self.seen(record)))
    }

    async fn records(&self, kind: &KindId, state: Option<&str>) -> Result<Vec<Record>, Fault> {
        self.need(&record_target(kind))?;
        self.saw_query(QueryScope::Records { kind: kind.clone(), state: state.map(str::to_owned) }).await?;
        let page = self
            .app
            .store
            .record_list(self.app.org(), kind, state, &RecordScope::everything(), None, RECORDS_MAX)
            .await
            .map_err(unavailable)?;
        Ok(page.items.into_iter().filter_map(|record| self.seen(record)).collect())
    }

    async fn person(&self, id: &PersonId) -> Result<Option<Person>, Fault> {
        self.need("person")?;
        let person = self.app.store.person_get(self.app.org(), id).await.map_err(unavailable)?;
        self.saw(Noun::Person, &id.0, person.as_ref().map_or(0, |person| person.version));
        Ok(person)
    }

    async fn manager(&self, id: &PersonId) -> Result<Option<Person>, Fault> {
        match self.person(id).await?.and_then(|person| person.manager) {
            Some(manager) => self.person(&manager).await,
            None => Ok(None),
        }
    }

    async fn members(&self, group: &GroupId) -> Result<Vec<Person>, Fault> {
        self.need("person")?;
        self.saw_query(QueryScope::Members(group.clone())).await?;
        self.app.store.members(self.app.org(), group).await.map_err(unavailable)
    }

    async fn is_member(&self, person: &PersonId, group: &GroupId) -> Result<bool, Fault> {
        Ok(self.members(group).await?.iter().any(|member| member.id == *person))
    }

    async fn calendar_add(
        &self,
        calendar: &str,
        start: Timestamp,
        seconds: u32,
        zone: Option<&str>,
    ) -> Result<Timestamp, Fault> {
        let calendar = self.calendar(calendar)?;
        in_zone(&calendar, zone)?.add(start, i64::from(seconds)).map_err(|error| Fault::Permanent(error.to_string()))
    }

    async fn calendar_between(
        &self,
        calendar: &str,
        start: Timestamp,
        end: Timestamp,
        zone: Option<&str>,
    ) -> Result<u32, Fault> {
        let calendar = self.calendar(calendar)?;
        Ok(u32::try_from(in_zone(&calendar, zone)?.between(start, end)).unwrap_or(u32::MAX))
    }

    async fn calendar_is_open(&self, calendar: &str, at: Timestamp, zone: Option<&str>) -> Result<bool, Fault> {
        let calendar = self.calendar(calendar)?;
        Ok(in_zone(&calendar, zone)?.is_open(at))
    }

    fn log(&self, level: LogLevel, message: &str) {
        let plugin = self.plugin.id().as_str();
        match level {
            LogLevel::Debug => tracing::debug!(target: "weft::plugin", plugin, "{message}"),
            LogLevel::Info => tracing::info!(target: "weft::plugin", plugin, "{message}"),
            LogLevel::Warn => tracing::warn!(target: "weft::plugin", plugin, "{message}"),
            LogLevel::Error => tracing::error!(target: "weft::plugin", plugin, "{message}"),
        }
    }
}

impl Snapshot {
    /// A practice always knows its own records: they are its configuration, and what it decides with them is still checked.
    fn owns(&self, kind: &KindId) -> bool {
        self.plugin.manifest.kinds.iter().any(|own| own.id == *kind)
    }

    /// A record as the person that the component acts for sees it.
    fn seen(&self, record: Record) -> Option<Record> {
        if self.actor.kind != ActorKind::Person || self.owns(&record.kind) {
            return Some(record);
        }
        self.app.records_in(&self.actor, std::slice::from_ref(&record.space)).view(record)
    }

    /// A class and those below it; none when there is no such class.
    fn classes_below(&self, class: &str) -> Vec<String> {
        let registry = self.app.registry();
        let below = registry.classes.iter().filter(|other| {
            let line = engine::lineage(&registry.classes, &other.id).unwrap_or_default();
            line.iter().any(|ancestor| ancestor.id == class)
        });
        let below: Vec<&CiClass> = below.collect();
        self.saw_classes(class, &below);
        below.into_iter().map(|class| class.id.clone()).collect()
    }

    /// What classes are is part of what was read; a class that is not there must not come to be.
    fn saw_classes(&self, asked: &str, known: &[&CiClass]) {
        if known.is_empty() {
            self.saw(Noun::CiClass, asked, 0);
        }
        for class in known {
            self.saw(Noun::CiClass, &class.id, class.version);
        }
    }

    fn calendar(&self, key: &str) -> Result<Arc<Calendar>, Fault> {
        self.need("calendar")?;
        let (calendar, version) = self.app.calendars.get(key).ok_or_else(|| {
            Fault::Permanent(format!("there is no calendar `{key}`; there is {}", self.app.calendars.keys().join(", ")))
        })?;
        self.saw(Noun::Calendar, key, version);
        Ok(calendar)
    }
}

fn in_zone(calendar: &Arc<Calendar>, zone: Option<&str>) -> Result<Arc<Calendar>, Fault> {
    match zone {
        None => Ok(Arc::clone(calendar)),
        Some(name) => {
            let zone = domain::calendar::read_zone(name).map_err(|problem| Fault::Invalid(vec![problem]))?;
            Ok(Arc::new(calendar.in_zone(zone)))
        }
    }
}

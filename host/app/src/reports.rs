//! Reports of practices and questions that people keep, computed for whoever asks: the question, the condition of what they may see, and
//! nothing that would have to be taken out afterwards. A number and what is behind it come from the same rows.

mod compute;
mod past;
mod saved;
mod subject;
mod things;

pub use compute::{Row, Unit};
pub use saved::{Kept, SAVED};

use crate::app::App;
use crate::error::{AppError, Result};
use crate::registry::Registry;
use compute::Item;
use domain::filter::{Field, Filter};
use domain::kind::Noun;
use domain::report::{self, By, CI, Group, Measure, On, Report};
use domain::{Actor, Ci, CiId, PluginId, Record, Ticket, TicketId};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use store::insight::FACTS_MAX;
use store::{Fact, FactColumn, FactQuery, FactTime, Sort, TicketQuery};

/// Tickets behind one number that are given out.
const BEHIND_MAX: usize = 200;
/// Days that a caller may ask for.
pub const DAYS_MAX: u32 = 3660;

/// What a caller may choose about a report.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    pub space: Option<String>,
    pub days: Option<u32>,
    /// What it would have said then.
    pub as_of: Option<Timestamp>,
}

/// What is looked at, once a choice was made.
struct Asked {
    space: Option<String>,
    since: Option<Timestamp>,
    as_of: Option<Timestamp>,
    /// The time of which ages and trends are told.
    now: Timestamp,
}

/// What stands behind a number, as it is now.
#[derive(Debug, Clone, PartialEq)]
pub enum Behind {
    Tickets(Vec<Ticket>),
    Records(Vec<Record>),
    Cis(Vec<Ci>),
}

/// A report with what it says.
#[derive(Debug, Clone)]
pub struct Computed {
    pub plugin: PluginId,
    pub report: Report,
    pub unit: Unit,
    pub since: Option<Timestamp>,
    pub as_of: Option<Timestamp>,
    pub rows: Vec<Row>,
    pub total: Row,
    /// All tickets were looked at; otherwise the newest ones. Of records and configuration items the first ones.
    pub complete: bool,
}

/// Which of the tickets of a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Part {
    #[default]
    All,
    /// Those that count for a share.
    Met,
    Missed,
}

impl App {
    /// Every report of the plugins that are switched on.
    #[must_use]
    pub fn report_list(&self) -> Vec<(PluginId, String, Report)> {
        let registry = self.registry();
        let plugins = registry.plugins.values().filter(|plugin| plugin.enabled);
        let reports = plugins.flat_map(|plugin| {
            let title = plugin.manifest.title.clone();
            plugin.manifest.reports.iter().map(move |report| (plugin.id().clone(), title.clone(), report.clone()))
        });
        reports.collect()
    }

    /// What a report says about what the caller may see.
    ///
    /// # Errors
    /// There is no such report; what was asked for cannot be told of the past; the store cannot be read.
    pub async fn report(&self, actor: &Actor, plugin: &PluginId, id: &str, choice: &Choice) -> Result<Computed> {
        let report = self.report_named(actor, plugin, id).await?;
        self.computed(actor, plugin.clone(), report, choice).await
    }

    async fn computed(&self, actor: &Actor, plugin: PluginId, report: Report, choice: &Choice) -> Result<Computed> {
        let asked = self.asked(&report, choice);
        let (items, complete) = self.report_items(actor, &report, &asked).await?;
        let zone = domain::calendar::read_zone(&actor.zone).unwrap_or(jiff::tz::TimeZone::UTC);
        let unit = compute::unit(&report.measure);
        let rows = compute::rows(&report, &items, asked.since, asked.now, &zone);
        let total = compute::total(&report, &items);
        Ok(Computed { plugin, report, unit, since: asked.since, as_of: asked.as_of, rows, total, complete })
    }

    /// The tickets behind one row of a report, or behind all of it, newest first, at most 200; records and configuration items by what
    /// they are called.
    ///
    /// # Errors
    /// There is no such report; what was asked for cannot be told of the past; the store cannot be read.
    pub async fn report_behind(
        &self,
        actor: &Actor,
        plugin: &PluginId,
        id: &str,
        choice: &Choice,
        key: Option<&str>,
        part: Part,
    ) -> Result<Behind> {
        let report = self.report_named(actor, plugin, id).await?;
        let asked = self.asked(&report, choice);
        let (items, _) = self.report_items(actor, &report, &asked).await?;
        let zone = domain::calendar::read_zone(&actor.zone).unwrap_or(jiff::tz::TimeZone::UTC);
        let mut ids: Vec<String> = Vec::new();
        let mut seen = BTreeSet::new();
        for item in &items {
            let here = key.is_none_or(|key| compute::key(&report, item, asked.now, &zone) == key);
            let fits = match part {
                Part::All => true,
                Part::Met => item.met == Some(true),
                Part::Missed => item.met == Some(false),
            };
            if here && fits && seen.insert(item.subject.as_str()) {
                ids.push(item.subject.clone());
            }
        }
        ids.truncate(BEHIND_MAX);
        match self.noun_of(&report) {
            None => {
                let ids: Vec<CiId> = ids.into_iter().map(CiId).collect();
                let mut cis = self.store.ci_get_many(self.org(), &ids).await?;
                cis.retain(|ci| self.authz.may_read_ci(actor, ci));
                cis.sort_by(|left, right| left.name.cmp(&right.name));
                Ok(Behind::Cis(cis))
            }
            Some(Noun::Record) => {
                let mut records = Vec::with_capacity(ids.len());
                for id in ids {
                    match self.record(actor, &id).await {
                        Ok(record) => records.push(record),
                        Err(AppError::NotFound(_)) => {}
                        Err(error) => return Err(error),
                    }
                }
                Ok(Behind::Records(records))
            }
            Some(Noun::Ticket) if ids.is_empty() => Ok(Behind::Tickets(Vec::new())),
            Some(Noun::Ticket) => {
                let query = TicketQuery {
                    filter: Filter::In(Field::Id, ids),
                    sort: Sort::OpenedAt,
                    descending: true,
                    after: None,
                    limit: u32::try_from(BEHIND_MAX).unwrap_or(u32::MAX),
                };
                Ok(Behind::Tickets(self.ticket_list(actor, query).await?.items))
            }
        }
    }

    async fn report_named(&self, actor: &Actor, plugin: &PluginId, id: &str) -> Result<Report> {
        if plugin.as_str() == SAVED {
            return self.saved_report(actor, id).await;
        }
        let registry = self.registry();
        let found = registry.plugin(plugin).filter(|plugin| plugin.enabled);
        let found = found.and_then(|plugin| plugin.manifest.reports.iter().find(|report| report.id == id).cloned());
        found.ok_or_else(|| AppError::not_found("report", &format!("{plugin}/{id}")))
    }

    fn asked(&self, report: &Report, choice: &Choice) -> Asked {
        let now = choice.as_of.unwrap_or_else(|| self.now());
        let since = choice.days.or(report.days).map(|days| {
            let back = SignedDuration::from_hours(24 * i64::from(days.min(DAYS_MAX)));
            now.checked_sub(back).unwrap_or(Timestamp::MIN)
        });
        Asked { space: choice.space.clone(), since, as_of: choice.as_of, now }
    }

    /// What a report is about; nothing for configuration items, which are of no kind.
    fn noun_of(&self, report: &Report) -> Option<Noun> {
        if report.kind == CI {
            return None;
        }
        let kind = domain::KindId(report.kind.clone());
        Some(self.registry().kinds.get(&kind).map_or(Noun::Ticket, |kind| kind.noun))
    }

    async fn report_items(&self, actor: &Actor, report: &Report, asked: &Asked) -> Result<(Vec<Item>, bool)> {
        if self.noun_of(report) != Some(Noun::Ticket) {
            let (things, complete) = self.things(actor, report, asked).await?;
            let items = things.into_iter().filter_map(|thing| {
                let met = match &report.measure {
                    Measure::Share { of } => Some(thing.meets(of)),
                    _ => None,
                };
                Item::of_fact(&report.measure, thing.fact(report), met)
            });
            return Ok((items.collect(), complete));
        }
        let mut filter = self.authz.ticket_filter(actor);
        if report.kind != "*" {
            filter = filter.and(Filter::eq(Field::Kind, report.kind.clone()));
        }
        if let Some(space) = &asked.space {
            filter = filter.and(Filter::eq(Field::Space, space.clone()));
        }
        filter = filter.and(readable(&self.registry(), report));
        let of = match &report.measure {
            Measure::Share { of } => Some(of.as_slice()),
            _ => None,
        };
        if let Some(at) = asked.as_of {
            if report.measure.is_of_clocks() {
                let (clocks, complete) = self.clocks_at(&filter, report, asked.since, at).await?;
                let items = clocks.into_iter().filter_map(|clock| Item::of_clock(&report.measure, clock, asked.now));
                return Ok((items.collect(), complete));
            }
            let (facts, complete) = self.facts_at(&filter, report, of, asked.since, at).await?;
            let items = facts.into_iter().filter_map(|(fact, met)| Item::of_fact(&report.measure, fact, met));
            return Ok((items.collect(), complete));
        }
        filter = filter.and(report::all(&report.conditions));
        let limit = FACTS_MAX as usize;
        if report.measure.is_of_clocks() {
            let mut clocks = self.store.clock_facts(self.org(), &filter, asked.since, FACTS_MAX).await?;
            let complete = clocks.len() <= limit;
            clocks.truncate(limit);
            let items = clocks.into_iter().filter_map(|clock| Item::of_clock(&report.measure, clock, asked.now));
            return Ok((items.collect(), complete));
        }
        let facts = self.facts(&filter, report, asked.since).await?;
        let complete = facts.len() <= limit;
        let met: Option<BTreeSet<TicketId>> = match of {
            Some(of) => {
                let filter = filter.and(report::all(of));
                Some(self.facts(&filter, report, asked.since).await?.into_iter().map(|fact| fact.ticket).collect())
            }
            None => None,
        };
        let items = facts.into_iter().take(limit).filter_map(|fact| {
            let met = met.as_ref().map(|met| met.contains(&fact.ticket));
            Item::of_fact(&report.measure, fact, met)
        });
        Ok((items.collect(), complete))
    }

    async fn facts(&self, filter: &Filter, report: &Report, since: Option<Timestamp>) -> Result<Vec<Fact>> {
        let time = match report.by {
            By::Opened => FactTime::Opened,
            By::Resolved => FactTime::Resolved,
            By::Closed => FactTime::Closed,
        };
        let group = match &report.group {
            Some(Group::Column(column)) => Some(FactColumn::Column(*column)),
            Some(Group::Field(name)) => Some(FactColumn::Custom(name.clone())),
            _ => None,
        };
        let value = report.measure.field().map(str::to_owned);
        let query =
            FactQuery { filter: filter.clone(), since: since.map(|at| (time, at)), group, value, limit: FACTS_MAX };
        Ok(self.store.ticket_facts(self.org(), &query).await?)
    }
}

/// Without the kinds of which not everybody may read a field that the report shows or asks about: its numbers would tell the value.
fn readable(registry: &Registry, report: &Report) -> Filter {
    let of = match &report.measure {
        Measure::Share { of } => of.as_slice(),
        _ => &[],
    };
    let asked = report.conditions.iter().chain(of).filter_map(|condition| match &condition.on {
        On::Field(name) => Some(name.as_str()),
        On::Column(_) => None,
    });
    let grouped = match &report.group {
        Some(Group::Field(name)) => Some(name.as_str()),
        _ => None,
    };
    let names: BTreeSet<&str> = asked.chain(grouped).chain(report.measure.field()).collect();
    let limited: Vec<String> = registry
        .kinds
        .iter()
        .filter(|kind| names.iter().any(|name| kind.field(name).is_some_and(|rule| !rule.read.is_empty())))
        .map(|kind| kind.id.0.clone())
        .collect();
    if limited.is_empty() { Filter::True } else { Filter::Not(Box::new(Filter::In(Field::Kind, limited))) }
}

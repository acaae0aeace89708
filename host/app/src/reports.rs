//! Reports of practices, computed for whoever asks: the question of the manifest, the condition of what they may see, and nothing that
//! would have to be taken out afterwards. A number and the tickets behind it come from the same rows.

mod compute;

pub use compute::{Row, Unit};

use crate::app::App;
use crate::error::{AppError, Result};
use crate::registry::Registry;
use compute::Item;
use domain::filter::{Field, Filter};
use domain::report::{self, By, Group, Measure, On, Report};
use domain::{Actor, PluginId, Ticket, TicketId};
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
}

/// A report with what it says.
#[derive(Debug, Clone)]
pub struct Computed {
    pub plugin: PluginId,
    pub report: Report,
    pub unit: Unit,
    pub since: Option<Timestamp>,
    pub rows: Vec<Row>,
    pub total: Row,
    /// All tickets were looked at; otherwise the newest ones.
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

    /// What a report says about the tickets that the caller may see.
    ///
    /// # Errors
    /// There is no such report; the store cannot be read.
    pub async fn report(&self, actor: &Actor, plugin: &PluginId, id: &str, choice: &Choice) -> Result<Computed> {
        let report = self.report_named(plugin, id)?;
        let (items, since, complete) = self.report_items(actor, &report, choice).await?;
        let zone = domain::calendar::read_zone(&actor.zone).unwrap_or(jiff::tz::TimeZone::UTC);
        let unit = compute::unit(&report.measure);
        let rows = compute::rows(&report, &items, since, self.now(), &zone);
        let total = compute::total(&report, &items);
        Ok(Computed { plugin: plugin.clone(), report, unit, since, rows, total, complete })
    }

    /// The tickets behind one row of a report, or behind all of it, newest first, at most 200.
    ///
    /// # Errors
    /// There is no such report; the store cannot be read.
    pub async fn report_tickets(
        &self,
        actor: &Actor,
        plugin: &PluginId,
        id: &str,
        choice: &Choice,
        key: Option<&str>,
        part: Part,
    ) -> Result<Vec<Ticket>> {
        let report = self.report_named(plugin, id)?;
        let (items, _, _) = self.report_items(actor, &report, choice).await?;
        let zone = domain::calendar::read_zone(&actor.zone).unwrap_or(jiff::tz::TimeZone::UTC);
        let mut ids: Vec<String> = Vec::new();
        let mut seen = BTreeSet::new();
        for item in &items {
            let here = key.is_none_or(|key| compute::key(&report, item, self.now(), &zone) == key);
            let fits = match part {
                Part::All => true,
                Part::Met => item.met == Some(true),
                Part::Missed => item.met == Some(false),
            };
            if here && fits && seen.insert(item.ticket.0.clone()) {
                ids.push(item.ticket.0.clone());
            }
        }
        ids.truncate(BEHIND_MAX);
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let query = TicketQuery {
            filter: Filter::In(Field::Id, ids),
            sort: Sort::OpenedAt,
            descending: true,
            after: None,
            limit: u32::try_from(BEHIND_MAX).unwrap_or(u32::MAX),
        };
        Ok(self.ticket_list(actor, query).await?.items)
    }

    fn report_named(&self, plugin: &PluginId, id: &str) -> Result<Report> {
        let registry = self.registry();
        let found = registry.plugin(plugin).filter(|plugin| plugin.enabled);
        let found = found.and_then(|plugin| plugin.manifest.reports.iter().find(|report| report.id == id).cloned());
        found.ok_or_else(|| AppError::not_found("report", &format!("{plugin}/{id}")))
    }

    async fn report_items(
        &self,
        actor: &Actor,
        report: &Report,
        choice: &Choice,
    ) -> Result<(Vec<Item>, Option<Timestamp>, bool)> {
        let since = choice.days.or(report.days).map(|days| {
            let back = SignedDuration::from_hours(24 * i64::from(days.min(DAYS_MAX)));
            self.now().checked_sub(back).unwrap_or(Timestamp::MIN)
        });
        let mut filter = self.authz.ticket_filter(actor).and(report::all(&report.conditions));
        if report.kind != "*" {
            filter = filter.and(Filter::eq(Field::Kind, report.kind.clone()));
        }
        if let Some(space) = &choice.space {
            filter = filter.and(Filter::eq(Field::Space, space.clone()));
        }
        filter = filter.and(readable(&self.registry(), report));
        let limit = FACTS_MAX as usize;
        if let Measure::TimeOnClock { .. } | Measure::TargetsMet { .. } = report.measure {
            let mut clocks = self.store.clock_facts(self.org(), &filter, since, FACTS_MAX).await?;
            let complete = clocks.len() <= limit;
            clocks.truncate(limit);
            let now = self.now();
            let items = clocks.into_iter().filter_map(|clock| Item::of_clock(&report.measure, clock, now));
            return Ok((items.collect(), since, complete));
        }
        let facts = self.facts(&filter, report, since).await?;
        let complete = facts.len() <= limit;
        let met: Option<BTreeSet<TicketId>> = match &report.measure {
            Measure::Share { of } => {
                let filter = filter.and(report::all(of));
                Some(self.facts(&filter, report, since).await?.into_iter().map(|fact| fact.ticket).collect())
            }
            _ => None,
        };
        let items = facts.into_iter().take(limit).filter_map(|fact| {
            let met = met.as_ref().map(|met| met.contains(&fact.ticket));
            Item::of_ticket(&report.measure, fact, met)
        });
        Ok((items.collect(), since, complete))
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
        let value = match &report.measure {
            Measure::Average { field } => Some(field.clone()),
            _ => None,
        };
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
    let averaged = match &report.measure {
        Measure::Average { field } => Some(field.as_str()),
        _ => None,
    };
    let names: BTreeSet<&str> = asked.chain(grouped).chain(averaged).collect();
    let limited: Vec<String> = registry
        .kinds
        .iter()
        .filter(|kind| names.iter().any(|name| kind.field(name).is_some_and(|rule| !rule.read.is_empty())))
        .map(|kind| kind.id.0.clone())
        .collect();
    if limited.is_empty() { Filter::True } else { Filter::Not(Box::new(Filter::In(Field::Kind, limited))) }
}

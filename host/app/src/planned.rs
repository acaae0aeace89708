//! What is planned in a stretch of time: the tickets or records of a kind that a calendar shows there. Knows no kind by name; which fields
//! are its times is in the kind.

use crate::app::App;
use crate::error::{AppError, Result};
use domain::filter::{Field, Filter};
use domain::kind::screen::CalendarScreen;
use domain::kind::{Kind, Noun, StateCategory};
use domain::{Actor, KindId, Object, SpaceId, TicketId};
use jiff::Timestamp;
use std::collections::BTreeMap;
use store::insight::FACTS_MAX;
use store::{FactColumn, FactQuery, Sort, TicketQuery};

/// Entries of one answer.
const ENTRIES_MAX: usize = 2000;
/// Rows that are read at once.
const PAGE: u32 = 200;
/// Records that are looked at; kinds of records in a calendar are windows and freezes, not what happens every day.
const RECORDS_MAX: usize = 20_000;

/// One ticket or record as a calendar needs it: of its fields only those that say when, of what sort, and what it collides with.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub id: String,
    pub number: String,
    pub kind: KindId,
    pub space: SpaceId,
    pub state: String,
    pub category: StateCategory,
    pub title: String,
    pub fields: Object,
}

/// What is planned, earliest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    pub entries: Vec<Entry>,
    /// Everything was looked at and is here.
    pub complete: bool,
}

/// A stretch of time, without its end.
#[derive(Debug, Clone, Copy)]
pub struct Stretch {
    pub start: Timestamp,
    pub end: Timestamp,
}

impl App {
    /// The entries of a kind's calendar that touch a stretch of time, of those that the caller may see.
    ///
    /// # Errors
    /// The kind is in no calendar; the store cannot be read.
    pub async fn planned(&self, actor: &Actor, kind: &KindId, stretch: Stretch) -> Result<Planned> {
        let registry = self.registry();
        let found = registry.kinds.get(kind).ok_or_else(|| AppError::not_found("kind", &kind.0))?;
        let Some(screen) = found.screen.calendar.clone() else {
            let what = format!("the kind `{kind}` says nothing about a calendar");
            return Err(AppError::invalid("/kind", "no-calendar", what));
        };
        let mut planned = match found.noun {
            Noun::Ticket => self.planned_tickets(actor, found, &screen, stretch).await?,
            Noun::Record => self.planned_records(actor, kind, &screen, stretch).await?,
        };
        planned.entries.sort_by_cached_key(|entry| {
            (instant(&entry.fields, &screen.from).unwrap_or(Timestamp::MIN), entry.number.clone())
        });
        if planned.entries.len() > ENTRIES_MAX {
            planned.entries.truncate(ENTRIES_MAX);
            planned.complete = false;
        }
        Ok(planned)
    }

    /// Two narrow questions say which tickets touch the stretch; only these are read whole.
    async fn planned_tickets(
        &self,
        actor: &Actor,
        kind: &Kind,
        screen: &CalendarScreen,
        stretch: Stretch,
    ) -> Result<Planned> {
        let given_up = Filter::eq(Field::Category, StateCategory::Cancelled.as_str());
        let filter = self
            .authz
            .ticket_filter(actor)
            .and(Filter::eq(Field::Kind, kind.id.0.clone()))
            .and(Filter::Not(Box::new(given_up)));
        let (begins, whole) = self.instants(&filter, &screen.from).await?;
        let (ends, _) = self.instants(&filter, &screen.to).await?;
        let touching: Vec<String> = begins
            .iter()
            .filter(|(id, from)| touches(**from, ends.get(*id).copied().flatten(), screen, stretch))
            .map(|(id, _)| id.0.clone())
            .collect();
        let mut entries = Vec::new();
        let mut complete = whole;
        for ids in touching.chunks(PAGE as usize) {
            if entries.len() > ENTRIES_MAX {
                complete = false;
                break;
            }
            let query = TicketQuery {
                filter: Filter::In(Field::Id, ids.to_vec()),
                sort: Sort::Number,
                descending: false,
                after: None,
                limit: PAGE,
            };
            // Fields that the caller may not read are gone from these; a time that they may not know is none.
            for ticket in self.ticket_list(actor, query).await?.items {
                let entry = Entry {
                    id: ticket.id.0,
                    number: ticket.number,
                    kind: ticket.kind,
                    space: ticket.space,
                    state: ticket.state,
                    category: ticket.category,
                    title: ticket.title,
                    fields: needed(ticket.fields, screen),
                };
                entries.extend(entry.within(screen, stretch));
            }
        }
        Ok(Planned { entries, complete })
    }

    /// An instant of each ticket, where the field has one, and whether these are all tickets.
    async fn instants(&self, filter: &Filter, field: &str) -> Result<(BTreeMap<TicketId, Option<Timestamp>>, bool)> {
        let query = FactQuery {
            filter: filter.clone(),
            since: None,
            group: Some(FactColumn::Custom(field.to_owned())),
            value: None,
            limit: FACTS_MAX,
        };
        let facts = self.store.ticket_facts(self.org(), &query).await?;
        let complete = facts.len() <= FACTS_MAX as usize;
        let instants =
            facts.into_iter().map(|fact| (fact.ticket, fact.group.as_deref().and_then(|text| text.parse().ok())));
        Ok((instants.collect(), complete))
    }

    async fn planned_records(
        &self,
        actor: &Actor,
        kind: &KindId,
        screen: &CalendarScreen,
        stretch: Stretch,
    ) -> Result<Planned> {
        let mut entries = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..RECORDS_MAX / PAGE as usize {
            let page = self.record_list(actor, kind, None, after.as_deref(), PAGE).await?;
            for record in page.items {
                // What is no longer used takes no time.
                if matches!(record.category, StateCategory::Closed | StateCategory::Cancelled) {
                    continue;
                }
                let entry = Entry {
                    id: record.id.0,
                    number: record.number,
                    kind: record.kind,
                    space: record.space,
                    state: record.state,
                    category: record.category,
                    title: record.title,
                    fields: needed(record.fields, screen),
                };
                entries.extend(entry.within(screen, stretch));
            }
            match page.next {
                Some(next) if entries.len() <= ENTRIES_MAX => after = Some(next.id),
                next => return Ok(Planned { entries, complete: next.is_none() }),
            }
        }
        Ok(Planned { entries, complete: false })
    }
}

impl Entry {
    fn within(self, screen: &CalendarScreen, stretch: Stretch) -> Option<Self> {
        let recurs = screen.recurring.as_ref().is_some_and(|name| self.fields.contains_key(name));
        let (from, to) = (instant(&self.fields, &screen.from), instant(&self.fields, &screen.to));
        let timed = recurs || from.is_some() || to.is_some();
        (timed && touches(from, to, screen, stretch)).then_some(self)
    }
}

/// What has no beginning began before, and what has no end lasts longer; without both it is only in a calendar where it may recur.
fn touches(from: Option<Timestamp>, to: Option<Timestamp>, screen: &CalendarScreen, stretch: Stretch) -> bool {
    let timed = from.is_some() || to.is_some() || screen.recurring.is_some();
    timed && from.is_none_or(|from| from < stretch.end) && to.is_none_or(|to| to > stretch.start)
}

fn instant(fields: &Object, name: &str) -> Option<Timestamp> {
    fields.get(name)?.as_str()?.parse().ok()
}

fn needed(mut fields: Object, screen: &CalendarScreen) -> Object {
    let optional = [&screen.sort, &screen.conflicts, &screen.recurring].into_iter().flatten();
    let names: Vec<&String> = [&screen.from, &screen.to].into_iter().chain(optional).collect();
    fields.retain(|name, _| names.contains(&name));
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn screen(recurring: Option<&str>) -> CalendarScreen {
        CalendarScreen {
            from: "from".to_owned(),
            to: "to".to_owned(),
            sort: None,
            conflicts: None,
            recurring: recurring.map(str::to_owned),
            bands: Vec::new(),
        }
    }

    #[track_caller]
    fn check(fields: serde_json::Value, screen: &CalendarScreen, expected: bool) {
        let stretch = Stretch { start: at("2026-03-01T00:00:00Z"), end: at("2026-04-01T00:00:00Z") };
        let entry = Entry {
            id: "x".to_owned(),
            number: "X1".to_owned(),
            kind: KindId("x".to_owned()),
            space: SpaceId("it".to_owned()),
            state: "new".to_owned(),
            category: StateCategory::New,
            title: "X".to_owned(),
            fields: fields.as_object().unwrap().clone(),
        };
        assert_eq!(entry.within(screen, stretch).is_some(), expected, "{fields}");
    }

    #[test]
    fn an_entry_is_there_when_it_touches_the_stretch() {
        let once = screen(None);
        check(json!({ "from": "2026-03-05T08:00:00Z", "to": "2026-03-05T09:00:00Z" }), &once, true);
        check(json!({ "from": "2026-02-01T00:00:00Z", "to": "2026-05-01T00:00:00Z" }), &once, true);
        check(json!({ "from": "2026-02-01T00:00:00Z", "to": "2026-03-01T00:00:00Z" }), &once, false);
        check(json!({ "from": "2026-04-01T00:00:00Z", "to": "2026-04-02T00:00:00Z" }), &once, false);
        // The zone it is written in does not matter: this begins an hour before April.
        check(json!({ "from": "2026-04-01T01:00:00+02:00", "to": "2026-04-02T00:00:00Z" }), &once, true);
        check(json!({ "from": "2026-02-01T00:00:00Z" }), &once, true);
        check(json!({ "to": "2026-03-02T00:00:00Z" }), &once, true);
        check(json!({}), &once, false);
        check(json!({ "from": "soon", "to": 7 }), &once, false);
    }

    #[test]
    fn what_recurs_needs_no_time_of_its_own() {
        let recurring = screen(Some("calendar"));
        check(json!({ "calendar": "mondays" }), &recurring, true);
        check(json!({ "calendar": "mondays", "to": "2026-02-01T00:00:00Z" }), &recurring, false);
        check(json!({}), &recurring, false);
    }
}

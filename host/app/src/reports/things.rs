//! What reports count of records and configuration items, as the caller may see them.

use super::Asked;
use super::subject::Subject;
use crate::app::App;
use crate::error::Result;
use crate::later::Changes;
use domain::filter::Filter;
use domain::report::{CI, Group, Report};
use domain::{Actor, Ci, KindId, Record, SpaceId};
use jiff::Timestamp;
use store::insight::FACTS_MAX;

/// Records or configuration items that one report looks at: as many as tickets.
const THINGS_MAX: usize = FACTS_MAX as usize;
const PAGE: u32 = 200;

impl App {
    /// Every record or configuration item that a report is about, and whether these are all of them.
    pub(super) async fn things(&self, actor: &Actor, report: &Report, asked: &Asked) -> Result<(Vec<Subject>, bool)> {
        let noun = if report.kind == CI { "ci" } else { "record" };
        let later = match asked.as_of {
            Some(at) => self.changes_from(noun, &format!("{noun}."), &Filter::False, Some(self.after(at)?)).await?,
            None => Changes::new(),
        };
        let began = if needs_beginning(report, asked) {
            self.changes_from(noun, &format!("{noun}.created"), &Filter::False, None).await?
        } else {
            Changes::new()
        };
        let created = format!("{noun}.created");
        let began_at = |id: &str, otherwise: Timestamp| {
            began.get(id).and_then(|events| events.last()).map_or(otherwise, |event| event.at)
        };
        // What began later was not there.
        let was_there = |id: &str| later.get(id).is_none_or(|events| events.iter().all(|event| event.kind != created));
        let newest_first = |id: &str| later.get(id).map(Vec::as_slice).unwrap_or_default();
        let asked_about = |thing: &Subject| {
            asked.space.as_ref().is_none_or(|space| thing.is_in(space))
                && thing.meets(&report.conditions)
                && thing.is_since(report.by, asked.since)
        };
        let scope = if report.kind == CI { None } else { Some(self.record_scope(actor).await?) };
        let mut things: Vec<Subject> = Vec::new();
        let (mut after, mut seen) = (None::<String>, 0);
        loop {
            let next = if let Some(scope) = &scope {
                let kind = KindId(report.kind.clone());
                let page = self.store.record_list(self.org(), &kind, None, scope, after.as_deref(), PAGE).await?;
                for record in page.items.into_iter().filter(|record| was_there(&record.id.0)) {
                    let Some(space) = self.space_then(noun, &record.id.0, &record.space, &later, asked).await? else {
                        continue;
                    };
                    let began_at = began_at(&record.id.0, record.updated_at);
                    let mut then = Subject::of_record(Record { space: space.clone(), ..record.clone() }, began_at);
                    then.undo(newest_first(&record.id.0));
                    then.settle(self.registry().kinds.get(&record.kind));
                    // Those who are shown a part of it are shown that part of what it was.
                    let state = then.state.clone().unwrap_or_default();
                    let was = Record { space, state, fields: std::mem::take(&mut then.fields), ..record };
                    if let Some(shown) = scope.view(was) {
                        then.fields = shown.fields;
                        things.extend(Some(then).filter(&asked_about));
                    }
                }
                page.next.map(|next| next.id)
            } else {
                let page = self.ci_list(actor, "", None, after.as_deref(), PAGE).await?;
                for ci in page.items.into_iter().filter(|ci| was_there(&ci.id.0)) {
                    let Some(space) = self.space_then(noun, &ci.id.0, &ci.space, &later, asked).await? else {
                        continue;
                    };
                    let began_at = began_at(&ci.id.0, Timestamp::MIN);
                    let was = Ci { space, ..ci };
                    if self.authz.may_read_ci(actor, &was) {
                        let mut then = Subject::of_ci(was, began_at);
                        then.undo(newest_first(&then.id.clone()));
                        things.extend(Some(then).filter(&asked_about));
                    }
                }
                page.next.map(|next| next.id)
            };
            seen += PAGE as usize;
            match next {
                Some(_) if seen >= THINGS_MAX => return Ok((things, false)),
                Some(next) => after = Some(next),
                None => return Ok((things, true)),
            }
        }
    }

    /// The space in which something was at the time that is asked about; none when it was not there.
    async fn space_then(
        &self,
        noun: &str,
        id: &str,
        now: &SpaceId,
        later: &Changes,
        asked: &Asked,
    ) -> Result<Option<SpaceId>> {
        match asked.as_of {
            Some(at) if later.contains_key(id) => self.space_at(noun, id, at).await,
            _ => Ok(Some(now.clone())),
        }
    }
}

/// Whether it matters when something began.
fn needs_beginning(report: &Report, asked: &Asked) -> bool {
    asked.since.is_some() || matches!(report.group, Some(Group::Age | Group::Day | Group::Week | Group::Month))
}

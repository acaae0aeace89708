//! What reports count of records and configuration items, as the caller may see them.

use super::Asked;
use super::past::Changes;
use super::subject::Subject;
use crate::app::App;
use crate::error::Result;
use domain::filter::Filter;
use domain::report::{CI, Group, Report};
use domain::{Actor, Ci, KindId, Record};
use jiff::Timestamp;

/// Records or configuration items that one report looks at.
const THINGS_MAX: usize = 20_000;
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
        let mut things: Vec<Subject> = Vec::new();
        let (mut after, mut seen) = (None::<String>, 0);
        loop {
            let (next, found) = if report.kind == CI {
                let page = self.ci_list(actor, "", None, after.as_deref(), PAGE).await?;
                let there = page.items.into_iter().filter(|ci| was_there(&ci.id.0));
                let found = there.map(|ci: Ci| {
                    let began_at = began_at(&ci.id.0, Timestamp::MIN);
                    let mut then = Subject::of_ci(ci, began_at);
                    then.undo(newest_first(&then.id.clone()));
                    then
                });
                (page.next.map(|next| next.id), found.collect::<Vec<_>>())
            } else {
                let scope = self.record_scope(actor).await?;
                let kind = KindId(report.kind.clone());
                let page = self.store.record_list(self.org(), &kind, None, &scope, after.as_deref(), PAGE).await?;
                let registry = self.registry();
                let then = |record: Record| {
                    let mut then = Subject::of_record(record.clone(), began_at(&record.id.0, record.updated_at));
                    then.undo(newest_first(&record.id.0));
                    then.settle(registry.kinds.get(&record.kind));
                    // Those who are shown a part of it are shown that part of what it was.
                    let state = then.state.clone().unwrap_or_default();
                    let was = Record { state, fields: std::mem::take(&mut then.fields), ..record };
                    then.fields = scope.view(was)?.fields;
                    Some(then)
                };
                let there = page.items.into_iter().filter(|record| was_there(&record.id.0));
                (page.next.map(|next| next.id), there.filter_map(then).collect())
            };
            seen += PAGE as usize;
            things.extend(found);
            match next {
                Some(_) if seen >= THINGS_MAX => return Ok((things, false)),
                Some(next) => after = Some(next),
                None => break,
            }
        }
        things.retain(|thing| {
            asked.space.as_ref().is_none_or(|space| thing.is_in(space))
                && thing.meets(&report.conditions)
                && thing.is_since(report.by, asked.since)
        });
        Ok((things, true))
    }
}

/// Whether it matters when something began.
fn needs_beginning(report: &Report, asked: &Asked) -> bool {
    asked.since.is_some() || matches!(report.group, Some(Group::Age | Group::Day | Group::Week | Group::Month))
}

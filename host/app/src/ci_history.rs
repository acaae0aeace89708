//! A configuration item and its relations as they were: the journal, undone from now back to a time.

use crate::app::App;
use crate::error::{AppError, Result};
use domain::filter::Filter;
use domain::{Actor, Ci, CiId, CiRelation, Event};
use jiff::Timestamp;
use serde_json::Value;

const PAGE: u32 = 1000;
/// Events of one item that one question undoes.
const EVENTS_MAX: usize = 50_000;
const RELATED: &str = "ci.related";
const UNRELATED: &str = "ci.unrelated";

impl App {
    /// A CI as it was at a time, for somebody who may see it now and might have seen it then.
    ///
    /// # Errors
    /// There is none that the caller may see, or it was not there yet; the time has not come; the journal holds too many changes of it.
    pub async fn ci_as_of(&self, actor: &Actor, id: &CiId, at: Timestamp) -> Result<Ci> {
        let now = self.ci(actor, id).await?;
        self.after(at)?;
        let mut events: Vec<Event> = Vec::new();
        loop {
            let after = events.last().map_or(0, |event| event.subject_seq);
            let page = self.store.event_history(self.org(), "ci", &id.0, after, PAGE).await?;
            let is_last = page.len() < PAGE as usize;
            events.extend(page);
            if is_last {
                break;
            }
            if events.len() > EVENTS_MAX {
                let message = format!("the item was changed more than {EVENTS_MAX} times");
                return Err(AppError::invalid("/as_of", "too-long", message));
            }
        }
        let then = undone(now, &events, at).filter(|ci| self.authz.may_read_ci(actor, ci));
        then.ok_or_else(|| AppError::not_found("CI", &id.0))
    }

    /// The relations of a CI at a time, to others that the caller may see now.
    ///
    /// # Errors
    /// As [`App::ci_as_of`]; too many relations changed since.
    pub async fn ci_relations_as_of(&self, actor: &Actor, id: &CiId, at: Timestamp) -> Result<Vec<CiRelation>> {
        self.ci_as_of(actor, id, at).await?;
        let after = Some(self.after(at)?);
        let mut events: Vec<Event> = Vec::new();
        // An item that is pointed at has no event of its own: the relation is told by the one that points.
        for kind in [RELATED, UNRELATED] {
            let all = self.changes_from("ci", kind, &Filter::False, after).await?;
            let about = |event: &Event| event.subject == id.0 || event.data["to"] == id.0.as_str();
            events.extend(all.into_values().flatten().filter(about));
        }
        events.sort_by_key(|event| std::cmp::Reverse(event.seq));
        let mut then = self.store.ci_relations(self.org(), id).await?;
        for event in events {
            let text = |key: &str| event.data[key].as_str().unwrap_or_default().to_owned();
            let relation =
                CiRelation { from: CiId(event.subject.clone()), relation_type: text("type"), to: CiId(text("to")) };
            if event.kind == RELATED {
                then.retain(|known| *known != relation);
            } else if !then.contains(&relation) {
                then.push(relation);
            }
        }
        Ok(self.visible_relations(actor, id, then).await)
    }
}

/// The item with everything taken back that came later; none when it was not there.
fn undone(mut ci: Ci, events: &[Event], at: Timestamp) -> Option<Ci> {
    let known = events.iter().rposition(|event| event.at <= at)?;
    for event in events[known + 1..].iter().rev().filter(|event| event.kind == "ci.changed") {
        for change in event.data["changes"].as_array().into_iter().flatten() {
            let (field, from) = (change["field"].as_str().unwrap_or_default(), &change["from"]);
            match (field, field.strip_prefix("fields."), from) {
                (_, Some(attribute), Value::Null) => drop(ci.attributes.remove(attribute)),
                (_, Some(attribute), from) => drop(ci.attributes.insert(attribute.to_owned(), from.clone())),
                ("name", None, Value::String(name)) => ci.name.clone_from(name),
                ("class", None, Value::String(class)) => ci.class.clone_from(class),
                _ => {}
            }
        }
    }
    let written = |event: &&Event| matches!(event.kind.as_str(), "ci.created" | "ci.changed");
    ci.version = u32::try_from(events[..=known].iter().filter(written).count()).unwrap_or(u32::MAX);
    // What happened to it says in which space it was.
    ci.space.0.clone_from(&events[known].space);
    Some(ci)
}

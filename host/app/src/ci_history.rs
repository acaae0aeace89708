//! A configuration item as it was: the journal of the item, undone from now back to a time.

use crate::app::App;
use crate::error::{AppError, Result};
use domain::{Actor, Ci, CiId, Event};
use jiff::Timestamp;
use serde_json::Value;

const PAGE: u32 = 1000;
/// Events of one item that one question undoes.
const EVENTS_MAX: usize = 50_000;

impl App {
    /// A CI as it was at a time, for somebody who may see it now and might have seen it then.
    ///
    /// # Errors
    /// There is none that the caller may see, or it was not there yet; the time has not come; the journal holds too many changes of it.
    pub async fn ci_as_of(&self, actor: &Actor, id: &CiId, at: Timestamp) -> Result<Ci> {
        let now = self.ci(actor, id).await?;
        if at > self.clock.now() {
            let message = format!("what will be at {at} is not known; ask for a time that is over");
            return Err(AppError::invalid("/as_of", "not-yet", message));
        }
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

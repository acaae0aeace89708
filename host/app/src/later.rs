//! What the journal says came after a time: what an answer about the past takes back.

use crate::app::App;
use crate::error::{AppError, Result};
use domain::filter::Filter;
use domain::{Event, SpaceId};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use store::insight::EVENTS_MAX;
use store::{EventQuery, EventScope};

/// Events that one question reads.
const CHANGES_MAX: usize = 200_000;

/// What happened to subjects after an instant, by id, newest first.
pub(crate) type Changes = BTreeMap<String, Vec<Event>>;

impl App {
    /// The events of one kind of subject from an instant on; `family` is an event's kind, or a part of it that ends with a dot.
    pub(crate) async fn changes_from(
        &self,
        subject_kind: &str,
        family: &str,
        tickets: &Filter,
        from: Option<Timestamp>,
    ) -> Result<Changes> {
        let scope = EventScope { tickets: tickets.clone(), spaces: None, setup: false };
        let mut query = EventQuery {
            scope,
            actor: None,
            kind: Some(family.to_owned()),
            subject_kind: Some(subject_kind.to_owned()),
            subject: None,
            from,
            until: None,
            before: None,
            limit: EVENTS_MAX,
        };
        let (mut changes, mut count) = (Changes::new(), 0);
        loop {
            let page = self.store.event_search(self.org(), &query).await?;
            let is_last = page.len() < EVENTS_MAX as usize;
            count += page.len();
            query.before = page.last().map(|event| event.seq);
            for event in page {
                changes.entry(event.subject.clone()).or_default().push(event);
            }
            if is_last {
                return Ok(changes);
            }
            if count >= CHANGES_MAX {
                let message = format!(
                    "more than {CHANGES_MAX} changes came after that time; ask for a later one, a single kind or a single space"
                );
                return Err(AppError::invalid("/as_of", "too-far-back", message));
            }
        }
    }

    /// A time that is over, with the next instant after it.
    pub(crate) fn after(&self, at: Timestamp) -> Result<Timestamp> {
        if at > self.now() {
            let message = format!("what will be at {at} is not known; ask for a time that is over");
            return Err(AppError::invalid("/as_of", "not-yet", message));
        }
        Ok(at.checked_add(SignedDuration::from_micros(1)).unwrap_or(at))
    }

    /// The space in which a subject was, which what happened to it says; none when it was not there yet.
    pub(crate) async fn space_at(&self, subject_kind: &str, id: &str, at: Timestamp) -> Result<Option<SpaceId>> {
        let (mut space, mut after) = (None, 0);
        loop {
            let page = self.store.event_history(self.org(), subject_kind, id, after, EVENTS_MAX).await?;
            let is_last = page.len() < EVENTS_MAX as usize;
            for event in page {
                if event.at > at {
                    return Ok(space);
                }
                after = event.subject_seq;
                space = Some(SpaceId(event.space));
            }
            if is_last {
                return Ok(space);
            }
        }
    }
}

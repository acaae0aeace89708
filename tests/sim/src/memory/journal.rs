//! The journal and its chains.

use super::{Data, MemoryStore};
use async_trait::async_trait;
use domain::OrgId;
use domain::event::{Event, EventDraft};
use futures_util::future::{Either, select};
use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;
use store::{Journal, Result, StoreError, chain};

/// Events of one answer.
const PAGE_MAX: u32 = 1_000;

/// Put an event at the end of the journal and of its subject's chain.
pub(crate) fn append(data: &mut Data, draft: &EventDraft) -> Event {
    let (kind, subject) = (draft.subject_kind.clone(), draft.subject.clone());
    let last = data.chains.range(..=(kind.clone(), subject.clone(), i64::MAX)).next_back();
    let last = last.filter(|(key, _)| key.0 == kind && key.1 == subject).map(|(key, seq)| (key.2, **seq));
    let (subject_seq, previous) = match last.and_then(|(place, seq)| Some((place, data.events.get(&seq)?))) {
        Some((place, event)) => (place + 1, event.hash.clone()),
        None => (1, String::new()),
    };
    data.head += 1;
    let event = Event {
        seq: data.head,
        subject_seq,
        hash: chain::hash(&previous, subject_seq, draft),
        subject_kind: kind.clone(),
        subject: subject.clone(),
        space: draft.space.clone(),
        at: draft.at,
        actor: draft.actor.clone(),
        kind: draft.kind.clone(),
        data: draft.data.clone(),
        cause: draft.cause.clone(),
    };
    data.chains.put((kind, subject, subject_seq), event.seq);
    data.events.put(event.seq, event.clone());
    event
}

/// Walk the whole journal: every place must be taken, every chain must continue.
pub(crate) fn verify(data: &Data) -> Result<u64> {
    let mut chains: BTreeMap<(&str, &str), (i64, &str)> = BTreeMap::new();
    let mut last = 0;
    for event in data.events.rows() {
        if event.seq > data.head {
            return Err(broken(event.seq, "the journal ended before this event"));
        }
        if event.seq != last + 1 {
            return Err(broken(last + 1, "the event is missing"));
        }
        last = event.seq;
        let head = chains.entry((&event.subject_kind, &event.subject)).or_default();
        if event.subject_seq != head.0 + 1 {
            return Err(broken(last, "the chain of its subject does not continue here"));
        }
        if chain::hash(head.1, event.subject_seq, &draft(event)) != event.hash {
            return Err(broken(last, "its hash does not fit its content and the event before it"));
        }
        *head = (event.subject_seq, &event.hash);
    }
    if last < data.head {
        return Err(broken(last + 1, "the event is missing"));
    }
    Ok(u64::try_from(last).unwrap_or(0))
}

fn draft(event: &Event) -> EventDraft {
    EventDraft {
        subject_kind: event.subject_kind.clone(),
        subject: event.subject.clone(),
        space: event.space.clone(),
        at: event.at,
        actor: event.actor.clone(),
        kind: event.kind.clone(),
        data: event.data.clone(),
        cause: event.cause.clone(),
    }
}

fn broken(seq: i64, reason: &str) -> StoreError {
    StoreError::Corrupt { row: format!("event {seq}"), reason: reason.to_owned() }
}

#[async_trait]
impl Journal for MemoryStore {
    async fn event_list(&self, org: &OrgId, after_seq: i64, limit: u32) -> Result<Vec<Event>> {
        let limit = limit.clamp(1, PAGE_MAX) as usize;
        self.look(org, |data| {
            data.events.range(after_seq.saturating_add(1)..).take(limit).map(|(_, event)| (**event).clone()).collect()
        })
    }

    async fn event_get(&self, org: &OrgId, seq: i64) -> Result<Option<Event>> {
        self.look(org, |data| data.events.get(&seq).cloned())
    }

    async fn event_history(
        &self,
        org: &OrgId,
        subject_kind: &str,
        subject: &str,
        after: i64,
        limit: u32,
    ) -> Result<Vec<Event>> {
        let limit = limit.clamp(1, PAGE_MAX) as usize;
        let key = |place: i64| (subject_kind.to_owned(), subject.to_owned(), place);
        self.look(org, |data| {
            let places = data.chains.range(key(after.saturating_add(1))..=key(i64::MAX)).take(limit);
            places.filter_map(|(_, seq)| data.events.get(&**seq).cloned()).collect()
        })
    }

    async fn event_head(&self, org: &OrgId) -> Result<i64> {
        self.look(org, |data| data.head)
    }

    async fn event_wait(&self, org: &OrgId, after_seq: i64, limit: u32, wait: Duration) -> Result<Vec<Event>> {
        let mut over = pin!(self.clock.sleep(wait));
        loop {
            // Told of what is written from here on, so that nothing slips through between the look and the wait.
            let mut news = pin!(self.database.news.notified());
            news.as_mut().enable();
            let events = self.event_list(org, after_seq, limit).await?;
            if !events.is_empty() || wait.is_zero() {
                return Ok(events);
            }
            match select(news, &mut over).await {
                Either::Left(_) => {}
                Either::Right(_) => return self.event_list(org, after_seq, limit).await,
            }
        }
    }
}

//! What shall leave the house.

use super::{MemoryStore, page};
use async_trait::async_trait;
use domain::outbox::{Content, OutboxItem, OutboxState};
use domain::{OrgId, OutboxId};
use jiff::Timestamp;
use std::collections::BTreeMap;
use store::{Outbox, OutboxQuery, Page, Result};

/// The key under which a step's waiting request is found, as long as it waits.
fn step_key(item: &OutboxItem) -> Option<String> {
    item.step.as_ref().filter(|_| item.state.is_open() && !item.abandoned).map(|step| step.key())
}

fn fits(query: &OutboxQuery, item: &OutboxItem) -> bool {
    (query.states.is_empty() || query.states.contains(&item.state))
        && query.item_type.is_none_or(|wanted| item.item_type == wanted)
        && query.plugin.as_ref().is_none_or(|plugin| item.plugin.as_ref() == Some(plugin))
        && query.ticket.as_ref().is_none_or(|ticket| item.ticket.as_ref() == Some(ticket))
        && query.step_key.as_ref().is_none_or(|key| step_key(item).as_ref() == Some(key))
}

#[async_trait]
impl Outbox for MemoryStore {
    async fn outbox_get(&self, org: &OrgId, id: &OutboxId) -> Result<Option<OutboxItem>> {
        self.look(org, |data| data.outbox.get(id.as_str()).cloned())
    }

    async fn outbox_content(&self, org: &OrgId, id: &OutboxId) -> Result<Option<Content>> {
        self.look(org, |data| data.outbox_contents.get(id.as_str()).cloned())
    }

    async fn outbox_list(
        &self,
        org: &OrgId,
        query: &OutboxQuery,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<OutboxItem>> {
        self.look(org, |data| {
            let place = |item: &OutboxItem| (item.created_at, item.id.0.clone());
            let behind = after.map(|after| data.outbox.get(after).map(place));
            // After an item that is not there comes nothing, as a comparison with null is never true.
            let is_behind = |item: &OutboxItem| match &behind {
                None => true,
                Some(last) => last.as_ref().is_some_and(|last| place(item) < *last),
            };
            let mut rows: Vec<OutboxItem> =
                data.outbox.rows().filter(|item| fits(query, item) && is_behind(item)).cloned().collect();
            rows.sort_by_key(|item| std::cmp::Reverse(place(item)));
            page(rows, limit, |one| (one.created_at.as_microsecond().to_string(), one.id.0.clone()))
        })
    }

    async fn outbox_counts(&self, org: &OrgId) -> Result<BTreeMap<OutboxState, u64>> {
        self.look(org, |data| {
            let mut counts = BTreeMap::new();
            for item in data.outbox.rows().filter(|item| item.state.is_open()) {
                *counts.entry(item.state).or_default() += 1;
            }
            counts
        })
    }

    async fn outbox_prune(&self, org: &OrgId, ended_before: Timestamp, asked: u32) -> Result<u64> {
        self.change(org, |data| {
            let is_over =
                |item: &&OutboxItem| !item.state.is_open() && item.ended_at.is_some_and(|ended| ended < ended_before);
            let mut over: Vec<_> =
                data.outbox.rows().filter(is_over).map(|item| (item.ended_at, item.id.0.clone())).collect();
            over.sort();
            over.truncate(super::limit(asked));
            for (_, id) in &over {
                data.outbox.remove(id.as_str());
            }
            over.len() as u64
        })
    }
}

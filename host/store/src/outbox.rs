//! What shall leave the house, as operators look at it.

use crate::{Page, Result};
use async_trait::async_trait;
use domain::outbox::{Content, ItemType, OutboxItem, OutboxState};
use domain::{OrgId, OutboxId, PluginId, TicketId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[async_trait]
pub trait Outbox: Send + Sync {
    async fn outbox_get(&self, org: &OrgId, id: &OutboxId) -> Result<Option<OutboxItem>>;
    /// What is to be sent; gone once it was.
    async fn outbox_content(&self, org: &OrgId, id: &OutboxId) -> Result<Option<Content>>;
    /// Newest first. `after` is the id of the last one seen.
    async fn outbox_list(
        &self,
        org: &OrgId,
        query: &OutboxQuery,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<OutboxItem>>;
    /// How many there are in each state that somebody or something still has to do with.
    async fn outbox_counts(&self, org: &OrgId) -> Result<BTreeMap<OutboxState, u64>>;
    /// Forget what was delivered or cancelled before an instant, at most `limit` items; gives how many.
    async fn outbox_prune(&self, org: &OrgId, ended_before: Timestamp, limit: u32) -> Result<u64>;
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct OutboxQuery {
    /// In one of these states; in any when empty.
    pub states: Vec<OutboxState>,
    pub item_type: Option<ItemType>,
    pub plugin: Option<PluginId>,
    pub ticket: Option<TicketId>,
    /// Of the step that waits for it; see [`domain::outbox::StepRef::key`].
    pub step_key: Option<String>,
}

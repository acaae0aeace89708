//! What is deployed, what runs, and what it waits for.

use crate::{Page, Result};
use async_trait::async_trait;
use domain::flow::{BufferedMessage, Definition, DefinitionType, InstanceStatus, Subscription, TaskState, Topic};
use domain::{FlowInstance, GroupId, InstanceId, OrgId, PersonId, Task, TaskId, TicketId};
use serde::{Deserialize, Serialize};

#[async_trait]
pub trait Flows: Send + Sync {
    /// The newest version, or the one that is named.
    async fn definition_get(
        &self,
        org: &OrgId,
        definition_type: DefinitionType,
        key: &str,
        version: Option<u32>,
    ) -> Result<Option<Definition>>;
    /// The newest version with a version tag.
    async fn definition_by_tag(
        &self,
        org: &OrgId,
        definition_type: DefinitionType,
        key: &str,
        tag: &str,
    ) -> Result<Option<Definition>>;
    /// The newest version of every key, by key. `after` is the last key seen.
    async fn definition_list(
        &self,
        org: &OrgId,
        definition_type: DefinitionType,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<Definition>>;
    /// All versions of a key, newest first, at most 200.
    async fn definition_versions(
        &self,
        org: &OrgId,
        definition_type: DefinitionType,
        key: &str,
    ) -> Result<Vec<Definition>>;

    async fn instance_get(&self, org: &OrgId, id: &InstanceId) -> Result<Option<FlowInstance>>;
    /// Newest first. `after` is the id of the last one seen.
    async fn instance_list(
        &self,
        org: &OrgId,
        query: &InstanceQuery,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<FlowInstance>>;
    /// By process: all that run, those with incidents, those that are stuck.
    async fn instance_counts(&self, org: &OrgId) -> Result<Vec<InstanceCounts>>;

    async fn task_get(&self, org: &OrgId, id: &TaskId) -> Result<Option<Task>>;
    /// By due time (without one last), then oldest first. `after` is the id of the last one seen.
    async fn task_list(&self, org: &OrgId, query: &TaskQuery, after: Option<&str>, limit: u32) -> Result<Page<Task>>;
    async fn task_count(&self, org: &OrgId, query: &TaskQuery) -> Result<u64>;

    /// Everything that waits for a topic, by id, at most 10,000.
    async fn subscription_list(&self, org: &OrgId, topic: &Topic) -> Result<Vec<Subscription>>;
    /// Messages without a receiver, oldest first, at most 1,000.
    async fn message_list(&self, org: &OrgId, name: &str, key: &str) -> Result<Vec<BufferedMessage>>;
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct InstanceQuery {
    pub process: Option<String>,
    pub process_version: Option<u32>,
    pub status: Option<InstanceStatus>,
    pub ticket: Option<TicketId>,
    pub business_key: Option<String>,
    /// Only of these spaces; absent for all.
    pub spaces: Option<Vec<String>>,
    /// Only those with an incident, or stuck.
    pub troubled: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceCounts {
    pub process: String,
    pub running: u64,
    pub with_incidents: u64,
    pub stuck: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TaskQuery {
    pub state: Option<TaskState>,
    pub instance: Option<InstanceId>,
    pub ticket: Option<TicketId>,
    /// Tasks that are this person's, or could be.
    pub person: Option<TaskPerson>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskPerson {
    pub id: PersonId,
    pub groups: Vec<GroupId>,
}

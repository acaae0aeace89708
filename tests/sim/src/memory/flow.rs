//! Definitions, instances, tasks, and what is waited for.

use super::{Data, MemoryStore, page};
use async_trait::async_trait;
use domain::flow::{BufferedMessage, Definition, DefinitionType, InstanceStatus, Subscription, TaskState, Topic};
use domain::{FlowInstance, InstanceId, OrgId, Task, TaskId};
use jiff::Timestamp;
use std::collections::BTreeMap;
use store::{Flows, InstanceCounts, InstanceQuery, Page, Result, TaskQuery};

const VERSIONS_MAX: usize = 200;
const SUBSCRIPTIONS_MAX: usize = 10_000;
const MESSAGES_MAX: usize = 1_000;

/// Newest first.
fn versions<'a>(data: &'a Data, definition_type: DefinitionType, key: &str) -> impl Iterator<Item = &'a Definition> {
    let of = |version| (definition_type, key.to_owned(), version);
    data.definitions.range(of(0)..=of(u32::MAX)).rev().map(|(_, row)| &**row)
}

fn fits_instance(query: &InstanceQuery, row: &FlowInstance) -> bool {
    query.process.as_ref().is_none_or(|process| row.process == *process)
        && query.process_version.is_none_or(|version| row.process_version == version)
        && query.status.is_none_or(|status| row.status == status)
        && query.ticket.as_ref().is_none_or(|ticket| row.ticket.as_ref() == Some(ticket))
        && query.business_key.as_ref().is_none_or(|key| row.business_key.as_ref() == Some(key))
        && query.spaces.as_ref().is_none_or(|spaces| spaces.contains(&row.space.0))
        && (!query.troubled || row.incidents > 0 || row.stuck)
}

fn fits_task(query: &TaskQuery, row: &Task) -> bool {
    query.state.is_none_or(|state| row.state == state)
        && query.instance.as_ref().is_none_or(|instance| row.instance == *instance)
        && query.ticket.as_ref().is_none_or(|ticket| row.ticket.as_ref() == Some(ticket))
        && query.person.as_ref().is_none_or(|person| {
            // Candidates count while the task is open.
            let could = row.state == TaskState::Open
                && (row.candidate_people.contains(&person.id)
                    || row.candidate_groups.iter().any(|group| person.groups.contains(group)));
            could || row.assignee.as_ref() == Some(&person.id)
        })
}

/// By due time, without one last, then oldest first.
fn task_place(task: &Task) -> (Timestamp, Timestamp, TaskId) {
    (task.due_at.unwrap_or(Timestamp::MAX), task.created_at, task.id.clone())
}

#[async_trait]
impl Flows for MemoryStore {
    async fn definition_get(
        &self,
        org: &OrgId,
        definition_type: DefinitionType,
        key: &str,
        version: Option<u32>,
    ) -> Result<Option<Definition>> {
        self.look(org, |data| {
            let wanted = |row: &&Definition| version.is_none_or(|version| row.version == version);
            versions(data, definition_type, key).find(wanted).cloned()
        })
    }

    async fn definition_by_tag(
        &self,
        org: &OrgId,
        definition_type: DefinitionType,
        key: &str,
        tag: &str,
    ) -> Result<Option<Definition>> {
        self.look(org, |data| {
            versions(data, definition_type, key).find(|row| row.version_tag.as_deref() == Some(tag)).cloned()
        })
    }

    async fn definition_list(
        &self,
        org: &OrgId,
        definition_type: DefinitionType,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<Definition>> {
        self.look(org, |data| {
            let mut newest: BTreeMap<&str, &Definition> = BTreeMap::new();
            for row in data.definitions.rows().filter(|row| row.definition_type == definition_type) {
                // Versions of a key come in order.
                newest.insert(&row.key, row);
            }
            let rows = newest.into_iter().filter(|(key, _)| after.is_none_or(|after| *key > after));
            let rows = rows.map(|(_, row)| row.clone()).collect();
            page(rows, limit, |row: &Definition| (row.key.clone(), row.key.clone()))
        })
    }

    async fn definition_versions(
        &self,
        org: &OrgId,
        definition_type: DefinitionType,
        key: &str,
    ) -> Result<Vec<Definition>> {
        self.look(org, |data| versions(data, definition_type, key).take(VERSIONS_MAX).cloned().collect())
    }

    async fn instance_get(&self, org: &OrgId, id: &InstanceId) -> Result<Option<FlowInstance>> {
        self.look(org, |data| data.instances.get(id.as_str()).cloned())
    }

    async fn instance_list(
        &self,
        org: &OrgId,
        query: &InstanceQuery,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<FlowInstance>> {
        self.look(org, |data| {
            let start = after.map(|id| data.instances.get(id).map(|row| (row.started_at, &row.id)));
            let mut rows: Vec<&FlowInstance> = data.instances.rows().filter(|row| fits_instance(query, row)).collect();
            rows.retain(|row| start.is_none_or(|start| start.is_some_and(|start| (row.started_at, &row.id) < start)));
            rows.sort_by(|left, right| (right.started_at, &right.id).cmp(&(left.started_at, &left.id)));
            let place = |row: &FlowInstance| (row.started_at.as_microsecond().to_string(), row.id.0.clone());
            page(rows.into_iter().cloned().collect(), limit, place)
        })
    }

    async fn instance_counts(&self, org: &OrgId) -> Result<Vec<InstanceCounts>> {
        self.look(org, |data| {
            let mut counts: BTreeMap<&str, InstanceCounts> = BTreeMap::new();
            for row in data.instances.rows().filter(|row| row.status == InstanceStatus::Running) {
                let empty = || InstanceCounts { process: row.process.clone(), ..InstanceCounts::default() };
                let count = counts.entry(&row.process).or_insert_with(empty);
                count.running += 1;
                count.with_incidents += u64::from(row.incidents > 0);
                count.stuck += u64::from(row.stuck);
            }
            counts.into_values().collect()
        })
    }

    async fn task_get(&self, org: &OrgId, id: &TaskId) -> Result<Option<Task>> {
        self.look(org, |data| data.tasks.get(id.as_str()).cloned())
    }

    async fn task_list(&self, org: &OrgId, query: &TaskQuery, after: Option<&str>, limit: u32) -> Result<Page<Task>> {
        self.look(org, |data| {
            let start = after.map(|id| data.tasks.get(id).map(task_place));
            let mut rows: Vec<&Task> = data.tasks.rows().filter(|row| fits_task(query, row)).collect();
            rows.retain(|row| {
                start.as_ref().is_none_or(|start| start.as_ref().is_some_and(|start| task_place(row) > *start))
            });
            rows.sort_by_key(|row| task_place(row));
            let place = |row: &Task| (row.created_at.as_microsecond().to_string(), row.id.0.clone());
            page(rows.into_iter().cloned().collect(), limit, place)
        })
    }

    async fn task_count(&self, org: &OrgId, query: &TaskQuery) -> Result<u64> {
        self.look(org, |data| data.tasks.rows().filter(|row| fits_task(query, row)).count() as u64)
    }

    async fn subscription_list(&self, org: &OrgId, topic: &Topic) -> Result<Vec<Subscription>> {
        self.look(org, |data| {
            data.subscriptions.rows().filter(|row| row.topic == *topic).take(SUBSCRIPTIONS_MAX).cloned().collect()
        })
    }

    async fn message_list(&self, org: &OrgId, name: &str, key: &str) -> Result<Vec<BufferedMessage>> {
        self.look(org, |data| {
            let mut rows: Vec<BufferedMessage> =
                data.messages.rows().filter(|row| row.name == name && row.key == key).cloned().collect();
            rows.sort_by_key(|row| (row.at, row.id.clone()));
            rows.truncate(MESSAGES_MAX);
            rows
        })
    }
}

//! Definitions, instances, tasks, and what is waited for.

use crate::filter::Sql;
use crate::table::{Row, Table};
use crate::value::{Cells, Value, word};
use crate::{PostgresStore, page};
use async_trait::async_trait;
use domain::flow::{BufferedMessage, Definition, DefinitionType, Subscription, TaskState, Topic};
use domain::{FlowInstance, InstanceId, OrgId, Task, TaskId};
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgRow;
use store::{Flows, InstanceCounts, InstanceQuery, Page, Result, TaskPerson, TaskQuery};

const DEFINITION: &str = "d.id, d.definition_type, d.version, d.name, d.version_tag, d.digest, d.plugin, d.source, d.compiled, \
     d.bindings, d.deployed_at, d.deployed_by";
const INSTANCE: &str = "id, process, process_version, ticket, business_key, space, status, started_at, started_by, updated_at, ended_at, incidents, \
     stuck, state, version";
const TASK: &str = "t.id, t.instance, t.element, t.process, t.node, t.name, t.ticket, t.space, t.state, t.assignee, t.owner, \
     t.candidates, t.priority, t.due_at, t.follow_up_at, t.created_at, t.ended_at, t.ended_by, t.form, t.rule, t.variables, t.version";
const SUBSCRIPTIONS_MAX: i64 = 10_000;
const MESSAGES_MAX: i64 = 1_000;

/// The candidates of a task as they are kept with it.
#[derive(Serialize, Deserialize)]
struct Candidates<P, G> {
    people: P,
    groups: G,
}

pub(crate) fn definition_row(org: &OrgId, definition: &Definition) -> Row {
    let bindings = serde_json::to_string(&definition.bindings).expect("bindings are JSON");
    Row::new(
        Table::Definition,
        vec![
            org.as_str().into(),
            word(&definition.definition_type).into(),
            definition.key.as_str().into(),
            definition.version.into(),
            definition.name.as_str().into(),
            definition.version_tag.as_deref().into(),
            definition.digest.as_str().into(),
            definition.plugin.as_ref().map(|plugin| plugin.as_str()).into(),
            definition.source.as_str().into(),
            (&definition.compiled).into(),
            bindings.into(),
            definition.deployed_at.into(),
            definition.deployed_by.as_str().into(),
        ],
    )
}

/// What the versions of a key are counted under: an expected version is that of the newest one.
pub(crate) fn definition_noun(definition_type: DefinitionType, key: &str) -> String {
    format!("{}/{key}", word(&definition_type))
}

fn definition(row: &PgRow) -> Result<Definition> {
    let cells = Cells(row);
    Ok(Definition {
        definition_type: cells.word("definition_type")?,
        key: cells.text("id")?,
        version: cells.small("version")?,
        name: cells.text("name")?,
        version_tag: cells.text_or_null("version_tag")?,
        digest: cells.text("digest")?.into(),
        plugin: cells.text_or_null("plugin")?.map(Into::into),
        source: cells.text("source")?,
        compiled: cells.json("compiled")?,
        bindings: cells.json("bindings")?,
        deployed_at: cells.time("deployed_at")?,
        deployed_by: cells.text("deployed_by")?,
    })
}

pub(crate) fn instance_row(org: &OrgId, instance: &FlowInstance) -> Row {
    Row::new(
        Table::FlowInstance,
        vec![
            org.as_str().into(),
            instance.id.as_str().into(),
            instance.process.as_str().into(),
            instance.process_version.into(),
            instance.ticket.as_ref().map(|ticket| ticket.as_str()).into(),
            instance.business_key.as_deref().into(),
            instance.space.as_str().into(),
            word(&instance.status).into(),
            instance.started_at.into(),
            instance.started_by.as_str().into(),
            instance.updated_at.into(),
            instance.ended_at.into(),
            instance.incidents.into(),
            instance.stuck.into(),
            (&instance.state).into(),
            instance.version.into(),
        ],
    )
}

fn instance(row: &PgRow) -> Result<FlowInstance> {
    let cells = Cells(row);
    Ok(FlowInstance {
        id: cells.text("id")?.into(),
        process: cells.text("process")?,
        process_version: cells.small("process_version")?,
        ticket: cells.text_or_null("ticket")?.map(Into::into),
        business_key: cells.text_or_null("business_key")?,
        space: cells.text("space")?.into(),
        status: cells.word("status")?,
        started_at: cells.time("started_at")?,
        started_by: cells.text("started_by")?,
        updated_at: cells.time("updated_at")?,
        ended_at: cells.time_or_null("ended_at")?,
        incidents: cells.small("incidents")?,
        stuck: cells.flag("stuck")?,
        state: cells.json("state")?,
        version: cells.small("version")?,
    })
}

pub(crate) fn task_row(org: &OrgId, task: &Task) -> Row {
    let candidates = Candidates { people: &task.candidate_people, groups: &task.candidate_groups };
    let person = |id: &Option<domain::PersonId>| Value::from(id.as_ref().map(|id| id.as_str()));
    Row::new(
        Table::Task,
        vec![
            org.as_str().into(),
            task.id.as_str().into(),
            task.instance.as_str().into(),
            task.element.as_str().into(),
            task.process.as_str().into(),
            task.node.as_str().into(),
            task.name.as_str().into(),
            task.ticket.as_ref().map(|ticket| ticket.as_str()).into(),
            task.space.as_str().into(),
            word(&task.state).into(),
            person(&task.assignee),
            person(&task.owner),
            serde_json::to_string(&candidates).expect("ids are JSON").into(),
            u32::from(task.priority).into(),
            task.due_at.into(),
            task.follow_up_at.into(),
            task.created_at.into(),
            task.ended_at.into(),
            task.ended_by.as_deref().into(),
            task.form.as_deref().into(),
            task.rule.as_deref().into(),
            (&task.variables).into(),
            task.version.into(),
        ],
    )
}

/// How a candidate is written: people and groups in one column, so that one index finds a person's tasks.
pub(crate) fn candidates(task: &Task) -> impl Iterator<Item = String> {
    let open = task.state == TaskState::Open;
    let people = task.candidate_people.iter().map(|id| format!("person:{id}"));
    let groups = task.candidate_groups.iter().map(|id| format!("group:{id}"));
    people.chain(groups).filter(move |_| open)
}

fn task(row: &PgRow) -> Result<Task> {
    let cells = Cells(row);
    let candidates: Candidates<_, _> = cells.json("candidates")?;
    Ok(Task {
        id: cells.text("id")?.into(),
        instance: cells.text("instance")?.into(),
        element: cells.text("element")?,
        process: cells.text("process")?,
        node: cells.text("node")?,
        name: cells.text("name")?,
        ticket: cells.text_or_null("ticket")?.map(Into::into),
        space: cells.text("space")?.into(),
        state: cells.word("state")?,
        assignee: cells.text_or_null("assignee")?.map(Into::into),
        owner: cells.text_or_null("owner")?.map(Into::into),
        candidate_people: candidates.people,
        candidate_groups: candidates.groups,
        priority: u8::try_from(cells.small("priority")?).unwrap_or(100),
        due_at: cells.time_or_null("due_at")?,
        follow_up_at: cells.time_or_null("follow_up_at")?,
        created_at: cells.time("created_at")?,
        ended_at: cells.time_or_null("ended_at")?,
        ended_by: cells.text_or_null("ended_by")?,
        form: cells.text_or_null("form")?,
        rule: cells.text_or_null("rule")?,
        variables: cells.json("variables")?,
        version: cells.small("version")?,
    })
}

pub(crate) fn subscription_row(org: &OrgId, subscription: &Subscription) -> Row {
    let (topic, name, key) = subscription.topic.parts();
    Row::new(
        Table::Subscription,
        vec![
            org.as_str().into(),
            subscription.id.as_str().into(),
            topic.into(),
            name.into(),
            key.into(),
            subscription.instance.as_ref().map(|id| id.as_str()).into(),
            subscription.process.as_str().into(),
            subscription.element.as_str().into(),
        ],
    )
}

pub(crate) fn message_row(org: &OrgId, message: &BufferedMessage) -> Row {
    Row::new(
        Table::Message,
        vec![
            org.as_str().into(),
            message.id.as_str().into(),
            message.name.as_str().into(),
            message.key.as_str().into(),
            (&message.variables).into(),
            message.at.into(),
            message.expires_at.into(),
        ],
    )
}

fn task_sql(org: &OrgId, query: &TaskQuery, columns: &str) -> Sql {
    let mut sql = Sql::new("SELECT ");
    sql.push(columns).push(" FROM task t WHERE t.org_id = ").bind(org.as_str());
    if let Some(state) = query.state {
        sql.push(" AND t.state = ").bind(word(&state));
    }
    if let Some(instance) = &query.instance {
        sql.push(" AND t.instance = ").bind(instance.as_str());
    }
    if let Some(ticket) = &query.ticket {
        sql.push(" AND t.ticket = ").bind(ticket.as_str());
    }
    if let Some(TaskPerson { id, groups }) = &query.person {
        let own = std::iter::once(format!("person:{id}"));
        let words: Vec<String> = own.chain(groups.iter().map(|group| format!("group:{group}"))).collect();
        sql.push(" AND t.id IN (SELECT id FROM task WHERE org_id = ").bind(org.as_str());
        sql.push(" AND assignee = ").bind(id.as_str());
        sql.push(" UNION SELECT task FROM task_candidate WHERE org_id = ").bind(org.as_str());
        sql.push(" AND ").is_in("candidate", &words).push(")");
    }
    sql
}

fn instance_sql(org: &OrgId, query: &InstanceQuery) -> Sql {
    let mut sql = Sql::new("SELECT ");
    sql.push(INSTANCE).push(" FROM flow_instance WHERE org_id = ").bind(org.as_str());
    if let Some(process) = &query.process {
        sql.push(" AND process = ").bind(process.as_str());
    }
    if let Some(version) = query.process_version {
        sql.push(" AND process_version = ").bind(version);
    }
    if let Some(status) = query.status {
        sql.push(" AND status = ").bind(word(&status));
    }
    if let Some(ticket) = &query.ticket {
        sql.push(" AND ticket = ").bind(ticket.as_str());
    }
    if let Some(key) = &query.business_key {
        sql.push(" AND business_key = ").bind(key.as_str());
    }
    if let Some(spaces) = &query.spaces {
        sql.push(" AND ").is_in("space", spaces);
    }
    if query.troubled {
        sql.push(" AND (incidents > 0 OR stuck = 1)");
    }
    sql
}

#[async_trait]
impl Flows for PostgresStore {
    async fn definition_get(
        &self,
        org: &OrgId,
        definition_type: DefinitionType,
        key: &str,
        version: Option<u32>,
    ) -> Result<Option<Definition>> {
        let mut sql = Sql::new("SELECT ");
        sql.push(DEFINITION).push(" FROM definition d WHERE d.org_id = ").bind(org.as_str());
        sql.push(" AND d.definition_type = ").bind(word(&definition_type)).push(" AND d.id = ").bind(key);
        if let Some(version) = version {
            sql.push(" AND d.version = ").bind(version);
        }
        sql.push(" ORDER BY d.version DESC LIMIT 1");
        let row = self.connections.row(sql.text, sql.values).await?;
        row.as_ref().map(definition).transpose()
    }

    async fn definition_by_tag(
        &self,
        org: &OrgId,
        definition_type: DefinitionType,
        key: &str,
        tag: &str,
    ) -> Result<Option<Definition>> {
        let mut sql = Sql::new("SELECT ");
        sql.push(DEFINITION).push(" FROM definition d WHERE d.org_id = ").bind(org.as_str());
        sql.push(" AND d.definition_type = ").bind(word(&definition_type)).push(" AND d.id = ").bind(key);
        sql.push(" AND d.version_tag = ").bind(tag).push(" ORDER BY d.version DESC LIMIT 1");
        let row = self.connections.row(sql.text, sql.values).await?;
        row.as_ref().map(definition).transpose()
    }

    async fn definition_list(
        &self,
        org: &OrgId,
        definition_type: DefinitionType,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<Definition>> {
        let mut sql = Sql::new("SELECT ");
        sql.push(DEFINITION).push(" FROM definition d WHERE d.org_id = ").bind(org.as_str());
        sql.push(" AND d.definition_type = ").bind(word(&definition_type));
        if let Some(after) = after {
            sql.push(" AND d.id > ").bind(after);
        }
        sql.push(
            " AND d.version = (SELECT MAX(n.version) FROM definition n WHERE n.org_id = d.org_id
                AND n.definition_type = d.definition_type AND n.id = d.id) ORDER BY d.id LIMIT ",
        );
        sql.bind(page::limit(limit) + 1);
        let rows = self.connections.rows(sql.text, sql.values).await?;
        page::of(&rows, limit, definition, |definition| (definition.key.clone(), definition.key.clone()))
    }

    async fn definition_versions(
        &self,
        org: &OrgId,
        definition_type: DefinitionType,
        key: &str,
    ) -> Result<Vec<Definition>> {
        let mut sql = Sql::new("SELECT ");
        sql.push(DEFINITION).push(" FROM definition d WHERE d.org_id = ").bind(org.as_str());
        sql.push(" AND d.definition_type = ").bind(word(&definition_type)).push(" AND d.id = ").bind(key);
        sql.push(" ORDER BY d.version DESC LIMIT 200");
        self.connections.rows(sql.text, sql.values).await?.iter().map(definition).collect()
    }

    async fn instance_get(&self, org: &OrgId, id: &InstanceId) -> Result<Option<FlowInstance>> {
        let sql = format!("SELECT {INSTANCE} FROM flow_instance WHERE org_id = $1 AND id = $2");
        let row = self.connections.row(sql, vec![org.as_str().into(), id.as_str().into()]).await?;
        row.as_ref().map(instance).transpose()
    }

    async fn instance_list(
        &self,
        org: &OrgId,
        query: &InstanceQuery,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<FlowInstance>> {
        let mut sql = instance_sql(org, query);
        if let Some(after) = after {
            sql.push(" AND (started_at, id) < (SELECT started_at, id FROM flow_instance WHERE org_id = ");
            sql.bind(org.as_str()).push(" AND id = ").bind(after).push(")");
        }
        sql.push(" ORDER BY started_at DESC, id DESC LIMIT ").bind(page::limit(limit) + 1);
        let rows = self.connections.rows(sql.text, sql.values).await?;
        page::of(&rows, limit, instance, |one| (one.started_at.as_microsecond().to_string(), one.id.0.clone()))
    }

    async fn instance_counts(&self, org: &OrgId) -> Result<Vec<InstanceCounts>> {
        let sql = "SELECT process AS id, COUNT(*) AS running, CAST(SUM(CASE WHEN incidents > 0 THEN 1 ELSE 0 END) AS BIGINT) AS with_incidents,
            CAST(SUM(stuck) AS BIGINT) AS stuck FROM flow_instance WHERE org_id = $1 AND status = 'running' GROUP BY process ORDER BY process";
        let rows = self.connections.rows(sql, vec![org.as_str().into()]).await?;
        rows.iter()
            .map(|row| {
                let cells = Cells(row);
                Ok(InstanceCounts {
                    process: cells.text("id")?,
                    running: cells.count("running")?,
                    with_incidents: cells.count("with_incidents")?,
                    stuck: cells.count("stuck")?,
                })
            })
            .collect()
    }

    async fn task_get(&self, org: &OrgId, id: &TaskId) -> Result<Option<Task>> {
        let sql = format!("SELECT {TASK} FROM task t WHERE t.org_id = $1 AND t.id = $2");
        let row = self.connections.row(sql, vec![org.as_str().into(), id.as_str().into()]).await?;
        row.as_ref().map(task).transpose()
    }

    async fn task_list(&self, org: &OrgId, query: &TaskQuery, after: Option<&str>, limit: u32) -> Result<Page<Task>> {
        // A task without a due time comes last: a time that no task has stands for it.
        const ORDER: &str = "COALESCE(t.due_at, 9223372036854775807)";
        let mut sql = task_sql(org, query, TASK);
        if let Some(after) = after {
            sql.push(" AND (").push(ORDER).push(", t.created_at, t.id) > (SELECT ").push(ORDER);
            sql.push(", t.created_at, t.id FROM task t WHERE t.org_id = ").bind(org.as_str());
            sql.push(" AND t.id = ").bind(after).push(")");
        }
        sql.push(" ORDER BY ").push(ORDER).push(", t.created_at, t.id LIMIT ").bind(page::limit(limit) + 1);
        let rows = self.connections.rows(sql.text, sql.values).await?;
        page::of(&rows, limit, task, |one| (one.created_at.as_microsecond().to_string(), one.id.0.clone()))
    }

    async fn task_count(&self, org: &OrgId, query: &TaskQuery) -> Result<u64> {
        let sql = task_sql(org, query, "COUNT(*) AS number");
        let row = self.connections.row(sql.text, sql.values).await?;
        row.as_ref().map_or(Ok(0), |row| Cells(row).count("number"))
    }

    async fn subscription_list(&self, org: &OrgId, topic: &Topic) -> Result<Vec<Subscription>> {
        let (kind, name, key) = topic.parts();
        let mut sql = Sql::new("SELECT id, instance, process, element FROM subscription WHERE org_id = ");
        sql.bind(org.as_str()).push(" AND topic = ").bind(kind).push(" AND name = ").bind(name);
        sql.push(" AND message_key = ").bind(key).push(" ORDER BY id LIMIT ").bind(SUBSCRIPTIONS_MAX);
        let rows = self.connections.rows(sql.text, sql.values).await?;
        rows.iter()
            .map(|row| {
                let cells = Cells(row);
                Ok(Subscription {
                    id: cells.text("id")?,
                    instance: cells.text_or_null("instance")?.map(Into::into),
                    process: cells.text("process")?,
                    element: cells.text("element")?,
                    topic: topic.clone(),
                })
            })
            .collect()
    }

    async fn message_list(&self, org: &OrgId, name: &str, key: &str) -> Result<Vec<BufferedMessage>> {
        let mut sql = Sql::new("SELECT id, variables, at, expires_at FROM message WHERE org_id = ");
        sql.bind(org.as_str()).push(" AND name = ").bind(name).push(" AND message_key = ").bind(key);
        sql.push(" ORDER BY at, id LIMIT ").bind(MESSAGES_MAX);
        let rows = self.connections.rows(sql.text, sql.values).await?;
        rows.iter()
            .map(|row| {
                let cells = Cells(row);
                Ok(BufferedMessage {
                    id: cells.text("id")?,
                    name: name.to_owned(),
                    key: key.to_owned(),
                    variables: cells.json("variables")?,
                    at: cells.time("at")?,
                    expires_at: cells.time("expires_at")?,
                })
            })
            .collect()
    }
}

//! The tables that a commit writes, and the rows that wait to be written.
//!
//! A batch collects its rows here and writes each table with one statement of many rows: a statement costs a way to the server and back.
//! The order of writes inside a batch is kept where it means something: the last write of a key wins, and clearing a set forgets what
//! was put into it before.

use crate::error;
use crate::value::{self, Column, ColumnType, Value};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use store::StoreError;

/// Rows in one statement. They travel as one array for each column, so the same statement serves any number of them.
const ROWS_MAX: usize = 512;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Table {
    Ticket,
    Comment,
    Attachment,
    Link,
    Watcher,
    AccessPerson,
    AccessGroup,
    Clock,
    Record,
    Ci,
    CiClass,
    CiRelation,
    CiRelationVersion,
    Person,
    Password,
    Group,
    GroupMember,
    Space,
    Role,
    Calendar,
    SavedQuery,
    Plugin,
    Component,
    Notification,
    Event,
    JournalHead,
    Answer,
    Job,
    Definition,
    FlowInstance,
    Task,
    TaskCandidate,
    Subscription,
    Message,
    Outbox,
    OutboxContent,
}

struct Spec {
    name: &'static str,
    /// The primary key, beginning with the organisation.
    key: &'static [&'static str],
    rest: &'static [&'static str],
}

macro_rules! spec {
    ($name:literal, [$($key:literal),*], [$($rest:literal),*]) => {
        Spec { name: $name, key: &["org_id", $($key),*], rest: &[$($rest),*] }
    };
}

impl Table {
    fn spec(self) -> Spec {
        match self {
            Self::Ticket => spec!(
                "ticket",
                ["id"],
                [
                    "number",
                    "kind",
                    "space",
                    "state",
                    "category",
                    "requester",
                    "opened_by",
                    "group_id",
                    "assignee",
                    "parent",
                    "restricted",
                    "opened_at",
                    "due_at",
                    "title",
                    "version",
                    "updated_at",
                    "resolved_at",
                    "closed_at",
                    "fields",
                    "search",
                    "field_digests",
                    "archived_at"
                ]
            ),
            Self::Comment => spec!("comment", ["id"], ["ticket", "visibility", "author", "at", "body"]),
            Self::Attachment => {
                spec!("attachment", ["id"], ["ticket", "name", "media_type", "size", "digest", "author", "at"])
            }
            Self::Link => spec!("ticket_link", ["from_id", "link_type", "to_id"], []),
            Self::Watcher => spec!("ticket_watcher", ["ticket", "person"], []),
            Self::AccessPerson => spec!("ticket_access_person", ["ticket", "person"], ["place"]),
            Self::AccessGroup => spec!("ticket_access_group", ["ticket", "group_id"], ["place"]),
            Self::Clock => spec!(
                "clock",
                ["ticket", "name"],
                ["plugin", "title", "state", "started_at", "due_at", "stopped_at", "breached_at", "reason", "data"]
            ),
            Self::Record => spec!(
                "record",
                ["id"],
                ["number", "kind", "space", "state", "category", "title", "version", "updated_at", "fields"]
            ),
            Self::Ci => spec!("ci", ["id"], ["name", "class", "space", "attributes", "version", "search"]),
            Self::CiClass => spec!("ci_class", ["id"], ["definition", "version"]),
            Self::CiRelation => spec!("ci_relation", ["from_id", "relation_type", "to_id"], []),
            Self::CiRelationVersion => spec!("ci_relation_version", ["id"], ["version"]),
            Self::Person => spec!(
                "person",
                ["id"],
                ["login", "name", "email", "manager", "locale", "zone", "active", "attributes", "version", "search"]
            ),
            Self::Password => spec!("password", ["person"], ["phc"]),
            Self::Group => spec!("person_group", ["id"], ["title", "space", "active", "version"]),
            Self::GroupMember => spec!("group_member", ["group_id", "person"], ["place"]),
            Self::Space => spec!("space", ["id"], ["title", "confidential", "calendar", "version"]),
            Self::Role => spec!("role_assignment", ["person", "space", "role"], []),
            Self::Calendar => spec!("calendar", ["id"], ["definition", "version"]),
            Self::SavedQuery => spec!("saved_query", ["id"], ["definition", "version"]),
            Self::Plugin => spec!("plugin", ["id"], ["definition", "version"]),
            Self::Component => spec!("component", ["digest"], ["wasm"]),
            Self::Notification => {
                spec!("notification", ["id"], ["person", "ticket", "at", "subject", "body", "is_read"])
            }
            Self::Event => spec!(
                "event",
                ["seq"],
                ["subject_kind", "subject", "subject_seq", "space", "at", "actor", "kind", "data", "cause", "hash"]
            ),
            Self::JournalHead => spec!("journal_head", [], ["seq", "ordinal"]),
            Self::Answer => spec!("answer", ["scope", "command_key"], ["fingerprint", "answer", "at"]),
            Self::Definition => spec!(
                "definition",
                ["definition_type", "id", "version"],
                [
                    "name",
                    "version_tag",
                    "digest",
                    "plugin",
                    "source",
                    "compiled",
                    "bindings",
                    "deployed_at",
                    "deployed_by"
                ]
            ),
            Self::FlowInstance => spec!(
                "flow_instance",
                ["id"],
                [
                    "process",
                    "process_version",
                    "ticket",
                    "business_key",
                    "space",
                    "status",
                    "started_at",
                    "started_by",
                    "updated_at",
                    "ended_at",
                    "incidents",
                    "stuck",
                    "state",
                    "version"
                ]
            ),
            Self::Task => spec!(
                "task",
                ["id"],
                [
                    "instance",
                    "element",
                    "process",
                    "node",
                    "name",
                    "ticket",
                    "space",
                    "state",
                    "assignee",
                    "owner",
                    "candidates",
                    "priority",
                    "due_at",
                    "follow_up_at",
                    "created_at",
                    "ended_at",
                    "ended_by",
                    "form",
                    "rule",
                    "variables",
                    "version"
                ]
            ),
            Self::TaskCandidate => spec!("task_candidate", ["task", "candidate"], []),
            Self::Subscription => {
                spec!("subscription", ["id"], ["topic", "name", "message_key", "instance", "process", "element"])
            }
            Self::Message => spec!("message", ["id"], ["name", "message_key", "variables", "at", "expires_at"]),
            Self::Outbox => spec!(
                "outbox",
                ["id"],
                ["item_type", "state", "plugin", "ticket", "step_key", "created_at", "ended_at", "details", "version"]
            ),
            Self::OutboxContent => spec!("outbox_content", ["id"], ["content"]),
            Self::Job => spec!(
                "job",
                ["id"],
                [
                    "order_key",
                    "order_at",
                    "ordinal",
                    "unique_key",
                    "plugin",
                    "work",
                    "due_at",
                    "state",
                    "attempts",
                    "last_error",
                    "lease_owner",
                    "lease_until",
                    "fence"
                ]
            ),
        }
    }

    pub(crate) fn key_len(self) -> usize {
        self.spec().key.len()
    }
}

/// Values in the order of the table's key and other columns.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) table: Table,
    pub(crate) values: Vec<Value>,
}

impl Row {
    pub(crate) fn new(table: Table, values: Vec<Value>) -> Self {
        debug_assert!(values.len() == table.key_len() + table.spec().rest.len(), "{table:?}");
        Self { table, values }
    }

    pub(crate) fn key(&self) -> Vec<Value> {
        self.values[..self.table.key_len()].to_vec()
    }
}

/// What is to become of a row.
#[derive(Debug, Clone)]
enum Change {
    Put(Vec<Value>),
    Delete,
}

/// What waits to be written.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    rows: BTreeMap<Table, BTreeMap<Vec<Value>, Change>>,
    /// Sets to be emptied first, by the beginning of their key.
    clears: BTreeSet<(Table, Vec<Value>)>,
    /// Jobs to be removed first, by organisation and unique key.
    unique_jobs: BTreeSet<(Value, Value)>,
    /// Notifications to be marked as read: organisation, id, person.
    read: BTreeSet<[Value; 3]>,
    texts: Texts,
}

impl Pending {
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.clears.is_empty() && self.unique_jobs.is_empty() && self.read.is_empty()
    }

    pub(crate) fn forget(&mut self) {
        self.rows.clear();
        self.clears.clear();
        self.unique_jobs.clear();
        self.read.clear();
    }

    pub(crate) fn put(&mut self, row: Row) {
        self.rows.entry(row.table).or_default().insert(row.key(), Change::Put(row.values));
    }

    pub(crate) fn delete(&mut self, table: Table, key: Vec<Value>) {
        self.rows.entry(table).or_default().insert(key, Change::Delete);
    }

    /// Empty the set whose keys begin so.
    pub(crate) fn clear(&mut self, table: Table, prefix: Vec<Value>) {
        if let Some(rows) = self.rows.get_mut(&table) {
            rows.retain(|key, _| !key.starts_with(&prefix));
        }
        self.clears.insert((table, prefix));
    }

    /// Remove the job with a unique key, whether it is stored or waits here.
    pub(crate) fn remove_unique_job(&mut self, org: &Value, unique_key: &str) {
        let unique = Value::from(unique_key);
        if let Some(rows) = self.rows.get_mut(&Table::Job) {
            let place = Table::Job.key_len() + 3;
            for (key, change) in rows.iter_mut() {
                // Deleted, not forgotten: an older job of the same id may be stored without the key.
                if matches!(change, Change::Put(values) if key[0] == *org && values[place] == unique) {
                    *change = Change::Delete;
                }
            }
        }
        self.unique_jobs.insert((org.clone(), unique));
    }

    /// Mark a notification as read, if it is this person's.
    pub(crate) fn read_notification(&mut self, org: &str, id: &str, person: &str) {
        let key = [Value::from(org), Value::from(id), Value::from(person)];
        let waiting = self.rows.get_mut(&Table::Notification).and_then(|rows| rows.get_mut(&key[..2]));
        match waiting {
            Some(Change::Put(values)) if values[2] == key[2] => {
                if let Some(is_read) = values.last_mut() {
                    *is_read = true.into();
                }
            }
            _ => {
                self.read.insert(key);
            }
        }
    }

    /// Write everything. What waits is forgotten only when all of it is written.
    pub(crate) async fn flush(&mut self, connection: &mut PgConnection) -> Result<(), StoreError> {
        let rows = std::mem::take(&mut self.rows);
        let mut clears: BTreeMap<Table, Vec<Vec<Value>>> = BTreeMap::new();
        for (table, prefix) in std::mem::take(&mut self.clears) {
            clears.entry(table).or_default().push(prefix);
        }
        for (table, prefixes) in clears {
            self.delete_many(connection, table, prefixes).await?;
        }
        let unique_jobs: Vec<Vec<Value>> =
            std::mem::take(&mut self.unique_jobs).into_iter().map(|(org, key)| vec![org, key]).collect();
        self.many(connection, Shape::UniqueJobs, unique_jobs).await?;
        let read: Vec<Vec<Value>> = std::mem::take(&mut self.read).into_iter().map(Vec::from).collect();
        self.many(connection, Shape::ReadNotifications, read).await?;
        for (table, changes) in rows {
            self.table(connection, table, changes).await?;
        }
        Ok(())
    }

    async fn table(
        &mut self,
        connection: &mut PgConnection,
        table: Table,
        changes: BTreeMap<Vec<Value>, Change>,
    ) -> Result<(), StoreError> {
        let (mut puts, mut deletes) = (Vec::new(), Vec::new());
        for (key, change) in changes {
            match change {
                Change::Put(values) => puts.push(values),
                Change::Delete => deletes.push(key),
            }
        }
        self.delete_many(connection, table, deletes).await?;
        self.many(connection, Shape::Put(table), puts).await
    }

    async fn delete_many(
        &mut self,
        connection: &mut PgConnection,
        table: Table,
        keys: Vec<Vec<Value>>,
    ) -> Result<(), StoreError> {
        let columns = keys.first().map_or(0, Vec::len);
        self.many(connection, Shape::Delete(table, columns), keys).await
    }

    async fn many(
        &mut self,
        connection: &mut PgConnection,
        shape: Shape,
        rows: Vec<Vec<Value>>,
    ) -> Result<(), StoreError> {
        let mut rows = rows.into_iter();
        while rows.len() > 0 {
            let mut places: Vec<Vec<Value>> = shape.columns().iter().map(|_| Vec::new()).collect();
            for row in rows.by_ref().take(ROWS_MAX) {
                for (place, value) in places.iter_mut().zip(row) {
                    place.push(value);
                }
            }
            let columns = shape
                .columns()
                .into_iter()
                .zip(places)
                .map(|(name, values)| Column::of(column_type(name), values.into_iter()))
                .collect();
            let sql = self.texts.get(shape);
            value::run_columns(connection, sql, columns).await.map_err(error::of)?;
        }
        Ok(())
    }
}

/// A column of one name has the same type in every table.
fn column_type(name: &str) -> ColumnType {
    match name {
        "wasm" => ColumnType::Blob,
        "seq" | "subject_seq" | "ordinal" | "place" | "version" | "size" | "attempts" | "fence" | "restricted"
        | "process_version" | "incidents" | "stuck" | "priority" | "active" | "confidential" | "is_read" | "at"
        | "order_at" | "lease_until" => ColumnType::Int,
        time if time.ends_with("_at") => ColumnType::Int,
        _ => ColumnType::Text,
    }
}

/// A kind of statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Shape {
    Put(Table),
    /// By so many of the first columns of the key.
    Delete(Table, usize),
    UniqueJobs,
    ReadNotifications,
}

impl Shape {
    fn columns(self) -> Vec<&'static str> {
        match self {
            Self::Put(table) => table.spec().key.iter().chain(table.spec().rest).copied().collect(),
            Self::Delete(table, columns) => table.spec().key[..columns].to_vec(),
            Self::UniqueJobs => vec!["org_id", "unique_key"],
            Self::ReadNotifications => vec!["org_id", "id", "person"],
        }
    }
}

/// Statement texts by shape, made once.
#[derive(Debug, Default)]
struct Texts(HashMap<Shape, Arc<str>>);

impl Texts {
    fn get(&mut self, shape: Shape) -> SqlStr {
        let text = self.0.entry(shape).or_insert_with(|| text(shape).into());
        AssertSqlSafe(Arc::clone(text)).into_sql_str()
    }
}

fn text(shape: Shape) -> String {
    let columns = shape.columns();
    let rows = rows(&columns);
    match shape {
        Shape::Put(table) => {
            let spec = table.spec();
            let conflict = if spec.rest.is_empty() || table == Table::Component {
                "DO NOTHING".to_owned()
            } else {
                let set: Vec<String> = spec.rest.iter().map(|column| format!("{column} = excluded.{column}")).collect();
                format!("DO UPDATE SET {}", set.join(", "))
            };
            // The journal and what is deployed are append-only: a row in its place is an error and never overwritten.
            let on_conflict = if matches!(table, Table::Event | Table::Definition) {
                String::new()
            } else {
                format!(" ON CONFLICT ({}) {conflict}", spec.key.join(", "))
            };
            let columns = columns.join(", ");
            format!("INSERT INTO {} ({columns}) SELECT {columns} FROM {rows}{on_conflict}", spec.name)
        }
        Shape::Delete(table, _) => {
            let name = table.spec().name;
            format!("DELETE FROM {name} USING {rows} WHERE {}", same(name, &columns))
        }
        Shape::UniqueJobs => format!("DELETE FROM job USING {rows} WHERE {}", same("job", &columns)),
        Shape::ReadNotifications => {
            format!("UPDATE notification SET is_read = 1 FROM {rows} WHERE {}", same("notification", &columns))
        }
    }
}

/// The rows of a statement, taken apart from one array for each column.
fn rows(columns: &[&str]) -> String {
    let arrays: Vec<String> = columns
        .iter()
        .enumerate()
        .map(|(place, column)| {
            let kind = match column_type(column) {
                ColumnType::Int => "BIGINT",
                ColumnType::Text => "TEXT",
                ColumnType::Blob => "BYTEA",
            };
            format!("${}::{kind}[]", place + 1)
        })
        .collect();
    format!("UNNEST({}) AS v ({})", arrays.join(", "), columns.join(", "))
}

fn same(table: &str, columns: &[&str]) -> String {
    let pairs: Vec<String> = columns.iter().map(|column| format!("{table}.{column} = v.{column}")).collect();
    pairs.join(" AND ")
}

/// Every statement that writes many rows, for the check that they are portable.
#[cfg(feature = "testing")]
pub(crate) fn statements() -> Vec<String> {
    let mut shapes = vec![Shape::UniqueJobs, Shape::ReadNotifications];
    for table in ALL {
        shapes.push(Shape::Put(table));
        shapes.extend((1..=table.key_len()).map(|columns| Shape::Delete(table, columns)));
    }
    shapes.into_iter().map(text).collect()
}

#[cfg(feature = "testing")]
const ALL: [Table; 30] = {
    use Table::*;
    [
        Ticket,
        Comment,
        Attachment,
        Link,
        Watcher,
        AccessPerson,
        AccessGroup,
        Clock,
        Record,
        Ci,
        CiClass,
        CiRelation,
        CiRelationVersion,
        Person,
        Password,
        Group,
        GroupMember,
        Space,
        Role,
        Calendar,
        SavedQuery,
        Plugin,
        Component,
        Notification,
        Event,
        JournalHead,
        Answer,
        Job,
        Outbox,
        OutboxContent,
    ]
};

//! The tables that a commit writes, and the rows that wait to be written.
//!
//! A batch collects its rows here and writes each table with few statements of many rows: a statement costs about as much as ten rows.
//! The order of writes inside a batch is kept where it means something: the last write of a key wins, and clearing a set forgets what
//! was put into it before.

use crate::error;
use crate::value::{self, Value};
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use store::StoreError;

/// Rows in one statement: a power of two up to this, so that few statements have to be prepared.
const ROWS_MAX: usize = 64;

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
            // The first INDEXED of the other columns of a ticket are compared before they are written.
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
            Self::JournalHead => spec!("journal_head", [], ["seq"]),
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

/// Columns of a ticket after its key that have an index of their own: writing one that did not change would cost a page of the log.
pub(crate) const INDEXED: usize = 13;

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
    /// Of a ticket that exists: the values, and which of its indexed columns are new.
    Update(Vec<Value>, u32),
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

    /// Write a ticket that exists; bit n of `changed` says that its n-th indexed column is new.
    pub(crate) fn update_ticket(&mut self, row: Row, changed: u32) {
        let tickets = self.rows.entry(Table::Ticket).or_default();
        let change = match tickets.remove(&row.key()) {
            Some(Change::Put(_)) => Change::Put(row.values.clone()),
            Some(Change::Update(_, before)) => Change::Update(row.values.clone(), before | changed),
            Some(Change::Delete) | None => Change::Update(row.values.clone(), changed),
        };
        tickets.insert(row.key(), change);
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
    pub(crate) async fn flush(&mut self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
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
        connection: &mut SqliteConnection,
        table: Table,
        changes: BTreeMap<Vec<Value>, Change>,
    ) -> Result<(), StoreError> {
        let (mut puts, mut deletes) = (Vec::new(), Vec::new());
        let mut updates: BTreeMap<u32, Vec<Vec<Value>>> = BTreeMap::new();
        for (key, change) in changes {
            match change {
                Change::Put(values) => puts.push(values),
                Change::Update(values, changed) => updates.entry(changed).or_default().push(narrow(values, changed)),
                Change::Delete => deletes.push(key),
            }
        }
        self.delete_many(connection, table, deletes).await?;
        for (changed, rows) in updates {
            self.many(connection, Shape::UpdateTicket(changed), rows).await?;
        }
        self.many(connection, Shape::Put(table), puts).await
    }

    async fn delete_many(
        &mut self,
        connection: &mut SqliteConnection,
        table: Table,
        keys: Vec<Vec<Value>>,
    ) -> Result<(), StoreError> {
        let columns = keys.first().map_or(0, Vec::len);
        self.many(connection, Shape::Delete(table, columns), keys).await
    }

    async fn many(
        &mut self,
        connection: &mut SqliteConnection,
        shape: Shape,
        rows: Vec<Vec<Value>>,
    ) -> Result<(), StoreError> {
        let mut rows = rows.into_iter();
        while rows.len() > 0 {
            let size = largest_power_of_two(rows.len()).min(ROWS_MAX);
            let values: Vec<Value> = rows.by_ref().take(size).flatten().collect();
            let sql = self.texts.get(shape, size);
            value::run(connection, sql, values).await.map_err(error::of)?;
        }
        Ok(())
    }
}

/// A ticket's values without the indexed columns that did not change.
fn narrow(values: Vec<Value>, changed: u32) -> Vec<Value> {
    let key = Table::Ticket.key_len();
    values
        .into_iter()
        .enumerate()
        .filter(|(place, _)| is_written(*place, key, changed))
        .map(|(_, value)| value)
        .collect()
}

fn is_written(place: usize, key: usize, changed: u32) -> bool {
    place < key || place >= key + INDEXED || changed & (1 << (place - key)) != 0
}

fn largest_power_of_two(number: usize) -> usize {
    1 << number.ilog2()
}

/// A kind of statement, apart from its number of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Shape {
    Put(Table),
    UpdateTicket(u32),
    /// By so many of the first columns of the key.
    Delete(Table, usize),
    UniqueJobs,
    ReadNotifications,
}

/// Statement texts by shape and number of rows, made once.
#[derive(Debug, Default)]
struct Texts(HashMap<(Shape, usize), Arc<str>>);

impl Texts {
    fn get(&mut self, shape: Shape, rows: usize) -> SqlStr {
        let text = self.0.entry((shape, rows)).or_insert_with(|| text(shape, rows).into());
        AssertSqlSafe(Arc::clone(text)).into_sql_str()
    }
}

/// Placeholders without numbers: SQLite looks numbered ones up by name, which takes longer than the write when there are hundreds.
fn text(shape: Shape, rows: usize) -> String {
    match shape {
        Shape::Put(table) => {
            let spec = table.spec();
            let columns: Vec<&str> = spec.key.iter().chain(spec.rest).copied().collect();
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
            format!(
                "INSERT INTO {} ({}) VALUES {}{on_conflict}",
                spec.name,
                columns.join(", "),
                tuples(columns.len(), rows)
            )
        }
        Shape::UpdateTicket(changed) => {
            let spec = Table::Ticket.spec();
            let key = spec.key.len();
            let columns: Vec<&str> = spec.key.iter().chain(spec.rest).copied().collect();
            let written: Vec<&str> = columns
                .iter()
                .enumerate()
                .filter(|(place, _)| is_written(*place, key, changed))
                .map(|(_, column)| *column)
                .collect();
            let set: Vec<String> = written
                .iter()
                .enumerate()
                .skip(key)
                .map(|(place, column)| format!("{column} = v.column{}", place + 1))
                .collect();
            format!(
                "UPDATE ticket SET {} FROM (VALUES {}) AS v WHERE ticket.org_id = v.column1 AND ticket.id = v.column2",
                set.join(", "),
                tuples(written.len(), rows)
            )
        }
        Shape::Delete(table, columns) => {
            let spec = table.spec();
            let key = spec.key[..columns].join(", ");
            format!("DELETE FROM {} WHERE ({key}) IN (VALUES {})", spec.name, tuples(columns, rows))
        }
        Shape::UniqueJobs => {
            format!(
                "DELETE FROM job WHERE unique_key IS NOT NULL AND (org_id, unique_key) IN (VALUES {})",
                tuples(2, rows)
            )
        }
        Shape::ReadNotifications => {
            format!("UPDATE notification SET is_read = 1 WHERE (org_id, id, person) IN (VALUES {})", tuples(3, rows))
        }
    }
}

fn tuples(columns: usize, rows: usize) -> String {
    let tuple = format!("({})", vec!["?"; columns].join(", "));
    vec![tuple; rows].join(", ")
}

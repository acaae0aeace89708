//! Each row by itself: values of their column's type, JSON that is JSON, words that are known. Counts the rows on the way.

use super::{Fsck, Result, word};
use domain::clock::ClockState;
use domain::flow::{DefinitionType, InstanceStatus, TaskState};
use domain::job::JobState;
use domain::kind::StateCategory;
use domain::outbox::{Content, ItemType, OutboxItem, OutboxState};
use domain::ticket::Visibility;
use domain::{Object, Role};
use serde_json::Value;
use store::SessionKind;
use store::snapshot::{CellType, Pages, Row, Table};

type Readable = fn(&str) -> bool;

fn is<T: serde::de::DeserializeOwned>(text: &str) -> bool {
    serde_json::from_str::<T>(text).is_ok()
}

fn is_word<T: serde::de::DeserializeOwned>(text: &str) -> bool {
    word::<T>(text).is_some()
}

/// Texts that have to be more than texts: table, column, what they have to be, and how that is seen.
const TEXTS: &[(&str, &str, &str, Readable)] = &[
    ("ticket", "category", "a category of states", is_word::<StateCategory>),
    ("ticket", "fields", "a JSON object", is::<Object>),
    ("comment", "visibility", "`public` or `internal`", is_word::<Visibility>),
    ("clock", "state", "a state of clocks", is_word::<ClockState>),
    ("clock", "data", "JSON", is::<Value>),
    ("person", "attributes", "a JSON object", is::<Object>),
    ("role_assignment", "role", "a role", |text| Role::parse(text).is_some()),
    ("session", "kind", "a kind of session", is_word::<SessionKind>),
    ("ci", "attributes", "a JSON object", is::<Object>),
    ("ci_class", "definition", "a class", is::<domain::CiClass>),
    ("record", "category", "a category of states", is_word::<StateCategory>),
    ("record", "fields", "a JSON object", is::<Object>),
    ("calendar", "definition", "JSON", is::<Value>),
    ("saved_query", "definition", "a saved query", is::<domain::report::SavedQuery>),
    ("plugin", "definition", "an installed plugin", is::<store::InstalledPlugin>),
    ("event", "data", "JSON", is::<Value>),
    ("event", "cause", "a cause", is::<domain::event::Cause>),
    ("job", "state", "a state of jobs", is_word::<JobState>),
    ("definition", "definition_type", "a type of definition", is_word::<DefinitionType>),
    ("definition", "compiled", "JSON", is::<Value>),
    ("definition", "bindings", "bindings", is::<domain::flow::Bindings>),
    ("flow_instance", "status", "a status", is_word::<InstanceStatus>),
    ("task", "state", "a state of tasks", is_word::<TaskState>),
    ("task", "candidates", "JSON", is::<Value>),
    ("task", "variables", "a JSON object", is::<Object>),
    ("message", "variables", "a JSON object", is::<Object>),
    ("outbox", "state", "a state of the outbox", is_word::<OutboxState>),
    ("outbox", "item_type", "`http` or `mail`", is_word::<ItemType>),
    ("outbox", "details", "an item of the outbox", is::<OutboxItem>),
    ("outbox_content", "content", "something to send", is::<Content>),
];

/// Columns that count from 1.
const VERSIONS: &[(&str, &str)] = &[
    ("ticket", "version"),
    ("person", "version"),
    ("person_group", "version"),
    ("space", "version"),
    ("ci", "version"),
    ("record", "version"),
    ("calendar", "version"),
    ("saved_query", "version"),
    ("plugin", "version"),
    ("definition", "version"),
    ("flow_instance", "version"),
    ("task", "version"),
    ("outbox", "version"),
    ("event", "subject_seq"),
    ("event", "seq"),
];

pub(super) async fn check(fsck: &mut Fsck<'_>) -> Result {
    let tables: Vec<_> = fsck.tables.values().cloned().collect();
    for table in tables {
        // Content of files is looked at elsewhere, and once.
        let columns: Vec<&str> = table
            .columns
            .iter()
            .filter(|column| column.cell_type != CellType::Blob)
            .map(|column| column.name.as_str())
            .collect();
        let mut pages = Pages::of(&table, &columns);
        let mut count = 0;
        while let Some(rows) = pages.next(fsck.snapshot).await? {
            count += rows.len() as u64;
            for row in &rows {
                one(fsck, &table, &columns, row);
            }
        }
        fsck.report.rows.insert(table.name.clone(), count);
    }
    Ok(())
}

fn one(fsck: &mut Fsck<'_>, table: &Table, columns: &[&str], row: &Row) {
    for name in columns {
        let Some(column) = table.column(name) else { continue };
        let cell = row.cell(name);
        if !cell.is_of(column.cell_type) {
            let what = format!("`{name}` is `{cell}` and not of the type {}", column.cell_type.as_str());
            fsck.find("wrong-type", table, row, what);
        } else if cell.is_null() && !column.is_nullable {
            fsck.find("wrong-type", table, row, format!("`{name}` is empty and must not be"));
        }
    }
    for (_, column, wanted, is_readable) in TEXTS.iter().filter(|(name, ..)| *name == table.name) {
        if let Some(text) = row.text(column)
            && !is_readable(text)
        {
            fsck.find("row-unreadable", table, row, format!("`{column}` is `{}` and not {wanted}", row.cell(column)));
        }
    }
    for (_, column) in VERSIONS.iter().filter(|(name, _)| *name == table.name) {
        if row.int(column).is_some_and(|number| number < 1) {
            fsck.find("row-unreadable", table, row, format!("`{column}` is {} and counts from 1", row.cell(column)));
        }
    }
}

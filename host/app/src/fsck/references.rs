//! What a row names has to be there. One page of a table and one question about each column at a time.

use super::{Fsck, Result, json, org};
use std::collections::BTreeMap;
use store::snapshot::{Cell, Pages, Row, Table};

/// Table, column, the table that it points into, and the column of that one.
const REFERENCES: &[(&str, &str, &str, &str)] = &[
    ("ticket", "parent", "ticket", "id"),
    ("ticket", "requester", "person", "id"),
    ("ticket", "assignee", "person", "id"),
    ("ticket", "group_id", "person_group", "id"),
    ("ticket", "space", "space", "id"),
    ("comment", "ticket", "ticket", "id"),
    ("attachment", "ticket", "ticket", "id"),
    ("attachment", "digest", "blob", "digest"),
    ("ticket_link", "from_id", "ticket", "id"),
    ("ticket_link", "to_id", "ticket", "id"),
    ("ticket_watcher", "ticket", "ticket", "id"),
    ("ticket_watcher", "person", "person", "id"),
    ("ticket_access_person", "ticket", "ticket", "id"),
    ("ticket_access_person", "person", "person", "id"),
    ("ticket_access_group", "ticket", "ticket", "id"),
    ("ticket_access_group", "group_id", "person_group", "id"),
    ("clock", "ticket", "ticket", "id"),
    ("person", "manager", "person", "id"),
    ("person_group", "space", "space", "id"),
    ("group_member", "group_id", "person_group", "id"),
    ("group_member", "person", "person", "id"),
    ("space", "calendar", "calendar", "id"),
    ("role_assignment", "person", "person", "id"),
    ("role_assignment", "space", "space", "id"),
    ("password", "person", "person", "id"),
    ("session", "person", "person", "id"),
    ("notification", "person", "person", "id"),
    ("notification", "ticket", "ticket", "id"),
    ("ci", "class", "ci_class", "id"),
    ("ci", "space", "space", "id"),
    ("ci_relation", "from_id", "ci", "id"),
    ("ci_relation", "to_id", "ci", "id"),
    ("record", "space", "space", "id"),
    ("flow_instance", "ticket", "ticket", "id"),
    ("flow_instance", "space", "space", "id"),
    ("task", "instance", "flow_instance", "id"),
    ("task", "ticket", "ticket", "id"),
    ("task", "assignee", "person", "id"),
    ("task", "owner", "person", "id"),
    ("task_candidate", "task", "task", "id"),
    ("subscription", "instance", "flow_instance", "id"),
    ("outbox", "ticket", "ticket", "id"),
    ("outbox_content", "id", "outbox", "id"),
];

/// Values that stand for all of them, or for nobody in particular.
const NOBODY: [&str; 2] = ["", domain::Actor::PLATFORM];

pub(super) async fn check(fsck: &mut Fsck<'_>) -> Result {
    let mut by_table: BTreeMap<&str, Vec<(&str, &str, &str)>> = BTreeMap::new();
    for (table, column, target, key) in REFERENCES {
        by_table.entry(table).or_default().push((column, target, key));
    }
    for (name, references) in by_table {
        let Some(table) = fsck.table(name) else { continue };
        let columns: Vec<&str> = references.iter().map(|(column, ..)| *column).collect();
        let mut pages = Pages::of(&table, &columns);
        while let Some(rows) = pages.next(fsck.snapshot).await? {
            for (column, target, key) in &references {
                let Some(target) = fsck.table(target) else { continue };
                let value = |row: &Row| vec![org(row), row.cell(column).clone()];
                pointing(fsck, &table, &rows, column, &target, &["org_id", key], value).await?;
            }
        }
    }
    candidates(fsck).await?;
    definitions(fsck).await?;
    components(fsck).await
}

/// Rows of a page whose column names something that is not there.
async fn pointing(
    fsck: &mut Fsck<'_>,
    table: &Table,
    rows: &[Row],
    column: &str,
    target: &Table,
    by: &[&str],
    value: impl Fn(&Row) -> Vec<Cell> + Send,
) -> Result {
    let named: Vec<(&Row, Vec<Cell>)> = rows
        .iter()
        .map(|row| (row, value(row)))
        .filter(|(_, value)| value.iter().all(|cell| !matches!(cell, Cell::Null | Cell::Blob(_))))
        .filter(|(_, value)| !matches!(value.last(), Some(Cell::Text(text)) if NOBODY.contains(&text.as_str())))
        .collect();
    let present = fsck.present(target, by, named.iter().map(|(_, value)| value.clone()).collect()).await?;
    for (row, value) in named.iter().filter(|(_, value)| !present.has(value)) {
        let shown: Vec<String> = value.iter().skip(1).map(ToString::to_string).collect();
        let what = format!("`{column}` names {} `{}`, which is not there", target.name, shown.join(" "));
        fsck.find("reference-lost", table, row, what);
    }
    Ok(())
}

/// `person:ada` or `group:desk`.
async fn candidates(fsck: &mut Fsck<'_>) -> Result {
    let (Some(table), Some(people), Some(groups)) =
        (fsck.table("task_candidate"), fsck.table("person"), fsck.table("person_group"))
    else {
        return Ok(());
    };
    let mut pages = Pages::all(&table);
    while let Some(rows) = pages.next(fsck.snapshot).await? {
        for (prefix, target) in [("person:", &people), ("group:", &groups)] {
            let value = |row: &Row| {
                let id = row.text("candidate").and_then(|text| text.strip_prefix(prefix));
                vec![org(row), id.map_or(Cell::Null, Cell::from)]
            };
            pointing(fsck, &table, &rows, "candidate", target, &["org_id", "id"], value).await?;
        }
    }
    Ok(())
}

/// The version of a process that an instance is pinned to.
async fn definitions(fsck: &mut Fsck<'_>) -> Result {
    let (Some(table), Some(definitions)) = (fsck.table("flow_instance"), fsck.table("definition")) else {
        return Ok(());
    };
    let mut pages = Pages::of(&table, &["process", "process_version"]);
    while let Some(rows) = pages.next(fsck.snapshot).await? {
        let value = |row: &Row| {
            vec![org(row), "process".into(), row.cell("process").clone(), row.cell("process_version").clone()]
        };
        let by = ["org_id", "definition_type", "id", "version"];
        pointing(fsck, &table, &rows, "process", &definitions, &by, value).await?;
    }
    Ok(())
}

/// The code that plugins and deployed flows are bound to.
async fn components(fsck: &mut Fsck<'_>) -> Result {
    let Some(components) = fsck.table("component") else { return Ok(()) };
    for (name, column) in [("plugin", "definition"), ("definition", "bindings")] {
        let Some(table) = fsck.table(name) else { continue };
        let mut pages = Pages::of(&table, &[column]);
        while let Some(rows) = pages.next(fsck.snapshot).await? {
            for row in &rows {
                let Some(value) = json(row, column) else { continue };
                let own = value["digest"].as_str().map(str::to_owned);
                let bound = value["components"].as_object().into_iter().flatten();
                let bound = bound.filter_map(|(_, one)| one["digest"].as_str().map(str::to_owned));
                let wanted: Vec<Vec<Cell>> =
                    own.into_iter().chain(bound).map(|digest| vec![org(row), digest.into()]).collect();
                let present = fsck.present(&components, &["org_id", "digest"], wanted.clone()).await?;
                for value in wanted.iter().filter(|value| !present.has(value)) {
                    let what = format!("it needs the component `{}`, which is not there", value[1]);
                    fsck.find("component-missing", &table, row, what);
                }
            }
        }
    }
    Ok(())
}

//! One look at everything that the changesets of a batch check: a statement for each noun, not for each changeset.

use super::seen::{Seen, SeenRow};
use crate::error;
use crate::table::INDEXED;
use crate::value::{self, Cells, Value};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{Row, SqlSafeStr};
use std::collections::{BTreeMap, BTreeSet};
use store::{Changeset, Noun, StoreError, StoredAnswer, Write};

type Keys = BTreeSet<(String, String)>;

pub(crate) async fn read(connection: &mut SqliteConnection, changesets: &[&Changeset]) -> Result<Seen, StoreError> {
    let mut seen = Seen::default();
    for (noun, keys) in rows_needed(changesets) {
        for row in ask(connection, rows_sql(noun), &keys).await? {
            let cells = Cells(&row);
            seen.put(&cells.text("org_id")?, noun, &cells.text("id")?, seen_row(noun, &row)?);
        }
    }
    for (noun, keys) in uniques_needed(changesets, &seen) {
        for row in ask(connection, owners_sql(noun), &keys).await? {
            let cells = Cells(&row);
            seen.own(&cells.text("org_id")?, noun, cells.text("word")?, &cells.text("id")?);
        }
    }
    answers(connection, changesets, &mut seen).await?;
    jobs(connection, changesets, &mut seen).await?;
    Ok(seen)
}

fn rows_needed(changesets: &[&Changeset]) -> BTreeMap<Noun, Keys> {
    let mut needed: BTreeMap<Noun, Keys> = BTreeMap::new();
    for changeset in changesets {
        let mut need = |noun: Noun, id: &str| {
            needed.entry(noun).or_default().insert((changeset.org.0.clone(), id.to_owned()));
        };
        for expect in &changeset.expects {
            need(expect.noun, &expect.id);
        }
        for write in &changeset.writes {
            match write {
                Write::Ticket(ticket) => need(Noun::Ticket, ticket.id.as_str()),
                Write::Record(record) => need(Noun::Record, record.id.as_str()),
                Write::Person(person) => need(Noun::Person, person.id.as_str()),
                Write::RelateCis(relation) | Write::UnrelateCis(relation) => {
                    need(Noun::CiRelations, relation.from.as_str());
                    need(Noun::CiRelations, relation.to.as_str());
                }
                _ => {}
            }
        }
    }
    needed
}

/// Unique values that somebody else may have: those that are new to their row.
fn uniques_needed(changesets: &[&Changeset], seen: &Seen) -> BTreeMap<Noun, Keys> {
    let mut needed: BTreeMap<Noun, Keys> = BTreeMap::new();
    for changeset in changesets {
        let org = changeset.org.as_str();
        for (noun, id, value) in changeset.writes.iter().filter_map(unique_of) {
            if seen.row(org, noun, id).and_then(|row| row.unique.as_deref()) != Some(value) {
                needed.entry(noun).or_default().insert((org.to_owned(), value.to_owned()));
            }
        }
    }
    needed
}

/// Noun, id and unique value of a write that has one.
pub(crate) fn unique_of(write: &Write) -> Option<(Noun, &str, &str)> {
    match write {
        Write::Ticket(ticket) => Some((Noun::Ticket, ticket.id.as_str(), &ticket.number)),
        Write::Record(record) => Some((Noun::Record, record.id.as_str(), &record.number)),
        Write::Person(person) => Some((Noun::Person, person.id.as_str(), &person.login)),
        _ => None,
    }
}

async fn ask<T: serde::Serialize>(
    connection: &mut SqliteConnection,
    sql: &'static str,
    keys: &T,
) -> Result<Vec<SqliteRow>, StoreError> {
    let keys = Value::Text(serde_json::to_string(keys).expect("texts are JSON"));
    value::run(connection, sql.into_sql_str(), vec![keys]).await.map_err(error::of)
}

macro_rules! by_key {
    ($columns:literal, $table:literal) => {
        concat!(
            "SELECT r.id, r.org_id, ",
            $columns,
            " FROM json_each($1) k CROSS JOIN ",
            $table,
            " r ON r.org_id = k.value ->> 0 AND r.id = k.value ->> 1"
        )
    };
}

fn rows_sql(noun: Noun) -> &'static str {
    match noun {
        // The indexed columns, in the order of the table.
        Noun::Ticket => by_key!(
            "r.version, r.number AS word, r.number, r.kind, r.space, r.state, r.category, r.requester, r.opened_by, r.group_id, \
             r.assignee, r.parent, r.restricted, r.opened_at, r.due_at",
            "ticket"
        ),
        Noun::Record => by_key!("r.version, r.number AS word", "record"),
        Noun::Person => by_key!("r.version, r.login AS word", "person"),
        Noun::Ci => by_key!("r.version", "ci"),
        Noun::Group => by_key!("r.version", "person_group"),
        Noun::Space => by_key!("r.version", "space"),
        Noun::Calendar => by_key!("r.version", "calendar"),
        Noun::SavedQuery => by_key!("r.version", "saved_query"),
        Noun::CiClass => by_key!("r.version", "ci_class"),
        Noun::Plugin => by_key!("r.version", "plugin"),
        Noun::CiRelations => by_key!("r.version", "ci_relation_version"),
        Noun::FlowInstance => by_key!("r.version", "flow_instance"),
        Noun::Task => by_key!("r.version", "task"),
        Noun::Outbox => by_key!("r.version", "outbox"),
        // The id is type and key; the version is that of the newest.
        Noun::Definition => {
            "SELECT k.value ->> 1 AS id, r.org_id, MAX(r.version) AS version FROM json_each($1) k CROSS JOIN definition r
                ON r.org_id = k.value ->> 0
                AND r.definition_type = substr(k.value ->> 1, 1, instr(k.value ->> 1, '/') - 1)
                AND r.id = substr(k.value ->> 1, instr(k.value ->> 1, '/') + 1)
                GROUP BY r.org_id, k.value ->> 1"
        }
    }
}

/// Only the nouns of [`unique_of`] are asked for.
fn owners_sql(noun: Noun) -> &'static str {
    macro_rules! by_value {
        ($table:literal, $column:literal) => {
            concat!(
                "SELECT r.id, r.org_id, r.",
                $column,
                " AS word FROM json_each($1) k CROSS JOIN ",
                $table,
                " r ON r.org_id = k.value ->> 0 AND r.",
                $column,
                " = k.value ->> 1"
            )
        };
    }
    match noun {
        Noun::Record => by_value!("record", "number"),
        Noun::Person => by_value!("person", "login"),
        _ => by_value!("ticket", "number"),
    }
}

fn seen_row(noun: Noun, row: &SqliteRow) -> Result<SeenRow, StoreError> {
    let cells = Cells(row);
    let version = cells.int("version")?;
    let unique = match noun {
        Noun::Ticket | Noun::Record | Noun::Person => Some(cells.text("word")?),
        _ => None,
    };
    let mut indexed = Vec::new();
    if noun == Noun::Ticket {
        // Id, organisation, version and word come first; the last three of the indexed columns are numbers.
        for place in 4..4 + INDEXED {
            let value = if place < 4 + INDEXED - 3 {
                row.try_get::<Option<String>, _>(place).map(Value::from)
            } else {
                row.try_get::<Option<i64>, _>(place).map(Value::from)
            };
            indexed.push(value.map_err(error::of)?);
        }
    }
    Ok(SeenRow { version, unique, indexed })
}

async fn answers(
    connection: &mut SqliteConnection,
    changesets: &[&Changeset],
    seen: &mut Seen,
) -> Result<(), StoreError> {
    let keys: BTreeSet<(&str, &str, &str)> = changesets
        .iter()
        .filter_map(|changeset| {
            changeset.answer.as_ref().map(|(key, _)| (changeset.org.as_str(), key.scope.as_str(), key.key.as_str()))
        })
        .collect();
    if keys.is_empty() {
        return Ok(());
    }
    let sql = "SELECT a.org_id, a.scope, a.command_key, a.fingerprint, a.answer, a.at FROM json_each($1) k CROSS JOIN answer a
        ON a.org_id = k.value ->> 0 AND a.scope = k.value ->> 1 AND a.command_key = k.value ->> 2";
    for row in ask(connection, sql, &keys).await? {
        let cells = Cells(&row);
        let key = (cells.text("org_id")?, cells.text("scope")?, cells.text("command_key")?);
        let answer = StoredAnswer {
            fingerprint: cells.text("fingerprint")?,
            answer: cells.json("answer")?,
            at: cells.time("at")?,
        };
        seen.answers.insert(key, answer);
    }
    Ok(())
}

async fn jobs(connection: &mut SqliteConnection, changesets: &[&Changeset], seen: &mut Seen) -> Result<(), StoreError> {
    let keys: BTreeSet<(&str, &str)> = changesets
        .iter()
        .filter_map(|changeset| changeset.job_done.as_ref().map(|done| (changeset.org.as_str(), done.id.as_str())))
        .collect();
    if keys.is_empty() {
        return Ok(());
    }
    let sql = "SELECT j.id, j.org_id, j.fence, j.unique_key FROM json_each($1) k CROSS JOIN job j
        ON j.org_id = k.value ->> 0 AND j.id = k.value ->> 1 AND j.lease_owner IS NOT NULL";
    for row in ask(connection, sql, &keys).await? {
        let cells = Cells(&row);
        seen.claim(cells.text("org_id")?, cells.text("id")?, cells.int("fence")?, cells.text_or_null("unique_key")?);
    }
    Ok(())
}

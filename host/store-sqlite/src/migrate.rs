//! The schema: numbered files, applied once, in order, never edited after a release. Before a database with data is changed, a copy of it
//! is made beside it.

use crate::config::SqliteConfig;
use crate::error;
use crate::value::{self, Cells, Value};
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, SqlSafeStr};
use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use store::StoreError;
use store::migration::{self, Migration, Plan};
use store::snapshot::Applied;

macro_rules! migration {
    ($number:literal, $slug:literal, $file:literal) => {
        Migration { number: $number, slug: $slug, text: include_str!(concat!("../../../migrations/sqlite/", $file)) }
    };
}

pub(crate) static MIGRATIONS: [Migration; 10] = [
    migration!(1, "tickets", "0001_tickets.sql"),
    migration!(2, "directory", "0002_directory.sql"),
    migration!(3, "configuration", "0003_configuration.sql"),
    migration!(4, "journal", "0004_journal.sql"),
    migration!(5, "jobs", "0005_jobs.sql"),
    migration!(6, "nodes", "0006_nodes.sql"),
    migration!(7, "flows", "0007_flows.sql"),
    migration!(8, "outbox", "0008_outbox.sql"),
    migration!(9, "retention", "0009_retention.sql"),
    migration!(10, "saved_queries", "0010_saved_queries.sql"),
];

const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migration (
    number BIGINT NOT NULL PRIMARY KEY, slug TEXT NOT NULL, checksum TEXT NOT NULL)";

/// Bring the schema to this binary's version.
///
/// # Errors
/// When the database was written by a Weft that is too new, or an applied migration is not the one this binary knows.
pub(crate) async fn apply(connection: &mut SqliteConnection, config: &SqliteConfig) -> Result<Plan, StoreError> {
    execute(connection, TABLE, vec![]).await?;
    let applied = applied(connection).await?;
    let plan = migration::plan(&applied, &MIGRATIONS)?;
    if plan.applied > 0 && plan.pending > 0 && config.copies_kept > 0 {
        copy_before(connection, config, MIGRATIONS[plan.applied].number).await?;
    }
    up_to(connection, plan.applied, MIGRATIONS.len()).await?;
    Ok(plan)
}

/// Apply the migrations from a place up to another one.
pub(crate) async fn up_to(connection: &mut SqliteConnection, from: usize, to: usize) -> Result<(), StoreError> {
    execute(connection, TABLE, vec![]).await?;
    for migration in MIGRATIONS.iter().take(to).skip(from) {
        execute(connection, "BEGIN IMMEDIATE", vec![]).await?;
        let done = one(connection, migration).await;
        execute(connection, if done.is_ok() { "COMMIT" } else { "ROLLBACK" }, vec![]).await?;
        done?;
        tracing::info!(number = migration.number, slug = migration.slug, "applied a migration");
    }
    Ok(())
}

/// Names of the indexes that all migrations together make.
pub(crate) fn indexes() -> BTreeSet<String> {
    MIGRATIONS.iter().flat_map(Migration::indexes).map(str::to_owned).collect()
}

/// A copy of the database as it is, under a name that says before what. It appears complete or not at all; older ones go.
async fn copy_before(connection: &mut SqliteConnection, config: &SqliteConfig, number: i64) -> Result<(), StoreError> {
    let io = |error: std::io::Error| StoreError::ReadOnly(Box::new(error));
    let target = beside(&config.path, &format!(".before-{number:04}"));
    let partial = beside(&config.path, &format!(".before-{number:04}.partial"));
    if partial.exists() {
        std::fs::remove_file(&partial).map_err(io)?;
    }
    let name = partial.to_str().ok_or_else(|| {
        StoreError::Database(format!("the path `{}` is no text that SQLite could take", partial.display()).into())
    })?;
    let copied = execute(connection, "VACUUM INTO $1", vec![name.into()]).await;
    if let Err(error) = copied {
        let _ = std::fs::remove_file(&partial);
        return Err(error);
    }
    File::open(&partial).and_then(|file| file.sync_all()).map_err(io)?;
    std::fs::rename(&partial, &target).map_err(io)?;
    if let Some(folder) = target.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)?;
    }
    tracing::info!(copy = %target.display(), "copied the database before it is migrated");
    forget_copies(&config.path, config.copies_kept);
    Ok(())
}

/// A file that cannot be removed is no reason not to start.
fn forget_copies(database: &Path, kept: usize) {
    let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Some(name) = database.file_name().and_then(|name| name.to_str()) else { return };
    let beginning = format!("{name}.before-");
    let is_copy = |path: &PathBuf| {
        let number = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_prefix(&beginning));
        number.is_some_and(|number| number.len() == 4 && number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let files = std::fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let mut copies: Vec<PathBuf> = files.filter(is_copy).collect();
    copies.sort();
    for old in copies.iter().rev().skip(kept) {
        if let Err(error) = std::fs::remove_file(old) {
            tracing::warn!(%error, copy = %old.display(), "an old copy of the database could not be removed");
        }
    }
}

/// The database's own name with something behind it.
pub(crate) fn beside(database: &Path, ending: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

async fn one(connection: &mut SqliteConnection, migration: &Migration) -> Result<(), StoreError> {
    sqlx::raw_sql(migration.text).execute(&mut *connection).await.map_err(error::of)?;
    let values = vec![migration.number.into(), migration.slug.into(), migration.checksum().into()];
    execute(connection, "INSERT INTO schema_migration (number, slug, checksum) VALUES ($1, $2, $3)", values).await
}

async fn applied(connection: &mut SqliteConnection) -> Result<Vec<Applied>, StoreError> {
    let sql = "SELECT number, slug, checksum FROM schema_migration ORDER BY number";
    let rows = value::run(connection, sql.into_sql_str(), vec![]).await.map_err(error::of)?;
    rows.iter()
        .map(|row| {
            let cells = Cells(row);
            Ok(Applied { number: cells.int("number")?, slug: cells.text("slug")?, checksum: cells.text("checksum")? })
        })
        .collect()
}

async fn execute(connection: &mut SqliteConnection, sql: &'static str, values: Vec<Value>) -> Result<(), StoreError> {
    value::run(connection, AssertSqlSafe(sql).into_sql_str(), values).await.map_err(error::of)?;
    Ok(())
}

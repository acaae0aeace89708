//! The schema: numbered files, applied once, in order, never edited after a release.

use crate::error;
use crate::value::{self, Cells, Value};
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, SqlSafeStr};
use store::{StoreError, digest};

struct Migration {
    number: i64,
    slug: &'static str,
    text: &'static str,
}

macro_rules! migration {
    ($number:literal, $slug:literal, $file:literal) => {
        Migration { number: $number, slug: $slug, text: include_str!(concat!("../../../migrations/sqlite/", $file)) }
    };
}

const MIGRATIONS: [Migration; 8] = [
    migration!(1, "tickets", "0001_tickets.sql"),
    migration!(2, "directory", "0002_directory.sql"),
    migration!(3, "configuration", "0003_configuration.sql"),
    migration!(4, "journal", "0004_journal.sql"),
    migration!(5, "jobs", "0005_jobs.sql"),
    migration!(6, "nodes", "0006_nodes.sql"),
    migration!(7, "flows", "0007_flows.sql"),
    migration!(8, "outbox", "0008_outbox.sql"),
];

const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migration (
    number BIGINT NOT NULL PRIMARY KEY, slug TEXT NOT NULL, checksum TEXT NOT NULL)";

/// Bring the schema to this binary's version.
///
/// # Errors
/// When the database was written by a newer Weft, or an applied migration is not the one this binary knows.
pub(crate) async fn apply(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    execute(connection, TABLE, vec![]).await?;
    let applied = applied(connection).await?;
    check(&applied)?;
    for migration in MIGRATIONS.iter().skip(applied.len()) {
        execute(connection, "BEGIN IMMEDIATE", vec![]).await?;
        let done = one(connection, migration).await;
        execute(connection, if done.is_ok() { "COMMIT" } else { "ROLLBACK" }, vec![]).await?;
        done?;
        tracing::info!(number = migration.number, slug = migration.slug, "applied a migration");
    }
    Ok(())
}

async fn one(connection: &mut SqliteConnection, migration: &Migration) -> Result<(), StoreError> {
    sqlx::raw_sql(migration.text).execute(&mut *connection).await.map_err(error::of)?;
    let values = vec![migration.number.into(), migration.slug.into(), checksum(migration).into()];
    execute(connection, "INSERT INTO schema_migration (number, slug, checksum) VALUES ($1, $2, $3)", values).await
}

async fn applied(connection: &mut SqliteConnection) -> Result<Vec<(i64, String)>, StoreError> {
    let sql = "SELECT number, checksum FROM schema_migration ORDER BY number";
    let rows = value::run(connection, sql.into_sql_str(), vec![]).await.map_err(error::of)?;
    rows.iter().map(|row| Ok((Cells(row).int("number")?, Cells(row).text("checksum")?))).collect()
}

fn check(applied: &[(i64, String)]) -> Result<(), StoreError> {
    for (place, (number, sum)) in applied.iter().enumerate() {
        let Some(known) = MIGRATIONS.get(place) else {
            let newest = MIGRATIONS.len();
            return Err(StoreError::Database(
                format!("the database has schema {number}, this Weft knows up to {newest}: use a newer Weft").into(),
            ));
        };
        if known.number != *number || checksum(known) != *sum {
            return Err(StoreError::Database(
                format!("migration {number} of the database is not the one this Weft was built with").into(),
            ));
        }
    }
    Ok(())
}

fn checksum(migration: &Migration) -> String {
    digest::of_bytes(migration.text.as_bytes())
}

async fn execute(connection: &mut SqliteConnection, sql: &'static str, values: Vec<Value>) -> Result<(), StoreError> {
    value::run(connection, AssertSqlSafe(sql).into_sql_str(), values).await.map_err(error::of)?;
    Ok(())
}

//! The schema: numbered files, applied once, in order, never edited after a release. Several nodes may start at once.

use crate::connection::{self, TRIES_MAX, deadline_error, simple};
use crate::error::{self, Outcome};
use crate::value::{self, Cells};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection, SqlSafeStr};
use std::time::Duration;
use store::{StoreError, digest};

struct Migration {
    number: i64,
    slug: &'static str,
    text: &'static str,
}

macro_rules! migration {
    ($number:literal, $slug:literal, $file:literal) => {
        Migration { number: $number, slug: $slug, text: include_str!(concat!("../../../migrations/postgres/", $file)) }
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

/// A database may be this many steps ahead: while nodes are upgraded one by one, the old ones go on beside the new ones.
const AHEAD_MAX: usize = 1;

/// All migrations together, and waiting for another node that applies them: a new index on a large table takes its time.
const LONGEST: Duration = Duration::from_secs(600);

/// These two are about the database and not about an organisation. The lock is a row, because advisory locks are not everywhere.
const TABLES: [&str; 3] = [
    "CREATE TABLE IF NOT EXISTS schema_migration (number BIGINT NOT NULL PRIMARY KEY, slug TEXT NOT NULL, checksum TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS schema_lock (id BIGINT NOT NULL PRIMARY KEY)",
    "INSERT INTO schema_lock (id) VALUES (1) ON CONFLICT (id) DO NOTHING",
];

/// Bring the schema to this binary's version.
///
/// # Errors
/// When the database was written by a much newer Weft, or an applied migration is not the one this binary knows.
pub(crate) async fn apply(options: &PgConnectOptions, deadline: Duration) -> Result<(), StoreError> {
    let limit = format!("{}ms", LONGEST.as_millis());
    let options = options.clone().options([("statement_timeout", &limit), ("lock_timeout", &limit)]);
    let mut connection = connection::connect(&options, deadline).await?;
    let work = async {
        tables(&mut connection).await?;
        for place in 0..MIGRATIONS.len() {
            step(&mut connection, place).await?;
        }
        Ok(())
    };
    let result = tokio::time::timeout(LONGEST, work).await.unwrap_or_else(|_| Err(deadline_error(LONGEST)));
    let _ = tokio::time::timeout(deadline, connection.close()).await;
    result
}

/// Two nodes that make the same table at the same moment: one of them is refused, and finds it made the next time.
async fn tables(connection: &mut PgConnection) -> Result<(), StoreError> {
    for sql in TABLES {
        let mut tries = 1;
        while let Err(failure) = simple(connection, sql).await {
            if tries >= TRIES_MAX || error::outcome(&failure) == Outcome::Lost {
                return Err(error::of(failure));
            }
            tries += 1;
        }
    }
    Ok(())
}

/// Check what was applied, and apply the migration at a place if it was not: under the lock, all or nothing.
async fn step(connection: &mut PgConnection, place: usize) -> Result<(), StoreError> {
    simple(connection, "BEGIN").await.map_err(error::of)?;
    let done = step_locked(connection, place).await;
    simple(connection, if done.is_ok() { "COMMIT" } else { "ROLLBACK" }).await.map_err(error::of)?;
    if let Some(migration) = done? {
        tracing::info!(number = migration.number, slug = migration.slug, "applied a migration");
    }
    Ok(())
}

async fn step_locked(connection: &mut PgConnection, place: usize) -> Result<Option<&'static Migration>, StoreError> {
    let lock = "SELECT id FROM schema_lock WHERE id = 1 FOR UPDATE";
    value::run(connection, lock.into_sql_str(), vec![]).await.map_err(error::of)?;
    let applied = applied(connection).await?;
    check(&applied)?;
    let Some(migration) = MIGRATIONS.get(place).filter(|_| applied.len() <= place) else { return Ok(None) };
    simple(connection, migration.text).await.map_err(error::of)?;
    let values = vec![migration.number.into(), migration.slug.into(), checksum(migration).into()];
    let sql = "INSERT INTO schema_migration (number, slug, checksum) VALUES ($1, $2, $3)";
    value::run(connection, sql.into_sql_str(), values).await.map_err(error::of)?;
    Ok(Some(migration))
}

async fn applied(connection: &mut PgConnection) -> Result<Vec<(i64, String)>, StoreError> {
    let sql = "SELECT number, checksum FROM schema_migration ORDER BY number";
    let rows = value::run(connection, sql.into_sql_str(), vec![]).await.map_err(error::of)?;
    rows.iter().map(|row| Ok((Cells(row).int("number")?, Cells(row).text("checksum")?))).collect()
}

fn check(applied: &[(i64, String)]) -> Result<(), StoreError> {
    let newest = MIGRATIONS.len();
    if applied.len() > newest + AHEAD_MAX {
        let found = applied.len();
        return Err(StoreError::Database(
            format!(
                "the database has schema {found}, this Weft knows up to {newest} and can work with {}: use a newer Weft",
                newest + AHEAD_MAX
            )
            .into(),
        ));
    }
    for ((number, sum), known) in applied.iter().zip(&MIGRATIONS) {
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

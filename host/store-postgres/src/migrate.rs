//! The schema: numbered files, applied once, in order, never edited after a release. Several nodes may start at once.

use crate::config::{Migrate, PostgresConfig};
use crate::connection::{self, TRIES_MAX, deadline_error, simple};
use crate::error::{self, Outcome};
use crate::value::{self, Cells};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection, SqlSafeStr};
use std::collections::BTreeSet;
use std::time::Duration;
use store::StoreError;
use store::migration::{self, Migration};
use store::snapshot::Applied;

macro_rules! migration {
    ($number:literal, $slug:literal, $file:literal) => {
        Migration { number: $number, slug: $slug, text: include_str!(concat!("../../../migrations/postgres/", $file)) }
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
/// When the database was written by a Weft that is too new, an applied migration is not the one this binary knows, or somebody has to say
/// first that there is a backup.
pub(crate) async fn apply(options: &PgConnectOptions, config: &PostgresConfig) -> Result<(), StoreError> {
    let mut connection = connect(options, config.deadline()).await?;
    let work = async {
        tables(&mut connection).await?;
        if config.migrate == Migrate::AskForBackup {
            ask_for_backup(&applied(&mut connection).await?)?;
        }
        up_to(&mut connection, MIGRATIONS.len()).await
    };
    let result = tokio::time::timeout(LONGEST, work).await.unwrap_or_else(|_| Err(deadline_error(LONGEST)));
    let _ = tokio::time::timeout(config.deadline(), connection.close()).await;
    result
}

/// A connection whose statements may take as long as a new index on a large table.
pub(crate) async fn connect(options: &PgConnectOptions, deadline: Duration) -> Result<PgConnection, StoreError> {
    let limit = format!("{}ms", LONGEST.as_millis());
    let options = options.clone().options([
        ("statement_timeout", &limit),
        ("lock_timeout", &limit),
        ("idle_in_transaction_session_timeout", &limit),
    ]);
    connection::connect(&options, deadline).await
}

fn ask_for_backup(applied: &[Applied]) -> Result<(), StoreError> {
    let plan = migration::plan(applied, &MIGRATIONS)?;
    if plan.applied == 0 || plan.pending == 0 {
        return Ok(());
    }
    let newest = MIGRATIONS.last().map_or(0, |migration| migration.number);
    Err(StoreError::Database(
        format!(
            "{} migrations, up to {newest}, are to be applied, and nothing would take them back: make a backup with `weft backup FILE`, \
             then run `weft migrate --i-have-a-backup`, or start with migrate.i_have_a_backup = true",
            plan.pending
        )
        .into(),
    ))
}

/// Apply what is missing up to a place.
pub(crate) async fn up_to(connection: &mut PgConnection, places: usize) -> Result<(), StoreError> {
    for place in 0..places {
        step(connection, place).await?;
    }
    Ok(())
}

/// Names of the indexes that all migrations together make.
pub(crate) fn indexes() -> BTreeSet<String> {
    MIGRATIONS.iter().flat_map(Migration::indexes).map(str::to_owned).collect()
}

/// Two nodes that make the same table at the same moment: one of them is refused, and finds it made the next time.
pub(crate) async fn tables(connection: &mut PgConnection) -> Result<(), StoreError> {
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

/// The same inside a transaction that is alone in its database.
pub(crate) async fn tables_in_transaction(connection: &mut PgConnection) -> Result<(), StoreError> {
    for sql in TABLES {
        simple(connection, sql).await.map_err(error::of)?;
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
    migration::plan(&applied, &MIGRATIONS)?;
    let Some(migration) = MIGRATIONS.get(place).filter(|_| applied.len() <= place) else { return Ok(None) };
    write(connection, migration).await?;
    Ok(Some(migration))
}

/// Apply one migration in the transaction that the connection is in.
pub(crate) async fn write(connection: &mut PgConnection, migration: &'static Migration) -> Result<(), StoreError> {
    simple(connection, migration.text).await.map_err(error::of)?;
    let values = vec![migration.number.into(), migration.slug.into(), migration.checksum().into()];
    let sql = "INSERT INTO schema_migration (number, slug, checksum) VALUES ($1, $2, $3)";
    value::run(connection, sql.into_sql_str(), values).await.map_err(error::of)?;
    Ok(())
}

pub(crate) async fn applied(connection: &mut PgConnection) -> Result<Vec<Applied>, StoreError> {
    let sql = "SELECT number, slug, checksum FROM schema_migration ORDER BY number";
    let rows = value::run(connection, sql.into_sql_str(), vec![]).await.map_err(error::of)?;
    rows.iter()
        .map(|row| {
            let cells = Cells(row);
            Ok(Applied { number: cells.int("number")?, slug: cells.text("slug")?, checksum: cells.text("checksum")? })
        })
        .collect()
}

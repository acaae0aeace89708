//! Hot tables are written anew before rows that nobody can clean up fill them.
//!
//! A job is put, claimed and gone, and each commit moves the head of the journal: rows that are dead soon. `VACUUM` removes none of them while
//! anybody holds an older snapshot, such as a report. Emptying the table as a whole does, whoever looks: so what lives is set aside, the
//! table truncated, and what lives put back, all in one transaction that has the table to itself (ADR 12).
//!
//! It must not know what a row means. When anything is not as expected, the table stays as it is: this is housekeeping, and may be late.

use crate::connection::{self, simple};
use crate::error::{self, Outcome};
use crate::value::{self, Cells, Value};
use sqlx::SqlSafeStr;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use std::collections::HashMap;
use std::time::{Duration, Instant};
use store::StoreError;
use tokio::task::JoinHandle;

/// Between two looks at the statistics.
const LOOK: Duration = Duration::from_secs(1);
/// After a failure: a database that is away, or a table that somebody else holds.
const AGAIN: Duration = Duration::from_secs(10);
/// More dead rows than this, and the table is written anew. Statistics are some seconds late, so there may be twice as many.
const DEAD_MAX: i64 = 3_000;
/// A table with more live rows is left to `VACUUM`: everybody would wait too long.
const LIVE_MAX: i64 = 50_000;
/// Whoever wants the table waits behind this while it waits for those who are in it.
const LOCK_MAX: &str = "100ms";
/// It is taken back after that.
const STATEMENT_MAX: &str = "2000ms";
/// After so many tables in a row that could not be had, the time between two looks, doubled each time, grows no more.
const MISSES_MAX: u32 = 4;
/// The work may take this part of the time.
const PAUSES: u32 = 20;

struct HotTable {
    name: &'static str,
    /// Has the table to itself afterwards, and changes nothing: no column has a default.
    lock: &'static str,
    count: &'static str,
    renew: [&'static str; 3],
}

macro_rules! hot {
    ($name:literal) => {
        HotTable {
            name: $name,
            lock: concat!("ALTER TABLE ", $name, " ALTER COLUMN org_id DROP DEFAULT"),
            count: concat!("SELECT count(*) AS number FROM (SELECT t.org_id FROM ", $name, " t LIMIT $1) AS counted"),
            renew: [
                concat!(
                    "CREATE TEMPORARY TABLE kept ON COMMIT DROP AS SELECT * FROM ",
                    $name,
                    " t WHERE t.org_id IS NOT NULL"
                ),
                concat!("TRUNCATE ", $name),
                concat!("INSERT INTO ", $name, " SELECT * FROM kept k WHERE k.org_id IS NOT NULL"),
            ],
        }
    };
}

const HOT: [HotTable; 2] = [hot!("job"), hot!("journal_head")];

/// The table is this session's alone. Engines on which a change of a table does not lock it have no dead rows either: there nothing is done.
const IS_ALONE: &str = "SELECT count(*) AS number FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
    WHERE l.pid = pg_backend_pid() AND l.granted AND l.mode = 'AccessExclusiveLock' AND c.relname = $1";

/// Somebody began to read several statements at one moment just now, and may not have touched the table yet: a dump does. To him, a table
/// that is truncated before he has locked it looks empty. Weft's own sessions see each statement at its own moment, or look again.
const IS_DUMPED: &str =
    "SELECT count(*) AS number FROM pg_stat_activity a JOIN pg_stat_activity me ON me.pid = pg_backend_pid()
    WHERE a.datname = me.datname AND a.application_name <> me.application_name AND a.backend_xmin IS NOT NULL
    AND a.xact_start < a.query_start AND a.xact_start > me.xact_start - INTERVAL '5 seconds'";

const STATISTICS: &str = "SELECT CAST(s.relname AS TEXT) AS name, s.n_dead_tup AS number FROM pg_stat_user_tables s
    WHERE s.schemaname = current_schema() AND s.n_dead_tup > $1";

/// Tables of which the caller's moment would see nothing, because they were written anew after it began. Whoever reads several statements at
/// one moment looks once when he has touched them, and begins again when there is one: as long as he holds them nothing is truncated.
pub(crate) const IS_TOO_NEW: &str = "SELECT count(*) AS number FROM pg_class c
    WHERE c.relname = ANY($1) AND c.relnamespace = CAST(current_schema() AS REGNAMESPACE) AND c.relfilenode <> pg_relation_filenode(c.oid)";

/// Touches a table and reads nothing of it.
pub(crate) fn touches() -> impl Iterator<Item = (&'static str, &'static str)> {
    HOT.iter().map(|table| (table.name, table.count))
}

/// What became of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Renewed {
    Done,
    /// Somebody begins to dump the database.
    NotNow,
    /// There are too many live rows, or the table cannot be locked as it has to be.
    Never,
}

/// The task that looks after the hot tables; it ends when it is aborted.
pub(crate) fn spawn(options: PgConnectOptions, deadline: Duration) -> JoinHandle<()> {
    let options = options.options([("lock_timeout", LOCK_MAX), ("statement_timeout", STATEMENT_MAX)]);
    tokio::spawn(async move {
        loop {
            if let Err(error) = look_after(&options, deadline).await {
                tracing::debug!(%error, "hot tables could not be looked after");
            }
            connection::pause(AGAIN).await;
        }
    })
}

/// Until something fails. Somebody who has a table for long, as a backup does, is not disturbed every second: whoever wants the table meanwhile
/// would have to wait behind this each time.
async fn look_after(options: &PgConnectOptions, deadline: Duration) -> Result<(), StoreError> {
    let mut connection = connection::connect(options, deadline).await?;
    let mut misses = 0;
    loop {
        connection::pause(LOOK * (1 << misses)).await;
        let dead = within(deadline, dead_rows(&mut connection)).await?;
        for table in &HOT {
            let Some(dead) = dead.get(table.name) else { continue };
            let began = begin();
            let renewed = within(deadline, renew(&mut connection, table)).await;
            let took = began.elapsed();
            match renewed {
                Ok(Renewed::Done) => {
                    misses = 0;
                    tracing::debug!(table = table.name, dead, ?took, "a hot table was written anew");
                }
                Ok(Renewed::NotNow) => {}
                Ok(Renewed::Never) => misses = MISSES_MAX,
                // A connection on which nothing came back is given up with what it holds.
                Err(error @ StoreError::Deadline(_)) => return Err(error),
                Err(error) if matches!(error::outcome_of(&error), Outcome::TakenBack | Outcome::TooLong) => {
                    misses = (misses + 1).min(MISSES_MAX);
                }
                Err(error) => return Err(error),
            }
            connection::pause(took * PAUSES).await;
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "how long the database outside takes is a figure of the real clock")]
fn begin() -> Instant {
    Instant::now()
}

async fn within<T>(deadline: Duration, work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    tokio::time::timeout(deadline, work).await.unwrap_or_else(|_| Err(connection::deadline_error(deadline)))
}

async fn dead_rows(connection: &mut PgConnection) -> Result<HashMap<String, i64>, StoreError> {
    let rows = ask(connection, STATISTICS, vec![DEAD_MAX.into()]).await?;
    rows.iter().map(|row| Ok((Cells(row).text("name")?, Cells(row).int("number")?))).collect()
}

async fn ask(
    connection: &mut PgConnection,
    sql: &'static str,
    values: Vec<Value>,
) -> Result<Vec<sqlx::postgres::PgRow>, StoreError> {
    value::run(connection, sql.into_sql_str(), values).await.map_err(error::of)
}

async fn number(connection: &mut PgConnection, sql: &'static str, values: Vec<Value>) -> Result<i64, StoreError> {
    ask(connection, sql, values).await?.first().map_or(Ok(0), |row| Cells(row).int("number"))
}

async fn renew(connection: &mut PgConnection, table: &HotTable) -> Result<Renewed, StoreError> {
    // Counted before anybody has to wait.
    if number(connection, table.count, vec![(LIVE_MAX + 1).into()]).await? > LIVE_MAX {
        return Ok(Renewed::Never);
    }
    run(connection, "BEGIN").await?;
    let renewed = renew_alone(connection, table).await;
    let end = if matches!(renewed, Ok(Renewed::Done)) { "COMMIT" } else { "ROLLBACK" };
    run(connection, end).await?;
    renewed
}

async fn renew_alone(connection: &mut PgConnection, table: &HotTable) -> Result<Renewed, StoreError> {
    run(connection, table.lock).await?;
    if number(connection, IS_ALONE, vec![table.name.into()]).await? == 0 {
        return Ok(Renewed::Never);
    }
    for sql in table.renew {
        run(connection, sql).await?;
    }
    // As late as possible: a dump that begins after this sees what is written here.
    if number(connection, IS_DUMPED, vec![]).await? > 0 {
        return Ok(Renewed::NotNow);
    }
    Ok(Renewed::Done)
}

async fn run(connection: &mut PgConnection, sql: &'static str) -> Result<(), StoreError> {
    simple(connection, sql).await.map_err(error::of)
}

/// Write every hot table anew, however few dead rows it has. Whether all of them were: a table that somebody holds is not.
///
/// # Errors
/// The database refuses.
#[cfg(feature = "testing")]
pub(crate) async fn renew_all(options: &PgConnectOptions, deadline: Duration) -> Result<bool, StoreError> {
    let options = options.clone().options([("lock_timeout", LOCK_MAX)]);
    let mut connection = connection::connect(&options, deadline).await?;
    let mut all = true;
    for table in &HOT {
        all &= match renew(&mut connection, table).await {
            Ok(renewed) => renewed == Renewed::Done,
            Err(failure) if error::outcome_of(&failure) == Outcome::TakenBack => false,
            Err(failure) => return Err(failure),
        };
    }
    Ok(all)
}

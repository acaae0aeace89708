//! Connections: a fixed number, every wait with a deadline.
//!
//! The driver does not notice a peer that is gone, so a statement that is given up takes its connection with it, and the idle ones too:
//! they share its fate. A statement that was taken back, or whose connection was lost, runs again within the deadline. That is why
//! every statement here may run twice: it reads, or it carries a fence, or doing it twice is doing it once. A claim or a block of numbers
//! whose answer was lost on the way is not given twice either: the one comes back when its lease ends, the other is a gap.

use crate::config::PostgresConfig;
use crate::error::{self, Outcome};
use crate::value::{self, Value};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgRow};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, SqlSafeStr, SqlStr};
use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use store::StoreError;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// How often the same is tried again, apart from connecting, which ends with the deadline.
pub(crate) const TRIES_MAX: u32 = 8;
/// Between two attempts to reach a database that is not there, as while it starts again.
const RECONNECT: Duration = Duration::from_millis(50);

#[derive(Debug)]
pub(crate) struct Connections {
    options: PgConnectOptions,
    permits: Semaphore,
    idle: Mutex<Vec<PgConnection>>,
    deadline: Duration,
}

/// A statement that must see everything that was committed before it got a lock.
pub(crate) struct Guarded {
    pub(crate) lock: &'static str,
    pub(crate) lock_values: Vec<Value>,
}

impl Connections {
    pub(crate) fn new(config: &PostgresConfig, options: PgConnectOptions) -> Self {
        Self {
            options,
            permits: Semaphore::new(config.connections.max(1) as usize),
            idle: Mutex::new(Vec::new()),
            deadline: config.deadline(),
        }
    }

    /// Run one statement that stands for itself.
    pub(crate) async fn rows(
        &self,
        sql: impl Into<Cow<'static, str>>,
        values: Vec<Value>,
    ) -> Result<Vec<PgRow>, StoreError> {
        self.within(None, AssertSqlSafe(sql.into()).into_sql_str(), values).await
    }

    /// Run one statement after another one got a lock, in one transaction.
    pub(crate) async fn rows_guarded(
        &self,
        guarded: Guarded,
        sql: impl Into<Cow<'static, str>>,
        values: Vec<Value>,
    ) -> Result<Vec<PgRow>, StoreError> {
        self.within(Some(guarded), AssertSqlSafe(sql.into()).into_sql_str(), values).await
    }

    /// The first row, where there is one.
    pub(crate) async fn row(
        &self,
        sql: impl Into<Cow<'static, str>>,
        values: Vec<Value>,
    ) -> Result<Option<PgRow>, StoreError> {
        Ok(self.rows(sql, values).await?.into_iter().next())
    }

    /// Refuse new statements and close what is idle.
    pub(crate) async fn close(&self) {
        self.permits.close();
        for connection in self.take_idle() {
            let _ = tokio::time::timeout(self.deadline, connection.close()).await;
        }
    }

    async fn within(
        &self,
        guarded: Option<Guarded>,
        sql: SqlStr,
        values: Vec<Value>,
    ) -> Result<Vec<PgRow>, StoreError> {
        let work = async {
            let _permit = self.permits.acquire().await.map_err(|_| StoreError::Closed)?;
            self.attempts(guarded.as_ref(), &sql, &values).await
        };
        match tokio::time::timeout(self.deadline, work).await {
            Ok(result) => result,
            Err(_) => {
                // The connection went with the work that was given up.
                self.take_idle();
                Err(deadline_error(self.deadline))
            }
        }
    }

    async fn attempts(
        &self,
        guarded: Option<&Guarded>,
        sql: &SqlStr,
        values: &[Value],
    ) -> Result<Vec<PgRow>, StoreError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let mut connection = self.take().await?;
            let result = match guarded {
                None => value::run(&mut connection, sql.clone(), values.to_vec()).await,
                Some(guarded) => run_guarded(&mut connection, guarded, sql, values).await,
            };
            let failure = match result {
                Ok(rows) => {
                    self.give(connection);
                    return Ok(rows);
                }
                Err(failure) => failure,
            };
            match error::outcome(&failure) {
                Outcome::Lost => {
                    self.take_idle();
                    if tries >= TRIES_MAX {
                        return Err(error::of(failure));
                    }
                }
                Outcome::TakenBack if tries < TRIES_MAX => {
                    self.give(connection);
                    fall_out_of_step(tries).await;
                }
                Outcome::TakenBack => {
                    self.give(connection);
                    return Err(StoreError::Busy);
                }
                Outcome::TooLong => {
                    self.give(connection);
                    return Err(deadline_error(self.deadline));
                }
                Outcome::Refused => {
                    self.give(connection);
                    return Err(error::of(failure));
                }
            }
        }
    }

    fn give(&self, connection: PgConnection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }

    fn take_idle(&self) -> Vec<PgConnection> {
        std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn take(&self) -> Result<PgConnection, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match idle {
            Some(connection) => Ok(connection),
            None => connect(&self.options, self.deadline).await,
        }
    }
}

async fn run_guarded(
    connection: &mut PgConnection,
    guarded: &Guarded,
    sql: &SqlStr,
    values: &[Value],
) -> Result<Vec<PgRow>, sqlx::Error> {
    simple(connection, "BEGIN").await?;
    let work = async {
        value::run(connection, guarded.lock.into_sql_str(), guarded.lock_values.clone()).await?;
        let rows = value::run(connection, sql.clone(), values.to_vec()).await?;
        simple(connection, "COMMIT").await?;
        Ok(rows)
    };
    let result = work.await;
    if result.is_err() {
        // When the connection is lost this fails too, and the server has rolled back by itself.
        let _ = simple(connection, "ROLLBACK").await;
    }
    result
}

/// A statement without values and without rows, sent as it is.
pub(crate) async fn simple(connection: &mut PgConnection, sql: &'static str) -> Result<(), sqlx::Error> {
    #[cfg(feature = "testing")]
    crate::testing::record(sql);
    sqlx::raw_sql(sql).execute(connection).await.map(drop)
}

/// Connect, and while there is nobody to connect to try again until shortly before the deadline.
pub(crate) async fn connect(options: &PgConnectOptions, deadline: Duration) -> Result<PgConnection, StoreError> {
    let until = Instant::now() + deadline.mul_f32(0.9);
    loop {
        let failure = match tokio::time::timeout_at(until, options.connect()).await {
            Ok(Ok(connection)) => return Ok(connection),
            Ok(Err(failure)) => failure,
            Err(_) => return Err(deadline_error(deadline)),
        };
        if error::outcome(&failure) != Outcome::Lost || Instant::now() + RECONNECT >= until {
            return Err(error::of(failure));
        }
        pause(RECONNECT).await;
    }
}

/// Wait a little before the same is tried again, longer with every try, so that those who were in each other's way are not again.
pub(crate) async fn fall_out_of_step(tries: u32) {
    pause(Duration::from_millis(1 << tries.min(6))).await;
}

pub(crate) fn deadline_error(deadline: Duration) -> StoreError {
    StoreError::Deadline(u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX))
}

#[expect(clippy::disallowed_methods, reason = "the database outside does not keep to a simulated clock")]
pub(crate) async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}

//! Connections that only read: a fixed number, each statement with a deadline.
//!
//! A statement that is given up, by the deadline or because its caller went away, is interrupted and its connection thrown away, so
//! that no forgotten reader keeps the write-ahead log from being emptied.

use crate::config::SqliteConfig;
use crate::error;
use crate::value::{self, Value};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, SqlSafeStr};
use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::StoreError;
use tokio::sync::Semaphore;

/// Virtual machine steps between two looks at the interrupt flag: about a tenth of a millisecond.
const STEPS_BETWEEN_LOOKS: i32 = 10_000;

#[derive(Debug)]
pub(crate) struct Readers {
    options: SqliteConnectOptions,
    permits: Semaphore,
    idle: Mutex<Vec<Reader>>,
    deadline: Duration,
}

#[derive(Debug)]
struct Reader {
    connection: SqliteConnection,
    given_up: Arc<AtomicBool>,
}

/// Interrupts the statement of a reader that did not come back.
struct InUse {
    reader: Option<Reader>,
}

impl Drop for InUse {
    fn drop(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.given_up.store(true, Ordering::Relaxed);
        }
    }
}

impl Readers {
    pub(crate) fn new(config: &SqliteConfig) -> Self {
        Self {
            options: config.reader_options(),
            permits: Semaphore::new(config.readers.max(1) as usize),
            idle: Mutex::new(Vec::new()),
            deadline: config.deadline(),
        }
    }

    /// Run one reading statement.
    pub(crate) async fn rows(
        &self,
        sql: impl Into<Cow<'static, str>>,
        values: Vec<Value>,
    ) -> Result<Vec<SqliteRow>, StoreError> {
        let sql = AssertSqlSafe(sql.into()).into_sql_str();
        let work = async {
            let _permit = self.permits.acquire().await.map_err(|_| StoreError::Closed)?;
            let mut in_use = InUse { reader: Some(self.take().await?) };
            let Some(reader) = in_use.reader.as_mut() else { return Err(StoreError::Closed) };
            let rows = value::run(&mut reader.connection, sql, values).await.map_err(error::of)?;
            if let Some(reader) = in_use.reader.take() {
                self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
            }
            Ok(rows)
        };
        match tokio::time::timeout(self.deadline, work).await {
            Ok(result) => result,
            Err(_) => Err(StoreError::Deadline(u64::try_from(self.deadline.as_millis()).unwrap_or(u64::MAX))),
        }
    }

    /// The first row, where there is one.
    pub(crate) async fn row(
        &self,
        sql: impl Into<Cow<'static, str>>,
        values: Vec<Value>,
    ) -> Result<Option<SqliteRow>, StoreError> {
        Ok(self.rows(sql, values).await?.into_iter().next())
    }

    /// Refuse new reads and close what is idle.
    pub(crate) async fn close(&self) {
        self.permits.close();
        let idle = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        for reader in idle {
            if let Err(error) = reader.connection.close().await {
                tracing::warn!(%error, "a reading connection did not close cleanly");
            }
        }
    }

    async fn take(&self) -> Result<Reader, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if let Some(reader) = idle {
            return Ok(reader);
        }
        let mut connection = self.options.connect().await.map_err(error::of)?;
        let given_up = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&given_up);
        connection
            .lock_handle()
            .await
            .map_err(error::of)?
            .set_progress_handler(STEPS_BETWEEN_LOOKS, move || !flag.load(Ordering::Relaxed));
        Ok(Reader { connection, given_up })
    }
}

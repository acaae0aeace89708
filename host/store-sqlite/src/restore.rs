//! A database file made from a backup: beside the one that is there, looked at, and only then put in its place.

use crate::config::SqliteConfig;
use crate::error;
use crate::lock::ProcessLock;
use crate::migrate::{self, MIGRATIONS, beside};
use crate::snapshot::SqliteSnapshot;
use crate::value::{self, Cells, Value};
use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, SqlSafeStr};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::backup::Restore;
use store::snapshot::{Applied, Cell, Snapshot, Table};
use store::{Result, StoreError};

/// Values of one statement; SQLite takes up to 32,766.
const VALUES_MAX: usize = 2_000;

/// What may become of a database that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// Refuse.
    Keep,
    /// Put the new one in its place; a file is kept under another name.
    Replace,
}

/// A file under construction. It goes when this goes before it is kept.
#[derive(Debug)]
pub struct SqliteRestore {
    config: SqliteConfig,
    partial: PathBuf,
    connection: Option<SqliteConnection>,
    view: Option<SqliteSnapshot>,
    indexes: Vec<String>,
    applied: usize,
    _lock: ProcessLock,
}

impl SqliteRestore {
    /// # Errors
    /// A server uses the database, there is one that must be kept, or nothing can be written beside it.
    pub async fn open(config: SqliteConfig, existing: Existing) -> Result<Self> {
        if existing == Existing::Keep && config.path.exists() {
            let text = format!(
                "there is a database `{}` already: give --replace to put the backup in its place, or another --store-path",
                config.path.display()
            );
            return Err(StoreError::Database(text.into()));
        }
        let lock = ProcessLock::acquire(&config.path)?;
        let partial = beside(&config.path, ".restoring");
        remove_with_log(&partial);
        let options = SqliteConnectOptions::new()
            .filename(&partial)
            .create_if_missing(true)
            // Nobody sees the file before it is complete, and then it is flushed as a whole.
            .journal_mode(SqliteJournalMode::Off)
            .synchronous(SqliteSynchronous::Off)
            .statement_cache_capacity(64)
            .pragma("cache_size", "-262144")
            .pragma("temp_store", "MEMORY")
            .pragma("locking_mode", "EXCLUSIVE")
            .disable_statement_logging();
        let connection = options.connect().await.map_err(error::of)?;
        Ok(Self {
            config,
            partial,
            connection: Some(connection),
            view: None,
            indexes: Vec::new(),
            applied: 0,
            _lock: lock,
        })
    }

    fn connection(&mut self) -> Result<&mut SqliteConnection> {
        self.connection.as_mut().ok_or(StoreError::Closed)
    }

    async fn execute(&mut self, sql: String, values: Vec<Value>) -> Result<()> {
        let connection = self.connection()?;
        value::run(connection, AssertSqlSafe(sql).into_sql_str(), values).await.map(drop).map_err(error::of)
    }

    /// Indexes are made when everything is in, which is many times faster. Their statements are kept.
    async fn drop_indexes(&mut self) -> Result<()> {
        let sql = "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY name";
        let rows = value::run(self.connection()?, sql.into_sql_str(), vec![]).await.map_err(error::of)?;
        for row in &rows {
            self.indexes.push(Cells(row).text("sql")?);
            self.execute(format!("DROP INDEX {}", Cells(row).text("name")?), vec![]).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Restore for SqliteRestore {
    async fn begin(&mut self, schema: &[Applied]) -> Result<Vec<Arc<Table>>> {
        let known = store::backup::schema_for(schema, &MIGRATIONS)?;
        migrate::up_to(self.connection()?, 0, known).await?;
        self.applied = known;
        self.drop_indexes().await?;
        // Its own look at its tables, with the same connection, because the file is locked.
        let connection = self.connection.take().ok_or(StoreError::Closed)?;
        let mut looking = SqliteSnapshot::over(connection);
        let tables = looking.tables().await;
        self.connection = Some(looking.into_connection());
        self.execute("BEGIN".to_owned(), vec![]).await?;
        tables
    }

    async fn put(&mut self, table: &Table, columns: &[String], rows: Vec<Vec<Cell>>) -> Result<()> {
        let at_once = (VALUES_MAX / columns.len().max(1)).max(1);
        let mut rows = rows.into_iter().peekable();
        let tuple = format!("({})", vec!["?"; columns.len()].join(", "));
        while rows.peek().is_some() {
            let part: Vec<Vec<Cell>> = rows.by_ref().take(at_once).collect();
            let sql = format!(
                "INSERT INTO {} ({}) VALUES {}",
                table.name,
                columns.join(", "),
                vec![tuple.as_str(); part.len()].join(", ")
            );
            let values = part.into_iter().flatten().map(bound).collect();
            self.execute(sql, values).await?;
        }
        Ok(())
    }

    async fn complete(&mut self) -> Result<&mut dyn Snapshot> {
        for sql in std::mem::take(&mut self.indexes) {
            self.execute(sql, vec![]).await?;
        }
        self.execute("COMMIT".to_owned(), vec![]).await?;
        let applied = self.applied;
        migrate::up_to(self.connection()?, applied, MIGRATIONS.len()).await?;
        let connection = self.connection.take().ok_or(StoreError::Closed)?;
        connection.close().await.map_err(error::of)?;
        File::open(&self.partial).and_then(|file| file.sync_all()).map_err(io)?;
        let view = SqliteSnapshot::open(&SqliteConfig { path: self.partial.clone(), ..self.config.clone() }).await?;
        Ok(self.view.insert(view))
    }

    async fn keep(mut self: Box<Self>) -> Result<String> {
        if let Some(view) = self.view.take() {
            Box::new(view).end().await;
        }
        let path = self.config.path.clone();
        let mut said = format!("`{}` is made", path.display());
        if path.exists() {
            let old = unused(&path)?;
            // Everything of the old one into one file, if it can still be read; otherwise its log goes along.
            empty_log(&path).await;
            for ending in ["-wal", "-shm"] {
                let file = beside(&path, ending);
                if file.exists() {
                    std::fs::rename(&file, beside(&old, ending)).map_err(io)?;
                }
            }
            std::fs::rename(&path, &old).map_err(io)?;
            said = format!("`{}` is replaced; what was there is `{}`", path.display(), old.display());
        }
        std::fs::rename(&self.partial, &path).map_err(io)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)?;
        Ok(said)
    }
}

impl Drop for SqliteRestore {
    fn drop(&mut self) {
        self.connection = None;
        self.view = None;
        remove_with_log(&self.partial);
    }
}

async fn empty_log(path: &Path) {
    let options = SqliteConnectOptions::new().filename(path).disable_statement_logging();
    if let Ok(mut connection) = options.connect().await {
        let _ = value::run(&mut connection, "PRAGMA wal_checkpoint(TRUNCATE)".into_sql_str(), vec![]).await;
        let _ = connection.close().await;
    }
}

/// A name for what was there.
fn unused(path: &Path) -> Result<PathBuf> {
    const TRIES_MAX: u32 = 1_000;
    let names = (1..=TRIES_MAX).map(|number| beside(path, &format!(".replaced-{number}")));
    names.into_iter().find(|name| !name.exists()).ok_or_else(|| {
        StoreError::Database(
            format!("there are {TRIES_MAX} replaced databases beside `{}`: remove some", path.display()).into(),
        )
    })
}

fn remove_with_log(file: &Path) {
    for ending in ["", "-journal", "-wal", "-shm"] {
        let _ = std::fs::remove_file(beside(file, ending));
    }
}

fn io(error: std::io::Error) -> StoreError {
    StoreError::ReadOnly(Box::new(error))
}

fn bound(cell: Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Int(number) => Value::Int(number),
        Cell::Text(text) => Value::Text(text),
        Cell::Blob(bytes) => Value::Blob(bytes.into()),
    }
}

//! A database made from a backup: in one transaction, looked at before it is committed.

use crate::config::PostgresConfig;
use crate::connection::simple;
use crate::migrate::{self, MIGRATIONS};
use crate::snapshot::{OWN, PostgresSnapshot, Reader, bound};
use crate::value::{self, Cells, Column, ColumnType, Value};
use crate::{error, filter};
use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Connection, SqlSafeStr};
use std::sync::Arc;
use store::backup::Restore;
use store::snapshot::{Applied, Cell, CellType, Snapshot, Table};
use store::{Result, StoreError};

/// What may become of data that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// Refuse.
    Keep,
    /// Put the new one in its place.
    Replace,
}

/// A transaction in which a database is made. Nothing happened when this goes before it is kept.
#[derive(Debug)]
pub struct PostgresRestore {
    view: PostgresSnapshot,
    indexes: Vec<String>,
    applied: usize,
}

impl PostgresRestore {
    /// # Errors
    /// The database cannot be reached, or has data that must be kept.
    pub async fn open(config: &PostgresConfig, existing: Existing) -> Result<Self> {
        let connection = migrate::connect(&config.options()?, config.deadline()).await?;
        let mut restore = Self { view: PostgresSnapshot::over(connection), indexes: Vec::new(), applied: 0 };
        restore.simple("BEGIN").await?;
        let there = restore.reader().tables().await?;
        if existing == Existing::Keep && !there.is_empty() {
            let text = "the database has data already: give --replace to put the backup in its place, or the address of an empty one";
            return Err(StoreError::Database(text.into()));
        }
        for table in there.iter().map(|table| table.name.as_str()).chain(OWN) {
            restore.execute(format!("DROP TABLE IF EXISTS {table}"), vec![]).await?;
        }
        Ok(restore)
    }

    fn reader(&mut self) -> &mut Reader {
        &mut self.view.reader
    }

    async fn simple(&mut self, sql: &'static str) -> Result<()> {
        simple(&mut self.reader().connection, sql).await.map_err(error::of)
    }

    async fn execute(&mut self, sql: String, values: Vec<Value>) -> Result<Vec<PgRow>> {
        let connection = &mut self.reader().connection;
        value::run(connection, AssertSqlSafe(sql).into_sql_str(), values).await.map_err(error::of)
    }

    /// Indexes are made when everything is in, which is many times faster. Their statements are kept.
    async fn drop_indexes(&mut self) -> Result<()> {
        let made = migrate::indexes();
        let sql = "SELECT CAST(indexname AS TEXT) AS name, CAST(indexdef AS TEXT) AS definition FROM pg_indexes
            WHERE schemaname = current_schema() ORDER BY indexname";
        for row in self.execute(sql.to_owned(), vec![]).await? {
            let cells = Cells(&row);
            let name = cells.text("name")?;
            if made.contains(&name) {
                self.indexes.push(cells.text("definition")?);
                self.execute(format!("DROP INDEX {name}"), vec![]).await?;
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Restore for PostgresRestore {
    async fn begin(&mut self, schema: &[Applied]) -> Result<Vec<Arc<Table>>> {
        self.applied = store::backup::schema_for(schema, &MIGRATIONS)?;
        migrate::tables_in_transaction(&mut self.reader().connection).await?;
        for migration in &MIGRATIONS[..self.applied] {
            migrate::write(&mut self.reader().connection, migration).await?;
        }
        self.drop_indexes().await?;
        self.reader().tables().await
    }

    async fn put(&mut self, table: &Table, columns: &[String], rows: Vec<Vec<Cell>>) -> Result<()> {
        let mut names: Vec<&str> = columns.iter().map(String::as_str).collect();
        let mut values: Vec<Column> = columns
            .iter()
            .enumerate()
            .map(|(place, name)| {
                let kind = match table.column(name).map_or(CellType::Text, |column| column.cell_type) {
                    CellType::Int => ColumnType::Int,
                    CellType::Text => ColumnType::Text,
                    CellType::Blob => ColumnType::Blob,
                };
                Column::of(kind, rows.iter().map(|row| row.get(place).map_or(Value::Null, bound)))
            })
            .collect();
        match table.name.as_str() {
            "ticket" => {
                names.push("field_digests");
                let place = columns.iter().position(|name| name == "fields");
                values.push(Column::of(ColumnType::Text, rows.iter().map(|row| digests(row, place))));
            }
            "journal_head" => {
                names.push("ordinal");
                values.push(Column::of(ColumnType::Int, rows.iter().map(|_| Value::Int(0))));
            }
            _ => {}
        }
        let places: Vec<String> = values
            .iter()
            .enumerate()
            .map(|(place, column)| {
                let array = match column {
                    Column::Ints(_) => "BIGINT",
                    Column::Texts(_) => "TEXT",
                    Column::Blobs(_) => "BYTEA",
                };
                format!("${}::{array}[]", place + 1)
            })
            .collect();
        let sql =
            format!("INSERT INTO {} ({}) SELECT * FROM UNNEST({})", table.name, names.join(", "), places.join(", "));
        let connection = &mut self.reader().connection;
        value::run_columns(connection, AssertSqlSafe(sql).into_sql_str(), values).await.map(drop).map_err(error::of)
    }

    async fn complete(&mut self) -> Result<&mut dyn Snapshot> {
        for sql in std::mem::take(&mut self.indexes) {
            self.execute(sql, vec![]).await?;
        }
        let sql = "UPDATE journal_head SET ordinal =
            COALESCE((SELECT MAX(j.ordinal) FROM job j WHERE j.org_id = journal_head.org_id), 0)";
        self.execute(sql.to_owned(), vec![]).await?;
        for migration in &MIGRATIONS[self.applied..] {
            migrate::write(&mut self.reader().connection, migration).await?;
        }
        self.simple("ANALYZE").await?;
        Ok(&mut self.view)
    }

    async fn keep(mut self: Box<Self>) -> Result<String> {
        self.simple("COMMIT").await?;
        let _ = self.view.reader.connection.close().await;
        Ok("the database is made".to_owned())
    }
}

/// What PostgreSQL searches the fields of a ticket by.
fn digests(row: &[Cell], place: Option<usize>) -> Value {
    let fields = match place.and_then(|place| row.get(place)) {
        Some(Cell::Text(text)) => serde_json::from_str(text).unwrap_or_default(),
        _ => domain::Object::new(),
    };
    filter::field_digests(&fields).into()
}

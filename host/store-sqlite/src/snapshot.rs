//! One moment of a database file, read beside whoever serves it: a read transaction on a connection that cannot write.

use crate::config::SqliteConfig;
use crate::value::{self, Value};
use crate::{error, migrate};
use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Column as _, ConnectOptions, Connection, Row as _, SqlSafeStr, TypeInfo, ValueRef};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use store::snapshot::{Applied, Cell, CellType, Column, Row, Snapshot, Table};
use store::{Result, StoreError};

/// A writer holds the file for a moment when it empties the log.
const BUSY: Duration = Duration::from_secs(30);
/// Sentences of the database about its file.
const DAMAGE_MAX: usize = 100;
/// About the file and not about an organisation.
const OWN: [&str; 1] = ["schema_migration"];

/// A read transaction. The write-ahead log is kept as long as it lives.
#[derive(Debug)]
pub struct SqliteSnapshot {
    connection: SqliteConnection,
}

impl SqliteSnapshot {
    /// Look at a file that exists, whether it is served or not. Nothing is created, migrated or repaired.
    ///
    /// # Errors
    /// The file cannot be read, or is no database.
    pub async fn open(config: &SqliteConfig) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(&config.path)
            .create_if_missing(false)
            .read_only(true)
            .busy_timeout(BUSY)
            .statement_cache_capacity(64)
            .row_buffer_size(256)
            .pragma("cache_size", "-32768")
            .pragma("temp_store", "MEMORY")
            .pragma("query_only", "1")
            .disable_statement_logging();
        let connection = options.connect().await.map_err(error::of)?;
        let mut snapshot = Self { connection };
        snapshot.rows("BEGIN".to_owned(), vec![]).await?;
        // The moment begins with the first look.
        snapshot.rows("SELECT count(*) FROM sqlite_schema".to_owned(), vec![]).await?;
        Ok(snapshot)
    }

    /// Look through a connection that is there already, in no transaction of its own.
    pub(crate) fn over(connection: SqliteConnection) -> Self {
        Self { connection }
    }

    pub(crate) fn into_connection(self) -> SqliteConnection {
        self.connection
    }

    async fn rows(&mut self, sql: String, values: Vec<Value>) -> Result<Vec<SqliteRow>> {
        value::run(&mut self.connection, AssertSqlSafe(sql).into_sql_str(), values).await.map_err(error::of)
    }

    async fn table(&mut self, name: String) -> Result<Option<Table>> {
        let sql = "SELECT name, type, \"notnull\", pk FROM pragma_table_info($1)".to_owned();
        let rows = self.rows(sql, vec![name.as_str().into()]).await?;
        let mut columns = Vec::with_capacity(rows.len());
        let mut key = Vec::new();
        for row in decode(&rows)? {
            let (Some(column), Some(declared)) = (row.text("name"), row.text("type")) else { continue };
            let place = row.int("pk").unwrap_or(0);
            if place > 0 {
                key.push((place, column.to_owned()));
            }
            columns.push(Column {
                name: column.to_owned(),
                cell_type: cell_type(&name, declared)?,
                is_nullable: row.int("notnull") == Some(0) && place == 0,
            });
        }
        key.sort();
        let has_org = columns.iter().any(|column| column.name == "org_id");
        Ok(has_org.then(|| Table { name, columns, key: key.into_iter().map(|(_, column)| column).collect() }))
    }
}

fn cell_type(table: &str, declared: &str) -> Result<CellType> {
    match declared {
        "TEXT" => Ok(CellType::Text),
        "BIGINT" => Ok(CellType::Int),
        "BLOB" => Ok(CellType::Blob),
        other => Err(StoreError::Corrupt {
            row: format!("table `{table}`"),
            reason: format!("a column has the type `{other}`, which Weft does not use"),
        }),
    }
}

/// By what is stored, whatever the column says: SQLite keeps a text in a column of numbers.
fn decode(rows: &[SqliteRow]) -> Result<Vec<Row>> {
    let Some(first) = rows.first() else { return Ok(Vec::new()) };
    let names: Arc<[String]> = first.columns().iter().map(|column| column.name().to_owned()).collect();
    let decode = |row: &SqliteRow| {
        let cells = (0..names.len()).map(|place| cell(row, place)).collect::<Result<_, _>>().map_err(error::of)?;
        Ok(Row { names: Arc::clone(&names), cells })
    };
    rows.iter().map(decode).collect()
}

fn cell(row: &SqliteRow, place: usize) -> Result<Cell, sqlx::Error> {
    let raw = row.try_get_raw(place)?;
    if raw.is_null() {
        return Ok(Cell::Null);
    }
    let stored = raw.type_info();
    Ok(match stored.name() {
        "INTEGER" => Cell::Int(row.try_get_unchecked(place)?),
        "REAL" => Cell::Text(row.try_get_unchecked::<f64, _>(place)?.to_string()),
        "TEXT" => match row.try_get_unchecked::<String, _>(place) {
            Ok(text) => Cell::Text(text),
            // No text that anybody could read: the bytes as they are.
            Err(_) => Cell::Blob(row.try_get_unchecked(place)?),
        },
        _ => Cell::Blob(row.try_get_unchecked(place)?),
    })
}

fn bound(cell: &Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Int(number) => Value::Int(*number),
        Cell::Text(text) => Value::Text(text.clone()),
        Cell::Blob(bytes) => Value::Blob(bytes.as_slice().into()),
    }
}

#[async_trait]
impl Snapshot for SqliteSnapshot {
    fn database(&self) -> &'static str {
        "SQLite"
    }

    async fn migrations(&mut self) -> Result<Vec<Applied>> {
        let exists = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migration'";
        if self.rows(exists.to_owned(), vec![]).await?.is_empty() {
            return Ok(Vec::new());
        }
        let sql = "SELECT number, slug, checksum FROM schema_migration ORDER BY number";
        let rows = decode(&self.rows(sql.to_owned(), vec![]).await?)?;
        let text = |row: &Row, name: &str| row.text(name).unwrap_or_default().to_owned();
        Ok(rows
            .iter()
            .map(|row| Applied {
                number: row.int("number").unwrap_or(0),
                slug: text(row, "slug"),
                checksum: text(row, "checksum"),
            })
            .collect())
    }

    async fn tables(&mut self) -> Result<Vec<Arc<Table>>> {
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name";
        let names = decode(&self.rows(sql.to_owned(), vec![]).await?)?;
        let mut tables = Vec::new();
        for name in names.iter().filter_map(|row| row.text("name")).filter(|name| !OWN.contains(name)) {
            tables.extend(self.table(name.to_owned()).await?.map(Arc::new));
        }
        Ok(tables)
    }

    async fn indexes(&mut self) -> Result<(BTreeSet<String>, BTreeSet<String>)> {
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL";
        let found = decode(&self.rows(sql.to_owned(), vec![]).await?)?;
        let found = found.iter().filter_map(|row| row.text("name")).map(str::to_owned).collect();
        Ok((found, migrate::indexes()))
    }

    async fn page(
        &mut self,
        table: &Table,
        columns: &[&str],
        order: &[&str],
        after: Option<&[Cell]>,
        limit: u32,
    ) -> Result<Vec<Row>> {
        let (name, columns, order) = (&table.name, columns.join(", "), order.join(", "));
        let mut values: Vec<Value> = after.unwrap_or_default().iter().map(bound).collect();
        let places: Vec<String> = (1..=values.len()).map(|place| format!("${place}")).collect();
        let than =
            if values.is_empty() { String::new() } else { format!(" WHERE ({order}) > ({})", places.join(", ")) };
        values.push(limit.into());
        let sql = format!("SELECT {columns} FROM {name}{than} ORDER BY {order} LIMIT ${}", values.len());
        decode(&self.rows(sql, values).await?)
    }

    async fn lookup(&mut self, table: &Table, columns: &[&str], by: &[&str], values: &[Vec<Cell>]) -> Result<Vec<Row>> {
        if values.is_empty() {
            return Ok(Vec::new());
        }
        let json = |cell: &Cell| match cell {
            Cell::Int(number) => serde_json::Value::from(*number),
            Cell::Text(text) => serde_json::Value::from(text.as_str()),
            Cell::Null | Cell::Blob(_) => serde_json::Value::Null,
        };
        let keys: Vec<Vec<_>> = values.iter().map(|row| row.iter().map(json).collect()).collect();
        let same: Vec<String> =
            by.iter().enumerate().map(|(place, column)| format!("t.{column} = k.value ->> {place}")).collect();
        let columns: Vec<String> = columns.iter().map(|column| format!("t.{column}")).collect();
        let sql = format!(
            "SELECT {} FROM json_each($1) k CROSS JOIN {} t ON {}",
            columns.join(", "),
            table.name,
            same.join(" AND ")
        );
        let keys = Value::Text(serde_json::to_string(&keys).expect("texts and numbers are JSON"));
        decode(&self.rows(sql, vec![keys]).await?)
    }

    async fn damage(&mut self) -> Result<Vec<String>> {
        let rows = decode(&self.rows(format!("PRAGMA integrity_check({DAMAGE_MAX})"), vec![]).await?)?;
        let said = rows.iter().filter_map(|row| row.text("integrity_check"));
        Ok(said.filter(|text| *text != "ok").map(str::to_owned).collect())
    }

    async fn end(mut self: Box<Self>) {
        let _ = self.rows("ROLLBACK".to_owned(), vec![]).await;
        if let Err(error) = self.connection.close().await {
            tracing::warn!(%error, "a reading connection did not close cleanly");
        }
    }
}

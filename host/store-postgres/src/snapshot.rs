//! One moment of a database: a read-only transaction of its own that sees what was committed when it began.

use crate::config::PostgresConfig;
use crate::connection::{self, TRIES_MAX, simple};
use crate::value::{self, Column as Values, ColumnType, Value};
use crate::{error, migrate, renew};
use async_trait::async_trait;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Connection, Row as _, SqlSafeStr};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::snapshot::{Applied, Cell, CellType, Column, Row, Snapshot, Table};
use store::{Result, StoreError};

/// About the database and not about an organisation, or only a lock.
pub(crate) const OWN: [&str; 3] = ["schema_migration", "schema_lock", "job_gate"];
/// Columns that PostgreSQL alone has: made from the others.
pub(crate) const DERIVED: [(&str, &str); 2] = [("ticket", "field_digests"), ("journal_head", "ordinal")];
/// A page of a large table may take its time.
const STATEMENT: &str = "600000ms";

/// A read-only transaction in `REPEATABLE READ`.
#[derive(Debug)]
pub struct PostgresSnapshot {
    pub(crate) reader: Reader,
}

/// Reads rows as they are stored, in whatever transaction its connection is.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) connection: PgConnection,
}

impl PostgresSnapshot {
    /// Look at a database. Nothing is created, migrated or repaired.
    ///
    /// # Errors
    /// It cannot be reached.
    pub async fn open(config: &PostgresConfig) -> Result<Self> {
        let options = config.options()?.options([
            ("statement_timeout", STATEMENT),
            // Writing a page to a slow disk is no reason to lose the moment.
            ("idle_in_transaction_session_timeout", STATEMENT),
        ]);
        let connection = connection::connect(&options, config.deadline()).await?;
        let mut reader = Reader { connection };
        for _ in 0..TRIES_MAX {
            simple(&mut reader.connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                .await
                .map_err(error::of)?;
            if reader.is_whole().await? {
                return Ok(Self { reader });
            }
            simple(&mut reader.connection, "ROLLBACK").await.map_err(error::of)?;
        }
        Err(StoreError::Busy)
    }

    /// Look through a connection that is there already, in whatever transaction it is.
    pub(crate) fn over(connection: PgConnection) -> Self {
        Self { reader: Reader { connection } }
    }
}

impl Reader {
    /// Whether this moment sees the tables that are written anew now and then (ADR 12); from here on they stay as they are.
    async fn is_whole(&mut self) -> Result<bool> {
        let mut names = Vec::new();
        for (name, touch) in renew::touches() {
            if self.has_table(name).await? {
                self.rows(touch.to_owned(), vec![0_i64.into()]).await?;
                names.push(name.to_owned());
            }
        }
        let too_new = self.rows(renew::IS_TOO_NEW.to_owned(), vec![Value::Texts(names)]).await?;
        Ok(too_new.iter().map(|row| value::Cells(row).int("number")).sum::<Result<i64>>()? == 0)
    }

    async fn rows(&mut self, sql: String, values: Vec<Value>) -> Result<Vec<PgRow>> {
        value::run(&mut self.connection, AssertSqlSafe(sql).into_sql_str(), values).await.map_err(error::of)
    }

    async fn has_table(&mut self, name: &str) -> Result<bool> {
        let sql = "SELECT c.table_name FROM information_schema.columns c WHERE c.table_schema = current_schema()
            AND c.table_name = $1 LIMIT 1";
        Ok(!self.rows(sql.to_owned(), vec![name.into()]).await?.is_empty())
    }

    pub(crate) async fn migrations(&mut self) -> Result<Vec<Applied>> {
        if !self.has_table("schema_migration").await? {
            return Ok(Vec::new());
        }
        let sql = "SELECT number, slug, checksum FROM schema_migration ORDER BY number";
        let rows = self.rows(sql.to_owned(), vec![]).await?;
        rows.iter()
            .map(|row| {
                let cells = value::Cells(row);
                Ok(Applied {
                    number: cells.int("number")?,
                    slug: cells.text("slug")?,
                    checksum: cells.text("checksum")?,
                })
            })
            .collect()
    }

    pub(crate) async fn tables(&mut self) -> Result<Vec<Arc<Table>>> {
        let sql = "SELECT CAST(c.table_name AS TEXT) AS table_name, CAST(c.column_name AS TEXT) AS column_name,
            CAST(c.data_type AS TEXT) AS data_type, CAST(c.is_nullable AS TEXT) AS is_nullable
            FROM information_schema.columns c JOIN information_schema.tables t
            ON t.table_schema = c.table_schema AND t.table_name = c.table_name AND t.table_type = 'BASE TABLE'
            WHERE c.table_schema = current_schema() ORDER BY c.table_name, c.ordinal_position";
        let mut tables: BTreeMap<String, Table> = BTreeMap::new();
        for row in &self.rows(sql.to_owned(), vec![]).await? {
            let cells = value::Cells(row);
            let (table, column) = (cells.text("table_name")?, cells.text("column_name")?);
            if OWN.contains(&table.as_str()) || DERIVED.contains(&(table.as_str(), column.as_str())) {
                continue;
            }
            let column = Column {
                name: column,
                cell_type: cell_type(&table, &cells.text("data_type")?)?,
                is_nullable: cells.text("is_nullable")? == "YES",
            };
            let entry = tables.entry(table.clone());
            entry.or_insert(Table { name: table, columns: Vec::new(), key: Vec::new() }).columns.push(column);
        }
        let sql = "SELECT CAST(k.table_name AS TEXT) AS table_name, CAST(k.column_name AS TEXT) AS column_name
            FROM information_schema.key_column_usage k JOIN information_schema.table_constraints c
            ON c.constraint_schema = k.constraint_schema AND c.constraint_name = k.constraint_name
            AND c.table_name = k.table_name AND c.constraint_type = 'PRIMARY KEY'
            WHERE k.table_schema = current_schema() ORDER BY k.table_name, k.ordinal_position";
        for row in &self.rows(sql.to_owned(), vec![]).await? {
            let cells = value::Cells(row);
            if let Some(table) = tables.get_mut(&cells.text("table_name")?) {
                table.key.push(cells.text("column_name")?);
            }
        }
        Ok(tables.into_values().filter(|table| table.column("org_id").is_some()).map(Arc::new).collect())
    }

    async fn indexes(&mut self) -> Result<(BTreeSet<String>, BTreeSet<String>)> {
        let sql = "SELECT CAST(indexname AS TEXT) AS name FROM pg_indexes WHERE schemaname = current_schema()";
        let rows = self.rows(sql.to_owned(), vec![]).await?;
        let found = rows.iter().map(|row| value::Cells(row).text("name")).collect::<Result<_>>()?;
        Ok((found, migrate::indexes()))
    }

    pub(crate) async fn page(
        &mut self,
        table: &Table,
        columns: &[&str],
        order: &[&str],
        after: Option<&[Cell]>,
        limit: u32,
    ) -> Result<Vec<Row>> {
        let mut values: Vec<Value> = after.unwrap_or_default().iter().map(bound).collect();
        let places: Vec<String> = (1..=values.len()).map(|place| format!("${place}")).collect();
        let sorted = order.join(", ");
        let than =
            if values.is_empty() { String::new() } else { format!(" WHERE ({sorted}) > ({})", places.join(", ")) };
        values.push(limit.into());
        let sql = format!(
            "SELECT {} FROM {}{than} ORDER BY {sorted} LIMIT ${}",
            columns.join(", "),
            table.name,
            values.len()
        );
        let rows = self.rows(sql, values).await?;
        decode(table, columns, &rows)
    }

    async fn lookup(&mut self, table: &Table, columns: &[&str], by: &[&str], values: &[Vec<Cell>]) -> Result<Vec<Row>> {
        if values.is_empty() {
            return Ok(Vec::new());
        }
        let is_int = |name: &str| table.column(name).is_some_and(|column| column.cell_type == CellType::Int);
        let places: Vec<String> = by
            .iter()
            .enumerate()
            .map(|(place, name)| format!("${}::{}[]", place + 1, if is_int(name) { "BIGINT" } else { "TEXT" }))
            .collect();
        let same: Vec<String> = by.iter().map(|name| format!("t.{name} = k.{name}")).collect();
        let wanted: Vec<String> = columns.iter().map(|name| format!("t.{name}")).collect();
        let sql = format!(
            "SELECT {} FROM UNNEST({}) AS k ({}) JOIN {} t ON {}",
            wanted.join(", "),
            places.join(", "),
            by.join(", "),
            table.name,
            same.join(" AND ")
        );
        let arrays = by.iter().enumerate().map(|(place, name)| {
            let kind = if is_int(name) { ColumnType::Int } else { ColumnType::Text };
            Values::of(kind, values.iter().map(|row| row.get(place).map_or(Value::Null, bound)))
        });
        let rows = value::run_columns(&mut self.connection, AssertSqlSafe(sql).into_sql_str(), arrays.collect()).await;
        decode(table, columns, &rows.map_err(error::of)?)
    }
}

fn cell_type(table: &str, declared: &str) -> Result<CellType> {
    match declared {
        "text" => Ok(CellType::Text),
        "bigint" => Ok(CellType::Int),
        "bytea" => Ok(CellType::Blob),
        other => Err(StoreError::Corrupt {
            row: format!("table `{table}`"),
            reason: format!("a column has the type `{other}`, which Weft does not use"),
        }),
    }
}

fn decode(table: &Table, columns: &[&str], rows: &[PgRow]) -> Result<Vec<Row>> {
    let names: Arc<[String]> = columns.iter().map(|name| (*name).to_owned()).collect();
    let types: Vec<CellType> =
        columns.iter().map(|name| table.column(name).map_or(CellType::Text, |column| column.cell_type)).collect();
    let decode = |row: &PgRow| {
        let cells = types.iter().enumerate().map(|(place, cell_type)| cell(row, place, *cell_type));
        let cells = cells.collect::<Result<_, _>>().map_err(error::of)?;
        Ok(Row { names: Arc::clone(&names), cells })
    };
    rows.iter().map(decode).collect()
}

fn cell(row: &PgRow, place: usize, cell_type: CellType) -> Result<Cell, sqlx::Error> {
    Ok(match cell_type {
        CellType::Int => row.try_get::<Option<i64>, _>(place)?.map_or(Cell::Null, Cell::Int),
        CellType::Text => row.try_get::<Option<String>, _>(place)?.map_or(Cell::Null, Cell::Text),
        CellType::Blob => row.try_get::<Option<Vec<u8>>, _>(place)?.map_or(Cell::Null, Cell::Blob),
    })
}

pub(crate) fn bound(cell: &Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Int(number) => Value::Int(*number),
        Cell::Text(text) => Value::Text(text.clone()),
        Cell::Blob(bytes) => Value::Blob(bytes.as_slice().into()),
    }
}

#[async_trait]
impl Snapshot for PostgresSnapshot {
    fn database(&self) -> &'static str {
        "PostgreSQL"
    }

    async fn migrations(&mut self) -> Result<Vec<Applied>> {
        self.reader.migrations().await
    }

    async fn tables(&mut self) -> Result<Vec<Arc<Table>>> {
        self.reader.tables().await
    }

    async fn indexes(&mut self) -> Result<(BTreeSet<String>, BTreeSet<String>)> {
        self.reader.indexes().await
    }

    async fn page(
        &mut self,
        table: &Table,
        columns: &[&str],
        order: &[&str],
        after: Option<&[Cell]>,
        limit: u32,
    ) -> Result<Vec<Row>> {
        self.reader.page(table, columns, order, after, limit).await
    }

    async fn lookup(&mut self, table: &Table, columns: &[&str], by: &[&str], values: &[Vec<Cell>]) -> Result<Vec<Row>> {
        self.reader.lookup(table, columns, by, values).await
    }

    async fn damage(&mut self) -> Result<Vec<String>> {
        // Every row and every unique index is read by the checks themselves; there is no question to ask beyond that without extensions.
        Ok(Vec::new())
    }

    async fn end(self: Box<Self>) {
        let mut connection = self.reader.connection;
        let _ = simple(&mut connection, "ROLLBACK").await;
        let _ = connection.close().await;
    }
}

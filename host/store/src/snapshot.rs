//! Everything that is in a database at one moment, row by row: what a check, a backup and a comparison read.
//!
//! Rows are read as they are stored and not as what they mean, so that damaged ones can be read too. Tables and columns are found in the
//! database and not listed here: a new table is checked and backed up from the day it exists. Must not know SQL.

use crate::Result;
use async_trait::async_trait;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A stored value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cell {
    Null,
    Int(i64),
    Text(String),
    Blob(Vec<u8>),
}

impl Cell {
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether a column of this type may hold it.
    #[must_use]
    pub fn is_of(&self, cell_type: CellType) -> bool {
        matches!(
            (self, cell_type),
            (Self::Null, _)
                | (Self::Int(_), CellType::Int)
                | (Self::Text(_), CellType::Text)
                | (Self::Blob(_), CellType::Blob)
        )
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

/// As it is shown in a finding: the beginning of a long text, the size of a blob.
impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const SHOWN_MAX: usize = 120;
        match self {
            Self::Null => f.write_str("nothing"),
            Self::Int(number) => write!(f, "{number}"),
            Self::Text(text) if text.chars().count() > SHOWN_MAX => {
                let start: String = text.chars().take(SHOWN_MAX).collect();
                write!(f, "{start}…")
            }
            Self::Text(text) => f.write_str(text),
            Self::Blob(bytes) => write!(f, "{} bytes", bytes.len()),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellType {
    Int,
    Text,
    Blob,
}

impl CellType {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Text => "text",
            Self::Blob => "blob",
        }
    }

    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Int, Self::Text, Self::Blob].into_iter().find(|one| one.as_str() == word)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub cell_type: CellType,
    pub is_nullable: bool,
}

/// A table with rows of organisations. What belongs to the database itself, as the list of its migrations, is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub name: String,
    pub columns: Vec<Column>,
    /// Names of the columns of its primary key; the first is the organisation.
    pub key: Vec<String>,
}

impl Table {
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.columns.iter().map(|column| column.name.as_str()).collect()
    }

    #[must_use]
    pub fn has_blobs(&self) -> bool {
        self.columns.iter().any(|column| column.cell_type == CellType::Blob)
    }
}

/// Some columns of a stored row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub names: Arc<[String]>,
    pub cells: Vec<Cell>,
}

impl Row {
    /// Nothing when the column was not asked for.
    #[must_use]
    pub fn cell(&self, name: &str) -> &Cell {
        let place = self.names.iter().position(|known| known == name);
        place.and_then(|place| self.cells.get(place)).unwrap_or(&Cell::Null)
    }

    /// Nothing when it is not a text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.cell(name) {
            Cell::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Nothing when it is not a number.
    #[must_use]
    pub fn int(&self, name: &str) -> Option<i64> {
        match self.cell(name) {
            Cell::Int(number) => Some(*number),
            _ => None,
        }
    }

    #[must_use]
    pub fn cells_of(&self, names: &[impl AsRef<str>]) -> Vec<Cell> {
        names.iter().map(|name| self.cell(name.as_ref()).clone()).collect()
    }
}

/// A migration that was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    pub number: i64,
    pub slug: String,
    pub checksum: String,
}

/// One moment of a database. Nothing is written; what others commit meanwhile is not seen.
#[async_trait]
pub trait Snapshot: Send {
    /// What kind of database it is, as people call it.
    fn database(&self) -> &'static str;

    /// In order.
    async fn migrations(&mut self) -> Result<Vec<Applied>>;

    /// Every table, by name. Columns that one database alone keeps, because it can make them from the others, are left out.
    async fn tables(&mut self) -> Result<Vec<Arc<Table>>>;

    /// Names of the indexes that are there, and of those that this program makes.
    async fn indexes(&mut self) -> Result<(BTreeSet<String>, BTreeSet<String>)>;

    /// Rows after a place in an order, at most `limit`. `order` names columns, none of them empty in any row that is wanted.
    async fn page(
        &mut self,
        table: &Table,
        columns: &[&str],
        order: &[&str],
        after: Option<&[Cell]>,
        limit: u32,
    ) -> Result<Vec<Row>>;

    /// Rows whose columns `by` have one of these values. Values are texts and numbers; `by` begins an index.
    async fn lookup(&mut self, table: &Table, columns: &[&str], by: &[&str], values: &[Vec<Cell>]) -> Result<Vec<Row>>;

    /// What the database itself finds wrong with its file, at most 100 sentences. Empty where it cannot be asked.
    async fn damage(&mut self) -> Result<Vec<String>>;

    /// Let the moment go.
    async fn end(self: Box<Self>);
}

/// Walks a table page by page.
#[derive(Debug)]
pub struct Pages<'t> {
    table: &'t Table,
    columns: Vec<&'t str>,
    order: Vec<&'t str>,
    after: Option<Vec<Cell>>,
    limit: u32,
    is_done: bool,
}

/// Rows of a page; fewer of a table that holds files.
const ROWS: u32 = 500;
const ROWS_WITH_BLOBS: u32 = 4;

impl<'t> Pages<'t> {
    /// Every column, by primary key.
    #[must_use]
    pub fn all(table: &'t Table) -> Self {
        Self::ordered(table, table.names(), table.key.iter().map(String::as_str).collect())
    }

    /// Some columns, by primary key.
    #[must_use]
    pub fn of(table: &'t Table, columns: &[&'t str]) -> Self {
        Self::ordered(table, columns.to_vec(), table.key.iter().map(String::as_str).collect())
    }

    /// Some columns, in an order of unique columns.
    #[must_use]
    pub fn ordered(table: &'t Table, mut columns: Vec<&'t str>, order: Vec<&'t str>) -> Self {
        for name in &order {
            if !columns.contains(name) {
                columns.push(name);
            }
        }
        let is_blob = |name: &&str| table.column(name).is_some_and(|column| column.cell_type == CellType::Blob);
        let limit = if columns.iter().any(is_blob) { ROWS_WITH_BLOBS } else { ROWS };
        Self { table, columns, order, after: None, limit, is_done: false }
    }

    /// The next rows, none at the end.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn next(&mut self, snapshot: &mut dyn Snapshot) -> Result<Option<Vec<Row>>> {
        if self.is_done {
            return Ok(None);
        }
        let rows = snapshot.page(self.table, &self.columns, &self.order, self.after.as_deref(), self.limit).await?;
        self.is_done = rows.len() < self.limit as usize;
        self.after = rows.last().map(|row| row.cells_of(&self.order));
        Ok((!rows.is_empty()).then_some(rows))
    }
}

//! Backups: one moment of a database as one file that either database can be made from.
//!
//! The file says what is in it before and after: a header with the schema, the tables and where the journal ended, the rows in blocks, and
//! an end with the number of rows and the digest of each table. The last bytes are a digest over everything before them, so that a file
//! that was cut off, or changed anywhere, is seen without a database. Rows are written as they are stored. Must not know SQL.

mod format;
mod read;
mod write;

pub use format::{Counted, FORMAT, Header, TableHeader};
pub use read::{Block, Reader};
pub use write::write;

use crate::migration::Migration;
use crate::snapshot::{Applied, Cell, Snapshot, Table};
use crate::{Result, StoreError};
use async_trait::async_trait;
use std::io::Read;
use std::sync::Arc;

/// Why a backup cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("the file cannot be read or written")]
    Io(#[from] std::io::Error),
    #[error("the database cannot be read or written")]
    Store(#[from] StoreError),
    /// Somebody else's file, or one of a newer program.
    #[error("this file cannot be restored: {0}")]
    Foreign(String),
    /// Cut off or changed.
    #[error("the backup is damaged: {0}")]
    Damaged(String),
}

/// A database under construction. Dropped before it is kept, it was never there.
#[async_trait]
pub trait Restore: Send {
    /// Make the tables of a schema, without data, and say what they are.
    async fn begin(&mut self, schema: &[Applied]) -> Result<Vec<Arc<Table>>>;

    /// Add rows; each has the columns in order.
    async fn put(&mut self, table: &Table, columns: &[String], rows: Vec<Vec<Cell>>) -> Result<()>;

    /// Everything is in: make the indexes, and bring the schema to this program's. What is there now can be looked at.
    async fn complete(&mut self) -> Result<&mut dyn Snapshot>;

    /// Put it in the place of what was there; says what became of that.
    async fn keep(self: Box<Self>) -> Result<String>;
}

/// Fill a database from a backup. It still has to be looked at and kept.
///
/// # Errors
/// The file is damaged or not for this program, or the database refuses.
pub async fn fill<R: Read + Send>(
    reader: &mut Reader<R>,
    target: &mut dyn Restore,
    mut progress: impl FnMut(u64) + Send,
) -> Result<Vec<Counted>, BackupError> {
    let header = reader.header().clone();
    let tables = target.begin(&header.schema).await?;
    let mut places = Vec::with_capacity(header.tables.len());
    for from in &header.tables {
        let table = tables.iter().find(|table| table.name == from.name).ok_or_else(|| {
            BackupError::Foreign(format!("its schema has no table `{}`, and there are rows for one", from.name))
        })?;
        if let Some(column) = from.columns.iter().find(|column| table.column(&column.name).is_none()) {
            return Err(BackupError::Foreign(format!(
                "the table `{}` has no column `{}`, and there are values for one",
                from.name, column.name
            )));
        }
        let names: Vec<String> = from.columns.iter().map(|column| column.name.clone()).collect();
        places.push((Arc::clone(table), names));
    }
    while let Some(block) = reader.next_block()? {
        progress(block.rows.len() as u64);
        let (table, names) = &places[block.table];
        let rows = if table.name == "job" { unclaimed(names, block.rows) } else { block.rows };
        target.put(table, names, rows).await?;
    }
    reader.finish()
}

/// How many of a program's migrations make the tables that a backup has rows for. Migrations have the same numbers and slugs for every
/// database, and other texts.
///
/// # Errors
/// The backup was made by a program that knew more.
pub fn schema_for(schema: &[Applied], known: &[Migration]) -> Result<usize> {
    let refused = |text: String| StoreError::Database(text.into());
    let newest = known.last().map_or(0, |migration| migration.number);
    if let Some(newer) = schema.iter().find(|one| one.number > newest) {
        return Err(refused(format!(
            "the backup has schema {} (`{}`), and this Weft knows up to {newest}: use a newer Weft",
            newer.number, newer.slug
        )));
    }
    for (one, migration) in schema.iter().zip(known) {
        if one.number != migration.number || one.slug != migration.slug {
            return Err(refused(format!(
                "migration {} of the backup is `{}`, and this Weft knows `{}`: it was made by another program",
                one.number, one.slug, migration.slug
            )));
        }
    }
    Ok(schema.len())
}

/// Whoever had claimed a job when the backup was made does not work on this database.
fn unclaimed(names: &[String], mut rows: Vec<Vec<Cell>>) -> Vec<Vec<Cell>> {
    let place = |name: &str| names.iter().position(|known| known == name);
    let (Some(owner), Some(until), Some(fence)) = (place("lease_owner"), place("lease_until"), place("fence")) else {
        return rows;
    };
    for row in &mut rows {
        if !row[owner].is_null() {
            (row[owner], row[until]) = (Cell::Null, Cell::Null);
            if let Cell::Int(fence) = &mut row[fence] {
                *fence += 1;
            }
        }
    }
    rows
}

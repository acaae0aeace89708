//! The bytes of a backup: a first line, then blocks of a kind, a length and content.

use super::BackupError;
use crate::snapshot::{Applied, Cell, CellType, Column, Table};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Counts changes of the format that an older program could not read.
pub const FORMAT: u32 = 1;
pub(super) const FIRST_LINE: &str = "weft backup ";
/// Kinds of blocks.
pub(super) const HEADER: u8 = b'H';
pub(super) const ROWS: u8 = b'R';
pub(super) const END: u8 = b'E';
pub(super) const SEAL: u8 = b'S';
/// Bytes of a block, and of its rows when they are unpacked: one row may hold a file.
pub(super) const BLOCK_MAX: usize = 256 << 20;

/// What a backup says about itself before its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub format: u32,
    /// Version of the program that made it.
    pub weft: String,
    /// Where the rows come from.
    pub database: String,
    pub made_at: Timestamp,
    pub schema: Vec<Applied>,
    /// Where the journal of each organisation ended: everything that was acknowledged up to there is in it.
    pub heads: BTreeMap<String, i64>,
    pub tables: Vec<TableHeader>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableHeader {
    pub name: String,
    pub columns: Vec<Column>,
    pub key: Vec<String>,
}

/// What was written of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    pub name: String,
    pub rows: u64,
    /// SHA-256 over the rows as they are encoded, hexadecimal.
    pub digest: String,
}

impl From<&Table> for TableHeader {
    fn from(table: &Table) -> Self {
        Self { name: table.name.clone(), columns: table.columns.clone(), key: table.key.clone() }
    }
}

impl Header {
    pub(super) fn json(&self) -> Value {
        let schema = self.schema.iter().map(|one| json!([one.number, one.slug, one.checksum]));
        let column = |column: &Column| json!([column.name, column.cell_type.as_str(), column.is_nullable]);
        let table = |table: &TableHeader| {
            json!({ "name": table.name, "key": table.key,
                "columns": table.columns.iter().map(column).collect::<Vec<_>>() })
        };
        json!({ "format": self.format, "weft": self.weft, "database": self.database,
            "made_at": self.made_at.to_string(), "schema": schema.collect::<Vec<_>>(), "heads": self.heads,
            "tables": self.tables.iter().map(table).collect::<Vec<_>>() })
    }

    pub(super) fn read(json: &Value) -> Option<Self> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let schema = json["schema"]
            .as_array()?
            .iter()
            .map(|one| Some(Applied { number: one[0].as_i64()?, slug: text(&one[1])?, checksum: text(&one[2])? }));
        let column = |one: &Value| {
            Some(Column {
                name: text(&one[0])?,
                cell_type: CellType::parse(one[1].as_str()?)?,
                is_nullable: one[2].as_bool()?,
            })
        };
        let tables = json["tables"].as_array()?.iter().map(|one| {
            Some(TableHeader {
                name: text(&one["name"])?,
                columns: one["columns"].as_array()?.iter().map(column).collect::<Option<_>>()?,
                key: one["key"].as_array()?.iter().map(text).collect::<Option<_>>()?,
            })
        });
        Some(Self {
            format: u32::try_from(json["format"].as_u64()?).ok()?,
            weft: text(&json["weft"])?,
            database: text(&json["database"])?,
            made_at: json["made_at"].as_str()?.parse().ok()?,
            schema: schema.collect::<Option<_>>()?,
            heads: serde_json::from_value(json["heads"].clone()).ok()?,
            tables: tables.collect::<Option<_>>()?,
        })
    }
}

pub(super) fn encode_row(cells: &[Cell], out: &mut Vec<u8>) {
    for cell in cells {
        match cell {
            Cell::Null => out.push(0),
            Cell::Int(number) => {
                out.push(1);
                out.extend_from_slice(&number.to_be_bytes());
            }
            Cell::Text(text) => encode_bytes(2, text.as_bytes(), out),
            Cell::Blob(bytes) => encode_bytes(3, bytes, out),
        }
    }
}

fn encode_bytes(kind: u8, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(kind);
    out.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
    out.extend_from_slice(bytes);
}

/// Rows of so many columns.
pub(super) fn decode_rows(mut bytes: &[u8], columns: usize) -> Result<Vec<Vec<Cell>>, BackupError> {
    let damaged = || BackupError::Damaged("a block of rows cannot be read".to_owned());
    let mut rows = Vec::new();
    while !bytes.is_empty() {
        let mut row = Vec::with_capacity(columns);
        for _ in 0..columns {
            let (cell, rest) = decode_cell(bytes).ok_or_else(damaged)?;
            row.push(cell);
            bytes = rest;
        }
        if columns == 0 {
            return Err(damaged());
        }
        rows.push(row);
    }
    Ok(rows)
}

fn decode_cell(bytes: &[u8]) -> Option<(Cell, &[u8])> {
    let (kind, rest) = bytes.split_first()?;
    if *kind == 0 {
        return Some((Cell::Null, rest));
    }
    let (number, rest) = rest.split_at_checked(8)?;
    let number: [u8; 8] = number.try_into().ok()?;
    if *kind == 1 {
        return Some((Cell::Int(i64::from_be_bytes(number)), rest));
    }
    let (content, rest) = rest.split_at_checked(usize::try_from(u64::from_be_bytes(number)).ok()?)?;
    match kind {
        2 => Some((Cell::Text(String::from_utf8(content.to_vec()).ok()?), rest)),
        3 => Some((Cell::Blob(content.to_vec()), rest)),
        _ => None,
    }
}

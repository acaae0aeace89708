//! Writing a backup.

use super::BackupError;
use super::format::{Counted, END, FIRST_LINE, FORMAT, HEADER, Header, ROWS, SEAL, encode_row};
use crate::digest;
use crate::snapshot::{Cell, Pages, Snapshot};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use jiff::Timestamp;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Write;

/// Who is alive says nothing about another database.
const LEFT_OUT: [&str; 1] = ["node"];
/// Bytes of rows that make a block.
const BLOCK: usize = 1 << 20;

/// Write one moment of a database. What is written is complete only when this returns.
///
/// # Errors
/// The database cannot be read, or the file cannot be written.
pub async fn write<W: Write + Send>(
    snapshot: &mut dyn Snapshot,
    out: W,
    weft: &str,
    made_at: Timestamp,
    mut progress: impl FnMut(u64) + Send,
) -> Result<(Header, Vec<Counted>), BackupError> {
    let mut tables = snapshot.tables().await?;
    tables.retain(|table| !LEFT_OUT.contains(&table.name.as_str()));
    let mut heads = BTreeMap::new();
    if let Some(table) = tables.iter().find(|table| table.name == "journal_head") {
        let mut pages = Pages::of(table, &["seq"]);
        while let Some(rows) = pages.next(snapshot).await? {
            for row in rows {
                heads.insert(row.text("org_id").unwrap_or_default().to_owned(), row.int("seq").unwrap_or(0));
            }
        }
    }
    let header = Header {
        format: FORMAT,
        weft: weft.to_owned(),
        database: snapshot.database().to_owned(),
        made_at,
        schema: snapshot.migrations().await?,
        heads,
        tables: tables.iter().map(|table| (&**table).into()).collect(),
    };
    let mut file = Blocks { out, hasher: Sha256::new() };
    file.raw(format!("{FIRST_LINE}{FORMAT}\n").as_bytes())?;
    file.block(HEADER, header.json().to_string().as_bytes())?;
    let mut counts = Vec::with_capacity(tables.len());
    for (place, table) in tables.iter().enumerate() {
        let mut pages = Pages::all(table);
        let mut rows = TableRows { place, count: 0, hasher: Sha256::new(), waiting: Vec::new() };
        while let Some(page) = pages.next(snapshot).await? {
            progress(page.len() as u64);
            for row in &page {
                rows.add(&row.cells, &mut file)?;
            }
        }
        counts.push(rows.end(&table.name, &mut file)?);
    }
    let end = counts.iter().map(|one| json!([one.name, one.rows, one.digest])).collect::<Vec<_>>();
    file.block(END, json!({ "tables": end }).to_string().as_bytes())?;
    file.seal()?;
    Ok((header, counts))
}

struct Blocks<W> {
    out: W,
    hasher: Sha256,
}

impl<W: Write> Blocks<W> {
    fn raw(&mut self, bytes: &[u8]) -> Result<(), BackupError> {
        self.hasher.update(bytes);
        Ok(self.out.write_all(bytes)?)
    }

    fn block(&mut self, kind: u8, content: &[u8]) -> Result<(), BackupError> {
        self.raw(&[kind])?;
        self.raw(&(content.len() as u64).to_be_bytes())?;
        self.raw(content)
    }

    fn seal(mut self) -> Result<(), BackupError> {
        self.raw(&[SEAL])?;
        let digest = self.hasher.finalize();
        self.out.write_all(&digest)?;
        Ok(self.out.flush()?)
    }
}

struct TableRows {
    place: usize,
    count: u64,
    hasher: Sha256,
    waiting: Vec<u8>,
}

impl TableRows {
    fn add<W: Write>(&mut self, cells: &[Cell], file: &mut Blocks<W>) -> Result<(), BackupError> {
        let before = self.waiting.len();
        encode_row(cells, &mut self.waiting);
        self.hasher.update(&self.waiting[before..]);
        self.count += 1;
        if self.waiting.len() >= BLOCK { self.flush(file) } else { Ok(()) }
    }

    fn flush<W: Write>(&mut self, file: &mut Blocks<W>) -> Result<(), BackupError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let mut packed = u16::try_from(self.place).unwrap_or(u16::MAX).to_be_bytes().to_vec();
        // The fastest: most of the time goes into the database anyway.
        let mut encoder = DeflateEncoder::new(&mut packed, Compression::fast());
        encoder.write_all(&self.waiting)?;
        encoder.finish()?;
        self.waiting.clear();
        file.block(ROWS, &packed)
    }

    fn end<W: Write>(mut self, name: &str, file: &mut Blocks<W>) -> Result<Counted, BackupError> {
        self.flush(file)?;
        Ok(Counted { name: name.to_owned(), rows: self.count, digest: digest::hex(&self.hasher.finalize()) })
    }
}

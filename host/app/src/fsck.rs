//! `fsck`: whether everything that a database says fits together. It reads one moment of it, page by page, and changes nothing.
//!
//! The invariants are those that every commit keeps, so a finding is a defect of Weft, a damaged disk or somebody's hand. Each says what is
//! wrong, where, why it matters and what to do. What can be found is the list in [`rule`]; a test breaks each rule and sees it found.
//!
//! *Architecture Invariant:* nothing here writes, and nothing here trusts a row to be what Weft wrote.

mod answers;
mod blobs;
mod flows;
mod jobs;
mod journal;
mod numbers;
mod outbox;
mod references;
mod report;
mod rows;
mod rule;
mod schema;

pub use report::{Finding, Report};
pub use rule::{RULES, Rule};

use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::snapshot::{Cell, Row, Snapshot, Table};

type Result<T = ()> = store::Result<T>;

/// Everything that a check needs.
pub(crate) struct Fsck<'s> {
    snapshot: &'s mut dyn Snapshot,
    tables: BTreeMap<String, Arc<Table>>,
    report: Report,
    now: Timestamp,
}

/// How much to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Everything, the content of files and components included.
    Full,
    /// Not the content of files and components, and not the database's own look at its file.
    Rows,
}

/// Check everything. `now` is what leases and times are compared with.
///
/// # Errors
/// The database cannot be read.
pub async fn fsck(snapshot: &mut dyn Snapshot, depth: Depth, now: Timestamp) -> Result<Report> {
    let tables: BTreeMap<_, _> =
        snapshot.tables().await?.into_iter().map(|table| (table.name.clone(), table)).collect();
    let mut fsck = Fsck { snapshot, tables, report: Report::default(), now };
    fsck.report.database = fsck.snapshot.database().to_owned();
    schema::check(&mut fsck, depth).await?;
    if fsck.tables.contains_key("event") {
        rows::check(&mut fsck).await?;
        journal::check(&mut fsck).await?;
        references::check(&mut fsck).await?;
        numbers::check(&mut fsck).await?;
        flows::check(&mut fsck).await?;
        jobs::check(&mut fsck).await?;
        outbox::check(&mut fsck).await?;
        answers::check(&mut fsck).await?;
        blobs::check(&mut fsck, depth).await?;
    }
    Ok(fsck.report)
}

impl Fsck<'_> {
    fn table(&self, name: &str) -> Option<Arc<Table>> {
        self.tables.get(name).cloned()
    }

    /// Say that a rule is broken by a row.
    fn find(&mut self, code: &str, table: &Table, row: &Row, what: impl Into<String>) {
        let key = row.cells_of(&table.key);
        self.find_at(code, &table.name, &key, what);
    }

    fn find_at(&mut self, code: &str, table: &str, key: &[Cell], what: impl Into<String>) {
        let key: Vec<String> = key.iter().map(ToString::to_string).collect();
        self.report.add(rule::of(code), table, &key.join(" "), what.into());
    }

    /// Which of these values some rows of a table have.
    async fn present(&mut self, table: &Table, by: &[&str], values: Vec<Vec<Cell>>) -> Result<Present> {
        let mut wanted = values;
        wanted.sort();
        wanted.dedup();
        let mut found = BTreeMap::new();
        for part in wanted.chunks(LOOKUP_MAX) {
            for row in self.snapshot.lookup(table, by, by, part).await? {
                found.insert(row.cells_of(by), ());
            }
        }
        Ok(Present(found))
    }

    /// Rows of a table by some of its columns.
    async fn rows_by(
        &mut self,
        table: &Table,
        columns: &[&str],
        by: &[&str],
        values: Vec<Vec<Cell>>,
    ) -> Result<BTreeMap<Vec<Cell>, Vec<Row>>> {
        let mut wanted = values;
        wanted.sort();
        wanted.dedup();
        let mut all: Vec<&str> = columns.to_vec();
        all.extend(by.iter().filter(|name| !columns.contains(name)));
        let mut found: BTreeMap<Vec<Cell>, Vec<Row>> = BTreeMap::new();
        for part in wanted.chunks(LOOKUP_MAX) {
            for row in self.snapshot.lookup(table, &all, by, part).await? {
                found.entry(row.cells_of(by)).or_default().push(row);
            }
        }
        Ok(found)
    }
}

/// Values of one question.
const LOOKUP_MAX: usize = 500;

pub(crate) struct Present(BTreeMap<Vec<Cell>, ()>);

impl Present {
    fn has(&self, value: &[Cell]) -> bool {
        self.0.contains_key(value)
    }
}

/// The organisation of a row.
fn org(row: &Row) -> Cell {
    row.cell("org_id").clone()
}

/// A JSON text of a row; nothing when it is none, which [`rows`] has found already.
fn json(row: &Row, column: &str) -> Option<serde_json::Value> {
    serde_json::from_str(row.text(column)?).ok()
}

/// A word of an enum.
fn word<T: serde::de::DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(text.to_owned())).ok()
}

//! The end of every test with faults: whatever happened, what is stored fits together.

use app::fsck::{Depth, Report, fsck};
use jiff::Timestamp;
use std::path::Path;
use store::Snapshot;
use store_postgres::{PostgresConfig, PostgresSnapshot};
use store_sqlite::{SqliteConfig, SqliteSnapshot};

/// # Panics
/// The database cannot be read.
pub async fn report(mut snapshot: Box<dyn Snapshot>) -> Report {
    let report = fsck(&mut *snapshot, Depth::Full, now()).await.expect("the database can be read");
    snapshot.end().await;
    report
}

/// What is found in a database file, served or not.
///
/// # Panics
/// It cannot be read.
pub async fn sqlite(path: &Path) -> Report {
    let snapshot = SqliteSnapshot::open(&SqliteConfig::new(path)).await.expect("the file can be read");
    report(Box::new(snapshot)).await
}

/// What is found in a PostgreSQL database.
///
/// # Panics
/// It cannot be reached.
pub async fn postgres(url: &str) -> Report {
    let snapshot = PostgresSnapshot::open(&PostgresConfig::new(url)).await.expect("the database can be reached");
    report(Box::new(snapshot)).await
}

/// The end of a check with faults.
///
/// # Errors
/// Something is found in the PostgreSQL database: the error says what.
///
/// # Panics
/// It cannot be reached.
pub async fn fits_together(url: &str) -> Result<(), String> {
    let report = postgres(url).await;
    if report.is_clean() { Ok(()) } else { Err(format!("fsck: {}", report.text())) }
}

/// # Panics
/// Something is found: the panic says what.
pub fn assert_clean(report: &Report) {
    assert!(report.is_clean(), "{}", report.text());
}

#[expect(clippy::disallowed_methods, reason = "a database that real processes served is looked at in real time")]
fn now() -> Timestamp {
    Timestamp::now()
}

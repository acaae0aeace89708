//! A database file changed behind the store's back, for tests: what a hand or a disk could do.

#![expect(clippy::missing_panics_doc, reason = "every function here panics when SQLite does not do as it is told")]

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use std::path::Path;

/// Run statements on a file that nobody serves.
pub async fn execute(path: &Path, sql: &str) {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(false).disable_statement_logging();
    let mut connection = options.connect().await.expect("the file of a test can be opened");
    let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await;
    done.unwrap_or_else(|error| panic!("{error} in {sql}"));
    connection.close().await.expect("it closes");
}

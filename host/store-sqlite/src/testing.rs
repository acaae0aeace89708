//! A database file changed behind the store's back, for tests: what a hand or a disk could do. And questions that only a test asks.

#![expect(clippy::missing_panics_doc, reason = "every function here panics when SQLite does not do as it is told")]

use crate::filter::Sql;
use crate::value::{self, Cells};
use domain::ci::{Direction, Impact, RELATION_TYPES};
use domain::{CiId, OrgId};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, SqlSafeStr};
use std::path::Path;

/// Run statements on a file that nobody serves.
pub async fn execute(path: &Path, sql: &str) {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(false).disable_statement_logging();
    let mut connection = options.connect().await.expect("the file of a test can be opened");
    let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await;
    done.unwrap_or_else(|error| panic!("{error} in {sql}"));
    connection.close().await.expect("it closes");
}

/// Impact as the database alone finds it, with a recursive query: what the graph in memory is compared with. The host itself has no such
/// query, as a database over several machines cannot answer it.
#[derive(Debug)]
pub struct Walker {
    connection: SqliteConnection,
}

impl Walker {
    /// Read a file beside whoever serves it.
    pub async fn open(path: &Path) -> Self {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(false)
            .read_only(true)
            .pragma("cache_size", "-65536")
            .pragma("mmap_size", "1073741824")
            .pragma("temp_store", "MEMORY")
            .disable_statement_logging();
        Self { connection: options.connect().await.expect("the file of a test can be opened") }
    }

    /// What is impacted by a CI (down) or can impact it (up), in any order.
    pub async fn reach(&mut self, org: &OrgId, id: &CiId, direction: Direction) -> Vec<CiId> {
        let of = |wanted: Impact| {
            let some = RELATION_TYPES.iter().filter(move |(_, impact)| *impact == wanted);
            some.map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>()
        };
        let (forward, backward) = match direction {
            Direction::Down => (of(Impact::FromImpactsTo), of(Impact::ToImpactsFrom)),
            Direction::Up => (of(Impact::ToImpactsFrom), of(Impact::FromImpactsTo)),
        };
        let mut sql = Sql::new("WITH RECURSIVE reach (id) AS (SELECT ");
        sql.bind(id.as_str());
        sql.push(" UNION SELECT r.to_id FROM reach JOIN ci_relation r ON r.from_id = reach.id AND r.org_id = ");
        sql.bind(org.as_str()).push(" AND ").is_in("r.relation_type", &forward);
        sql.push(" UNION SELECT r.from_id FROM reach JOIN ci_relation r ON r.to_id = reach.id AND r.org_id = ");
        sql.bind(org.as_str()).push(" AND ").is_in("r.relation_type", &backward);
        sql.push(") SELECT id FROM reach WHERE id <> ").bind(id.as_str());
        let text = AssertSqlSafe(sql.text).into_sql_str();
        let rows = value::run(&mut self.connection, text, sql.values).await.expect("SQLite walks");
        rows.iter().map(|row| Cells(row).text("id").expect("an id").into()).collect()
    }
}

//! The conformance suite on SQLite.
#![expect(clippy::unwrap_used, reason = "a panic is a failed case")]

use async_trait::async_trait;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use std::sync::Arc;
use store::Store;
use store::conformance::Harness;
use weft_store_sqlite::{SqliteConfig, SqliteStore, Synchronous};

struct SqliteHarness {
    folder: tempfile::TempDir,
    store: Arc<dyn Store>,
}

fn config(folder: &tempfile::TempDir) -> SqliteConfig {
    // Nothing here is about power cuts; those have tests of their own.
    SqliteConfig {
        synchronous: Synchronous::Off,
        deadline_ms: 60_000,
        ..SqliteConfig::new(folder.path().join("weft.db"))
    }
}

async fn make() -> Box<dyn Harness> {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(config(&folder)).await.unwrap());
    Box::new(SqliteHarness { folder, store })
}

#[async_trait]
impl Harness for SqliteHarness {
    fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store)
    }

    async fn reopen(&mut self) {
        self.store.close().await;
        self.store = Arc::new(SqliteStore::open(config(&self.folder)).await.unwrap());
    }

    async fn tamper(&self, sql: &'static str) {
        self.execute(sql.to_owned()).await;
    }

    async fn poison(&self, title: &str) {
        let trigger = "BEGIN SELECT RAISE(ABORT, 'poisoned'); END";
        self.execute(format!("CREATE TRIGGER poison BEFORE INSERT ON ticket WHEN NEW.title = '{title}' {trigger}"))
            .await;
    }
}

impl SqliteHarness {
    async fn execute(&self, sql: String) {
        let options = SqliteConnectOptions::new().filename(self.folder.path().join("weft.db"));
        let mut connection = options.connect().await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
}

store::conformance_tests!(make);

//! The conformance suite on PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a panic is a failed case")]

use async_trait::async_trait;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use std::sync::Arc;
use store::Store;
use store::conformance::Harness;
use weft_store_postgres::{PostgresConfig, PostgresStore, testing};

struct PostgresHarness {
    url: String,
    store: Arc<dyn Store>,
}

fn config(url: &str) -> PostgresConfig {
    PostgresConfig { deadline_ms: 60_000, connections: 6, ..PostgresConfig::new(url) }
}

async fn make() -> Box<dyn Harness> {
    let url = testing::ready_database().await;
    let store = Arc::new(PostgresStore::open(config(&url)).await.unwrap());
    Box::new(PostgresHarness { url, store })
}

#[async_trait]
impl Harness for PostgresHarness {
    fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store)
    }

    async fn reopen(&mut self) {
        self.store.close().await;
        self.store = Arc::new(PostgresStore::open(config(&self.url)).await.unwrap());
    }

    async fn tamper(&self, sql: &'static str) {
        self.execute(sql.to_owned()).await;
    }

    async fn poison(&self, title: &str) {
        self.execute(format!("ALTER TABLE ticket ADD CONSTRAINT poison CHECK (title <> '{title}')")).await;
    }
}

impl PostgresHarness {
    async fn execute(&self, sql: String) {
        let options: PgConnectOptions = self.url.parse().unwrap();
        let mut connection = options.connect().await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
}

store::conformance_tests!(make);

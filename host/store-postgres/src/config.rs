//! How a database is opened.

use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;
use std::time::Duration;
use store::StoreError;

/// How often the server looks whether the client of a running statement is still there.
const CLIENT_CHECK: Duration = Duration::from_secs(1);
/// The server gives up a silent peer after idle + count * interval, four seconds, and one that does not take what it is sent after eight.
const KEEPALIVES: [(&str, &str); 4] = [
    ("tcp_keepalives_idle", "2"),
    ("tcp_keepalives_interval", "1"),
    ("tcp_keepalives_count", "2"),
    ("tcp_user_timeout", "8000"),
];

#[derive(Debug, Clone)]
pub struct PostgresConfig {
    /// `postgres://user:password@host:port/database`, or `postgres://user@localhost/database?host=/folder/of/the/socket`.
    pub url: String,
    /// Connections besides the one that commits.
    pub connections: u32,
    /// Commits that may wait; one more is refused as busy.
    pub queue_capacity: usize,
    /// Changesets that share one transaction.
    pub batch_max: usize,
    /// How long a batch waits for callers that were there a moment ago. Never waited for when one caller is alone.
    pub batch_linger: Duration,
    /// A caller does not wait longer than this, and no statement runs longer.
    pub deadline_ms: u64,
    /// How often somebody who waits for events looks for them without having been told.
    pub poll_ms: u64,
    /// Whether nodes tell each other about new events.
    pub hints: Hints,
    /// Whether a database with data may be brought to a newer schema.
    pub migrate: Migrate,
}

/// Whether a database with data may be brought to a newer schema. A new one always gets its schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Migrate {
    /// Somebody has a backup, or does not need one.
    Freely,
    /// Refuse, and say that a backup is needed first.
    AskForBackup,
}

/// Whether new events are announced with `NOTIFY`. Engines that have none are polled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hints {
    Notify,
    None,
}

impl PostgresConfig {
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            connections: 16,
            queue_capacity: 4096,
            batch_max: 256,
            batch_linger: Duration::from_millis(2),
            deadline_ms: 5_000,
            poll_ms: 1_000,
            hints: Hints::Notify,
            migrate: Migrate::Freely,
        }
    }

    pub(crate) fn deadline(&self) -> Duration {
        Duration::from_millis(self.deadline_ms.max(1))
    }

    pub(crate) fn poll(&self) -> Duration {
        Duration::from_millis(self.poll_ms.max(1))
    }

    /// Nothing that durability or the order of commits depends on is left to how the database was set up.
    pub(crate) fn options(&self) -> Result<PgConnectOptions, StoreError> {
        // The text of the address may hold a password: it is never repeated.
        let wrong = |why: &str| {
            StoreError::Database(
                format!("the address of the database is not `postgres://user@host/database`: {why}").into(),
            )
        };
        if !["postgres://", "postgresql://"].iter().any(|scheme| self.url.starts_with(scheme)) {
            return Err(wrong("it has another scheme"));
        }
        let options: PgConnectOptions = self.url.parse().map_err(|error: sqlx::Error| wrong(&error.to_string()))?;
        let ms = |time: Duration| format!("{}ms", time.as_millis());
        let deadline = self.deadline();
        Ok(options
            .application_name("weft")
            .statement_cache_capacity(256)
            .options(KEEPALIVES)
            .options([
                ("statement_timeout", ms(deadline)),
                ("lock_timeout", ms(deadline)),
                // A node that stands still in the middle of a commit keeps the others waiting, but not as long as they wait.
                ("idle_in_transaction_session_timeout", ms(deadline / 2)),
                ("client_connection_check_interval", ms(CLIENT_CHECK)),
            ])
            .options([
                ("synchronous_commit", "on"),
                ("default_transaction_isolation", "read committed"),
                ("default_transaction_read_only", "off"),
                ("jit", "off"),
            ])
            .disable_statement_logging())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_to_how_the_database_was_set_up() {
        let options = PostgresConfig::new("postgres://weft@localhost/weft?application_name=x")
            .options()
            .expect("it is an address");
        assert_eq!(options.get_application_name(), Some("weft"));
        assert_eq!(
            options.get_options(),
            Some(
                "-c tcp_keepalives_idle=2 -c tcp_keepalives_interval=1 -c tcp_keepalives_count=2 -c tcp_user_timeout=8000 \
                 -c statement_timeout=5000ms -c lock_timeout=5000ms -c idle_in_transaction_session_timeout=2500ms \
                 -c client_connection_check_interval=1000ms -c synchronous_commit=on \
                 -c default_transaction_isolation=read\\ committed -c default_transaction_read_only=off -c jit=off"
            )
        );
    }
}

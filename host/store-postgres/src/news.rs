//! New events, announced: to those who wait in this process at once, to other nodes by a coalesced `NOTIFY`.
//!
//! *Architecture Invariant:* an announcement is a hint. Nothing is lost when it is: whoever waits looks for himself every so often.

use crate::connection::{self, simple};
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

/// A node announces at most once in this time, however much it commits, and never inside a commit: an announcement takes a lock of the
/// whole database.
const COALESCE: Duration = Duration::from_millis(10);
/// After a failure, and for a listener that has heard nothing: a dead peer would never be noticed else.
const AGAIN: Duration = Duration::from_secs(5);
const QUIET_MAX: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(crate) struct News {
    /// Counts announcements of any node.
    heard: watch::Sender<u64>,
    written: Notify,
}

impl News {
    pub(crate) fn new() -> Self {
        Self { heard: watch::Sender::new(0), written: Notify::new() }
    }

    pub(crate) fn written_here(&self) {
        self.heard();
        self.written.notify_one();
    }

    pub(crate) fn listen(&self) -> watch::Receiver<u64> {
        self.heard.subscribe()
    }

    /// Wake everybody who waits in this process.
    pub(crate) fn heard(&self) {
        self.heard.send_modify(|count| *count = count.wrapping_add(1));
    }
}

/// The tasks that tell other nodes and hear from them; they end when they are aborted.
pub(crate) fn spawn(news: &Arc<News>, options: &PgConnectOptions, deadline: Duration) -> [JoinHandle<()>; 2] {
    let (teller, hearer) = (Arc::clone(news), Arc::clone(news));
    let (tell, hear) = (options.clone(), options.clone());
    [
        tokio::spawn(async move { teller.tell(tell, deadline).await }),
        tokio::spawn(async move { hearer.hear(hear).await }),
    ]
}

impl News {
    async fn tell(&self, options: PgConnectOptions, deadline: Duration) {
        let mut idle = None;
        loop {
            self.written.notified().await;
            let connection = match idle.take() {
                Some(connection) => Some(connection),
                None => connection::connect(&options, deadline).await.ok(),
            };
            if let Some(mut connection) = connection {
                let told = tokio::time::timeout(deadline, simple(&mut connection, "NOTIFY weft_journal")).await;
                match told {
                    Ok(Ok(())) => idle = Some(connection),
                    Ok(Err(error)) => {
                        tracing::warn!(%error, "other nodes could not be told of new events, they find them by polling");
                        connection::pause(AGAIN).await;
                    }
                    Err(_) => {}
                }
            }
            connection::pause(COALESCE).await;
        }
    }

    async fn hear(&self, options: PgConnectOptions) {
        loop {
            if let Err(error) = self.hear_once(&options).await {
                tracing::warn!(%error, "announcements of other nodes are not heard, their events are found by polling");
                connection::pause(AGAIN).await;
            }
        }
    }

    /// Listen until nothing was heard for a while.
    async fn hear_once(&self, options: &PgConnectOptions) -> Result<(), sqlx::Error> {
        let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(AGAIN).connect_lazy_with(options.clone());
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.listen("weft_journal").await?;
        // What was announced while nobody listened.
        self.heard();
        while let Ok(heard) = tokio::time::timeout(QUIET_MAX, listener.recv()).await {
            heard?;
            self.heard();
        }
        Ok(())
    }
}

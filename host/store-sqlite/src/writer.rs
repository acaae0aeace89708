//! The one task that writes: it owns the one writing connection, takes everything that waits, and makes it durable with one flush.
//!
//! A commit that fails a check has written nothing and harms nobody. When a statement fails that should not, the whole batch is rolled
//! back and every request runs alone, so that one bad changeset never takes its neighbours with it.

mod batch;
mod checkpoint;
mod heads;
mod jobs;
mod prefetch;
mod seen;
mod writes;

use crate::config::SqliteConfig;
use crate::error;
use crate::table::Pending;
use crate::value::{self, Value};
use batch::Batch;
use checkpoint::Checkpoints;
use heads::Heads;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{Connection, SqlSafeStr, SqlStr};
use std::time::Duration;
use store::{Changeset, CommitError, Committed, StoreError};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

/// A wish to write, and where its answer goes.
pub(crate) struct Request {
    pub(crate) work: Work,
    pub(crate) reply: oneshot::Sender<Result<Answer, StoreError>>,
}

pub(crate) enum Work {
    Commit(Box<Changeset>),
    /// One statement that stands for itself.
    Statement {
        sql: SqlStr,
        values: Vec<Value>,
    },
}

pub(crate) enum Answer {
    Commit(Result<Committed, CommitError>),
    Rows(Vec<SqliteRow>),
}

pub(crate) struct Writer {
    connection: SqliteConnection,
    requests: mpsc::Receiver<Request>,
    /// Counts the batches that wrote events.
    news: watch::Sender<u64>,
    heads: Heads,
    pending: Pending,
    checkpoints: Checkpoints,
    batch_max: usize,
    linger: Duration,
    /// Size of the last batch: callers that will be back as soon as they have their answers.
    expected: usize,
}

/// Without a request for so long, the write-ahead log is emptied.
const IDLE: Duration = Duration::from_secs(1);

impl Writer {
    pub(crate) fn new(
        connection: SqliteConnection,
        requests: mpsc::Receiver<Request>,
        news: watch::Sender<u64>,
        config: &SqliteConfig,
    ) -> Self {
        Self {
            connection,
            requests,
            news,
            heads: Heads::default(),
            pending: Pending::default(),
            checkpoints: Checkpoints::new(config),
            batch_max: config.batch_max.max(1),
            linger: config.batch_linger,
            expected: 1,
        }
    }

    /// Serve until every sender is gone, then close cleanly.
    pub(crate) async fn serve(mut self) {
        while let Some(batch) = self.collect().await {
            self.execute(batch).await;
            self.checkpoints.after_batch(&mut self.connection).await;
        }
        self.checkpoints.empty(&mut self.connection).await;
        if let Err(error) = self.connection.close().await {
            tracing::warn!(%error, "the writing connection did not close cleanly");
        }
    }

    /// Everything that waits; and, when the last batch was shared, what arrives within a moment from those who shared it.
    async fn collect(&mut self) -> Option<Vec<Request>> {
        let mut batch = Vec::new();
        while batch.is_empty() {
            let received = self.requests.recv_many(&mut batch, self.batch_max);
            match tokio::time::timeout(IDLE, received).await {
                Ok(0) => return None,
                Ok(_) => {}
                Err(_) => {
                    self.checkpoints.empty_when_used(&mut self.connection).await;
                    self.expected = 1;
                }
            }
        }
        let until = Instant::now() + self.linger;
        while batch.len() < self.expected.min(self.batch_max) {
            let room = self.batch_max - batch.len();
            match tokio::time::timeout_at(until, self.requests.recv_many(&mut batch, room)).await {
                Ok(0) | Err(_) => break,
                Ok(_) => {}
            }
        }
        self.expected = batch.len();
        Some(batch)
    }

    async fn execute(&mut self, batch: Vec<Request>) {
        let (work, replies): (Vec<Work>, Vec<_>) =
            batch.into_iter().map(|request| (request.work, request.reply)).unzip();
        match self.together(&work).await {
            Ok(answers) => {
                for (reply, answer) in replies.into_iter().zip(answers) {
                    // The caller may have given up waiting: the answer has nobody to go to.
                    let _ = reply.send(Ok(answer));
                }
            }
            Err(failure) if work.len() == 1 || matches!(failure, StoreError::ReadOnly(_)) => {
                tracing::error!(error = %failure, source = ?std::error::Error::source(&failure), "a batch could not be written");
                for reply in replies {
                    let _ = reply.send(Err(error::again(&failure)));
                }
            }
            Err(failure) => {
                tracing::warn!(error = %failure, requests = work.len(), "a batch failed, its requests run one by one");
                for (work, reply) in work.iter().zip(replies) {
                    let answer = self.together(std::slice::from_ref(work)).await;
                    let _ = reply.send(answer.and_then(|mut answers| answers.pop().ok_or(StoreError::Closed)));
                }
            }
        }
    }

    /// Carry out all of it in one transaction, or none of it.
    async fn together(&mut self, work: &[Work]) -> Result<Vec<Answer>, StoreError> {
        let result = self.transaction(work).await;
        if result.is_err() {
            self.heads.forget();
            self.pending.forget();
            // After a full disk SQLite has rolled back by itself; then this fails, and that is fine.
            let _ = value::run(&mut self.connection, "ROLLBACK".into_sql_str(), vec![]).await;
        }
        result
    }

    async fn transaction(&mut self, work: &[Work]) -> Result<Vec<Answer>, StoreError> {
        let connection = &mut self.connection;
        value::run(connection, "BEGIN IMMEDIATE".into_sql_str(), vec![]).await.map_err(error::of)?;
        let mut answers: Vec<Option<Answer>> = work.iter().map(|_| None).collect();
        // Nobody in a batch has seen an answer yet, so any order of its requests is a right one. Statements go first, and all commits
        // share one look at what they check.
        for (work, answer) in work.iter().zip(&mut answers) {
            if let Work::Statement { sql, values } = work {
                let rows = value::run(connection, sql.clone(), values.clone()).await.map_err(error::of)?;
                *answer = Some(Answer::Rows(rows));
            }
        }
        let commits: Vec<&Changeset> = work
            .iter()
            .filter_map(|work| match work {
                Work::Commit(changeset) => Some(&**changeset),
                Work::Statement { .. } => None,
            })
            .collect();
        let mut results = Batch::new(connection, &mut self.heads, &mut self.pending).run(&commits).await?.into_iter();
        value::run(connection, "COMMIT".into_sql_str(), vec![]).await.map_err(error::of)?;
        if commits.iter().any(|changeset| !changeset.events.is_empty()) {
            self.news.send_modify(|count| *count = count.wrapping_add(1));
        }
        answers
            .into_iter()
            .map(|answer| answer.or_else(|| results.next().map(Answer::Commit)).ok_or(StoreError::Closed))
            .collect()
    }
}

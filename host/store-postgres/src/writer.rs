//! The one task of this node that commits: it owns a connection, takes everything that waits, and makes it durable with one flush.
//!
//! Other nodes have such a task too. The first thing that a batch does is to lock the heads of its organisations' journals, so the
//! batches of all nodes come one after the other and each check sees what was committed before. A commit that fails a check has written
//! nothing and harms nobody. When a statement fails that should not, the whole batch is rolled back and every request runs alone, so
//! that one bad changeset never takes its neighbours with it.

mod batch;
mod heads;
mod jobs;
mod prefetch;
mod seen;
mod witness;
mod writes;

use crate::config::PostgresConfig;
use crate::connection::{self, TRIES_MAX, deadline_error, simple};
use crate::error::{self, Outcome};
use crate::news::News;
use crate::table::Pending;
use batch::Batch;
use heads::Heads;
use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use std::sync::Arc;
use std::time::Duration;
use store::{Changeset, CommitError, Committed, StoreError};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use witness::Witness;

type Answer = Result<Committed, CommitError>;

/// A wish to commit, and where its answer goes.
pub(crate) struct Request {
    pub(crate) changeset: Changeset,
    pub(crate) reply: oneshot::Sender<Answer>,
}

pub(crate) struct Writer {
    options: PgConnectOptions,
    connection: Option<PgConnection>,
    requests: mpsc::Receiver<Request>,
    news: Arc<News>,
    heads: Heads,
    pending: Pending,
    batch_max: usize,
    linger: Duration,
    deadline: Duration,
    /// Size of the last batch: callers that will be back as soon as they have their answers.
    expected: usize,
}

/// Without a request for so long, the next one is expected to come alone.
const IDLE: Duration = Duration::from_secs(1);

/// Why a batch was not carried out.
enum Failure {
    /// One of its changesets is to blame: they may run one by one.
    Refused(StoreError),
    /// Nothing of it may be tried again now.
    Final(StoreError),
}

/// A transaction that failed.
struct Broken {
    error: StoreError,
    /// What was to be answered when the server was asked to commit: whether it did is unknown, unless it said so.
    in_commit: Option<Vec<Answer>>,
}

impl From<StoreError> for Broken {
    fn from(error: StoreError) -> Self {
        Self { error, in_commit: None }
    }
}

impl Writer {
    pub(crate) fn new(
        config: &PostgresConfig,
        options: PgConnectOptions,
        requests: mpsc::Receiver<Request>,
        news: Arc<News>,
    ) -> Self {
        Self {
            options,
            connection: None,
            requests,
            news,
            heads: Heads::default(),
            pending: Pending::default(),
            batch_max: config.batch_max.max(1),
            linger: config.batch_linger,
            deadline: config.deadline(),
            expected: 1,
        }
    }

    /// Serve until every sender is gone, then close cleanly.
    pub(crate) async fn serve(mut self) {
        while let Some(batch) = self.collect().await {
            self.execute(batch).await;
        }
        if let Some(connection) = self.connection.take() {
            let _ = tokio::time::timeout(self.deadline, connection.close()).await;
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
                Err(_) => self.expected = 1,
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

    async fn execute(&mut self, mut batch: Vec<Request>) {
        // Who gave up waiting was told that the outcome is unknown: "not carried out" is one, and the cheaper one.
        batch.retain(|request| !request.reply.is_closed());
        let (changesets, replies): (Vec<Changeset>, Vec<_>) =
            batch.into_iter().map(|request| (request.changeset, request.reply)).unzip();
        let changesets: Vec<&Changeset> = changesets.iter().collect();
        match self.together(&changesets).await {
            Ok(answers) => {
                for (reply, answer) in replies.into_iter().zip(answers) {
                    // The caller may have given up meanwhile: the answer has nobody to go to.
                    let _ = reply.send(answer);
                }
            }
            Err(Failure::Refused(failure)) if changesets.len() > 1 => {
                tracing::warn!(error = %failure, requests = changesets.len(), "a batch failed, its requests run one by one");
                for (changeset, reply) in changesets.into_iter().zip(replies) {
                    let answer = match self.together(&[changeset]).await {
                        Ok(mut answers) => answers.pop().unwrap_or_else(|| Err(StoreError::Closed.into())),
                        Err(Failure::Refused(failure) | Failure::Final(failure)) => Err(failure.into()),
                    };
                    let _ = reply.send(answer);
                }
            }
            Err(Failure::Refused(failure) | Failure::Final(failure)) => {
                tracing::error!(error = %failure, source = ?std::error::Error::source(&failure), "a batch could not be written");
                for reply in replies {
                    let _ = reply.send(Err(error::again(&failure).into()));
                }
            }
        }
    }

    /// Carry out all of it in one transaction, or none of it. What the server took back is tried again within the deadline.
    async fn together(&mut self, changesets: &[&Changeset]) -> Result<Vec<Answer>, Failure> {
        if changesets.is_empty() {
            return Ok(Vec::new());
        }
        let until = Instant::now() + self.deadline;
        let mut tries = 0;
        loop {
            tries += 1;
            let broken = match tokio::time::timeout_at(until, self.transaction(changesets)).await {
                Ok(Ok(answers)) => return Ok(self.written(answers)),
                Ok(Err(broken)) => broken,
                Err(_) => {
                    self.reset(Outcome::Lost).await;
                    return Err(Failure::Final(deadline_error(self.deadline)));
                }
            };
            let outcome = error::outcome_of(&broken.error);
            self.reset(outcome).await;
            match (outcome, broken.in_commit) {
                (Outcome::Lost, Some(answers)) => {
                    let asked = self.was_written(changesets, &answers);
                    match tokio::time::timeout_at(until, asked).await {
                        Ok(Ok(true)) => return Ok(self.written(answers)),
                        Ok(Ok(false)) if tries < TRIES_MAX => {}
                        Ok(Ok(false)) => return Err(Failure::Final(broken.error)),
                        // Whoever has an idempotency key may repeat the command, and does no harm.
                        Ok(Err(_)) | Err(_) => return Err(Failure::Final(deadline_error(self.deadline))),
                    }
                }
                (Outcome::TakenBack, _) if tries < TRIES_MAX => connection::fall_out_of_step(tries).await,
                (Outcome::TakenBack, _) => return Err(Failure::Final(StoreError::Busy)),
                (Outcome::Lost, None) if tries < TRIES_MAX => {}
                (Outcome::TooLong, _) => return Err(Failure::Final(deadline_error(self.deadline))),
                (Outcome::Refused, _) if !matches!(broken.error, StoreError::ReadOnly(_)) => {
                    return Err(Failure::Refused(broken.error));
                }
                _ => return Err(Failure::Final(broken.error)),
            }
        }
    }

    fn written(&self, answers: Vec<Answer>) -> Vec<Answer> {
        if answers.iter().flatten().any(|committed| !committed.events.is_empty()) {
            self.news.written_here();
        }
        answers
    }

    /// Find out what became of a transaction that the server was asked to commit and gave no answer to.
    async fn was_written(&mut self, changesets: &[&Changeset], answers: &[Answer]) -> Result<bool, StoreError> {
        let unknown = || StoreError::Database("the batch left nothing by which it could be found".into());
        let witness = Witness::of(changesets, answers).ok_or_else(unknown)?;
        let mut connection = connection::connect(&self.options, self.deadline).await?;
        let was_written = witness.was_written(&mut connection).await?;
        tracing::warn!(was_written, "the connection was lost during a commit, what became of it was found out");
        self.connection = Some(connection);
        Ok(was_written)
    }

    /// Forget what did not happen, and make the connection ready for the next transaction, or let go of it.
    async fn reset(&mut self, outcome: Outcome) {
        self.heads.forget();
        self.pending.forget();
        let Some(mut connection) = self.connection.take() else { return };
        if outcome == Outcome::Lost {
            return;
        }
        if let Ok(Ok(())) = tokio::time::timeout(self.deadline, simple(&mut connection, "ROLLBACK")).await {
            self.connection = Some(connection);
        }
    }

    async fn transaction(&mut self, changesets: &[&Changeset]) -> Result<Vec<Answer>, Broken> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            empty => empty.insert(connection::connect(&self.options, self.deadline).await?),
        };
        self.heads.prepare(connection, changesets).await?;
        simple(connection, "BEGIN").await.map_err(error::of)?;
        let answers = Batch::new(connection, &mut self.heads, &mut self.pending).run(changesets).await?;
        let committed = simple(connection, "COMMIT").await;
        match committed {
            Ok(()) => Ok(answers),
            Err(failure) => Err(Broken { error: error::of(failure), in_commit: Some(answers) }),
        }
    }
}

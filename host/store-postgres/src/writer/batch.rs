//! The commits of one transaction: each is checked against what those before it left, and writes only when every check holds.

use super::heads::Heads;
use super::prefetch;
use super::seen::Seen;
use crate::table::{Pending, Row, Table};
use crate::value;
use crate::{error, read_set};
use domain::Event;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, SqlSafeStr};
use std::collections::HashMap;
use store::{Changeset, CommitError, Committed, Noun, QueryRead, StoreError, StoredAnswer, chain};

pub(crate) struct Batch<'w> {
    pub(super) connection: &'w mut PgConnection,
    pub(super) heads: &'w mut Heads,
    pub(super) pending: &'w mut Pending,
    pub(super) seen: Seen,
}

impl<'w> Batch<'w> {
    pub(crate) fn new(connection: &'w mut PgConnection, heads: &'w mut Heads, pending: &'w mut Pending) -> Self {
        Self { connection, heads, pending, seen: Seen::default() }
    }

    /// The result of each changeset. An error is about the database and means that nothing of the batch may be kept.
    pub(crate) async fn run(
        mut self,
        changesets: &[&Changeset],
    ) -> Result<Vec<Result<Committed, CommitError>>, StoreError> {
        if changesets.is_empty() {
            return Ok(Vec::new());
        }
        // First of all: from here on nobody else commits for these organisations, and every statement sees what was committed before.
        self.heads.lock(self.connection, changesets).await?;
        self.seen = prefetch::read(self.connection, changesets).await?;
        let mut results = Vec::with_capacity(changesets.len());
        for changeset in changesets {
            results.push(match self.check(changeset).await {
                Ok(()) => Ok(self.write(changeset)),
                Err(CommitError::Store(error)) => return Err(error),
                Err(refused) => Err(refused),
            });
        }
        for row in self.heads.moved() {
            self.pending.put(row);
        }
        self.pending.flush(self.connection).await?;
        Ok(results)
    }

    async fn check(&mut self, changeset: &Changeset) -> Result<(), CommitError> {
        let org = changeset.org.as_str();
        if let Some((key, _)) = &changeset.answer {
            let stored = self.seen.answers.get(&(org.to_owned(), key.scope.clone(), key.key.clone()));
            if let Some(stored) = stored {
                return Err(CommitError::Answered(Box::new(stored.clone())));
            }
        }
        if let Some(done) = &changeset.job_done
            && self.seen.fence(org, done.id.as_str()) != Some(done.fence)
        {
            return Err(CommitError::Fenced(done.id.0.clone()));
        }
        for expect in &changeset.expects {
            if self.seen.version(org, expect.noun, &expect.id) != i64::from(expect.version) {
                return Err(CommitError::Conflict { what: format!("{} `{}`", noun_name(expect.noun), expect.id) });
            }
        }
        for read in &changeset.reads {
            self.check_read(changeset, read).await?;
        }
        self.check_unique(changeset)
    }

    async fn check_read(&mut self, changeset: &Changeset, read: &QueryRead) -> Result<(), CommitError> {
        if !self.pending.is_empty() {
            self.pending.flush(self.connection).await?;
        }
        let sql = read_set::sql(&changeset.org, &read.scope)?;
        let text = AssertSqlSafe(sql.text).into_sql_str();
        let rows = value::run(self.connection, text, sql.values).await.map_err(error::of)?;
        if read_set::digest(&read.scope, &rows)? == read.digest {
            Ok(())
        } else {
            Err(CommitError::Conflict { what: read_set::name(&read.scope) })
        }
    }

    fn check_unique(&self, changeset: &Changeset) -> Result<(), CommitError> {
        let org = changeset.org.as_str();
        let mut own: HashMap<(Noun, &str), &str> = HashMap::new();
        for (noun, id, value) in changeset.writes.iter().filter_map(prefetch::unique_of) {
            let owner = own.insert((noun, value), id).or_else(|| self.seen.owner(org, noun, value));
            if owner.is_some_and(|owner| owner != id) {
                return Err(CommitError::Taken { what: unique_name(noun).to_owned(), value: value.to_owned() });
            }
        }
        Ok(())
    }

    /// Everything holds: collect the rows. Nothing can be refused from here on.
    fn write(&mut self, changeset: &Changeset) -> Committed {
        let org = &changeset.org;
        if let Some(done) = &changeset.job_done {
            self.complete_job(org, &done.id);
        }
        for write in &changeset.writes {
            self.write_one(org, write);
        }
        let events = self.write_events(changeset);
        for job in &changeset.jobs {
            self.write_job(org, job, &events);
        }
        if let Some((key, answer)) = &changeset.answer {
            let stored =
                StoredAnswer { fingerprint: key.fingerprint.clone(), answer: answer.clone(), at: changeset.at };
            self.pending.put(Row::new(
                Table::Answer,
                vec![
                    org.as_str().into(),
                    key.scope.as_str().into(),
                    key.key.as_str().into(),
                    key.fingerprint.as_str().into(),
                    answer.into(),
                    changeset.at.into(),
                ],
            ));
            self.seen.answers.insert((org.0.clone(), key.scope.clone(), key.key.clone()), stored);
        }
        Committed { events }
    }

    fn write_events(&mut self, changeset: &Changeset) -> Vec<Event> {
        let org = &changeset.org;
        let mut events = Vec::with_capacity(changeset.events.len());
        for draft in &changeset.events {
            let (data, cause) = chain::texts(draft);
            let seq = self.heads.next_seq(org.as_str());
            let end = self.heads.chain(org.as_str(), &draft.subject_kind, &draft.subject);
            end.0 += 1;
            end.1 = chain::hash_parts(&end.1, end.0, &chain::parts(draft, &data, &cause));
            let (subject_seq, hash) = end.clone();
            self.pending.put(Row::new(
                Table::Event,
                vec![
                    org.as_str().into(),
                    seq.into(),
                    draft.subject_kind.as_str().into(),
                    draft.subject.as_str().into(),
                    subject_seq.into(),
                    draft.space.as_str().into(),
                    draft.at.into(),
                    draft.actor.as_str().into(),
                    draft.kind.as_str().into(),
                    data.into(),
                    cause.into(),
                    hash.as_str().into(),
                ],
            ));
            events.push(Event {
                seq,
                subject_kind: draft.subject_kind.clone(),
                subject: draft.subject.clone(),
                subject_seq,
                space: draft.space.clone(),
                at: draft.at,
                actor: draft.actor.clone(),
                kind: draft.kind.clone(),
                data: draft.data.clone(),
                cause: draft.cause.clone(),
                hash,
            });
        }
        events
    }
}

fn noun_name(noun: Noun) -> &'static str {
    match noun {
        Noun::Ticket => "ticket",
        Noun::Record => "record",
        Noun::Ci => "CI",
        Noun::Person => "person",
        Noun::Group => "group",
        Noun::Space => "space",
        Noun::Calendar => "calendar",
        Noun::SavedQuery => "saved query",
        Noun::CiClass => "CI class",
        Noun::Plugin => "plugin",
        Noun::CiRelations => "relations of CI",
        Noun::Definition => "definition",
        Noun::FlowInstance => "flow instance",
        Noun::Task => "task",
        Noun::Outbox => "outbox item",
    }
}

fn unique_name(noun: Noun) -> &'static str {
    match noun {
        Noun::Person => "login",
        Noun::Record => "record number",
        _ => "ticket number",
    }
}

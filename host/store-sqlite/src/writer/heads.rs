//! Where the journal and the chains of its subjects end: kept in memory, because only this writer moves them.

use crate::error;
use crate::value::{self, Cells, Value};
use sqlx::SqlSafeStr;
use sqlx::sqlite::SqliteConnection;
use std::collections::{BTreeSet, HashMap};
use store::{Changeset, StoreError};

/// Chains kept; when there are more, all are forgotten and read again as they are needed.
const SUBJECTS_MAX: usize = 50_000;

/// Organisation, subject kind, subject.
pub(crate) type Subject = (String, String, String);

#[derive(Debug, Default)]
pub(crate) struct Heads {
    journal: HashMap<String, i64>,
    subjects: HashMap<Subject, (i64, String)>,
    ordinal: Option<i64>,
}

impl Heads {
    /// After a rollback: what was counted did not happen. Ordinals may have gaps and are kept.
    pub(crate) fn forget(&mut self) {
        self.journal.clear();
        self.subjects.clear();
    }

    /// Read what the changesets need and is not known.
    pub(crate) async fn load(
        &mut self,
        connection: &mut SqliteConnection,
        changesets: &[&Changeset],
    ) -> Result<(), StoreError> {
        if self.subjects.len() > SUBJECTS_MAX {
            self.subjects.clear();
        }
        let mut missing = BTreeSet::new();
        for changeset in changesets {
            if !changeset.events.is_empty() && !self.journal.contains_key(changeset.org.as_str()) {
                self.load_journal(connection, changeset.org.as_str()).await?;
            }
            for draft in &changeset.events {
                let subject = (changeset.org.0.clone(), draft.subject_kind.clone(), draft.subject.clone());
                if !self.subjects.contains_key(&subject) {
                    missing.insert(subject);
                }
            }
        }
        if self.ordinal.is_none() && changesets.iter().any(|changeset| !changeset.jobs.is_empty()) {
            self.load_ordinal(connection).await?;
        }
        self.load_subjects(connection, missing).await
    }

    pub(crate) fn next_seq(&mut self, org: &str) -> i64 {
        let seq = self.journal.entry(org.to_owned()).or_default();
        *seq += 1;
        *seq
    }

    /// The end of a chain: the last place, 0 when it is empty, and its hash.
    pub(crate) fn subject(&mut self, subject: Subject) -> &mut (i64, String) {
        self.subjects.entry(subject).or_default()
    }

    pub(crate) fn next_ordinal(&mut self) -> i64 {
        let ordinal = self.ordinal.get_or_insert(0);
        *ordinal += 1;
        *ordinal
    }

    async fn load_journal(&mut self, connection: &mut SqliteConnection, org: &str) -> Result<(), StoreError> {
        let sql = "SELECT org_id, seq FROM journal_head WHERE org_id = $1";
        let rows = value::run(connection, sql.into_sql_str(), vec![org.into()]).await.map_err(error::of)?;
        let seq = rows.first().map_or(Ok(0), |row| Cells(row).int("seq"))?;
        self.journal.insert(org.to_owned(), seq);
        Ok(())
    }

    async fn load_ordinal(&mut self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        let sql = "SELECT COALESCE(MAX(ordinal), 0) AS ordinal FROM job";
        let rows = value::run(connection, sql.into_sql_str(), vec![]).await.map_err(error::of)?;
        self.ordinal = Some(rows.first().map_or(Ok(0), |row| Cells(row).int("ordinal"))?);
        Ok(())
    }

    async fn load_subjects(
        &mut self,
        connection: &mut SqliteConnection,
        missing: BTreeSet<Subject>,
    ) -> Result<(), StoreError> {
        if missing.is_empty() {
            return Ok(());
        }
        let sql =
            "SELECT e.org_id, e.subject_kind, e.subject, e.subject_seq, e.hash FROM json_each($1) k CROSS JOIN event e
            ON e.org_id = k.value ->> 0 AND e.subject_kind = k.value ->> 1 AND e.subject = k.value ->> 2
            AND e.subject_seq = (SELECT MAX(x.subject_seq) FROM event x WHERE x.org_id = k.value ->> 0
                AND x.subject_kind = k.value ->> 1 AND x.subject = k.value ->> 2)";
        let keys = Value::Text(serde_json::to_string(&missing).expect("texts are JSON"));
        let rows = value::run(connection, sql.into_sql_str(), vec![keys]).await.map_err(error::of)?;
        for row in &rows {
            let cells = Cells(row);
            let subject = (cells.text("org_id")?, cells.text("subject_kind")?, cells.text("subject")?);
            self.subjects.insert(subject, (cells.int("subject_seq")?, cells.text("hash")?));
        }
        for subject in missing {
            self.subjects.entry(subject).or_default();
        }
        Ok(())
    }
}

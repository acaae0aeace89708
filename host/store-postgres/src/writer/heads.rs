//! Where the journal and the chains of its subjects end. The head of the journal is also the lock that puts the commits of all nodes
//! into one order.
//!
//! Chains are remembered between batches. They are right as long as the journal ends where this node left it: nobody else wrote then.

use crate::error;
use crate::table::{Row, Table};
use crate::value::{self, Cells, Value};
use sqlx::SqlSafeStr;
use sqlx::postgres::PgConnection;
use std::collections::{BTreeSet, HashMap};
use store::{Changeset, StoreError};

/// Chains kept; when there are more, all are forgotten and read again as they are needed.
const SUBJECTS_MAX: usize = 50_000;

#[derive(Debug, Default)]
pub(crate) struct Heads(HashMap<String, Head>);

#[derive(Debug, Default)]
struct Head {
    seq: i64,
    /// The newest job's place in the order of writing.
    ordinal: i64,
    is_moved: bool,
    /// By subject kind and subject: the last place, 0 when there is none, and its hash.
    chains: HashMap<(String, String), (i64, String)>,
}

impl Heads {
    /// After a rollback: what was counted did not happen.
    pub(crate) fn forget(&mut self) {
        self.0.clear();
    }

    /// Make sure that each organisation has a head to lock. Done before the transaction, so that no lock waits for another one.
    pub(crate) async fn prepare(
        &self,
        connection: &mut PgConnection,
        changesets: &[&Changeset],
    ) -> Result<(), StoreError> {
        let unknown: Vec<String> = orgs(changesets).into_iter().filter(|org| !self.0.contains_key(org)).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let sql =
            "INSERT INTO journal_head (org_id, seq, ordinal) SELECT org_id, 0, 0 FROM UNNEST($1::TEXT[]) AS v (org_id)
            ON CONFLICT (org_id) DO NOTHING";
        value::run(connection, sql.into_sql_str(), vec![Value::Texts(unknown)]).await.map_err(error::of).map(drop)
    }

    /// Lock the heads of the changesets' organisations until the transaction ends, and read what is not known of their chains.
    pub(crate) async fn lock(
        &mut self,
        connection: &mut PgConnection,
        changesets: &[&Changeset],
    ) -> Result<(), StoreError> {
        let sql = "SELECT org_id, seq, ordinal FROM journal_head WHERE org_id = ANY($1) ORDER BY org_id FOR UPDATE";
        let orgs = orgs(changesets);
        let values = vec![Value::Texts(orgs.iter().cloned().collect())];
        let rows = value::run(connection, sql.into_sql_str(), values).await.map_err(error::of)?;
        if rows.len() != orgs.len() {
            // Without the row there is no lock. The next attempt makes it anew.
            let reason = "the head of the journal was removed by somebody else: restore the database".to_owned();
            return Err(StoreError::Corrupt { row: "journal_head".to_owned(), reason });
        }
        for row in &rows {
            let cells = Cells(row);
            let seq = cells.int("seq")?;
            let head = self.0.entry(cells.text("org_id")?).or_default();
            if head.seq != seq || head.chains.len() > SUBJECTS_MAX {
                head.chains.clear();
            }
            (head.seq, head.ordinal) = (seq, cells.int("ordinal")?);
        }
        self.load_chains(connection, changesets).await
    }

    pub(crate) fn next_seq(&mut self, org: &str) -> i64 {
        let head = self.head(org);
        (head.seq, head.is_moved) = (head.seq + 1, true);
        head.seq
    }

    pub(crate) fn next_ordinal(&mut self, org: &str) -> i64 {
        let head = self.head(org);
        (head.ordinal, head.is_moved) = (head.ordinal + 1, true);
        head.ordinal
    }

    /// The end of a chain.
    pub(crate) fn chain(&mut self, org: &str, subject_kind: &str, subject: &str) -> &mut (i64, String) {
        self.head(org).chains.entry((subject_kind.to_owned(), subject.to_owned())).or_default()
    }

    /// The rows of the heads that moved.
    pub(crate) fn moved(&mut self) -> Vec<Row> {
        let moved = self.0.iter_mut().filter(|(_, head)| head.is_moved);
        let row = |(org, head): (&String, &mut Head)| {
            head.is_moved = false;
            Row::new(Table::JournalHead, vec![org.as_str().into(), head.seq.into(), head.ordinal.into()])
        };
        moved.map(row).collect()
    }

    fn head(&mut self, org: &str) -> &mut Head {
        self.0.entry(org.to_owned()).or_default()
    }

    async fn load_chains(
        &mut self,
        connection: &mut PgConnection,
        changesets: &[&Changeset],
    ) -> Result<(), StoreError> {
        let mut missing: BTreeSet<[String; 3]> = BTreeSet::new();
        for changeset in changesets {
            let chains = &self.head(changeset.org.as_str()).chains;
            for draft in &changeset.events {
                if !chains.contains_key(&(draft.subject_kind.clone(), draft.subject.clone())) {
                    missing.insert([changeset.org.0.clone(), draft.subject_kind.clone(), draft.subject.clone()]);
                }
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let sql = "SELECT k.org_id, k.subject_kind, k.subject, e.subject_seq, e.hash
            FROM UNNEST($1::TEXT[], $2::TEXT[], $3::TEXT[]) AS k (org_id, subject_kind, subject)
            CROSS JOIN LATERAL (SELECT x.subject_seq, x.hash FROM event x
                WHERE x.org_id = k.org_id AND x.subject_kind = k.subject_kind AND x.subject = k.subject
                ORDER BY x.subject_seq DESC LIMIT 1) AS e";
        let rows =
            value::run_columns(connection, sql.into_sql_str(), value::columns(missing)).await.map_err(error::of)?;
        for row in &rows {
            let cells = Cells(row);
            *self.chain(&cells.text("org_id")?, &cells.text("subject_kind")?, &cells.text("subject")?) =
                (cells.int("subject_seq")?, cells.text("hash")?);
        }
        Ok(())
    }
}

/// In the order in which everybody locks them.
fn orgs(changesets: &[&Changeset]) -> BTreeSet<String> {
    changesets.iter().map(|changeset| changeset.org.0.clone()).collect()
}

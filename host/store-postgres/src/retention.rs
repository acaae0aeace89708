//! What may be forgotten, found by its age and a page at a time.

use crate::PostgresStore;
use crate::filter::Sql;
use crate::value::Cells;
use domain::OrgId;
use domain::filter::Filter;
use jiff::Timestamp;
use store::{Expired, Result};

/// Table, key behind the organisation, and the column that says how old a row is.
fn parts(what: Expired) -> (&'static str, &'static str, &'static str) {
    match what {
        Expired::Answers => ("answer", "scope, command_key", "at"),
        Expired::Sessions => ("session", "token_hash", "expires_at"),
        Expired::ReadNotifications | Expired::Notifications => ("notification", "id", "at"),
        Expired::DeadJobs => ("job", "id", "due_at"),
        Expired::ClosedTickets => ("ticket", "id", "closed_at"),
    }
}

impl PostgresStore {
    pub(crate) async fn count_expired(
        &self,
        org: &OrgId,
        what: Expired,
        before: Timestamp,
        held: &Filter,
    ) -> Result<u64> {
        let mut sql = Sql::new("SELECT count(*) AS number");
        old_rows(&mut sql, org, what, before, held);
        let row = self.connections.row(sql.text, sql.values).await?;
        row.map_or(Ok(0), |row| Cells(&row).count("number"))
    }

    pub(crate) async fn forget_expired(
        &self,
        org: &OrgId,
        what: Expired,
        before: Timestamp,
        now: Timestamp,
        limit: u32,
        held: &Filter,
    ) -> Result<u64> {
        let (table, key, _) = parts(what);
        let mut sql = if what == Expired::ClosedTickets {
            let mut sql = Sql::new("UPDATE ticket SET archived_at = ");
            sql.bind(now);
            sql
        } else {
            Sql::new(&format!("DELETE FROM {table}"))
        };
        sql.push(&format!(" WHERE (org_id, {key}) IN (SELECT org_id, {key}"));
        old_rows(&mut sql, org, what, before, held);
        sql.push(" LIMIT ").bind(limit).push(") RETURNING org_id");
        let rows = self.connections.rows(sql.text, sql.values).await?;
        Ok(rows.len() as u64)
    }
}

/// From which table, and which rows of it. Conditions over tickets know the table as `t`.
fn old_rows(sql: &mut Sql, org: &OrgId, what: Expired, before: Timestamp, held: &Filter) {
    let (table, _, old) = parts(what);
    sql.push(&format!(" FROM {table} t WHERE t.org_id = ")).bind(org.as_str());
    sql.push(&format!(" AND t.{old} < ")).bind(before).push(more(what));
    if what == Expired::ClosedTickets {
        sql.push(" AND NOT (").filter(held).push(")");
    }
}

/// What must be so besides its age.
fn more(what: Expired) -> &'static str {
    match what {
        Expired::Answers | Expired::Sessions | Expired::Notifications => "",
        Expired::ReadNotifications => " AND t.is_read = 1",
        Expired::DeadJobs => " AND t.state = 'dead'",
        Expired::ClosedTickets => {
            " AND t.closed_at IS NOT NULL AND t.archived_at IS NULL AND t.category IN ('closed', 'cancelled')"
        }
    }
}

//! What may be forgotten, found by its age and a page at a time.

use crate::PostgresStore;
use crate::value::Cells;
use domain::OrgId;
use jiff::Timestamp;
use store::{Expired, Result};

/// Table, key behind the organisation, and which rows are meant; `$2` is the time before which they are old.
fn parts(what: Expired) -> (&'static str, &'static str, &'static str) {
    match what {
        Expired::Answers => ("answer", "scope, command_key", "at < $2"),
        Expired::Sessions => ("session", "token_hash", "expires_at < $2"),
        Expired::ReadNotifications => ("notification", "id", "at < $2 AND is_read = 1"),
        Expired::Notifications => ("notification", "id", "at < $2"),
        Expired::DeadJobs => ("job", "id", "due_at < $2 AND state = 'dead'"),
        Expired::ClosedTickets => (
            "ticket",
            "id",
            "closed_at IS NOT NULL AND archived_at IS NULL AND closed_at < $2 AND category IN ('closed', 'cancelled')",
        ),
    }
}

impl PostgresStore {
    pub(crate) async fn count_expired(&self, org: &OrgId, what: Expired, before: Timestamp) -> Result<u64> {
        let (table, _, old) = parts(what);
        let sql = format!("SELECT count(*) AS number FROM {table} WHERE org_id = $1 AND {old}");
        let row = self.connections.row(sql, vec![org.as_str().into(), before.into()]).await?;
        row.map_or(Ok(0), |row| Cells(&row).count("number"))
    }

    pub(crate) async fn forget_expired(
        &self,
        org: &OrgId,
        what: Expired,
        before: Timestamp,
        now: Timestamp,
        limit: u32,
    ) -> Result<u64> {
        let (table, key, old) = parts(what);
        let some =
            format!("(org_id, {key}) IN (SELECT org_id, {key} FROM {table} WHERE org_id = $1 AND {old} LIMIT $3)");
        let mut values = vec![org.as_str().into(), before.into(), limit.into()];
        let sql = if what == Expired::ClosedTickets {
            values.push(now.into());
            format!("UPDATE {table} SET archived_at = $4 WHERE {some} RETURNING org_id")
        } else {
            format!("DELETE FROM {table} WHERE {some} RETURNING org_id")
        };
        let rows = self.connections.rows(sql, values).await?;
        Ok(rows.len() as u64)
    }
}

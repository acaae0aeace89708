//! What a decision read by query, asked again: the same statement before the decision and inside the commit.

use crate::filter::Sql;
use crate::ticket;
use crate::value::Cells;
use domain::OrgId;
use sqlx::postgres::PgRow;
use store::{QueryScope, Result, digest};

pub(crate) fn sql(org: &OrgId, scope: &QueryScope) -> Result<Sql> {
    Ok(match scope {
        QueryScope::Tickets(query) => ticket::list_sql(org, query, "t.id AS id, t.version AS number")?,
        QueryScope::TicketCount(filter) => ticket::count_sql(org, filter),
        QueryScope::Records { kind, state } => {
            let mut sql = Sql::new("SELECT id, version AS number FROM record WHERE org_id = ");
            sql.bind(org.as_str()).push(" AND kind = ").bind(kind.as_str());
            if let Some(state) = state {
                sql.push(" AND state = ").bind(state.as_str());
            }
            sql.push(" ORDER BY number, id");
            sql
        }
        QueryScope::Members(group) => {
            let mut sql = Sql::new(
                "SELECT m.person AS id, CAST(0 AS BIGINT) AS number FROM group_member m JOIN person p ON p.org_id = m.org_id AND p.id = m.person WHERE m.org_id = ",
            );
            sql.bind(org.as_str())
                .push(" AND m.group_id = ")
                .bind(group.as_str())
                .push(" AND p.active = 1 ORDER BY m.person");
            sql
        }
    })
}

pub(crate) fn digest(scope: &QueryScope, rows: &[PgRow]) -> Result<String> {
    let is_count = matches!(scope, QueryScope::TicketCount(_));
    let answer: Vec<(String, i64)> = rows
        .iter()
        .map(|row| Ok((if is_count { String::new() } else { Cells(row).text("id")? }, Cells(row).int("number")?)))
        .collect::<Result<_>>()?;
    Ok(digest::of_rows(answer.iter().map(|(id, number)| (id.as_str(), *number))))
}

/// What a conflict is called.
pub(crate) fn name(scope: &QueryScope) -> String {
    match scope {
        QueryScope::Tickets(_) => "a list of tickets".to_owned(),
        QueryScope::TicketCount(_) => "a number of tickets".to_owned(),
        QueryScope::Records { kind, .. } => format!("the records of kind `{kind}`"),
        QueryScope::Members(group) => format!("the members of group `{group}`"),
    }
}

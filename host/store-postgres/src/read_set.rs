//! What a decision read by query, asked again: the same statement before the decision and inside the commit.

use crate::ci;
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
        QueryScope::Cis(query) => ci::candidates_sql(org, query, "id, version AS number"),
        QueryScope::Subscriptions(topic) => {
            let (kind, name, key) = topic.parts();
            let mut sql = Sql::new("SELECT id, CAST(0 AS BIGINT) AS number FROM subscription WHERE org_id = ");
            sql.bind(org.as_str()).push(" AND topic = ").bind(kind).push(" AND name = ").bind(name);
            sql.push(" AND message_key = ").bind(key).push(" ORDER BY id");
            sql
        }
        QueryScope::Messages { name, key } => {
            let mut sql = Sql::new("SELECT id, CAST(0 AS BIGINT) AS number FROM message WHERE org_id = ");
            sql.bind(org.as_str()).push(" AND name = ").bind(name.as_str());
            sql.push(" AND message_key = ").bind(key.as_str()).push(" ORDER BY at, id");
            sql
        }
        QueryScope::Instances { process, business_key } => {
            let mut sql = Sql::new("SELECT id, CAST(0 AS BIGINT) AS number FROM flow_instance WHERE org_id = ");
            sql.bind(org.as_str()).push(" AND business_key = ").bind(business_key.as_str());
            sql.push(" AND process = ").bind(process.as_str()).push(" AND status = 'running' ORDER BY id");
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
        QueryScope::Cis(_) => "a list of configuration items".to_owned(),
        QueryScope::Subscriptions(topic) => format!("who waits for `{}`", topic.parts().1),
        QueryScope::Messages { name, .. } => format!("the messages `{name}`"),
        QueryScope::Instances { process, .. } => format!("the instances of `{process}`"),
    }
}

//! Questions across nouns: the journal as auditors search it, records by their words, and the facts that reports count.

use crate::filter::{self, Sql};
use crate::value::Cells;
use crate::{PostgresStore, page};
use async_trait::async_trait;
use domain::filter::Filter;
use domain::{Event, OrgId, Record};
use jiff::Timestamp;
use sqlx::postgres::PgRow;
use store::insight::{EVENTS_MAX, FACTS_MAX, group_word, spellings};
use store::{ClockFact, EventQuery, EventScope, Fact, FactColumn, FactQuery, FactTime, Insight, RecordSearch, Result};

const EVENT_COLUMNS: &str =
    "e.seq, e.subject_kind, e.subject, e.subject_seq, e.space, e.at, e.actor, e.kind, e.data, e.cause, e.hash";

/// Exactly the events that may be known.
fn scope(sql: &mut Sql, scope: &EventScope) {
    sql.push("((e.subject_kind = 'ticket' AND EXISTS (SELECT 1 FROM ticket t WHERE t.org_id = e.org_id AND t.id = e.subject AND ");
    sql.filter(&scope.tickets);
    sql.push(
        ")) OR (e.subject_kind = 'flow' AND EXISTS (SELECT 1 FROM flow_instance f JOIN ticket t \
              ON t.org_id = f.org_id AND t.id = f.ticket WHERE f.org_id = e.org_id AND f.id = e.subject AND ",
    );
    sql.filter(&scope.tickets).push(")) OR (e.subject_kind IN ('record', 'ci') AND ");
    match &scope.spaces {
        Some(spaces) => sql.is_in("e.space", spaces),
        None => sql.push("TRUE"),
    };
    sql.push(")");
    if scope.setup {
        sql.push(" OR e.subject_kind NOT IN ('ticket', 'flow', 'record', 'ci')");
    }
    sql.push(")");
}

fn event_sql(org: &OrgId, query: &EventQuery) -> Sql {
    let mut sql = Sql::new("SELECT ");
    sql.push(EVENT_COLUMNS).push(" FROM event e WHERE e.org_id = ").bind(org.as_str());
    if let Some(before) = query.before {
        sql.push(" AND e.seq < ").bind(before);
    }
    for (column, word) in
        [("e.actor", &query.actor), ("e.subject_kind", &query.subject_kind), ("e.subject", &query.subject)]
    {
        if let Some(word) = word {
            sql.push(" AND ").push(column).push(" = ").bind(word.as_str());
        }
    }
    match query.kind.as_deref() {
        Some(family) if family.ends_with('.') => {
            sql.push(" AND strpos(e.kind, ").bind(family).push(") = 1");
        }
        Some(kind) => {
            sql.push(" AND e.kind = ").bind(kind);
        }
        None => {}
    }
    for (compared, at) in [(" AND e.at >= ", query.from), (" AND e.at < ", query.until)] {
        if let Some(at) = at {
            sql.push(compared).bind(at);
        }
    }
    sql.push(" AND ");
    scope(&mut sql, &query.scope);
    sql.push(" ORDER BY e.seq DESC LIMIT ").bind(query.limit.clamp(1, EVENTS_MAX));
    sql
}

fn fact_sql(org: &OrgId, query: &FactQuery) -> Sql {
    let mut sql = Sql::new("SELECT t.id, t.opened_at, t.resolved_at, t.closed_at");
    match &query.group {
        Some(FactColumn::Column(column)) => {
            sql.push(", ").push(filter::column(*column)).push(" AS word");
        }
        Some(FactColumn::Custom(name)) => {
            member(sql.push(", "), name).push(" AS member");
        }
        None => {}
    }
    if let Some(name) = &query.value {
        member(sql.push(", "), name).push(" AS number");
    }
    sql.push(" FROM ticket t WHERE t.org_id = ").bind(org.as_str()).push(" AND ").filter(&query.filter);
    if let Some((column, at)) = query.since {
        let column = match column {
            FactTime::Opened => "t.opened_at",
            FactTime::Resolved => "t.resolved_at",
            FactTime::Closed => "t.closed_at",
        };
        sql.push(" AND ").push(column).push(" >= ").bind(at);
    }
    sql.push(" ORDER BY t.opened_at DESC, t.id DESC LIMIT ").bind(query.limit.clamp(1, FACTS_MAX) + 1);
    sql
}

/// One field as JSON text, or nothing. Another character than this one no field name has.
fn member<'a>(sql: &'a mut Sql, name: &str) -> &'a mut Sql {
    sql.push("CAST(CAST(t.fields AS JSON) -> CAST(").bind(name.replace('\0', "")).push(" AS TEXT) AS TEXT)")
}

fn fact(row: &PgRow, query: &FactQuery) -> Result<Fact> {
    let cells = Cells(row);
    let group = match &query.group {
        Some(FactColumn::Column(_)) => cells.text_or_null("word")?,
        Some(FactColumn::Custom(_)) => group_word(cells.text_or_null("member")?.as_deref()),
        None => None,
    };
    let value = match &query.value {
        Some(_) => cells.text_or_null("number")?.and_then(|text| text.parse().ok()),
        None => None,
    };
    Ok(Fact {
        ticket: cells.text("id")?.into(),
        opened_at: cells.time("opened_at")?,
        resolved_at: cells.time_or_null("resolved_at")?,
        closed_at: cells.time_or_null("closed_at")?,
        group,
        value,
    })
}

fn clock_fact(row: &PgRow) -> Result<ClockFact> {
    let cells = Cells(row);
    Ok(ClockFact {
        ticket: cells.text("id")?.into(),
        opened_at: cells.time("opened_at")?,
        name: cells.text("name")?,
        title: cells.text("title")?,
        state: cells.word("state")?,
        started_at: cells.time("started_at")?,
        stopped_at: cells.time_or_null("stopped_at")?,
        due_at: cells.time_or_null("due_at")?,
        breached_at: cells.time_or_null("breached_at")?,
    })
}

#[async_trait]
impl Insight for PostgresStore {
    async fn event_search(&self, org: &OrgId, query: &EventQuery) -> Result<Vec<Event>> {
        let sql = event_sql(org, query);
        let rows = self.connections.rows(sql.text, sql.values).await?;
        rows.iter().map(crate::journal::decode).collect()
    }

    async fn record_search(&self, org: &OrgId, query: &RecordSearch) -> Result<Vec<Record>> {
        let mut sql = Sql::new("SELECT ");
        sql.push(crate::record::COLUMNS).push(" FROM record WHERE org_id = ").bind(org.as_str());
        if !query.kinds.is_empty() {
            let kinds: Vec<String> = query.kinds.iter().map(|kind| kind.0.clone()).collect();
            sql.push(" AND ").is_in("kind", &kinds);
        }
        sql.push(" AND ");
        crate::record::scope(&mut sql, &query.scope);
        for [capital, upper, lower] in spellings(&query.text.replace('\0', " ")) {
            sql.push(" AND (strpos(title, ").bind(lower);
            sql.push(") > 0 OR strpos(title, ").bind(capital);
            sql.push(") > 0 OR strpos(title, ").bind(upper.as_str());
            sql.push(") > 0 OR strpos(number, ").bind(upper).push(") > 0)");
        }
        sql.push(" ORDER BY updated_at DESC, id LIMIT ").bind(page::limit(query.limit));
        let rows = self.connections.rows(sql.text, sql.values).await?;
        rows.iter().map(crate::record::decode).collect()
    }

    async fn ticket_facts(&self, org: &OrgId, query: &FactQuery) -> Result<Vec<Fact>> {
        let sql = fact_sql(org, query);
        let rows = self.connections.rows(sql.text, sql.values).await?;
        rows.iter().map(|row| fact(row, query)).collect()
    }

    async fn clock_facts(
        &self,
        org: &OrgId,
        filter: &Filter,
        since: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<ClockFact>> {
        let mut sql = Sql::new(
            "SELECT t.id, t.opened_at, c.name, c.title, c.state, c.started_at, c.stopped_at, c.due_at, c.breached_at \
             FROM ticket t JOIN clock c ON c.org_id = t.org_id AND c.ticket = t.id WHERE t.org_id = ",
        );
        sql.bind(org.as_str()).push(" AND ").filter(filter);
        if let Some(since) = since {
            sql.push(" AND t.opened_at >= ").bind(since);
        }
        sql.push(" ORDER BY t.opened_at DESC, t.id DESC, c.name LIMIT ").bind(limit.clamp(1, FACTS_MAX) + 1);
        let rows = self.connections.rows(sql.text, sql.values).await?;
        rows.iter().map(clock_fact).collect()
    }
}
